"""What is asked of the page of targets: an address, read strictly and written in one way.

In: the parameters of an address, or of its form. Out: a PumpAsked, with what is wrong told
at its field. As in ``queries``, an example person is round, so that no address carries one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from evenkeel.core.pharmacology.library.models import models
from evenkeel.core.pharmacology.profiles.targets import Pump, Target
from evenkeel.web.explorer import people
from evenkeel.web.explorer.people import AGES, GROUPS, WEIGHTS
from evenkeel.web.explorer.reading import Reader, Reading, decimal_of, range_words
from evenkeel.web.explorer.rows import UnreadableRow, length, length_of, plain

SITES = {"plasma": "plasma", "effect": "effect site"}
EVERY = {
    "10s": (10, "10 s, as pump programs do"),
    "1min": (60, "1 min"),
    "2min": (120, "2 min"),
    "5min": (300, "5 min, by hand"),
    "10min": (600, "10 min, by hand"),
    "15min": (900, "15 min, by hand"),
    "30min": (1800, "30 min, by hand"),
}
FIELDS = ("at", "reach")
MOST_TARGETS = 8
MOST_STOP_MIN, MOST_SETTINGS = 24 * 60, 2880
NO_CEILING = "none"
_TARGETS = (Decimal(0), Decimal(5000))
_LIMITS = {
    "syringe": ("The syringe, mg/mL,", Decimal("0.1"), Decimal(100)),
    "rate": ("The highest rate, mL/h,", Decimal("0.1"), Decimal(2000)),
    "step": ("The smallest step, mL/h,", Decimal("0.01"), Decimal(100)),
    "bolus": ("The largest bolus, mg,", Decimal(0), Decimal(500)),
}
_CEILING = ("The plasma that nothing may lead beyond, ng/mL,", Decimal(1), Decimal(20000))
NAMES = ("model", "site", "target", "stop", "age", "weight", "group", *_LIMITS, "every", "ceiling")


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpAsked:
    """targets: minutes and ng/mL, in the order in which they stand. ceiling: 0 = none."""

    model: str = "domino_1982_tci"
    site: str = "effect"
    targets: tuple[tuple[int, Decimal], ...] = ((0, Decimal(100)), (20, Decimal(60)))
    stop: int = 40
    age: int = 40
    weight: int = 70
    group: str = "none"
    syringe: Decimal = Decimal(10)
    rate: Decimal = Decimal(1200)
    step: Decimal = Decimal("0.1")
    bolus: Decimal = Decimal(10)
    every: str = "5min"
    ceiling: Decimal = Decimal(0)

    def pairs(self) -> list[tuple[str, str]]:
        """Every parameter with its value, in the one order."""
        return [
            ("model", self.model),
            ("site", self.site),
            *(("target", f"{length(at)},{plain(level)}") for at, level in self.targets),
            ("stop", length(self.stop)),
            ("age", str(self.age)),
            ("weight", str(self.weight)),
            ("group", self.group),
            *((name, plain(getattr(self, name))) for name in _LIMITS),
            ("every", self.every),
            ("ceiling", plain(self.ceiling) if self.ceiling else NO_CEILING),
        ]

    def query(self) -> str:
        """The one address of this question, without its path and question mark."""
        return "&".join(f"{name}={quote(value, safe=',/')}" for name, value in self.pairs())

    def covariates(self) -> dict[str, float]:
        """The example person, by the names that models use."""
        return people.covariates(self.age, self.weight, self.group)

    def aims(self) -> tuple[Target, ...]:
        return tuple(Target(from_h=at / 60, ng_per_ml=float(level)) for at, level in self.targets)

    def pump(self) -> Pump:
        return Pump(
            mg_per_ml=float(self.syringe),
            most_ml_per_h=float(self.rate),
            step_ml_per_h=float(self.step),
            update_s=float(EVERY[self.every][0]),
            most_bolus_mg=float(self.bolus),
            most_ng_per_ml=float(self.ceiling) if self.ceiling else math.inf,
        )


def read(given: Mapping[str, Sequence[str]]) -> Reading[PumpAsked]:
    """The parameters of an address as a question; what is not given is the example's."""
    reader = _Reader(given)
    typed = reader.typed_targets()
    return reader.reading(reader.asked(typed), (*NAMES, *FIELDS), typed)


