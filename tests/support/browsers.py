"""Chromium, driven by Playwright's sync API, one per module.

It is closed at the end of each module: while it runs, this thread has a running
event loop, and tests that call asyncio.run would fail beside it.

A test asks a page with ``expect``, which waits for the answer, never with a question
that is answered at once: a click comes back before the next page is drawn. On a slow
machine a test is slow and does not fail. tests/unit/test_browser_tests_wait.py holds
the tests to it; EVENKEEL_BROWSER_SLOWER=6 makes every page six times slower.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from tests.support.people import make_user, session_of
from tests.support.servers import Live

# How long a page may take before a test gives up: what fails takes longer, nothing else.
PATIENCE_MS = 60_000
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str | None:
    """The browser on the PATH, or None for Playwright's own."""
    chosen = os.environ.get("EVENKEEL_BROWSER")
    return chosen or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser. Each test opens contexts of its own in it."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # Playwright's greenlet looks like a running event loop to Django; it is not one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        # While Playwright's loop runs, Django keeps the connections of this thread apart
        # from those outside of it: each side has to be closed on its own side.
        connections.close_all()
        chromium = playwright.chromium.launch(executable_path=executable(), args=arguments)
        yield chromium
        chromium.close()
        connections.close_all()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    """Let a fixture know whether its test failed."""
    report = yield
    if report.when == "call":
        item.has_failed = report.failed
    return report


@pytest.fixture
def new_page(request: Any, browser: Any, live: Live) -> Iterator[Callable[..., Any]]:
    """``new_page(width=390)``: a page in a context of its own, with its own cookies.

    With ``unhurried`` the page's own short patience (8 s for an answer, 10 s for an Undo,
    0.6 s between two digits) lasts longer than any test.

    At the end of the test, a refused script, style or connection fails it.
    """
    contexts: list[Any] = []
    faults: list[str] = []

    def note(message: Any) -> None:
        refused = "Content Security Policy" in message.text
        # A server that is away, and htmx's word for a stream that broke, are no faults.
        away = "Failed to load resource" in message.text or message.text == "[object Event]"
        if refused or (message.type == "error" and not away):
            faults.append(message.text)

    def opened(
        *, width: int = 1280, height: int = 900, unhurried: bool = False, **options: Any
    ) -> Any:
        context = browser.new_context(
            base_url=live.url,
            viewport={"width": width, "height": height},
            locale="en-US",
            timezone_id="America/New_York",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if unhurried:
            context.add_init_script(_UNHURRIED)
        page = context.new_page()
        if slower := os.environ.get("EVENKEEL_BROWSER_SLOWER"):
            tools = context.new_cdp_session(page)
            tools.send("Emulation.setCPUThrottlingRate", {"rate": float(slower)})
        page.on("console", note)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield opened
    if getattr(request.node, "has_failed", False):
        _keep_last_looks(contexts, request.node.name)
    for context in contexts:
        context.close()
    assert not faults, f"the browser complained: {faults}"


def _keep_last_looks(contexts: list[Any], name: str) -> None:
    """What each browser showed when the test failed, under var/test/failed."""
    folder = Path(os.environ["EVENKEEL_VAR"]) / "failed"
    folder.mkdir(parents=True, exist_ok=True)
    for number, context in enumerate(contexts, start=1):
        for page in context.pages:
            page.screenshot(path=folder / f"{name}-{number}.png", full_page=True)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    return new_page()


@pytest.fixture
def sign_in(live: Live) -> Callable[..., Any]:
    """``sign_in(page, "nurse")`` gives the page a session, and gives the account.

    The form costs two seconds each time; ``sign_in_by_form`` is for tests of the door.
    """

    def with_a_session(page: Any, who: Any) -> Any:
        user = make_user(who) if isinstance(who, str) else who
        name, value = session_of(user)
        page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
        return user

    return with_a_session


@pytest.fixture
def sign_in_by_form(live: Live) -> Callable[..., Any]:
    """``sign_in_by_form(page, "nurse")`` signs in as a person does, and gives the account."""

    def through_the_form(page: Any, who: Any) -> Any:
        from django.contrib.auth.hashers import make_password
        from playwright.sync_api import expect

        user = make_user(who) if isinstance(who, str) else who
        password = secrets.token_urlsafe(16)
        user.password = make_password(password, hasher="argon2")
        user.save(update_fields=["password"])
        page.goto(f"{live.url}/accounts/login/")
        page.fill("input[name=login]", user.username)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        expect(page).not_to_have_url(re.compile("/accounts/login"))
        settle(page)
        return user

    return through_the_form


def settle(page: Any) -> None:
    """Wait until the page that is shown is loaded and set in its fonts, and nothing moves.

    It cannot know that another page is on its way: wait for a sign of that one first.
    """
    page.wait_for_load_state("load")
    page.evaluate(_SETTLED)


def fits(page: Any) -> None:
    """Fail where the page is wider than its window."""
    settle(page)
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert over <= 0, f"{page.url} is {over} px wider than the window"


# What scripts put off for 0.6 s to 10 s they put off for ten minutes.
_UNHURRIED = """(() => {
  const soon = window.setTimeout;
  const short = new Set([600, 8000, 10000]);
  window.setTimeout = (act, ms, ...rest) => soon(act, short.has(ms) ? 600000 : ms, ...rest);
})()"""

_SETTLED = """async () => {
  await document.fonts.ready;
  const ends = (one) => one.playState === "running"
    && one.effect.getComputedTiming().endTime !== Infinity;
  const moving = document.getAnimations().filter(ends);
  await Promise.all(moving.map((one) => one.finished.catch(() => 0)));
  return true;
}"""


@pytest.fixture
def axe() -> Callable[..., None]:
    """``axe(page)`` waits for the page to settle and fails with what axe-core finds in it.

    ``axe(page, colours_only=True)`` looks at contrast alone: for the other theme of a page
    that was looked at whole, as nothing else depends on the theme.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    look = (Path(__file__).parent / "axe.js").read_text("utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def without_violations(page: Any, *, colours_only: bool = False) -> None:
        settle(page)
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        words = page.evaluate(look, [] if colours_only else tags)
        assert not words, "\n".join([page.url, *words])

    return without_violations


@pytest.fixture
def shot() -> Callable[[Any, str], None]:
    """``shot(page, "live-treatment")`` keeps a picture for the manual under `make screens`.

    Otherwise it takes none: without a graphics card each costs a second.
    """
    kept = os.environ.get("EVENKEEL_SCREENS")

    def take(page: Any, name: str) -> None:
        if kept:
            settle(page)
            Path(kept).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(kept) / f"{name}.png", animations="disabled")

    return take
