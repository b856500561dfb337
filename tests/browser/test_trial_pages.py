"""Antidepressant trials in a real browser: told by keyboard, drawn, corrected, on every width."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.people import make_user
from tests.support.referrals import SAMPLES

pytestmark = pytest.mark.browser
REFERRAL = SAMPLES / "referrals" / "01-depression-1.json"
OTHER = SAMPLES / "referrals" / "04-ptsd-2.json"


def ago(days: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


def a_long_history(number: str) -> None:
    """Six trials: steps, a partial response, a gap in dates, one that still runs; and ECT told."""
    from evenkeel.web.records.models import FactAnswer, Patient
    from evenkeel.web.records.services import trials

    patient = Patient.objects.get(pk=Patient.pk_of(number))
    if patient.fact_answers.exists():
        return
    by, at = make_user("prescriber"), datetime.now(UTC)
    for trial in (
        {"drug": "sertraline", "dose_mg_per_day": 100, "start": ago(900), "end": ago(800),
         "improvement_percent": 5, "adherent": True, "augmentation": False},
        {"drug": "venlafaxine", "start": ago(780), "end": ago(600), "improvement_percent": 15,
         "adherent": True, "augmentation": "lithium",
         "doses": [{"dose_mg_per_day": 75, "start": ago(780)},
                   {"dose_mg_per_day": 150, "start": ago(740)},
                   {"dose_mg_per_day": 225, "start": ago(690)}]},
        {"drug": "mirtazapine", "dose_mg_per_day": 15, "start": ago(590), "end": ago(520),
         "improvement": "25_to_49", "adherent": True},
        {"drug": "bupropion XL", "dose_mg_per_day": 150, "start": ago(500)[:7],
         "end": ago(430)[:7], "improvement_percent": 0, "adherent": True},
        {"drug": "nortriptyline", "dose_mg_per_day": 50, "start": ago(400), "end": ago(380),
         "stopped_because": "side_effects", "adherent": True},
        {"drug": "venlafaxine", "dose_mg_per_day": 75, "start": ago(300), "end": ago(240),
         "improvement_percent": 10, "adherent": None},
        {"drug": "duloxetine", "start": ago(90), "end": None, "dose_mg_per_day": 60},
        {"drug": "fluoxetine"},
    ):  # fmt: skip
        trials.add_trial(patient=patient, trial=trial, by=by, at=at, said_by="clinician")
    for name, value in (("current_episode_months", 27), ("electroconvulsive_therapy", False)):
        FactAnswer.objects.create(patient=patient, name=name, value=value, at=at,
                                  said_by="clinician", by=by)  # fmt: skip


def open_trials(page, referral=REFERRAL) -> str:
    page.goto("/patients/referrals/add/")
    page.get_by_label("Files").set_input_files([referral])
    page.get_by_role("button", name="Take in the referral").click()
    chart = page.get_by_role("link", name="Open ").first.get_attribute("href")
    page.goto(f"{chart}screening/")
    page.get_by_role("link", name="Trials", exact=True).click()
    page.get_by_role("heading", name="Antidepressant trials").first.wait_for()
    return page.url


def test_a_nurse_tells_a_trial_by_keyboard_and_corrects_it(page, sign_in, axe, shot):
    sign_in(page, "prescriber")
    open_trials(page)
    axe(page)
    shot(page, "trials-empty")
    page.get_by_role("link", name="Add a trial").first.click()
    expect(page.get_by_label("Drug")).to_be_visible()
    axe(page)
    page.get_by_label("Drug").focus()
    page.keyboard.type("venlafaxine")
    page.get_by_label("Highest dose").focus()
    for typed in ("75", ago(200), ago(144)):  # dose, first day, last day, one tab apart
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.get_by_label("Better by").fill("10")
    page.get_by_label("Taken as agreed").select_option("yes")
    page.get_by_label("Better by").press("Enter")
    page.get_by_role("heading", name="Where definitions part").wait_for()
    expect(page.locator("#parting").get_by_text("75 mg a day is too low")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Correct Venlafaxine").click()
    page.get_by_label("Highest dose").fill("1,5")
    page.get_by_role("button", name="Keep the correction").click()
    page.get_by_text("Commas, signs and exponents", exact=False).first.wait_for()
    axe(page)
    page.get_by_label("Highest dose").fill("150")
    page.get_by_role("button", name="Keep the correction").click()
    page.locator("#history s").get_by_text("75 mg a day").wait_for()
    expect(page.locator("#parting")).to_have_count(0)


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (820, "dark"), (390, "light")])
def test_a_long_history_holds_at_every_width_and_theme(width, theme, new_page, sign_in, axe, shot):
    page = new_page(width=width, height=4200, color_scheme=theme)
    sign_in(page, "prescriber")
    address = open_trials(page, OTHER)
    a_long_history(address.rstrip("/").split("/")[-2])
    for part in ("", "1/"):
        page.goto(address + part)
        axe(page)
        fits(page)
        shot(page, f"trials-{width}-{theme}{part.replace('/', '')}")
    if width == 1440:
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.goto(address)
        shot(page, "trials")
