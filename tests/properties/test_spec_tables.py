"""Spec tables: anything at all is read or refused, and what is written is what is read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.guidelines.authoring.spec import SpecFault, read_spec, read_written
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.dictionary import Kind
from evenkeel.core.kernel.held import Held
from evenkeel.core.kernel.quantities import plain

CONTENT = library()
PACK = CONTENT.packs["esketamine-us"]
HEADER = "criterion,given,applies,finding,why\n"
WORDS = st.sampled_from(
    ["SPVUS-001", "SPVUS-005", "age_years = 18", "answer = yes", ";", "=", ",", '"', "\n", "yes",
     "no", "met", "unknown", "judge", "not_applicable", " to ", "at least ", "1", "why", "\x00"]
)  # fmt: skip


def faults(text: str) -> tuple[str, ...]:
    """What is wrong with a table; () when it is read."""
    place = Held({"esketamine-us.csv": text.encode("utf-8", errors="surrogatepass")})
    try:
        read_spec(place.joinpath("esketamine-us.csv"), PACK, CONTENT.dictionary)
    except SpecFault as refusal:
        return refusal.faults or ("refused without a word",)
    return ()


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=30).map("".join)), st.booleans())
def test_anything_is_read_or_refused_with_its_line(text, with_header):
    told = faults((HEADER if with_header else "") + text)
    assert all(fault.startswith("esketamine-us.csv:") for fault in told)


NUMBERS = [
    fact
    for fact in CONTENT.dictionary.facts.values()
    if fact.kind is Kind.NUMBER and (fact.minimum or 0) <= 0 and (fact.maximum or 99) >= 20
]


@given(
    st.sampled_from(NUMBERS),
    st.lists(st.decimals(0, 20, places=2), min_size=2, max_size=2).map(sorted),
)
def test_numbers_are_read_as_they_are_written(fact, ends):
    low, high = ends
    assert read_written(plain(low), fact).exact == low
    span = read_written(f"{plain(low)} to {plain(high)}", fact)
    assert (span.low, span.high) == (low, high)
    assert read_written(f"at least {plain(low)}", fact).high is None
    assert read_written(f"at most {plain(high)}", fact).low is None
    if low < high:
        with pytest.raises(ValueError, match="runs backwards"):
            read_written(f"{plain(high)} to {plain(low)}", fact)
    with pytest.raises(ValueError, match="is no number"):
        read_written(f"{plain(Decimal(low))} mg", fact)
