"""The history of antidepressants: one trial added, corrected or removed at a time.

The list is one answer to one question, so that each change is a new answer and every
earlier list stays. Two people who change it at once wait for each other; whoever looked
at a list that has changed since is refused with words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.guidelines.facts.answers import read_trials
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import FactAnswer, Patient
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors.facts import exact


class CannotChangeTrials(Exception):
    """A change that cannot be kept. Words: what, why, what to do."""


def fingerprint_of(trial: Mapping[str, Any]) -> str:
    """By which a trial is known again: of what it says, not of where it stands."""
    told = json.dumps(trial, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@transaction.atomic
@repeat_gives(FactAnswer)
def add_trial(
    *,
    patient: Patient,
    trial: Mapping[str, Any],
    by: User,
    at: datetime,
    said_by: str,
    note: str = "",
    once: UUID | None = None,
) -> FactAnswer:
    """Add one trial, as JSON has it (see ``core.guidelines.trial_reading``).

    Raises:
        Denied: the role may not answer questions of screening.
        CannotChangeTrials: it cannot be read, or the same trial stands there already.
    """
    permissions.check_may(by, "facts.answer")
    claimed = claim(once, "trial.added", by)
    known = _locked(patient)
    if dict(trial) in known:
        raise CannotChangeTrials(
            "The same trial stands in the list already. Nothing was changed. Correct that one, "
            "or tell what was different about this one."
        )
    answer = _keep(patient, [*known, dict(trial)], by, at, said_by, note)
    _tell("trial.added", f"{by.short_name} added an antidepressant trial of {patient.short_name}.",
          patient, answer, by, at)  # fmt: skip
    remember(claimed, answer)
    return answer


@transaction.atomic
@repeat_gives(FactAnswer)
def correct_trial(
    *,
    patient: Patient,
    was: str,
    trial: Mapping[str, Any],
    by: User,
    at: datetime,
    said_by: str,
    note: str = "",
    once: UUID | None = None,
) -> FactAnswer:
    """Put a corrected trial in the place of one; the earlier one stays in the history.

    was: the fingerprint of the trial as it was shown.

    Raises:
        Denied: the role may not answer questions of screening.
        CannotChangeTrials: it cannot be read, is not there any more, or nothing is different.
    """
    permissions.check_may(by, "facts.answer")
    claimed = claim(once, "trial.corrected", by)
    known = _locked(patient)
    place = _place_of(was, known)
    if known[place] == dict(trial):
        raise CannotChangeTrials("Nothing is different from what stands there. Nothing was kept.")
    changed = [*known[:place], dict(trial), *known[place + 1 :]]
    answer = _keep(patient, changed, by, at, said_by, note)
    _tell("trial.corrected",
          f"{by.short_name} corrected an antidepressant trial of {patient.short_name}.",
          patient, answer, by, at)  # fmt: skip
    remember(claimed, answer)
    return answer


@transaction.atomic
@repeat_gives(FactAnswer)
def remove_trial(
    *,
    patient: Patient,
    was: str,
    reason: str,
    by: User,
    at: datetime,
    once: UUID | None = None,
) -> FactAnswer:
    """Take a trial off the list, with the reason; it stays in the history.

    Raises:
        Denied: the role may not answer questions of screening.
        CannotChangeTrials: there is no reason, or the trial is not there any more.
    """
    permissions.check_may(by, "facts.answer")
    if not reason.strip():
        raise CannotChangeTrials(
            "Write why this trial is removed, so that the next reader knows. Nothing was changed."
        )
    claimed = claim(once, "trial.removed", by)
    known = _locked(patient)
    place = _place_of(was, known)
    answer = _keep(patient, known[:place] + known[place + 1 :], by, at,
                   FactAnswer.SaidBy.CLINICIAN, reason.strip())  # fmt: skip
    _tell("trial.removed",
          f"{by.short_name} removed an antidepressant trial of {patient.short_name}.",
          patient, answer, by, at)  # fmt: skip
    remember(claimed, answer)
    return answer


def _locked(patient: Patient) -> list[dict[str, Any]]:
    """The list as it is now; whoever else changes it waits until this act has ended."""
    Patient.objects.select_for_update().get(pk=patient.pk)
    latest = patient.fact_answers.filter(name=TRIALS).order_by("-pk").first()
    return list(latest.value or []) if latest is not None else []


def _place_of(was: str, known: Sequence[Mapping[str, Any]]) -> int:
    for place, trial in enumerate(known):
        if fingerprint_of(trial) == was:
            return place
    raise CannotChangeTrials(
        "This trial is not in the list any more: somebody corrected or removed it since this "
        "page was opened. Nothing was changed. Look at the list again."
    )


def _keep(
    patient: Patient, trials: list[dict[str, Any]], by: User, at: datetime, said_by: str, note: str
) -> FactAnswer:
    faults: list[str] = []
    read_trials(exact(trials), faults)
    if faults:
        raise CannotChangeTrials("; ".join(faults) + ". Nothing was changed.")
    if said_by not in FactAnswer.SaidBy.values:
        raise CannotChangeTrials("Choose who said it. Nothing was changed.")
    return FactAnswer.objects.create(
        patient=patient, name=TRIALS, value=trials, said_by=said_by, note=note.strip(), by=by,
        at=at,
    )  # fmt: skip


def _tell(
    action: str, sentence: str, patient: Patient, answer: FactAnswer, by: User, at: datetime
) -> None:
    ledger.append(action, sentence=sentence, by=by, at=at, patient=patient, subject=answer)
