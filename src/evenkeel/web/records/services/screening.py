"""Screening: what is known of a person, what was answered, what a prescriber decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.guidelines.facts.answers import UnreadableAnswers, read_trials, read_value
from evenkeel.core.guidelines.facts.kept import FORMAT as FACTS_FORMAT
from evenkeel.core.guidelines.facts.kept import facts_as_json
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.verdicts.check import as_object
from evenkeel.core.guidelines.verdicts.verdicts import SILENT, PackVerdict
from evenkeel.core.kernel.verdicts import Answer as Verdict
from evenkeel.core.safeguards import judge_all
from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import Role
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import FactAnswer, Patient, ScreeningDecision
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors.editions import safeguards_of
from evenkeel.web.records.selectors.facts import check_on, exact, inputs_of
from evenkeel.web.records.services.editions import keep_edition
from evenkeel.web.ui.words import local


class UnreadableAnswer(Exception):
    """An answer that cannot be kept. Words: what, why, what to do."""


class CannotDecide(Exception):
    """A decision that cannot be taken. Words: what, why, what to do."""


@transaction.atomic
@repeat_gives(FactAnswer)
def answer_fact(
    *,
    patient: Patient,
    name: str,
    value: Any,
    by: User,
    at: datetime,
    said_by: str,
    note: str = "",
    once: UUID | None = None,
) -> FactAnswer:
    """Keep an answer to a fact's question. A later answer supersedes; nothing is overwritten.

    value: as JSON has it (true, 140, "trd", a list of trials); None = not known.

    Raises:
        Denied: the role may not answer, or only a prescriber may judge this.
        UnreadableAnswer: no such fact, or not one of its values.
    """
    permissions.check_may(by, "facts.answer")
    claimed = claim(once, "fact.answered", by)
    content = library()
    _check_answer(name, value, by, content)
    answer = FactAnswer.objects.create(
        patient=patient, name=name, value=value, said_by=said_by, note=note, by=by, at=at
    )
    ledger.append(
        "fact.answered",
        sentence=f"{by.short_name} answered a screening question about {patient.short_name}.",
        by=by,
        at=at,
        patient=patient,
        subject=answer,
    )
    remember(claimed, answer)
    return answer


def _check_answer(name: str, value: Any, by: User, content: Library) -> None:
    if name == TRIALS:
        faults: list[str] = []
        read_trials(exact(value or []), faults)
        if faults:
            raise UnreadableAnswer("; ".join(faults))
        return
    if name not in content.dictionary:
        nearest = content.dictionary.nearest(name)
        raise UnreadableAnswer(f"There is no fact {name}. The nearest is {nearest or 'none'}.")
    definition = content.dictionary[name]
    if definition.judgement and definition.asked_of == "prescriber" and by.role != Role.PRESCRIBER:
        raise permissions.Denied(
            "Only a prescriber can judge this. Nothing was changed. Ask a prescriber to answer it."
        )
    try:
        read_value(exact(value), definition)
    except (ValueError, UnreadableAnswers) as fault:
        raise UnreadableAnswer(f"{definition.label}: {fault}. Nothing was changed.") from fault


@transaction.atomic
@repeat_gives(ScreeningDecision)
def decide(
    *,
    patient: Patient,
    pack: str,
    product: str,
    indication: str,
    choice: str,
    reason: str,
    by: User,
    at: datetime,
    once: UUID | None = None,
    content: Library | None = None,
) -> ScreeningDecision:
    """Keep what a prescriber decided, with every verdict, fact and the content it stood on.

    content: the edition that judges, for a decision of the past that is told afterwards;
        left out, the one that this house works with.

    Raises:
        Denied: only a prescriber decides.
        CannotDecide: a reason is missing where the pack does not say yes, a safeguard
            stops it, or pack, product and indication are not ones that are known.
    """
    permissions.check_may(by, "screening.decide")
    claimed = claim(once, "screening.decided", by)
    content = content or library()
    if choice not in ScreeningDecision.Choice.values:
        raise CannotDecide("Choose what is decided: plan a course, no treatment, or wait.")
    if pack not in content.packs:
        raise CannotDecide("Choose the pack that this decision follows.")
    for name, value in (("product", product), ("indication", indication)):
        if value not in content.dictionary[name].values:
            label = content.dictionary[name].label.lower()
            raise CannotDecide(f"The {label} is missing. A course is for one; choose it.")
    inputs = inputs_of(patient, as_of=local(at).date())
    result = check_on(inputs, content)
    verdict = next((each for each in result.packs if each.pack.id == pack), None)
    if verdict is None:
        raise CannotDecide("This pack is not among those that are shown. Choose another.")
    proceed = choice == ScreeningDecision.Choice.PROCEED
    guards = judge_all(result.facts, safeguards_of(content))
    held = [each for each in guards if each.holds_back]
    stopped = [each for each in held if each.safeguard.stops and each.verdict.answer is Verdict.NO]
    if proceed and stopped:
        raise CannotDecide(
            f"{stopped[0].verdict.reason} No course can be planned and no reason passes this. "
            "Correct the fact if it is wrong."
        )
    override = proceed and (verdict.answer is not Verdict.YES or bool(held))
    if not reason.strip() and (override or not proceed):
        raise CannotDecide(_why_a_reason(proceed, verdict, held))
    keep_edition(content, by=by, at=at)
    told = as_object(result, content)
    decision = ScreeningDecision.objects.create(
        patient=patient,
        pack=pack,
        product=product,
        indication=indication,
        choice=choice,
        verdict=str(verdict.answer),
        is_override=override,
        reason=reason.strip(),
        packs=told["packs"],
        facts=facts_as_json(result.facts),
        inputs=inputs.as_json() | {
            "facts_format": FACTS_FORMAT,
            "died": result.died,
            "safeguards": {each.safeguard.id: str(each.verdict.answer) for each in guards},
        },
        content_edition=result.edition,
        content_sha256=result.sha256,
        by=by,
        at=at,
    )  # fmt: skip
    words = {
        "proceed": "decided to plan a course for",
        "decline": "decided not to treat",
        "wait": "decided to wait with",
    }[choice]
    ledger.append(
        "screening.overridden" if override else "screening.decided",
        sentence=f"{by.short_name} {words} {patient.short_name}"
        + (", against an open or refusing verdict." if override else "."),
        by=by,
        at=at,
        patient=patient,
        subject=decision,
        data={"pack": pack, "content": result.edition},
        reason=reason.strip(),
    )
    remember(claimed, decision)
    return decision


def _why_a_reason(proceed: bool, verdict: PackVerdict, held: list[Any]) -> str:
    if not proceed:
        return "A decision not to go on needs a reason in words, so that the next reader knows why."
    if held:
        return (
            f"A safeguard is not cleared ({held[0].safeguard.label.lower()}). To go on in spite "
            "of it, write the reason; it stays visible. Or answer the question first."
        )
    if verdict.silent:
        return (
            f"The pack {SILENT}. To go on all the same, write the reason; it stays visible. "
            "Or choose a pack that speaks of this person."
        )
    return (
        f"The pack says {verdict.answer}. To go on in spite of it, write the reason; it stays "
        "visible. Or answer what is open first."
    )
