"""Editions: packed, read back, refused when altered; and what changed between two."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.support.charts import chart_of

from evenkeel.commands.guidelines import command as guidelines
from evenkeel.core.guidelines.packs import editions
from evenkeel.core.guidelines.packs.differences import Change, differences, files_apart
from evenkeel.core.guidelines.packs.editions import (
    UnknownEdition,
    UnreadableEdition,
    find,
    read_archive,
    released,
    releases,
    write_archive,
)
from evenkeel.core.guidelines.packs.library import PARTS, Library, library, load_library
from evenkeel.core.guidelines.verdicts.check import as_object, check
from evenkeel.core.kernel.content import ContentFault
from evenkeel.core.kernel.held import Held
from evenkeel.core.safeguards import load_safeguards

# The fingerprint that decisions of that edition carry, worked out with hashlib from the
# files of the commit that shipped it.
OLD, OLD_SHA256 = "2026-11-24", "b89970c35cfc53ed53e6d7036b719ebf183552dee9f8b8ac46e38c60da365077"


def changed(**edits: tuple[str, str]) -> Library:
    """Today's content with words of some files replaced: {"guidelines/packs/x": (a, b)}."""
    files = dict(library().held.files)
    for path, (was, now) in edits.items():
        text = files[path].decode()
        assert was in text, path
        files[path] = text.replace(was, now, 1).encode()
    return load_library(Held(files))


@pytest.mark.parametrize("release", releases(), ids=lambda each: each.edition)
def test_today_s_program_reads_every_edition_that_went_out(release):
    old = released(release.sha256)
    assert (old.edition, old.sha256) == (release.edition, release.sha256)
    assert old.packs
    assert load_safeguards(old.held)


def test_the_first_edition_has_the_fingerprint_that_its_decisions_carry():
    assert find(OLD).sha256 == OLD_SHA256
    assert len(find(OLD).packs) == 22
    assert sum(len(pack.criteria) for pack in find(OLD).packs.values()) == 275


def test_shipped_editions_hold_and_changed_content_has_a_new_name():
    assert list(editions.faults(library())) == []


def test_changed_content_under_the_name_of_a_released_edition_is_a_fault():
    renamed = changed(**{"guidelines/index.toml": (f'"{library().edition}"', f'"{OLD}"')})
    (fault,) = editions.faults(renamed)
    assert "new edition" in fault


def test_an_archive_gives_the_same_content_and_the_same_bytes_each_time():
    raw = write_archive(library())
    assert raw == write_archive(load_library())
    back = read_archive(raw, library().sha256)
    assert back.held.files == library().held.files
    assert differences(library(), back) == ()
    assert write_archive(back) == raw


def test_an_archive_holds_exactly_what_a_check_needs():
    with zipfile.ZipFile(io.BytesIO(write_archive(library()))) as packed:
        names = packed.namelist()
    assert {name.split("/")[0] for name in names} == {*PARTS, "edition.json"}
    assert not [name for name in names if name.startswith("guidelines/editions")]


def test_content_is_read_from_a_zip_s_own_path_as_from_a_folder(tmp_path):
    place = tmp_path / "edition.zip"
    place.write_bytes(write_archive(library()))
    assert load_library(zipfile.Path(place)).sha256 == library().sha256
    with zipfile.ZipFile(place) as packed:
        packed.extractall(tmp_path / "folder")
    assert load_library(tmp_path / "folder").sha256 == library().sha256


