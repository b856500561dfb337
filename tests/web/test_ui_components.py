"""Every component renders, takes only the keys it knows, and escapes what it is given."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template, render_to_string

from evenkeel.web.ui import flowsheet, plots, shapes, specimen_plots, specimens
from evenkeel.web.ui.components import COMPONENTS
from evenkeel.web.ui.icons import ICONS, draw_icon

SOURCE = Path(__file__).resolve().parents[2] / "src/evenkeel"
NOW = datetime(2026, 11, 24, 15, 42, 18, tzinfo=UTC)
FRAME = {
    "now": NOW,
    "zone": "EST",
    "zone_key": "America/New_York",
    "clinic": "Saltmarsh clinic",
    "who": "I. Kladd",
    "is_staff": True,
}
GALLERY = {
    "gallery.html": specimens.gallery,
    "gallery_wall.html": specimens.wall,
    "gallery_portal.html": specimens.portal,
    "gallery_print.html": specimens.gallery,
}


def draw(markup: str, **values: object) -> str:
    return Template("{% load ui %}" + markup).render(Context(values))


def used_in_gallery() -> set[str]:
    found: set[str] = set()
    for template in (SOURCE / "web/ui/templates/ui").rglob("*.html"):
        found |= set(re.findall(r'{% (?:component|wrap) "(\w+)"', template.read_text()))
    return found


def test_every_component_stands_in_the_gallery_and_has_a_template() -> None:
    assert set(COMPONENTS) == used_in_gallery()
    files = {p.stem for p in (SOURCE / "web/ui/templates/ui/components").glob("*.html")}
    assert files == set(COMPONENTS)


@pytest.mark.parametrize("name", sorted(GALLERY))
def test_the_gallery_renders(name: str) -> None:
    markup = render_to_string(f"ui/{name}", {**GALLERY[name](NOW), "frame": FRAME})
    assert "Specimen" in markup or "Wren M." in markup or "Feeling tired" in markup


@pytest.mark.parametrize(
    "name", ["400", "403", "403_csrf", "404", "429", "500", "account/locked_out"]
)
def test_an_error_page_renders_without_any_context(name: str) -> None:
    """A page about a fault must not need what may be broken."""
    markup = render_to_string(f"{name}.html")
    assert "<h1>" in markup
    assert "sorry" not in markup.lower()


def test_a_key_that_a_component_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="Its keys are: what"):
        draw('{% component "refusal" what="13:00" wy="misspelt" %}')
    with pytest.raises(TypeError, match="lacks"):
        draw('{% component "refusal" why="no what" %}')
    with pytest.raises(TemplateSyntaxError, match="no component 'refusel'"):
        draw('{% component "refusel" %}')


def test_what_a_person_typed_is_escaped() -> None:
    hostile = '<script>alert("x")</script>'
    markup = draw('{% wrap "refusal" what=t why=t next=t %}{{ t }}{% endwrap %}', t=hostile)
    assert "<script" not in markup
    assert markup.count("&lt;script&gt;") == 4
    sheet = flowsheet.draw(
        {**specimen_plots.treatment(NOW), "events": [{"at": NOW, "words": hostile}]}
    )
    assert "<script" not in sheet


def test_a_blocked_act_keeps_its_focus_and_says_why() -> None:
    markup = draw('{% component "blocked" text="Discharge" reason="Not before 14:58." %}')
    assert 'aria-disabled="true"' in markup
    assert "disabled " not in markup.replace("aria-disabled", "")
    described = re.search(r'aria-describedby="([^"]+)"', markup).group(1)
    assert re.search(rf'id="{described}">Not before 14:58\.<', markup)


def test_an_open_act_is_a_real_button() -> None:
    markup = draw('{% component "blocked" text="Discharge" ready=True name="act" value="go" %}')
    assert "aria-disabled" not in markup
    assert 'type="submit"' in markup
    assert 'value="go"' in markup


def test_warnings_that_nobody_asked_for_are_not_none_known() -> None:
    card = (
        '{% component "patient_card" family="A" given="B" record_no="1" '
        "warnings=w none_known_on=d %}"
    )
    assert "Not asked yet" in draw(card, w="", d=None)
    assert "None known, 24 Nov" in draw(card, w="", d=date(2026, 11, 24))
    assert "Latex" in draw(card, w="Latex: hives", d=None)


def test_a_form_field_keeps_what_was_typed_and_ties_its_error() -> None:
    form = specimens.SpecimenForm(
        {"name": "", "reason": "because", "rate": "5,7", "product": "iv", "answer": "go"}
    )
    markup = draw("{% field form.rate unit='mL/h' %}{% field form.reason %}", form=form)
    assert 'value="5,7"' in markup
    assert "because</textarea>" in markup
    error = re.search(r'aria-describedby="([^"]*id_rate-error[^"]*)"', markup)
    assert error
    assert 'aria-invalid="true"' in markup
    assert 'id="id_rate-error"' in markup
    assert 'for="id_rate"' in markup


@pytest.mark.parametrize(
    ("drawn", "given", "wasted", "said"),
    [
        ("50", "38", "12", "Adds up"),
        ("50", "38", "11.9", "0.1 mg unaccounted for"),
        ("50", "38", "12.1", "0.1 mg more than was drawn"),
    ],
)
def test_the_balance_says_what_it_comes_to(drawn, given, wasted, said) -> None:
    assert said in shapes.balance_bar(Decimal(drawn), Decimal(given), Decimal(wasted))


def test_a_dose_above_the_hard_limit_says_so() -> None:
    assert "above the hard limit" in shapes.dose_scale(1.01, 0.75, 1)
    assert "above the hard limit" not in shapes.dose_scale(1, 0.75, 1)


@pytest.mark.parametrize("name", sorted(ICONS))
def test_an_icon_is_hidden_or_named(name: str) -> None:
    assert 'aria-hidden="true"' in draw_icon(name)
    assert "aria-label" not in draw_icon(name)
    assert 'role="img" aria-label="Yes &amp; no"' in draw_icon(name, "Yes & no")


def test_each_verdict_and_each_alarm_has_a_shape_of_its_own() -> None:
    shapes_of = [
        ICONS[name]
        for name in ("yes", "no", "unknown", "judge", "na", "high", "medium", "low", "lost")
    ]
    assert len(set(shapes_of)) == len(shapes_of)


class Strict(HTMLParser):
    """Collects inline script, style, event handlers and pictures without words."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "style":
            self.faults.append("<style>")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.faults.append("inline <script>")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"{tag} {name}={value!r}")
            if name in {"href", "src", "action"} and str(value).startswith("javascript:"):
                self.faults.append(f"{tag} {name}={value!r}")
        if tag == "img" and "alt" not in given:
            self.faults.append("img without alt")
        if tag == "svg" and given.get("aria-hidden") != "true" and not given.get("aria-label"):
            self.faults.append(f"svg without words: {given.get('class')}")


