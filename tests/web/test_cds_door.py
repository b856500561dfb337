"""Discovery, strict reading, who may ask, and what browsers may do."""

from __future__ import annotations

import base64
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test import Client
from tests.support import cds
from tests.support.cds import address, ask, claims, ec_key, order, public, rsa_key, sample, token

from evenkeel.web.records.models import CdsCard, CdsToken

pytestmark = pytest.mark.django_db
SIGN = "ketamine-order-sign"


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: cds.TODAY)


@pytest.fixture
def ehr() -> Any:
    return cds.client()


# -- discovery -----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
def test_discovery_lists_three_services_to_anybody(path):
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    services = {each["hook"]: each for each in answer.json()["services"]}
    assert set(services) == {"patient-view", "order-select", "order-sign"}
    for service in services.values():
        assert re.fullmatch(r"[A-Za-z0-9\-.]+", service["id"])
        for name in ("title", "description", "usageRequirements"):
            assert service[name]


def test_prefetch_asks_only_in_ways_that_the_specification_advises():
    for service in Client().get("/cds-services").json()["services"]:
        prefetch = service["prefetch"]
        assert set(prefetch) == {
            "patient", "conditions", "medications", "allergies", "observations",
        }  # fmt: skip
        assert prefetch["patient"] == "Patient/{{context.patientId}}"
        for template in prefetch.values():
            tokens = re.findall(r"\{\{(.*?)\}\}", template)
            assert tokens == ["context.patientId"]
            _, _, query = template.partition("?")
            for part in filter(None, query.split("&")):
                name, _, value = part.partition("=")
                assert name in {"patient", "code", "status", "_sort", "_count"}, part
                assert value
        assert "_sort=-date" in prefetch["observations"], "the newest must come first"


def test_discovery_by_head_and_nothing_else():
    assert Client().head("/cds-services").status_code == 200
    refused = Client().post("/cds-services", "{}", content_type="application/json")
    assert refused.status_code == 405
    assert "GET" in refused["Allow"]


# -- browsers -------------------------------------------------------------------------


def preflight(path: str, origin: str) -> Any:
    return Client().options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )


def test_any_page_may_read_discovery_also_with_a_token():
    answer = preflight("/cds-services", "https://anywhere.example")
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in answer["Access-Control-Allow-Headers"].lower()
    got = Client().get("/cds-services", headers={"Origin": "https://anywhere.example"})
    assert got["Access-Control-Allow-Origin"] == "*"


