"""Antidepressant trials: adequate, failed, counted, staged."""
