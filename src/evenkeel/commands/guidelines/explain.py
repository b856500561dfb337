"""``evenkeel guidelines explain``: one criterion, pack, fact or conflict in full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import TextWrapper
from typing import Any

import click

from evenkeel.commands.guidelines.editions import stop
from evenkeel.core.guidelines.authoring.explain import NotFound, explain, role_words
from evenkeel.core.guidelines.packs.library import library

EXAMPLE = """\b
Examples, as they stand:
  evenkeel guidelines explain SPVUS-011
  evenkeel guidelines explain esketamine-us
  evenkeel guidelines explain systolic_bp
  evenkeel guidelines explain C02
"""
_WIDE = 96
_CODES_SHOWN = 12


@click.command("explain", epilog=EXAMPLE)
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
def command(name: str, as_json: bool) -> None:
    """Explain a criterion (SPVUS-011), a pack (esketamine-us), a fact (systolic_bp) or a
    conflict between guidelines (C02).

    Of a criterion: its statement, source and mark, its predicate in SQL and in plain
    words, the facts that it reads with their questions, its test table, and who else
    says otherwise. Of a fact: its question, where a record says it, what reads it.

    Exit 0: done. 2: nothing has this name; the nearest right names are told.
    """
    try:
        found = explain(name, library())
    except NotFound as fault:
        stop(str(fault))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    tell = {
        "criterion": _criterion,
        "pack": _pack,
        "fact": _fact,
        "conflict": _whole_conflict,
    }[found["is"]]
    for line in tell(found):
        click.echo(line.rstrip())


def _wrap(text: str, width: int, first: str = "", other: str = "") -> list[str]:
    wrapper = TextWrapper(width, initial_indent=first, subsequent_indent=other,
                          break_on_hyphens=False, break_long_words=False)  # fmt: skip
    return wrapper.wrap(text) or [""]


def _wrapped(text: str, indent: str = "", hanging: str = "") -> list[str]:
    return _wrap(text, _WIDE, indent, indent + hanging)


def _row(name: str, value: str) -> list[str]:
    """ "source      …", wrapped below its value."""
    lines = _wrap(value, _WIDE - 14)
    return [f"{name:<14}{lines[0]}", *(f"{'':14}{line}" for line in lines[1:])]


def _criterion(it: dict[str, Any]) -> Iterator[str]:
    pack, source = it["pack"], it["source"]
    yield from _wrapped(f"{it['id']}  {it['statement']}")
    yield ""
    yield from _row("strength", f"{it['strength']}, at stage {it['stage']}; {it['way']}")
    yield from _row("pack", f"{pack['short']} ({pack['id']}), {pack['publisher']}, "
                            f"edition {pack['edition']}, {pack['jurisdiction']}")  # fmt: skip
    yield from _row("source", f"{source['title']}, {source['place']}")
    yield f"{'':14}{source['url']}"
    blocks = "" if source["may_block"] else "; it never blocks"
    yield from _row("mark", f"{source['mark']}: {source['mark_words']}{blocks}")
    yield from _row("edition", f"{it['edition']}, status {it['status']}")
    if it["since"] or it["until"]:
        yield from _row("in force", f"{it['since'] or '…'} to {it['until'] or '…'}")
    yield ""
    if it["applies_when"] is None:
        yield from _row("applies", "to everybody to whom the pack applies")
    else:
        yield from _row("applies when", it["applies_when"]["words"])
        yield from _row("", it["applies_when"]["sql"])
    if it["require"] is not None:
        yield from _row("met when", it["require"]["words"])
        yield from _row("", it["require"]["sql"])
    if it["note"]:
        yield from _row("note", it["note"])
    if it["facts"]:
        yield ""
        yield "facts"
        for fact in it["facts"]:
            yield from _fact_lines(fact)
    if it["spec"]:
        yield ""
        yield f"test table ({len(it['spec'])} cases)"
        for case in it["spec"]:
            yield from _wrapped(case["given"] or "nothing is known", "  ", "  ")
            said = f"applies {case['applies']}, {case['finding'].replace('_', ' ')}: {case['why']}"
            yield from _wrapped(said, "      ")
    if it["conflicts"]:
        yield ""
        yield "where guidelines part"
        for conflict in it["conflicts"]:
            yield from _conflict(conflict)


def _fact_lines(fact: dict[str, Any]) -> Iterator[str]:
    asked, fresh = role_words(fact["asked_of"]), fact["fresh_days"]
    unit = f", in {fact['unit']}" if fact["unit"] else ""
    label = "" if fact["name"].startswith("says_") else f": {fact['label']}{unit}"
    yield f"  {fact['name']}{label}"
    yield from _wrapped(f"asked of {asked}: {fact['question']}", "      ")
    yield from _wrapped(f"{fact['derived']}; {_fresh_words(fresh)}", "      ")


def _fresh_words(days: int | None) -> str:
    if days is None:
        return "does not age"
    return "good for the day" if days == 1 else f"good for {days} days"


def _conflict(conflict: dict[str, Any]) -> Iterator[str]:
    how = "" if conflict["names_it"] else " (same topic)"
    yield f"  {conflict['id']} {conflict['title']}{how}"
    for other in conflict["others"]:
        ids = f" ({', '.join(other['criteria'])})" if other["criteria"] else ""
        yield from _wrapped(
            f"{other['who']}: {other['says']} [{other['mark']}]{ids}", "      ", "  "
        )
    yield from _wrapped(f"here: {conflict['engine']}", "      ", "  ")


def _whole_conflict(it: dict[str, Any]) -> Iterator[str]:
    yield f"{it['id']}  {it['title']}"
    yield ""
    for each in it["positions"]:
        ids = f" ({', '.join(each['criteria'])})" if each["criteria"] else ""
        yield from _wrapped(f"{each['who']}: {each['says']} [{each['mark']}]{ids}", "  ", "  ")
    yield ""
    yield from _row("here", f"{it['does']}. {it['engine']}")
    if it["never"]:
        yield from _row("one patient", it["never"])


def _pack(it: dict[str, Any]) -> Iterator[str]:
    counts = it["counts"]
    yield from _wrapped(f"{it['id']}  {it['title']}")
    yield ""
    yield from _row(
        "publisher", f"{it['publisher']}, edition {it['edition']}, status {it['status']}"
    )
    yield from _row("where", it["jurisdiction"])
    yield from _row("products", ", ".join(it["products"]) or "any")
    yield from _row("indications", ", ".join(it["indications"]) or "any")
    yield from _row(
        "criteria",
        f"{counts['criteria']}: {counts['decided_by_predicate']} decided by a predicate, "
        f"{counts['asked']} asked of a role, {counts['advice']} advice; "
        f"{counts['count_at_screening']} count at screening",
    )
    yield ""
    for each in it["criteria"]:
        head = f"{each['id']:<11}{each['strength']:<9}{each['stage']:<10}{each['mark']:<15}"
        lines = _wrap(each["statement"], max(40, _WIDE - len(head)))
        yield head + lines[0]
        yield from (f"{'':{len(head)}}{line}" for line in lines[1:])


def _fact(it: dict[str, Any]) -> Iterator[str]:
    yield f"{it['name']}  {it['label']}"
    yield ""
    unit = f" in {it['unit']}" if it["unit"] else ""
    yield from _row("kind", f"{it['kind'].replace('_', ' or ')}{unit}; about {it['about']}")
    if it["values"]:
        yield from _row("values", ", ".join(it["values"]))
    if it["minimum"] is not None or it["maximum"] is not None:
        least, most = it["minimum"], it["maximum"]
        ends = ("any" if end is None else f"{end:g}" for end in (least, most))
        yield from _row("possible", " to ".join(ends))
    yield from _row("question", f"{it['question']} (asked of {role_words(it['asked_of'])})")
    if it["asked_as"]:
        yield from _row("asked as", it["asked_as"])
    yield from _row("known", it["derived"])
    yield from _row("age", _fresh_words(it["fresh_days"]))
    if it["note"]:
        yield from _row("note", it["note"])
    if it["codes"]:
        yield ""
        yield f"codes ({len(it['codes'])})"
        for code in it["codes"][:_CODES_SHOWN]:
            of = "" if code["of"] == it["name"] else f" ({code['of']})"
            means = "" if code["means"] in ("present", "value") else f": {code['means']}"
            yield f"  {code['system']} {code['code']}  {code['display']}{of}{means}"
        if len(it["codes"]) > _CODES_SHOWN:
            yield f"  and {len(it['codes']) - _CODES_SHOWN} more; --json has all"
    yield ""
    yield f"read by {len(it['used_by'])} criteria"
    for each in it["used_by"]:
        yield from _wrapped(
            f"{each['id']:<11}{each['strength']:<9}{each['statement']}", "  ", " " * 20
        )