def test_only_a_registered_page_may_post():
    cds.client(origins=["https://app.example.org"])
    path = f"/cds-services/{SIGN}"
    good = preflight(path, "https://app.example.org")
    assert good["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "POST" in good["Access-Control-Allow-Methods"]
    assert good["Vary"] == "Origin"
    for origin in ("https://evil.example", "https://app.example.org.evil.example", "null"):
        bad = preflight(path, origin)
        assert "Access-Control-Allow-Origin" not in bad
        refused = ask(sample("own-05"), Origin=origin)
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused
    taken = ask(sample("own-05"), Origin="https://app.example.org")
    assert taken.status_code == 200
    assert taken["Access-Control-Allow-Origin"] == "https://app.example.org"


def test_a_page_of_one_client_may_not_use_the_token_of_another(ehr):
    cds.client(
        issuer="https://other.example", origins=["https://other.example"],
        key_set={"keys": [public(rsa_key(), "two")]},
    )  # fmt: skip
    assert ask(sample("own-05"), Origin="https://other.example").status_code == 403


# -- who asks -------------------------------------------------------------------------


def refused(answer: Any, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.content
    told = answer.json()["issue"][0]["diagnostics"]
    for word in words:
        assert word in told, told
    assert CdsCard.objects.count() == 0


def test_a_signed_request_of_a_registered_client_is_answered(ehr):
    answer = ask(sample("own-02"))
    assert answer.status_code == 200
    assert {card.client for card in CdsCard.objects.all()} == {ehr}


@pytest.mark.parametrize(
    ("alg", "key", "more"),
    [
        ("ES384", lambda: ec_key("P-384"), {"alg": "ES384"}),
        ("ES256", lambda: ec_key("P-256"), {}),
        ("RS384", rsa_key, {"alg": "RS384"}),
        ("RS256", rsa_key, {}),
    ],
)
def test_each_accepted_algorithm_opens_with_its_key(alg, key, more):
    cds.client(key_set={"keys": [public(key(), "k", **more)]})
    signed = token(claims(address(SIGN)), key(), alg=alg, kid="k")
    assert ask(sample("own-05"), bearer=signed).status_code == 200


def test_without_a_token_nothing_is_answered(ehr):
    answer = ask(sample("own-02"), bearer="")
    refused(answer, 401, "Authorization: Bearer")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    for header in ("Basic abc", "Bearer", "Bearer  "):
        answer = Client().post(
            f"/cds-services/{SIGN}",
            json.dumps(sample("own-02")),
            headers={"Authorization": header},
            content_type="application/json",
        )
        refused(answer, 401)


@pytest.mark.parametrize(
    "bearer", ["x", "a.b.c", "a.b", "." * 3, "é.é.é", "0" * 20_000, "e30.e30."]
)
def test_what_is_no_token_opens_nothing(ehr, bearer):
    refused(ask(sample("own-02"), bearer=bearer.encode().decode("latin-1")), 401)


def test_unsigned_and_shared_secret_tokens_open_nothing(ehr):
    said = claims(address(SIGN))
    none = jwt.encode(said, None, algorithm="none", headers={"kid": "one"})
    refused(ask(sample("own-02"), bearer=none), 401, "algorithm")
    # The old trick: the public key as the secret of an HMAC.
    public_text = json.dumps(public(ec_key(), "one")).encode().ljust(64, b" ")
    for alg, kind in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
            for part in ({"alg": alg, "typ": "JWT", "kid": "one"}, said)
        )
        mac = hmac.digest(public_text, head + b"." + body, kind)
        sealed = base64.urlsafe_b64encode(mac).rstrip(b"=")
        forged = b".".join((head, body, sealed)).decode()
        refused(ask(sample("own-02"), bearer=forged), 401, "algorithm")
    assert CdsToken.objects.count() == 0


def test_a_token_signed_by_another_key_or_changed_afterwards_opens_nothing(ehr):
    from cryptography.hazmat.primitives.asymmetric import ec

    other = ec.generate_private_key(ec.SECP384R1())
    refused(ask(sample("own-02"), bearer=token(claims(address(SIGN)), other)), 401, "signature")
    good = token(claims(address(SIGN)))
    head, _, tail = good.split(".")
    body = jwt.encode(claims(address(SIGN), jti="another-token"), "x" * 64).split(".")[1]
    refused(ask(sample("own-02"), bearer=f"{head}.{body}.{tail}"), 401, "signature")
    refused(ask(sample("own-02"), bearer=f"{head}.{good.split('.')[1]}."), 401, "signature")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"aud": "https://elsewhere.example/cds-services/ketamine-order-sign"}, "aud"),
        ({"aud": []}, "aud"),
        ({"iss": "https://unknown.example"}, "iss"),
        ({"iss": 17}, "iss"),
        ({"exp": int((cds.TODAY - timedelta(seconds=60)).timestamp())}, "expired"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e400}, ""),
        ({"iat": int((cds.TODAY + timedelta(seconds=61)).timestamp())}, "future"),
        ({"nbf": int((cds.TODAY + timedelta(seconds=61)).timestamp())}, "future"),
        ({"exp": int((cds.TODAY + timedelta(minutes=61)).timestamp())}, "hour"),
        ({"jti": None}, "jti"),
        ({"jti": 12345678}, "jti"),
        ({"jti": "short"}, "jti"),
        ({"aud": None}, "aud"),
        ({"exp": None}, "exp"),
        ({"iat": None}, "iat"),
        ({"iss": None}, "iss"),
    ],
)
def test_a_token_with_a_wrong_claim_opens_nothing(ehr, changes, word):
    said = claims(address(SIGN), **changes)
    raw = json.loads(json.dumps(said))
    try:
        signed = token(raw)
    except (TypeError, ValueError, jwt.PyJWTError):
        payload = json.dumps(said).encode()
        signed = jwt.api_jws.encode(payload, ec_key(), "ES384", headers={"kid": "one"})
    refused(ask(sample("own-02"), bearer=signed), 401, word)


