"""Editions that decisions stood on: found again, and their verdicts made anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from evenkeel.core.chart import Refused
from evenkeel.core.guidelines.facts.kept import FORMAT as FACTS_FORMAT
from evenkeel.core.guidelines.facts.kept import UnreadableKept, facts_from, fitting
from evenkeel.core.guidelines.packs.editions import UnknownEdition, read_archive, released
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.verdicts.check import judge_facts, packs_as_object
from evenkeel.core.guidelines.verdicts.effects import ABSENT, Moved, Parted, moved, parted
from evenkeel.core.guidelines.verdicts.verdicts import PackVerdict, fact_words
from evenkeel.core.kernel.content import ContentFault
from evenkeel.core.safeguards import Safeguard, judge_all, load_safeguards
from evenkeel.web.records.models import ContentEdition, ScreeningDecision
from evenkeel.web.records.selectors.facts import Inputs, check_on, kept_inputs


class NoSuchContent(Exception):
    """The content of a fingerprint cannot be had. Words: what, why, what to do."""


def content_of(sha256: str) -> Library:
    """The content of that fingerprint: today's, the one kept here, or a released edition.

    Raises:
        NoSuchContent: it is nowhere, was altered, or cannot be read any more.
    """
    today = library()
    if sha256 == today.sha256:
        return today
    row = ContentEdition.objects.filter(sha256=sha256).first()
    try:
        if row is not None:
            return _read(bytes(row.archive), sha256)
        return released(sha256)
    except UnknownEdition:
        raise NoSuchContent(
            f"The content with the fingerprint {sha256[:16]} is neither kept here nor a released "
            "edition. Without it nothing can be judged again, and nothing is guessed."
        ) from None
    except ContentFault as fault:
        where = "kept in this database" if row is not None else "that came with this program"
        raise NoSuchContent(
            f"The content with the fingerprint {sha256[:16]} {where} cannot be used: {fault}. "
            "Nothing is judged from it. Restore it from a backup, and verify the ledger."
        ) from fault


@lru_cache(maxsize=3)
def _read(raw: bytes, sha256: str) -> Library:
    """Remembered by its very bytes, so that altered ones are always read anew."""
    return read_archive(raw, sha256)


@lru_cache(maxsize=4)
def _safeguards(sha256: str) -> tuple[Safeguard, ...]:
    return load_safeguards(content_of(sha256).held)


def safeguards_of(content: Library) -> tuple[Safeguard, ...]:
    """The safeguards of that edition."""
    return _safeguards(content.sha256)


def guard_answers(facts: Facts, content: Library) -> dict[str, str]:
    """What each safeguard of an edition says, by id."""
    judged = judge_all(facts, safeguards_of(content))
    return {each.safeguard.id: str(each.verdict.answer) for each in judged}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One pack of a decision: kept then, judged anew, and judged by today's content.

    anew, today: answers, or ``ABSENT``. changes: criteria that part today's answer from anew.
    """

    pack: str
    title: str
    chosen: bool
    kept: str
    anew: str
    today: str
    changes: tuple[Moved, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactApart:
    """A fact that reads otherwise today, from the same record and answers."""

    name: str
    kept: str
    anew: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A decision explained again.

    refused: why it could not be judged anew; everything else is then empty.
    parts: where today's engine parts from what was kept; () = identical.
    facts: where reading the record anew, with the edition's content, parts from it.
    unread: why the record could not be read anew; "" when it could.
    """

    refused: str = ""
    edition: Library | None = None
    packs: tuple[Told, ...] = ()
    parts: tuple[Parted, ...] = ()
    facts: tuple[FactApart, ...] = ()
    guards: tuple[tuple[str, str, str, str], ...] = ()
    unread: str = ""

    @property
    def is_identical(self) -> bool:
        return not self.refused and not self.parts


def explain_again(made: ScreeningDecision) -> Again:
    """The decision's verdicts, judged anew from what was kept with it.

    First the kept facts under the edition that it stood on; then the record as it was,
    read anew; then the same under today's content.
    """
    if made.inputs is None or made.inputs.get("facts_format") != FACTS_FORMAT:
        return Again(
            refused="This decision is older than the keeping of everything that it was read from. "
            "What was decided and why stands on its page; it cannot be judged anew, and nothing "
            "is guessed."
        )
    try:
        edition = content_of(made.content_sha256)
        inputs, unread = _inputs(made)
        facts = facts_from(made.facts, date.fromisoformat(made.inputs["as_of"]), edition.dictionary)
    except NoSuchContent as fault:
        return Again(refused=str(fault))
    except (UnreadableKept, KeyError, TypeError, ValueError) as fault:
        return Again(
            refused="What was kept with this decision cannot be read "
            f"({fault}). Nothing is judged from it. Verify the ledger."
        )
    stored = [str(each["pack"]) for each in made.packs]
    there = [name for name in stored if name in edition.packs]
    died = bool(made.inputs["died"])
    anew = judge_facts(facts, library=edition, packs=there, died=died)
    return Again(
        edition=edition,
        parts=parted(made.packs, packs_as_object(anew, edition)) + _guards_parted(made, facts),
        packs=_packs(made, anew, _today(facts, inputs, stored, died=died)),
        facts=_facts_apart(facts, inputs, edition) if inputs is not None else (),
        guards=_guards(made, facts, inputs),
        unread=unread,
    )


def _inputs(made: ScreeningDecision) -> tuple[Inputs | None, str]:
    try:
        return kept_inputs(made.patient, made.inputs), ""
    except Refused as fault:
        return None, f"The record of that day cannot be read by today's reader: {fault}"


def _today(
    facts: Facts, inputs: Inputs | None, stored: list[str], *, died: bool
) -> tuple[PackVerdict, ...]:
    """Today's content on the same inputs; on the kept facts when the record cannot be read."""
    today = library()
    there = [name for name in stored if name in today.packs]
    if inputs is None:
        known = fitting(facts, today.dictionary)
        return judge_facts(known, library=today, packs=there, died=died)
    return check_on(inputs, today, there).packs


def _packs(
    made: ScreeningDecision, anew: tuple[PackVerdict, ...], today: tuple[PackVerdict, ...]
) -> tuple[Told, ...]:
    was = {each.pack.id: each for each in anew}
    now = {each.pack.id: each for each in today}
    told = []
    for kept in made.packs:
        name = str(kept["pack"])
        old, new = was.get(name), now.get(name)
        told.append(
            Told(
                pack=name,
                title=old.pack.short if old else new.pack.short if new else name,
                chosen=name == made.pack,
                kept=str(kept["verdict"]),
                anew=str(old.answer) if old else ABSENT,
                today=str(new.answer) if new else ABSENT,
                changes=moved(old.criteria, new.criteria) if old and new else (),
            )
        )
    return tuple(told)


def _facts_apart(facts: Facts, inputs: Inputs, edition: Library) -> tuple[FactApart, ...]:
    anew = check_on(inputs, edition, ()).facts
    apart = []
    for name, definition in edition.dictionary.facts.items():
        if facts[name].value != anew[name].value:
            apart.append(
                FactApart(
                    name=name,
                    kept=fact_words(facts[name], definition),
                    anew=fact_words(anew[name], definition),
                )
            )
    return tuple(apart)


def _guards(
    made: ScreeningDecision, facts: Facts, inputs: Inputs | None
) -> tuple[tuple[str, str, str, str], ...]:
    """Each safeguard: its label, kept, anew and under today's content."""
    edition, today = content_of(made.content_sha256), library()
    anew = guard_answers(facts, edition)
    known = fitting(facts, today.dictionary)
    if inputs is not None:
        known = check_on(inputs, today, ()).facts
    now = guard_answers(known, today)
    labels = {each.id: each.label for each in (*safeguards_of(today), *safeguards_of(edition))}
    kept = made.inputs["safeguards"]
    return tuple(
        (labels.get(name, name), kept.get(name, ABSENT), anew.get(name, ABSENT),
         now.get(name, ABSENT))
        for name in dict.fromkeys((*kept, *anew, *now))
    )  # fmt: skip


def _guards_parted(made: ScreeningDecision, facts: Facts) -> tuple[Parted, ...]:
    kept = made.inputs["safeguards"]
    anew = guard_answers(facts, content_of(made.content_sha256))
    return tuple(
        Parted(pack="safeguards", criterion=name, kept=kept.get(name, ABSENT),
               anew=anew.get(name, ABSENT))
        for name in dict.fromkeys((*kept, *anew))
        if kept.get(name) != anew.get(name)
    )  # fmt: skip
