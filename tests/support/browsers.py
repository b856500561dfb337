"""Chromium, driven by Playwright's sync API, one per module.

It is closed at the end of each module: while it runs, this thread has a running
event loop, and tests that call asyncio.run would fail beside it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from tests.support.people import make_user
from tests.support.servers import Live

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str | None:
    """The browser on the PATH, or None for Playwright's own."""
    chosen = os.environ.get("EVENKEEL_BROWSER")
    return chosen or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser. Each test opens contexts of its own in it."""
    from playwright.sync_api import sync_playwright

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

    def opened(*, width: int = 1280, height: int = 900, **options: Any) -> Any:
        context = browser.new_context(
            base_url=live.url,
            viewport={"width": width, "height": height},
            locale="en-US",
            timezone_id="America/New_York",
            **options,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
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
    """``sign_in(page, "nurse")`` signs in through the form and gives the account."""

    def through_the_form(page: Any, who: Any) -> Any:
        from django.contrib.auth.hashers import make_password

        user = make_user(who) if isinstance(who, str) else who
        password = secrets.token_urlsafe(16)
        user.password = make_password(password, hasher="argon2")
        user.save(update_fields=["password"])
        page.goto(f"{live.url}/accounts/login/")
        page.fill("input[name=login]", user.username)
        page.fill("input[name=password]", password)
        with page.expect_navigation():
            page.press("input[name=password]", "Enter")
        assert "/accounts/login" not in page.url, page.inner_text("main")
        return user

    return through_the_form


@pytest.fixture
def axe() -> Callable[..., None]:
    """``axe(page)`` fails with every violation that axe-core finds."""
    from axe_playwright_python.sync_playwright import Axe

    rules = {
        "runOnly": {
            "type": "tag",
            "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }
    }

    def without_violations(page: Any) -> None:
        found = Axe().run(page, options=rules).response["violations"]
        words = [
            f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes']][:5]}"
            for one in found
        ]
        assert not words, "\n".join([page.url, *words])

    return without_violations


@pytest.fixture
def shot() -> Callable[[Any, str], None]:
    """``shot(page, "live-treatment")`` keeps a picture for the manual under `make screens`.

    Otherwise it takes none: without a graphics card each costs a second.
    """
    kept = os.environ.get("EVENKEEL_SCREENS")

    def take(page: Any, name: str) -> None:
        page.evaluate("() => document.fonts.ready.then(() => true)")
        if kept:
            Path(kept).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(kept) / f"{name}.png", animations="disabled")

    return take
