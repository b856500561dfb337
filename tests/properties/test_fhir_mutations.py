"""Whatever happens to a bundle on its way, reading it ends in a chart or in faults."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import referrals
from tests.support.referrals import CONDITION, TODAY, WEIGHT, bundle

from evenkeel.core.chart import Reading, Refused
from evenkeel.edges.fhir import primitives, text
from evenkeel.edges.fhir.reading import read

ODD = [
    None, True, False, 0, -1, 1.5, 1e40, "", " ", "x", "a\x00", "\ud800", "2026-02-30", [], {},
    [[]], [None], {"": 1}, {"resourceType": "Patient"}, {"reference": "#x"}, "entered-in-error",
    {"coding": [{}]}, "Patient/p1", {"extension": [{"url": "u"}]},
]  # fmt: skip
SEEDS: list[Any] = [
    bundle(WEIGHT, CONDITION),
    *(json.loads(referrals.faulty(name)) for name in ("14", "16", "18", "20", "26", "30")),
    json.loads(referrals.referral("18")),
    json.loads(referrals.referral("19")),
]


def outcome(raw: bytes) -> Reading | Refused:
    result: Reading | Refused
    try:
        result = read(raw, today=TODAY)
    except Refused as refusal:
        result = refusal
    if isinstance(result, Refused):
        assert result.faults
        assert all(fault.words and fault.code for fault in result.faults)
    return result


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a tree."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found.append((value, key))
            found += places(value[key])
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    value = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(value) or [(value, "type")]))
        act = draw(st.sampled_from(["replace", "remove", "rename", "repeat", "wrap"]))
        if act == "replace":
            container[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif act == "remove":
            del container[key]
        elif act == "rename" and isinstance(container, dict):
            container[draw(st.sampled_from(["_" + key, key + "x", key.upper(), ""]))] = (
                container.pop(key)
            )
        elif act == "repeat" and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        else:
            container[key] = [container[key]]
        if not places(value):
            break
    return value


@settings(max_examples=400, deadline=None)
@given(value=mutated())
def test_a_mutated_bundle_gives_a_chart_or_faults_and_a_chart_keeps_every_entry(value):
    raw = json.dumps(value).encode()
    result = outcome(raw)
    if isinstance(result, Reading):
        sent = {text.fingerprint(entry["resource"]) for entry in text.read(raw)["entry"]}
        assert {item.sha256 for item in result.kept} == sent
        for item in result.kept:
            assert text.fingerprint(text.read(item.json.encode())) == item.sha256


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_bytes_cut_or_changed_anywhere_give_a_chart_or_faults(data):
    raw = bytearray(json.dumps(data.draw(st.sampled_from(SEEDS[:7]))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    outcome(bytes(raw))


@given(raw=st.binary(max_size=200))
def test_any_bytes_give_a_chart_or_faults(raw):
    outcome(raw)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(value=JSON)
def test_any_resource_beside_the_patient_gives_a_chart_or_faults(value):
    whole = bundle()
    whole["entry"].append({"resource": value})
    outcome(json.dumps(whole).encode())


@given(moment=st.datetimes(timezones=st.just(primitives.UTC)))
def test_a_written_moment_reads_back(moment):
    written = moment.isoformat()
    assert primitives.wrong("dateTime", written) == ""
    assert primitives.moment(written) == moment


@given(written=st.text(alphabet="0123456789-:TZ+. ", max_size=30))
def test_any_text_is_a_date_or_is_told_why_not(written):
    for kind in ("date", "dateTime", "instant", "time"):
        if primitives.wrong(kind, written) == "" and kind != "time":
            primitives.moment(written)


def _places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield here
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*here, key))


@pytest.mark.parametrize("junk", [None, {}, [], "x", 7, True, [None], [[]], {"a": None}])
def test_no_place_of_a_bundle_takes_junk_by_surprise(junk: Any) -> None:
    whole = json.loads(referrals.faulty("30"))
    for place in _places(whole):
        if not place:
            continue
        made = copy.deepcopy(whole)
        target = made
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = junk
        outcome(json.dumps(made).encode())
