"""The form of one antidepressant trial: what cannot be is said at its field."""

from __future__ import annotations

from datetime import date

import pytest

from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.clinic.forms.trials import TrialForm, drug_names, typed_of

TODAY = date(2026, 11, 24)


def form(**typed):
    return TrialForm({"drug": "sertraline", "said_by": "clinician"} | typed, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"drug": ""}, "drug", "Name the drug"),
        ({"dose": "7,5"}, "dose", "Commas"),
        ({"dose": "90000"}, "dose", "possible is 0 to 3000"),
        ({"start": "13/2025"}, "start", "not a day like"),
        ({"start": "2025-13"}, "start", "not a day like"),
        ({"end": "2025-02-30"}, "end", "not a day like"),
        ({"end": "2025-02-03", "ongoing": "on"}, "end", "still be taken"),
        ({"improvement": "10", "better": "under_25"}, "better", "give one of them"),
        ({"augmented": "no", "augmentation": "lithium"}, "augmentation", "the answer is no"),
        ({"dose": "75", "step_1_dose": "150"}, "dose", "highest of doses"),
        ({"step_2_dose": "x"}, "step_2_dose", "Cannot read"),
        ({"step_2_start": "yesterday"}, "step_2_start", "not a day like"),
        ({"start": "2025-04-01", "end": "2025-01-01"}, "__all__", "ends before it starts"),
        ({"start": "2030-01-01"}, "__all__", "starts after"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field(typed, field, words):
    made = form(**typed)
    assert not made.is_valid()
    assert words in " ".join(made.errors[field]), made.errors


@pytest.mark.parametrize(
    "kept",
    [
        {"drug": "sertraline"},
        {"drug": "sertraline", "end": None, "augmentation": False, "adherent": False},
        {"drug": "sertraline", "improvement_percent": -20, "augmentation": True},
        {"drug": "Venlafaxine XR", "improvement_percent": 12.5, "start": "2025", "end": "2025-07",
         "doses": [{"dose_mg_per_day": 37.5, "start": "2025-01"}, {"dose_mg_per_day": 75},
                   {"start": "2025-03-01", "end": "2025-07"}], "dose_mg_per_day": 75},
        {"drug": "mirtazapine", "improvement": "25_to_49", "stopped_because": "side_effects",
         "episode": "earlier", "clear_non_response": True, "augmentation": "lithium 600 mg"},
    ],
)  # fmt: skip
def test_a_kept_trial_comes_back_the_same_through_the_form(kept):
    typed = {key: value for key, value in typed_of(kept).items() if value not in ("", False)}
    made = form(**typed)
    assert made.is_valid(), made.errors
    assert made.trial == kept


def test_names_are_suggested_for_every_drug_with_a_minimum_dose():
    names = drug_names(library())
    assert {"sertraline", "clomipramine", "bupropion SR", "selegiline patch"} <= set(names)
    assert "lithium" not in names
    assert "esketamine" not in names
