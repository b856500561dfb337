"""Which model serves which product, and what is asked of it: plain values, no arithmetic.

In: content/pharmacology/expected.toml. Out: for a product its model and why, the
limits to show with it, the questions that a model asks of a person, and ``Asked``:
one treatment and one person as a key. Nothing here imports an array library, so a
page that shows no line pays nothing for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import msgspec

from evenkeel.core.kernel.content import ContentFault, content, read_toml
from evenkeel.core.kernel.sources import Status
from evenkeel.core.pharmacology.doses.products import products


class Serves(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One product and the model that draws it. why: for a reader who knows others."""

    product: str
    model: str
    analyte_words: str
    why: str
    limits: list[str]


class NoModel(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A drug and routes that no published model serves."""

    drug: str
    routes: list[str]
    words: str


class Choice(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One answer, and what it tells a model."""

    id: str
    words: str
    covariates: dict[str, float]


class Question(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Something that a model reads of a person and no chart holds."""

    id: str
    words: str
    why: str
    choice: list[Choice]


class Serving(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    title: str
    edition: str
    status: Status
    limits: list[str]
    serves: list[Serves]
    none: list[NoModel]
    question: list[Question]

    def of(self, product: str) -> Serves | None:
        """Which model draws this product; None = none does."""
        return next((each for each in self.serves if each.product == product), None)

    def told(self, question: str, choice: str) -> dict[str, float]:
        """What an answer tells a model.

        Raises:
            KeyError: no such question, or no such answer to it.
        """
        for each in self.question:
            for one in each.choice:
                if (each.id, one.id) == (question, choice):
                    return dict(one.covariates)
        raise KeyError(f"{question} has no answer {choice}")


@cache
def serving() -> Serving:
    """What serves what, read once.

    Raises:
        ContentFault: a product that is not there, or one that is served twice.
    """
    read = read_toml(content("pharmacology", "expected.toml"), Serving)
    named = [each.product for each in read.serves]
    for name in named:
        if name not in products():
            raise ContentFault(f"expected.toml: there is no product {name}")
        if named.count(name) > 1:
            raise ContentFault(f"expected.toml: two models serve {name}")
    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A part of a treatment's dose.

    after_s: whole seconds after the first drop or device. mg: of base. lasts_s: of an
    infusion; 0 = at once. device: which of the treatment; 0 = no device.
    """

    after_s: int
    mg: float
    lasts_s: int = 0
    device: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One treatment of one person, whole: the same question has the same answer.

    known: covariates of the person by name, sorted; what is not known is not in it.
    """

    product: str
    known: tuple[tuple[str, float], ...]
    portions: tuple[Portion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What the model expects, as drawn.

    minutes: after the first drop or device, ascending. line: the model's typical person
    with this person's covariates, ng/mL. low, high: between them nine in ten of such
    people; None where no spread was published, and ``no_band`` says so.
    """

    minutes: tuple[float, ...]
    line: tuple[float, ...]
    low: tuple[float, ...] | None
    high: tuple[float, ...] | None
    no_band: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWords:
    """What a reader is told of the model before the line is believed.

    caution: what goes wrong with this product, to be read beside the line, not behind a tap.
    """

    id: str
    title: str
    citation: str
    url: str
    status: str
    confidence: str
    confidence_words: str
    population: str
    sampling: str
    analyte: str
    why: str
    caution: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The answer: a curve, or why there is none.

    kind: drawn; missing (something is not known of the person); outside (the person is
    none of the model's people); none (no model serves the product). questions: ids of
    those whose answer is missing.
    """

    kind: Literal["drawn", "missing", "outside", "none"]
    model: ModelWords | None = None
    curve: Curve | None = None
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
