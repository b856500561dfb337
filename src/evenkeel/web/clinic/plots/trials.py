"""Antidepressants on one axis: a lane per drug, its doses, what each rule makes of it.

In: a ``TrialHistory``. Out: one SVG with a spoken summary and its table twin. Solid is
what is sure; dashed is what the dates or the tables leave open. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.trials.definitions import TrialDefinition
from evenkeel.core.guidelines.trials.history import Trial, stretches, weeks_of, weeks_words
from evenkeel.core.guidelines.trials.judgements import TrialJudgement
from evenkeel.core.guidelines.trials.rules import improvement_words
from evenkeel.core.kernel.quantities import plain
from evenkeel.web.records.selectors.trials import TrialHistory
from evenkeel.web.ui import svg
from evenkeel.web.ui.words import MONTHS, write_date

LEFT, RIGHT, WIDE = 148.0, 840.0, 1000.0
TOP, BAR, ROW = 34.0, 30.0, 17.0
LETTER = 6.4  # how wide a letter is, about


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    """Trials of one drug that do not overlap. places: their rows of the table."""

    drug: str
    places: list[int]


class _Axis:
    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last

    def x(self, day: date) -> float:
        whole = max((self.last - self.first).days, 1)
        part = (day - self.first).days / whole
        return LEFT + min(max(part, 0), 1) * (RIGHT - LEFT)

    def ticks(self) -> list[date]:
        """First days of months, as many as have room for their words."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        step = next((n for n in (1, 2, 3, 6, 12, 24, 60) if months / n <= 8), 120)
        found = []
        year, month = self.first.year, 1
        while (day := date(year, month, 1)) <= self.last:
            if day >= self.first:
                found.append(day)
            month += step
            year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        return found


def draw(history: TrialHistory) -> SafeString:
    """The figure; nothing where no trial has a date."""
    table = history.table
    dated = [place for place, trial in enumerate(table.trials) if trial.start is not None]
    if not dated:
        return svg.NOTHING
    starts = [stretches(table.trials[place], table.as_of)[0].first[0] for place in dated]
    days = [day for day in (*starts, *history.ect) if day is not None]
    if history.episode is not None and history.episode.began[0] > date(1900, 1, 1):
        days.append(history.episode.began[0])
    axis = _Axis(min(days) - timedelta(days=20), table.as_of + timedelta(days=10))
    rules = [each for each in table.definitions if each.kind == "rule"]
    lanes = _lanes(history, dated)
    high = BAR + 8 + ROW * len(rules) + 14
    foot = TOP + high * len(lanes) + (34 if history.ect else 0)
    body: list[SafeString] = _grid(axis, foot)
    body += _episode(history, axis, foot)
    for number, lane in enumerate(lanes):
        body += _lane(history, lane, rules, axis, TOP + high * number)
    if history.ect:
        body += _ect(history, axis, TOP + high * len(lanes))
    now = axis.x(table.as_of)
    body.append(svg.line(now, 20, now, foot, "now-line"))
    return format_html(
        '<figure class="plot trial-plot"><div class="scroll-x" tabindex="0" role="region" '
        'aria-label="Antidepressant trials, drawn">'
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" class="plot-wide">{}</svg></div>'
        "{}<figcaption>{}</figcaption>{}</figure>",
        svg.n(WIDE),
        svg.n(foot + 8),
        _summary(history),
        svg.join(body),
        _legend(),
        _notes(history, dated),
        svg.twin(
            ("Drug", "From", "To", "How long", "Dose", "What came of it",
             *(each.short for each in table.definitions)),
            _rows(history),
            "Antidepressant trials, as a table",
        ),
    )  # fmt: skip


def _lanes(history: TrialHistory, dated: Sequence[int]) -> list[_Lane]:
    table, doses = history.table, history.content.knowledge.doses

    def first(place: int) -> date:
        return stretches(table.trials[place], table.as_of)[0].first[0] or table.as_of

    lanes: list[_Lane] = []
    ends: list[date] = []
    for place in sorted(dated, key=first):
        trial = table.trials[place]
        drug = doses.ingredient(trial.drug)
        end = stretches(trial, table.as_of)[-1].last[1]
        free = next(
            (n for n, lane in enumerate(lanes) if lane.drug == drug and ends[n] < first(place)),
            None,
        )
        if free is None:
            lanes.append(_Lane(drug=drug, places=[place]))
            ends.append(end)
        else:
            lanes[free].places.append(place)
            ends[free] = end
    return lanes


