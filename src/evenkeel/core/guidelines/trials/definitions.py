"""The published definitions of an adequate trial and of its failure, as content has them."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from typing import Literal

import msgspec

from evenkeel.core.guidelines.trials.doses import TABLES
from evenkeel.core.kernel.content import ContentFault, content, read_toml
from evenkeel.core.kernel.sources import Mark, Status


class DoseExample(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A dose that a published example accepts or rejects."""

    drug: str
    mg_per_day: int
    adequate: bool


class TrialDefinition(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One published rule of adequacy and failure.

    short: a name for narrow columns; asks, silent_on: what the text asks and leaves open
        (editions up to 2026-11-24 tell neither).
    kind: "rule" has numbers of its own; "label" asks for adequate trials and names no
        numbers, so that its count is what the rules leave possible, or a clinician's word.
    minimum_weeks, failed_below_percent: None where the text names none.
    partial_below_percent: below this and not failed is a partial response, kept apart.
    dose_column: a table of the minimum doses, or "any" = every table that lists the drug.
    short_with_clear_failure: a trial that was too short is not ruled out when somebody
        saw clearly that it did not work.
    current_episode, oral_only: what the text asks of a trial besides.
    not_oral: ingredients that are not taken by mouth.
    example: doses of a worked example that was read.
    """

    id: str
    title: str
    short: str = ""
    kind: Literal["rule", "label"] = "rule"
    minimum_weeks: int | None = None
    failed_below_percent: int | None = None
    partial_below_percent: int | None = None
    dose_column: str = "any"
    short_with_clear_failure: bool = False
    current_episode: bool = False
    oral_only: bool = False
    not_oral: list[str] = []
    example: list[DoseExample] = []
    source: str
    url: str
    mark: Mark
    status: Status
    asks: str = ""
    silent_on: str = ""
    note: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    about: str
    definition: list[TrialDefinition]


def load_definitions(root: Traversable | None = None) -> dict[str, TrialDefinition]:
    """Every definition by id.

    Raises:
        ContentFault: an unknown dose table, or a rule without its numbers.
    """
    read = read_toml(content("guidelines", "trial_definitions.toml", root=root), _File)
    for each in read.definition:
        if each.dose_column not in (*TABLES, "any"):
            raise ContentFault(f"trial_definitions.toml: {each.id}: no table {each.dose_column}")
        numbers = (each.minimum_weeks, each.failed_below_percent)
        if (each.kind == "rule") != (None not in numbers):
            raise ContentFault(
                f"trial_definitions.toml: {each.id}: a rule names its weeks and its per cent, "
                "and a label names none"
            )
    return {
        each.id: each if each.short else msgspec.structs.replace(each, short=each.title)
        for each in read.definition
    }
