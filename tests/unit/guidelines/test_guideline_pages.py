"""The manual's pages of the packs tell every criterion with every case of its table."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

from evenkeel.core.guidelines.authoring.spec import load_spec
from evenkeel.core.guidelines.packs.library import library

EXTENSION = Path(__file__).resolve().parents[3] / "docs/_ext/guideline_pages.py"


def test_every_criterion_and_every_case_is_printed(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("guideline_pages", EXTENSION)
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    folder = tmp_path / "_generated/guidelines"
    folder.mkdir(parents=True)
    (folder / "gone.md").write_text("# A pack that is no more\n")
    pages.write(SimpleNamespace(srcdir=str(tmp_path)))
    assert not (folder / "gone.md").exists()
    for pack in library().packs.values():
        text = (folder / f"{pack.id}.md").read_text("utf-8")
        for criterion in pack.criteria:
            assert text.count(f"## {criterion.id}\n") == 1
        rows = [line for line in text.splitlines() if line.startswith(("| `", "| nothing |"))]
        assert len(rows) == len(load_spec(pack.id))
        # Each row of a table has as many columns as its head.
        for line in text.splitlines():
            if line.startswith("|"):
                assert line.replace("\\|", "").count("|") == 5, line
    assert "`systolic_bp`" in (folder / "facts.md").read_text("utf-8")
