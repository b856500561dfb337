"""Whatever is handed to a check, it ends in verdicts or in named faults, and nothing is guessed.

The laws here need no expected values: what cannot be used changes no verdict, what
is taken out of a record makes nothing known, and the order of entries says nothing.
"""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from evenkeel.commands.check import command
from evenkeel.core.chart import Refused
from evenkeel.core.guidelines.facts.answers import UnreadableAnswers, read_facts_file
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.verdicts.check import Check, as_object, check
from evenkeel.edges.fhir import reading

CASES = Path(__file__).resolve().parents[1] / "data" / "vignettes" / "cases"
NAMES = sorted(case.name for case in CASES.iterdir())
AS_OF = date(2026, 11, 1)
SHOWN = ("esketamine-us", "esketamine-eu", "apa-2017", "asra-2018-chronic-pain")
FINDINGS = {"met", "not_met", "unknown", "judge", "not_applicable"}

ODD: list[Any] = [
    None, True, False, 0, -1, 1400, 1e40, 1e-40, "", " ", "x", "\u0000", "2026-02-30", "2031-01-01",
    "1066", [], {}, [[]], [None], {"": 1}, {"value": 1400, "unit": "mm[Hg]"}, {"value": "148"},
    "entered-in-error", "kPa", {"coding": [{}]}, {"reference": "Patient/else"}, "9" * 400,
]  # fmt: skip


def case(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    folder = CASES / name
    facts = folder / "facts.json"
    return (
        json.loads((folder / "bundle.json").read_text()),
        json.loads(facts.read_text()) if facts.exists() else {},
    )


def places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found.append((value, key))
            found += places(value[key])
    return found


def damage(draw: st.DrawFn, value: Any, times: int) -> Any:
    for _ in range(times):
        spots = places(value)
        if not spots:
            return value
        container, key = draw(st.sampled_from(spots))
        act = draw(st.sampled_from(["replace", "remove", "repeat", "wrap"]))
        if act == "replace":
            container[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif act == "remove":
            del container[key]
        elif act == "repeat" and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        else:
            container[key] = [container[key]]
    return value


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Any, Any]:
    bundle, facts = case(draw(st.sampled_from(NAMES)))
    facts = facts or {"indication": "trd", "age": 40}
    return (
        damage(draw, bundle, draw(st.integers(0, 3))),
        damage(draw, facts, draw(st.integers(0, 2))),
    )


def judged(bundle: Any, facts: Any = None, packs: tuple[str, ...] = SHOWN) -> Check:
    content = library()
    told = read_facts_file(json.dumps(facts or {}), content.dictionary, AS_OF)
    raw = json.dumps(bundle).encode()
    chart = reading.read(raw, today=AS_OF, may_be_dead=True).chart
    return check(
        chart, library=content, as_of=AS_OF, answers=told.answers, trials=told.trials, packs=packs
    )


def findings(result: Check) -> dict[str, tuple[str, str]]:
    return {
        each.criterion.id: (str(each.finding), each.reason)
        for pack in result.packs
        for each in pack.criteria
    }


@settings(max_examples=250)
@given(sent=damaged())
def test_a_damaged_record_or_answer_ends_in_verdicts_or_in_faults(sent: tuple[Any, Any]) -> None:
    bundle, facts = sent
    faults: Any = ()
    try:
        result = judged(bundle, facts)
    except (Refused, UnreadableAnswers) as refusal:
        faults = refusal.faults or pytest.fail("refused without a word")
    if faults:
        return
    told = json.loads(json.dumps(as_object(result, library())))
    for pack in told["packs"]:
        assert pack["verdict"] in {"yes", "no", "unknown", "judge"}
        for each in pack["criteria"]:
            assert each["verdict"] in FINDINGS
            assert each["reason"].strip()
            if each["verdict"] == "unknown":
                assert each["missing"]
    for problem in told["problems"]:
        assert problem["text"].strip()
        assert problem["severity"] in {"error", "warning"}


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sent=damaged())
def test_the_command_exits_0_with_one_object_or_2_with_a_line_per_fault(
    sent: tuple[Any, Any], tmp_path: Path
) -> None:
    bundle, facts = sent
    (tmp_path / "bundle.json").write_text(json.dumps(bundle))
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    done = CliRunner().invoke(
        command,
        [str(tmp_path / "bundle.json"), "--facts", str(tmp_path / "facts.json"),
         "--as-of", AS_OF.isoformat(), "--json", "--pack", "esketamine-us"],
    )  # fmt: skip
    assert done.exception is None or isinstance(done.exception, SystemExit)
    if done.exit_code == 0:
        assert set(json.loads(done.stdout)) == {"subject", "as_of", "content", "packs", "problems"}
    else:
        assert done.exit_code == 2
        assert done.stdout == ""
        assert all(line.strip() for line in done.stderr.splitlines())
        assert done.stderr.strip()


