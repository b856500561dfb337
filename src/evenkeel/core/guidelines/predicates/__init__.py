"""Conditions on facts: read, walked, made ready, cut into regions."""