def _lane(
    history: TrialHistory,
    lane: _Lane,
    rules: Sequence[TrialDefinition],
    axis: _Axis,
    top: float,
) -> list[SafeString]:
    table = history.table
    name = lane.drug[:1].upper() + lane.drug[1:]
    if len(name) > 20:
        name = name[:19] + "…"
    out = [svg.line(0, top, WIDE, top, "rule"), svg.text(0, top + 20, name, "strong")]
    for number, rule in enumerate(rules):
        y = top + BAR + 8 + ROW * number
        out.append(svg.text(0, y + 11, rule.short))
    for position, place in enumerate(lane.places):
        trial, row = table.trials[place], table.rows[place]
        later = lane.places[position + 1] if position + 1 < len(lane.places) else None
        edge = WIDE
        if later is not None:
            begin = stretches(table.trials[later], table.as_of)[0].first[0] or table.as_of
            edge = axis.x(begin) - 6
        out += _dose_bars(trial, axis, table.as_of, top + 4, edge)
        judged = {each.definition: each for each in row}
        for number, rule in enumerate(rules):
            y = top + BAR + 8 + ROW * number
            out += _verdict(judged[rule.id], axis, table.as_of, y, edge)
    return out


def _span(trial: Trial, as_of: date) -> tuple[date, date]:
    parts = stretches(trial, as_of)
    first = parts[0].first[0] or parts[0].last[0]
    return first, max(part.last[1] for part in parts)


def _dose_bars(trial: Trial, axis: _Axis, as_of: date, top: float, edge: float) -> list[SafeString]:
    """One bar per dose, higher for more; what the dates leave open is only outlined."""
    out: list[SafeString] = []
    most, came = trial.highest_mg, came_of(trial)
    end_x, fits = 0.0, True
    for part in stretches(trial, as_of):
        first = part.first[0] or part.last[0]
        mg = part.dose_mg_per_day
        share = float(mg / most) if mg is not None and most else 1.0
        high = BAR * (0.35 + 0.65 * share) - 4
        y = top + BAR - 4 - high
        x1, x2 = axis.x(first), axis.x(part.last[1])
        end_x = max(end_x, x2)
        sure = part.surest
        if sure is None or mg is None or sure != (first, part.last[1]):
            out.append(svg.rect(x1, y, max(x2 - x1, 2), high, "planned"))
        if sure is not None and mg is not None:
            out.append(svg.rect(axis.x(sure[0]), y, max(axis.x(sure[1]) - axis.x(sure[0]), 2),
                                high, "given"))  # fmt: skip
        words = f"{plain(mg)} mg" if mg is not None else "? mg"
        room = axis.x(sure[1]) - axis.x(sure[0]) if sure is not None and mg is not None else 0
        if sure is not None and room > len(words) * LETTER + 8:
            out.append(svg.text(axis.x(sure[0]) + 5, top + BAR - 9, words, "on-given"))
        else:
            fits = False
    if not fits:
        doses = ", ".join(plain(part.dose_mg_per_day) if part.dose_mg_per_day is not None else "?"
                          for part in stretches(trial, as_of))  # fmt: skip
        came = f"{doses} mg; {came}"
    if edge - end_x > len(came) * LETTER + 10:
        out.append(svg.text(end_x + 8, top + BAR - 9, came))
    return out


def came_of(trial: Trial) -> str:
    """ "10% better, + lithium": what is written at the end of a trial."""
    said = [improvement_words(trial) or "response not known"]
    if trial.was_augmented:
        said.append(f"+ {trial.augmentation or 'something added'}")
    if trial.ongoing:
        said.append("still taken")
    return ", ".join(said)


def _verdict(
    judged: TrialJudgement, axis: _Axis, as_of: date, y: float, edge: float
) -> list[SafeString]:
    """The adequate stretch of one rule: solid = adequate, dashed = not sure, none = too little."""
    first, last = _span(judged.trial, as_of)
    x1, x2 = axis.x(first), axis.x(last)
    out: list[SafeString] = []
    if judged.adequate and judged.stretch is not None:
        a, b = axis.x(judged.stretch[0]), axis.x(judged.stretch[1])
        kind = "adequate" if judged.counts else "adequate open"
        out.append(svg.rect(a, y + 3, max(b - a, 3), 8, kind))
    elif judged.adequate is None:
        out.append(svg.line(x1, y + 7, max(x2, x1 + 6), y + 7, "adequate-unsure"))
    else:
        out.append(svg.line(x1, y + 7, max(x2, x1 + 6), y + 7, "dots"))
    words = short_words(judged)
    if edge - x2 > len(words) * LETTER + 10:
        out.append(svg.text(x2 + 8, y + 11, words, "strong" if judged.counts else ""))
    return out


_SHORT = {
    "dose": "dose too low",
    "time": "too short",
    "time_at_dose": "too short at that dose",
    "taken": "not taken as agreed",
    "response": "it helped",
    "episode": "earlier episode",
    "route": "not by mouth",
}
_OPEN = {
    "dose": "dose not settled",
    "time": "time not known",
    "time_at_dose": "time not known",
    "taken": "taken? not known",
    "response": "response not known",
    "episode": "episode not known",
    "route": "route not known",
}


