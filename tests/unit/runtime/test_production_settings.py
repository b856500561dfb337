"""A production server refuses to start half safe, and names every fault at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.support.servers import READY_SECONDS

from evenkeel.web.config.guard import faults

GOOD = {
    "EVENKEEL_ENV": "production",
    "EVENKEEL_SECRET_KEY": "q8R!wz27-kLm0_vXpB4nT6yHcJ1sDf9GaQeUiOzAbRtYw",
    "EVENKEEL_FIELD_KEY": "Zx7-mN2_bV5cK8jH1gF4dS0aPqWoEiRuTyLkMnBvCxGfD",
    "EVENKEEL_HOSTS": "clinic.saltmarsh.invalid",
    "EVENKEEL_BASE_URL": "https://clinic.saltmarsh.invalid",
    "DATABASE_URL": "postgresql://app:secret@db.saltmarsh.invalid/evenkeel",
    "EVENKEEL_SMTP_HOST": "mail.saltmarsh.invalid",
    "EVENKEEL_MAIL_FROM": "clinic@saltmarsh.invalid",
    "EVENKEEL_COUNTRY": "at",
    "EVENKEEL_CLINIC_ZONE": "Europe/Vienna",
}
GOOD = {k: v + "x" * (50 - len(v)) if k.endswith("_KEY") else v for k, v in GOOD.items()}

WRONG = [
    ("debug-on", {"EVENKEEL_DEBUG": "1"}),
    ("debug-on", {"EVENKEEL_DEBUG": "Yes"}),
    ("unreadable-switch", {"EVENKEEL_DEBUG": "maybe"}),
    ("unreadable-switch", {"EVENKEEL_MFA_REQUIRED": "2"}),
    ("no-secret-key", {"EVENKEEL_SECRET_KEY": ""}),
    ("no-secret-key", {"EVENKEEL_SECRET_KEY": None}),
    ("weak-secret-key", {"EVENKEEL_SECRET_KEY": "abcdefghij" * 4 + "123456789"}),
    ("weak-secret-key", {"EVENKEEL_SECRET_KEY": "ab" * 40}),
    ("weak-secret-key", {"EVENKEEL_SECRET_KEY": "django-insecure-" + "q8Rwz27kLm0" * 5}),
    ("no-field-key", {"EVENKEEL_FIELD_KEY": None}),
    ("shared-key", {"EVENKEEL_FIELD_KEY": GOOD["EVENKEEL_SECRET_KEY"]}),
    ("no-host", {"EVENKEEL_HOSTS": None}),
    ("no-host", {"EVENKEEL_HOSTS": " , "}),
    ("wildcard-host", {"EVENKEEL_HOSTS": "*"}),
    ("wildcard-host", {"EVENKEEL_HOSTS": "clinic.saltmarsh.invalid,.saltmarsh.invalid"}),
    ("default-host", {"EVENKEEL_HOSTS": "localhost"}),
    ("default-host", {"EVENKEEL_HOSTS": "clinic.saltmarsh.invalid,127.0.0.1"}),
    ("insecure-cookie", {"EVENKEEL_COOKIE_SECURE": "0"}),
    ("no-database", {"DATABASE_URL": None}),
    ("mfa-not-required", {"EVENKEEL_MFA_REQUIRED": "no"}),
    ("unreadable-switch", {"EVENKEEL_BEHIND_PROXY": "maybe"}),
    ("guessing-unbounded", {"EVENKEEL_AXES": "off"}),
    ("no-country", {"EVENKEEL_COUNTRY": None}),
    ("no-zone", {"EVENKEEL_CLINIC_ZONE": None}),
    ("unknown-zone", {"EVENKEEL_CLINIC_ZONE": "Europe/Saltmarsh"}),
    ("unknown-zone", {"EVENKEEL_CLINIC_ZONE": "Europe"}),
    ("unknown-zone", {"EVENKEEL_CLINIC_ZONE": "../Europe/Vienna"}),
    ("no-smtp-host", {"EVENKEEL_SMTP_HOST": None}),
    ("no-mail-from", {"EVENKEEL_MAIL_FROM": None}),
    ("no-base-url", {"EVENKEEL_BASE_URL": None}),
    ("insecure-base-url", {"EVENKEEL_BASE_URL": "http://clinic.saltmarsh.invalid"}),
]


def environment(changes: dict[str, str | None]) -> dict[str, str]:
    return {k: v for k, v in {**GOOD, **changes}.items() if v is not None}


def start(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of its own, as granian would."""
    return subprocess.run(
        [sys.executable, "-c", "from django.conf import settings as s; "
         "print(s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.EVENKEEL_MFA_REQUIRED, "
         "s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS)"],
        env={"PATH": os.environ["PATH"], **env,
             "DJANGO_SETTINGS_MODULE": "evenkeel.web.config.settings"},
        capture_output=True, text=True, check=False, timeout=READY_SECONDS,
    )  # fmt: skip


def test_a_clinic_that_set_everything_starts():
    assert faults(GOOD) == []
    done = start(GOOD)
    assert done.stdout.split() == ["False", "True", "True", "True", "True", "31536000"], done.stderr


@pytest.mark.parametrize(("name", "changes"), WRONG)
def test_each_fault_is_named(name, changes):
    assert [fault.name for fault in faults(environment(changes))] == [name]


def test_without_a_word_about_the_environment_it_is_production():
    assert "no-host" in {fault.name for fault in faults({})}


def test_all_faults_are_told_at_once_and_nothing_starts():
    done = start({"EVENKEEL_DEBUG": "1", "EVENKEEL_COOKIE_SECURE": "0", "EVENKEEL_HOSTS": "*",
                  "EVENKEEL_MFA_REQUIRED": "0"})  # fmt: skip
    assert done.returncode != 0
    for name in (
        "debug-on", "no-secret-key", "no-field-key", "wildcard-host", "insecure-cookie",
        "no-database", "mfa-not-required", "no-country", "no-zone", "no-smtp-host",
        "no-mail-from", "no-base-url",
    ):  # fmt: skip
        assert f"  {name}: " in done.stderr


def test_an_unknown_environment_is_refused():
    done = start({**GOOD, "EVENKEEL_ENV": "staging"})
    assert done.returncode != 0
    assert "demo, test, production" in done.stderr


@pytest.mark.parametrize("environment_name", ["demo", "test"])
def test_keys_are_asked_for_everywhere(environment_name):
    names = {fault.name for fault in faults({"EVENKEEL_ENV": environment_name})}
    assert names == {"no-secret-key", "no-field-key"}


def test_no_fault_repeats_a_secret():
    bad = {**GOOD, "EVENKEEL_SECRET_KEY": "short-secret", "DATABASE_URL": ""}
    assert not [fault for fault in faults(bad) if "short-secret" in fault.text]
