"""Reviewed data, no code: everything here is TOML or CSV with its source."""
