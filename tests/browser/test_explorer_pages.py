"""The public pharmacology pages in a real browser, by somebody who has no account."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits

pytestmark = pytest.mark.browser

EXPLORE = "/pharmacology/explore/"
SHOWN = (
    "model=otto_2021_s_ketamine_iv&model=simons_2022_s_ketamine_otf&model=kamp_2020_meta_3cmt"
    "&model=hornik_2018_children&preset=iv40&age=30&weight=70&group=none&show=parent"
    "&show=norketamine&show=effect&show=band&show=occupancy&show=halftime&level=100&hours=auto"
    "&scale=linear"
)
TARGETS = "/pharmacology/targets/"
COURSE = (
    "model=otto_2021_s_ketamine_iv&model=perez_ruixo_2021_esketamine&preset=none"
    "&dose=iv,0.5mg/kg,0min,40min,3,7d&dose=iv,0.5mg/kg,3d,40min,3,7d"
    "&dose=iv,0.5mg/kg,35d,40min,3,7d&age=40&weight=70&group=none&show=parent&show=band"
    "&level=100&hours=auto&scale=linear"
)
PAGES = {
    "index": "/pharmacology/",
    "nasal": "/pharmacology/models/perez_ruixo_2021_esketamine/",
    "chain": "/pharmacology/models/simons_2022_s_ketamine_otf/",
    "pump": "/pharmacology/models/domino_1982_tci/",
    "missing": "/pharmacology/models/otto/",
    "explore": EXPLORE,
    "shown": f"{EXPLORE}?{SHOWN}",
    "refused": f"{EXPLORE}?modle=kamp&age=43",
    "course": f"{EXPLORE}?{COURSE}",
    "targets": TARGETS,
    "targets-missed": f"{TARGETS}?model=perez_ruixo_2021_esketamine&site=plasma&target=0min,300"
    "&target=20min,100&stop=2h&every=10s&syringe=1&rate=60&bolus=0",
}


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    """Where `make` did not compile the kernels of a band, a page would wait for it too long."""
    from django.http import QueryDict

    from evenkeel.web.explorer import answers, queries

    got = QueryDict(SHOWN)
    asked = queries.read({name: got.getlist(name) for name in got}).asked
    assert asked is not None
    answers.work_out(asked)


@pytest.mark.parametrize(
    ("width", "theme", "names"),
    [
        (1440, "light", ("index", "pump", "shown", "course")),
        (1440, "dark", ("nasal", "targets-missed")),
        (820, "light", ("chain", "shown", "targets")),
        (390, "dark", ("index", "nasal", "missing", "shown", "refused", "targets")),
    ],
)
def test_the_pages_hold_at_every_width_and_theme(width, theme, names, new_page, axe, shot):
    page = new_page(width=width, height=1000, color_scheme=theme)
    for name in names:
        address = PAGES[name]
        page.goto(address)
        fits(page)
        axe(page)
        shot(page, f"pharmacology-{name}-{width}-{theme}")


def test_a_reader_asks_changes_and_shares_a_question(new_page, axe, shot):
    page = new_page(width=1280)
    page.goto("/pharmacology/")
    page.get_by_role("link", name="Perez-Ruixo 2021").click()
    page.get_by_role("link", name="Draw it").click()
    page.get_by_role("heading", name="Models side by side").wait_for()
    expect(page).to_have_url(re.compile("preset=in84-devices"))
    page.get_by_label("Simons 2022").check()
    page.get_by_label("A usual dose").select_option("none")
    row = page.get_by_role("group", name="Row 1")
    row.get_by_label("Amount").fill("0.5")
    row.get_by_label("Over").fill("40")
    page.get_by_label("Age, years").select_option("30")
    page.get_by_label("Norketamine", exact=True).check()
    page.get_by_role("button", name="Draw").click()
    page.get_by_role("img", name="The drug that is given, arterial blood").wait_for()
    expect(page).to_have_url(re.compile(re.escape("dose=iv,0.5mg/kg,0min,40min,0,0min")))
    expect(page.get_by_role("group", name="Row 1").get_by_label("Amount")).to_have_value("0.5")
    here = re.escape(page.url.partition("/pharmacology")[2]) + "$"
    expect(page.get_by_label("Link to exactly this")).to_have_value(re.compile(here))
    page.set_viewport_size({"width": 1280, "height": 1000})
    shot(page, "explorer")
    page.get_by_text("Show as a table").first.click()
    page.get_by_role("columnheader", name="A, ng/mL").first.wait_for()
    axe(page)
    page.get_by_label("Age, years").select_option("60")  # Simons stops at 32 years
    page.get_by_role("button", name="Draw").click()
    page.get_by_text("B, Simons 2022, refuses.").wait_for()
    axe(page)
    shot(page, "pharmacology-refuses")


def test_a_reader_aims_by_keyboard_and_is_told_at_the_field_what_cannot_be(new_page, axe, shot):
    page = new_page(width=1280, height=1000)
    page.goto("/pharmacology/")
    page.get_by_role("link", name="Targets", exact=True).click()
    page.get_by_role("heading", name="Targets for a pump").wait_for()
    shot(page, "targets")
    second = page.get_by_role("group", name="Target 2")
    second.get_by_label("From").focus()
    for typed in ("10min", "80", "30min", "50"):  # when and how much, one tab apart
        page.keyboard.press("Control+A")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.get_by_label("Largest bolus, mg").fill("0")
    page.keyboard.press("Enter")
    page.get_by_text("80 ng/mL from 10 min", exact=False).first.wait_for()
    expect(page).to_have_url(re.compile("target=0min,100&target=10min,80&target=30min,50"))
    expect(page).to_have_url(re.compile("bolus=0"))
    page.get_by_label("Model", exact=True).select_option("fanta_2015_s_ketamine")
    page.get_by_role("button", name="Work it out").click()
    page.get_by_text("Fanta 2015 refuses.").wait_for()
    site = page.get_by_label("Aim at")
    expect(site).to_have_attribute("aria-invalid", "true")
    axe(page)
    site.select_option("plasma")
    page.get_by_label("Syringe, mg/mL").fill("1,5")
    page.get_by_role("button", name="Work it out").click()
    page.get_by_text("This address cannot be read", exact=False).wait_for()
    syringe = page.get_by_label("Syringe, mg/mL")
    expect(syringe).to_have_value("1,5")
    expect(syringe).to_have_attribute("aria-invalid", "true")
    axe(page)
    syringe.fill("1.5")
    page.get_by_role("button", name="Work it out").click()
    page.get_by_text("No pump program is known that uses Fanta 2015", exact=False).wait_for()
    with page.expect_download() as got:
        page.get_by_role("link", name="Download the settings as CSV").click()
    assert got.value.path().read_text("utf-8").startswith("model,from_h,until_h,bolus_mg")
    page.emulate_media(media="print")
    expect(page.get_by_role("columnheader", name="mL/h")).to_be_visible()
    expect(page.get_by_label("Model", exact=True)).to_be_hidden()


def test_the_pages_work_without_scripts_and_on_paper(new_page, shot):
    page = new_page(width=1280, java_script_enabled=False)
    page.goto(f"{EXPLORE}?{SHOWN}")
    page.get_by_label("Age, years").select_option("20")
    page.get_by_role("button", name="Draw").click()
    expect(page).to_have_url(re.compile("age=20"))
    expect(page.get_by_label("Age, years")).to_have_value("20")
    expect(page.get_by_role("img", name="Norketamine, venous blood")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("columnheader", name="A, ng/mL").first).to_be_visible()
    expect(page.get_by_label("Age, years")).to_be_hidden()
    shot(page, "pharmacology-print")
