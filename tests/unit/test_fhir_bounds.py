"""Hostile text: too deep, too long, not text. Refused without effort."""

from __future__ import annotations

import io
import runpy
import sys

import pytest
from tests.support import referrals
from tests.support.referrals import PATIENT, PATIENT_URL, WEIGHT, bundle
from tests.unit.test_fhir_faults import refused, taken

from evenkeel.edges.fhir import bundle as bundles
from evenkeel.edges.fhir import text


def test_the_deep_bundle_of_the_samples_is_refused(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "argv", ["make_deep.py"])
    runpy.run_path(str(referrals.SAMPLES / "faulty" / "make_deep.py"))
    monkeypatch.undo()
    assert refused(out.getvalue().encode()).faults[0].code == "too-costly"


@pytest.mark.parametrize(("levels", "deep"), [(text.DEPTH, False), (text.DEPTH + 1, True)])
def test_the_bound_on_depth_is_exact(levels, deep):
    refusal = refused(b"[" * levels + b"]" * levels)
    assert (refusal.faults[0].code == "too-costly") is deep


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_a_million_openings_are_refused(opening):
    assert refused(opening * 1_000_000).unreadable


def test_brackets_inside_text_are_no_depth():
    weight = WEIGHT | {"note": [{"text": "[{" * 500 + '"' + "\\"}]}
    assert taken(bundle(weight))


def test_the_bound_on_size_is_exact(monkeypatch):
    raw = referrals.as_json(bundle())
    monkeypatch.setattr(text, "SIZE", len(raw))
    assert taken(raw)
    assert refused(raw + b" ").faults[0].code == "too-long"


def test_the_bound_on_entries_is_exact(monkeypatch):
    monkeypatch.setattr(bundles, "ENTRIES", 1)
    assert taken(bundle())
    value = bundle({"resourceType": "Basic", "id": "b"})
    assert refused(value).faults[0].path == "Bundle.entry"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   \n",
        b"\xef\xbb\xbf" + referrals.as_json(bundle()),
        referrals.as_json(bundle()).decode().encode("utf-16"),
        b'{"resourceType": "Bundle", "type": "caf\xe9"}',
        b"<Bundle xmlns='http://hl7.org/fhir'/>",
        b'{"resourceType": "Bundle"} {}',
        b"{'resourceType': 'Bundle'}",
        b'{"resourceType": "Bundle", "total": NaN}',
        b'{"resourceType": "Bundle", "total": -Infinity}',
        b'{"resourceType": "Bundle", "total": 1e999999999}',
        b'{"resourceType": "Bundle", "total": ' + b"9" * 5000 + b"}",
        b'{"resourceType": "Bundle", "total": 01}',
        b"null",
        b"[]",
        b"7",
        b'"Bundle"',
        b"{}",
        b'{"resourceType": 7}',
        b'{"resourceType": "Patient"}',
        b'"' + b'\\"' * 100_000,
    ],
)
def test_what_is_no_fhir_bundle_at_all_is_unreadable(raw):
    refusal = refused(raw)
    assert refusal.unreadable
    assert len(refusal.faults) == 1


def test_a_name_too_long_to_be_kept_whole_is_refused_and_not_cut():
    def named(length: int):
        return bundle(patient=PATIENT | {"name": [{"family": "n" * length}]})

    assert taken(named(200)).chart.person.family == "n" * 200
    assert [f.path for f in refused(named(201)).faults] == [
        "Bundle.entry[0].resource.name[0].family"
    ]


def test_a_thousand_faults_are_told_as_a_hundred_and_a_count():
    weights = [{"resourceType": "Observation"} for _ in range(500)]
    refusal = refused(bundle(*weights))
    assert len(refusal.faults) == 101
    assert "900 more" in refusal.faults[-1].words


def test_a_resource_that_refers_to_itself_is_taken():

    circular = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": PATIENT_URL},
        "hasMember": [{"reference": "Observation/o1"}, {"reference": "#"}],
    }
    assert taken(bundle(circular))


def test_the_bound_on_identifiers_is_exact():
    def with_identifiers(number: int):
        named = [{"system": "urn:a", "value": str(value)} for value in range(number)]
        return bundle(patient=PATIENT | {"identifier": named})

    assert len(taken(with_identifiers(100)).identifiers) == 100
    assert [f.path for f in refused(with_identifiers(101)).faults] == [
        "Bundle.entry[0].resource.identifier"
    ]


def test_an_extension_that_stands_often_in_an_entry_is_listed_once_with_its_count():
    extensions = [{"url": "urn:x", "valueString": str(number)} for number in range(3)]
    (problem,) = taken(bundle(patient=PATIENT | {"extension": extensions})).chart.problems
    assert problem.path == "Bundle.entry[0].resource.extension[0]"
    assert "3 times" in problem.text
