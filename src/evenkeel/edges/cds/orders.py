"""Which draft orders are ketamine or esketamine, and what they say of drug, route and dose.

In: draft orders as sent. Out: an ``Order`` for each that is, or may be, one of the two
drugs. How it was recognised travels along: by a code, by the name beside a code, as an
ingredient, or by its words alone, which a person has to confirm. A dose is only read
from a coded quantity; words are shown as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from evenkeel.core.chart import Code
from evenkeel.core.guidelines.facts.quantities import read_quantity
from evenkeel.core.guidelines.terms.terminology import Terminology
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.terms.values import Value as FactValue
from evenkeel.edges.fhir.values import code_of, quantity_of

Resource = dict[str, Any]
DRUGS = ("esketamine", "ketamine")
_NAMES = {
    "esketamine": re.compile(r"\b(?:es-?ketamine?|s-ketamine|spravato)\b", re.IGNORECASE),
    "ketamine": re.compile(r"(?<![-\w])(?:ketamine?|ketalar)\b", re.IGNORECASE),
}
_NOT_MEANT = frozenset({"entered-in-error", "cancelled", "stopped", "completed"})

# Routes by SNOMED CT code, and by the words of people. Translation, not clinical content.
_ROUTE_CODES = {
    "46713006": "nasal",
    "47625008": "iv",
    "78421000": "im",
    "34206005": "sc",
    "26643006": "oral",
    "37839007": "sublingual",
}
_ROUTE_WORDS = {
    "nasal": re.compile(r"\b(?:nose|nostrils?|nasal|nasally|intranasal(?:ly)?)\b", re.I),
    "iv": re.compile(r"\b(?:veins?|intravenous(?:ly)?|iv|i\.v\.|infusion)\b", re.I),
    "im": re.compile(r"\b(?:muscle|intramuscular(?:ly)?|im|i\.m\.)\b", re.I),
    "sc": re.compile(r"\b(?:under the skin|subcutaneous(?:ly)?|sc|s\.c\.)\b", re.I),
    "oral": re.compile(r"\b(?:by mouth|oral(?:ly)?|swallow(?:ed)?|p\.o\.|po)\b", re.I),
    "sublingual": re.compile(r"\b(?:under the tongue|sublingual(?:ly)?)\b", re.I),
}
ROUTES = {
    "nasal": "into the nose",
    "iv": "into a vein",
    "im": "into a muscle",
    "sc": "under the skin",
    "oral": "by mouth",
    "sublingual": "under the tongue",
}
_PRODUCTS = {
    ("esketamine", "nasal"): "esketamine_nasal",
    ("esketamine", "iv"): "esketamine_iv",
    ("esketamine", "sc"): "esketamine_sc",
    ("ketamine", "iv"): "racemic_iv",
    ("ketamine", "im"): "racemic_im",
    ("ketamine", "sc"): "racemic_sc",
    ("ketamine", "oral"): "racemic_oral",
    ("ketamine", "sublingual"): "racemic_sublingual",
    ("ketamine", "nasal"): "racemic_nasal_compounded",
}
_COMPOUNDED = re.compile(r"\bcompound(?:ed|ing)?\b", re.I)
_AT_HOME = re.compile(r"\b(?:at home|home use|take[- ]home)\b", re.I)
_FIRST = re.compile(r"\b(?:first|1st|initial) (?:treatment|session|dose|day)\b|\bday 1\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One draft order of ketamine or esketamine.

    how: "code", "name", "ingredient" or "words". product: of the fact dictionary, "" when
        the route leaves it open.
    says: facts that the order states by code. words_say: facts read from its words alone.
    doubts: what the order leaves open, for a person.
    """

    ref: str
    drug: str
    how: str
    called: str
    product: str
    route: str
    written: str
    says: dict[str, FactValue]
    words_say: dict[str, FactValue]
    dose: str
    per_weight: bool
    doubts: tuple[str, ...]
    resource: Resource

    @property
    def certain(self) -> bool:
        """Whether a code says which drug it is."""
        return self.how != "words"


@dataclass(frozen=True, slots=True)
class Nameless:
    """A drug order that does not say which drug it is."""

    ref: str


