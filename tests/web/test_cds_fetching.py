"""What is read from outside: only registered addresses, over TLS, within limits.

The servers are real and on loopback; their certificate is made anew for each run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support import cds
from tests.support.cds import ask, criteria, ec_key, matter, public, sample, told_by
from tests.support.tls import Seen, https_server

from evenkeel.edges.cds import fetching, trust
from evenkeel.edges.cds.fetching import CannotFetch

pytestmark = pytest.mark.django_db
RIGHT = {
    "access_token": "a-right-for-one-call",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "evenkeel",
}
JSON = {"Content-Type": "application/fhir+json"}

KEYS = {
    "Condition": "conditions",
    "Observation": "observations",
    "MedicationRequest": "medications",
    "AllergyIntolerance": "allergies",
}


class Fhir:
    """A FHIR server that holds one sample's record. ``pages``: entries on each page."""

    def __init__(self, record: dict[str, Any], pages: int = 0) -> None:
        self.record, self.pages, self.base = record, pages, ""
        self.next_base = ""
        self.fail: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def __call__(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(seen.path)
        kind = parts.path.removeprefix("/r4/").partition("/")[0]
        if kind in self.fail:
            return self.fail[kind]
        if seen.authorization != f"Bearer {RIGHT['access_token']}":
            return 401, JSON, b"{}"
        if kind == "Patient":
            return 200, JSON, json.dumps(self.record["patient"]).encode()
        key = KEYS[kind]
        entries = self.record.get(key, {}).get("entry", [])
        page = int(parse_qs(parts.query).get("page", ["0"])[0])
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
        if self.pages:
            rest = entries[(page + 1) * self.pages :]
            entries = entries[page * self.pages : (page + 1) * self.pages]
            if rest:
                url = f"{self.next_base or self.base}/r4/{kind}?page={page + 1}"
                bundle["link"] = [{"relation": "next", "url": url}]
        return 200, JSON, json.dumps({**bundle, "entry": entries}).encode()


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: cds.TODAY)
    trust.forget_keys()