@pytest.mark.parametrize("name", sorted(GALLERY))
def test_the_gallery_has_nothing_inline(name: str) -> None:
    parser = Strict()
    parser.feed(render_to_string(f"ui/{name}", {**GALLERY[name](NOW), "frame": FRAME}))
    assert not parser.faults


TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=[str(p.relative_to(SOURCE)) for p in TEMPLATES])
def test_no_template_has_inline_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style\b", text)
    assert not re.search(r"""\sstyle\s*=\s*["']""", text)
    assert not re.search(r"""\son(click|change|submit|load|input|focus|blur|key\w+)\s*=""", text)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag, tag


def test_ids_on_the_gallery_are_unique() -> None:
    found = re.findall(
        r'\sid="([^"]+)"',
        render_to_string("ui/gallery.html", {**specimens.gallery(NOW), "frame": FRAME}),
    )
    assert len(found) == len(set(found)), {i for i in found if found.count(i) > 1}


# -- plots -------------------------------------------------------------------


def test_a_missing_answer_leaves_a_dotted_gap_and_stands_in_the_table() -> None:
    days = [date(2026, 6, 1) + timedelta(weeks=i) for i in range(4)]
    plot = plots.Plot(
        start=days[0],
        end=days[3],
        now=days[3],
        scores=[
            plots.Scores(
                name="PHQ-9",
                low=0,
                high=27,
                missing=[days[1]],
                points=[(days[0], 20, ""), (days[2], 10, ""), (days[3], 8, "")],
            )
        ],
    )
    markup = plots.draw(plot)
    assert markup.count('class="gap"') == 1
    assert markup.count('class="series"') == 1
    assert "not answered" in markup
    assert "1 not answered" in markup


