"""Numbers that may be ranges, as pairs of exact SQL decimals.

The rule of exactness: every number is a DECIMAL; sums, differences and products
keep every digit; a quotient stays a fraction, and two fractions are compared by
multiplying across. How many digits an expression can need is reckoned here, and
what does not fit into 38, all that the engines hold, is refused when it is compiled.
So nothing is ever rounded or overflows while a registry is read. A quotient that is
reckoned with again by a quotient is refused too: the walk of one patient rounds
quotients to 28 digits, and 1 / 3 * 3 would part from it. Write a * c / b instead.

An end that is NULL is no end. A number that is not known has no ends either;
``known`` tells the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from evenkeel.core.guidelines.tables.logic import (
    all_of,
    always_said,
    any_of,
    choose,
    false,
    is_null,
    known,
    negated,
    null,
    same,
    surely,
    true,
    wrapped,
)

HELD = 38


class NotCompilable(ValueError):
    """A predicate that is good for one patient and cannot be run in a table: says why."""


@dataclass(frozen=True, slots=True)
class Digits:
    """How many digits can stand before and after the full stop."""

    before: int
    after: int

    def __post_init__(self) -> None:
        if self.before + self.after > HELD:
            raise NotCompilable(
                f"it can need {self.before + self.after} digits, and a table's numbers hold "
                f"{HELD}: reckon with fewer numbers at once"
            )

    def both(self, other: Digits, *, carry: int = 0) -> Digits:
        return Digits(max(self.before, other.before) + carry, max(self.after, other.after))

    def times(self, other: Digits) -> Digits:
        # Spark gives a product one digit more than it can need.
        return Digits(self.before + other.before + 1, self.after + other.after)

    @property
    def type(self) -> exp.DataType:
        return exp.DataType.build(f"DECIMAL({max(self.before + self.after, 1)}, {self.after})")


ONE_DIGIT = Digits(1, 0)


@dataclass(frozen=True, slots=True)
class End:
    """One end: ``top`` or, of a fraction, top over bottom; bottom is above zero."""

    top: exp.Expr
    digits: Digits
    bottom: exp.Expr | None = None
    bottom_digits: Digits = ONE_DIGIT


@dataclass(frozen=True, slots=True)
class Number:
    """known: a condition, never NULL. high: None = the number is exact, low is both ends."""

    known: exp.Expr
    low: End
    high_end: End | None = None

    @property
    def exact(self) -> bool:
        return self.high_end is None

    @property
    def high(self) -> End:
        return self.low if self.high_end is None else self.high_end

    @property
    def ends(self) -> tuple[End, ...]:
        return (self.low,) if self.high_end is None else (self.low, self.high_end)

    @property
    def bounded(self) -> exp.Expr:
        """Known, with both ends; never NULL."""
        return all_of([self.known, *(known(end.top) for end in self.ends)])


def literal(value: Decimal) -> Number:
    """A number of the predicate itself."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    after = max(-exponent, 0)
    size = Digits(max(len(digits) + exponent, 1), after)
    return Number(true(), End(constant(value, size), size))


def constant(value: Decimal, size: Digits) -> exp.Expr:
    """A decimal that both engines read digit by digit."""
    number: exp.Expr = exp.Literal.number(f"{abs(value):f}")
    number = exp.Neg(this=number) if value < 0 else number
    return exp.Cast(this=number, to=size.type)


def nothing() -> Number:
    """A number that nobody knows."""
    return Number(false(), End(null(), ONE_DIGIT))


def _binary(kind: type[exp.Expr], a: exp.Expr, b: exp.Expr) -> exp.Expr:
    if is_null(a) or is_null(b):
        return null()
    return kind(this=wrapped(a), expression=wrapped(b))


def _across(a: End, b: End) -> tuple[exp.Expr, exp.Expr, Digits]:
    """Two ends brought to one bottom, and the digits that it takes."""
    left, right, size_a, size_b = a.top, b.top, a.digits, b.digits
    if a.bottom is not None and a.bottom == b.bottom:
        return left, right, size_a.both(size_b)
    if b.bottom is not None:
        left, size_a = _binary(exp.Mul, left, b.bottom), size_a.times(b.bottom_digits)
    if a.bottom is not None:
        right, size_b = _binary(exp.Mul, right, a.bottom), size_b.times(a.bottom_digits)
    return left, right, size_a.both(size_b)