def repacked(raw: bytes, **edits: bytes | None) -> bytes:
    """The archive with some members replaced, added or (None) left out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w") as new:
        members = {name: old.read(name) for name in old.namelist()} | edits
        for name, data in members.items():
            if data is not None:
                new.writestr(name, data)
    return made.getvalue()


PACK = "guidelines/packs/esketamine-us.toml"


def _altered(raw: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        text = packed.read(PACK)
    assert b"age_years >= 18" in text
    return repacked(raw, **{PACK: text.replace(b"age_years >= 18", b"age_years >= 16", 1)})


def _manifest(raw: bytes, **values: object) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        told = json.loads(packed.read("edition.json"))
    return repacked(raw, **{"edition.json": json.dumps(told | values).encode()})


@pytest.mark.parametrize(
    ("tampered", "words"),
    [
        (_altered, "was altered"),
        (lambda raw: repacked(raw, **{"guidelines/NOTE.md": b"x"}), "was altered"),
        (lambda raw: repacked(raw, **{"elsewhere/x.toml": b"x"}), "other things"),
        (lambda raw: _manifest(raw, edition="2099-01-01"), "other things"),
        (lambda raw: _manifest(raw, sha256="0" * 64), "was altered"),
        (lambda raw: _manifest(raw, format=99), "newer program"),
        (lambda raw: repacked(raw, **{"edition.json": None}), "not an archive"),
        (lambda raw: raw[: len(raw) // 2], "not a readable archive"),
        (lambda raw: b"", "not a readable archive"),
        (lambda raw: b"PK\x03\x04" + b"\0" * 60, "not a readable archive"),
    ],
)
def test_an_archive_that_was_tampered_with_is_refused_by_name(tampered, words):
    with pytest.raises(UnreadableEdition, match=words):
        read_archive(tampered(write_archive(library())))


def test_a_whole_archive_of_other_content_is_no_answer_to_a_fingerprint():
    other = changed(**{PACK: ("age_years >= 18", "age_years >= 16")})
    with pytest.raises(UnreadableEdition, match="asked for"):
        read_archive(write_archive(other), library().sha256)


def test_every_flipped_bit_of_an_archive_is_noticed_or_changes_nothing():
    raw = write_archive(library())
    for place in range(0, len(raw), len(raw) // 40):
        torn = bytearray(raw)
        torn[place] ^= 0x10
        try:
            read = read_archive(bytes(torn), library().sha256)
        except ContentFault:
            continue
        assert read.held.files == library().held.files


def test_an_edition_is_found_by_name_fingerprint_or_as_shipped():
    assert find("shipped") is library()
    assert find(library().edition) is library()
    assert find(OLD_SHA256[:8]).edition == OLD
    with pytest.raises(UnknownEdition, match=OLD):
        find("2001-01-01")
    with pytest.raises(UnknownEdition):
        find("b8")


def test_files_that_no_check_reads_are_told_apart_from_changes():
    other = changed(**{"terminology/NOTICE.md": ("LOINC", "LOINC ")})
    assert other.sha256 != library().sha256
    assert differences(library(), other) == ()
    assert files_apart(library(), other) == ("terminology/NOTICE.md",)


PLANTED = [
    (PACK, "age_years >= 18", "age_years >= 16", "criterion", "SPVUS-001", "require_text"),
    (PACK, 'strength = "must"', 'strength = "should"', "criterion", "SPVUS-001", "strength"),
    ("safeguards/safeguards.toml", "safe_when = false", "safe_when = true", "safeguard", None,
     "safe_when"),
    ("facts/conditions.toml", 'question = "', 'question = "Now: ', "fact", None, "question"),
    ("guidelines/antidepressant_min_doses.csv", "sertraline,50", "sertraline,75", "dose",
     "sertraline", "mcmaster"),
    ("guidelines/trial_definitions.toml", "minimum_weeks = 4", "minimum_weeks = 5", "definition",
     "eu_pearl", "minimum_weeks"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "was", "now", "section", "name", "field"), PLANTED, ids=[row[3] for row in PLANTED]
)
def test_a_planted_change_is_the_one_difference_that_is_told(path, was, now, section, name, field):
    (found,) = differences(library(), changed(**{path: (was, now)}))
    assert (found.section, found.change) == (section, Change.CHANGED)
    assert name in (None, found.id)
    assert [each.name for each in found.fields] == [field]


PLANTED_PACK = """
id = "planted"
title = "A pack of this test"
short = "Planted"
subtitle = ""
publisher = "nobody"
edition = "2026"
jurisdiction = "us"
products = ["racemic_iv"]
indications = ["trd"]
order = 999