@pytest.mark.parametrize("day", [0, 5, 27, 28, 90, 179])
def test_the_words_of_a_line_stand_inside_the_drawing_on_every_day_of_a_course(day: int) -> None:
    start, words = date(2026, 6, 1), "remission, 12 or less"
    line = plots.Scores(name="MADRS", low=0, high=44, definitions=[(12, words, False)])
    plot = plots.Plot(
        start=start,
        end=start + timedelta(days=180),
        now=start + timedelta(days=day),
        scores=[line],
    )
    told = re.search(r'<text x="([\d.-]+)"[^>]*text-anchor="(\w+)">' + words, plots.draw(plot))
    x, wide = float(told.group(1)), 6.6 * len(words)
    first = x - wide if told.group(2) == "end" else x
    assert first >= plots.LEFT
    assert first + wide <= plot.width - plots.RIGHT


def test_a_silence_breaks_the_line_of_a_sign() -> None:
    def sheet(second_gap_s: int) -> str:
        times = [0, 60, 60 + second_gap_s]
        return flowsheet.draw(
            {
                "start": NOW,
                "end": NOW + timedelta(minutes=30),
                "now": NOW + timedelta(minutes=10),
                "series": {
                    "spo2": [{"at": NOW + timedelta(seconds=s), "value": 97} for s in times]
                },
            }
        )

    assert sheet(180).count('<path class="series"') == 1
    joined = re.search(r'<path class="series" d="([^"]+)"', sheet(180)).group(1)
    broken = re.search(r'<path class="series" d="([^"]+)"', sheet(181)).group(1)
    assert joined.count("L") == 2
    assert broken.count("L") == 1


def test_the_table_twin_of_the_flowsheet_holds_every_mark() -> None:
    document = specimen_plots.treatment(NOW)
    marks = sum(len(v) for v in document["series"].values()) + sum(
        len(v) for v in document["levels"].values()
    )
    marks += len(document["events"]) + len(document["checks"]) + len(document["dose"])
    assert flowsheet.draw(document).count('<tr><th scope="row">') == marks


def test_a_value_beyond_the_range_of_its_strip_stays_on_the_paper() -> None:
    markup = flowsheet.draw(
        {
            "start": NOW,
            "end": NOW + timedelta(minutes=30),
            "now": NOW + timedelta(minutes=10),
            "series": {"sys_dia": [{"at": NOW, "sys": 250, "dia": 30, "by": "hand"}]},
        }
    )
    assert "250/30" in markup
    assert all(0 <= float(y) <= flowsheet.BOTTOM for y in re.findall(r'y[12]="(-?[\d.]+)"', markup))


@pytest.mark.parametrize(("ahead", "is_after"), [(90, True), (1, False)])
def test_the_words_of_a_line_leave_the_scores_free_while_days_ahead_are_empty(
    ahead: int, is_after: bool
) -> None:
    start, now = date(2026, 6, 1), date(2026, 8, 30)
    line = plots.Scores(
        name="MADRS", low=0, high=44, definitions=[(12, "remission", False)],
        points=[(start, 36, ""), (now - timedelta(days=2), 11, "")],
    )  # fmt: skip
    markup = plots.draw(
        plots.Plot(start=start, end=now + timedelta(days=ahead), now=now, scores=[line])
    )
    told = re.search(r'<text x="([\d.]+)"[^>]*text-anchor="(\w+)">remission', markup)
    last = max(float(x) for x in re.findall(r'<circle class="point" cx="([\d.]+)"', markup))
    assert told.group(2) == ("start" if is_after else "end")
    if is_after:
        assert float(told.group(1)) > last + 5  # radius of a point


@pytest.mark.parametrize("days", [0, 2, 40])
def test_the_line_of_today_strikes_no_flag_through(days: int) -> None:
    start, now = date(2026, 6, 1), date(2026, 8, 30)
    at = now - timedelta(days=days)
    line = plots.Scores(
        name="MADRS", low=0, high=44, points=[(start, 36, ""), (at, 11, "")],
        flags=[(at, "Remission")],
    )  # fmt: skip
    plot = plots.Plot(start=start, end=now + timedelta(days=20), now=now, scores=[line])
    markup = plots.draw(plot)
    box = re.search(r'<rect[^>]*class="flag-box"[^>]*>', markup).group(0)
    left, wide = (float(re.search(rf'\b{key}="([\d.]+)"', box).group(1)) for key in ("x", "width"))
    today = float(re.search(r'<line[^>]*class="now-line"[^>]*x1="([\d.]+)"', markup).group(1))
    assert not left < today < left + wide


