"""A treatment's sheet: where its words stand, and how wide it is drawn."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.web.ui import clear_places, flowsheet

START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
TEXT = re.compile(r'<text x="([\d.]+)" y="([\d.]+)" class="([^"]*)" text-anchor="(\w+)">([^<]*)<')


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


def late(**more):
    """Two hours in: saturation has run just above its limit all the time, breaths too."""
    minutes = range(0, 118, 2)
    return {
        "start": at(0), "end": at(135), "now": at(118),
        "series": {
            "sys_dia": [{"at": at(m), "sys": 138, "dia": 84, "by": "monitor"}
                        for m in range(0, 118, 5)],
            "spo2": [{"at": at(m), "value": 97 + m % 3, "by": "monitor"} for m in minutes],
            "rr": [{"at": at(m), "value": 11 + m % 4, "by": "monitor"} for m in minutes],
        },
        "limits": [
            {"series": "sys_dia", "value": 180, "words": "limit 180/110, protocol", "over": False},
            {"series": "sys_dia", "value": 110, "words": "", "over": False, "second": True},
            {"series": "spo2", "value": 95, "words": "lower limit 95, protocol", "over": False},
            {"series": "rr", "value": 10, "words": "lower limit 10, protocol", "over": False},
        ],
        **more,
    }  # fmt: skip


def boxes(markup: str, kind: str) -> list[clear_places.Box]:
    return [
        clear_places.of_words(float(x), float(y), words)
        for x, y, kinds, _, words in TEXT.findall(markup)
        if kind in kinds.split()
    ]


@pytest.mark.parametrize("width", [828, 1100, 1700])
def test_no_limit_is_written_across_a_curve_the_line_of_now_or_another_limit(width):
    document = late(width=width)
    words = boxes(str(flowsheet.draw(document)), "limit-words")
    assert len(words) == 3
    sheet = flowsheet.Sheet(document)
    for name in ("spo2", "rr"):
        strip = flowsheet.STRIPS[name]
        for item in sheet.items(name):
            point = clear_places.around(sheet.x(item["at"]), sheet.y(item["value"], strip), 2)
            assert not any(clear_places.meet(box, point) for box in words), (name, item)
    now = (sheet.x(sheet.now), 0, sheet.x(sheet.now) + 1, sheet.bottom)
    assert not any(clear_places.meet(box, now) for box in words)
    for limit in document["limits"]:
        y = sheet.y(limit["value"], flowsheet.STRIPS[limit["series"]])
        assert not any(box[1] < y < box[3] for box in words), limit


def test_no_figure_of_the_axis_is_struck_through_by_a_limit():
    drawn = str(flowsheet.draw(late()))
    figures = {words: float(y) for _, y, _, _, words in TEXT.findall(drawn) if words.isdigit()}
    sheet = flowsheet.Sheet(late())
    struck_at = sheet.y(110, flowsheet.PRESSURE)
    for words in ("60", "100", "140", "180"):
        assert not figures[words] - 11 < struck_at < figures[words] + 1, words


@pytest.mark.parametrize(
    ("asked", "drawn"), [(828, 828), (1100, 1100), (1700, 1700), (827, 828), (9999, 1700)]
)
def test_the_sheet_is_as_wide_as_asked_within_bounds_and_as_high_as_ever(asked, drawn):
    assert f'viewBox="0 0 {drawn} 556"' in str(flowsheet.draw(late(width=asked)))


def test_a_level_that_the_next_one_would_cover_keeps_its_place_without_half_a_number():
    levels = {"sedation": [{"at": at(60), "value": 3}, {"at": at(61), "value": 5}]}
    drawn = str(flowsheet.draw(late(levels=levels)))
    shown = [words for _, _, kind, _, words in TEXT.findall(drawn) if kind == "level"]
    assert shown == ["5"]
    assert drawn.count('class="level-box"') == 1
    assert ">3<" in drawn[drawn.index("<table") :]  # nothing is lost: the table has it
    apart = {"sedation": [{"at": at(60), "value": 3}, {"at": at(66), "value": 5}]}
    drawn = str(flowsheet.draw(late(levels=apart)))
    assert [w for _, _, kind, _, w in TEXT.findall(drawn) if kind == "level"] == ["3", "5"]


def test_what_was_said_a_moment_ago_is_not_struck_through_by_the_line_of_now():
    document = late(events=[{"at": at(116), "words": "Judged stable"}])
    sheet = flowsheet.Sheet(document)
    ((x, _, _, _, _),) = [
        m for m in TEXT.findall(str(flowsheet.draw(document))) if "Judged" in m[4]
    ]
    assert float(x) > sheet.x(sheet.now)


@given(st.lists(st.tuples(st.integers(100, 800), st.integers(280, 350)), max_size=40))
def test_words_stand_in_their_strip_and_are_clear_wherever_that_can_be(points):
    taken = [clear_places.around(*each) for each in points]
    end, baseline = clear_places.beside_line(
        "lower limit 95, protocol", 308, taken=taken, left=106, right=812, top=280, foot=354
    )
    box = clear_places.of_words(end, baseline, "lower limit 95, protocol")
    assert (box[1] >= 280, box[3] <= 354, box[0] >= 106, box[2] <= 812) == (True,) * 4
    if any(clear_places.meet(box, each) for each in taken):
        # then so would each place to the right of it, above the line and below
        for step in range(30):
            other_end = 812 - clear_places.STEP * step
            for other in (303, 320):
                tried = clear_places.of_words(other_end, other, "lower limit 95, protocol")
                if tried[0] >= 106:
                    assert any(clear_places.meet(tried, each) for each in taken)


def test_the_table_has_a_row_a_minute_of_a_monitor_and_each_value_of_a_hand():
    spo2 = [{"at": at(m), "value": v, "by": "monitor"}
            for m, v in ((0, 98), (0.1, 96), (0.9, 97), (1, 97), (1.5, 97))]  # fmt: skip
    spo2 += [{"at": at(m), "value": v, "by": "hand"} for m, v in ((2, 95), (2.5, 94))]
    rows = flowsheet.moments(late(series={"spo2": spo2}))
    assert [(row["at"], row["value"], row["origin"]) for row in rows] == [
        (START, "96 to 98 %", "monitor"),
        (START + timedelta(minutes=1), "97 %", "monitor"),
        (START + timedelta(minutes=2), "95 %", "by hand"),
        (START + timedelta(minutes=2.5), "94 %", "by hand"),
    ]


@pytest.mark.parametrize("days", [1, 9, 10, 400, 4000])
def test_a_treatment_that_nobody_ended_is_drawn_on_an_axis_with_few_times(days):
    now = at(days * 1440)
    drawn = str(flowsheet.draw(late(end=now, now=now)))
    assert 1 <= drawn.count('class="grid"') <= 12
