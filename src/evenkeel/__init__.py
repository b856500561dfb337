"""Evenkeel: the open system for ketamine and esketamine treatment services."""

__version__ = "0.1.0"
