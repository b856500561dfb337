"""Consent: asked for by staff, given or refused by the person, withdrawn at any time.

Each purpose is answered by itself. Until the signature everything lives in the
progress of the link, so a lost connection loses nothing and an unfinished
reading decides nothing; the signature writes all answers in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import consent_texts, permissions
from evenkeel.web.records.models import ConsentRecord, Patient, Purpose, SingleUseLink
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors.consent import Standing, standing, standings
from evenkeel.web.records.services import links, mail

__all__ = [
    "NotYet",
    "Standing",
    "ask",
    "check_understanding",
    "choose",
    "keep_answer",
    "sign",
    "standing",
    "standings",
    "withdraw",
]

KIND = SingleUseLink.Kind.CONSENT


class NotYet(Exception):
    """Something must come first. The message is fit for the person who reads it."""


@transaction.atomic
@repeat_gives(SingleUseLink)
def ask(
    *,
    patient: Patient,
    purposes: Sequence[str],
    by: Any,
    at: datetime,
    by_mail: bool = True,
    once: UUID | None = None,
) -> SingleUseLink:
    """Make a consent link for these purposes and mail it, or leave it for a tablet.

    Raises:
        NotYet: no purpose was chosen, or there is no address to send it to.
    """
    permissions.check_may(by, "consent.send")
    chosen = [purpose for purpose in Purpose.values if purpose in purposes]
    if not chosen:
        raise NotYet("Nothing was sent: choose at least one thing to ask about.")
    if by_mail and not patient.email:
        raise NotYet(
            "Nothing was sent: this person has no e-mail address. Add one, or hand over a tablet."
        )
    claimed = claim(once, "consent.ask", by)
    link = links.issue(
        patient=patient,
        kind=KIND,
        scope={"purposes": chosen, "device": "own" if by_mail else "tablet"},
        by=by,
        at=at,
    )
    if by_mail:
        mail.queue(kind="consent", to_patient=patient, link=link)
    how = "was sent the consent texts" if by_mail else "was handed the consent texts on a tablet"
    ledger.append(
        "consent.asked",
        sentence=f"{patient.short_name} {how}: {_labels(chosen)}.",
        by=by,
        at=at,
        patient=patient,
        subject=link,
        data={"link": link.pk, "purposes": chosen},
    )
    remember(claimed, link)
    return link


def text_for(link: SingleUseLink, purpose: str, at: datetime) -> consent_texts.ConsentText:
    """The text in force for one purpose of this link, in the person's language."""
    if purpose not in link.scope["purposes"]:
        raise NotYet("This link does not ask about that.")
    return consent_texts.current(purpose, at.date(), link.patient.language or "en")


def progress_of(link: SingleUseLink, text: consent_texts.ConsentText) -> dict[str, Any]:
    """What was done so far for this very version; a newer one starts afresh."""
    done = link.progress.get(text.purpose, {})
    if done.get("sha256") != text.sha256:
        return {"sha256": text.sha256, "version": text.version, "tries": []}
    return dict(done)


@transaction.atomic
def check_understanding(
    *, link_id: int, purpose: str, answers: Mapping[str, int], at: datetime
) -> list[str]:
    """Keep one try at the check; the ids of the questions that were not right.

    An empty list means understood. Wrong answers are explained and may be tried
    again; each try is kept.

    Raises:
        DeadLink: the link cannot be used any more.
        NotYet: a question was left out.
    """
    link = links.hold(link_id, KIND, at)
    text = text_for(link, purpose, at)
    left_out = [q.ask for q in text.questions if q.id not in answers]
    if left_out:
        raise NotYet(f"One question has no answer yet: {left_out[0]}")
    wrong = [q.id for q in text.questions if answers[q.id] != q.right]
    done = progress_of(link, text)
    given = {q.id: answers[q.id] for q in text.questions}
    done["tries"] = [*done["tries"], {"at": at.isoformat(), "answers": given, "wrong": wrong}]
    done["understood"] = not wrong
    _save(link, purpose, done)
    return wrong


@transaction.atomic
def choose(*, link_id: int, purpose: str, agrees: bool, at: datetime) -> None:
    """Keep yes or no to one purpose, unsigned. A yes needs the check; a no never does.

    Raises:
        DeadLink: the link cannot be used any more.
        NotYet: yes before the text was understood.
    """
    link = links.hold(link_id, KIND, at)
    text = text_for(link, purpose, at)
    done = progress_of(link, text)
    if agrees and not done.get("understood"):
        raise NotYet("Please answer the questions about this text first.")
    done["answer"] = "given" if agrees else "refused"
    _save(link, purpose, done)


