"""An author sees every fault at once, each with its file, its line and what would be right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evenkeel.cli import cli
from evenkeel.core.guidelines.authoring.blocks import blanked, blocks_of
from evenkeel.core.guidelines.packs.library import PARTS

SHIPPED = Path(__file__).resolve().parents[3] / "src/evenkeel/content"
US = "guidelines/packs/esketamine-us.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the content, as an author would make it."""
    for part in PARTS:
        shutil.copytree(SHIPPED / part, tmp_path / part, ignore=shutil.ignore_patterns("editions"))
    shutil.copy(SHIPPED / "coverage.toml", tmp_path)
    # Under a released name every change is a fault of its own; an author takes a new one.
    index = tmp_path / "guidelines" / "index.toml"
    first, rest = index.read_text("utf-8").split("\n", 1)
    assert first.startswith("edition = ")
    index.write_text(f'edition = "an author\'s own"\n{rest}', "utf-8")
    return tmp_path


def spoil(folder: Path, file: str, old: str, new: str) -> int:
    """Replace the first ``old``; the line on which it stood."""
    text = (folder / file).read_text("utf-8")
    assert old in text, old
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def lint(*args: object) -> Result:
    return CliRunner().invoke(cli, ["guidelines", "lint", *map(str, args)])


def test_the_shipped_content_has_no_fault():
    said = lint("--json")
    told = json.loads(said.stdout)
    assert told["faults"] == []
    assert said.exit_code == 0
    assert told["criteria"] >= 275
    assert told["cases"] >= 1400


def test_all_faults_are_told_in_one_run(folder):
    def at(file: str, old: str, new: str, fault: str) -> None:
        expected.append((file, spoil(folder, file, old, new), fault))

    expected: list[tuple[str, int, str]] = []
    at(US, '"age_years >= 18"', '"age_yers >= 18"', "no fact age_yers; the nearest right name is "
       "age_years")  # fmt: skip
    at(US, 'require = "NOT aneurysmal', 'requires = "NOT aneurysmal',
       "SPVUS-006: Object contains unknown field `requires`")  # fmt: skip
    at(US, '"NOT arteriovenous_malformation"', '"arteriovenous_malformation >="',
       "SPVUS-007: cannot read 'arteriovenous_malformation >='")  # fmt: skip
    at("guidelines/packs/askp.toml", 'topic = "start_dose"', 'topic = "start_dos"',
       "no topic start_dos")  # fmt: skip
    at("facts/sessions.toml", 'padss_total"\ntype = "number"', 'padss_total"\ntype = "numbr"',
       "padss_total: Invalid enum value 'numbr'")  # fmt: skip
    at("guidelines/spec/nice-ta854.csv", "jurisdiction = us,", "jurisdiction = usa,",
       "'usa' is not one of us")  # fmt: skip
    at(
        "guidelines/conflicts.toml",
        '"PROT-019"',
        '"PROT-119"',
        "the nearest right name is PROT-019",
    )
    at("safeguards/safeguards.toml", 'fact = "aneurysmal', 'fact = "aneurismal',
       "the nearest right name is aneurysmal_vascular_disease")  # fmt: skip
    spoil(folder, "coverage.toml", '"SPVUS-002", ', "")
    # The enum's fault is at the line below the name.
    expected[4] = (expected[4][0], expected[4][1] + 1, expected[4][2])
    said = lint(folder, "--json")
    told = json.loads(said.stdout)["faults"]
    assert said.exit_code == 1
    for file, line, fault in expected:
        assert [each for each in told if each["file"] == file and each["line"] == line
                and fault in each["what"]], (file, line, fault, told)  # fmt: skip
    assert [each for each in told if "SPVUS-002 is not accounted for" in each["what"]]
    assert len(told) == len(expected) + 1, "what only follows from a fault is not told"


def test_what_loads_and_is_wrong_is_found_by_its_table_and_beside_its_neighbours(folder):
    spoil(folder, US, "age_years <= 24", "age_years <= 25")
    spoil(folder, US, '"pressure_recorded_at_40_min"', '"NOT pre_dose_pressure_recorded"')
    spoil(folder, US, 'mark = "known-verify"', 'mark = "known-verify"\nstatus = "reviewed"')
    said = lint(folder)
    assert said.exit_code == 1
    for words in (
        "SPVUS-023: with age_years = 25: applies is yes, the table says no",
        "SPVUS-023: no case with age_years just above 25",
        "SPVUS-042 and SPVUS-043 cannot both be met",
        "REMS-023: reviewed, yet its source is marked known-verify",
    ):
        assert words in said.stdout


@pytest.mark.parametrize(
    "wrong",
    [
        {US: "id = [", "guidelines/spec/askp.csv": "", "coverage.toml": "encoded = ["},
        {"facts/person.toml": "about = 3\n"},
        {"terminology/concepts.csv": "id\n"},
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault_and_no_crash(folder, wrong):
    for file, text in wrong.items():
        (folder / file).write_text(text)
    said = lint(folder)
    assert said.exit_code == 1
    assert isinstance(said.exception, SystemExit)
    told = {line.split(":")[0] for line in said.stdout.splitlines()[:-1]}
    assert told - {"note"} == set(wrong)


def test_a_folder_without_content_is_a_wrong_call(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        said = lint(folder)
        assert said.exit_code == 2
        assert said.stdout == ""
        assert said.stderr.count("\n") == 1


TEXT = """id = "x"

[packet]
request = "first"

[[criterion]]
id = "A"

[[criterion]]
id = "B"
[[criterion.part]]
name = "inner"

[other]
id = "C"
"""


def test_a_block_ends_where_the_next_begins_and_keeps_what_is_nested():
    blocks = blocks_of("x.toml", TEXT)
    assert [(each.name, each.first, each.last, each.place) for each in blocks] == [
        ("A", 6, 8, 0), ("B", 9, 13, 1),
    ]  # fmt: skip
    left = blanked(TEXT.encode(), blocks[1]).decode()
    assert left.count("\n") == TEXT.count("\n")
    assert "inner" not in left
    assert left.splitlines()[13] == "[other]"
