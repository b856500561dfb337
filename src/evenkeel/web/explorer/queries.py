"""What is asked of the explorer: an address, read strictly and written in one way.

In: the parameters of an address, or of its form. Out: an Asked, with what is wrong told
at its field. An Asked writes itself in one order with every value, so that a link means
the same tomorrow. Only round examples of age and weight exist here: an address must not
carry a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from evenkeel.core.pharmacology.doses.presets import presets
from evenkeel.core.pharmacology.doses.regimens import Dose, in_order
from evenkeel.core.pharmacology.library.models import models
from evenkeel.web.explorer import people, rows
from evenkeel.web.explorer.people import AGES, GROUPS, WEIGHTS
from evenkeel.web.explorer.reading import Reader, Reading
from evenkeel.web.explorer.rows import Row, UnreadableRow

NAMES = ("model", "preset", "dose", "age", "weight", "group", "show", "level", "hours", "scale")
MOST_MODELS, MOST_ROWS, MOST_DOSES = 4, 12, 100
SHOWS = {
    "parent": "ketamine or S-ketamine",
    "norketamine": "norketamine",
    "hydroxynorketamine": "hydroxynorketamine",
    "effect": "effect site, where one was published",
    "band": "90% band, where a spread was published",
    "occupancy": "NMDA receptor occupancy, as a band",
    "halftime": "context-sensitive half-time",
}
LEVELS = (0, 10, 20, 50, 100, 150, 200, 300, 500, 1000)
SPANS = (2, 4, 8, 12, 24, 48, 72, 168, 336, 504, 720, 1440, 2160, 4320)
SCALES = {"linear": "linear", "log": "logarithmic"}
AUTO, NO_PRESET = "auto", "none"
_AFTER_H = 6.0  # how long after the last dose the axis goes on by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """preset: an id, or "" for none. level: ng/mL, 0 for none. hours: 0 = by the regimen."""

    models: tuple[str, ...] = (
        "otto_2021_s_ketamine_iv",
        "perez_ruixo_2021_esketamine",
        "kamp_2020_meta_3cmt",
    )
    preset: str = "iv40"
    rows: tuple[Row, ...] = ()
    age: int = 40
    weight: int = 70
    group: str = "none"
    show: tuple[str, ...] = ("parent",)
    level: int = 100
    hours: int = 0
    scale: str = "linear"

    def pairs(self) -> list[tuple[str, str]]:
        """Every parameter with its value, in the one order."""
        return [
            *(("model", each) for each in self.models),
            ("preset", self.preset or NO_PRESET),
            *(("dose", each.written) for each in self.rows),
            ("age", str(self.age)),
            ("weight", str(self.weight)),
            ("group", self.group),
            *(("show", each) for each in self.show),
            ("level", str(self.level)),
            ("hours", str(self.hours) if self.hours else AUTO),
            ("scale", self.scale),
        ]

    def query(self) -> str:
        """The one address of this question, without its path and question mark."""
        return "&".join(f"{name}={quote(value, safe=',/')}" for name, value in self.pairs())

    def doses(self) -> tuple[Dose, ...]:
        """What is given: the preset and the rows together, in the order of time."""
        given = list(presets()[self.preset].doses(float(self.weight))) if self.preset else []
        for row in self.rows:
            given += row.doses(float(self.weight))
        return in_order(given)

    def until_h(self) -> float:
        """Where the axis ends, hours."""
        if self.hours:
            return float(self.hours)
        last = max((each.time_h + each.duration_h for each in self.doses()), default=0.0)
        return float(next((span for span in SPANS if span >= last + _AFTER_H), SPANS[-1]))

    def covariates(self) -> dict[str, float]:
        """The example person, by the names that models use."""
        return people.covariates(self.age, self.weight, self.group)


def read(given: Mapping[str, Sequence[str]]) -> Reading[Asked]:
    """The parameters of an address, each with all its values, as a question.

    A parameter that is not given takes the value of the example; one that nobody knows,
    or a value that is not one of the choices, is told with the nearest right one.
    """
    reader = _Reader(given)
    typed_rows = reader.typed_rows()
    return reader.reading(reader.asked(typed_rows), (*NAMES, *rows.FIELDS), typed_rows)


class _Reader(Reader):
    def asked(self, typed_rows: tuple[tuple[str, ...], ...]) -> Asked:
        example = Asked()
        # Rows alone are a whole regimen: the example's preset is not added to them.
        preset = NO_PRESET if typed_rows or "dose" in self.given else example.preset
        asked = Asked(
            models=self.several("model", tuple(models()), example.models),
            preset=self.one("preset", (NO_PRESET, *presets()), preset).replace(NO_PRESET, ""),
            rows=self.regimen(typed_rows),
            age=self.number("age", AGES, example.age),
            weight=self.number("weight", WEIGHTS, example.weight),
            group=self.one("group", tuple(GROUPS), example.group),
            show=self.shows(example.show),
            level=self.number("level", LEVELS, example.level),
            hours=self.number("hours", SPANS, example.hours, besides={AUTO: 0}),
            scale=self.one("scale", tuple(SCALES), example.scale),
        )
        if len(asked.models) > MOST_MODELS:
            self.fault("model", f"At most {MOST_MODELS} models stand side by side.")
            asked = replace(asked, models=asked.models[:MOST_MODELS])
        if not self.faults:
            count = len(asked.doses())
            if not count:
                self.fault("dose", "Nothing is given: choose a usual dose or fill in a row.")
            if count > MOST_DOSES:
                self.fault("dose", f"{count} doses are more than the {MOST_DOSES} drawn here.")
        return asked

    def shows(self, example: tuple[str, ...]) -> tuple[str, ...]:
        """In one order, however they were chosen; models keep theirs, which is their letters'."""
        chosen = self.several("show", tuple(SHOWS), example)
        return tuple(each for each in SHOWS if each in chosen)

    def typed_rows(self) -> tuple[tuple[str, ...], ...]:
        """Rows of the form that somebody filled in: those with an amount."""
        return tuple(row for row in self.rows(rows.FIELDS) if row[1])

    def regimen(self, typed: tuple[tuple[str, ...], ...]) -> tuple[Row, ...]:
        made: list[Row] = []
        for text in self.values("dose"):
            try:
                made.append(rows.read_written(text))
            except UnreadableRow as fault:
                self.fault("dose", str(fault))
        for number, fields in enumerate(typed, start=1):
            try:
                made.append(rows.read_fields(fields))
            except UnreadableRow as fault:
                self.fault("dose", f"Row {number}: {fault}")
        if len(made) > MOST_ROWS:
            self.fault("dose", f"{len(made)} rows are more than the {MOST_ROWS} drawn here.")
        return tuple(made[:MOST_ROWS])