@given(data=st.data(), name=st.sampled_from(NAMES))
def test_what_is_taken_out_of_a_record_makes_nothing_known(data: st.DataObject, name: str) -> None:
    bundle, facts = case(name)
    rest = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Patient"]
    assume(rest)
    gone = data.draw(st.lists(st.sampled_from(rest), min_size=1, unique_by=id))
    whole = judged(bundle, facts)
    fewer = {**bundle, "entry": [entry for entry in bundle["entry"] if entry not in gone]}
    try:
        part = judged(fewer, facts)
    except Refused:
        return
    for fact in part.facts.known():
        before = whole.facts[fact.name]
        # Taking away one side of a dispute, or a newer entry, may leave a known fact;
        # what was plainly not in the record may not appear.
        assert before.known or before.disputed or before.note != "not in the record", fact.name


@given(data=st.data(), name=st.sampled_from(NAMES))
def test_the_order_of_a_record_says_nothing(data: st.DataObject, name: str) -> None:
    bundle, facts = case(name)
    mixed = {**bundle, "entry": data.draw(st.permutations(bundle["entry"]))}
    straight, turned = judged(bundle, facts), judged(mixed, facts)
    for one, other in zip(straight.packs, turned.packs, strict=True):
        assert one.answer == other.answer
        for each, again in zip(one.criteria, other.criteria, strict=True):
            assert (each.finding, each.applies, set(each.missing)) == (
                again.finding, again.applies, set(again.missing)
            )  # fmt: skip


LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def vital(code: str, number: Any, unit: str, day: str, ref: str = "odd") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": ref,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": number, "unit": unit, "system": UCUM, "code": unit},
    }


UNUSABLE = [
    ("a pressure of 1,400", vital("8480-6", 1400, "mm[Hg]", "2026-10-30"), "cannot be"),
    ("a pressure of nought", vital("8480-6", 0, "mm[Hg]", "2026-10-30"), "cannot be"),
    ("a pressure in centimetres", vital("8480-6", 14, "cm", "2026-10-30"), "not understood"),
    ("a weight in newtons", vital("29463-7", 700, "N", "2026-10-30"), "unit"),
    ("a weight of a tonne", vital("29463-7", 1000, "kg", "2026-10-30"), "cannot be"),
    ("a weight of tomorrow", vital("29463-7", 70, "kg", "2026-11-02"), "future"),
    ("a height in kilograms", vital("8302-2", 170, "kg", "2026-10-30"), "unit"),
]


@pytest.mark.parametrize("entry", [u[1:] for u in UNUSABLE], ids=[u[0] for u in UNUSABLE])
@pytest.mark.parametrize("name", ["two-failed-trials", "pressure-140-90", "age-25"])
def test_a_value_that_cannot_be_is_named_and_changes_no_verdict(
    name: str, entry: tuple[dict[str, Any], str]
) -> None:
    resource, words = entry
    bundle, facts = case(name)
    patient = next(e for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    same = {**resource, "subject": {"reference": f"Patient/{patient['resource']['id']}"}}
    more = {**bundle, "entry": [*bundle["entry"], {"resource": same}]}
    before, after = judged(bundle, facts), judged(more, facts)
    place = f"Bundle.entry[{len(bundle['entry'])}].resource"
    told = [p for p in after.problems if p.path.startswith(place) and words in p.text]
    assert told, [p for p in after.problems if p not in before.problems]
    assert findings(after) == findings(before)


def test_a_trial_given_twice_counts_once_and_is_said() -> None:
    bundle, facts = case("two-failed-trials")
    twice = {**facts, "antidepressant_trials": facts["antidepressant_trials"] * 2}
    before, after = judged(bundle, facts), judged(bundle, twice)
    assert findings(after) == findings(before)
    assert sum("twice" in p.text for p in after.problems) == len(facts["antidepressant_trials"])


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("[]", "object"),
        ('{"resourceType": "Patient", "id": "p1"}', "Bundle"),
        ('{"resourceType": "Bundle"}', "type"),
        ("{", "JSON"),
        ("", "JSON"),
        ("\ufeff\ufeff{}", ""),
        ('{"resourceType": "Bundle", "type": "collection", "entry": []}', "Patient"),
    ],
)
def test_what_is_no_bundle_is_told_so(raw: str, words: str) -> None:
    with pytest.raises(Refused) as refusal:
        reading.read(raw.encode(), today=AS_OF, may_be_dead=True)
    assert any(words in fault.words or words in fault.path for fault in refusal.value.faults)
