"""What is known of a person: the chart and the answers, judged on one day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from evenkeel.core.guidelines.answers import read_trials, read_value
from evenkeel.core.guidelines.check import Check, check
from evenkeel.core.guidelines.dictionary import TRIALS
from evenkeel.core.guidelines.library import Library, library
from evenkeel.core.guidelines.trials import Trial
from evenkeel.core.guidelines.values import Answer
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records.models import FactAnswer, Patient
from evenkeel.web.records.selectors.patients import chart_of
from evenkeel.web.ui.words import local


def check_of(patient: Patient, *, as_of: date, packs: Iterable[str] | None = None) -> Check:
    """Facts and verdicts of one person on one day; all shown packs unless named."""
    content = library()
    wanted = [pack.id for pack in content.packs.values() if pack.shown] if packs is None else packs
    answers, trials = _answers_of(patient, content)
    return check(
        chart_of(patient),
        library=content,
        as_of=as_of,
        answers=answers,
        trials=trials,
        packs=wanted,
    )


def _answers_of(patient: Patient, content: Library) -> tuple[list[Answer], tuple[Trial, ...]]:
    """The latest answer to each fact. A fact that content no longer knows is passed over."""
    latest: dict[str, FactAnswer] = {}
    for row in patient.fact_answers.select_related("by").order_by("pk"):
        latest[row.name] = row
    answers: list[Answer] = []
    trials: tuple[Trial, ...] = ()
    for name, row in latest.items():
        if name == TRIALS:
            trials = read_trials(exact(row.value), []) if row.value is not None else ()
        elif name in content.dictionary:
            value = read_value(exact(row.value), content.dictionary[name])
            answers.append(
                Answer(
                    name=name,
                    value=value,
                    at=local(row.at).date(),
                    by=row.get_said_by_display(),
                    settles=row.by is not None and row.by.role == Role.PRESCRIBER,
                )
            )
    return answers, trials


def exact(value: Any) -> Any:
    """JSON as it is stored, with decimals in place of binary fractions."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return value
