"""Advice at orders in a browser, at three widths and in both themes."""

from __future__ import annotations

import json

import pytest
from tests.support import cds
from tests.support.browsers import fits
from tests.support.cds import ec_key, public

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shown(live, django_db_blocker):
    """Two clients, one of them stopped; cards of some matters and what became of them."""
    from datetime import timedelta
    from uuid import uuid4

    from django.utils import timezone

    from evenkeel.web.records.services import cds as services

    with django_db_blocker.unblock():
        now = timezone.now()
        client = cds.client(name="Harbour hospital", fhir_server="https://fhir.example.org/r4")
        cds.client(name="Old system", issuer="https://old.example.org", enabled=False)
        cards = [
            services.Shown(
                uuid=uuid4(), matter=matter, criteria=criteria, indicator=indicator, suggestions=()
            )
            for matter, criteria, indicator, times in (
                ("pressure", ["SPVUS-011", "SPVEU-009"], "warning", 4),
                ("aneurysm", ["SPVUS-006", "SPVEU-008", "SPVUS-012"], "critical", 1),
                ("missing", [], "info", 6),
            )
            for _ in range(times)
        ]
        services.log_cards(
            cards,
            service="ketamine-order-sign",
            client=client,
            edition="x",
            sha256="0" * 64,
            at=now,
        )
        services.keep_feedback(
            [
                services.Outcome(
                    card=card.uuid, outcome="overridden", at=now - timedelta(minutes=1),
                    reason_code="settled",
                )
                for card in cards[:3]
            ],
            service="ketamine-order-sign", client=client, at=now,
        )  # fmt: skip
        yield client


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (820, "light"), (390, "dark")])
def test_the_pages_hold_at_every_width_and_theme(shown, new_page, sign_in, axe, shot, width, theme):
    page = new_page(width=width, height=2400, color_scheme=theme)
    sign_in(page, "administrator")
    for name in ("order-advice", f"order-advice/clients/{shown.pk}"):
        page.goto(f"/{name}/")
        axe(page)
        fits(page)
        shot(
            page,
            f"{name.split('/')[-1] if 'clients' not in name else 'cds-client'}-{width}-{theme}",
        )


def test_a_system_is_let_in_from_the_page(shown, new_page, sign_in):
    page = new_page(width=1440)
    sign_in(page, "administrator")
    page.goto("/order-advice/")
    page.get_by_role("link", name="Let a system ask").click()
    page.get_by_label("What we call it").fill("North clinic")
    page.get_by_label("Issuer").fill("https://north.example.org")
    page.get_by_role("button", name="Let this system ask").click()
    page.get_by_text("either the address of the keys or the keys").first.wait_for()
    page.get_by_label("Or its public keys").fill(json.dumps({"keys": [public(ec_key(), "north")]}))
    page.get_by_role("button", name="Let this system ask").click()
    page.get_by_text("North clinic may ask at orders.").wait_for()


def test_the_real_server_answers_a_sandbox_without_a_token(live):
    """As the demonstration runs it: another page on this machine, no token."""
    import urllib.request

    sent = urllib.request.Request(
        f"{live.url}/cds-services/ketamine-order-select",
        data=(cds.SAMPLES / "own-04-order-select-aneurysm.json").read_bytes(),
        headers={"Content-Type": "application/json", "Origin": "https://sandbox.example"},
    )
    with urllib.request.urlopen(sent, timeout=60) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "https://sandbox.example"
        cards = json.load(answer)["cards"]
    assert cards[0]["indicator"] == "critical"
    assert "SPVUS-006" in cds.criteria(cards[0])
