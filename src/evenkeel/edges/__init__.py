"""Wires: parse strictly, map, call services."""
