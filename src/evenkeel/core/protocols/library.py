"""Protocols as strict TOML: an unknown key, source or frequency stops loading."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import msgspec

from evenkeel.core.kernel.content import (
    ContentFault,
    SourceFile,
    content,
    named_source,
    one_of,
    read_folder,
)
from evenkeel.core.kernel.quantities import read_decimal
from evenkeel.core.kernel.sources import Source, Status
from evenkeel.core.protocols.model import DoseRule, Fact, Frequency, Phase, Protocol


class _FactFile(msgspec.Struct, forbid_unknown_fields=True):
    value: int
    source: str


class _DoseFile(msgspec.Struct, forbid_unknown_fields=True):
    amounts: list[str]
    source: str
    first_number: int = 1
    last_number: int | None = None
    age_from: int = 0
    age_below: int | None = None


class _PhaseFile(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    title: str
    frequencies: list[Frequency]
    source: str
    treatments: int | None = None
    window_days: int | None = None


class _ProtocolFile(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    edition: str
    title: str
    short: str
    product: str
    route: str
    status: Status
    reviewed_by: list[str]
    source: str
    unit: str
    sources: dict[str, SourceFile]
    dose: list[_DoseFile]
    min_gap_days: _FactFile
    dose_minutes: _FactFile
    observation_minutes: _FactFile
    turnover_minutes: _FactFile
    phase: list[_PhaseFile]
    rules: list[str]
    note: str = ""
    dose_step: str | None = None
    prescriber_on_site: str | None = None


def _check(read: _ProtocolFile) -> None:
    if read.unit not in {"mg", "mg/kg"}:
        raise ContentFault(f"{read.id}: unit is {read.unit!r}, not mg or mg/kg")
    if read.status is Status.REVIEWED and len(set(read.reviewed_by)) < 2:
        raise ContentFault(f"{read.id}: reviewed needs two clinicians in reviewed_by")
    facts = (read.min_gap_days, read.dose_minutes, read.observation_minutes, read.turnover_minutes)
    if any(fact.value < 0 for fact in facts) or read.min_gap_days.value < 1:
        raise ContentFault(f"{read.id}: minutes must be zero or more, the gap at least 1 day")
    for dose in read.dose:
        if dose.last_number is not None and dose.last_number < dose.first_number:
            raise ContentFault(f"{read.id}: a dose ends before it begins")
        if dose.age_below is not None and dose.age_below <= dose.age_from:
            raise ContentFault(f"{read.id}: a dose has no age it is for")
    if not read.phase or not read.dose:
        raise ContentFault(f"{read.id}: a protocol needs a phase and a dose")


def _protocol(read: _ProtocolFile) -> Protocol:
    _check(read)

    def cited(name: str) -> Source:
        return named_source(read.sources, name, read.id)

    def fact(item: _FactFile) -> Fact:
        return Fact(value=item.value, source=cited(item.source))

    def amounts(dose: _DoseFile) -> tuple[Decimal, ...]:
        return tuple(sorted(read_decimal(text, read.unit) for text in dose.amounts))

    on_site = read.prescriber_on_site
    return Protocol(
        id=read.id,
        edition=read.edition,
        title=read.title,
        short=read.short,
        product=read.product,
        route=read.route,
        status=read.status,
        reviewed_by=tuple(read.reviewed_by),
        note=read.note,
        unit=read.unit,
        doses=tuple(
            DoseRule(
                amounts=amounts(dose),
                first_number=dose.first_number,
                last_number=dose.last_number,
                age_from=dose.age_from,
                age_below=dose.age_below,
                source=cited(dose.source),
            )
            for dose in read.dose
        ),
        dose_step=None if read.dose_step is None else read_decimal(read.dose_step, read.unit),
        min_gap_days=fact(read.min_gap_days),
        dose_minutes=fact(read.dose_minutes),
        observation_minutes=fact(read.observation_minutes),
        turnover_minutes=fact(read.turnover_minutes),
        prescriber_on_site=None if on_site is None else cited(on_site),
        phases=tuple(
            Phase(
                id=phase.id,
                title=phase.title,
                frequencies=tuple(phase.frequencies),
                treatments=phase.treatments,
                window_days=phase.window_days,
                source=cited(phase.source),
            )
            for phase in read.phase
        ),
        rules=tuple(read.rules),
        source=cited(read.source),
    )


@cache
def protocols() -> dict[str, Protocol]:
    """Every protocol by its id, in the order of the file names."""
    return read_folder(content("protocols"), _ProtocolFile, _protocol)


def protocol(protocol_id: str) -> Protocol:
    """One protocol.

    Raises:
        KeyError: no protocol of this id; the message lists those there are.
    """
    return one_of(protocols(), protocol_id, "protocol")
