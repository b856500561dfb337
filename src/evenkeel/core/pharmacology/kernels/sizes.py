"""Sizes that a kernel and whoever makes memory for it must agree on."""

from __future__ import annotations

BLOCK = 16  # grid points that ``blocks`` writes at once
