"""Laws that hold of every scale and every set of answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.instruments import catalogue, judge, score
from evenkeel.core.instruments.scale import Scale
from evenkeel.core.kernel.verdicts import Answer

WITH_ITEMS = [scale for scale in catalogue().values() if scale.items]


def answers(scale: Scale, *, gaps: bool) -> st.SearchStrategy[dict[str, int | None]]:
    def one(low: int, high: int) -> st.SearchStrategy[int | None]:
        values = st.integers(low, high)
        return st.none() | values if gaps else values

    return st.fixed_dictionaries({i.id: one(i.lowest, i.highest) for i in scale.items})


@pytest.mark.parametrize("scale", WITH_ITEMS, ids=lambda scale: scale.id)
@given(data=st.data())
def test_a_total_lies_in_range_and_in_exactly_one_band(scale, data):
    result = score(scale, data.draw(answers(scale, gaps=False)))
    assert result.total is not None
    assert scale.lowest <= result.total <= scale.highest
    assert sum(b.lowest <= result.total <= b.highest for b in scale.bands) == bool(scale.bands)


@pytest.mark.parametrize("scale", WITH_ITEMS, ids=lambda scale: scale.id)
@given(data=st.data())
def test_there_is_a_total_exactly_when_nothing_is_missing(scale, data):
    given_answers = data.draw(answers(scale, gaps=True))
    result = score(scale, given_answers)
    gaps = tuple(item for item, answer in given_answers.items() if answer is None)
    assert set(result.missing) == set(gaps)
    assert (result.total is None) is bool(gaps)
    assert bool(result.reason) is bool(gaps)


@pytest.mark.parametrize("scale", WITH_ITEMS, ids=lambda scale: scale.id)
@given(data=st.data())
def test_a_worse_answer_never_lowers_the_total(scale, data):
    before = data.draw(answers(scale, gaps=False))
    item = data.draw(st.sampled_from(scale.items))
    after = before | {item.id: data.draw(st.integers(before[item.id], item.highest))}
    assert score(scale, after).total >= score(scale, before).total


@given(data=st.data())
def test_a_sum_scale_is_the_sum_of_its_answers(data):
    scale = catalogue()["phq9"]
    given_answers = data.draw(answers(scale, gaps=False))
    assert score(scale, given_answers).total == sum(given_answers.values())


@given(baseline=st.integers(1, 60), now=st.integers(0, 60))
def test_response_partial_response_and_neither_share_out_every_fall(baseline, now):
    response = judge("response-50", baseline, now).answer is Answer.YES
    partial = judge("partial-response-25", baseline, now).answer is Answer.YES
    assert not (response and partial)
    assert (response or partial) == (4 * (baseline - now) >= baseline)
