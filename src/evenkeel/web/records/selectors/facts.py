"""What is known of a person: the chart and the answers, judged on one day.

``Inputs`` is everything that a check reads of a person. A decision keeps it, so that
the same can be judged years later, by the same content or by another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from evenkeel.core.chart import Chart, Problem
from evenkeel.core.guidelines.facts.answers import read_trials, read_value
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.terms.values import Answer
from evenkeel.core.guidelines.trials.rules import Trial
from evenkeel.core.guidelines.verdicts.check import Check, check
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records.models import FactAnswer, Patient
from evenkeel.web.records.selectors.patients import chart_of, person_of
from evenkeel.web.ui.words import local

INPUTS_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a check reads of one person.

    referrals: those that the chart was read from, in order. answers: the latest to each
    fact, as plain values. trials: as they were told; None = never told.
    """

    as_of: date
    chart: Chart
    person: Mapping[str, Any]
    referrals: tuple[int, ...]
    answers: tuple[Mapping[str, Any], ...]
    trials: Any

    def as_json(self) -> dict[str, Any]:
        """As a decision keeps it: no name, no address; the chart stays in its referrals."""
        return {
            "format": INPUTS_FORMAT,
            "as_of": self.as_of.isoformat(),
            "person": dict(self.person),
            "referrals": list(self.referrals),
            "answers": [dict(each) for each in self.answers],
            "trials": self.trials,
        }


def inputs_of(patient: Patient, *, as_of: date) -> Inputs:
    """What the record and people say today."""
    latest: dict[str, FactAnswer] = {}
    for row in patient.fact_answers.select_related("by").order_by("pk"):
        latest[row.name] = row
    trials = latest.pop(TRIALS, None)
    return Inputs(
        as_of=as_of,
        chart=chart_of(patient),
        person=person_of(patient),
        referrals=tuple(patient.referrals.order_by("at", "id").values_list("pk", flat=True)),
        answers=tuple(
            {
                "name": name,
                "value": row.value,
                "at": local(row.at).date().isoformat(),
                "by": row.get_said_by_display(),
                "settles": row.by is not None and row.by.role == Role.PRESCRIBER,
            }
            for name, row in latest.items()
        ),
        trials=trials.value if trials is not None else None,
    )


def kept_inputs(patient: Patient, kept: Mapping[str, Any]) -> Inputs:
    """What a decision was made on, read again from what it kept.

    Raises:
        ValueError, KeyError: not inputs of a format that is known here.
    """
    if kept["format"] != INPUTS_FORMAT:
        raise ValueError(f"inputs of format {kept['format']} are not known here")
    referrals = tuple(kept["referrals"])
    return Inputs(
        as_of=date.fromisoformat(kept["as_of"]),
        chart=chart_of(patient, referrals=referrals, person=kept["person"]),
        person=kept["person"],
        referrals=referrals,
        answers=tuple(kept["answers"]),
        trials=kept["trials"],
    )


def check_of(patient: Patient, *, as_of: date, packs: Iterable[str] | None = None) -> Check:
    """Facts and verdicts of one person on one day; all shown packs unless named."""
    return check_on(inputs_of(patient, as_of=as_of), library(), packs)


def check_on(inputs: Inputs, content: Library, packs: Iterable[str] | None = None) -> Check:
    """The same under any edition of the content; all packs that it shows unless named."""
    wanted = [pack.id for pack in content.packs.values() if pack.shown] if packs is None else packs
    answers, trials, problems = _read(inputs, content)
    made = check(
        inputs.chart,
        library=content,
        as_of=inputs.as_of,
        answers=answers,
        trials=trials,
        packs=wanted,
    )
    return replace(made, problems=(*made.problems, *problems)) if problems else made


def _read(
    inputs: Inputs, content: Library
) -> tuple[list[Answer], tuple[Trial, ...], list[Problem]]:
    """The answers as this content reads them.

    A fact that it does not know is passed over; a value that it does not allow is not
    known, and said to be.
    """
    answers: list[Answer] = []
    problems: list[Problem] = []
    for told in inputs.answers:
        name = told["name"]
        if name not in content.dictionary:
            continue
        try:
            value = read_value(exact(told["value"]), content.dictionary[name])
        except ValueError as fault:
            text = f"the answer is none that this content allows ({fault}): it counts as not known"
            problems.append(Problem(severity="warning", path=name, text=text))
            continue
        answers.append(
            Answer(
                name=name,
                value=value,
                at=date.fromisoformat(told["at"]),
                by=told["by"],
                settles=told["settles"],
            )
        )
    trials = read_trials(exact(inputs.trials), []) if inputs.trials is not None else ()
    return answers, trials, problems


def exact(value: Any) -> Any:
    """JSON as it is stored, with decimals in place of binary fractions."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return value
