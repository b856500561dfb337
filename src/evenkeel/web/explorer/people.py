"""The example person of a public page: round choices only, so that no address carries somebody."""

from __future__ import annotations

from collections.abc import Mapping

from evenkeel.core.pharmacology.library.models import Model

AGES = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80)
WEIGHTS = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100, 120, 140)
GROUPS = {
    "none": "not Asian",
    "asian": "Asian, not Japanese",
    "japanese": "Japanese",
}


def covariates(age: int, weight: int, group: str) -> dict[str, float]:
    """The person by the names that models use."""
    return {
        "AGE": float(age),
        "WT": float(weight),
        "ASIAN": float(group != "none"),
        "JAPANESE": float(group == "japanese"),
    }


def known_to(model: Model, person: Mapping[str, float]) -> dict[str, float]:
    """What this model reads of the person, and age and weight, which every model judges."""
    return {
        name: value
        for name, value in person.items()
        if name in model.covariates or name in ("AGE", "WT")
    }
