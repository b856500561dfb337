"""A predicate read aloud: the checked tree as plain English.

In: a node and the dictionary. Out: one line, such as "age: 18 years or more and
aneurysm of an artery: no". It says exactly what the tree says: an AND inside an OR
is set off, and only exact opposites (not "18 or more" = "less than 18") are folded.
Label and value stand as in every reason that is shown, so that any label fits.
"""

from __future__ import annotations

from datetime import date

from evenkeel.core.guidelines.predicates.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Compare,
    FactRef,
    IsKnown,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
)
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Range, Value
from evenkeel.core.guidelines.verdicts.verdicts import UNIT_WORDS, choice_words

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRROR = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_NUMBERS = {
    "=": "{}", "<>": "not {}", "<": "less than {}", "<=": "{} or less",
    ">": "more than {}", ">=": "{} or more",
}  # fmt: skip
_DAYS = {
    "=": "{}", "<>": "not {}", "<": "before {}", "<=": "{} or before",
    ">": "after {}", ">=": "{} or after",
}  # fmt: skip
_SIGNS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


def in_words(node: Node, dictionary: Dictionary) -> str:
    """A condition as a reader would say it, without a full stop."""
    return _Reader(dictionary).condition(node)


def label_words(definition: FactDefinition) -> str:
    """A fact's label inside a sentence: "age", but "ECT" and "Child-Pugh class"."""
    first = definition.label.partition(" ")[0]
    is_plain = first in ("A", "An") or (first[1:].islower() and first not in _NAMES)
    return definition.label[0].lower() + definition.label[1:] if is_plain else definition.label


# Labels that begin with a person's or a thing's own name.
_NAMES = {"Aldrete", "Maudsley"}


