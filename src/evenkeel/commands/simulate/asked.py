"""What ``evenkeel simulate`` was asked: names and numbers, or one line for each fault."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from evenkeel.commands.simulate.telling import stop, text_of

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.doses.presets import Preset
    from evenkeel.core.pharmacology.doses.regimens import Dose
    from evenkeel.core.pharmacology.library.models import Model
    from evenkeel.core.pharmacology.populations.draws import Draw
    from evenkeel.core.pharmacology.profiles.records import Record
    from evenkeel.core.pharmacology.systems.linear import Floats

T = TypeVar("T")
FEWEST_REPLICATES, MOST_REPLICATES = 20, 1000
_A_SLIP = 0.85  # how alike a word and a route are where one was meant for the other
USUAL_WEIGHT = 70.0  # kg, where a dose by weight meets a model that does not read weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The doses. doses: None where the table has resets or steady states. words: for people."""

    doses: tuple[Dose, ...] | None
    records: tuple[Record, ...]
    preset: Preset | None
    words: str


def one_named(known: Mapping[str, T], wanted: str, what: str) -> T:
    """The thing of that name; stops with the nearest right one."""
    if wanted in known:
        return known[wanted]
    close = get_close_matches(wanted.lower(), known, n=1, cutoff=0.3)
    begun = [name for name in known if name.startswith(wanted.lower())]
    near = (begun or close)[:1]
    nearest = f"; the nearest is {near[0]}" if near else ""
    stop([f"--{what} {wanted}: there is none{nearest}. --list shows all"])


def covariates(texts: Iterable[str], model: Model) -> dict[str, float]:
    """NAME=VALUE, each a covariate of the model, AGE or WT."""
    found: dict[str, float] = {}
    faults: list[str] = []
    for text in texts:
        name, _, written = text.partition("=")
        try:
            value = float(written)
        except ValueError:
            faults.append(f"--covariate {text}: write NAME=VALUE, for example WT=70")
            continue
        if unknown := _unknown(name, model):
            faults.append(f"--covariate {text}: {unknown}")
        elif name in found:
            faults.append(f"--covariate {text}: {name} is given twice")
        elif not math.isfinite(value):
            faults.append(f"--covariate {text}: not a finite number")
        found[name] = value
    if faults:
        stop(faults)
    return found


def _unknown(name: str, model: Model) -> str:
    """Why the model has no such covariate, with the nearest; empty where it has."""
    known = dict.fromkeys((*model.covariates, "AGE", "WT"))
    if name in known:
        return ""
    close = get_close_matches(name.upper(), known, n=1, cutoff=0.3)
    nearest = f"Nearest is {close[0]}" if close else f"It has {', '.join(known)}"
    return f"{model.id} has no {name}. {nearest}."


def draws(texts: Iterable[str], model: Model, given: Mapping[str, float]) -> dict[str, Draw]:
    """NAME=FORM, each a covariate of the people that is not given."""
    from evenkeel.core.pharmacology.library.subjects import Refusal
    from evenkeel.core.pharmacology.populations.draws import read_draw

    found: dict[str, Draw] = {}
    faults: list[str] = []
    for text in texts:
        try:
            draw = read_draw(text)
        except Refusal as refusal:
            faults += [f"--draw {reason}" for reason in refusal.reasons]
            continue
        covariate = model.covariates.get(draw.name)
        if unknown := _unknown(draw.name, model):
            faults.append(f"--draw {text}: {unknown}")
        elif covariate is not None and covariate.of_dose:
            faults.append(f"--draw {text}: {draw.name} belongs to a dose, not to a person")
        elif draw.name in given or draw.name in found:
            faults.append(f"--draw {text}: {draw.name} is given twice")
        found[draw.name] = draw
    if faults:
        stop(faults)
    return found


def assumed(text: str | None, option: str = "--assume-cv") -> dict[str, float]:
    """NAME=PERCENT,NAME=PERCENT."""
    found: dict[str, float] = {}
    for part in (text or "").split(",") if text is not None else ():
        name, _, written = part.strip().partition("=")
        try:
            value = float(written)
        except ValueError:
            value = math.nan
        if not name or not math.isfinite(value) or name in found:
            stop([f"{option} {text}: write NAME=PERCENT once each, for example CL=20,V1=30"])
        found[name] = value
    return found


def doubt(text: str | None) -> dict[str, float] | str | None:
    """``published``, or standard errors as NAME=PERCENT,NAME=PERCENT."""
    if text is None or text == "published":
        return text
    return assumed(text, "--uncertainty")


def replicates(count: int | None) -> int:
    """How many; 100 where nobody says."""
    if count is None:
        return 100
    if not FEWEST_REPLICATES <= count <= MOST_REPLICATES:
        stop(
            [
                f"--replicates {count}: from {FEWEST_REPLICATES}, so that 90% of them have ends, "
                f"to {MOST_REPLICATES:,}"
            ]
        )
    return count


