"""Maintenance rules as strict TOML in ``content/maintenance``."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import msgspec

from evenkeel.core.instruments.catalogue import scale_of
from evenkeel.core.kernel.content import (
    ContentFault,
    SourceFile,
    content,
    named_source,
    one_of,
    read_folder,
)
from evenkeel.core.kernel.sources import Status
from evenkeel.core.protocols.maintenance import Kind, Rule, ScoreRow, WeekRow
from evenkeel.core.protocols.model import Frequency


class _ScoreRowFile(msgspec.Struct, forbid_unknown_fields=True):
    current: Frequency
    low: int
    high: int
    options: list[Frequency]
    by_judgement: bool = False
    hold_weeks: int | None = None


class _WeekRowFile(msgspec.Struct, forbid_unknown_fields=True):
    from_week: int
    options: list[Frequency]
    until_week: int | None = None
    by_judgement: bool = False


class _RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    version: int
    title: str
    kind: Kind
    status: Status
    reviewed_by: list[str]
    source: str
    text: str
    instruments: list[str]
    clinician_rated: bool
    from_week: int
    max_age_days: int
    age_source: str
    sources: dict[str, SourceFile]
    caveat: str = ""
    counted_from: str = "course"
    least_days_between: int | None = None
    fixed_points_source: str | None = None
    on_relapse: Frequency | None = None
    score: list[_ScoreRowFile] = []
    week: list[_WeekRowFile] = []


def _check(read: _RuleFile) -> None:
    def fault(words: str) -> ContentFault:
        return ContentFault(f"{read.id}: {words}")

    if read.status is Status.REVIEWED and len(set(read.reviewed_by)) < 2:
        raise fault("reviewed needs two clinicians in reviewed_by")
    if read.kind is Kind.BY_SCORE and (not read.score or read.week or len(read.instruments) != 1):
        raise fault("a rule by score has score rows, no week rows, and one instrument")
    if read.kind is Kind.BY_WEEK and (not read.week or read.score):
        raise fault("a rule by week has week rows and no score rows")
    if not read.instruments or read.max_age_days < 1:
        raise fault("a rule names an instrument and how old its rating may be")
    if read.counted_from not in {"course", "series_end"}:
        raise fault("counted_from is course or series_end")
    if (read.least_days_between is None) != (read.fixed_points_source is None):
        raise fault("fixed points need a source, and a source needs fixed points")
    for name in read.instruments:
        if scale_of(name).id != name:
            raise fault(f"{name!r} is written {scale_of(name).id!r} elsewhere")
    for row in read.score:
        if row.low > row.high or not row.options:
            raise fault("a score row has low above high, or no option")
    for frequency in {row.current for row in read.score}:
        ends = sorted((r.low, r.high) for r in read.score if r.current is frequency)
        for (_, high), (low, _) in pairwise(ends):
            if low != high + 1:
                raise fault(f"scores at {frequency.words} overlap or leave a gap at {high}")
    for week in read.week:
        if week.until_week is not None and week.until_week <= week.from_week:
            raise fault("a week row ends before it begins")


def _rule(read: _RuleFile) -> Rule:
    _check(read)
    points = read.fixed_points_source
    named_source(read.sources, read.age_source, read.id)
    return Rule(
        id=read.id,
        version=read.version,
        title=read.title,
        kind=read.kind,
        status=read.status,
        source=named_source(read.sources, read.source, read.id),
        text=read.text,
        caveat=read.caveat,
        instruments=tuple(read.instruments),
        clinician_rated=read.clinician_rated,
        counted_from=read.counted_from,
        from_week=read.from_week,
        max_age_days=read.max_age_days,
        least_days_between=read.least_days_between,
        fixed_points_source=None if points is None else named_source(read.sources, points, read.id),
        on_relapse=read.on_relapse,
        score_rows=tuple(
            ScoreRow(
                current=row.current,
                low=row.low,
                high=row.high,
                options=tuple(row.options),
                by_judgement=row.by_judgement,
                hold_weeks=row.hold_weeks,
            )
            for row in read.score
        ),
        week_rows=tuple(
            WeekRow(
                from_week=row.from_week,
                until_week=row.until_week,
                options=tuple(row.options),
                by_judgement=row.by_judgement,
            )
            for row in read.week
        ),
    )


@cache
def rules() -> dict[str, Rule]:
    """Every maintenance rule by its id."""
    return read_folder(content("maintenance"), _RuleFile, _rule)


def rule(rule_id: str) -> Rule:
    """One rule.

    Raises:
        KeyError: no rule of this id; the message lists those there are.
    """
    return one_of(rules(), rule_id, "maintenance rule")
