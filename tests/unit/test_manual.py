"""The manual stays true: links lead somewhere, pictures are small, commands are all there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evenkeel.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/[!_]*.md"), *ROOT.glob("docs/[!_]*/*.md")])
LARGEST_PICTURE = 400_000  # bytes; a clone should stay light


def links(page: Path) -> list[str]:
    """Relative addresses that a page leads to, without their anchors."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    found = re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", text)
    return [one.partition("#")[0] for one in found if not re.match(r"[a-z]+:|#", one)]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = [one for one in links(page) if not (page.parent / one).exists()]
    assert not broken


def test_pictures_that_pages_show_are_kept_and_small() -> None:
    folder = ROOT / "docs/screens"
    shown = {
        Path(one).name
        for page in PAGES
        for one in links(page)
        if one.endswith(".png") and (page.parent / one).resolve().parent == folder
    }
    kept = set(re.findall(r"^!(\S+)$", (folder / ".gitignore").read_text("utf-8"), flags=re.M))
    assert kept == shown, "docs/screens/.gitignore names the pictures that pages show"
    for name in shown:
        assert (folder / name).stat().st_size < LARGEST_PICTURE, name


@pytest.mark.parametrize("page", ["README.md", "docs/reference/commands.md"])
def test_every_command_is_told(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `evenkeel ([\w-]+)", text, flags=re.M))
    assert told == set(COMMANDS)


def test_the_readme_says_first_what_it_is_not_for_and_the_two_commands() -> None:
    screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30])
    for words in ("decides nothing by itself", "make demo", "make test", "no medical device"):
        assert words in screen
