"""Where a fact comes from, how it was read, and how far it has been reviewed.

A clinical number without a source is a rumour: every item of content carries a
``Source``, and the few numbers that stand in code have one beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a source was read. Only SEEN may back a hard stop."""

    SEEN = "seen"
    SEEN_SECONDARY = "seen-secondary"
    KNOWN = "known"
    KNOWN_VERIFY = "known-verify"
    JUDGEMENT = "judgement"

    @property
    def words(self) -> str:
        """The mark as a reader of a screen would say it."""
        return _MARK_WORDS[self]


_MARK_WORDS = {
    Mark.SEEN: "read on the issuing body's own page",
    Mark.SEEN_SECONDARY: "read in a repost, not the original",
    Mark.KNOWN: "general knowledge, not re-read",
    Mark.KNOWN_VERIFY: "general knowledge, less sure: verify before use",
    Mark.JUDGEMENT: "a proposal of this project, not published",
}


class Status(StrEnum):
    """Review of a piece of content. Two clinicians make it reviewed."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that somebody else can open and read.

    title: the document, as a reader would look for it.
    at: section, table or page inside it; empty when the whole document is meant.
    url: where it was read; empty when it was not read online.
    mark: how it was read.
    """

    title: str
    at: str = ""
    url: str = ""
    mark: Mark = Mark.KNOWN

    def __str__(self) -> str:
        return f"{self.title}, {self.at}" if self.at else self.title
