"""The shape of a model's compartments, found once and used for every person.

In: which flows there are. Out: groups of compartments that exchange with each other,
in the direction of flow, each a star (one centre, the others exchanging with it
alone), or the finding that some group is not. Stars have eigenvalues that lie
between their rates, so they can be found safely and at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Structure:
    """nodes: compartments group by group, the centre of each first; starts: where groups begin.

    stars: False where some group is no star; the modal kernel then does not apply.
    reach: shape (size, size): whether anything gets from a compartment to another, or stays.
    """

    nodes: Ints
    starts: Ints
    stars: bool
    reach: npt.NDArray[np.bool_]


def structure_of(size: int, flows: Sequence[tuple[int, int]]) -> Structure:
    """The groups of ``size`` compartments with flows (from, to)."""
    reach = np.eye(size, dtype=bool)
    for source, target in flows:
        reach[source, target] = True
    for middle in range(size):
        reach |= np.outer(reach[:, middle], reach[middle])
    groups: list[list[int]] = []
    for node in range(size):
        for group in groups:
            if reach[node, group[0]] and reach[group[0], node]:
                group.append(node)
                break
        else:
            groups.append([node])
    # Upstream first: a group that reaches another comes before it.
    groups.sort(key=lambda group: -int(reach[group[0]].sum()))
    stars = True
    ordered: list[int] = []
    starts = [0]
    pairs = set(flows)
    for group in groups:
        centre = _centre(group, pairs)
        stars &= centre is not None
        first = group[0] if centre is None else centre
        ordered += [first, *(node for node in group if node != first)]
        starts.append(len(ordered))
    return Structure(np.array(ordered), np.array(starts), stars, reach)


def _centre(group: list[int], pairs: set[tuple[int, int]]) -> int | None:
    for candidate in group:
        others = [node for node in group if node != candidate]
        joined = all((candidate, o) in pairs and (o, candidate) in pairs for o in others)
        apart = not any((a, b) in pairs for a in others for b in others)
        if joined and apart:
            return candidate
    return None
