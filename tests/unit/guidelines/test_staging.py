"""The Maudsley Staging Method: boundaries of each dimension, ranges where something is missing.

Points and bands: Fekadu 2018 table 3, Fekadu 2009 (criteria TRD-010 to TRD-014).
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.support.charts import AS_OF, chart_of, checked, told
from tests.unit.guidelines.test_trials import trial

from evenkeel.core.guidelines.facts.of_trials import months_before, whole_months
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Answer, Range
from evenkeel.core.guidelines.trials.staging import stage
from evenkeel.core.guidelines.verdicts.check import check

METHOD = library().knowledge.staging
LEAST = {
    "current_episode_months": Range.exactly(1),
    "episode_severity": "subsyndromal",
    "failed_adequate_trials": Range.exactly(1),
    "augmentation_tried": False,
    "electroconvulsive_therapy": False,
}


def total(**known):
    return stage(LEAST | known, METHOD).total


@pytest.mark.parametrize(
    ("months", "low", "high"),
    [("0", 1, 1), ("12", 1, 1), ("12.5", 1, 2), ("13", 2, 2), ("24", 2, 2), ("24.5", 3, 3),
     ("25", 3, 3), ("1200", 3, 3)],
)  # fmt: skip
def test_the_length_of_the_episode_scores_by_its_months(months, low, high):
    found = total(current_episode_months=Range.exactly(months))
    assert found == Range(Decimal(low + 2), Decimal(high + 2))


@pytest.mark.parametrize(
    ("severity", "score"),
    [("subsyndromal", 1), ("mild", 2), ("moderate", 3), ("severe", 4), ("severe_psychotic", 5)],
)
def test_severity_scores_by_its_word(severity, score):
    assert total(episode_severity=severity) == Range.exactly(score + 2)


@pytest.mark.parametrize(
    ("failed", "score"),
    [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (10, 4), (11, 5), (30, 5)],
)
def test_failed_drugs_score_by_their_number(failed, score):
    assert total(failed_adequate_trials=Range.exactly(failed)) == Range.exactly(score + 2)


def test_augmentation_and_ect_score_one_each():
    assert total(augmentation_tried=True) == Range.exactly(4)
    assert total(augmentation_tried=True, electroconvulsive_therapy=True) == Range.exactly(5)


def test_the_whole_scale_runs_from_3_to_15():
    most = stage(
        {"current_episode_months": Range.exactly(30), "episode_severity": "severe_psychotic",
         "failed_adequate_trials": Range.exactly(12), "augmentation_tried": True,
         "electroconvulsive_therapy": True},
        METHOD,
    )  # fmt: skip
    assert (most.total, most.band) == (Range.exactly(15), "severe")
    assert stage(LEAST, METHOD).total == Range.exactly(3)
    assert stage({}, METHOD).total == Range(Decimal(3), Decimal(15))


@pytest.mark.parametrize(
    ("points", "band"), [(6, "mild"), (7, "moderate"), (10, "moderate"), (11, "severe")]
)
def test_bands_end_at_6_and_10(points, band):
    seen = set()
    severities = ["subsyndromal", "mild", "moderate", "severe", "severe_psychotic"]
    for months, word, failed in itertools.product((1, 13, 25), severities, (1, 3, 5, 7, 11)):
        made = stage(
            LEAST | {"current_episode_months": Range.exactly(months), "episode_severity": word,
                     "failed_adequate_trials": Range.exactly(failed)},
            METHOD,
        )  # fmt: skip
        if made.total == Range.exactly(points):
            seen.add(made.band)
    assert seen == {band}


def test_a_missing_dimension_is_named_and_widens_the_total_by_its_points_only():
    known = {key: value for key, value in LEAST.items() if key != "episode_severity"}
    made = stage(known, METHOD)
    assert made.total == Range(Decimal(3), Decimal(7))
    assert [each.id for each in made.missing] == ["severity"]
    assert made.band is None


def test_a_count_that_is_a_range_is_no_missing_dimension():
    made = stage(LEAST | {"failed_adequate_trials": Range(Decimal(2), Decimal(3))}, METHOD)
    assert made.total == Range(Decimal(3), Decimal(4))
    assert not made.missing
    assert [each.id for each in made.unsure] == ["failures"]


def test_the_facts_hold_total_and_band_and_say_the_parts():
    facts = checked(
        current_episode_months=14, episode_severity="severe", failed_adequate_trials=3,
        augmentation_tried=True, electroconvulsive_therapy=False,
    ).facts  # fmt: skip
    assert facts["maudsley_total"].value == Range.exactly(2 + 4 + 2 + 1 + 0)
    assert facts["maudsley_total"].note == "2 + 4 + 2 + 1 + 0"
    assert facts["maudsley_band"].value == "moderate"


def test_nobody_is_staged_before_a_drug_has_failed_or_when_nothing_is_known():
    none_failed = checked(episode_severity="mild", failed_adequate_trials=0).facts
    assert not none_failed["maudsley_total"].known
    assert "begins with one" in none_failed["maudsley_total"].note
    nothing = checked().facts["maudsley_total"]
    assert not nothing.known
    assert "severity of the episode" in nothing.note


def test_a_length_told_months_ago_has_grown_since():
    ago = Answer(name="current_episode_months", value=Range.exactly(12), by="told",
                 at=AS_OF - timedelta(days=40))  # fmt: skip
    facts = check(
        chart_of(), library=library(), as_of=AS_OF,
        answers=[ago, *told(episode_severity="mild", failed_adequate_trials=1,
                            augmentation_tried=False, electroconvulsive_therapy=False)],
    ).facts  # fmt: skip
    assert facts["maudsley_total"].value == Range.exactly(2 + 2 + 1)


def test_the_length_of_the_episode_follows_from_its_first_day():
    began = months_before(AS_OF, 13)
    facts = checked(current_episode_began=began).facts
    assert facts["current_episode_months"].value == Range.exactly(13)
    later = checked(current_episode_began=began + timedelta(days=1)).facts
    assert later["current_episode_months"].value == Range.exactly(12)


@pytest.mark.parametrize("months", [0, 1, 11, 12, 13, 25])
def test_months_go_round_and_back(months):
    assert whole_months(months_before(AS_OF, months), AS_OF) == months


def test_augmentation_is_told_by_the_trials_and_never_guessed_from_a_drug():
    def tried(*trials):
        return check(
            chart_of(), library=library(), as_of=AS_OF, trials=trials
        ).facts["augmentation_tried"].value  # fmt: skip

    assert tried(trial(augmentation="lithium"), trial(drug="duloxetine")) is True
    assert tried(trial(augmented=False), trial(drug="duloxetine", augmented=False)) is False
    assert tried(trial(augmented=False), trial(drug="duloxetine")) is None
