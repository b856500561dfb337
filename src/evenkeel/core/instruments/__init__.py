"""Scales: what they ask, how answers become a score, and what a change means.

Definitions are data in ``content/instruments``; nothing here knows a scale by
name. A total exists only when the scale's own missing-answer rule is met, and
an item that asks about self-harm is never filled in from the others.
"""

from evenkeel.core.instruments.catalogue import UnknownScale, catalogue, scale_of
from evenkeel.core.instruments.change import change_between
from evenkeel.core.instruments.outcomes import Definition, definition_of, definitions, judge
from evenkeel.core.instruments.scale import Band, Item, Option, Rights, SafetyItem, Scale
from evenkeel.core.instruments.scoring import ImpossibleAnswer, Score, score, score_total

__all__ = [
    "Band",
    "Definition",
    "ImpossibleAnswer",
    "Item",
    "Option",
    "Rights",
    "SafetyItem",
    "Scale",
    "Score",
    "UnknownScale",
    "catalogue",
    "change_between",
    "definition_of",
    "definitions",
    "judge",
    "scale_of",
    "score",
    "score_total",
]