def test_a_token_is_good_on_the_last_second_of_its_skew_and_not_after(ehr):
    for seconds, status in ((59, 200), (60, 401)):
        gone = int((cds.TODAY - timedelta(seconds=seconds)).timestamp())
        signed = token(claims(address(SIGN), exp=gone, iat=gone - 60))
        assert ask(sample("own-05"), bearer=signed).status_code == status
    ahead = int((cds.TODAY + timedelta(seconds=60)).timestamp())
    assert ask(sample("own-05"), bearer=token(claims(address(SIGN), iat=ahead))).status_code == 200


def test_a_token_for_one_service_does_not_open_another(ehr):
    signed = token(claims(address("ketamine-order-select")))
    refused(ask(sample("own-02"), bearer=signed), 401, "aud")
    for tail in ("/", "/feedback"):
        refused(ask(sample("own-02"), bearer=token(claims(address(SIGN, tail)))), 401, "aud")


def test_a_token_may_name_several_addresses_when_ours_is_among_them(ehr):
    signed = token(claims(address(SIGN), aud=["https://other.example", address(SIGN)]))
    assert ask(sample("own-05"), bearer=signed).status_code == 200


def test_a_token_opens_once(ehr):
    signed = token(claims(address(SIGN)))
    assert ask(sample("own-05"), bearer=signed).status_code == 200
    refused(ask(sample("own-02"), bearer=signed), 401, "used before")
    assert CdsToken.objects.count() == 1


def test_used_tokens_are_kept_until_they_expire_and_no_longer(ehr, monkeypatch):
    ask(sample("own-05"))
    later = cds.TODAY + timedelta(hours=2)
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: later)
    assert ask(sample("own-05"), now=later).status_code == 200
    assert CdsToken.objects.get().expires_at > later


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "no key"),
        ([public(ec_key(), "other")], "no key"),
        ([public(ec_key(), "one"), public(ec_key(), "one")], "more than one"),
        ([public(ec_key(), "one", alg="RS384")], "another algorithm"),
        ([{**public(ec_key(), "one"), "use": "enc"}], "not for signatures"),
        ([public(ec_key("P-256"), "one")], "curve"),
        ([{"kty": "EC", "crv": "P-384", "kid": "one"}], "cannot be used"),
        ([{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}], ""),
        (["one", None, 7], "no key"),
    ],
)
def test_the_key_must_be_the_one_of_that_name_and_kind(keys, words):
    cds.client(key_set={"keys": keys})
    refused(ask(sample("own-02")), 401, words)


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
def test_a_small_rsa_key_opens_nothing():
    cds.client(key_set={"keys": [public(rsa_key(1024), "one")]})
    signed = token(claims(address(SIGN)), rsa_key(1024), alg="RS384")
    refused(ask(sample("own-02"), bearer=signed), 401)


def test_the_token_never_says_where_its_keys_are(ehr, monkeypatch):
    fetched: list[str] = []
    monkeypatch.setattr("evenkeel.edges.cds.fetching.get", lambda url, **_: fetched.append(url))
    signed = token(claims(address(SIGN)), jku="https://evil.example/keys")
    refused(ask(sample("own-02"), bearer=signed), 401, "jku")
    unknown = token(claims(address(SIGN), iss="https://evil.example"), jku="https://evil.example/k")
    refused(ask(sample("own-02"), bearer=unknown), 401, "iss")
    own = token(claims(address(SIGN)), jwk=public(ec_key(), "one"), x5u="https://evil.example/x")
    assert ask(sample("own-05"), bearer=own).status_code == 200
    assert fetched == []


def test_critical_headers_that_nobody_knows_and_a_missing_kid_open_nothing(ehr):
    refused(ask(sample("own-02"), bearer=token(claims(address(SIGN)), kid=None)), 401, "kid")
    signed = token(claims(address(SIGN)), crit=["exp"])
    refused(ask(sample("own-02"), bearer=signed), 401)