class _Reader:
    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary

    def condition(self, node: Node) -> str:
        match node:
            case And(parts):
                return self._joined(self._folded(parts), "and")
            case Or(parts):
                return self._joined([self._inner(part) for part in parts], "or")
            case Not(of):
                return self._opposite(of)
            case FactRef(name):
                return self._yes_no(name, yes=True)
            case IsKnown(name):
                return f"{self._name(name)}: known"
            case Literal(value):
                return "always" if value is True else "never"
            case Compare(op, left, right):
                return self._compared(op, left, right)
            case OneOf(left, values):
                return f"{self._value(left)}: {self._listed(left, values, 'or')}"
            case Case(whens, otherwise):
                return self._cases(whens, otherwise)
            case _:
                return self._value(node)

    def _inner(self, part: Node) -> str:
        """A part of an AND or OR: set off where it would read differently."""
        words = self.condition(part)
        return f"({words})" if isinstance(part, And | Or | Case) else words

    def _folded(self, parts: tuple[Node, ...]) -> list[str]:
        """Parts of an AND, with "x >= 1 AND x <= 4" as one."""
        told: list[str] = []
        place = 0
        while place < len(parts):
            at, following = parts[place], parts[place + 1] if place + 1 < len(parts) else None
            if (
                isinstance(at, Compare)
                and isinstance(following, Compare)
                and (at.op, following.op) == (">=", "<=")
                and at.left == following.left
                and isinstance(at.right, Literal)
                and isinstance(following.right, Literal)
            ):
                low = self._literal(at.right.value, self._definition(at.left), unit=False)
                high = self._literal(following.right.value, self._definition(at.left))
                told.append(f"{self._value(at.left)}: {low} to {high}")
                place += 2
                continue
            told.append(self._inner(at))
            place += 1
        return told

    @staticmethod
    def _joined(parts: list[str], word: str) -> str:
        if len(parts) == 1:
            return parts[0]
        # A list of lists is kept apart by semicolons.
        nested = any("," in part or " or " in part or " and " in part for part in parts)
        if nested and not all(part.startswith("(") for part in parts):
            return f"{'; '.join(parts[:-1])}; {word} {parts[-1]}"
        if len(parts) == 2:
            return f"{parts[0]} {word} {parts[1]}"
        return f"{', '.join(parts[:-1])} {word} {parts[-1]}"

    def _opposite(self, of: Node) -> str:
        match of:
            case FactRef(name):
                return self._yes_no(name, yes=False)
            case IsKnown(name):
                return f"{self._name(name)}: not known"
            case Not(inner):
                return self.condition(inner)
            case Compare(op, left, right):
                return self._compared(_OPPOSITE[op], left, right)
            case OneOf(left, values):
                return f"{self._value(left)}: neither {self._listed(left, values, 'nor')}"
            case _:
                return f"it is not so that ({self.condition(of)})"

    def _yes_no(self, name: str, *, yes: bool) -> str:
        definition = self.dictionary[name]
        if name.startswith("says_"):
            answer = "yes" if yes else "no"
            return f"the {definition.asked_of} answers {answer} to “{definition.question}”"
        return f"{label_words(definition)}: {'yes' if yes else 'no'}"

    def _compared(self, op: str, left: Node, right: Node) -> str:
        if isinstance(left, Literal) and not isinstance(right, Literal):
            return self._compared(_MIRROR[op], right, left)
        definition = self._definition(left)
        if isinstance(right, Literal):
            said = self._literal(right.value, definition)
            is_day = isinstance(right.value, date)
        else:
            said = self._value(right)
            is_day = definition is not None and definition.kind is Kind.DAY
        return f"{self._value(left)}: {(_DAYS if is_day else _NUMBERS)[op].format(said)}"

    def _cases(self, whens: tuple[tuple[Node, Node], ...], otherwise: Node) -> str:
        told = [f"if {self.condition(when)} then {self._branch(then)}" for when, then in whens]
        return "; else ".join(told) + f"; otherwise {self._branch(otherwise)}"

    def _branch(self, node: Node) -> str:
        if isinstance(node, And | Or | Not | Compare | OneOf | IsKnown | Case):
            return self._inner(node)
        if isinstance(node, FactRef) and self.dictionary[node.name].kind is Kind.YES_NO:
            return self.condition(node)
        return self._value(node)

    def _value(self, node: Node) -> str:
        match node:
            case FactRef(name):
                return self._name(name)
            case Literal(value):
                return self._literal(value, None)
            case Arithmetic(op, left, right):
                return f"({self._value(left)} {_SIGNS[op]} {self._value(right)})"
            case Call(name, args):
                return self._call(name, [self._value(arg) for arg in args])
            case Case():
                return f"({self.condition(node)})"
            case _:
                return f"({self.condition(node)})"

    def _call(self, name: str, args: list[str]) -> str:
        match name:
            case "DAYS_SINCE":
                return f"days since {args[0]}"
            case "ABS":
                return f"the size of {args[0]}"
            case "LEAST":
                return f"the least of {self._joined(args, 'and')}"
        return f"the greatest of {self._joined(args, 'and')}"

    def _name(self, name: str) -> str:
        definition = self.dictionary[name]
        if name.startswith("says_"):
            return f"the {definition.asked_of}'s answer to “{definition.question}”"
        return label_words(definition)

    def _definition(self, node: Node) -> FactDefinition | None:
        return self.dictionary[node.name] if isinstance(node, FactRef) else None

    def _listed(self, left: Node, values: tuple[Value, ...], word: str) -> str:
        definition = self._definition(left)
        last = len(values) - 1
        said = [
            self._literal(value, definition, unit=place == last)
            for place, value in enumerate(values)
        ]
        return f" {word} ".join(said) if word == "nor" else self._joined(said, word)

    def _literal(
        self, value: Value, definition: FactDefinition | None, *, unit: bool = True
    ) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Range):
            words = definition.unit_words if definition is not None and unit else ""
            space = "" if words == "%" else " "
            return f"{value}{space}{UNIT_WORDS.get(words, words)}".rstrip()
        if isinstance(value, date):
            return value.isoformat()
        # A single letter or a Roman number is a class, and stays as it is written.
        return choice_words(value)
