"""What came of reading a referral: a chart and what was kept, or the faults.

An edge makes these; records stores them. A fault refuses the whole referral; a
``Problem`` (see entries) is kept, listed, and takes nothing else with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.core.chart.entries import Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One reason why a referral is refused.

    code: of the FHIR issue-type value set ("required", "value", "business-rule", ...).
    path: the place as FHIRPath, "" when there is no place to name.
    words: what is there, why it matters, and what would be right.
    """

    code: str
    path: str
    words: str


class Refused(Exception):
    """A referral that must not be stored. Nothing about the person was kept.

    unreadable: True when it could not be read as a FHIR bundle at all; False when it
        was read and something in it forbids taking it.
    """

    def __init__(self, faults: tuple[Fault, ...], *, unreadable: bool = False) -> None:
        super().__init__(
            "; ".join(f"{fault.path or 'the file'}: {fault.words}" for fault in faults)
        )
        self.faults = faults
        self.unreadable = unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One resource of the referral, word for word.

    place: "Bundle.entry[3]".
    ref: how the chart names it ("Condition/17"); full_url as sent, "" when none.
    json: the resource as JSON text, numbers with the digits that were written.
    sha256: over the content, whatever its order of keys and spaces.
    understood: False when Evenkeel reads nothing from this kind of resource.
    """

    place: str
    kind: str
    ref: str
    full_url: str
    json: str
    sha256: str
    understood: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A referral that may be stored.

    identifiers: of the person, fit for matching: (system, value), none that is
        marked old or temporary.
    bundle_identifier: (system, value) of the bundle, or None.
    content_sha256: over all kept resources, whatever their order: the same content
        sent again is the same referral.
    """

    kind: str
    chart: Chart
    kept: tuple[Kept, ...]
    identifiers: tuple[tuple[str, str], ...]
    bundle_identifier: tuple[str, str] | None
    content_sha256: str