def _sheet(**more: object) -> str:
    end = NOW + timedelta(minutes=150)
    return flowsheet.draw({"start": NOW, "end": end, "now": NOW + timedelta(minutes=40), **more})


@pytest.mark.parametrize(("minutes", "is_drawn"), [(5, False), (30, True)])
def test_no_bar_of_the_next_event_strikes_the_words_of_one_through(minutes, is_drawn) -> None:
    later = NOW + timedelta(minutes=minutes)
    markup = _sheet(events=[{"at": NOW, "words": "Gate: go"}, {"at": later, "words": "Device 1"}])
    assert (">Gate: go</text>" in markup) is is_drawn
    assert ">Device 1</text>" in markup
    assert "Gate: go" in markup  # in the table, either way


@pytest.mark.parametrize("minutes", [0, 4, 12, 38])
def test_the_line_of_now_does_not_strike_the_words_of_the_dose_through(minutes) -> None:
    given = NOW + timedelta(minutes=minutes)
    markup = _sheet(dose=[{"from": given, "to": given}], dose_words="56 of 84 mg given")
    words = float(re.search(r'x="([\d.]+)" y="54"', markup).group(1))
    assert words > float(re.search(r'class="given" x="([\d.]+)"', markup).group(1))
    now = float(re.search(r'data-x="([\d.]+)"', markup).group(1))
    widest = 6.6 * len("56 of 84 mg given")  # 13 px, semibold: at most half an em a letter
    assert words + widest <= now or words > now


@pytest.mark.parametrize(("minutes", "side"), [(3, "start"), (146, "end")])
def test_the_words_of_a_dose_that_fills_the_sheet_stand_below_its_bar(minutes, side) -> None:
    end = NOW + timedelta(minutes=150)
    markup = flowsheet.draw(
        {
            "start": NOW, "end": end, "now": NOW + timedelta(minutes=minutes),
            "dose": [{"from": NOW, "to": end - timedelta(minutes=10)}],
            "dose_words": "36.4 of 36.4 mg given", "dose_help": "ended 19:58, planned 19:53",
        }
    )  # fmt: skip
    x, y, anchor = re.search(
        r'x="([\d.]+)" y="([\d.]+)"[^>]*text-anchor="(\w+)">36\.4 of 36\.4 mg given, ended', markup
    ).groups()
    bar = re.search(
        r'class="given" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', markup
    )
    assert float(y) - 13 >= sum(map(float, bar.groups()))
    assert anchor == side
    assert (float(x) < float(re.search(r'data-x="([\d.]+)"', markup).group(1))) is (side == "end")


def test_an_empty_flowsheet_says_that_nothing_was_measured() -> None:
    markup = flowsheet.draw({"start": NOW, "end": NOW + timedelta(hours=2), "now": NOW})
    assert "not yet measured" in markup
    assert "none yet" in markup


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="names no moment"):
        flowsheet.draw(
            {"start": "2026-11-24T10:00", "end": "2026-11-24T11:00", "now": "2026-11-24T10:00"}
        )


def calls_in(text: str) -> list[tuple[str, str, set[str]]]:
    """(tag, component, keys) of each call whose component is named outright."""
    found = []
    for tag, rest in re.findall(r"{%\s*(component|wrap)\s+(.*?)%}", text, flags=re.S):
        name = re.match(r"""["'](\w+)["']""", rest)
        if name:
            outside = re.sub(r""""[^"]*"|'[^']*'""", '""', rest[name.end() :])
            found.append((tag, name.group(1), set(re.findall(r"(?:^|\s)(\w+)=", outside))))
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=[str(p.relative_to(SOURCE)) for p in TEMPLATES])
def test_every_template_asks_for_components_by_keys_they_know(path: Path) -> None:
    """A misspelt key would be refused when a nurse opens the page; here it is refused now."""
    for tag, name, keys in calls_in(path.read_text()):
        assert name in COMPONENTS, f"{{% {tag} {name!r} %}}"
        COMPONENTS[name].refuse(name, keys)
        if tag == "wrap":
            assert COMPONENTS[name].wraps, f"{name} takes no content"


@pytest.mark.parametrize("path", TEMPLATES, ids=[str(p.relative_to(SOURCE)) for p in TEMPLATES])
def test_every_template_can_be_read(path: Path) -> None:
    get_template(str(path).split("/templates/", 1)[1])
