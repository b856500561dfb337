"""Switches of the site, and what a person is asked only for a view that one of them shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.pharmacology.shown.serving import serving
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import ModelAnswer, Patient, SiteSwitch
from evenkeel.web.records.once import claim, remember, repeat_gives


class CannotTurn(ValueError):
    """The switch is not turned. The message is fit for the screen."""


@transaction.atomic
@repeat_gives(SiteSwitch)
def turn(
    *, name: str, on: bool, reason: str, by: Any, at: datetime, once: UUID | None = None
) -> SiteSwitch:
    """Turn a switch of the site on or off.

    Raises:
        Denied: not an administrator.
        CannotTurn: no reason, no such switch, or it stands like that already.
    """
    permissions.check_may(by, "site.manage")
    claimed = claim(once, "site.turn", by)
    if name not in SiteSwitch.Name.values:
        raise CannotTurn("There is no such switch. Nothing was changed.")
    reason = reason.strip()
    if not reason:
        raise CannotTurn("A switch needs a reason, for whoever asks later. Nothing was changed.")
    last = SiteSwitch.objects.filter(name=name).order_by("-id").first()
    if on == (last is not None and last.on):
        word = "on" if on else "off"
        raise CannotTurn(f"It is {word} already. Nothing was changed.")
    row = SiteSwitch.objects.create(name=name, on=on, reason=reason, by=by, at=at)
    remember(claimed, row)
    word = "on" if on else "off"
    ledger.append(
        "site.switched_on" if on else "site.switched_off",
        sentence=f"{by.short_name} turned “{row.get_name_display()}” {word} at this site.",
        by=by,
        at=at,
        subject=row,
        data={"switch": name, "on": on},
        reason=reason,
    )
    return row


@transaction.atomic
@repeat_gives(ModelAnswer)
def answer_for_model(
    *,
    patient: Patient,
    question: str,
    choice: str,
    by: Any,
    at: datetime,
    once: UUID | None = None,
) -> ModelAnswer:
    """What a person said to a question that only a model asks; "" takes the answer back.

    Raises:
        Denied: the role may not.
        KeyError: no such question or answer.
    """
    permissions.check_may(by, "facts.answer")
    claimed = claim(once, "site.answer_for_model", by)
    if choice:
        serving().told(question, choice)
    elif question not in {each.id for each in serving().question}:
        raise KeyError(f"there is no question {question}")
    row = ModelAnswer.objects.create(
        patient=patient, question=question, choice=choice, by=by, at=at
    )
    remember(claimed, row)
    did = "wrote down" if choice else "took back"
    ledger.append(
        "model.answered" if choice else "model.answer_taken_back",
        sentence=f"{by.short_name} {did} what {patient.short_name} said for a model.",
        by=by,
        at=at,
        patient=patient,
        subject=row,
        data={"question": question},
    )
    return row
