"""``evenkeel guidelines affected``: whose verdict another edition of the content changes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from evenkeel.commands.guidelines.editions import edition, named, stop
from evenkeel.core.guidelines.packs.editions import releases
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.runtime import surroundings

if TYPE_CHECKING:
    from evenkeel.web.records.selectors.affected import Affected

EXAMPLE = """\b
Example, while `make demo` runs:
  evenkeel guidelines affected --from 2026-11-24
"""


@click.command("affected", epilog=EXAMPLE)
@click.option("--from", "before", metavar="EDITION", help="Before; else the last one compared.")
@click.option("--to", "after", metavar="EDITION", default="shipped", help="The edition after.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
def command(before: str | None, after: str, as_json: bool) -> None:
    """List the patients whose verdict changes from one edition of the content to another.

    Everybody with a decision or an open referral is asked about under both editions, on
    the same record and today's day; those with a course under way come first. An EDITION
    is named as for `guidelines diff`, or is one that this house has kept. Nothing is
    stored, and no decision is changed.

    Exit 0: nobody is affected. 1: somebody is. 2: an EDITION is not there or cannot be
    used, or the records cannot be reached.
    """
    with surroundings.records():
        from django.utils import timezone

        from evenkeel.web.records.selectors.affected import affected
        from evenkeel.web.ui.words import local

        old, new = _of(before) if before else _before(), _of(after)
        found = list(affected(old, new, as_of=local(timezone.now()).date(), progress=_progress()))
        if as_json:
            click.echo(json.dumps(_object(old, new, found), ensure_ascii=False))
        else:
            _tell(old, new, found)
    sys.exit(1 if found else 0)


def _of(written: str) -> Library:
    """What this house has kept comes first; then what the program knows, and files."""
    from evenkeel.web.records.models import ContentEdition
    from evenkeel.web.records.selectors.editions import NoSuchContent, content_of

    if len(written) >= 6:
        kept = ContentEdition.objects.filter(sha256__startswith=written.lower())
        by_name = ContentEdition.objects.filter(edition=written)
        for rows in (kept, by_name):
            found = list(rows.values_list("sha256", flat=True)[:2])
            if len(found) == 1:
                try:
                    return content_of(found[0])
                except NoSuchContent as fault:
                    stop(f"{written}: {fault}")
    return edition(written)


def _before() -> Library:
    """The content that was last compared with another, else the latest release."""
    from evenkeel.core.guidelines.packs.library import library
    from evenkeel.web.records.models import EditionReview

    latest = EditionReview.objects.exclude(from_sha256="").order_by("-pk").first()
    if latest is not None and latest.to_sha256 == library().sha256:
        return _of(latest.from_sha256)
    older = [each for each in releases() if each.sha256 != library().sha256]
    if not older:
        stop("--from is needed: no earlier edition is known here")
    return edition(older[-1].sha256)


def _progress() -> Any:
    """Says on a terminal's stderr how far it has come."""
    if not sys.stderr.isatty():
        return None

    def say(done: int, many: int) -> None:
        if done == many or done % 10 == 0:
            click.echo(f"\r{done} of {many} patients", nl=done == many, err=True)

    return say


def _object(old: Library, new: Library, found: list[Affected]) -> dict[str, Any]:
    return {
        "from": {"edition": old.edition, "sha256": old.sha256},
        "to": {"edition": new.edition, "sha256": new.sha256},
        "patients": [
            {
                "patient": each.patient.number,
                "open": each.is_open,
                "packs": [
                    {
                        "pack": effect.pack,
                        "from": effect.before,
                        "to": effect.after,
                        "criteria": [
                            {"id": one.id, "from": one.before, "to": one.after}
                            for one in effect.criteria
                        ],
                    }
                    for effect in each.effects
                ],
            }
            for each in found
        ],
    }


def _tell(old: Library, new: Library, found: list[Affected]) -> None:
    many = f"{len(found)} patient{'' if len(found) == 1 else 's'}"
    click.echo(f"{named(old)} -> {named(new)}: {many} affected" if found
               else f"{named(old)} -> {named(new)}: nobody is affected")  # fmt: skip
    for each in found:
        click.echo(f"\n{each.patient.number}{', a course is under way' if each.is_open else ''}")
        for effect in each.effects:
            click.echo(f"  {effect.title}: {effect.before} -> {effect.after}")
            for one in effect.criteria:
                click.echo(f"    {one.id}: {one.before} -> {one.after}  {one.statement}")
