"""Pages of the guideline packs, written from the content each time the manual is built.

One page per pack with its criteria and their test tables, and one of all facts, into
``docs/_generated/guidelines``, which git ignores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from evenkeel.core.guidelines.authoring.explain import derived_words, explain, role_words
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.verdicts.verdicts import UNIT_WORDS


def write(app: Sphinx) -> None:
    """Write all pages; a page that says what it said before is left alone."""
    folder = Path(app.srcdir) / "_generated" / "guidelines"
    folder.mkdir(parents=True, exist_ok=True)
    content = library()
    pages = {
        pack.id: _pack(pack, content)
        for pack in (*content.packs.values(), *content.payers.values())
    }
    pages["facts"] = _facts(content)
    for old in folder.glob("*.md"):
        if old.stem not in pages:
            old.unlink()
    for name, lines in pages.items():
        place, text = folder / f"{name}.md", "\n".join(lines) + "\n"
        if not place.is_file() or place.read_text("utf-8") != text:
            place.write_text(text, "utf-8")


def _plain(text: str) -> str:
    """Words with nothing in them that Markdown would take for its own."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~^])", r"\\\1", " ".join(text.split()))


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _code(text: str) -> str:
    """A line of code inside a table or a sentence."""
    return f"`{text.replace('|', '¦')}`" if text else ""


def _pack(pack: Pack, content: Library) -> Iterator[str]:
    yield f"# {_plain(pack.short)}"
    yield ""
    yield f"{_plain(pack.title)}. {_plain(pack.publisher)}, edition {_plain(pack.edition)}."
    yield ""
    yield (
        "**A draft that no clinician has reviewed.** The words are this project's own; read the "
        "source before you act on it."
    )
    yield ""
    if pack.illustrative:
        yield "**Illustrative: the policy of nobody.**"
        yield ""
    yield from _table(
        ("criterion", "strength", "stage", "says"),
        (
            (f"[{each.id}](#{each.id.lower()})", each.strength, each.stage, _plain(each.statement))
            for each in pack.criteria
        ),
    )
    for each in pack.criteria:
        yield ""
        yield from _criterion(explain(each.id, content))


def _criterion(it: dict[str, Any]) -> Iterator[str]:
    source = it["source"]
    yield f"## {it['id']}"
    yield ""
    yield _plain(it["statement"])
    yield ""
    yield f"- **{it['strength']}**, at stage {it['stage']}; {it['way']}; status {it['status']}"
    link = f" (<{source['url']}>)" if source["url"].startswith("http") else ""
    never = "" if source["may_block"] else ", and it never blocks"
    yield (
        f"- Source: {_plain(source['title'])}, {_plain(source['place'])}, "
        f"edition {_plain(it['edition'])}{link}; {source['mark_words']}{never}"
    )
    for key, words in (("applies_when", "Applies when"), ("require", "Met when")):
        if it[key] is not None:
            yield f"- {words}: {_plain(it[key]['words'])}"
            yield f"  {_code(it[key]['sql'])}"
    if it["note"]:
        yield f"- Note: {_plain(it['note'])}"
    for fact in it["facts"]:
        yield f"- Asks {role_words(fact['asked_of'])}: {_plain(fact['question'])}"
    for conflict in it["conflicts"]:
        if conflict["names_it"]:
            others = "; ".join(
                f"{each['who']}: {each['says'].rstrip('.')}" for each in conflict["others"]
            )
            yield f"- Others say otherwise ({conflict['id']}): {_plain(others)}"
    if it["spec"]:
        yield ""
        yield from _table(
            ("given", "applies", "finding", "why"),
            (
                (
                    _code(case["given"]) or "nothing",
                    case["applies"],
                    case["finding"].replace("_", " "),
                    _plain(case["why"]),
                )
                for case in it["spec"]
            ),
        )


def _facts(content: Library) -> Iterator[str]:
    yield "# Facts"
    yield ""
    yield (
        "What criteria may read, with the question as a person is asked it. A value that is older "
        "than its days is unknown again."
    )
    yield ""
    facts = [
        each for each in content.dictionary.facts.values() if not each.name.startswith("says_")
    ]
    yield from _table(
        ("fact", "question", "asked of", "kind", "days", "from a record"),
        (
            (
                _code(each.name),
                _plain(each.question),
                each.asked_of,
                _plain(
                    ", ".join(each.values)
                    or UNIT_WORDS.get(each.unit_words, each.unit_words)
                    or str(each.kind).replace("_", " or ")
                ),
                str(each.fresh_days or ""),
                _plain(derived_words(each)),
            )
            for each in sorted(facts, key=lambda fact: fact.name)
        ),
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True}
