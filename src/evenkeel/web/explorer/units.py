"""The unit of each parameter of a model, read from its name.

The content writes parameters as their papers name them, and the names say what they
are: V a volume, CL and Q flows, k a rate. tests/web/test_explorer_units.py holds this
against the models themselves: in another unit of time, volume or weight, everything
that a model computes must change as its units say.
"""

from __future__ import annotations

import re

from evenkeel.core.pharmacology.library.models import Model

VOLUME, VOLUME_PER_KG, FLOW, RATE, TIME = "L", "L/kg", "L/{t}", "1/{t}", "{t}"
FLOW_PER_YEAR, PER_MINUTE = "L/{t} per year", "1/min"
SHARE, FACTOR, MOLAR_MASS = "share", "factor", "g/mol"

_BY_NAME = (
    (r"[a-z]+_on_Q\w*", FLOW_PER_YEAR),
    (r"[a-z]+_on_\w+", FACTOR),
    (r"ke0_[ab]", PER_MINUTE),  # its expression turns minutes into the model's time
    (r"MW_\w+", MOLAR_MASS),
    (r"V\w*_per_kg", VOLUME_PER_KG),
    (r"V\w*", VOLUME),
    (r"(CL|Q)\w*", FLOW),
    (r"(k|KA)\w*", RATE),
    (r"(MTT|D)\w*", TIME),
    (r"sv|sc", FACTOR),
    (r"(F|fm|E)\w*", SHARE),
)


def kind_of(name: str) -> str:
    """What a name stands for, with {t} for the model's unit of time.

    Raises:
        KeyError: nothing here knows a parameter of that name.
    """
    for pattern, unit in _BY_NAME:
        if re.fullmatch(pattern, name):
            return unit
    raise KeyError(f"no unit is known for a parameter called {name}")


def unit_of(model: Model, name: str) -> str:
    """ "L/h", "1/min", "share". Raises KeyError as ``kind_of``."""
    return kind_of(name).replace("{t}", "h" if model.per_hour == 1.0 else "min")
