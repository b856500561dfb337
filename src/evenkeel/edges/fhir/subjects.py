"""Does everything in a referral belong to its patient?

In: a ``Referral`` and the links that the walk found. Out: faults, and on the referral
what leads out of it (``dangling``) or is about something else (``others``). Nothing
is attached to a person by guess.
"""

from __future__ import annotations

from typing import Any

from evenkeel.edges.fhir import primitives, references
from evenkeel.edges.fhir.bundle import Referral
from evenkeel.edges.fhir.references import Entry
from evenkeel.edges.fhir.shape import Link, Survey

# The elements that say whom a resource is about.
ABOUT = ("subject", "patient", "beneficiary", "for")


def follow(referral: Referral, found: Survey) -> None:
    """Follow every reference; those that say whom a resource is about must lead to the patient."""
    numbers = {id(entry.resource): entry for entry in referral.entries}
    about: set[int] = set()
    for link in found.links:
        entry = numbers.get(id(link.inside))
        is_subject = entry is not None and any(
            link.path == f"{entry.place}.{name}" for name in ABOUT
        )
        if entry is not None and is_subject and _may_be_a(link, "Patient"):
            about.add(entry.number)
            _subject(link, entry, referral, found)
        else:
            _other(link, entry, referral, found)
    for entry in referral.entries:
        if entry.kind in _NEED_A_PERSON and entry.number not in about:
            referral.others[entry.number] = "it does not say whom it is about"


# Types whose subject FHIR leaves optional and that we would otherwise read.
_NEED_A_PERSON = frozenset({"Observation", "Encounter"})


def _subject(link: Link, entry: Entry, referral: Referral, found: Survey) -> None:
    reference = link.value.get("reference")
    identifier = link.value.get("identifier")
    known = referral.index.identifiers
    if reference is None:
        named = {("", "")} if not isinstance(identifier, dict) else _named(identifier)
        if isinstance(identifier, dict) and named & known:
            return
        found.fault(
            "not-found",
            f"{link.path}.identifier" if isinstance(identifier, dict) else link.path,
            "does not lead to the patient of this bundle. Nothing may be attached to a person "
            "by guess; refer to the Patient entry.",
        )
        return
    target = _follow(link, reference, entry.full_url, referral)
    if target is referral.patient.resource or (
        references.is_conditional(reference) and references.means_patient(reference, known)
    ):
        if isinstance(identifier, dict) and _contradicts(_named(identifier), known):
            found.fault(
                "business-rule",
                f"{link.path}.identifier",
                "names another person than the reference beside it. Send one of the two.",
            )
        return
    named_kind = str(target["resourceType"]) if target else references.kind_named(reference)
    if named_kind and named_kind != "Patient" and _may_be_a(link, named_kind):
        referral.others[entry.number] = f"it is about a {named_kind}, not about the patient"
        return
    if named_kind and not _may_be_a(link, named_kind):
        _wrong_kind(link, named_kind, found)
        return
    if reference.startswith("#") and target is None:
        _missing_contained(link, reference, found)
        return
    found.fault(
        "not-found",
        f"{link.path}.reference",
        f"{primitives.shown(reference)} is about a person who is not the patient of this "
        "bundle. It was not attached to anybody; put that person's Patient into a bundle of "
        "its own, or correct the reference.",
    )


def _other(link: Link, entry: Entry | None, referral: Referral, found: Survey) -> None:
    reference = link.value.get("reference")
    if not isinstance(reference, str):
        return
    if reference.startswith("#") and referral.index.contained(link.inside, reference) is None:
        _missing_contained(link, reference, found)
        return
    target = _follow(link, reference, entry.full_url if entry else "", referral)
    kind = str(target["resourceType"]) if target else references.kind_named(reference)
    if kind and not _may_be_a(link, kind):
        _wrong_kind(link, kind, found)
    elif target is None:
        referral.dangling.append(link)


def _may_be_a(link: Link, kind: str) -> bool:
    """May this reference lead to the type? An element without targets may lead to any."""
    return not link.targets or kind in link.targets


def _follow(link: Link, reference: str, under: str, referral: Referral) -> dict[str, Any] | None:
    if reference.startswith("#"):
        return referral.index.contained(link.inside, reference)
    entry = referral.index.entry(reference, under)
    return entry.resource if entry else None


def _wrong_kind(link: Link, kind: str, found: Survey) -> None:
    found.fault(
        "structure",
        f"{link.path}.reference",
        f"leads to a {kind}; here only {', '.join(sorted(link.targets))} may stand.",
    )


def _missing_contained(link: Link, reference: str, found: Survey) -> None:
    found.fault(
        "invariant",
        link.path,
        f"{primitives.shown(reference)} names a contained resource that is not there (FHIR "
        "ref-1). Contain it, or refer to an entry.",
    )


def _named(identifier: dict[str, Any]) -> set[tuple[str, str]]:
    return {(str(identifier.get("system", "")), str(identifier.get("value", "")))}


def _contradicts(named: set[tuple[str, str]], known: set[tuple[str, str]]) -> bool:
    """The same system gives the patient another value."""
    return not named & known and any(
        system == held for system, _ in named for held, _ in known if system
    )
