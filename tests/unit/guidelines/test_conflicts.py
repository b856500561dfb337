"""The file of conflicts: all 29, and what stops it from loading."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenkeel.core.guidelines.packs.conflicts import load_conflicts
from evenkeel.core.guidelines.packs.jurisdictions import JURISDICTION_WORDS, speaks_for
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.kernel.content import ContentFault

SOUND = """
[[conflict]]
id = "C98"
title = "Pressure"
topics = ["pressure"]
does = "person"
engine = "A person decides."
compares = "answers"
about = ["systolic_bp"]

[[conflict.position]]
who = "US label"
says = "Above 140."
mark = "seen-secondary"
country = "us"
criteria = ["SPVUS-011"]

[[conflict.position]]
who = "EU label"
says = "Above 150."
mark = "known"
country = "eu"
criteria = ["SPVEU-010"]
"""


def load(tmp_path: Path, text: str):
    (tmp_path / "guidelines").mkdir(exist_ok=True)
    (tmp_path / "guidelines" / "conflicts.toml").write_text(text, encoding="utf-8")
    shipped = library()
    return load_conflicts(
        {**shipped.packs, **shipped.payers}, shipped.topics, shipped.dictionary, tmp_path
    )


def test_all_29_conflicts_are_there_by_their_numbers():
    assert [each.id for each in library().conflicts] == [f"C{n:02}" for n in range(1, 30)]


def test_each_can_bite_or_says_why_it_never_does():
    for each in library().conflicts:
        sides = [position for position in each.positions if position.criteria]
        assert each.never or len(sides) > 1, each.id
        assert each.engine, each.id
        assert all(position.says for position in each.positions), each.id


def test_a_position_speaks_for_the_country_of_its_packs_or_is_told_apart():
    """A Canadian rule in an international pack must not count as everybody's."""
    packs = library().packs.values()
    for conflict in library().conflicts:
        for position in conflict.positions:
            at_home = {
                pack.jurisdiction
                for pack in packs
                for criterion in pack.criteria
                if criterion.id in position.criteria
            }
            if at_home and at_home.isdisjoint({"international", "several", position.country}):
                told_apart = position.country in ("international", "philippines")
                assert told_apart, (conflict.id, position.who)


def test_a_sound_file_loads(tmp_path: Path):
    (conflict,) = load(tmp_path, SOUND)
    assert conflict.summary == "US label: Above 140. EU label: Above 150."
    assert conflict.names("SPVEU-010")
    assert not conflict.names("SPVEU-009")


def test_an_edition_without_the_file_has_no_conflicts(tmp_path: Path):
    shipped = library()
    assert load_conflicts(shipped.packs, shipped.topics, shipped.dictionary, tmp_path) == ()


@pytest.mark.parametrize(
    ("was", "becomes", "because"),
    [
        ('"SPVUS-011"', '"SPVUS-11"', "no criterion 'SPVUS-11'; the nearest right name is SPVUS-0"),
        ('"systolic_bp"', '"systolic_pb"', "no fact 'systolic_pb'; the nearest right name is sys"),
        ('"pressure"', '"presure"', "no topic 'presure'; the nearest right name is pressure"),
        ('"eu"', '"europe"', "no country 'europe'"),
        ('"us"\n', '"us"\nproducts = ["ketamine_iv"]\n', "nearest right name is "),
        ('["SPVEU-010"]', "[]", "could never bite"),
        ('["SPVEU-010"]', '["SPVUS-011"]', "SPVUS-011 stands on two sides"),
        ('about = ["systolic_bp"]', "", "over which facts"),
        ('["SPVEU-010"]', '["SPVUS-001"]', "SPVUS-001 reads none of systolic_bp"),
        ("compares", "when = 'systolic_pb > 3'\ncompares", "when: "),
        ("compares", "compare", "unknown field"),
    ],
)
def test_a_fault_stops_loading_and_says_what_would_be_right(
    tmp_path: Path, was: str, becomes: str, because: str
):
    assert was in SOUND
    with pytest.raises(ContentFault, match=because):
        load(tmp_path, SOUND.replace(was, becomes, 1))


def test_an_id_given_twice_and_a_conflict_of_one_are_refused(tmp_path: Path):
    with pytest.raises(ContentFault, match="C98 is defined twice"):
        load(tmp_path, SOUND + SOUND)
    with pytest.raises(ContentFault, match="two positions or more"):
        load(tmp_path, SOUND[: SOUND.rindex("[[conflict.position]]")])


@pytest.mark.parametrize(
    ("pack", "person", "speaks"),
    [
        ("us", "us", True),
        ("us", "eu", False),
        ("us", None, True),
        ("canada", "canada_bc", True),
        ("canada", "other", False),
        ("eu", "england_nhs", False),
        ("england_nhs", "england_nhs", True),
        ("england_nhs", "uk_other", False),
        ("international", "philippines", True),
        ("several", "us", True),
    ],
)
def test_whose_rules(pack: str, person: str | None, speaks: bool):
    assert speaks_for(pack, person) is speaks


def test_every_pack_and_position_has_a_country_with_words():
    for pack in library().packs.values():
        assert pack.jurisdiction in JURISDICTION_WORDS
