"""The gallery in a real browser: axe in both themes and three widths, reflow, keyboard,
and the scripts that count, tap, refuse and speak."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits, settle

pytestmark = pytest.mark.browser
PAGES = ("/ui/gallery/", "/ui/gallery/wall/", "/ui/gallery/portal/", "/ui/gallery/print/")
# Each frame at the widths it is made for.
LOOKS = [
    *(("/ui/gallery/", width) for width in (1440, 820, 390)),
    ("/ui/gallery/wall/", 1440),
    ("/ui/gallery/portal/", 390),
    ("/ui/gallery/print/", 820),
]


@pytest.fixture
def gallery(new_page, sign_in):
    """``gallery(path, width)``: the page, with the session of a nurse."""

    def opened(path="/ui/gallery/", width=1440, **options):
        page = new_page(width=width, height=900, **options)
        sign_in(page, "nurse")
        page.goto(path)
        settle(page)
        return page

    return opened


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_gallery(gallery, axe, theme):
    page = gallery()
    for path, width in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{path}?theme={theme}")
        axe(page, colours_only=theme == "dark")


def test_axe_finds_nothing_on_a_wall_out_of_touch(gallery, axe):
    page = gallery("/ui/gallery/wall/?lost=1")
    expect(page.locator("[role=alert]").first).to_have_text(re.compile("."))
    axe(page)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_at_320_px(gallery, path):
    fits(gallery(path, width=320))


def test_the_sheet_of_paper_needs_no_script_and_loses_no_marks(gallery):
    page = gallery("/ui/gallery/print/")
    page.emulate_media(media="print")
    expect(page.locator(".gate .icon").first).to_be_visible()
    expect(page.locator("[data-print]")).to_be_hidden()
    expect(page.locator(".running-card")).to_have_css("display", "table-header-group")


def test_the_whole_gallery_can_be_walked_by_keyboard(gallery):
    """Tab reaches every act in order, and each stop shows its focus."""
    page = gallery()
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    count = page.evaluate(
        """() => [...document.querySelectorAll(
            'main a[href], main button, main input:not([type=hidden]), '
            + 'main select, main textarea, main summary, main [tabindex="0"]'
        )].filter((e) => e.checkVisibility()).length"""
    )
    seen, unseen = set(), []
    for _ in range(count):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => { const e = document.activeElement;
              const box = e.closest('.input, .choice') || e;
              const s = getComputedStyle(box);
              const key = [...document.querySelectorAll('*')].indexOf(e);
              return [key, s.outlineStyle, s.outlineWidth, e.outerHTML.slice(0, 90)]; }"""
        )
        if told[3].startswith("<body"):  # past the last one
            break
        seen.add(told[0])
        if told[1] == "none" or told[2] != "3px":
            unseen.append(told[3])
    assert not unseen, unseen[:5]
    assert len(seen) >= count - 2  # the radios of one question are one stop


