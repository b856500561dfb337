"""What must never happen, whichever guideline is followed. Knows no guideline."""

from evenkeel.core.safeguards.rules import (
    Known,
    Safeguard,
    SafeguardVerdict,
    judge_all,
    load_safeguards,
    safeguards,
)

__all__ = ["Known", "Safeguard", "SafeguardVerdict", "judge_all", "load_safeguards", "safeguards"]
