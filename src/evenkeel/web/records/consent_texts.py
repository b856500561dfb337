"""The texts people are asked to agree to, by purpose, version and language.

Content, read strictly. A text is never edited in place once in force: a change
is a new version, and a new version asks again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache

import msgspec

from evenkeel.core.kernel.content import ContentFault, content, files_below, read_toml
from evenkeel.core.kernel.sources import Status
from evenkeel.web.records.models import Purpose

DEFAULT_LANGUAGE = "en"


class NoText(LookupError):
    """No text of this purpose is in force; the message says what to add."""


class AnswerToCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: str
    right: bool


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question that shows whether the text was understood."""

    id: str
    ask: str
    explain: str
    answers: tuple[AnswerToCheck, ...]

    @property
    def right(self) -> int:
        """The place of the right answer."""
        return next(n for n, answer in enumerate(self.answers) if answer.right)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    heading: str
    text: tuple[str, ...]


class _NotNeeded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    product: str
    indication: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    purpose: str
    version: str
    language: str
    title: str
    status: Status
    in_force_from: date
    ask: str
    yes: str
    no: str
    needed_to_be_treated: bool
    section: list[Section]
    question: list[Question]
    not_needed_for: list[_NotNeeded] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """One version of one text. ``sha256`` is over the bytes of its file."""

    purpose: str
    version: str
    language: str
    title: str
    status: Status
    in_force_from: date
    ask: str
    yes: str
    no: str
    needed_to_be_treated: bool
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    not_needed_for: frozenset[tuple[str, str]]
    sha256: str

    @property
    def is_draft(self) -> bool:
        return self.status is Status.DRAFT


@cache
def all_texts() -> tuple[ConsentText, ...]:
    """Every version there is, oldest first."""
    found: list[ConsentText] = []
    for place in files_below(content("consent"), ".toml"):
        read = read_toml(place, _File)
        if read.purpose not in Purpose.values:
            raise ContentFault(f"consent/{place.name}: {read.purpose!r} is no purpose")
        for question in read.question:
            if sum(answer.right for answer in question.answers) != 1:
                raise ContentFault(f"consent/{place.name}: {question.id} needs one right answer")
        found.append(
            ConsentText(
                purpose=read.purpose,
                version=read.version,
                language=read.language,
                title=read.title,
                status=read.status,
                in_force_from=read.in_force_from,
                ask=read.ask,
                yes=read.yes,
                no=read.no,
                needed_to_be_treated=read.needed_to_be_treated,
                sections=tuple(read.section),
                questions=tuple(read.question),
                not_needed_for=frozenset((n.product, n.indication) for n in read.not_needed_for),
                sha256=hashlib.sha256(place.read_bytes()).hexdigest(),
            )
        )
    return tuple(sorted(found, key=lambda text: (text.in_force_from, text.version)))


def current(purpose: str, on: date, language: str = DEFAULT_LANGUAGE) -> ConsentText:
    """The version in force on a day, in the language or else in the default one.

    Raises:
        NoText: none is in force.
    """
    in_force = [
        text
        for text in all_texts()
        if text.purpose == purpose
        and text.in_force_from <= on
        and text.status is not Status.RETIRED
    ]
    for wanted in (language.split("-")[0].lower(), DEFAULT_LANGUAGE):
        fitting = [text for text in in_force if text.language == wanted]
        if fitting:
            return fitting[-1]
    raise NoText(
        f"No text on {Purpose(purpose).label} is in force on {on}. Add one to content/consent."
    )


def version_of(purpose: str, version: str, language: str) -> ConsentText | None:
    """The text a record was given to, or None where it is no longer shipped."""
    for text in all_texts():
        if (text.purpose, text.version, text.language) == (purpose, version, language):
            return text
    return None


def needed(product: str, indication: str, on: date) -> tuple[str, ...]:
    """The purposes without which nobody is treated with this product for this illness."""
    found = []
    for purpose in (Purpose.TREATMENT, Purpose.OFF_LABEL):
        text = current(purpose, on)
        if text.needed_to_be_treated and (product, indication) not in text.not_needed_for:
            found.append(purpose.value)
    return tuple(found)