def _order(kind: type[exp.Expr], a: End, b: End) -> exp.Expr:
    left, right, _ = _across(a, b)
    return _binary(kind, left, right)


def compare(op: str, a: Number, b: Number) -> exp.Expr:
    """True, false, or NULL where the ends do not settle it."""
    if op == "<>":
        return negated(compare("=", a, b))
    if op in (">", ">="):
        return compare("<" if op == ">" else "<=", b, a)
    if a.exact and b.exact:
        kinds = {"=": exp.EQ, "<": exp.LT, "<=": exp.LTE}
        return _order(kinds[op], a.low, b.low)
    if op == "=":
        one = all_of([_order(exp.EQ, number.low, number.high) for number in (a, b)
                      if not number.exact])  # fmt: skip
        equal = all_of([one, _order(exp.EQ, a.low, b.low)])
        apart = any_of([_order(exp.LT, a.high, b.low), _order(exp.LT, b.high, a.low)])
        return choose([(equal, true()), (apart, false())], null())
    sure, never = (exp.LT, exp.LTE) if op == "<" else (exp.LTE, exp.LT)
    return choose(
        [(_order(sure, a.high, b.low), true()), (_order(never, b.high, a.low), false())], null()
    )


def identical(a: Number, b: Number) -> exp.Expr:
    """Whether two known numbers are the same range; never NULL."""
    ends = [(a.low, b.low)] if a.exact and b.exact else [(a.low, b.low), (a.high, b.high)]
    pairs = [_across(left, right)[:2] for left, right in ends]
    return all_of([a.known, b.known, *(same(left, right) for left, right in pairs)])


def add(a: Number, b: Number) -> Number:
    low = _plus(a.low, b.low)
    high = None if a.exact and b.exact else _plus(a.high, b.high)
    return Number(all_of([a.known, b.known]), low, high)


def subtract(a: Number, b: Number) -> Number:
    return add(a, _minus(b))


def _minus(a: Number) -> Number:
    low = None if a.high_end is None else _opposite(a.low)
    return Number(a.known, _opposite(a.high), low)


def _opposite(end: End) -> End:
    top = null() if is_null(end.top) else exp.Neg(this=wrapped(end.top))
    return replace(end, top=top)


def _plus(a: End, b: End) -> End:
    if a.bottom is not None and b.bottom is not None:
        raise NotCompilable("two quotients cannot be added in a table: bring them to one")
    left, right, size = _across(a, b)
    top = _binary(exp.Add, left, right)
    bottom, bottom_digits = (a.bottom, a.bottom_digits) if a.bottom else (b.bottom, b.bottom_digits)
    return End(top, Digits(size.before + 1, size.after), bottom, bottom_digits)


def multiply(a: Number, b: Number) -> Number:
    _refuse_quotients(a, b)
    size = a.low.digits.both(a.high.digits).times(b.low.digits.both(b.high.digits))
    products = [_binary(exp.Mul, x.top, y.top) for x in a.ends for y in b.ends]
    if a.exact and b.exact:
        return Number(all_of([a.known, b.known]), End(products[0], size))
    sound = all_of([a.bounded, b.bounded])
    low = End(choose([(sound, _extreme(exp.Least, products))], null()), size)
    high = End(choose([(sound, _extreme(exp.Greatest, products))], null()), size)
    return Number(sound, low, high)


