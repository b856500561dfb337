"""A model's compartments as a picture: boxes and arrows, placed by its flows alone.

In: a model. Out: one SVG with words, and a table of the flows. The way of the drug goes
down the middle; a compartment that only exchanges with one other stands beside it; what
feeds the way from outside (a gut) stands in a line beside where it arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.core.pharmacology.library.models import Flow, Model
from evenkeel.web.explorer.words import COMPARTMENT, ROUTE, analyte_words
from evenkeel.web.ui import svg

WIDE, HIGH = 122.0, 50.0
ACROSS, DOWN = 192.0, 106.0
_TOP = 44.0


@dataclass(slots=True)
class Placed:
    """Column and row of each compartment; column 0 is the middle."""

    column: dict[int, float] = field(default_factory=dict)
    row: dict[int, int] = field(default_factory=dict)


def sides(model: Model) -> dict[int, int]:
    """Compartments that only exchange with one other, and with which."""
    found: dict[int, int] = {}
    for place in range(len(model.compartments)):
        out = {each.target for each in model.flows if each.source == place}
        into = {each.source for each in model.flows if each.target == place}
        fed = any(each.compartment == place for inputs in model.routes.values() for each in inputs)
        if not fed and len(out) == 1 and out == into and None not in out:
            found[place] = next(target for target in out if target is not None)
    return found


def place_compartments(model: Model) -> Placed:
    """Where each box stands. Every compartment has a place of its own."""
    beside = sides(model)
    ways = [each for each in model.flows if not {each.source, each.target} & set(beside)]
    centre = model.routes["iv"][0].compartment
    placed = Placed()
    chain = _onward(centre, ways)
    feeders = [n for n in range(len(model.compartments)) if n not in beside and n not in chain]
    above = [n for n in feeders if any(w.source == n and w.target == centre for w in ways)][:1]
    for row, place in enumerate([*above, *chain]):
        placed.column[place], placed.row[place] = 0.0, row
    for hub in dict.fromkeys(beside.values()):
        mine = [place for place, of in beside.items() if of == hub]
        for number, place in enumerate(mine):
            placed.column[place] = float(_side(number))
            placed.row[place] = placed.row[hub]
    others = [n for n in feeders if n not in above]
    for last in others:
        target = next((w.target for w in ways if w.source == last and w.target in chain), None)
        if target is None:
            continue
        _outward(placed, [last, *_upstream(last, ways, others)], placed.row[target])
    return placed


def _onward(start: int, ways: list[Flow], among: list[int] | None = None) -> list[int]:
    """A way through the compartments from one of them, each once."""
    found = [start]
    for place in found:
        for each in ways:
            there = each.target
            if there is None:
                continue
            is_new = each.source == place and there not in found
            if is_new and (among is None or there in among):
                found.append(there)
    return found


def _upstream(place: int, ways: list[Flow], among: list[int]) -> list[int]:
    """What feeds a compartment, the nearest first."""
    found = [place]
    for each in found:
        found += [w.source for w in ways if w.target == each and w.source in among]
    return found[1:]


def _side(number: int) -> int:
    """Left, right, further left, further right."""
    return (-1 if number % 2 == 0 else 1) * (1 + number // 2)


def _outward(placed: Placed, line: list[int], row: int) -> None:
    """A line of compartments from the middle outwards, at the side with room: right first."""
    for side in (1, -1):
        places = [float(side * (1 + step)) for step in range(len(line))]
        taken = {placed.column[each] for each in placed.column if placed.row[each] == row}
        if not taken & set(places):
            for place, column in zip(line, places, strict=True):
                placed.column[place], placed.row[place] = column, row
            return
    # No room beside it: one above the other at the far right, where nothing stands.
    far = max(placed.column.values()) + 1
    for step, place in enumerate(line):
        placed.column[place], placed.row[place] = far + step, row


def picture(model: Model) -> SafeString:
    """The figure and its table."""
    return format_html(
        '<figure class="plot flow-plot"><div class="scroll-x" tabindex="0" role="region" '
        'aria-label="Compartments">{}</div>{}</figure>',
        _Drawing(model).drawn(),
        flow_table(model),
    )


def flow_table(model: Model) -> SafeString:
    """The same as a table: from, to, rate, share."""
    rows = [
        (
            name_of(model, each.source),
            "out of the body" if each.target is None else name_of(model, each.target),
            each.rate.text,
            each.share.text if each.share is not None else "all",
        )
        for each in model.flows
    ]
    unit = "h" if model.per_hour == 1.0 else "min"
    return svg.twin(("From", "To", f"Rate, 1/{unit}", "Share that arrives"), rows, "Flows")


def name_of(model: Model, place: int) -> str:
    """ "Tissue 1 (p1)"."""
    name = model.compartments[place]
    return f"{COMPARTMENT[name]} ({name})" if name in COMPARTMENT else name


class _Drawing:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.at = place_compartments(model)
        self.rows = max(self.at.row.values()) + 1
        if model.effect_site is not None:
            self.rows += 1
        columns = self.at.column.values()
        self.leftmost = min(columns)
        self.width = (max(columns) - self.leftmost) * ACROSS + WIDE + 84
        self.height = _TOP + (self.rows - 1) * DOWN + HIGH + 44

    def middle(self, place: int) -> tuple[float, float]:
        x = 42 + WIDE / 2 + (self.at.column[place] - self.leftmost) * ACROSS
        return x, _TOP + self.at.row[place] * DOWN + HIGH / 2

    def drawn(self) -> SafeString:
        parts = [
            *self.arrows(), *self.leaving(), *self.given(), *self.effect_site(), *self.boxes(),
        ]  # fmt: skip
        wide = svg.n(self.width)
        return format_html(
            '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path class="tip" d="M0 0.6L7.4 4L0 7.4z"></path>'
            "</marker></defs>{}</svg>",
            wide, svg.n(self.height), wide, svg.n(self.height), self.said(), svg.join(parts),
        )  # fmt: skip

    def said(self) -> str:
        boxes = len(self.model.compartments)
        measured = ", ".join(
            f"{analyte_words(each.analyte)} in {name_of(self.model, each.compartment)}"
            for each in self.model.outputs.values()
        )
        return f"{boxes} compartments and their flows; measured: {measured}."

    def boxes(self) -> Iterator[SafeString]:
        measured = {each.compartment: each.analyte for each in self.model.outputs.values()}
        for place, name in enumerate(self.model.compartments):
            x, y = self.middle(place)
            kind = "box measured" if place in measured else "box"
            yield svg.rect(x - WIDE / 2, y - HIGH / 2, WIDE, HIGH, kind)
            words = COMPARTMENT.get(name, name)
            size = " small" if len(words) > 17 else ""
            yield svg.text(x, y - 3, words, f"strong{size}", "middle")
            told = f"{name}: {analyte_words(measured[place])}" if place in measured else name
            small = " small" if len(told) > 19 else ""
            yield svg.text(x, y + 14, told, f"unit{small}", "middle")

    def arrows(self) -> Iterator[SafeString]:
        ways = [(each.source, each.target) for each in self.model.flows]
        for each in self.model.flows:
            if each.target is None:
                continue
            both = (each.target, each.source) in ways
            rate = each.rate.text if len(each.rate.text) <= 14 else ""
            (x1, y1), (x2, y2) = self.middle(each.source), self.middle(each.target)
            if y1 == y2:
                yield from _across(x1, x2, y1 + (0 if not both else -9 if x2 > x1 else 9), rate)
            elif x1 == x2:
                yield from _down(x1, y1, y2, (0 if not both else 14 if y2 > y1 else -14), rate)
            else:
                d = f"M{svg.n(x1)} {svg.n(y1)}L{svg.n(x2)} {svg.n(y2)}"
                yield _arrow(d)

    def leaving(self) -> Iterator[SafeString]:
        for each in self.model.flows:
            if each.target is None:
                x, y = self.middle(each.source)
                x += WIDE / 2 - 18
                foot = y + HIGH / 2
                yield _arrow(f"M{svg.n(x)} {svg.n(foot)}V{svg.n(foot + 26)}")
                rate = each.rate.text if len(each.rate.text) <= 14 else ""
                yield svg.text(x + 7, foot + 16, f"out, {rate}" if rate else "out", "unit")

    def given(self) -> Iterator[SafeString]:
        into: dict[int, list[str]] = {}
        for route, inputs in self.model.routes.items():
            for each in inputs:
                into.setdefault(each.compartment, []).append(ROUTE.get(route, route))
        for place, routes in into.items():
            x, y = self.middle(place)
            x -= WIDE / 2 - 18
            head = y - HIGH / 2
            yield _arrow(f"M{svg.n(x)} {svg.n(head - 24)}V{svg.n(head)}", "given-way")
            yield svg.text(x - 16, head - 28, ", ".join(routes), "given-words")

    def effect_site(self) -> Iterator[SafeString]:
        site = self.model.effect_site
        if site is None:
            return
        x, y = self.middle(self.model.outputs[site.analyte].compartment)
        foot = _TOP + (self.rows - 1) * DOWN
        yield _arrow(f"M{svg.n(x)} {svg.n(y + HIGH / 2)}V{svg.n(foot)}", "dashed")
        yield svg.text(x - 7, (y + HIGH / 2 + foot) / 2 + 4, "ke0", "unit", "end")
        yield svg.rect(x - WIDE / 2, foot, WIDE, HIGH, "box dashed")
        yield svg.text(x, foot + HIGH / 2 - 3, "Effect site", "strong", "middle")
        yield svg.text(x, foot + HIGH / 2 + 14, "takes no drug away", "unit", "middle")


def _arrow(d: str, kind: str = "") -> SafeString:
    return format_html('<path class="way {}" d="{}" marker-end="url(#tip)"></path>', kind, d)


def _across(x1: float, x2: float, y: float, rate: str) -> Iterator[SafeString]:
    sign = 1 if x2 > x1 else -1
    yield _arrow(f"M{svg.n(x1 + sign * WIDE / 2)} {svg.n(y)}H{svg.n(x2 - sign * WIDE / 2)}")
    middle = (x1 + x2) / 2
    yield svg.text(middle, y - 5 if sign > 0 else y + 14, rate, "unit", "middle")


def _down(x: float, y1: float, y2: float, aside: float, rate: str) -> Iterator[SafeString]:
    sign = 1 if y2 > y1 else -1
    at = x + aside
    yield _arrow(f"M{svg.n(at)} {svg.n(y1 + sign * HIGH / 2)}V{svg.n(y2 - sign * HIGH / 2)}")
    words_at = at + 7 if aside >= 0 else at - 7
    yield svg.text(words_at, (y1 + y2) / 2 + 4, rate, "unit", "start" if aside >= 0 else "end")
