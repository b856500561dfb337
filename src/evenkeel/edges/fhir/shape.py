"""Does every element of a bundle have the shape that FHIR R4 gives it?

In: a value from ``text.read``. Out: a ``Survey``: faults with their places, and on
the way what later steps need: references, extensions, modifiers, unknown types.
Types outside the tables are only checked against the rules of FHIR JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from evenkeel.core.chart import Fault
from evenkeel.edges.fhir import primitives, spec
from evenkeel.edges.fhir.invariants import INVARIANTS
from evenkeel.edges.fhir.primitives import shown
from evenkeel.edges.fhir.text import Doubled


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A Reference: where it stands, what it says, which types it may lead to."""

    path: str
    value: dict[str, Any]
    targets: frozenset[str]
    inside: dict[str, Any]  # the resource of the entry, whose contained ones it may name


@dataclass(slots=True)
class Survey:
    """What the walk found. Paths are FHIRPath."""

    faults: list[Fault] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    extensions: list[tuple[str, str]] = field(default_factory=list)  # path, url
    modifiers: list[tuple[str, str]] = field(default_factory=list)  # path, words
    unknown_types: list[tuple[str, str]] = field(default_factory=list)  # path, type
    blank: list[str] = field(default_factory=list)  # labels of codes that are empty text

    def fault(self, code: str, path: str, words: str) -> None:
        self.faults.append(Fault(code=code, path=path, words=words))


def survey(bundle: dict[str, Any]) -> Survey:
    """Walk the whole bundle once."""
    found = Survey()
    _sound(bundle, "Bundle", found)
    _group(bundle, "Bundle", "Bundle", found, bundle)
    return found


def _sound(value: Any, path: str, found: Survey) -> None:
    """Rules of FHIR JSON that hold everywhere, in unknown types too."""
    if isinstance(value, dict):
        if not value:
            found.fault("structure", path, "is an empty object; FHIR has none. Leave it out.")
        if isinstance(value, Doubled):
            for name in value.twice:
                found.fault(
                    "structure",
                    f"{path}.{name}",
                    f'The key "{name}" stands twice in one object. Which of the two is meant '
                    "cannot be known; send one.",
                )
        for name, item in value.items():
            if not _storable(name):
                found.fault("structure", path, "has a name that no record can store.")
                continue
            if item is None:
                found.fault(
                    "structure", f"{path}.{name}", "is null; FHIR leaves out what is not there."
                )
            elif name == "display" and item == "":
                found.blank.append(f"{path}.{name}")
            elif isinstance(item, list):
                _sound_list(item, f"{path}.{name}", f"_{name}" in value or name[:1] == "_", found)
            else:
                _sound(item, f"{path}.{name}", found)
    elif value == "":
        found.fault("structure", path, "is empty text; FHIR leaves out what is not there.")
    elif isinstance(value, str) and not _storable(value):
        found.fault(
            "structure",
            path,
            "holds a character that no record can store (U+0000 or half a surrogate pair). "
            "Send the text again from its source.",
        )


def _storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


_TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}\Z")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _sound_list(items: list[Any], path: str, may_have_gaps: bool, found: Survey) -> None:
    if not items:
        found.fault("structure", path, "is an empty list; FHIR has none. Leave it out.")
    for number, item in enumerate(items):
        place = f"{path}[{number}]"
        if item is None:
            if not may_have_gaps:
                found.fault("structure", place, "is null; FHIR leaves out what is not there.")
        elif isinstance(item, list):
            found.fault("structure", place, "is a list inside a list, which FHIR does not have.")
        else:
            _sound(item, place, found)


def _group(
    value: dict[str, Any], kind: str, path: str, found: Survey, inside: dict[str, Any]
) -> None:
    """One object of a type, a group of elements, or a resource."""
    before = len(found.faults)
    elements = spec.types()[kind]
    is_resource = kind in spec.resources()
    variants: dict[str, set[str]] = {}
    for name, item in value.items():
        if name == "resourceType" and is_resource:
            continue
        plain = name[1:] if name[:1] == "_" else name
        element = elements.get(plain)
        if element is None or (plain is not name and element.kind not in primitives.NAMES):
            found.fault(
                "structure",
                f"{path}.{name[:64]}",
                f'{kind} has no element "{name[:64]}" in FHIR R4. Correct its name, or send it as '
                "an extension.",
            )
            continue
        if element.choice:
            variants.setdefault(element.choice, set()).add(plain)
        if item is None or (name == "display" and item == ""):
            continue  # already a fault, or told as blank
        if plain is not name:
            _beside(item, element, value, f"{path}.{plain}", found)
        else:
            _element(item, element, f"{path}.{name}", found, inside)
    for choice, names in variants.items():
        if len(names) > 1:
            found.fault(
                "structure",
                f"{path}.{choice}",
                f"has {len(names)} values ({', '.join(sorted(names))}) where one is allowed. "
                "Which is meant cannot be known; send one.",
            )
    _required(value, kind, path, found)
    if is_resource and "implicitRules" in value:
        found.modifiers.append((f"{path}.implicitRules", "rules of its own (implicitRules)"))
    if len(found.faults) == before and kind in INVARIANTS:
        INVARIANTS[kind](value, path, found)