def short_words(judged: TrialJudgement) -> str:
    """ "counts", "dose too low", "partial response", "dose not settled"."""
    if judged.counts:
        return "counts"
    if judged.counts is False and judged.partial:
        return "partial response"
    if judged.counts is False:
        failing = [part.about for part in judged.parts if part.holds is False]
        return _SHORT.get(failing[0], "does not count") if failing else "does not count"
    open_ = [part.about for part in judged.parts if part.holds is None]
    return _OPEN.get(open_[0], "not settled") if open_ else "not settled"


def _grid(axis: _Axis, foot: float) -> list[SafeString]:
    out: list[SafeString] = []
    for day in axis.ticks():
        x = axis.x(day)
        out.append(svg.line(x, 22, x, foot, "grid"))
        if axis.x(axis.last) - x > 40:
            out.append(svg.text(x, 14, f"{MONTHS[day.month - 1]} {day.year}", "", "middle"))
    out.append(svg.text(axis.x(axis.last), 14, "today", "strong", "middle"))
    return out


def _episode(history: TrialHistory, axis: _Axis, foot: float) -> list[SafeString]:
    if history.episode is None:
        return []
    first, last = history.episode.began
    x1, x2 = axis.x(first), axis.x(last)
    out = []
    if x2 - x1 > 2:
        out.append(svg.rect(x1, 22, x2 - x1, foot - 22, "future"))
    out.append(svg.line(x2, 22, x2, foot, "definition"))
    anchor, x = ("start", x2 + 4) if x2 < RIGHT - 150 else ("end", x2 - 4)
    out.append(svg.text(x, 30, "this episode begins", "line-words", anchor))
    return out


def _ect(history: TrialHistory, axis: _Axis, top: float) -> list[SafeString]:
    out = [svg.line(0, top, WIDE, top, "rule"), svg.text(0, top + 20, "ECT", "strong")]
    out += [svg.line(axis.x(day), top + 6, axis.x(day), top + 26, "event-bar")
            for day in history.ect]  # fmt: skip
    return out


def _legend() -> SafeString:
    def key(shape: SafeString, words: str) -> SafeString:
        return format_html(
            '<span><svg viewBox="0 0 22 12" aria-hidden="true">{}</svg>{}</span>', shape, words
        )

    return format_html(
        '<p class="legend">{}</p>',
        svg.join(
            [
                key(svg.rect(1, 1, 20, 10, "given"), "taken; higher is a higher dose"),
                key(svg.rect(1, 1, 20, 10, "planned"), "days or dose not sure"),
                key(svg.rect(1, 2, 20, 8, "adequate"), "adequate and failed: counts"),
                key(svg.rect(1, 2, 20, 8, "adequate open"), "adequate, and does not count"),
                key(svg.line(1, 6, 21, 6, "adequate-unsure"), "not sure that it was adequate"),
                key(svg.line(1, 6, 21, 6, "dots"), "not adequate"),
            ]
        ),
    )


def _notes(history: TrialHistory, dated: Sequence[int]) -> str:
    undated = [trial.drug for place, trial in enumerate(history.table.trials)
               if place not in dated]  # fmt: skip
    said = []
    if undated:
        said.append(f"Not drawn, for want of dates: {', '.join(undated)}.")
    if history.episode is None:
        said.append("When this episode began is not known.")
    said.append("Doses, weeks and percentages of every rule are drafts.")
    return " ".join(said)


def _summary(history: TrialHistory) -> str:
    table = history.table
    said = [f"{len(table.trials)} antidepressant trial{'s' if len(table.trials) != 1 else ''}."]
    for each in table.definitions:
        if each.kind == "rule":
            said.append(f"{each.short}: {table.counts[each.id]} adequate and failed.")
    return " ".join(said)


def dose_words(trial: Trial) -> str:
    """ "75, then 150 mg a day", "100 mg a day", "not known"."""
    steps = [f"{plain(step.dose_mg_per_day)}" if step.dose_mg_per_day is not None else "?"
             for step in trial.steps]  # fmt: skip
    if steps:
        return f"{', then '.join(steps)} mg a day"
    mg = trial.dose_mg_per_day
    return f"{plain(mg)} mg a day" if mg is not None else "not known"


def day_words(day: PartialDate | None, *, ongoing: bool = False) -> str:
    """ "14 Mar 2025", "Mar 2025", "2025", "still taken", "not known"."""
    if ongoing:
        return "still taken"
    if day is None:
        return "not known"
    if day.day is not None:
        return write_date(day.earliest)
    return f"{MONTHS[day.month - 1]} {day.year}" if day.month is not None else str(day.year)


def _rows(history: TrialHistory) -> list[tuple[object, ...]]:
    table = history.table
    return [
        (
            trial.drug,
            day_words(trial.start),
            day_words(trial.end, ongoing=trial.ongoing),
            weeks_words(weeks_of(trial, table.as_of)),
            dose_words(trial),
            came_of(trial),
            *(short_words(each) for each in row),
        )
        for trial, row in zip(table.trials, table.rows, strict=True)
    ]
