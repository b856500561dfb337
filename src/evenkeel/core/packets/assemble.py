"""A packet from what is charted: the payer's criteria one by one, and what stands behind them.

In: one payer pack, one person's check, and the records' own lines (who, which course,
which scores). Out: a ``Packet``. Only what the criteria stand on goes in, with the
parts that were asked for; answers to single items of a scale and notes never can,
because nothing here takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenkeel.core.chart import Chart, Condition, PartialDate, When
from evenkeel.core.guidelines.facts.evidence import latest
from evenkeel.core.guidelines.facts.working import say_day
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.trials.sets import TrialTable
from evenkeel.core.guidelines.verdicts.check import Check
from evenkeel.core.guidelines.verdicts.verdicts import CriterionVerdict, Finding, judge_pack
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.packets.measured import Measured, Total, with_scores
from evenkeel.core.packets.model import (
    CriterionLine,
    Missing,
    Packet,
    Payer,
    Section,
    Stated,
    VerdictLine,
)
from evenkeel.core.packets.trials import trial_part
from evenkeel.core.packets.words import Origins, lacking, say_age, short_ref, stated
from evenkeel.core.safeguards import SafeguardVerdict

PARTS = {
    "scores": "Severity scores: totals with their dates",
    "trials": "Antidepressant trials under each published definition",
    "treatments": "Treatments given so far",
    "safeguards": "Safeguards",
    "guidelines": "What the guidelines say",
}
FINDING_WORDS = {
    Finding.MET: "Met",
    Finding.NOT_MET: "Not met",
    Finding.UNKNOWN: "Missing",
    Finding.JUDGE: "A person must judge",
    Finding.NOT_APPLICABLE: "Does not apply",
}

_GUARD_WORDS = {
    Answer.YES: "Nothing in the way",
    Answer.NO: "In the way",
    Answer.UNKNOWN: "Not known",
    Answer.JUDGE: "A person must judge",
}
_PACK_WORDS = {
    Answer.YES: "Yes",
    Answer.NO: "No",
    Answer.UNKNOWN: "Unknown",
    Answer.JUDGE: "A person must judge",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charted:
    """What the records hold of one person on one day.

    chart, check: as screening has them. person, people, course, treatments: lines of
    the records with their origin. history: their antidepressant trials; trials_by: who listed them.
    """

    chart: Chart
    check: Check
    guards: tuple[SafeguardVerdict, ...]
    person: Section
    people: Section
    course: Section
    treatments: Section
    history: TrialTable
    trials_by: str
    measured: tuple[Measured, ...]
    origins: Origins


def assemble(
    charted: Charted, *, pack: Pack, library: Library, parts: Iterable[str] | None = None
) -> Packet:
    """The packet. parts: optional parts to put in; None = those that the pack names.

    Raises:
        ValueError: the pack is no payer's, or a part is not known.
    """
    if pack.packet is None:
        raise ValueError(f"{pack.id} is no payer pack: a packet cannot be made for it")
    wanted = set(pack.packet.parts if parts is None else parts)
    if wanted - set(PARTS):
        raise ValueError(f"there is no part {sorted(wanted - set(PARTS))[0]} of a packet")
    words = library.dictionary
    facts = with_scores(charted.check.facts, charted.measured, words)
    verdict = judge_pack(pack, facts, words)
    read = _Read(facts=facts, words=words, origins=charted.origins)
    return Packet(
        request=pack.packet.request,
        as_of=say_day(facts.as_of),
        payer=_payer(pack),
        answer=str(verdict.answer),
        person=charted.person,
        people=charted.people,
        course=charted.course,
        diagnosis=_diagnosis(charted.chart, pack.packet.diagnosis, read),
        criteria=tuple(_criterion(each, read) for each in verdict.criteria),
        scores=_scores(charted.measured, read) if "scores" in wanted else None,
        trials=(trial_part(charted.history, charted.trials_by) if "trials" in wanted else None),
        treatments=charted.treatments if "treatments" in wanted else None,
        safeguards=_safeguards(charted.guards) if "safeguards" in wanted else None,
        guidelines=_guidelines(charted.check) if "guidelines" in wanted else None,
        left_out=tuple(label for name, label in PARTS.items() if name not in wanted),
        drafts=_drafts(pack),
        edition=charted.check.edition,
        sha256=charted.check.sha256,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    facts: Facts
    words: Dictionary
    origins: Origins

    def stated(self, names: Iterable[str]) -> tuple[Stated, ...]:
        known = [name for name in dict.fromkeys(names) if self.facts[name].known]
        return tuple(stated(name, self.facts, self.words, self.origins) for name in known)

    def missing(self, names: Iterable[str]) -> tuple[Missing, ...]:
        return tuple(lacking(name, self.facts, self.words) for name in dict.fromkeys(names))


def _payer(pack: Pack) -> Payer:
    return Payer(
        id=pack.id,
        title=pack.title,
        short=pack.short,
        publisher=pack.publisher,
        edition=pack.edition,
        status=str(pack.status),
        illustrative=pack.illustrative,
        parameters=tuple(
            f"{_number(each.name, each.unit)}{each.value} {each.unit}, {each.why}"
            for each in pack.parameters
        ),
    )


def _criterion(verdict: CriterionVerdict, read: _Read) -> CriterionLine:
    criterion = verdict.criterion
    told = (*verdict.deciding, *(name for name in verdict.missing if read.facts[name].known))
    return CriterionLine(
        id=criterion.id,
        statement=criterion.statement,
        strength=criterion.strength,
        finding=str(verdict.finding),
        words=FINDING_WORDS[verdict.finding],
        note=criterion.note,
        stated=read.stated(told),
        missing=read.missing(verdict.missing),
    )


# -- the diagnosis ----------------------------------------------------------------


def _diagnosis(chart: Chart, names: Sequence[str], read: _Read) -> Section:
    """The record's own entries that carry the diagnosis, with code and origin."""
    refs = {
        ref for name in names if read.facts[name].value is True for ref in read.facts[name].refs
    }
    entries = [each for each in chart.conditions if each.ref in refs and each.usable]
    lines = tuple(_condition(each, read) for each in entries)
    if lines:
        return Section(stated=lines)
    said = read.stated(name for name in names if read.facts[name].value is True)
    code = Missing(
        what="Diagnosis with its code",
        why="no coded entry of the record carries it",
        ask="Is there a record entry with the code of the diagnosis?",
        of="coordinator",
    )
    unknown = read.missing(name for name in names if not read.facts[name].known)
    return Section(stated=said, missing=unknown or (code,))


