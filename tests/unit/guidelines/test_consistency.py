"""Criteria of one pack that cannot both be met: none shipped, and a planted one is found."""

from __future__ import annotations

import pytest
from tests.support.packs import planted

from evenkeel.core.guidelines.authoring.consistency import contradictions
from evenkeel.core.guidelines.packs.library import library


@pytest.mark.parametrize("name", library().packs)
def test_no_shipped_pack_contradicts_itself(name: str) -> None:
    assert contradictions(library().packs[name], library().dictionary) == ()


CLASHING = {
    "two limits that leave nothing": [("", "age_years >= 18"), ("", "age_years < 18")],
    "nothing between two whole numbers": [
        ("", "failed_adequate_trials > 1"), ("", "failed_adequate_trials < 2"),
    ],
    "above what is possible": [("", "age_years >= 65"), ("sex = 'female'", "age_years < 65")],
    "only for those to whom both apply": [
        ("indication = 'trd'", "dose_mg = 56"), ("age_years >= 65", "dose_mg = 28"),
    ],
    "hidden in a case": [
        ("age_years >= 18", "dose_mg = 56"),
        ("age_years >= 18", "dose_mg = CASE WHEN age_years >= 65 THEN 28 ELSE 56 END"),
    ],
    "wants what another forbids": [("ssri", "NOT ssri"), ("", "ssri")],
    "two products": [("", "product = 'racemic_iv'"), ("", "product IN ('racemic_im')")],
    "through a sum": [("", "age_years + 2 >= 20"), ("", "2 * age_years < 36")],
}  # fmt: skip


@pytest.mark.parametrize("rules", CLASHING.values(), ids=CLASHING)
def test_a_planted_contradiction_is_found(rules: list[tuple[str, str]]) -> None:
    found = contradictions(planted(*rules), library().dictionary)
    assert [(each.first, each.second, each.certain) for each in found] == [("X-1", "X-2", True)]


AT_PEACE = {
    "one value fits both": [("", "age_years >= 18"), ("", "age_years <= 18")],
    "a part of a unit fits": [("", "dose_mg > 1"), ("", "dose_mg < 2")],
    "nobody has both": [("age_years < 18", "dose_mg = 28"), ("age_years >= 18", "dose_mg = 56")],
    "out is out": [("pregnant", "NOT pregnant"), ("ssri", "NOT pregnant")],
    "a way out": [("", "ssri OR snri"), ("", "NOT ssri")],
    "nothing in common": [("", "ssri"), ("", "snri")],
}


@pytest.mark.parametrize("rules", AT_PEACE.values(), ids=AT_PEACE)
def test_criteria_that_somebody_can_meet_are_no_contradiction(rules: list[tuple[str, str]]) -> None:
    assert contradictions(planted(*rules), library().dictionary) == ()


def test_a_contradiction_says_for_whom() -> None:
    found = contradictions(
        planted(("indication = 'trd'", "dose_mg = 56"), ("age_years >= 65", "dose_mg = 28")),
        library().dictionary,
    )
    assert found[0].words == (
        "X-1 and X-2 cannot both be met for a person with Indication "
        "treatment-resistant depression, Age 65 years"
    )


def test_numbers_compared_with_each_other_are_not_called_proven() -> None:
    rules = [("", "systolic_bp > diastolic_bp"), ("", "systolic_bp < diastolic_bp")]
    found = contradictions(planted(*rules), library().dictionary)
    assert [each.certain for each in found] == [False]
    assert "were not found to be met together" in found[0].words