def test_a_client_that_is_switched_off_or_of_another_tenant_is_known_and_refused():
    made = cds.client(enabled=False)
    refused(ask(sample("own-02")), 403, "switched off")
    made.enabled, made.tenant = True, "ward-7"
    made.save()
    refused(ask(sample("own-02")), 403, "tenant")
    signed = token(claims(address(SIGN), tenant="ward-7"))
    assert ask(sample("own-05"), bearer=signed).status_code == 200


# -- a demonstration ---------------------------------------------------------------------


def test_a_demonstration_answers_without_a_token_and_from_any_page(ehr, settings):
    settings.EVENKEEL_CDS_OPEN = True
    answer = ask(sample("own-02"), bearer="", Origin="https://sandbox.example")
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "https://sandbox.example"
    assert {card.client for card in CdsCard.objects.all()} == {None}
    asked = Client().options(
        f"/cds-services/{SIGN}",
        headers={
            "Origin": "https://sandbox.example",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert asked["Access-Control-Allow-Private-Network"] == "true"


def test_a_demonstration_takes_the_sandboxs_own_token_and_verifies_a_registered_clients(
    ehr, settings
):
    settings.EVENKEEL_CDS_OPEN = True
    stranger = token(
        claims(address(SIGN), iss="https://sandbox.example"), ec_key("P-256"), alg="ES256",
        kid="d9cd", jku="https://sandbox.example/jwks.json",
    )  # fmt: skip
    assert ask(sample("own-05"), bearer=stranger).status_code == 200
    forged = token(claims(address(SIGN)), rsa_key(), alg="RS384")
    assert ask(sample("own-05"), bearer=forged).status_code == 401
    none = jwt.encode(claims(address(SIGN), iss="https://sandbox.example"), None, algorithm="none")
    assert ask(sample("own-05"), bearer=none).status_code == 401


# -- the body -----------------------------------------------------------------------------


def body_refused(answer: Any, status: int, path: str, code: str | None = None) -> None:
    assert answer.status_code == status, answer.content
    issues = answer.json()["issue"]
    places = [issue.get("expression", [""])[0] for issue in issues]
    assert path in places, issues
    if code:
        assert code in {issue["code"] for issue in issues}


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("hook", None, "hook"),
        ("hook", "patient-view", "hook"),
        ("hook", 7, "hook"),
        ("hookInstance", None, "hookInstance"),
        ("hookInstance", "not-a-uuid", "hookInstance"),
        ("hookInstance", "6d0c0d1e00004000800000000000000z1234", "hookInstance"),
        ("context", None, "context"),
        ("context", [], "context"),
        ("prefetch", [], "prefetch"),
        ("fhirServer", "ftp://x", "fhirServer"),
        ("fhirServer", "https://a@b/fhir", "fhirServer"),
        ("fhirServer", "https://b/fhir?x=1", "fhirServer"),
        ("fhirAuthorization", "x", "fhirAuthorization"),
        ("fhirAuthorization", {}, "fhirAuthorization.access_token"),
    ],
)
def test_a_field_that_is_wrong_is_named(ehr, field, value, path):
    sent = sample("own-02")
    if value is None:
        del sent[field]
    else:
        sent[field] = value
    body_refused(ask(sent, service=SIGN), 400, path)


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("userId", None, "context.userId"),
        ("userId", "dr1", "context.userId"),
        ("userId", "Device/1", "context.userId"),
        ("patientId", None, "context.patientId"),
        ("patientId", "Patient/p1", "context.patientId"),
        ("patientId", "../../Group", "context.patientId"),
        ("encounterId", 7, "context.encounterId"),
        ("draftOrders", None, "context.draftOrders"),
        ("draftOrders", {"resourceType": "List"}, "context.draftOrders"),
        ("draftOrders", {"resourceType": "Bundle", "entry": {}}, "context.draftOrders.entry"),
        ("draftOrders", {"resourceType": "Bundle", "entry": [{}]},
         "context.draftOrders.entry[0].resource"),
        ("selections", None, "context.selections"),
        ("selections", [], "context.selections"),
        ("selections", ["MedicationRequest/none"], "context.selections[0]"),
        ("selections", [17], "context.selections[0]"),
    ],
)  # fmt: skip
def test_a_context_that_is_wrong_is_named(ehr, field, value, path):
    sent = sample("own-04")
    if value is None:
        del sent["context"][field]
    else:
        sent["context"][field] = value
    body_refused(ask(sent), 400, path)


