"""Monitors and their messages in a browser, at a desk and on a phone, in both themes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.floor import Floor
from tests.unit.hl7.samples import ZONE, raw

from evenkeel.edges.hl7.intake import read
from evenkeel.web.records.models import DeviceMessage
from evenkeel.web.records.services.device_messages import take_in

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def sent(live, django_db_blocker):
    """A refused message, one with a sign left out, and one that matched nobody."""
    with django_db_blocker.unblock():
        floor = Floor()
        floor.monitor()
        now = datetime.now(UTC).strftime("%Y%m%d%H%M%S").encode() + b"+0000"
        good = raw("01-signs").replace(b"20261124101500.000-0500", now)
        for content in (raw("ADT-A01-02"), good, good.replace(b"|98|", b"|198|")):
            arrived = read(
                content, received_at=datetime.now(UTC), peer="10.0.0.7", clinic_zone=ZONE
            )
            take_in([arrived.arrived])
        yield DeviceMessage.objects.latest("id")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_the_list_and_a_message(sent, new_page, sign_in, axe, width, theme) -> None:
    page = new_page(width=width, color_scheme=theme)
    sign_in(page, "nurse")
    page.goto("/devices/")
    expect(page.get_by_role("heading", name="Monitors and their messages")).to_be_visible()
    axe(page)
    page.get_by_role("link", name=f"Open message {sent.pk}").click()
    page.wait_for_url("**/devices/messages/*/")
    expect(page.get_by_text("198 % is outside").first).to_be_visible()
    axe(page)
    # The page itself never scrolls sideways; a wide message scrolls in its own box.
    fits(page)


def test_registering_a_monitor(sent, new_page, sign_in, axe) -> None:
    page = new_page()
    sign_in(page, "administrator")
    page.goto("/devices/register/?identifier=BEDSIDE-9")
    axe(page)
    page.get_by_label("What we call it").fill("Monitor 9")
    page.get_by_role("button", name="Register this monitor").click()
    page.wait_for_url("**/devices/")
    expect(page.get_by_text("Monitor 9 is registered.")).to_be_visible()
