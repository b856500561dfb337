"""What marks, strengths and stages mean, in a reader's words."""

from __future__ import annotations

from datetime import date

from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.kernel.sources import Mark

DRAFT_WORDS = (
    "No clinician has reviewed any of this. Read the source before you act on it. "
    "Evenkeel decides nothing."
)

MARK_SHORT = {
    Mark.SEEN: "seen",
    Mark.SEEN_SECONDARY: "seen on a repost",
    Mark.KNOWN: "general knowledge",
    Mark.KNOWN_VERIFY: "to be verified",
    Mark.JUDGEMENT: "a proposal",
}
MARK_MEANS = {
    Mark.SEEN: "Somebody of this project read it on the issuing body's own page. Only such a "
    "source may stop anything hard.",
    Mark.SEEN_SECONDARY: "It was read in a repost or a report, not in the original. It counts, "
    "and a prescriber may go on with a written reason.",
    Mark.KNOWN: "It is widely known and was not read again. It counts, and a prescriber may go "
    "on with a written reason.",
    Mark.KNOWN_VERIFY: "It is believed, less surely. It is shown and asked, and never blocks: "
    "no verdict stands on it until it has been read.",
    Mark.JUDGEMENT: "A proposal of this project that nobody published. It says nothing about "
    "care by itself.",
}
STRENGTH_MEANS = {
    "must": "The source requires it: not met makes the pack say no.",
    "should": "The source recommends it: not met leaves a prescriber to judge.",
    "consider": "The source offers it for thought; it never decides.",
    "may": "The source permits it; it never decides.",
}
STAGE_WORDS = {
    "screening": "Before a plan",
    "setting": "The place and its people",
    "day": "On the day, before the dose",
    "dose": "At the dose",
    "live": "While it acts",
    "leave": "Before leaving",
    "after": "Between and after treatments",
    "records": "Records and stock",
}
"""In the order in which a treatment meets them."""

ASKED_WORDS = {
    "coordinator": "a coordinator",
    "nurse": "a nurse",
    "prescriber": "a prescriber",
    "pharmacist": "a pharmacist",
    "administrator": "an administrator",
    "patient": "the patient",
}


def weighs(criterion: Criterion, pack: Pack) -> str:
    """What the criterion can do, given its strength, its stage and how its source was read."""
    if pack.is_payers:
        return "A payer's question about paying. No verdict on care stands on it."
    if criterion.require is None:
        return "Advice: it is shown when it applies and stands in nobody's way."
    if not criterion.blocks:
        return "It never blocks: its source must be verified first. It is shown and asked."
    if criterion.strength in ("consider", "may"):
        return "It is shown and never decides."
    if criterion.counts:
        return "It takes part in the pack's verdict at screening."
    stage = STAGE_WORDS[criterion.stage]
    return f"It binds at its stage ({stage[:1].lower()}{stage[1:]}), not at screening."


def in_force_words(since: date | None, until: date | None) -> str:
    """ "from 5 March 2019", "until 30 June 2024", both, or "" where the source names no day."""
    first = f"from {_day(since)}" if since else ""
    last = f"until {_day(until)}" if until else ""
    return " ".join(part for part in (first, last) if part)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
