"""Who may do what: one table, two voices.

``check_may`` raises with words that a screen can show; ``may`` is its quiet twin
for templates. The state of things (may this treatment be dosed?) is asked
elsewhere; this is only about people.
"""

from __future__ import annotations

from typing import Any

from evenkeel.web.accounts.roles import Role

C, N, P, PH, R, A = (
    Role.COORDINATOR,
    Role.NURSE,
    Role.PRESCRIBER,
    Role.PHARMACIST,
    Role.RESEARCHER,
    Role.ADMINISTRATOR,
)

ACTS: dict[str, frozenset[Role]] = {
    # seeing
    "patients.see": frozenset({C, N, P, PH}),
    "floor.see": frozenset({C, N, P, PH}),
    "today.see": frozenset({C, N, P, PH}),
    "booking.see": frozenset({C, N, P}),
    "register.see": frozenset({N, P, PH, A}),
    "ledger.see": frozenset({A, P}),
    "devices.see": frozenset({N, P, A}),
    "gallery.see": frozenset({C, N, P, PH, R, A}),
    "content.see": frozenset({C, N, P, PH, R, A}),
    "cds.see": frozenset({PH, A}),
    # referral and screening
    "referrals.receive": frozenset({C, P}),
    "facts.answer": frozenset({C, N, P}),
    "screening.decide": frozenset({P}),
    # packets for payers: the least who need them
    "packets.see": frozenset({C, P}),
    "packets.issue": frozenset({C, P}),
    # consent
    "consent.send": frozenset({C, N, P}),
    "consent.withdraw": frozenset({C, N, P}),
    # course and booking
    "courses.plan": frozenset({C, P}),
    "courses.prescribe": frozenset({P}),
    "booking.book": frozenset({C, N, P}),
    "decisions.make": frozenset({P}),
    # the day
    "treatments.check_in": frozenset({C, N, P}),
    "treatments.chart": frozenset({N, P}),
    "treatments.gate": frozenset({N, P}),
    "treatments.override": frozenset({P}),
    "dose.order": frozenset({P}),
    "dose.calculate": frozenset({N, P, PH}),
    "dose.check": frozenset({N, P, PH}),
    "dose.give": frozenset({N, P}),
    "register.receive": frozenset({PH}),
    "register.waste": frozenset({N, P, PH}),
    "register.witness": frozenset({N, P, PH}),
    "register.count": frozenset({N, P, PH}),
    "alarms.acknowledge": frozenset({N, P}),
    "leaving.release": frozenset({N, P}),
    # questionnaires and tasks
    "questionnaires.send": frozenset({C, N, P}),
    "ratings.record": frozenset({N, P}),
    "tasks.own": frozenset({C, N, P, PH}),
    # the house
    "ledger.verify": frozenset({A, P}),
    "chairs.manage": frozenset({A}),
    "roster.manage": frozenset({C, A}),
    "devices.manage": frozenset({A}),
    "accounts.manage": frozenset({A}),
    "cds.manage": frozenset({A}),
    "site.manage": frozenset({A}),
}


class Denied(Exception):
    """Somebody may not do this. The message is fit for the screen."""


def may(user: Any, act: str) -> bool:
    """Does this person's role allow the act?"""
    return bool(
        getattr(user, "is_authenticated", False) and user.is_active and user.role in ACTS[act]
    )


def check_may(user: Any, act: str) -> None:
    """Raise ``Denied`` with words unless this person's role allows the act."""
    if may(user, act):
        return
    roles = sorted(role.label for role in ACTS[act])
    who = roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} or {roles[-1]}"
    yours = getattr(user, "role", "") or "nobody"
    raise Denied(
        f"This needs a {who}; you are signed in as {yours}. Nothing was changed. "
        f"Ask a {who} to do it, or sign in as one."
    )