def divide(a: Number, b: Number) -> Number:
    """Unknown where the divisor can be zero, or where an end is not known."""
    _refuse_quotients(a, b)
    zero = literal(Decimal(0))
    above, below = compare(">", b, zero), compare("<", b, zero)
    a_minus, b_minus = _minus(a), _minus(b)
    sound = all_of([a.bounded, b.bounded, any_of([surely(above, True), surely(below, True)])])

    def signed(plus: exp.Expr, minus: exp.Expr) -> exp.Expr:
        return choose([(above, plus), (below, minus)], null())

    if a.exact and b.exact:
        size, bottom_size = a.low.digits, b.low.digits
        top = signed(a.low.top, a_minus.low.top)
        bottom = signed(b.low.top, b_minus.low.top)
        return Number(sound, End(choose([(sound, top)], null()), size, bottom, bottom_size))
    size = a.low.digits.both(a.high.digits)
    bottom_size = b.low.digits.both(b.high.digits)
    low_top = signed(a.low.top, a_minus.low.top)
    high_top = signed(a.high.top, a_minus.high.top)
    least, most = signed(b.low.top, b_minus.low.top), signed(b.high.top, b_minus.high.top)
    nought = constant(Decimal(0), ONE_DIGIT)

    def end(top: exp.Expr, if_above: exp.Expr, if_below: exp.Expr) -> End:
        positive = _binary(exp.GTE, top, nought)
        bottom = choose([(positive, if_above)], if_below)
        return End(choose([(sound, top)], null()), size, bottom, bottom_size)

    return Number(sound, end(low_top, most, least), end(high_top, least, most))


def _refuse_quotients(*numbers: Number) -> None:
    if any(end.bottom is not None for number in numbers for end in number.ends):
        raise NotCompilable(
            "a quotient cannot be multiplied or divided further in a table: "
            "write a * c / b for a / b * c"
        )


def _extreme(kind: type[exp.Expr], parts: Sequence[exp.Expr]) -> exp.Expr:
    if any(is_null(part) for part in parts):
        return null()
    first, *rest = dict.fromkeys(parts)
    if not rest:
        return first
    return kind(this=first, expressions=list(rest), ignore_nulls=True)


def absolute(a: Number) -> Number:
    zero = End(constant(Decimal(0), ONE_DIGIT), ONE_DIGIT)
    if a.exact:
        top = null() if is_null(a.low.top) else exp.Abs(this=a.low.top)
        return Number(a.known, replace(a.low, top=top))
    minus = _minus(a)
    above, below = _order(exp.GTE, a.low, zero), _order(exp.LTE, a.high, zero)
    low = _chosen([(above, a.low), (below, minus.low), (a.known, zero)])
    both = all_of([known(a.low.top), known(a.high.top)])
    further = _further(_opposite(a.low), a.high)
    high = _chosen([(above, a.high), (below, minus.high), (both, further)])
    return Number(a.known, low, high)


def _further(a: End, b: End) -> End:
    return _chosen([(_order(exp.GTE, a, b), a), (true(), b)])


def least(numbers: Sequence[Number]) -> Number:
    return _picked(numbers, lambda a, b: _order(exp.LTE, a, b))


def greatest(numbers: Sequence[Number]) -> Number:
    return _picked(numbers, lambda a, b: _order(exp.GTE, a, b))


def _picked(numbers: Sequence[Number], first: Callable[[End, End], exp.Expr]) -> Number:
    everything = all_of([number.known for number in numbers])

    def pick(ends: list[End]) -> End:
        best = ends[0]
        for other in ends[1:]:
            best = _chosen([(first(best, other), best), (true(), other)])
        sound = all_of([everything, *(known(end.top) for end in ends)])
        return replace(best, top=choose([(sound, best.top)], null()))

    low = pick([number.low for number in numbers])
    exact = all(number.exact for number in numbers)
    return Number(everything, low, None if exact else pick([number.high for number in numbers]))


def case(branches: Sequence[tuple[exp.Expr, Number]]) -> Number:
    """The number of the first branch whose condition is true; unknown if none is."""
    known_if = choose([(condition, number.known) for condition, number in branches], false())
    if not always_said(known_if):
        known_if = surely(known_if, True)
    low = _chosen([(condition, number.low) for condition, number in branches])
    if all(number.exact for _, number in branches):
        return Number(known_if, low)
    return Number(known_if, low, _chosen([(c, number.high) for c, number in branches]))


def _chosen(branches: Sequence[tuple[exp.Expr, End]]) -> End:
    size, bottom_size = branches[0][1].digits, ONE_DIGIT
    for _, end in branches:
        size, bottom_size = size.both(end.digits), bottom_size.both(end.bottom_digits)
    top = choose([(condition, end.top) for condition, end in branches], null())
    if all(end.bottom is None for _, end in branches):
        return End(top, size)
    one = constant(Decimal(1), ONE_DIGIT)
    bottom = choose([(c, one if end.bottom is None else end.bottom) for c, end in branches], one)
    return End(top, size, bottom, bottom_size)
