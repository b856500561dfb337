"""Laws of counting antidepressant trials: order, doubles, doubt and one more failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.history import DoseStep, Episode, Trial, weeks_of
from evenkeel.core.guidelines.trials.rules import judge
from evenkeel.core.guidelines.trials.sets import TrialTable, judge_all

KNOWLEDGE = library().knowledge
AS_OF = date(2026, 11, 1)
DRUGS = (*sorted(KNOWLEDGE.doses.ingredients), "bupropion sr", "unheard-of", "selegiline patch")
dates = st.dates(min_value=date(2023, 1, 1), max_value=date(2026, 12, 1))
episodes = st.none() | dates.map(lambda day: Episode(began=(day, day + timedelta(days=20))))
milligrams = st.none() | st.sampled_from((10, 20, 50, 75, 100, 150, 225, 300)).map(Decimal)


@st.composite
def partial(draw, day: date):
    kept = draw(st.sampled_from((1, 2, 3, 3, 3)))
    return PartialDate(*(day.year, day.month, day.day)[:kept])


@st.composite
def trials(draw) -> Trial:
    start = draw(dates)
    end = start + timedelta(days=draw(st.integers(-10, 400)))
    steps = []
    day = start
    for _ in range(draw(st.sampled_from((0, 0, 0, 2, 3)))):
        steps.append(DoseStep(dose_mg_per_day=draw(milligrams), start=draw(partial(day))))
        day += timedelta(days=draw(st.integers(7, 60)))
    return Trial(
        drug=draw(st.sampled_from(DRUGS)),
        dose_mg_per_day=None if steps else draw(milligrams),
        steps=tuple(steps),
        start=draw(st.none() | partial(start)) if not steps else steps[0].start,
        end=draw(st.none() | partial(end)),
        ongoing=draw(st.booleans()),
        improvement_percent=draw(st.none() | st.integers(-50, 100).map(Decimal)),
        adherent=draw(st.sampled_from((True, True, None, False))),
        episode=draw(st.sampled_from(("", "", "current", "earlier"))),
        clear_non_response=draw(st.sampled_from((None, True, False))),
    )


lists = st.lists(trials(), max_size=6)


def table(told, episode=None) -> TrialTable:
    return judge_all(told, KNOWLEDGE.definitions, KNOWLEDGE.doses, AS_OF, episode=episode)


def counts(told, episode=None) -> dict[str, Range]:
    made = table(told, episode)
    return {**made.counts, "whichever": made.failed}


def sure_failure(drug: str) -> Trial:
    """Half a year at 300 mg, of which every table that lists the drug approves; no better."""
    return Trial(
        drug=drug, dose_mg_per_day=Decimal(300), start=PartialDate(2026, 1, 5),
        end=PartialDate(2026, 7, 5), improvement_percent=Decimal(0), adherent=True,
        episode="current",
    )  # fmt: skip


@given(told=lists, episode=episodes, drug=st.sampled_from(("sertraline", "venlafaxine", "x")))
def test_one_more_failure_never_lowers_a_count(told, episode, drug):
    before = counts(told, episode)
    after = counts([*told, sure_failure(drug)], episode)
    for name, found in after.items():
        assert found.low >= before[name].low
        assert found.high >= before[name].high
        assert found.high <= before[name].high + 1


@given(told=lists, episode=episodes, data=st.data())
def test_the_order_of_the_trials_does_not_matter(told, episode, data):
    assert counts(data.draw(st.permutations(told)), episode) == counts(told, episode)


@given(told=lists, episode=episodes)
def test_what_is_told_twice_counts_once(told, episode):
    assert counts([*told, *told], episode) == counts(told, episode)


WAYS = ("dose_mg_per_day", "end", "improvement_percent", "adherent", "start")


@settings(max_examples=120)
@given(told=st.lists(trials(), min_size=1, max_size=4), episode=episodes, data=st.data())
def test_knowing_less_of_a_trial_widens_every_count(told, episode, data):
    """What a trial without one of its parts leaves possible holds what it was with it."""
    place = data.draw(st.integers(0, len(told) - 1))
    way = data.draw(st.sampled_from(WAYS))
    one = told[place]
    as_told = table(told, episode)
    if place not in as_told.places or any(p.severity == "error" for p in as_told.problems):
        return  # what cannot be is left out, and a left-out date may make it possible again
    less = replace(one, **{way: None})
    if way == "end":
        less = replace(less, ongoing=False)
    if way == "dose_mg_per_day" and one.steps:
        less = replace(one, steps=tuple(replace(step, dose_mg_per_day=None) for step in one.steps))
    if way == "start" and one.steps:
        return
    after = counts([*told[:place], less, *told[place + 1 :]], episode)
    for name, found in counts(told, episode).items():
        assert after[name].low <= found.low, (name, way)
        assert after[name].high >= found.high, (name, way)


@given(one=trials(), less=st.integers(1, 2))
def test_a_less_exact_day_widens_the_length(one, less):
    if one.start is None or one.end is None or one.steps:
        return
    vague = replace(one, start=PartialDate(*(one.start.year, one.start.month)[:less]))
    if one.start.month is None and less == 2:
        return
    exact, wide = weeks_of(one, AS_OF), weeks_of(vague, AS_OF)
    assert wide.low <= exact.low
    assert wide.high >= exact.high


@given(one=trials(), episode=episodes)
def test_a_label_says_only_what_every_rule_says(one, episode):
    made = table([one], episode)
    for row in made.rows:
        rules = [each for each in row if made.definitions[row.index(each)].kind == "rule"]
        for each in row:
            if each not in rules and each.counts:
                assert all(rule.counts for rule in rules)


@given(one=trials())
def test_a_stretch_marked_adequate_lies_within_the_trial_and_is_long_enough(one):
    for rule in KNOWLEDGE.definitions.values():
        if rule.kind == "label":
            continue
        made = judge(one, rule, KNOWLEDGE.doses, AS_OF)
        if made.stretch is not None:
            first, last = made.stretch
            assert (last - first).days >= rule.minimum_weeks * 7
            assert last <= AS_OF
            assert made.weeks_at_dose.low <= made.weeks.high
