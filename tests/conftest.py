"""Fixtures for every test. The parts are in tests/support.

A test that needs no database starts none. One that does gets a database of its own,
cloned from a migrated template, on an embedded PostgreSQL (fsync off) or on the
server that DATABASE_URL names.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]

# Before Django reads its settings. xdist's workers inherit what the first process sets.
os.environ["EVENKEEL_ENV"] = "test"
os.environ["DJANGO_SETTINGS_MODULE"] = "evenkeel.web.config.settings"
os.environ.setdefault("EVENKEEL_SECRET_KEY", secrets.token_urlsafe(48))
os.environ.setdefault("EVENKEEL_FIELD_KEY", secrets.token_urlsafe(48))
os.environ.setdefault("EVENKEEL_VAR", str(CHECKOUT / "var" / "test"))
if "DATABASE_URL" in os.environ:
    os.environ["EVENKEEL_TEST_DATABASE_URL"] = os.environ.pop("DATABASE_URL")

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from django.conf import settings  # noqa: E402

# A busy machine is no fault of an example: speed is measured in benchmarks/. The same
# examples are drawn each time, so that a change is judged by itself and not by luck;
# with EVENKEEL_NEW_EXAMPLES=1 others are, to look further.
hypothesis.settings.register_profile(
    "evenkeel",
    deadline=None,
    derandomize=not os.environ.get("EVENKEEL_NEW_EXAMPLES"),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("evenkeel")

# Begun last, one of these would keep one process at work while the other has none.
LONGEST = (
    "tests/scenarios/test_demo.py",
    "tests/web/test_matrix.py",
    "tests/unit/tables/test_agreement.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; otherwise as they were."""
    place = {file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


assert settings.EVENKEEL_ENV == "test"

pytest_plugins = [
    "tests.support.databases",
    "tests.support.people",
    "tests.support.servers",
    "tests.support.browsers",
    "tests.support.clocks",
]