def _save(link: SingleUseLink, purpose: str, done: dict[str, Any]) -> None:
    link.progress = {**link.progress, purpose: done}
    link.save(update_fields=["progress"])


def open_purposes(link: SingleUseLink, at: datetime) -> list[str]:
    """The purposes of this link that have no answer to the version in force."""
    return [
        purpose
        for purpose in link.scope["purposes"]
        if "answer" not in progress_of(link, text_for(link, purpose, at))
    ]


@transaction.atomic
def sign(*, link_id: int, name: str, confirmed: bool, at: datetime) -> list[ConsentRecord]:
    """Write all answers of a link under one signature, and use the link up.

    name: what the person typed; confirmed: the ticked statement beside it.

    Raises:
        DeadLink: the link cannot be used (any more); a second signature ends here.
        NotYet: an answer, the name or the tick is missing, or a text changed meanwhile.
    """
    link = links.hold(link_id, KIND, at)
    missing = open_purposes(link, at)
    if missing:
        raise NotYet(
            f"There is no answer yet about {_labels(missing)}. If you had answered it: the text "
            "has changed since, and we ask you to read it again."
        )
    if not name.strip() or not confirmed:
        raise NotYet("To sign, write your full name and tick the sentence above it.")
    records = []
    for purpose in link.scope["purposes"]:
        text = text_for(link, purpose, at)
        done = progress_of(link, text)
        records.append(
            keep_answer(
                patient=link.patient,
                text=text,
                answer=done["answer"],
                signature=name.strip(),
                understanding=done["tries"],
                via=f"link:{link.scope.get('device', 'own')}",
                at=at,
            )
        )
    links.use_up(link, at)
    return records


def keep_answer(
    *,
    patient: Patient,
    text: consent_texts.ConsentText,
    answer: str,
    signature: str,
    understanding: list[dict[str, Any]],
    via: str,
    at: datetime,
    by: Any = None,
) -> ConsentRecord:
    """One answer to one version of one text, and its ledger entry, in the open transaction."""
    record = ConsentRecord.objects.create(
        patient=patient,
        purpose=text.purpose,
        version=text.version,
        language=text.language,
        text_sha256=text.sha256,
        answer=answer,
        understanding=understanding,
        signature=signature,
        via=via,
        at=at,
        by=by,
    )
    said = "gave consent to" if answer == ConsentRecord.Answer.GIVEN else "refused"
    ledger.append(
        f"consent.{answer}",
        sentence=f"{patient.short_name} {said} {record.get_purpose_display()}, version "
        f"{text.version}, signed.",
        by=by,
        at=at,
        patient=patient,
        subject=record,
        data={"purpose": text.purpose, "version": text.version, "text_sha256": text.sha256},
    )
    return record


@transaction.atomic
@repeat_gives(ConsentRecord)
def withdraw(
    *,
    patient: Patient,
    purpose: str,
    reason: str,
    by: Any,
    at: datetime,
    once: UUID | None = None,
) -> ConsentRecord:
    """Staff note that the person withdrew; from this moment the purpose is a no.

    Raises:
        NotYet: there is no consent to withdraw, or the reason is missing.
    """
    permissions.check_may(by, "consent.withdraw")
    if not reason.strip():
        raise NotYet("Nothing was changed: write how and when the person withdrew.")
    claimed = claim(once, "consent.withdraw", by)
    # Two people who note it at once write one row: the patient row is the lock.
    Patient.objects.select_for_update().get(pk=patient.pk)
    latest = patient.consents.filter(purpose=purpose).order_by("-id").first()
    if latest is None or latest.answer != ConsentRecord.Answer.GIVEN:
        raise NotYet("Nothing was changed: there is no consent of this kind to withdraw.")
    record = ConsentRecord.objects.create(
        patient=patient,
        purpose=purpose,
        version=latest.version,
        language=latest.language,
        text_sha256=latest.text_sha256,
        answer=ConsentRecord.Answer.WITHDRAWN,
        via="staff",
        reason=reason.strip(),
        at=at,
        by=by,
    )
    ledger.append(
        "consent.withdrawn",
        sentence=f"{patient.short_name} withdrew consent to {record.get_purpose_display()}.",
        by=by,
        at=at,
        patient=patient,
        subject=record,
        data={"purpose": purpose, "version": latest.version},
        reason=record.reason,
    )
    remember(claimed, record)
    return record


def _labels(purposes: Sequence[str]) -> str:
    return ", ".join(str(Purpose(purpose).label) for purpose in purposes)