@pytest.mark.parametrize(
    "raw",
    [b" ", b"{", b"[]", b"null", b'"x"', b"\xff", b"\xef\xbb\xbf{}", b"[" * 100, b'{"a":NaN}'],
)
def test_what_is_no_json_object_is_refused(ehr, raw):
    answer = ask(raw, service=SIGN)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["diagnostics"]


def test_a_key_that_stands_twice_is_refused(ehr):
    raw = json.dumps(sample("own-02"))
    assert '"status": "final"' in raw
    doubled = raw.replace('"status": "final"', '"status": "entered-in-error", "status": "final"', 1)
    answer = ask(doubled.encode(), service=SIGN)
    body_refused(answer, 400, "prefetch.observations.entry[0].resource.status")


def test_all_faults_are_told_at_once(ehr):
    answer = ask({"hook": "order-sign", "context": {}}, service=SIGN)
    assert len(answer.json()["issue"]) >= 4


def test_unknown_services_methods_and_bodies(ehr):
    assert ask(sample("own-02"), service="no-such-service").status_code == 404
    got = Client().get(f"/cds-services/{SIGN}")
    assert got.status_code == 405
    assert got["Allow"] == "POST, OPTIONS"
    for kind in ("text/plain", "application/xml", ""):
        sent = Client().post(
            f"/cds-services/{SIGN}", b"{}", content_type=kind,
            headers={"Authorization": f"Bearer {token(claims(address(SIGN)))}"},
        )  # fmt: skip
        assert sent.status_code == 415
    assert ask(b" " * (5 * 1024 * 1024 + 1), service=SIGN).status_code == 413


def test_a_slash_at_the_end_is_the_same_address(ehr):
    sent = Client().post(
        f"/cds-services/{SIGN}/", json.dumps(sample("own-05")), content_type="application/json",
        headers={"Authorization": f"Bearer {token(claims(address(SIGN)))}"},
    )  # fmt: skip
    assert sent.json() == {"cards": []}


def test_too_many_requests_are_told_to_wait(ehr, monkeypatch):
    from evenkeel.edges.cds import views
    from evenkeel.edges.cds.pace import Pace

    monkeypatch.setattr(views, "_pace", Pace(most=2, seconds=60))
    assert [ask(sample("own-05")).status_code for _ in range(3)] == [200, 200, 429]


def test_a_pace_lets_go_on_when_the_oldest_call_is_out_of_the_window():
    from evenkeel.edges.cds.pace import Pace

    pace = Pace(most=2, seconds=10)
    assert [pace.wait("a", at) for at in (0, 1, 2, 9.5)] == [0, 0, 8, 1]
    assert pace.wait("b", 2) == 0
    assert pace.wait("a", 10) == 0


def test_no_row_of_a_patient_is_read_for_an_answer(ehr):
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as caught:
        ask(sample("own-09"))
    tables = {t for q in caught for t in re.findall(r'"((?:records|ledger)_\w+)"', q["sql"])}
    assert tables == {"records_cdsclient", "records_cdstoken", "records_cdscard"}


# -- safety of the answer -------------------------------------------------------------------


def test_a_record_of_another_person_is_refused(ehr):
    sent = sample("own-02")
    sent["prefetch"]["patient"]["id"] = "p2"
    body_refused(ask(sent), 400, "prefetch.patient.id")


def test_an_entry_about_another_person_is_left_out_and_named(ehr):
    sent = sample("own-04")
    sent["prefetch"]["conditions"]["entry"][1]["resource"]["subject"]["reference"] = "Patient/p2"
    cards = ask(sent).json()["cards"]
    assert "critical" not in {card["indicator"] for card in cards}
    text = cards[-1]["detail"]
    assert "Condition/c2" in text
    assert "left out" in text