def _condition(entry: Condition, read: _Read) -> Stated:
    codes = "; ".join(f"{each.code} ({_system(each.system)})" for each in entry.code.codings)
    when = entry.onset or entry.recorded
    parts = [part for part in (codes, entry.verification, entry.clinical) if part]
    place = read.origins.entries.get(entry.ref, "")
    return Stated(
        label=entry.code.words,
        value=", ".join(parts) or "without a code",
        origin=f"{short_ref(entry.ref)} {place}".rstrip(),
        day=("since " if entry.onset else "written ") + _day(when) if when else "",
        age=say_age(latest(when), read.facts.as_of) if when else "",
    )


def _day(when: When) -> str:
    if isinstance(when, PartialDate) and not when.is_exact:
        return str(when)
    return say_day(latest(when))


_SYSTEMS = {
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://snomed.info/sct": "SNOMED CT",
}


def _system(address: str) -> str:
    return _SYSTEMS.get(address, address or "system not named")


# -- scores, safeguards, guidelines -----------------------------------------------


def _scores(measured: Sequence[Measured], read: _Read) -> Section:
    lines = []
    for each in measured:
        if each.baseline is not None:
            lines.append(_total(each.baseline, ", baseline of the course", read))
        if each.latest is not None and each.latest != each.baseline:
            lines.append(_total(each.latest, ", latest", read))
    if lines:
        return Section(stated=tuple(lines))
    gap = Missing(what="A severity score", why="no complete score was taken in this clinic")
    return Section(missing=(gap,))


def _total(total: Total, which: str, read: _Read) -> Stated:
    most = f" of {total.highest}" if total.highest is not None else ""
    return Stated(
        label=f"{total.label} total{which}",
        value=f"{total.total}{most}",
        origin=f"{total.ref}, {total.by}",
        day=say_day(total.at),
        age=say_age(total.at, read.facts.as_of),
    )


def _safeguards(guards: Sequence[SafeguardVerdict]) -> tuple[VerdictLine, ...]:
    return tuple(
        VerdictLine(
            title=each.safeguard.label,
            answer=str(each.verdict.answer),
            words=_GUARD_WORDS[each.verdict.answer],
            reason=each.verdict.reason,
            from_=f"{each.safeguard.source}; {each.safeguard.source.mark.words}; "
            f"{each.safeguard.status}",
        )
        for each in guards
    )


def _guidelines(check: Check) -> tuple[VerdictLine, ...]:
    """The verdict of each guideline that was asked; reasons stay in the record."""
    return tuple(
        VerdictLine(
            title=each.pack.title,
            answer=str(each.answer),
            words="Says nothing of this person" if each.silent else _PACK_WORDS[each.answer],
            reason=", ".join(one.criterion.id for one in each.deciding[:8]),
            from_=f"edition {each.pack.edition}, {each.pack.status}",
        )
        for each in check.packs
    )


def _number(name: str, unit: str) -> str:
    """ "adult from " before "18 years"; nothing before "2 trials", which says it."""
    return "" if name == unit else name.replace("_", " ") + " "


def _drafts(pack: Pack) -> tuple[str, ...]:
    told = []
    if pack.illustrative:
        told.append(
            "The payer's rules are an illustration: not the policy of any payer, to be replaced "
            "by the site."
        )
    if str(pack.status) != "reviewed":
        told.append(f'The rules "{pack.short}" are a {pack.status}: nobody has reviewed them.')
    told.append(
        "Facts, trial definitions, safeguards and guidelines are drafts that no clinician has "
        "reviewed."
    )
    return tuple(told)
