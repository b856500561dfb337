"""Trials with dose steps, episodes, labels, partial answers: judged side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.support.charts import AS_OF, chart_of, told
from tests.unit.guidelines.test_trials import KNOWLEDGE, day, trial

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.history import DoseStep, Episode, weeks_of
from evenkeel.core.guidelines.trials.rules import Trial, judge
from evenkeel.core.guidelines.trials.sets import TrialTable, judge_all
from evenkeel.core.guidelines.verdicts.check import check
from evenkeel.core.kernel.sources import Mark


def table(*trials: Trial, episode: Episode | None = None) -> TrialTable:
    return judge_all(trials, KNOWLEDGE.definitions, KNOWLEDGE.doses, AS_OF, episode=episode)


def by(one: Trial, definition: str, **more):
    return judge(one, KNOWLEDGE.definitions[definition], KNOWLEDGE.doses, AS_OF, **more)


def stepped(*steps: tuple[str, str], drug: str = "venlafaxine", end: str = "2026-05-31", **more):
    """Doses from their days on, each until the next one."""
    made = tuple(
        DoseStep(dose_mg_per_day=Decimal(mg) if mg else None, start=day(start))
        for mg, start in steps
    )
    return trial(drug=drug, dose="", start=steps[0][1], end=end, steps=made, **more)


# -- doses that changed -------------------------------------------------------------


@pytest.mark.parametrize(
    ("reached", "adequate"),
    [("2026-03-09", True), ("2026-03-10", False)],  # 42 and 41 days at 150 mg until 20 April
)
def test_only_the_weeks_at_an_adequate_dose_count(reached, adequate):
    one = stepped(("75", "2026-01-05"), ("150", reached), end="2026-04-20")
    made = by(one, "atrq")
    assert made.adequate is adequate
    assert ("only" in made.why) is not adequate


def test_a_dose_raised_in_steps_is_one_stretch_while_every_step_is_enough():
    one = stepped(("150", "2026-01-05"), ("225", "2026-01-26"), end="2026-02-16")
    made = by(one, "atrq")
    assert made.weeks_at_dose == Range.exactly(6)
    assert made.stretch == (date(2026, 1, 5), date(2026, 2, 16))


def test_a_pause_parts_two_stretches_of_the_same_dose():
    steps = (
        DoseStep(dose_mg_per_day=Decimal(150), start=day("2026-01-05"), end=day("2026-02-02")),
        DoseStep(dose_mg_per_day=Decimal(150), start=day("2026-03-02"), end=day("2026-03-30")),
    )
    one = trial(drug="venlafaxine", dose="", end="2026-03-30", steps=steps)
    assert by(one, "eu_pearl").adequate is True  # 4 weeks each
    assert by(one, "atrq").adequate is False  # 12 weeks in all, never 6 in one


def test_one_dose_that_nobody_knows_leaves_the_trial_open_and_never_makes_it_too_low():
    one = stepped(("75", "2026-01-05"), ("", "2026-02-02"))
    assert by(one, "atrq").adequate is None
    assert any("Which dose" in gap.question or "At which dose" in gap.question
               for gap in table(one).missing)  # fmt: skip


def test_partial_dates_of_a_step_widen_the_time_at_its_dose():
    one = stepped(("75", "2026-01-05"), ("150", "2026-03"), end="2026-04-25")
    low, high = by(one, "atrq").weeks_at_dose.low, by(one, "atrq").weeks_at_dose.high
    assert (low * 7, high * 7) == (25, 55)  # from 31 March, from 1 March
    assert by(one, "atrq").adequate is None


def test_steps_that_cannot_be_are_named_and_make_nothing_sure():
    one = stepped(("150", "2026-03-05"), ("75", "2026-01-05"))
    made = table(one)
    assert "not in the order" in made.problems[0].text
    assert made.counts["atrq"] == Range(Decimal(0), Decimal(1))


# -- how it ended, and how much better it got ----------------------------------------


def test_stopping_early_for_side_effects_is_no_failure_and_says_so():
    made = by(trial(end="2026-01-26", stopped_because="side_effects"), "eu_pearl")
    assert made.counts is False
    assert "side effects" in made.why


@pytest.mark.parametrize(("clear", "counts"), [(None, False), (False, False), (True, None)])
def test_a_short_trial_is_for_a_clinician_where_it_clearly_did_not_work(clear, counts):
    short = trial(end="2026-02-01", clear_non_response=clear)
    assert by(short, "eu_pearl").counts is counts
    assert by(short, "atrq").counts is False  # the ATRQ asks for its six weeks


@pytest.mark.parametrize(
    ("band", "eu_pearl", "atrq_partial", "athf"),
    [
        ("under_25", True, False, True),
        ("25_to_49", False, True, True),
        ("50_or_more", False, False, False),
        ("", None, None, None),
    ],
)
def test_a_band_of_improvement_decides_what_its_ends_decide(band, eu_pearl, atrq_partial, athf):
    one = trial(better="", improvement_band=band)
    assert by(one, "eu_pearl").failed is eu_pearl
    assert by(one, "atrq").partial is atrq_partial
    assert by(one, "athf").failed is athf


@pytest.mark.parametrize(
    ("better", "partial"), [("24", False), ("25", True), ("49", True), ("50", False)]
)
def test_a_partial_response_is_kept_apart_by_the_atrq(better, partial):
    made = by(trial(better=better), "atrq")
    assert made.partial is partial
    assert ("partial response" in made.why) is partial


# -- drugs ---------------------------------------------------------------------------


def test_two_forms_of_one_drug_are_one_drug_and_two_tricyclics_are_two():
    forms = table(
        trial(drug="bupropion SR", dose="300"),
        trial(drug="Bupropion XL", dose="300", start="2025-01-05", end="2025-05-05"),
    )
    assert forms.counts["athf"] == Range.exactly(1)
    both = table(
        trial(drug="amitriptyline", dose="150"),
        trial(drug="imipramine", dose="150", start="2025-01-05", end="2025-05-05"),
    )
    assert both.counts["athf"] == Range.exactly(2)


@pytest.mark.parametrize(
    ("written", "ingredient"),
    [
        ("Sertraline 50 MG Oral Tablet", "sertraline"),
        ("venlafaxine_xr", "venlafaxine"),
        ("Venlafaxine XR", "venlafaxine"),
        ("fluoxetine / olanzapine", "fluoxetine / olanzapine"),
        ("desvenlafaxine", "desvenlafaxine"),
        ("escitalopram", "escitalopram"),
    ],
)
def test_a_form_is_no_drug_and_a_combination_is_not_its_first_part(written, ingredient):
    assert KNOWLEDGE.doses.ingredient(written) == ingredient


def test_a_number_that_nobody_re_read_never_rules_a_trial_out_of_a_label():
    low = trial(drug="nortriptyline", dose="50")  # 75 by the ATRQ column, known-verify only
    made = table(low)
    assert made.counts["atrq"] == Range.exactly(0)
    assert made.under("atrq")[0].rests_on is Mark.KNOWN_VERIFY
    assert made.counts["label_eu"] == made.failed == Range(Decimal(0), Decimal(1))
    seen = table(trial(drug="sertraline", dose="25"))  # under a table that was read
    assert seen.failed == Range.exactly(0)


def test_the_worked_example_of_the_atrq_was_read():
    assert by(trial(drug="venlafaxine", dose="75"), "atrq").rests_on is Mark.SEEN
    assert by(trial(drug="venlafaxine", dose="76"), "atrq").rests_on is Mark.KNOWN_VERIFY


def test_a_patch_is_no_oral_antidepressant():
    made = table(trial(drug="selegiline patch", dose="6"))
    assert made.counts["label_us"] == Range.exactly(0)
    assert made.counts["label_eu"] == Range(Decimal(0), Decimal(1))


# -- the present episode ---------------------------------------------------------------

SINCE_MARCH = Episode(began=(date(2026, 3, 1), date(2026, 3, 1)))


@pytest.mark.parametrize(
    ("start", "end", "said", "counts"),
    [
        ("2026-03-01", "2026-06-01", "", 1),  # from its first day
        ("2025-09-01", "2026-02-28", "", 0),  # over the day before
        ("2026-02-01", "2026-06-01", "", None),  # across its beginning
        ("2025-09-01", "2026-02-28", "current", 1),  # a person said so
        ("2026-03-01", "2026-06-01", "earlier", 0),
    ],
)
def test_a_label_counts_trials_of_this_episode_only(start, end, said, counts):
    made = table(trial(start=start, end=end, episode=said), episode=SINCE_MARCH)
    expected = Range(Decimal(0), Decimal(1)) if counts is None else Range.exactly(counts)
    assert made.counts["label_eu"] == made.failed == expected
    assert made.counts["eu_pearl"] == Range.exactly(1)  # no word of the episode was read there


def test_the_length_of_the_episode_bounds_its_first_day():
    trials = (trial(start="2025-09-01", end="2025-12-01"),)

    def failed(**facts):
        result = check(
            chart_of(), library=library(), as_of=AS_OF, answers=told(**facts), trials=trials
        )
        return result.facts["failed_adequate_trials"].value

    assert failed() == Range.exactly(1)
    assert failed(current_episode_months=14) == Range.exactly(1)
    assert failed(current_episode_months=13) == Range(Decimal(0), Decimal(1))  # since Sep or Oct
    assert failed(current_episode_months=3) == Range.exactly(0)


# -- side by side -----------------------------------------------------------------------


def test_where_definitions_part_a_sentence_names_the_trial_and_the_reason():
    (sentence,) = table(
        trial(drug="venlafaxine", dose="75", end="2026-03-02"), trial(drug="duloxetine", dose="60")
    ).parting
    assert sentence.startswith("Venlafaxine, 75 mg a day for 8 weeks")
    assert "does not count under ATRQ" in sentence
    assert "75 mg a day is too low: 150 mg is asked" in sentence
    assert "75 mg by McMaster and Maudsley, 150 mg by ATRQ" in sentence


def test_a_label_says_yes_or_no_only_where_every_rule_does():
    made = table(
        trial(), trial(drug="venlafaxine", dose="75"), trial(drug="duloxetine", better="80")
    )
    assert [each.counts for each in made.under("label_us")] == [True, None, False]
    assert made.counts["label_us"] == Range(Decimal(1), Decimal(2))
    assert "names no dose" in made.under("label_us")[1].why


def test_what_is_missing_names_the_trial_the_question_and_who_would_know():
    made = table(trial(), trial(drug="duloxetine", dose="", better="", adherent=None, end=None))
    assert {(gap.place, gap.question.split()[0]) for gap in made.missing} == {
        (1, "At"), (1, "When"), (1, "Was"), (1, "How")
    }  # fmt: skip
    assert {gap.asked_of for gap in made.missing} >= {"the patient", "the referrer or the pharmacy"}
    assert not table(trial()).missing


def test_what_would_not_change_the_answer_is_not_asked():
    assert not table(trial(better="80", dose="", adherent=None)).missing


def test_places_point_into_the_list_as_it_was_told():
    made = table(trial(), trial(), trial(drug="duloxetine", dose="60"))
    assert made.places == (0, 2)
    assert len(made.rows) == 2
    assert all(len(row) == len(made.definitions) == 5 for row in made.rows)


def test_a_combination_is_said_and_each_drug_judged_by_itself():
    made = table(trial(), trial(drug="mirtazapine", dose="30"))
    assert "taken together" in made.problems[0].text
    assert made.counts["eu_pearl"] == Range.exactly(2)


def test_an_augmentation_changes_no_count():
    assert table(trial(augmentation="lithium")).counts == table(trial()).counts


def test_a_trial_that_still_runs_at_two_doses_lasts_until_today():
    one = replace(stepped(("75", "2026-08-01"), ("150", "2026-09-20")), end=None, ongoing=True)
    assert weeks_of(one, AS_OF) == Range.exactly(Decimal(92) / 7)
    assert by(one, "atrq").weeks_at_dose == Range.exactly(6)
    assert by(one, "atrq").counts is True


def test_no_date_is_asked_where_every_day_is_known_and_only_the_tables_part():
    # 75 mg is enough for McMaster and Maudsley, 150 mg is asked by the ATRQ's table.
    exact = table(stepped(("37.5", "2026-01-01"), ("75", "2026-01-15")))
    assert not [each for each in exact.missing if "each dose" in each.question]
    vague = table(stepped(("37.5", "2026-01"), ("75", "2026-02")))
    assert [each.question for each in vague.missing if "each dose" in each.question]