[[criterion]]
id = "PLANT-001"
topic = "age"
stage = "screening"
statement = "Adults."
strength = "must"
require = "age_years >= 18"
place = "here"
url = ""
mark = "known"
edition = "2026"
from = 2026-06-01
until = 2026-06-30
"""


def planted() -> Library:
    files = dict(library().held.files) | {"guidelines/packs/planted.toml": PLANTED_PACK.encode()}
    return load_library(Held(files))


def test_what_is_added_one_way_is_removed_the_other():
    files = dict(planted().held.files)
    codes = files["terminology/codes.csv"].decode()
    code = "aneurysmal_vascular_disease,urn:example,X-1,exact,Planted,present,seen,here\r\n"
    assert codes.endswith("\n")
    files["terminology/codes.csv"] = (codes + code).encode()
    more = differences(library(), load_library(Held(files)))
    assert {(each.section, each.id) for each in more} == {
        ("pack", "planted"),
        ("criterion", "PLANT-001"),
        ("code", "urn:example|X-1|aneurysmal_vascular_disease"),
    }
    assert {each.change for each in more} == {Change.ADDED}
    back = differences(load_library(Held(files)), library())
    assert [each.id for each in back] == [each.id for each in more]
    assert {each.change for each in back} == {Change.REMOVED}


def test_diff_tells_a_change_in_words_and_as_json(tmp_path):
    place = tmp_path / "other.zip"
    place.write_bytes(write_archive(changed(**{PACK: ("age_years >= 18", "age_years >= 16")})))
    told = CliRunner().invoke(guidelines, ["diff", "shipped", str(place)])
    assert told.exit_code == 0
    assert "~ SPVUS-001" in told.stdout
    assert "age_years >= 18 -> age_years >= 16" in told.stdout
    same = CliRunner().invoke(guidelines, ["diff", "shipped", "shipped", "--exit-code"])
    assert (same.exit_code, "nothing differs" in same.stdout) == (0, True)
    parted = CliRunner().invoke(
        guidelines, ["diff", "shipped", str(place), "--exit-code", "--json"]
    )
    assert parted.exit_code == 1
    (row,) = json.loads(parted.stdout)["differences"]
    assert row["fields"] == [
        {"name": "require_text", "from": "age_years >= 18", "to": "age_years >= 16"}
    ]


def test_diff_refuses_what_is_no_edition_and_names_the_nearest(tmp_path):
    wrong = CliRunner().invoke(guidelines, ["diff", "2026-11-25"])
    assert wrong.exit_code == 2
    assert "nearest is 2026-11-2" in wrong.stderr
    torn = tmp_path / "torn.zip"
    torn.write_bytes(b"PK")
    assert CliRunner().invoke(guidelines, ["diff", str(torn)]).exit_code == 2
    assert CliRunner().invoke(guidelines, ["diff", str(Path(tmp_path))]).exit_code == 2


# In force -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "finding", "answer", "because"),
    [
        (date(2026, 5, 31), "not_applicable", "judge", "not yet in force on 31 May 2026"),
        (date(2026, 6, 1), "not_met", "no", "Age"),
        (date(2026, 6, 30), "not_met", "no", "Age"),
        (date(2026, 7, 1), "not_applicable", "judge", "no longer in force on 1 Jul 2026"),
    ],
)
def test_a_criterion_speaks_from_its_first_day_to_its_last(day, finding, answer, because):
    content = planted()
    found = check(chart_of(birth="2012"), library=content, as_of=day, packs=["planted"])
    (pack,) = as_object(found, content)["packs"]
    (criterion,) = pack["criteria"]
    assert criterion["verdict"] == finding
    assert because in criterion["reason"]
    # A pack of which nothing is in force does not say yes by its silence.
    assert pack["verdict"] == answer


def test_a_criterion_that_ends_before_it_begins_stops_loading():
    wrong = PLANTED_PACK.replace("until = 2026-06-30", "until = 2026-05-31")
    files = dict(library().held.files) | {"guidelines/packs/planted.toml": wrong.encode()}
    with pytest.raises(ContentFault, match="PLANT-001: it ends on 2026-05-31"):
        load_library(Held(files))


def test_dates_stand_where_the_source_names_a_day():
    """The days that facts of the sources name: approval, alert, authority, rule, schedule."""
    dated = {
        each.id: (each.since, each.until)
        for pack in library().packs.values()
        for each in pack.criteria
        if each.since or each.until
    }
    assert dated["SPVUS-003"] == (date(2025, 1, 21), None)
    assert dated["FDA-001"] == (date(2023, 10, 10), None)
    assert dated["AU-005"] == (date(2025, 4, 1), None)
    assert dated["CS-014"] == (None, date(2026, 12, 31))
    assert dated["NZ-001"] == (date(2023, 10, 13), None)
