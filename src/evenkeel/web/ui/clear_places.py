"""Where words stand in a drawing so that nothing runs through them.

In: boxes (left, top, right, bottom) that are taken, and the places that would do, the
best first. Out: the first place that is clear; where none is, the one least crossed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

Box = tuple[float, float, float, float]
LETTER = 6.6  # about the width of a letter of 12 px
STEP = 24.0


def around(x: float, y: float, reach: float = 5) -> Box:
    """The box of a mark."""
    return x - reach, y - reach, x + reach, y + reach


def along(points: Sequence[tuple[float, float]], reach: float = 3) -> Iterator[Box]:
    """Boxes along a line, a few units each, so that a steep stretch takes no more than it needs."""
    for (x1, y1), (x2, y2) in pairwise(points):
        pieces = max(1, int(max(abs(x2 - x1), abs(y2 - y1)) / 8))
        for n in range(pieces + 1):
            part = n / pieces
            yield around(x1 + (x2 - x1) * part, y1 + (y2 - y1) * part, reach)


def meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def of_words(end: float, baseline: float, words: str) -> Box:
    """The box of words that end at ``end``."""
    return end - LETTER * len(words), baseline - 10, end, baseline + 3


def beside_line(
    words: str,
    y: float,
    *,
    taken: Iterable[Box],
    left: float,
    right: float,
    top: float,
    foot: float,
) -> tuple[float, float]:
    """Where the words of a level line at ``y`` end, and their baseline.

    Above the line at the right where that is clear, else below it, else further left;
    always within ``left``, ``right``, ``top`` and ``foot``.
    """
    boxes = [box for box in taken if box[1] < y + 16 and box[3] > y - 16]
    best, crossed = (right, y - 5), len(boxes) + 1
    end = right
    while end - LETTER * len(words) >= left or end == right:
        for baseline in (y - 5, y + 12):
            box = of_words(end, baseline, words)
            if box[1] < top or box[3] > foot:
                continue
            hits = sum(meet(box, other) for other in boxes)
            if hits < crossed:
                best, crossed = (end, baseline), hits
            if not hits:
                return best
        end -= STEP
    return best