def _required(value: dict[str, Any], kind: str, path: str, found: Survey) -> None:
    for group, elements in spec.required(kind):
        if any(each.name in value or f"_{each.name}" in value for each in elements):
            continue
        codes = elements[0].codes
        allowed = f" Allowed: {', '.join(spec.allowed(codes))}." if codes else ""
        found.fault(
            "required",
            f"{path}.{group}",
            f"{kind.rsplit('.', 1)[-1]} needs {group} and has none, so it cannot be told what it "
            f"means.{allowed}",
        )


def _element(
    item: Any, element: spec.Element, path: str, found: Survey, inside: dict[str, Any]
) -> None:
    if element.many:
        if not isinstance(item, list):
            found.fault("structure", path, f"must be a list, not {shown(item)}. Put it in [ ].")
            return
        for number, each in enumerate(item):
            if each is not None:
                _value(each, element, f"{path}[{number}]", found, inside)
    elif isinstance(item, list):
        found.fault("structure", path, "must be one value, not a list.")
    else:
        _value(item, element, path, found, inside)


def _value(
    item: Any, element: spec.Element, path: str, found: Survey, inside: dict[str, Any]
) -> None:
    kind = element.kind.removeprefix("@")
    if kind in primitives.NAMES:
        words = primitives.wrong(kind, item)
        if words:
            found.fault("value", path, f"{words}.")
        elif element.codes and item not in spec.allowed(element.codes):
            found.fault(
                "code-invalid",
                path,
                f"{shown(item)} is not allowed here. Allowed: "
                f"{', '.join(spec.allowed(element.codes))}.",
            )
        return
    if not isinstance(item, dict):
        found.fault("structure", path, f"must be an object ({kind}), not {shown(item)}.")
        return
    if kind == "Resource":
        _resource(item, path, found, inside)
    elif kind in spec.types():
        before = len(found.faults)
        _group(item, kind, path, found, inside)
        if kind == "Extension":
            _extension(item, element.name, path, found)
        elif kind == "Reference":
            found.links.append(Link(path=path, value=item, targets=element.targets, inside=inside))
        if element.codes and len(found.faults) == before:
            _bound(item, element, path, found)


def _resource(item: dict[str, Any], path: str, found: Survey, inside: dict[str, Any]) -> None:
    kind = item.get("resourceType")
    if not isinstance(kind, str) or not _TYPE.match(kind):
        found.fault(
            "structure" if "resourceType" in item else "required",
            f"{path}.resourceType",
            "must name the type of the resource, such as Patient or Condition.",
        )
        return
    contained = ".contained[" in path
    if contained and "contained" in item:
        found.fault(
            "invariant",
            f"{path}.contained",
            "A contained resource must not contain others (FHIR dom-2). Contain both side by side.",
        )
    if contained and "id" not in item:
        found.fault("required", f"{path}.id", "A contained resource needs an id to be named by.")
    if kind not in spec.resources():
        found.unknown_types.append((path, kind))
        return
    _group(item, kind, path, found, inside if contained else item)


def _beside(
    item: Any, element: spec.Element, value: dict[str, Any], path: str, found: Survey
) -> None:
    """What stands beside a primitive under its name with _ before it: id and extensions."""
    if element.many:
        plain = value.get(element.name)
        if not isinstance(item, list):
            found.fault("structure", path, "has notes beside it that must be a list.")
            return
        if isinstance(plain, list) and len(plain) != len(item):
            found.fault("structure", path, "and the notes beside it differ in length.")
        notes = item
    else:
        notes = [item]
    for note in notes:
        if note is None:
            continue
        if not isinstance(note, dict):
            found.fault("structure", path, "has a note beside it that is no object.")
            continue
        _group(note, spec.ELEMENT, path, found, {})


def _extension(item: dict[str, Any], name: str, path: str, found: Survey) -> None:
    url = item.get("url")
    words = url if isinstance(url, str) else "without an address"
    if name == "modifierExtension":
        found.modifiers.append((path, f"a modifier that Evenkeel does not know ({words})"))
    elif path.count(".extension[") == 1 and ".modifierExtension[" not in path:
        found.extensions.append((path, words))


def _bound(item: dict[str, Any], element: spec.Element, path: str, found: Survey) -> None:
    """A concept with a required binding has a code of the value set."""
    pairs = spec.value_sets()[element.codes]
    systems = {system for system, _ in pairs}
    if element.kind == "Coding":
        codings, places = [item], [path]
    else:
        codings = item.get("coding") or []
        places = [f"{path}.coding[{number}]" for number in range(len(codings))]
    fits = False
    for coding, place in zip(codings, places, strict=True):
        if not isinstance(coding, dict):
            return  # already a fault
        pair = (coding.get("system"), coding.get("code"))
        fits = fits or pair in pairs
        if pair[0] in systems and pair not in pairs:
            found.fault(
                "code-invalid",
                f"{place}.code",
                f"{shown(pair[1])} is not allowed here. Allowed: "
                f"{', '.join(spec.allowed(element.codes))}.",
            )
            return
    if not fits:
        found.fault(
            "code-invalid",
            path,
            f"needs a code of {', '.join(sorted(systems))}: "
            f"{', '.join(spec.allowed(element.codes))}.",
        )
