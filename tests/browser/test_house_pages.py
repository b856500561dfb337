"""The pages of the house: roster, accounts and ledger, at three widths and in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.clinics import Clinic

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def clinic(live):
    from django.utils import timezone
    from tests.support.clinics import ZONE

    return Clinic(chairs=2, days=3, first=timezone.now().astimezone(ZONE).date())


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_hold_at_every_width_and_theme(
    clinic, new_page, sign_in, axe, shot, width, theme
):
    # Tall, so that nothing lies half under what sticks to the foot.
    page = new_page(width=width, height=4000, color_scheme=theme)
    sign_in(page, "administrator")
    for name in ("roster", "house/accounts", "house/accounts/add", "house/tokens/add", "ledger"):
        page.goto(f"/{name}/")
        axe(page)
        fits(page)
        shot(page, f"{name.replace('/', '-')}-{width}-{theme}")


def test_a_week_of_shifts_is_written_from_the_page(clinic, new_page, sign_in, user_of):
    from evenkeel.web.records.models import Shift

    nurse = user_of("nurse", first_name="Ottilie", last_name="Rosterly")
    page = new_page(width=1440)
    sign_in(page, "coordinator")
    page.goto("/roster/")
    page.get_by_label("Who").select_option(str(nurse.pk))
    page.get_by_label("For how many weeks").fill("1")
    page.locator("#id_start").fill("17:00")
    page.locator("#id_end").fill("08:00")
    page.get_by_role("button", name="Put these shifts on the roster").click()
    page.get_by_text("does not end after it begins").wait_for()
    expect(page.get_by_label("Who")).to_have_value(str(nurse.pk))
    page.locator("#id_start").fill("08:00")
    page.locator("#id_end").fill("17:00")
    page.get_by_role("button", name="Put these shifts on the roster").click()
    page.get_by_text("5 shifts are on the roster.").wait_for()
    assert Shift.objects.filter(user=nurse).count() == 5
