"""Base and salt of the nasal spray: every amount here is mg of base."""

from __future__ import annotations

# One device holds 32.3 mg of esketamine hydrochloride, which are 28 mg of base.
# Source: the label of the nasal spray (seen).
DEVICE_BASE_MG, DEVICE_SALT_MG = 28.0, 32.3
SALT_PER_BASE = DEVICE_SALT_MG / DEVICE_BASE_MG
