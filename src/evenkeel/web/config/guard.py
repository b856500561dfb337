"""What a production server must have before it starts.

In: the environment as text. Out: every fault at once, each with its name, so
that an operator mends them in one go. Nothing is repaired or assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

ENVIRONMENTS = ("demo", "test", "production")
SHORTEST_KEY = 50  # characters, as `django check --deploy` asks
DEFAULT_HOSTS = {"localhost", "127.0.0.1", "::1", "[::1]", "example.com", "0.0.0.0"}
YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``name`` is stable, for scripts; ``text`` says what is wrong and what would be right."""

    name: str
    text: str


def is_yes(text: str) -> bool:
    """True for 1, true, yes, on. Any other word counts as no; `faults` refuses it."""
    return text.strip().lower() in YES


def faults(env: Mapping[str, str]) -> list[Fault]:
    """Everything that keeps these settings from starting, in the order an operator reads."""
    found: list[Fault] = []

    def fault(name: str, text: str) -> None:
        found.append(Fault(name=name, text=text))

    for name in (
        "EVENKEEL_DEBUG", "EVENKEEL_COOKIE_SECURE", "EVENKEEL_MFA_REQUIRED", "EVENKEEL_CDS_OPEN",
        "EVENKEEL_BEHIND_PROXY", "EVENKEEL_AXES",
    ):  # fmt: skip
        word = env.get(name, "").strip().lower()
        if word and word not in YES | NO:
            fault("unreadable-switch", f"{name} is {word!r}. Write 1 or 0.")
    zone = env.get("EVENKEEL_CLINIC_ZONE", "")
    if zone and not _is_zone(zone):
        fault(
            "unknown-zone",
            f"EVENKEEL_CLINIC_ZONE is {zone!r}, which is no zone. Write one as Europe/Vienna.",
        )
    for name, unit in (("EVENKEEL_SECRET_KEY", "secret-key"), ("EVENKEEL_FIELD_KEY", "field-key")):
        key = env.get(name, "")
        if not key:
            fault(f"no-{unit}", f"{name} is not set. Set it to {SHORTEST_KEY} random characters.")
        elif len(key) < SHORTEST_KEY or len(set(key)) < 8 or key.startswith("django-insecure"):
            fault(
                f"weak-{unit}",
                f"{name} is short, repetitive or a sample. "
                f"Set it to {SHORTEST_KEY} random characters.",
            )
    if env.get("EVENKEEL_SECRET_KEY") and (
        env.get("EVENKEEL_SECRET_KEY") == env.get("EVENKEEL_FIELD_KEY")
    ):
        fault(
            "shared-key",
            "EVENKEEL_FIELD_KEY repeats EVENKEEL_SECRET_KEY, so losing one loses both. "
            "Make two keys.",
        )
    if env.get("EVENKEEL_ENV", "production") == "production":
        _production(env, fault)
    return found


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there; a path; a folder of zones
        return False
    return True


def _production(env: Mapping[str, str], fault: object) -> None:
    assert callable(fault)
    if is_yes(env.get("EVENKEEL_DEBUG", "")):
        fault("debug-on", "EVENKEEL_DEBUG is on; error pages would show records. Remove it.")
    hosts = [h.strip() for h in env.get("EVENKEEL_HOSTS", "").split(",") if h.strip()]
    if not hosts:
        fault("no-host", "EVENKEEL_HOSTS is not set. Name the clinic's host, without a port.")
    for host in hosts:
        if "*" in host or host.startswith("."):
            fault("wildcard-host", f"EVENKEEL_HOSTS has {host!r}. Name each host in full.")
        elif host.lower() in DEFAULT_HOSTS:
            fault("default-host", f"EVENKEEL_HOSTS has {host!r}. Name the clinic's own host.")
    if env.get("EVENKEEL_COOKIE_SECURE", "").strip().lower() in NO:
        fault(
            "insecure-cookie",
            "EVENKEEL_COOKIE_SECURE is off; a sign-in could be read on the wire. Remove it.",
        )
    if not env.get("DATABASE_URL"):
        fault(
            "no-database",
            "DATABASE_URL is not set. Give a PostgreSQL 15 or newer: "
            "postgresql://user:password@host/name.",
        )
    if env.get("EVENKEEL_MFA_REQUIRED", "").strip().lower() in NO:
        fault(
            "mfa-not-required",
            "EVENKEEL_MFA_REQUIRED is off; staff could sign in with a password alone. Remove it.",
        )
    if env.get("EVENKEEL_AXES", "").strip().lower() in NO:
        fault(
            "guessing-unbounded",
            "EVENKEEL_AXES is off; passwords could be guessed without end. Remove it.",
        )
    if not env.get("EVENKEEL_COUNTRY"):
        fault(
            "no-country",
            "EVENKEEL_COUNTRY is not set. Patients in danger are shown that country's numbers. "
            "Write its two letters, such as us.",
        )
    if not env.get("EVENKEEL_CLINIC_ZONE"):
        fault(
            "no-zone",
            "EVENKEEL_CLINIC_ZONE is not set. Doses and bookings are shown in that zone's time. "
            "Write one as Europe/Vienna.",
        )
    if is_yes(env.get("EVENKEEL_CDS_OPEN", "")):
        fault(
            "cds-open",
            "EVENKEEL_CDS_OPEN is on; anybody could ask at orders and report on cards. Remove it "
            "and register each client.",
        )
    if not env.get("EVENKEEL_SMTP_HOST"):
        fault("no-smtp-host", "EVENKEEL_SMTP_HOST is not set. Links to patients go out by mail.")
    if not env.get("EVENKEEL_MAIL_FROM"):
        fault("no-mail-from", "EVENKEEL_MAIL_FROM is not set. Give the clinic's sender address.")
    base = urlsplit(env.get("EVENKEEL_BASE_URL", ""))
    if not base.netloc:
        fault("no-base-url", "EVENKEEL_BASE_URL is not set. Links in mails start with it.")
    elif base.scheme != "https":
        fault("insecure-base-url", "EVENKEEL_BASE_URL must begin with https.")
