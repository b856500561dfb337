"""The pages about advice at orders: who may ask, and what became of cards."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.support import cds
from tests.support.cds import ask, ec_key, public, rsa_key, sample

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import CdsClient

pytestmark = pytest.mark.django_db
KEYS = {"keys": [public(ec_key(), "one")]}
TYPED = {
    "name": "Harbour hospital",
    "issuer": cds.ISSUER,
    "jwks_url": "",
    "key_set": json.dumps(KEYS),
    "tenant": "",
    "fhir_server": "https://fhir.example.org/r4/",
    "origins": "https://app.example.org\nhttps://app.example.org http://localhost:9000",
}


def add(client: Any, **changes: str) -> Any:
    return client.post(
        "/order-advice/clients/add/", {**TYPED, "once": str(uuid.uuid4()), **changes}
    )


def test_an_administrator_lets_a_system_ask_and_it_is_answered(client_as, monkeypatch):
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: cds.TODAY)
    browser = client_as("administrator")
    assert add(browser).status_code == 302
    made = CdsClient.objects.get()
    assert made.key_set == KEYS
    assert made.fhir_server == "https://fhir.example.org/r4"
    assert made.origins == ["https://app.example.org", "http://localhost:9000"]
    assert ask(sample("own-02")).status_code == 200
    entry = Entry.objects.get(action="cds_client.registered")
    assert entry.sentence.endswith("let Harbour hospital ask at orders.")
    page = browser.get("/order-advice/").content.decode()
    assert "Harbour hospital" in page
    assert "Blood pressure" in page
    assert "SPVUS-011" in page


def test_a_repeated_form_registers_once_and_an_issuer_is_one_clients(client_as):
    browser = client_as("administrator")
    once = str(uuid.uuid4())
    assert [add(browser, once=once).status_code for _ in range(2)] == [302, 302]
    assert CdsClient.objects.count() == 1
    refused = add(browser, name="Another")
    assert refused.status_code == 422
    assert "registered already, as Harbour hospital" in refused.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key_set": ""}, "either the address of the keys or the keys"),
        ({"jwks_url": "https://ehr.example.org/jwks"}, "either the address"),
        ({"key_set": "x"}, "no JSON"),
        ({"key_set": "[" * 5000}, "no JSON"),
        ({"key_set": '{"keys": []}'}, "JWK Set"),
        ({"key_set": '{"keys": [{"kty": "EC"}]}'}, "no name"),
        ({"key_set": '{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]}'}, "private"),
        ({"key_set": '{"keys": [{"kty": "EC", "crv": "P-384", "kid": "a"}]}'}, "cannot be used"),
        ({"key_set": "", "jwks_url": "http://ehr.example.org/jwks"}, "https://"),
        ({"key_set": "", "jwks_url": "https://a:b@ehr.example.org/"}, "https://"),
        ({"key_set": "", "jwks_url": "https://[bad/"}, "no address"),
        ({"fhir_server": "https://fhir.example.org/r4?x=1"}, "https://"),
        ({"origins": "https://app.example.org/path"}, "no origin"),
        ({"origins": "http://app.example.org"}, "no origin"),
        ({"origins": "*"}, "no origin"),
        ({"issuer": ""}, "required"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_client_is_said_and_nothing_is_written(client_as, changes, words):
    answer = add(client_as("administrator"), **changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert CdsClient.objects.count() == 0


def test_a_private_key_is_refused_and_not_shown_again_in_the_ledger(client_as):
    import jwt

    private = {**jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(), as_dict=True), "kid": "a"}
    answer = add(client_as("administrator"), key_set=json.dumps({"keys": [private]}))
    assert answer.status_code == 422
    assert "private or shared" in answer.content.decode()
    assert CdsClient.objects.count() == 0


def test_keys_are_changed_and_a_client_is_stopped_and_let_in_again(client_as, monkeypatch):
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: cds.TODAY)
    browser = client_as("administrator")
    made = cds.client(key_set={"keys": [public(rsa_key(), "old")]})
    assert ask(sample("own-05")).status_code == 401
    page = browser.get(f"/order-advice/clients/{made.pk}/").content.decode()
    assert made.issuer in page
    answer = browser.post(f"/order-advice/clients/{made.pk}/", TYPED)
    assert answer.status_code == 302
    assert ask(sample("own-05")).status_code == 200
    entry = Entry.objects.get(action="cds_client.changed")
    assert "the keys" in entry.sentence
    browser.post(f"/order-advice/clients/{made.pk}/open/", {"open": "no"})
    assert ask(sample("own-05")).status_code == 403
    browser.post(f"/order-advice/clients/{made.pk}/open/", {"open": "yes"})
    assert ask(sample("own-05")).status_code == 200
    actions = list(Entry.objects.filter(action__startswith="cds_client.").values_list(
        "action", flat=True))  # fmt: skip
    assert actions == ["cds_client.changed", "cds_client.disabled", "cds_client.enabled"]


def test_a_change_to_another_clients_issuer_is_refused(client_as):
    cds.client()
    other = cds.client(issuer="https://other.example", name="Other")
    answer = client_as("administrator").post(f"/order-advice/clients/{other.pk}/", TYPED)
    assert answer.status_code == 422
    other.refresh_from_db()
    assert other.issuer == "https://other.example"


def test_a_pharmacist_sees_the_counts_and_changes_nothing(client_as):
    made = cds.client()
    browser = client_as("pharmacist")
    page = browser.get("/order-advice/?days=7").content.decode()
    assert "No card was shown in this time" in page
    assert "Let a system ask" not in page
    assert browser.get(f"/order-advice/clients/{made.pk}/").status_code == 403
    assert browser.get("/order-advice/?days=nonsense").status_code == 200


def test_an_open_demonstration_says_so_on_the_page(client_as, settings):
    browser = client_as("administrator")
    assert "Anybody may ask without a token" not in browser.get("/order-advice/").content.decode()
    settings.EVENKEEL_CDS_OPEN = True
    assert "Anybody may ask without a token" in browser.get("/order-advice/").content.decode()
