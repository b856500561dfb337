"""Numbers of a model for many sets of differences: products at once, the rest one by one.

In: expressions of a model, what is known of a person. Out: their values for as many sets of
differences as are asked for. Most rates are products and quotients of parameters that
differ by a factor; the logs of all of those together are one product of matrices.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.occasions import Difference
from evenkeel.core.pharmacology.kernels.sizes import FIXED
from evenkeel.core.pharmacology.library.expressions import Expression, read_expression
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import values_of
from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]
Values = dict[str, Any]
Pairs = tuple[tuple[str, float], ...]  # covariates of a dose
_Product = tuple[float, dict[str, float]]  # a number times powers of exp(difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One parameter that differs between sets. base: None = its expression makes it.

    rows: of the differences, one, or one a treatment; None: it differs only by others.
    """

    name: str
    base: float | None
    expression: Expression | None
    rows: int | Ints | None
    logit: bool

    def into(self, values: Values, away: Floats) -> None:
        """away: exp of the differences, shape (differences, sets)."""
        value: Any = self.base if self.expression is None else self.expression(values)
        if self.rows is not None:
            own = away[self.rows]
            value = own / (own + (1.0 - value) / value) if self.logit else value * own
        values[self.name] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is read of the person, or of doses with the same covariates."""

    covariates: dict[str, float]
    steps: tuple[Step, ...]
    read: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulas:
    """As ``kernels.numbers`` reads them.

    fixed: by number. kinds: shape (treatments, numbers); a kind of product, FIXED, or below it
        the place among the others.
    logs, begins, places, powers: of the kinds.
    groups: of the others; the first is the person's. values: what nothing changes.
    """

    width: int
    fixed: Floats
    kinds: Ints
    logs: Floats
    begins: Ints
    places: Ints
    powers: Floats
    values: Values
    groups: tuple[Group, ...]

    def others(self, etas: Floats, moves: Floats) -> Floats:
        """Numbers that are no products, shape (treatments, others, places * moves).

        Args:
            etas: shape (places, differences). moves: shape (moves, differences).
        """
        sets = len(etas) * len(moves)
        made = np.empty((len(self.kinds), sum(len(each.read) for each in self.groups), sets))
        if self.groups:
            away = np.ones((self.width + 1, sets))
            moved = (etas[:, None] + moves).reshape(sets, self.width)
            np.exp(moved.T, out=away[:-1])
            known, row = self.values, 0
            for number, group in enumerate(self.groups):
                own = {**known, **group.covariates}
                for step in group.steps:
                    step.into(own, away)
                for expression in group.read:
                    made[:, row] = expression(own)
                    row += 1
                known = own if number == 0 else known
        return made


class Sketch:
    """What is fixed in a person and what differs between sets; rows are asked for one by one."""

    def __init__(self, model: Model, known: Mapping[str, float]) -> None:
        self.model = model
        self.known = dict(known)
        self.kinds = {name: block.kind for block in model.variability for name in block.parameters}
        self.differing = depending(model, set(self.kinds))
        self._values: dict[Pairs, Values] = {}
        self._asked: list[tuple[Expression | None, float, Pairs]] = []

    def typical(self, of_dose: Pairs = ()) -> Values:
        """Every parameter where nothing differs."""
        if of_dose not in self._values:
            self._values[of_dose] = values_of(self.model, {**self.known, **dict(of_dose)})
        return self._values[of_dose]

    def ask(self, what: Expression | None, *, absent: float = 0.0, of_dose: Pairs = ()) -> int:
        """The row in which an expression will stand; ``absent`` where there is none."""
        self._asked.append((what, absent, of_dose))
        return len(self._asked) - 1

    def formulas(self, informed: Sequence[Difference], treatments: int) -> Formulas:
        """All that was asked for. informed: the differences, in the order of the etas."""
        place = {difference: row for row, difference in enumerate(informed)}
        fixed = np.zeros(len(self._asked))
        kinds = np.full((treatments, len(self._asked)), FIXED, dtype=np.int64)
        products: dict[tuple[float, tuple[tuple[int, float], ...]], int] = {}
        others: dict[Pairs, list[tuple[int, Expression]]] = {}
        for row, (what, absent, of_dose) in enumerate(self._asked):
            if what is None:
                fixed[row] = absent
                continue
            fixed[row] = float(what(self.typical(of_dose)))
            if not self.differing & set(what.names):
                continue
            product = self._product(_tree(what.text), of_dose)
            if product is None or not 0.0 < product[0] < np.inf:
                others.setdefault(of_dose, []).append((row, what))
                continue
            log = math.log(product[0])
            for k in range(treatments):
                powers = tuple(
                    (at, power)
                    for name, power in sorted(product[1].items())
                    if (at := place.get(Difference(name), place.get(Difference(name, k + 1))))
                    is not None
                )
                kinds[k, row] = products.setdefault((log, powers), len(products))
        groups = self._groups(others, place, treatments)
        rows = [
            row for of_dose in ((), *filter(None, others)) for row, _ in others.get(of_dose, ())
        ]
        for number, row in enumerate(rows):
            kinds[:, row] = FIXED - 1 - number
        powers_of = [powers for _, powers in products]
        return Formulas(
            width=len(informed),
            fixed=fixed,
            kinds=kinds,
            logs=np.array([log for log, _ in products], dtype=np.float64),
            begins=np.cumsum([0, *map(len, powers_of)]),
            places=np.array([at for each in powers_of for at, _ in each], dtype=np.int64),
            powers=np.array([power for each in powers_of for _, power in each], dtype=np.float64),
            values=self.typical(),
            groups=groups,
        )

    def _product(self, tree: ast.expr, of_dose: Pairs) -> _Product | None:
        """The expression as a number times powers; None: it is not of that form."""
        match tree:
            case ast.Constant(value=int() | float() as number):
                return float(number), {}
            case ast.Name(id=name):
                inner = self.model.derived.get(name)
                made: _Product | None = (float(self.typical(of_dose)[name]), {})
                if inner is not None and self.differing & set(inner.names):
                    made = self._product(_tree(inner.text), of_dose)
                if made is None or self.kinds.get(name) == "logit-normal":
                    return None
                if name in self.kinds:
                    return made[0], _times(made[1], {name: 1.0}, 1.0)
                return made
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                one, two = self._product(left, of_dose), self._product(right, of_dose)
                if one is None or two is None or two[0] == 0.0:
                    return None
                sign = 1.0 if isinstance(op, ast.Mult) else -1.0
                return one[0] * two[0] ** sign, _times(one[1], two[1], sign)
        names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
        if names & self.differing:
            return None
        fixed = read_expression(ast.unparse(tree), names)
        return float(fixed(self.typical(of_dose))), {}

    def _groups(
        self,
        others: Mapping[Pairs, Sequence[tuple[int, Expression]]],
        place: Mapping[Difference, int],
        treatments: int,
    ) -> tuple[Group, ...]:
        if not others:
            return ()
        read = [each for rows in others.values() for _, each in rows]
        needed = needed_by(self.model, read)
        made: list[Group] = []
        for of_dose in ((), *(pairs for pairs in others if pairs)):
            made.append(
                Group(
                    covariates=dict(of_dose),
                    steps=self._steps(needed, place, treatments, of_dose),
                    read=tuple(each for _, each in others.get(of_dose, ())),
                )
            )
        return tuple(made)

    def _steps(
        self, needed: set[str], place: Mapping[Difference, int], treatments: int, of_dose: Pairs
    ) -> tuple[Step, ...]:
        """Parameters in the model's own order, those first that others are made from.

        of_dose: only what depends on these covariates.
        """
        model, known = self.model, self.typical(of_dose)
        changed = set(model.parameters) | set(model.derived)
        if of_dose:
            given = set(dict(of_dose))
            changed = depending(model, given) - given
        rest = len(place)  # the row of those that differ by nothing
        made: list[Step] = []
        for name in (*model.parameters, *model.derived):
            if name not in needed & changed:
                continue
            expression = model.derived.get(name)
            moves = expression is not None and self.differing & set(expression.names)
            rows: int | Ints | None = None
            if name in self.kinds:
                rows = place.get(Difference(name), rest)
                each = [place.get(Difference(name, k), rest) for k in range(1, treatments + 1)]
                if any(row != rest for row in each):
                    rows = np.array(each, dtype=np.int64)
            if not of_dose and not moves and rows is None:
                continue
            made.append(
                Step(
                    name=name,
                    base=None if moves else float(known[name]),
                    expression=expression if moves else None,
                    rows=rows,
                    logit=self.kinds.get(name) == "logit-normal",
                )
            )
        return tuple(made)


@cache
def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _times(one: Mapping[str, float], two: Mapping[str, float], sign: float) -> dict[str, float]:
    made = dict(one)
    for name, power in two.items():
        made[name] = made.get(name, 0.0) + sign * power
    return made


def needed_by(model: Model, read: Sequence[Expression]) -> set[str]:
    """Every name that these expressions read, at once or through derived parameters."""
    names = {name for expression in read for name in expression.names}
    for name in reversed(model.derived):
        if name in names:
            names |= set(model.derived[name].names)
    return names


def depending(model: Model, on: set[str]) -> set[str]:
    """``on``, and every derived parameter that depends on them."""
    names = set(on)
    for name, expression in model.derived.items():
        if names & set(expression.names):
            names.add(name)
    return names
