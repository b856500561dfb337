"""Dosing records: plain doses, resets and steady states of one person.

In: records as a table of events has them. Out: plain doses, or what happens in one
person's compartments. What an event means is decided in ``events``, how a table is
read and written in ``record_tables``. Amounts are mg of base, times hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from evenkeel.core.pharmacology.doses.regimens import Dose, UnreadableRegimen, in_order, repeated
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal, Subject
from evenkeel.core.pharmacology.profiles.events import Event, EventFault, happenings_of
from evenkeel.core.pharmacology.profiles.simulate import happenings
from evenkeel.core.pharmacology.systems.timeline import Bolus, Happening, Infusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line that does something. evid: 1 doses, 3 resets, 4 resets and doses.

    route: empty where only a compartment is named (from 1). duration_h: 0 = at once.
    endless_rate: mg/h of an infusion that has always run until here (AMT 0 with SS 1).
    steady: 0, 1 or 2 as SS. occasion: as OCC, from 1; 0 where the table does not say.
    lasts_as_model: RATE -2, the duration is the model's.
    """

    line: int
    time_h: float
    evid: int = 1
    route: str = ""
    compartment: int = 0
    amount_mg: float = 0.0
    duration_h: float = 0.0
    endless_rate: float = 0.0
    every_h: float = 0.0
    additional: int = 0
    steady: int = 0
    occasion: int = 0
    lasts_as_model: bool = False
    of_dose: dict[str, float] = field(default_factory=dict)


def routed(records: Sequence[Record], model: Model) -> tuple[Record, ...]:
    """The records with a route in place of a compartment.

    Raises:
        UnreadableRegimen: no route of the model begins in that compartment, or several do;
            a duration is left to a model that has none.
    """
    made: list[Record] = []
    faults: list[str] = []
    for record in records:
        if record.route or record.evid == 3:
            made.append(record)
            continue
        starts = [
            name
            for name, inputs in model.routes.items()
            if inputs[0].compartment == record.compartment - 1
        ]
        if len(starts) != 1:
            places = "; ".join(
                f"{inputs[0].compartment + 1} = {name}" for name, inputs in model.routes.items()
            )
            faults.append(
                f"line {record.line}: CMT {record.compartment} is not where a route of "
                f"{model.id} begins ({places}). Give ROUTE"
            )
            continue
        made.append(replace(record, route=starts[0], compartment=0))
    faults += [
        f"line {each.line}: RATE -2 leaves the duration to the model, and {model.id} has none "
        f"for {each.route}: give RATE in mg/h, or 0 for a dose at once"
        for each in made
        if each.lasts_as_model
        and each.route in model.routes
        and all(way.duration is None for way in model.routes[each.route])
    ]
    if faults:
        raise UnreadableRegimen(faults)
    return tuple(made)


def plain_doses(records: Sequence[Record]) -> tuple[Dose, ...] | None:
    """The doses, where the table has neither resets nor steady states; None otherwise."""
    if any(record.evid != 1 or record.steady for record in records):
        return None
    return written_doses(records)


def written_doses(records: Sequence[Record]) -> tuple[Dose, ...]:
    """Every dose that the table writes, whatever resets and steady states do to it."""
    return in_order(each for record in records if record.evid != 3 for each in _doses(record))


def _doses(record: Record) -> tuple[Dose, ...]:
    dose = Dose(
        time_h=record.time_h, route=record.route, amount_mg=record.amount_mg,
        duration_h=record.duration_h, of_dose=record.of_dose,
    )  # fmt: skip
    return repeated(dose, additional=record.additional, every_h=record.every_h)


def happenings_of_records(who: Subject, records: Sequence[Record]) -> list[Happening]:
    """What routed records do in this person's compartments, as ``events`` has it.

    Raises:
        Refusal: a dose that the model cannot take; the line is named.
    """
    events: list[Event] = []
    for record in records:
        if record.evid == 3:
            events.append(Event(time_h=record.time_h, evid=3))
            continue
        try:
            events += _events(who, record)
        except Refusal as refusal:
            raise Refusal(
                tuple(f"line {record.line}: {reason}" for reason in refusal.reasons)
            ) from None
    try:
        return happenings_of(who.rates, events)
    except EventFault as fault:
        raise Refusal((str(fault),)) from None


def _events(who: Subject, record: Record) -> list[Event]:
    """One event for each place that the route reaches; only the first of them resets."""
    if record.endless_rate:
        inputs = who.model.routes.get(record.route, ())
        if record.route != "iv" or len(inputs) != 1:
            raise Refusal(("an endless infusion goes into a vein: ROUTE iv",))
        return [
            Event(
                time_h=record.time_h, evid=record.evid, compartment=inputs[0].compartment,
                rate_mg_per_h=record.endless_rate, steady=record.steady,
            )
        ]  # fmt: skip
    dose = Dose(
        time_h=0.0, route=record.route, amount_mg=record.amount_mg,
        duration_h=record.duration_h, of_dose=record.of_dose,
    )  # fmt: skip
    made: list[Event] = []
    for first, each in enumerate(happenings(who, [dose])):
        assert isinstance(each, Bolus | Infusion)
        if isinstance(each, Infusion):
            rate = each.rate_mg_per_h
            absorbed = rate * (each.end_h - each.time_h)
        else:
            rate, absorbed = 0.0, each.amount_mg
        made.append(
            Event(
                time_h=record.time_h,
                evid=record.evid if first == 0 else 1,
                amount_mg=absorbed,
                compartment=each.compartment,
                rate_mg_per_h=rate,
                interval_h=record.every_h,
                additional=record.additional,
                steady=record.steady if first == 0 else (2 if record.steady else 0),
                lag_h=each.time_h,
            )
        )
    return made


def records_of(doses: Iterable[Dose]) -> tuple[Record, ...]:
    """Plain doses as records."""
    return tuple(
        Record(
            line=number, time_h=dose.time_h, route=dose.route, amount_mg=dose.amount_mg,
            duration_h=dose.duration_h, of_dose=dict(dose.of_dose),
        )
        for number, dose in enumerate(doses, start=2)
    )  # fmt: skip
