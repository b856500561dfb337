"""Reading antidepressant trials as JSON has them, and writing them again.

In: the list under "antidepressant_trials" of FACTS.json or of a stored answer. Out:
trials, or every fault with its place. Nothing is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.trials.history import Better, DoseStep, Stopped, Trial
from evenkeel.core.kernel.quantities import plain

_KEYS = (
    "drug",
    "dose_mg_per_day",
    "start",
    "end",
    "improvement_percent",
    "adherent",
    "augmentation",
    "doses",
    "improvement",
    "stopped_because",
    "episode",
    "clear_non_response",
)
_STEP_KEYS = ("dose_mg_per_day", "start", "end")
_EPISODES = ("current", "earlier")


def read_trials(raw: Any, faults: list[str]) -> tuple[Trial, ...]:
    """The list of antidepressant trials; faults are added to the list.

    doses: [{"dose_mg_per_day": 75, "start": "2025-01-06", "end": "2025-02-03"}, …] in the
        order of time; improvement: a band where no per cent was told.
    """
    if not isinstance(raw, list):
        faults.append(f"{TRIALS}: must be a list of trials")
        return ()
    trials: list[Trial] = []
    for number, item in enumerate(raw):
        place = f"{TRIALS}[{number}]"
        if not isinstance(item, dict):
            faults.append(f"{place}: must be an object with {', '.join(_KEYS)}")
            continue
        for key, held in item.items():
            if key not in _KEYS:
                fits = [each for each in _KEYS if (each == "doses") == isinstance(held, list)]
                close = get_close_matches(key.lower(), fits, n=1, cutoff=0.3)
                hint = f"; the nearest right name is {close[0]}" if close else ""
                faults.append(f"{place}.{key}: there is no such key{hint}")
        trial = _trial(item, place, faults)
        if trial is not None:
            trials.append(trial)
    return tuple(trials)


def _trial(item: Mapping[str, Any], place: str, faults: list[str]) -> Trial | None:
    drug = item.get("drug")
    if not isinstance(drug, str) or not drug.strip():
        faults.append(f"{place}.drug: must name the drug")
        return None
    before = len(faults)
    better = _limited(
        item.get("improvement_percent"), f"{place}.improvement_percent", -400, 100, faults
    )
    augmentation = item.get("augmentation")
    if augmentation is not None and not isinstance(augmentation, str | bool):
        faults.append(f"{place}.augmentation: must name what was added, or be null")
    band = _one_of(item, "improvement", tuple(Better), place, faults)
    if band and better is not None:
        faults.append(f"{place}.improvement: improvement_percent says it already; give one of them")
    trial = Trial(
        drug=drug,
        dose_mg_per_day=_dose(item, place, faults),
        start=_partial(item.get("start"), f"{place}.start", faults),
        end=_partial(item.get("end"), f"{place}.end", faults),
        ongoing="end" in item and item["end"] is None,
        improvement_percent=better,
        adherent=_yes_no(item, "adherent", place, faults),
        augmentation=augmentation.strip() if isinstance(augmentation, str) else "",
        augmented=augmentation if isinstance(augmentation, bool) else None,
        steps=_steps(item.get("doses"), f"{place}.doses", faults),
        improvement_band=band,
        stopped_because=_one_of(item, "stopped_because", tuple(Stopped), place, faults),
        episode=_one_of(item, "episode", _EPISODES, place, faults),
        clear_non_response=_yes_no(item, "clear_non_response", place, faults),
    )
    if trial.steps and trial.dose_mg_per_day not in (None, trial.highest_mg):
        faults.append(f"{place}.dose_mg_per_day: must be the highest of doses, or be left out")
    if len(faults) > before:
        return None
    return _with_ends_of_steps(trial)


def _with_ends_of_steps(trial: Trial) -> Trial:
    """A trial begins with its first dose and ends with its last, where only those were told."""
    if not trial.steps:
        return trial
    start, end = trial.start or trial.steps[0].start, trial.end
    if end is None and not trial.ongoing:
        end = trial.steps[-1].end
    return replace(trial, start=start, end=end)


def _dose(item: Mapping[str, Any], place: str, faults: list[str]) -> Decimal | None:
    return _limited(item.get("dose_mg_per_day"), f"{place}.dose_mg_per_day", 0, 3000, faults)


def _steps(raw: Any, place: str, faults: list[str]) -> tuple[DoseStep, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        faults.append(f"{place}: must be a list of objects with {', '.join(_STEP_KEYS)}")
        return ()
    made = []
    for number, item in enumerate(raw):
        where = f"{place}[{number}]"
        for key in item:
            if key not in _STEP_KEYS:
                close = get_close_matches(key.lower(), _STEP_KEYS, n=1, cutoff=0.3)
                hint = f"; the nearest right name is {close[0]}" if close else ""
                faults.append(f"{where}.{key}: there is no such key{hint}")
        made.append(
            DoseStep(
                dose_mg_per_day=_dose(item, where, faults),
                start=_partial(item.get("start"), f"{where}.start", faults),
                end=_partial(item.get("end"), f"{where}.end", faults),
            )
        )
    return tuple(made)


def _yes_no(item: Mapping[str, Any], key: str, place: str, faults: list[str]) -> bool | None:
    held = item.get(key)
    if held is None or isinstance(held, bool):
        return held
    faults.append(f"{place}.{key}: must be true, false or null")
    return None


def _one_of(
    item: Mapping[str, Any], key: str, allowed: tuple[str, ...], place: str, faults: list[str]
) -> str:
    held = item.get(key)
    if held is None:
        return ""
    if not isinstance(held, str) or held not in tuple(str(each) for each in allowed):
        faults.append(f"{place}.{key}: must be one of {', '.join(allowed)}, or null")
        return ""
    return held


def is_writable(value: Decimal) -> bool:
    """Below a thousand million, and to nine decimals: more would only fill a screen."""
    if not value.is_finite():
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -9 and value.adjusted() < 9


def _limited(raw: Any, place: str, low: int, high: int, faults: list[str]) -> Decimal | None:
    if raw is None:
        return None
    try:
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise InvalidOperation
        value = Decimal(raw)
        if not is_writable(value):
            raise InvalidOperation
    except InvalidOperation:
        faults.append(f"{place}: {str(raw)[:40]} is not a number that can be meant")
        return None
    if not low <= value <= high:
        faults.append(f"{place}: {plain(value)} cannot be: possible is {low} to {high}")
        return None
    return value


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")


def _partial(raw: Any, place: str, faults: list[str]) -> PartialDate | None:
    if raw is None:
        return None
    match = _DATE.match(raw) if isinstance(raw, str) else None
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        return PartialDate(year, month, day)
    except ValueError:
        faults.append(f"{place}: {raw!r} is not a day like 2026-11-24, a month or a year")
        return None
