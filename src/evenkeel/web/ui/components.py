"""The components that templates may ask for, and the keys each one takes.

A key that is not listed here is refused, so a misspelt one cannot silently leave a
value out of a screen. `content` is what stands between {% wrap %} and {% endwrap %}.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One template under ui/components/: its keys in words."""

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    wraps: bool = False
    says: str = ""

    def refuse(self, name: str, given: set[str]) -> None:
        """Raises TypeError that names the key and the keys there are."""
        missing = [key for key in self.needs if key not in given]
        strange = sorted(given - {*self.needs, *self.takes})
        if missing or strange:
            keys = ", ".join((*self.needs, *(f"[{key}]" for key in self.takes)))
            raise TypeError(
                f"The component {name!r} was given {strange or 'nothing'} it does not know and "
                f"lacks {missing or 'nothing'}. Its keys are: {keys}."
            )


def _c(needs: str = "", takes: str = "", *, wraps: bool = False, says: str = "") -> Component:
    return Component(needs=tuple(needs.split()), takes=tuple(takes.split()), wraps=wraps, says=says)


COMPONENTS: dict[str, Component] = {
    "tag": _c("text", "kind icon", says="small frame; kind draft|strong|ok|no|judge"),
    "chip": _c("level", "text at", says="alarm chip; level high|medium|low|lost|ready"),
    "mark": _c(
        "answer", "text", says="verdict shape with its word; answer yes|no|unknown|judge|na"
    ),
    "blocked": _c(
        "text",
        "reason ready name value kind href form big below icon id",
        says="the act; unless ready it is dashed, keeps focus and says the reason in view",
    ),
    "panel": _c(
        "title", "count aside strong id flush level", wraps=True, says="framed box with a heading"
    ),
    "note": _c("", "kind role", wraps=True, says="text behind a bar; kind ok|warn"),
    "patient_card": _c(
        "family given record_no",
        "born age sex course warnings none_known_on unconfirmed href extra heading",
        says="identity; warnings is text, none_known_on a date; neither means not asked yet; "
        "extra is a list of (label, value)",
    ),
    "alarm": _c(
        "level title",
        "detail next next_strong due state id acknowledged_by",
        wraps=True,
        says="banner; level high|medium|low|lost, state new|held|ended; content is its buttons",
    ),
    "chair": _c("chair", "href live", says="chair panel; see ui/README.md for the keys of chair"),
    "chair_line": _c("chair", "href", says="the same chair as one line for a phone"),
    "phases": _c("parts", "notches", says="parts: list of (width, done 0 to 1); notches: 0 to 1"),
    "countdown": _c(
        "due",
        "what prefix big stacked late_prefix speak id",
        says="m:ss to an aware datetime; after it 'late by'",
    ),
    "next_check": _c("due what", "at", wraps=True, says="what is due, big countdown, acts"),
    "value": _c(
        "label",
        "number unit origin state level direction was id",
        says="state normal|beyond|stale|corrected|absent",
    ),
    "taps": _c(
        "label name levels post",
        "last last_at data id undo help",
        says="levels: list of (number, word); each tap posts name=number and once=uuid",
    ),
    "outcome": _c("answer said because", "aside aside_help", says="the big Go or Not yet"),
    "gate_row": _c(
        "state title",
        "why fact origin",
        wraps=True,
        says="one condition (li of ul.gate); state yes|no|judge|unknown|na|overridden",
    ),
    "verdict_head": _c("answer pack", "sub because edition status", says="th of a criteria table"),
    "criteria_table": _c(
        "heads rows",
        "caption safeguards change corner",
        says="heads as verdict_head; rows: {name, differ, help, cells}, a cell being "
        "{state, text, help, href}; "
        "safeguards: {state, strong, text}; change: list of texts",
    ),
    "questions": _c("title", "help id", wraps=True, says="the fewest questions; content: question"),
    "question": _c(
        "ask", "decides state answer id", wraps=True, says="li of questions; content is its buttons"
    ),
    "fact": _c(
        "label",
        "held origin age state",
        wraps=True,
        says="li of ul.facts; state fresh|old|absent|disputed",
    ),
    "two_person": _c(
        "label name", "unit help value state error", says="state empty|agrees|disagrees"
    ),
    "sealed": _c("", "text", says="a first answer that opens when the second agrees"),
    "dose_line": _c(
        "name", "help number unit checked sealed how", wraps=True, says="one line of a dose"
    ),
    "dose_scale": _c("value", "soft hard unit", says="where a dose stands up to the hard limit"),
    "balance": _c(
        "drawn given wasted unit", "given_word wasted_word", says="drawn = given + wasted"
    ),
    "suggestion": _c(
        "title",
        "state rule inputs not_known otherwise kicker draft",
        wraps=True,
        says="inputs: list of {state, text, age}; state fresh|refused|accepted|declined; "
        "content: the equal acts",
    ),
    "task": _c(
        "title",
        "sub level owner owner_help nobody left left_help late closed",
        wraps=True,
        says="li of ul.lines; level high|medium|low; content is its act",
    ),
    "days": _c("used", "total words state", says="calendar days used; state late|today"),
    "chain": _c("whole title detail", "", wraps=True, says="is the ledger whole"),
    "ledger_line": _c(
        "at sentence number fingerprint",
        "actor kind tag written_at",
        says="li of ol.ledger; kind act|look|override|correction|later|broken",
    ),
    "refusal": _c(
        "what",
        "why unchanged next id",
        wraps=True,
        says="what happened, why it matters, what to do",
    ),
    "empty": _c("title", "text", wraps=True, says="what would be here and how it comes"),
    "steps": _c("done total", "words", says="question 4 of 9"),
    "call": _c("href title help", "first icon", says="one big way to get help"),
    "pages": _c("page", "query words", says="a Django Page; query is the rest of the address"),
    "form_errors": _c("form", "what", says="the refusal of a whole form, if it has one"),
    "crisis_foot": _c("", "href", says="help at the foot of each patient page"),
}