def test_an_entry_that_cannot_be_read_takes_nothing_else_with_it(ehr):
    sent = sample("own-04")
    sent["prefetch"]["conditions"]["entry"][0]["resource"]["clinicalStatus"] = "active"
    cards = ask(sent).json()["cards"]
    assert cards[0]["indicator"] == "critical"
    assert "Condition/c1" in cards[-1]["detail"]


def test_what_a_search_brings_along_is_no_gap_and_a_page_that_was_cut_off_is(ehr):
    def gaps(change: Any) -> str:
        sent = sample("own-06")
        change(sent["prefetch"])
        (card,) = [c for c in ask(sent).json()["cards"] if cds.matter(c) == "missing"]
        return str(card["detail"])

    more = {"link": [{"relation": "next", "url": "https://fhir.example.org/r4?page=2"}]}
    note = {"resourceType": "OperationOutcome", "issue": [{"severity": "information"}]}
    fault = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
    along = {"resource": {"resourceType": "Practitioner"}, "search": {"mode": "include"}}
    plain = gaps(lambda p: None)
    assert gaps(lambda p: p["conditions"]["entry"].append({"resource": note})) == plain
    assert gaps(lambda p: p["conditions"]["entry"].append(along)) == plain
    assert "an error beside" in gaps(lambda p: p["conditions"]["entry"].append({"resource": fault}))
    assert "only the first page" in gaps(lambda p: p["conditions"].update(more))
    # Newest first, what was cut off can only be older.
    assert gaps(lambda p: p["observations"].update(more)) == plain
    older = sample("own-01")["prefetch"]["observations"]["entry"][0]
    older["resource"]["subject"]["reference"] = "Patient/p6"
    older["resource"]["id"] = "older"
    assert "not the newest first" in gaps(
        lambda p: (p["observations"].update(more), p["observations"]["entry"].insert(0, older))
    )


def test_words_alone_never_make_a_critical_card_or_an_offer_to_delete(ehr):
    sent = sample("own-04")
    order(sent)["medicationCodeableConcept"] = {"text": "Spravato 56 mg"}
    cards = ask(sent).json()["cards"]
    card = cards[0]
    assert "SPVUS-006" in cds.criteria(card)
    assert card["indicator"] == "warning"
    assert "suggestions" not in card
    assert "by its text only" in card["detail"]


def test_a_dead_person_and_an_order_without_a_drug_are_told(ehr):
    sent = sample("own-02")
    sent["prefetch"]["patient"]["deceasedBoolean"] = True
    card = ask(sent).json()["cards"][0]
    assert card["indicator"] == "critical"
    assert "died" in card["summary"]
    sent = sample("own-05")
    del order(sent)["medicationCodeableConcept"]
    order(sent)["medicationReference"] = {"reference": "Medication/unknown"}
    (card,) = ask(sent).json()["cards"]
    assert "does not say which drug" in card["summary"]


def test_an_order_not_to_give_the_drug_is_no_order(ehr):
    sent = sample("own-02")
    order(sent)["doNotPerform"] = True
    assert ask(sent).json() == {"cards": []}


def test_two_routes_are_none_and_a_dose_in_words_is_not_read(ehr):
    sent = sample("own-06")
    order(sent)["dosageInstruction"][0]["route"] = {
        "coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]
    }
    text = json.dumps(ask(sent).json())
    assert "two ways" in text
    sent = sample("own-06")
    del order(sent)["dosageInstruction"][0]["doseAndRate"]
    text = json.dumps(ask(sent).json())
    assert "SPVEU-005" not in text
    assert "no coded dose" in text


def test_text_of_a_record_is_never_markup(ehr):
    sent = sample("own-02")
    order(sent)["dosageInstruction"][0]["text"] = "[x](https://evil.example) <img src=x> **b**"
    detail = ask(sent).json()["cards"][0]["detail"]
    assert "[x](" not in detail
    assert "<img" not in detail.replace("\\<img", "")
    assert r"\*\*b\*\*" in detail


def test_at_most_one_card_for_a_person_whom_it_does_not_concern(ehr):
    sent = sample("own-01")
    condition = sent["prefetch"]["conditions"]["entry"][0]["resource"]
    condition["code"]["coding"][0] = {
        "system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J45.909",
    }  # fmt: skip
    assert ask(sent).json() == {"cards": []}