class Index:
    """Medications that orders point to: contained, or beside them."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_ref = {
            f"Medication/{item.get('id')}": item
            for item in resources
            if item.get("resourceType") == "Medication"
        }

    def medication(self, order: Resource) -> Resource | None:
        link = order.get("medicationReference")
        return self._follow(link, order) if isinstance(link, dict) else None

    def _follow(self, link: Resource, inside: Resource) -> Resource | None:
        reference = link.get("reference")
        if not isinstance(reference, str):
            return None
        if reference.startswith("#"):
            held = inside.get("contained")
            for item in held if isinstance(held, list) else []:
                if isinstance(item, dict) and item.get("id") == reference[1:]:
                    return item
            return None
        return self._by_ref.get("/".join(reference.split("/_history/")[0].split("/")[-2:]))

    def codes(self, order: Resource) -> Iterator[tuple[str, Code]]:
        """How, and which concept: what the order calls the drug, then its ingredients."""
        if isinstance(order.get("medicationCodeableConcept"), dict):
            yield "code", _code(order["medicationCodeableConcept"])
        link = order.get("medicationReference")
        if not isinstance(link, dict):
            return
        found = self._follow(link, order)
        if found is not None:
            yield "code", _code(found.get("code"))
            yield from self._ingredients(found, order, 0)
        if isinstance(link.get("display"), str):
            yield "code", Code(text=link["display"])

    def _ingredients(
        self, of: Resource, inside: Resource, depth: int
    ) -> Iterator[tuple[str, Code]]:
        parts = of.get("ingredient")
        for part in parts if isinstance(parts, list) and depth < 3 else []:
            if not isinstance(part, dict) or part.get("isActive") is False:
                continue
            yield "ingredient", _code(part.get("itemCodeableConcept"))
            link = part.get("itemReference")
            deeper = self._follow(link, inside) if isinstance(link, dict) else None
            if deeper is not None:
                yield "ingredient", _code(deeper.get("code"))
                yield from self._ingredients(deeper, inside, depth + 1)


def recognise(code: Code, terminology: Terminology) -> tuple[str, str] | None:
    """Which of the two drugs a concept names, and how: (drug, "code" | "name" | "words")."""
    named = {match.concept for match in terminology.matches_of(code)}
    for drug in DRUGS:
        if drug in named:
            return drug, "code"
    for coding in code.codings:
        drug = _named(coding.display)
        if drug and coding.code:
            return drug, "name"
    told = _named(" ".join([code.text, *(coding.display for coding in code.codings)]))
    return (told, "words") if told else None


def read_orders(
    orders: Iterable[Resource], index: Index, terminology: Terminology
) -> tuple[list[Order], list[Nameless]]:
    """The ketamine and esketamine orders, and drug orders that name no drug."""
    found: list[Order] = []
    nameless: list[Nameless] = []
    for order in orders:
        if order.get("resourceType") != "MedicationRequest":
            continue
        if order.get("doNotPerform") is True or str(order.get("status")) in _NOT_MEANT:
            continue
        ref = f"MedicationRequest/{order.get('id', 'without an id')}"
        codes = [(how, code) for how, code in index.codes(order) if code.codings or code.text]
        if not codes:
            nameless.append(Nameless(ref))
            continue
        told: tuple[str, str] | None = None
        for how, code in codes:
            one = recognise(code, terminology)
            if one is None:
                continue
            way = how if how == "ingredient" and one[1] != "words" else one[1]
            if told is None or (told[1] == "words" and way != "words"):
                told = one[0], way
        if told is not None:
            called = next((code.words for _, code in codes if code.words), told[0])
            found.append(_order(order, ref, told, called, codes, terminology))
    return found, nameless


def _code(value: Any) -> Code:
    """As ``code_of``, for resources whose shape nobody has checked yet."""
    if not isinstance(value, dict):
        return Code()
    codings = value.get("coding")
    clean = [
        {name: item for name, item in coding.items() if isinstance(item, str)}
        for coding in (codings if isinstance(codings, list) else [])
        if isinstance(coding, dict)
    ]
    said = value.get("text")
    return code_of({"coding": clean, "text": said if isinstance(said, str) else ""})


def _named(words: str) -> str:
    for drug in DRUGS:
        if _NAMES[drug].search(words):
            return drug
    return ""


def _order(
    order: Resource,
    ref: str,
    told: tuple[str, str],
    called: str,
    codes: list[tuple[str, Code]],
    terminology: Terminology,
) -> Order:
    drug, how = told
    dosages = [each for each in _listed(order.get("dosageInstruction")) if isinstance(each, dict)]
    written = " / ".join(each["text"] for each in dosages if isinstance(each.get("text"), str))
    all_words = " ".join([*(code.words for _, code in codes), written, *_notes(order)])
    doubts: list[str] = []
    route, by_words = _route(dosages, " ".join([called, written]), doubts)
    product = _PRODUCTS.get((drug, route), "")
    says: dict[str, FactValue] = {}
    words_say: dict[str, FactValue] = {}
    if product:
        (words_say if by_words or how == "words" else says)["product"] = product
    dose, per_weight = _dose(dosages, terminology, says, doubts)
    if route != "iv":  # the fact is of a dose into a vein
        says.pop("iv_dose_mg_per_kg", None)
    if _COMPOUNDED.search(all_words):
        words_say["compounded_product"] = True
    if _AT_HOME.search(all_words):
        words_say |= {"setting": "home", "home_self_administration": True}
    if _FIRST.search(written):
        words_say["session_number"] = Range.exactly(1)
    return Order(
        ref=ref,
        drug=drug,
        how=how,
        called=called,
        product=product,
        route=route,
        written=written,
        says=says,
        words_say=words_say,
        dose=dose,
        per_weight=per_weight,
        doubts=tuple(doubts),
        resource=order,
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _notes(order: Resource) -> Iterator[str]:
    for note in _listed(order.get("note")):
        if isinstance(note, dict) and isinstance(note.get("text"), str):
            yield note["text"]


def _route(dosages: list[Resource], words: str, doubts: list[str]) -> tuple[str, bool]:
    """The route, and whether only words say it. Two routes are none."""
    coded: set[str] = set()
    said: set[str] = set()
    for dosage in dosages:
        code = _code(dosage.get("route"))
        coded |= {_ROUTE_CODES[c.code] for c in code.codings if c.code in _ROUTE_CODES}
        said |= _routes_in(" ".join([code.text, *(c.display for c in code.codings)]))
    said |= _routes_in(words)
    if len(coded | said) > 1:
        listed = " and ".join(ROUTES[route] for route in sorted(coded | said))
        doubts.append(f"the route is told in two ways: {listed}")
        return "", True
    if not coded | said:
        doubts.append("the route is not told")
        return "", True
    return next(iter(coded | said)), not coded


def _routes_in(words: str) -> set[str]:
    return {route for route, pattern in _ROUTE_WORDS.items() if pattern.search(words)}


def _dose(
    dosages: list[Resource],
    terminology: Terminology,
    says: dict[str, FactValue],
    doubts: list[str],
) -> tuple[str, bool]:
    """The dose in words, and whether it is by weight. Only a single coded dose is used."""
    amounts: list[Any] = []
    for dosage in dosages:
        for rate in _listed(dosage.get("doseAndRate")):
            amount = rate.get("doseQuantity") if isinstance(rate, dict) else None
            if isinstance(amount, dict) and _is_number(amount.get("value")):
                amounts.append(amount)
    if not amounts:
        doubts.append("no coded dose; its words are not read as one")
        return "", False
    if len(amounts) > 1:
        doubts.append(f"{len(amounts)} doses are told; which one is given first is not clear")
        return "", False
    strings = ("unit", "system", "code", "comparator")
    quantity = quantity_of(
        {name: item for name, item in amounts[0].items()
         if name == "value" or (name in strings and isinstance(item, str))}
    )  # fmt: skip
    assert quantity is not None, "it has a value"
    rules = {
        "dose_mg": "ketamine_dose",
        "iv_dose_mg_per_kg": "ketamine_dose_per_weight",
    }
    for fact, concept in rules.items():
        rule = terminology.quantities[concept]
        if quantity.unit in rule.units:
            value, fault = read_quantity(concept, quantity, rule)
            if value is None or value.exact is None:
                doubts.append(f"the dose cannot be used: {fault or 'it is only a bound'}")
                return "", False
            says[fact] = value
            return f"{value} {rule.unit}", fact == "iv_dose_mg_per_kg"
    doubts.append(f"the unit of the dose, {quantity.unit[:20]!r}, is not understood")
    return "", False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
