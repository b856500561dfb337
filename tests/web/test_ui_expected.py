"""The drawing of what a model expects: its scale, its band, its words, and its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.web.ui import expected, flowsheet, specimen_plots

NOW = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)


def document(points, *, minutes: float = 60, waiting: bool = False):
    return {
        "start": NOW,
        "end": NOW + timedelta(minutes=minutes),
        "now": NOW + timedelta(minutes=20),
        "expected": {
            "waiting": waiting,
            "name": "esketamine",
            "points": [
                {"at": NOW + timedelta(minutes=minute), "line": line, "low": low, "high": high}
                for minute, line, low, high in points
            ],
        },
    }


BAND = [(0, 0.0, 0.0, 0.0), (20, 70.0, 40.0, 120.0), (40, 60.0, 30.0, 100.0)]
LINE = [(minute, line, None, None) for minute, line, _, _ in BAND]


@pytest.mark.parametrize(
    ("most", "drawn_to"),
    [(0, 10), (10, 10), (10.01, 20), (119.7, 150), (256, 300), (800, 800), (801, 1000)],
)
def test_the_axis_ends_at_a_round_number_that_holds_the_curve(most, drawn_to):
    assert expected.ceiling([most]) == drawn_to


def test_without_a_spread_there_is_a_line_and_no_band():
    assert "model-band" in flowsheet.draw(document(BAND))
    without = flowsheet.draw(document(LINE))
    assert "model-line" in without
    assert "model-band" not in without


def test_it_says_in_the_drawing_and_to_those_who_do_not_see_it_what_it_is():
    markup = flowsheet.draw(document(BAND))
    assert ">not measured</text>" in markup
    assert "dashed on grey: expected by a model, not measured" in markup
    label = re.search(r'role="img" tabindex="0" aria-label="([^"]+)"', markup)
    assert label is not None
    assert "by a model and not measured: expected esketamine, at most about 70 ng/mL" in label[1]


def test_a_sheet_without_it_is_what_it_was():
    bare = {name: value for name, value in document(BAND).items() if name != "expected"}
    markup = flowsheet.draw(bare)
    assert "model" not in markup
    assert f'viewBox="0 0 828 {flowsheet.BOTTOM:.0f}"' in markup
    taller = f'viewBox="0 0 828 {flowsheet.BOTTOM + expected.TALL:.0f}"'
    assert taller in flowsheet.draw(document(BAND))


def test_the_scale_is_that_of_the_whole_curve_also_when_only_a_part_is_on_the_sheet():
    """A later look shows the same line at the same height."""

    def height(minutes: float) -> str:
        path = re.search(
            r'class="model-line" d="M\S+ \S+?L(\S+) (\S+?)["L]',
            flowsheet.draw(document(BAND, minutes=minutes)),
        )
        assert path is not None
        return path[2]

    assert height(60) == height(30)


def test_the_cursor_stops_only_at_what_was_written_down():
    assert 'data-stops="[]"' in flowsheet.draw(document(BAND))


def test_while_it_is_worked_out_the_strip_says_so():
    markup = flowsheet.draw(document([], waiting=True))
    assert "being worked out" in markup
    assert "model-line" not in markup


def test_a_plan_begins_at_minute_nought():
    markup = specimen_plots.modelled()
    assert "0 min" in markup
    assert "model-band" in markup
    assert ">not measured</text>" in markup
