"""Conditions of SQL put together, and shortened where their answer is already plain.

SQL's AND, OR and NOT with NULL are Kleene's: NULL is "not known". Shortening
matters, because a registry has columns for few of the facts, and what is unknown
for everybody should cost nothing. Expressions are values here: one may stand in many
places, nothing changes it, and sqlglot copies the whole when it writes it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp


def true() -> exp.Expr:
    return exp.Boolean(this=True)


def false() -> exp.Expr:
    return exp.Boolean(this=False)


def null() -> exp.Expr:
    return exp.Null()


def is_true(of: exp.Expr) -> bool:
    return isinstance(of, exp.Boolean) and bool(of.this)


def is_false(of: exp.Expr) -> bool:
    return isinstance(of, exp.Boolean) and not of.this


def is_null(of: exp.Expr) -> bool:
    return isinstance(of, exp.Null)


def column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def all_of(parts: Iterable[exp.Expr]) -> exp.Expr:
    """AND."""
    return _joined(parts, exp.And, settles=is_false, neutral=is_true, empty=true, full=false)


def any_of(parts: Iterable[exp.Expr]) -> exp.Expr:
    """OR."""
    return _joined(parts, exp.Or, settles=is_true, neutral=is_false, empty=false, full=true)


def _joined(parts, kind, *, settles, neutral, empty, full) -> exp.Expr:  # type: ignore[no-untyped-def]
    kept: dict[exp.Expr, None] = {}
    for part in parts:
        part = bare(part)
        if settles(part):
            return full()  # type: ignore[no-any-return]
        if not neutral(part):
            kept[part] = None
    if not kept:
        return empty()  # type: ignore[no-any-return]
    if len(kept) == 1:
        return next(iter(kept))
    return _balanced([wrapped(part) for part in kept], kind)


def _balanced(parts: Sequence[exp.Expr], kind: type[exp.Expr]) -> exp.Expr:
    """A tree as deep as the logarithm of its parts: readers of SQL recurse."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    left, right = _balanced(parts[:half], kind), _balanced(parts[half:], kind)
    return kind(this=wrapped(left), expression=wrapped(right))


_ATOMS = (
    exp.Column, exp.Boolean, exp.Null, exp.Paren, exp.Literal, exp.Cast, exp.Case, exp.Abs,
    exp.Least, exp.Greatest,
)  # fmt: skip


def bare(of: exp.Expr) -> exp.Expr:
    """What stands in brackets."""
    while isinstance(of, exp.Paren):
        of = of.this
    return of


def wrapped(of: exp.Expr) -> exp.Expr:
    """In brackets, unless it is one word or a call."""
    return of if isinstance(of, _ATOMS) else exp.Paren(this=of)


def negated(of: exp.Expr) -> exp.Expr:
    """NOT."""
    of = bare(of)
    if isinstance(of, exp.Boolean):
        return exp.Boolean(this=not of.this)
    if is_null(of):
        return null()
    if isinstance(of, exp.Not):
        return bare(of.this)
    return exp.Not(this=wrapped(of))


def always_said(of: exp.Expr) -> bool:
    """Whether a condition is never NULL, as far as its form shows."""
    if isinstance(of, exp.Paren | exp.Not):
        return always_said(of.this)
    if isinstance(of, exp.And | exp.Or):
        return always_said(of.this) and always_said(of.expression)
    return isinstance(of, exp.Boolean | exp.Is | exp.NullSafeEQ)


def unknown(of: exp.Expr) -> exp.Expr:
    """IS NULL; itself never NULL."""
    of = bare(of)
    if isinstance(of, exp.Not):
        return unknown(of.this)
    if is_null(of):
        return true()
    if isinstance(of, exp.Literal | exp.Cast) and of.find(exp.Column) is None:
        return false()
    if always_said(of):
        return false()
    return exp.Is(this=wrapped(of), expression=null())


def known(of: exp.Expr) -> exp.Expr:
    """IS NOT NULL."""
    return negated(unknown(of))


def surely(of: exp.Expr, answer: bool) -> exp.Expr:
    """Whether a condition is known to be so; never NULL."""
    of = bare(of)
    if isinstance(of, exp.Not):
        return surely(of.this, not answer)
    if isinstance(of, exp.Boolean):
        return exp.Boolean(this=bool(of.this) is answer)
    if is_null(of):
        return false()
    if always_said(of):
        return of if answer else negated(of)
    return exp.Is(this=wrapped(of), expression=exp.Boolean(this=answer))


def choose(branches: Iterable[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr) -> exp.Expr:
    """CASE: the value of the first branch whose condition is true."""
    kept: list[tuple[exp.Expr, exp.Expr]] = []
    for condition, value in branches:
        if is_true(condition):
            otherwise = value
            break
        if not is_false(condition) and not is_null(condition):
            kept.append((condition, value))
    while kept and kept[-1][1] == otherwise:
        kept.pop()
    if not kept:
        return otherwise
    ifs = [exp.If(this=condition, true=value) for condition, value in kept]
    return exp.Case(ifs=ifs, default=None if is_null(otherwise) else otherwise)


def same(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """IS NOT DISTINCT FROM: two unknown ends are the same end."""
    if left == right:
        return true()
    return exp.NullSafeEQ(this=wrapped(left), expression=wrapped(right))
