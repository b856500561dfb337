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
from django.conf import settings  # noqa: E402

# A busy machine is no fault of an example: speed is measured in benchmarks/. Where a
# change is judged, the same examples are drawn each time; at a desk, new ones.
hypothesis.settings.register_profile(
    "evenkeel", deadline=None, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.load_profile("evenkeel")

assert settings.EVENKEEL_ENV == "test"

pytest_plugins = [
    "tests.support.databases",
    "tests.support.people",
    "tests.support.servers",
    "tests.support.browsers",
    "tests.support.clocks",
]