class _Reader(Reader):
    def asked(self, typed: tuple[tuple[str, ...], ...]) -> PumpAsked:
        example = PumpAsked()
        numbers = {
            name: self.decimal(name, words, low=low, high=high, example=getattr(example, name))
            for name, (words, low, high) in _LIMITS.items()
        }
        asked = PumpAsked(
            model=self.one("model", tuple(models()), example.model),
            site=self.one("site", tuple(SITES), example.site),
            targets=self.targets(typed) or example.targets,
            stop=self.minutes("stop", "The stop", example.stop),
            age=self.number("age", AGES, example.age),
            weight=self.number("weight", WEIGHTS, example.weight),
            group=self.one("group", tuple(GROUPS), example.group),
            every=self.one("every", tuple(EVERY), example.every),
            ceiling=self.ceiling(),
            **numbers,
        )
        self.check_times(asked)
        return asked

    def targets(self, typed: tuple[tuple[str, ...], ...]) -> tuple[tuple[int, Decimal], ...]:
        made: list[tuple[int, Decimal]] = []
        written = [tuple(text.partition(",")[::2]) for text in self.values("target")]
        for number, (at, reach) in enumerate((*written, *typed), start=1):
            level = decimal_of(reach.strip(), *_TARGETS)
            if level is None:
                self.fault("target", f"Target {number}: {reach[:20]!r} ng/mL cannot be used: "
                           f"{range_words(*_TARGETS)}; 0 gives nothing.")  # fmt: skip
                continue
            try:
                made.append((length_of(at.strip(), f"Target {number}: From"), level))
            except UnreadableRow as fault:
                self.fault("target", str(fault))
        if len(made) > MOST_TARGETS:
            self.fault("target", f"{len(made)} targets are more than the {MOST_TARGETS} here.")
        return tuple(made[:MOST_TARGETS])

    def typed_targets(self) -> tuple[tuple[str, ...], ...]:
        """Rows of the form that somebody filled in: those with a concentration."""
        return tuple(row for row in self.rows(FIELDS) if row[1])

    def minutes(self, name: str, words: str, example: int) -> int:
        text = self.single(name)
        if not text:
            return example
        try:
            return length_of(text, words)
        except UnreadableRow as fault:
            self.fault(name, str(fault))
        return example

    def ceiling(self) -> Decimal:
        if self.single("ceiling") in ("", NO_CEILING):
            return Decimal(0)
        words, low, high = _CEILING
        return self.decimal("ceiling", words, low=low, high=high, example=Decimal(0))

    def check_times(self, asked: PumpAsked) -> None:
        """Faults of one field beside another; the engine would refuse most of them, too."""
        seconds = EVERY[asked.every][0]
        if not seconds <= asked.stop * 60 <= MOST_STOP_MIN * 60:
            self.fault("stop", f"The stop comes after at least one setting ({asked.every}) and "
                       "within 24 h.")  # fmt: skip
        elif asked.stop * 60 % seconds:
            self.fault("stop", f"The stop at {length(asked.stop)} lies between two settings, "
                       f"which are {asked.every} apart.")  # fmt: skip
        elif asked.stop * 60 // seconds > MOST_SETTINGS:
            self.fault("every", f"A setting every {asked.every} until {length(asked.stop)} is more "
                       f"than {MOST_SETTINGS:,} settings: set the rate less often.")  # fmt: skip
        before = -1
        for at, level in asked.targets:
            told = f"The target of {plain(level)} ng/mL from {length(at)}"
            if at <= before:
                self.fault("target", f"{told} must come after the one before it.")
            elif at >= asked.stop:
                self.fault("target", f"{told} must begin before the stop at {length(asked.stop)}.")
            elif at * 60 % seconds:
                self.fault("target", f"{told} begins between two settings, which are "
                           f"{asked.every} apart.")  # fmt: skip
            elif asked.ceiling and level > asked.ceiling:
                self.fault("target", f"{told} is above the plasma that nothing may lead beyond.")
            before = at
        if not any(level for _, level in asked.targets):
            self.fault("target", "Nothing is aimed at: write a target above 0 ng/mL.")
