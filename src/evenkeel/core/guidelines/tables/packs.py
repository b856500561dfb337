"""A pack as columns: what each criterion says, the pack's answer, and why.

In: a pack, the columns of a registry, a day. Out: layers of named expressions, each
standing on the one before, with the meaning of ``judge_criterion`` and ``judge_pack``.
What a query does not ask for is never reckoned: lists of criteria and of facts are
expressions of the last layer only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.tables.conditions import Table, Told, condition
from evenkeel.core.guidelines.tables.logic import (
    all_of,
    any_of,
    choose,
    column,
    false,
    is_false,
    is_null,
    known,
    negated,
    null,
    surely,
    true,
    unknown,
)
from evenkeel.core.guidelines.tables.numbers import NotCompilable
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.verdicts.verdicts import Finding
from evenkeel.core.kernel.verdicts import Answer

# In a table an answer and a finding are small numbers: a byte for each patient.
ANSWERS = (Answer.YES, Answer.NO, Answer.UNKNOWN, Answer.JUDGE)
FINDINGS = (
    Finding.MET, Finding.NOT_MET, Finding.UNKNOWN, Finding.JUDGE, Finding.NOT_APPLICABLE,
)  # fmt: skip

Columns = dict[str, exp.Expr]


def _code(place: int) -> exp.Expr:
    return exp.Cast(this=exp.Literal.number(place), to=exp.DataType.build("TINYINT"))


@dataclass(frozen=True)
class CompiledCriterion:
    """One criterion. applies, requires: columns of the first layer, or what is plain."""

    criterion: Criterion
    dictionary: Dictionary
    applies: Told
    requires: Told | None

    @cached_property
    def holds(self) -> exp.Expr:
        """False: not met. True: met, or does not apply. NULL: unknown or to be judged."""
        if self.requires is None:
            return choose([(unknown(self.applies.value), null())], true())
        return any_of([negated(self.applies.value), self.requires.value])

    @cached_property
    def not_met(self) -> exp.Expr:
        return surely(self.holds, False) if self.requires is not None else false()

    @cached_property
    def judge(self) -> exp.Expr:
        """It is known to apply, and all that is missing is for a person to say."""
        if self.requires is None:
            return false()
        missing = self.requires.missing
        judged = [flag for name, flag in missing.items() if self.dictionary[name].judgement]
        others = [flag for name, flag in missing.items() if not self.dictionary[name].judgement]
        return all_of([
            surely(self.applies.value, True),
            unknown(self.requires.value),
            any_of(judged),
            negated(any_of(others)),
        ])  # fmt: skip

    @cached_property
    def unknown(self) -> exp.Expr:
        return all_of([unknown(self.holds), negated(self.judge)])

    @cached_property
    def met(self) -> exp.Expr:
        applies = surely(self.applies.value, False)
        if self.requires is None:
            return surely(self.applies.value, True)
        return all_of([negated(applies), surely(self.requires.value, True)])

    @cached_property
    def finding(self) -> exp.Expr:
        """A small number, the place in FINDINGS.

        Met and not met are the bytes 0 and 1 of NOT holds: cheaper than two branches.
        """
        code = {finding: _code(place) for place, finding in enumerate(FINDINGS)}
        if self.requires is None:
            met = choose([(unknown(self.applies.value), code[Finding.UNKNOWN])], code[Finding.MET])
        elif is_null(self.holds):
            met = choose([(self.judge, code[Finding.JUDGE])], code[Finding.UNKNOWN])
        else:
            said = exp.Cast(this=negated(self.holds), to=exp.DataType.build("TINYINT"))
            open_ = choose([(self.judge, code[Finding.JUDGE])], code[Finding.UNKNOWN])
            met = exp.Coalesce(this=said, expressions=[open_])
        return choose([(negated(self.applies.value), code[Finding.NOT_APPLICABLE])], met)

    @cached_property
    def missing(self) -> Columns:
        """By fact: whether it is missing while the criterion is unknown."""
        flags: dict[str, list[exp.Expr]] = {}
        for name, flag in self.applies.missing.items():
            flags.setdefault(name, []).append(flag)
        for name, flag in self.requires.missing.items() if self.requires is not None else ():
            if self.dictionary[name].judgement:
                # What a person must judge is asked only once it is known to apply.
                flag = all_of([known(self.applies.value), flag])
            flags.setdefault(name, []).append(flag)
        return {name: all_of([self.unknown, any_of(each)]) for name, each in flags.items()}


@dataclass(frozen=True)
class CompiledPack:
    """One pack over one table. prefix: begins the names of its columns."""

    pack: Pack
    prefix: str
    first: Columns
    criteria: tuple[CompiledCriterion, ...]

    @cached_property
    def counting(self) -> tuple[CompiledCriterion, ...]:
        at_screening = tuple(each for each in self.criteria if each.criterion.counts)
        return at_screening or tuple(each for each in self.criteria if each.criterion.binds)

    @cached_property
    def speaks(self) -> exp.Expr:
        """Whether any of them applies to the person."""
        return any_of(each.applies.value for each in self.counting)

    @cached_property
    def unheard(self) -> exp.Expr:
        """Nothing is unknown but whether any applies: those that may are met if they do."""
        lacking = any_of(each.unknown for each in self.counting)
        return all_of([unknown(self.speaks), negated(lacking)])

    @property
    def answer_name(self) -> str:
        return f"{self.prefix}answer"

    @cached_property
    def answer(self) -> exp.Expr:
        """A small number, the place in ANSWERS. It stands on the first layer."""
        refused = negated(
            all_of(each.holds for each in self.counting if each.criterion.strength == "must")
        )
        lacking = any_of([*(each.unknown for each in self.counting), unknown(self.speaks)])
        judged = any_of([
            surely(self.speaks, False),
            *(part for each in self.counting for part in (each.judge, each.not_met)),
        ])  # fmt: skip
        return choose(
            [
                (refused, _code(ANSWERS.index(Answer.NO))),
                (lacking, _code(ANSWERS.index(Answer.UNKNOWN))),
                (judged, _code(ANSWERS.index(Answer.JUDGE))),
            ],
            _code(ANSWERS.index(Answer.YES)),
        )

    @cached_property
    def answer_words(self) -> exp.Expr:
        return choose(
            [(self._answered(each), exp.Literal.string(str(each))) for each in ANSWERS[:-1]],
            exp.Literal.string(str(ANSWERS[-1])),
        )

    def _may_be_heard(self, one: CompiledCriterion) -> exp.Expr:
        return all_of([self.unheard, unknown(one.applies.value)])

    def _answered(self, answer: Answer) -> exp.Expr:
        return exp.EQ(this=column(self.answer_name), expression=_code(ANSWERS.index(answer)))

    @cached_property
    def deciding(self) -> Columns:
        """By criterion: whether it made the answer. It stands on the layer of answers."""
        made: Columns = {}
        silent = surely(self.speaks, False)
        for each in self.counting:
            must = each.criterion.strength == "must"
            open_ = any_of([each.unknown, self._may_be_heard(each)])
            made[each.criterion.id] = any_of([
                all_of([self._answered(Answer.NO), each.not_met if must else false()]),
                all_of([self._answered(Answer.UNKNOWN), open_]),
                all_of([self._answered(Answer.JUDGE), any_of([silent, each.judge, each.not_met])]),
                all_of([self._answered(Answer.YES), each.met]),
            ])  # fmt: skip
        return made

    @cached_property
    def missing(self) -> Columns:
        """By fact: whether the pack lacks it, in the order in which its criteria ask."""
        flags: dict[str, list[exp.Expr]] = {}
        for each in self.counting:
            heard = self._may_be_heard(each)
            if not is_false(heard):
                for name, flag in each.applies.missing.items():
                    flags.setdefault(name, []).append(all_of([heard, flag]))
            for name, flag in each.missing.items():
                flags.setdefault(name, []).append(flag)
        return {name: any_of(each) for name, each in flags.items()}


def compile_pack(pack: Pack, table: Table, dictionary: Dictionary, prefix: str) -> CompiledPack:
    """All criteria of a pack over the columns of a table.

    Raises:
        NotCompilable: names the criterion and says why.
    """
    first: Columns = {}
    compiled: list[CompiledCriterion] = []
    for place, criterion in enumerate(pack.criteria):
        in_force = criterion.in_force(table.as_of)
        applies = Told(true()) if in_force else Told(false())
        requires: Told | None = None
        try:
            if in_force and criterion.applies_when is not None:
                told = condition(criterion.applies_when, table)
                applies = _named(told, f"{prefix}if_{place}", first)
            if criterion.require is not None:
                told = condition(criterion.require, table)
                requires = _named(told, f"{prefix}must_{place}", first)
        except NotCompilable as fault:
            raise NotCompilable(f"{criterion.id}: {fault}") from fault
        compiled.append(CompiledCriterion(criterion, dictionary, applies, requires))
    return CompiledPack(pack, prefix, first, tuple(compiled))


def _named(told: Told, name: str, layer: Columns) -> Told:
    """Put a condition into a layer and refer to it by its name, unless it is a word."""
    if isinstance(told.value, exp.Boolean | exp.Null | exp.Column):
        return told
    layer[name] = told.value
    return Told(column(name), told.deciding, told.missing)


def joined_words(flags: Mapping[str, exp.Expr]) -> exp.Expr:
    """The names whose flags are true, with a space between; "" when there are none."""
    words: list[exp.Expr] = []
    for name, flag in flags.items():
        word = choose([(flag, exp.Literal.string(name))], null())
        if not isinstance(word, exp.Null):
            words.append(word)
    if not words:
        return exp.Literal.string("")
    return exp.ConcatWs(
        expressions=[exp.Literal.string(" "), *(word for word in words)],
        safe=True, coalesce=True,
    )  # fmt: skip


def select(columns: Mapping[str, exp.Expr], source: exp.Select | str, *, star: bool) -> exp.Select:
    """A query of named expressions over a table or over another query."""
    chosen: list[exp.Expr] = [exp.Star()] if star else []
    for name, value in columns.items():
        chosen.append(exp.alias_(value, name, quoted=True))
    query = exp.Select(expressions=chosen)
    if isinstance(source, str):
        return query.from_(exp.to_table(source, quoted=True), copy=False)
    return query.from_(source.subquery("layer", copy=False), copy=False)


def answered(packs: Iterable[CompiledPack], source: exp.Select | str) -> exp.Select:
    """The source with the conditions of all packs and their answers beside it."""
    packs = list(packs)
    first = {name: value for pack in packs for name, value in pack.first.items()}
    conditions = select(first, source, star=True)
    return select({pack.answer_name: pack.answer for pack in packs}, conditions, star=True)