@pytest.fixture
def hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A registered client with a FHIR server that holds the record of own-04."""
    fhir = Fhir(sample("own-04")["prefetch"])
    with https_server(tmp_path, fhir) as (base, seen, trusted):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        fhir.base = base
        made = cds.client(fhir_server=f"{base}/r4")
        made.fhir, made.seen = fhir, seen
        yield made


def request(client: Any, **changes: Any) -> Any:
    sent = sample("own-04")
    sent |= {
        "prefetch": {},
        "fhirServer": client.fhir_server,
        "fhirAuthorization": RIGHT,
        **changes,
    }
    return {name: value for name, value in sent.items() if value is not None}


def test_what_was_not_prefetched_is_read_from_the_registered_server(hospital):
    cards = ask(request(hospital)).json()["cards"]
    assert "SPVUS-006" in criteria(cards[0])
    assert cards[0]["indicator"] == "critical"
    assert {urlsplit(one.path).path for one in hospital.seen} == {
        f"/r4/{kind}"
        for kind in ("Patient/p1", "Condition", "MedicationRequest", "AllergyIntolerance",
                     "Observation")
    }  # fmt: skip
    assert all(one.authorization == "Bearer a-right-for-one-call" for one in hospital.seen)


def test_only_what_is_missing_is_read(hospital):
    sent = request(hospital, prefetch=sample("own-04")["prefetch"])
    ask(sent)
    assert {urlsplit(one.path).path for one in hospital.seen} == {
        "/r4/MedicationRequest", "/r4/AllergyIntolerance", "/r4/Observation",
    }  # fmt: skip


def test_without_a_right_nothing_is_read(hospital):
    cards = ask(request(hospital, fhirAuthorization=None)).json()["cards"]
    assert hospital.seen == []
    assert matter(cards[-1]) == "missing"
    answer = ask(sample("own-08"))
    assert answer.status_code == 200
    assert hospital.seen == []


def test_another_drugs_order_makes_no_call(hospital):
    sent = sample("own-05")
    sent |= {"fhirServer": hospital.fhir_server, "fhirAuthorization": RIGHT}
    assert ask(sent).json() == {"cards": []}
    assert hospital.seen == []


def test_only_the_registered_server_is_read(hospital):
    elsewhere = hospital.fhir_server.replace("localhost", "127.0.0.1")
    text = told_by(ask(request(hospital, fhirServer=elsewhere)).json())
    assert hospital.seen == []
    assert "not the one registered" in text


def test_all_pages_are_read_and_only_from_the_same_server(hospital, tmp_path):
    hospital.fhir.pages = 1
    cards = ask(request(hospital)).json()["cards"]
    assert cards[0]["indicator"] == "critical", "the aneurysm stands on the second page"
    hospital.fhir.next_base = hospital.fhir.base.replace("localhost", "127.0.0.1")
    before = len(hospital.seen)
    cards = ask(request(hospital)).json()["cards"]
    assert "critical" not in {card["indicator"] for card in cards}
    assert "`conditions`): only the first page came" in cards[-1]["detail"]
    assert len(hospital.seen) == before + 5


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, JSON, b"{}"), "it answered 500"),
        ((302, {"Location": "https://elsewhere.example/"}, b""), "it answered 302"),
        ((200, JSON, b"<html>"), "no readable JSON"),
        ((200, JSON, b"x" * (2 * 1024 * 1024 + 1)), "more than"),
        ((200, {**JSON, "Content-Length": "999"}, b'{"resourceType": "Bun'), "no readable JSON"),
    ],
)
def test_a_server_that_fails_leaves_a_gap_that_is_told(hospital, answer, why):
    hospital.fhir.fail["Condition"] = answer
    response = ask(request(hospital))
    assert response.status_code == 200
    detail = response.json()["cards"][-1]["detail"]
    assert "`conditions`): not sent; asked for at the FHIR server:" in detail
    assert why in detail


def test_a_view_without_any_data_to_be_had_is_412_and_names_why(hospital):
    for kind in ("Patient", "Condition", "MedicationRequest", "AllergyIntolerance", "Observation"):
        hospital.fhir.fail[kind] = (503, JSON, b"{}")
    sent = sample("own-01")
    sent |= {"prefetch": {}, "fhirServer": hospital.fhir_server, "fhirAuthorization": RIGHT}
    answer = ask(sent)
    assert answer.status_code == 412
    assert "conditions" in answer.json()["issue"][0]["diagnostics"]


def test_the_right_is_written_nowhere(hospital, caplog):
    from django.db import connection

    with caplog.at_level("DEBUG"):
        answer = ask(request(hospital))
    assert RIGHT["access_token"] not in caplog.text + answer.content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(to_jsonb(t)::text, ' ') FROM records_cdscard t")
        assert RIGHT["access_token"] not in cursor.fetchone()[0]


# -- key sets ---------------------------------------------------------------------------


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client whose keys are at an address."""

    class Keys:
        held: list[Any] = [public(ec_key(), "one")]
        status = 200

    def serve(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        return Keys.status, {}, json.dumps({"keys": Keys.held}).encode()

    with https_server(tmp_path, serve) as (base, seen, trusted):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        Keys.url, Keys.seen = f"{base}/jwks.json", seen
        cds.client(key_set={}, jwks_url=Keys.url)
        yield Keys
    Keys.held = [public(ec_key(), "one")]
    Keys.status = 200


def test_keys_are_read_from_the_registered_address_once_and_kept(keys):
    for _ in range(3):
        assert ask(sample("own-05")).status_code == 200
    assert [one.path for one in keys.seen] == ["/jwks.json"]
    bearer = cds.token(cds.claims(cds.address("ketamine-order-sign")), jku=keys.url)
    assert ask(sample("own-05"), bearer=bearer).status_code == 200


def test_a_new_key_is_looked_for_but_not_at_every_token(keys, monkeypatch):
    assert ask(sample("own-05")).status_code == 200
    keys.held = [public(ec_key(), "two")]
    said = cds.claims(cds.address("ketamine-order-sign"))
    for _ in range(3):
        assert ask(sample("own-05"), bearer=cds.token(said, kid="two")).status_code == 401
    assert len(keys.seen) == 1, "asked again only after a while"
    kept = trust._kept[keys.url]
    monkeypatch.setattr(kept, "at", kept.at - trust.AGAIN_SECONDS)
    assert ask(sample("own-05"), bearer=cds.token(said, kid="two")).status_code == 200
    assert len(keys.seen) == 2


def test_keys_that_cannot_be_read_open_nothing_and_are_not_asked_for_by_each_token(keys):
    keys.status = 500
    for _ in range(3):
        assert ask(sample("own-05")).status_code == 401
    assert len(keys.seen) == 1


# -- addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "240.0.0.1"],
)  # fmt: skip
def test_addresses_that_no_other_system_has_are_refused_in_production(settings, address):
    settings.PRODUCTION = True
    with pytest.raises(CannotFetch):
        fetching._check(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.4.5", "172.16.0.9", "93.184.215.14"])
def test_a_hospitals_own_network_is_allowed(settings, address):
    settings.PRODUCTION = True
    fetching._check(address)


def test_the_address_is_looked_at_before_a_byte_is_sent(settings, keys):
    settings.PRODUCTION = True
    with pytest.raises(CannotFetch, match="not allowed"):
        fetching.get(keys.url, accept="application/json", most=1000)
    assert keys.seen == []


@pytest.mark.parametrize(
    "url", ["http://localhost/x", "file:///etc/hosts", "https://", "https://a:b@localhost/x", "ftp://x"]
)  # fmt: skip
def test_only_plain_https_is_read(url):
    with pytest.raises(CannotFetch):
        fetching.get(url, accept="application/json", most=1000)


def test_a_certificate_that_nobody_vouches_for_is_refused(keys, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(CannotFetch, match="certificate"):
        fetching.get(keys.url, accept="application/json", most=1000)
