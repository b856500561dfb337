"""Names in tables of doses as people write them: routes, and columns that there are not.

In: a word of a table. Out: the route's own name, or why there is no such column.
"""

from __future__ import annotations

import re

from evenkeel.core.pharmacology.doses.salt import DEVICE_BASE_MG, DEVICE_SALT_MG

# Ours are those of the models; im and sc are known by name so that they are refused by it.
_ROUTES = {
    "i.v.": "iv",
    "intravenous": "iv",
    "nasal": "intranasal",
    "by mouth": "oral",
    "p.o.": "oral",
    "po": "oral",
    "s.l.": "sublingual",
    "sl": "sublingual",
    "i.m.": "im",
    "intramuscular": "im",
    "s.c.": "sc",
    "subcutaneous": "sc",
}
_SALTS = ("salt", "hcl", "hydrochloride")
_FOR_THE_MODEL = re.compile(r"f\d*|a?lag(\d*|_h|_time)|tlag|bio(av|availability)?")


def route_called(written: str) -> str:
    """The name that the models use, whatever the case; another word in small letters."""
    small = written.strip().lower()
    return _ROUTES.get(small, small)


def why_no_column(name: str) -> str:
    """Why doses have no such column, where people expect one; empty for any other name."""
    small = name.strip().lower()
    if any(word in small.replace("-", "_").split("_") for word in _SALTS):
        return (
            f"amounts are mg of base; of esketamine {DEVICE_SALT_MG:g} mg of hydrochloride are "
            f"{DEVICE_BASE_MG:g} mg of base (one nasal device)"
        )
    if _FOR_THE_MODEL.fullmatch(small):
        return "bioavailability and lag are the model's alone and cannot be given"
    return ""