def percentiles(text: str) -> tuple[float, ...]:
    """Numbers between 0 and 100, in ascending order, each once."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0.0 <= each <= 100.0 for each in found):
        stop([f"--percentiles {text}: write numbers from 0 to 100, for example 5,50,95"])
    if len(set(found)) < len(found) or len(found) > 99:
        stop([f"--percentiles {text}: each once, and at most 99"])
    return tuple(sorted(found))


def levels(texts: Sequence[str]) -> tuple[float, ...]:
    """Concentrations, ng/mL, above which time is counted."""
    found: list[float] = []
    for text in texts:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0.0):
            stop([f"--above {text}: write a concentration above 0, ng/mL, for example 100"])
        found.append(value)
    return tuple(dict.fromkeys(found))


def times(text: str) -> tuple[Floats, float | None]:
    """Hours, and the step that made them where they are a range."""
    from evenkeel.core.pharmacology.library.subjects import Refusal
    from evenkeel.core.pharmacology.profiles.grids import read_list, read_range

    if text.count(":") == 2 and not Path(text).exists():
        try:
            return read_range(text), float(text.rpartition(":")[2])
        except Refusal as refusal:
            stop(f"--times: {reason}" for reason in refusal.reasons)
    if ":" in text and not Path(text).exists():
        stop([f"--times {text}: write START:STOP:STEP in hours, or name a file"])
    try:
        return read_list(text_of(text)), None
    except Refusal as refusal:
        stop(f"{text}: {reason}" for reason in refusal.reasons)


def regimen(
    file: str | None, preset_id: str | None, model: Model, given: Mapping[str, float]
) -> Given:
    """The doses of a file or of a preset; a covariate of a dose that was given goes to each.

    stderr hears of nasal rows that may mean something else than what is computed.
    """
    from evenkeel.core.pharmacology.doses.devices import notes
    from evenkeel.core.pharmacology.doses.presets import presets
    from evenkeel.core.pharmacology.doses.regimens import UnreadableRegimen
    from evenkeel.core.pharmacology.profiles.record_tables import read_either
    from evenkeel.core.pharmacology.profiles.records import records_of, written_doses

    preset = None
    if preset_id is not None:
        preset = one_named(presets(), preset_id, "preset")
        weight = given.get("WT", reference_weight(model))
        doses: tuple[Dose, ...] | None = preset.doses(weight)
        records = records_of(doses or ())
        words = f"{preset.words} ({preset.id})"
    else:
        try:
            doses, records = read_either(text_of(str(file)), model)
        except UnreadableRegimen as refusal:
            stop(f"{file}: {fault}" for fault in refusal.faults)
        words = _words(records)
    named = {name for name, each in model.covariates.items() if each.of_dose}
    of_all = {name: value for name, value in given.items() if name in named}
    if of_all and doses is not None:
        doses = tuple(replace(dose, of_dose={**of_all, **dose.of_dose}) for dose in doses)
    if of_all:
        records = tuple(replace(each, of_dose={**of_all, **each.of_dose}) for each in records)
    _check_routes((each.route for each in records if each.evid != 3), model)
    for note in notes(model, doses or written_doses(records), "give DEVICE 1, 2, 3"):
        click.echo(f"{model.id}: {note}", err=True)
    return Given(doses=doses, records=records, preset=preset, words=words)


def reference_weight(model: Model) -> float:
    """The weight of the model's typical person; 70 kg where the model does not read it."""
    weight = model.covariates.get("WT")
    return weight.reference if weight is not None else USUAL_WEIGHT


def _words(records: Sequence[Record]) -> str:
    """What is given, in short."""
    given = [each for each in records if each.evid != 3]
    count = sum(each.additional + 1 for each in given)
    kinds = list(
        dict.fromkeys(
            f"{each.amount_mg:g} mg {each.route}"
            + (f" over {60 * each.duration_h:g} min" if each.duration_h else "")
            for each in given
        )
    )
    shown = ", ".join(kinds[:3]) + (", and others" if len(kinds) > 3 else "")
    return shown if count == 1 else f"{count:,} doses: {shown}"


def _check_routes(routes: Iterable[str], model: Model) -> None:
    from evenkeel.core.pharmacology.library.models import models

    faults: list[str] = []
    for route in dict.fromkeys(routes):
        if route in model.routes:
            continue
        others = [
            f"{each.id} ({each.age_group})" for each in models().values() if route in each.routes
        ]
        has = f"{model.id} has no route {route}; it has {', '.join(model.routes)}."
        if others:
            faults.append(f"{has} Models with it: {', '.join(others)}")
            continue
        known = {each for one in models().values() for each in one.routes}
        # A slip of a letter has a nearest; another way into the body has none.
        near = get_close_matches(route, known, n=1, cutoff=_A_SLIP)
        meant = f" Was {near[0]} meant?" if near else ""
        faults.append(f"{has} No published model here has it, and none is made up.{meant}")
    if faults:
        stop(faults)
