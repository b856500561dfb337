"""Under whose rules: the jurisdictions of packs beside the one of a person.

A pack speaks for a country, for several, or for none ("international": a published
consensus, a trial, a definition). A person is treated under the rules of one.
"""

from __future__ import annotations

JURISDICTION_WORDS = {
    "us": "United States",
    "eu": "European Union",
    "england_nhs": "England, NHS",
    "australia": "Australia",
    "new_zealand": "New Zealand",
    "canada": "Canada",
    "philippines": "Philippines",
    "malaysia": "Malaysia",
    "several": "Several countries",
    "international": "No one country",
}
"""Jurisdictions of packs and of positions, as a reader would say them."""

EVERYWHERE = ("international", "several")


def speaks_for(jurisdiction: str, person: str | None) -> bool:
    """Whether a pack's jurisdiction is the person's; None = not known, which rules nothing out.

    person: a value of the fact "jurisdiction"; "canada_bc" lies in "canada".
    """
    if person is None or jurisdiction in EVERYWHERE:
        return True
    return person == jurisdiction or person.startswith(f"{jurisdiction}_")
