"""POST /fhir as another system meets it, to the letter of the contract."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.support import referrals
from tests.support.people import make_user
from tests.support.referrals import WEIGHT, bundle

from evenkeel.edges.fhir import shape, text
from evenkeel.web.accounts.models import ApiToken
from evenkeel.web.records.models import Patient, Referral

JSON = "application/fhir+json"
ROWS = referrals.faults()
pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> str:
    return ApiToken.issue(name="hospital", user=make_user("coordinator"))[1]


def post(raw: bytes, token: str | None = None, *, kind: str = JSON, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    client = Client(enforce_csrf_checks=True)
    return client.post("/fhir", raw, content_type=kind, headers=headers, **more)


def as_fhir(answer: Any, kind: str) -> dict[str, Any]:
    """The answer is FHIR itself: right media type, and its shape passes our own walk."""
    assert answer.headers["Content-Type"] == JSON
    value: dict[str, Any] = text.read(answer.content)
    found = shape.Survey()
    shape._resource(value, kind, found, value)
    assert found.faults == []
    assert value["resourceType"] == kind
    return value


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["file"])
def test_every_row_of_the_fault_table(row, token):
    answer = post(referrals.faulty(row["file"][:2]), token)
    if row["expect"] == "accept":
        assert answer.status_code == 201
        value = as_fhir(answer, "Bundle")
        issues = value["entry"][0]["resource"]["issue"]
        assert Referral.objects.count() == 1
    else:
        assert answer.status_code in (400, 422)
        issues = as_fhir(answer, "OperationOutcome")["issue"]
        assert {issue["severity"] for issue in issues} == {"error"}
        assert not Referral.objects.exists()
        assert not Patient.objects.exists()
    places = [place for issue in issues for place in issue.get("expression", [])]
    assert not row["expression"] or row["expression"] in places


def test_the_answer_to_a_transaction_locates_every_entry(token):
    answer = post(referrals.referral("01"), token)
    assert answer.status_code == 201
    value = as_fhir(answer, "Bundle")
    assert value["type"] == "transaction-response"
    assert len(value["entry"]) == 1 + 155
    assert value["entry"][1]["response"] == {
        "status": "201 Created",
        "location": f"Patient/{Patient.objects.get().number}",
    }


def test_nothing_to_look_at_is_said_too(token):
    answer = post(referrals.as_json(bundle(WEIGHT)), token)
    (issue,) = as_fhir(answer, "Bundle")["entry"][0]["resource"]["issue"]
    assert issue["severity"] == "information"


def test_the_same_bundle_twice_makes_no_second_patient(token):
    first = post(referrals.referral("09"), token)
    again = post(referrals.referral("09"), token)
    assert (first.status_code, again.status_code) == (201, 200)
    assert Patient.objects.count() == 1
    located = [
        [entry["response"]["location"] for entry in as_fhir(a, "Bundle")["entry"][1:]]
        for a in (first, again)
    ]
    assert located[0] == located[1]


def test_the_dead_are_refused(token):
    answer = post(referrals.referral("10"), token)
    assert answer.status_code == 422
    (issue,) = as_fhir(answer, "OperationOutcome")["issue"]
    assert issue["code"] == "business-rule"
    assert issue["expression"] == ["Bundle.entry[0].resource.deceasedDateTime"]
    assert not Patient.objects.exists()


@pytest.mark.parametrize("told", [None, "", "no-such-token", "x" * 5000])
def test_without_a_live_token_nothing_is_read(told):
    answer = post(b"not even JSON", told)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    as_fhir(answer, "OperationOutcome")


def test_a_revoked_token_and_a_closed_account_open_nothing(token):
    found = ApiToken.objects.get()
    found.revoke(timezone.now())
    assert post(referrals.as_json(bundle()), token).status_code == 401
    other = make_user("coordinator", is_active=False)
    closed = ApiToken.issue(name="other", user=other)[1]
    assert post(referrals.as_json(bundle()), closed).status_code == 401


@pytest.mark.parametrize("role", ["nurse", "pharmacist", "researcher", "administrator", "patient"])
def test_a_token_of_somebody_who_may_not_receive_referrals_is_forbidden(role):
    token = ApiToken.issue(name="x", user=make_user(role))[1]
    answer = post(referrals.as_json(bundle()), token)
    assert answer.status_code == 403
    as_fhir(answer, "OperationOutcome")


def test_a_browser_session_does_not_open_this_door(client_as):
    client = client_as("coordinator")
    answer = client.post("/fhir", referrals.as_json(bundle()), content_type=JSON)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (JSON, 201),
        ("application/json", 201),
        ("application/fhir+json; charset=utf-8", 201),
        ("application/fhir+json; charset=UTF8", 201),
        ("application/fhir+json; charset=iso-8859-1", 415),
        ("application/fhir+xml", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_only_fhir_json_is_read(kind, status, token):
    assert post(referrals.as_json(bundle()), token, kind=kind).status_code == status


def test_a_body_that_is_too_long_is_refused(token, monkeypatch):
    raw = referrals.as_json(bundle())
    monkeypatch.setattr(text, "SIZE", len(raw) - 1)
    answer = post(raw, token)
    assert answer.status_code == 413
    as_fhir(answer, "OperationOutcome")
    monkeypatch.setattr(text, "SIZE", len(raw))
    assert post(raw, token).status_code == 201


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}])
def test_a_compressed_body_is_not_read(headers, token):
    client = Client(headers={"Authorization": f"Bearer {token}", **headers})
    assert client.post("/fhir", b"x", content_type=JSON).status_code == 415


@pytest.mark.parametrize(("version", "status"), [("4.0", 201), ("3.0", 415), ("5.0", 415)])
def test_only_r4_is_read(version, status, token):
    kind = f"{JSON}; fhirVersion={version}"
    assert post(referrals.as_json(bundle()), token, kind=kind).status_code == status


def test_the_next_request_after_a_hostile_one_is_answered(token):
    deep = b'{"resourceType":"Bundle","entry":[' + b'{"e":[' * 650_000
    assert post(deep, token).status_code == 400
    assert post(referrals.as_json(bundle()), token).status_code == 201


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_only_post_is_allowed(method):
    answer = getattr(Client(), method)("/fhir")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_the_capability_statement_is_fhir_and_needs_no_token():
    answer = Client().get("/fhir/metadata")
    assert answer.status_code == 200
    value = text.read(answer.content)
    assert (value["resourceType"], value["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert Client().post("/fhir/metadata").status_code == 405


def test_a_refusal_writes_no_name_to_the_log(token, caplog):
    with caplog.at_level("DEBUG"):
        post(referrals.faulty("07"), token)
    assert "referral refused: 1 faults" in caplog.text
    assert "Exampleby" not in caplog.text
