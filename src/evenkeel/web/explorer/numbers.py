"""Numbers and times as a reader says them."""

from __future__ import annotations

import numpy as np

from evenkeel.web.ui.words import write_number


def hours_words(hours: float) -> str:
    """ "40 min", "1.5 h", "day 3.2"."""
    if hours < 1.5:
        return f"{hours * 60:.3g} min"
    return f"{hours:.3g} h" if hours <= 72 else f"day {hours / 24:.3g}"


def span_words(hours: float) -> str:
    """ "8 h", "21 days"."""
    return f"{hours:g} h" if hours <= 72 else f"{hours / 24:g} days"


def number(value: float) -> str:
    """Three significant digits, never a power of ten."""
    if value == 0 or abs(value) < 1e-6:
        return "0"
    places = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return write_number(f"{value:.{min(places, 6)}f}")