def test_focus_is_never_hidden_under_what_sticks(gallery):
    """WCAG 2.4.11: the card above and the acts below do not cover the focused thing."""
    page = gallery()
    covered = []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(90):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => { const e = document.activeElement; if (!e.closest('main')) return null;
              const r = e.getBoundingClientRect();
              const card = document.querySelector('.patient-card').getBoundingClientRect();
              const foot = document.querySelector('.foot-acts').getBoundingClientRect();
              const hidden = r.bottom <= card.bottom || r.top >= foot.top;
              return hidden ? e.outerHTML.slice(0, 90) : null; }"""
        )
        if told:
            covered.append(told)
    assert not covered, covered[:5]


def test_a_theme_is_chosen_and_remembered(gallery):
    page = gallery()
    before = page.evaluate("getComputedStyle(document.body).color")
    page.get_by_role("button", name="Use the dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).not_to_have_css("color", before)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_tap_is_saved_at_once_and_framed_as_last(gallery):
    page = gallery(unhurried=True)
    row = page.locator("#tap-dissociation")
    row.get_by_role("button", name="7", exact=True).click()
    row.get_by_text("7 saved").wait_for()
    expect(row.locator(".tap.last")).to_have_attribute("value", "7")
    expect(row.locator("[data-last]")).to_have_text(re.compile("^last 7, "))


def test_digits_type_a_tap_and_ten_is_one_tap(gallery):
    page = gallery(unhurried=True)
    row = page.locator("#tap-dissociation")
    row.locator(".tap").first.focus()
    page.keyboard.press("3")
    row.get_by_text("3 saved").wait_for()
    posts = []
    page.on("request", lambda r: posts.append(r.post_data) if r.method == "POST" else None)
    page.keyboard.press("1")
    page.keyboard.press("0")
    row.get_by_text("10 saved").wait_for()
    assert len(posts) == 1
    assert "tap=10" in posts[0]
    assert "once=" in posts[0]


def test_a_tap_that_failed_is_kept_and_can_be_sent_again(gallery):
    page = gallery(unhurried=True)
    row = page.locator("#tap-sedation")
    page.route("**/ui/gallery/tap/", lambda route: route.abort())
    posts = []
    page.on("request", lambda r: posts.append(r.post_data) if r.method == "POST" else None)
    row.get_by_role("button", name="3 Loud call").click()
    row.get_by_text("is NOT saved").wait_for()
    expect(row.locator(".tap[data-state=failed]")).to_have_attribute("value", "3")
    page.unroute("**/ui/gallery/tap/")
    row.get_by_role("button", name="Send 3 again").click()
    row.get_by_text("3 saved").wait_for()
    assert posts[0] == posts[1], "the same tap, with its own time and the same once"


def test_a_refused_tap_says_why(gallery):
    page = gallery(unhurried=True)
    row = page.locator("#tap-sedation")
    row.get_by_role("button", name="5 Awake").click()
    row.get_by_text("The gallery refuses every 5").wait_for()


def test_a_blocked_button_keeps_focus_and_speaks_its_reason(gallery):
    page = gallery()
    button = page.get_by_role("button", name="Discharge", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#say-now")).to_contain_text("Not before 14:58")
    expect(button).to_be_focused()


def test_arrows_read_the_flowsheet(gallery):
    page = gallery()
    page.locator("#flowsheet svg[data-plot]").focus()
    page.keyboard.press("Home")
    reader = page.locator("#flowsheet .reader")
    expect(reader).to_have_text(re.compile("."))
    first = reader.inner_text()
    page.keyboard.press("ArrowRight")
    expect(reader).not_to_have_text(first, use_inner_text=True)
    expect(reader).to_have_text(re.compile("."))
    page.keyboard.press("Escape")
    expect(reader).to_have_text("")


def test_the_clock_is_the_servers_and_not_the_devices(gallery):
    """A device whose clock is wrong by years shows the server's time all the same."""
    page = gallery()
    page.clock.install(time="2001-01-01T00:00:00Z")
    page.reload()
    # The minute that the server told, or one of the next: this page has lived a while.
    wanted = page.evaluate(
        """() => [0, 1, 2, 3, 4, 5].map((later) => new Intl.DateTimeFormat('en-GB',
            {timeZone: document.body.dataset.zone, hour: '2-digit', minute: '2-digit'})
            .format(new Date(Date.parse(document.body.dataset.now) + later * 60000)))"""
    )
    expect(page.locator("[data-clock] time")).to_have_text(re.compile(f"^({'|'.join(wanted)})$"))


def test_silence_of_the_stream_is_said(gallery):
    page = gallery("/ui/gallery/wall/")
    page.clock.install(time="2026-11-24T12:00:00Z")
    page.reload()
    page.clock.pause_at("2026-11-24T13:00:00Z")  # from here on time goes only where it is sent
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('htmx:sseOpen', {detail: {source: null}}))"
    )
    page.clock.run_for(9_000)
    expect(page.locator("body")).not_to_contain_class("out-of-touch")
    page.clock.run_for(4_000)
    expect(page.locator("body")).to_contain_class("out-of-touch")
    expect(page.locator("[data-clock] .zone")).to_contain_text("own clock")
    expect(page.locator("[data-out-of-touch]")).to_be_visible()
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('htmx:sseOpen', {detail: {source: null}}))"
    )
    expect(page.locator("body")).not_to_contain_class("out-of-touch")
