"""The public pharmacology pages: every model whole, a question that is its address, no person."""

from __future__ import annotations

import csv
import io
import re
import shlex
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.commands.simulate import command
from evenkeel.core.pharmacology.doses.presets import presets
from evenkeel.core.pharmacology.library.models import models
from evenkeel.web.explorer import answers, people, rows
from evenkeel.web.explorer.flows import place_compartments
from evenkeel.web.explorer.queries import (
    AGES,
    GROUPS,
    LEVELS,
    SCALES,
    SHOWS,
    SPANS,
    WEIGHTS,
    Asked,
    read,
)
from evenkeel.web.explorer.units import unit_of
from evenkeel.web.explorer.words import MARK_MEANS

EXPLORE = "/pharmacology/explore/"
MODELS = list(models().values())
BRIEF = Asked(models=("otto_2021_s_ketamine_iv",), show=("parent", "norketamine"))


def ask(asked: Asked | str, *, address: str = EXPLORE, **more):
    query = asked if isinstance(asked, str) else asked.query()
    return Client().get(f"{address}?{query}", **more)


def words_of(answer) -> str:
    """The page as text, spaces and entities made plain."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(text))


def params(query: str) -> dict[str, list[str]]:
    from django.http import QueryDict

    got = QueryDict(query)
    return {name: got.getlist(name) for name in got}


# -- every model ------------------------------------------------------------


def test_the_index_lists_every_model_once_and_says_what_there_is_not():
    page = Client().get(reverse("explorer:index")).content.decode()
    for model in MODELS:
        assert page.count(f'href="{reverse("explorer:model", args=[model.id])}"') == 1
    told = words_of(Client().get(reverse("explorer:index")))
    assert "not for choosing a dose" in told
    assert "under the skin or into a muscle: no published model was found" in told
    assert "no placeholder" in told
    assert f"{len(MODELS)} published models" in told


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.id)
def test_the_page_of_a_model_tells_all_of_it(model):
    answer = Client().get(reverse("explorer:model", args=[model.id]))
    assert answer.status_code == 200
    told, page = words_of(answer), answer.content.decode()
    for part in (model.title, model.population, model.source.title, model.confidence_words,
                 model.read_in, MARK_MEANS[model.source.mark], model.variability_note,
                 *model.pitfalls, "Draft.", str(model.status)):  # fmt: skip
        assert re.sub(r"\s+", " ", part) in told, part
    assert model.source.mark.words.capitalize() in told
    assert model.doi_mark.words.capitalize() in told
    assert f'href="https://doi.org/{model.doi}"' in page
    for name, value in model.parameters.items():
        assert f"{name} {value:g} {unit_of(model, name)}" in told, name
    for flow in model.flows:
        assert unescape(flow.rate.text) in told
    assert ("no band can be drawn" in told) is (not model.variability)
    assert ("None was published that could be used" in told) is (model.effect_site is None)
    # What it links to is a question that this very model answers.
    example = re.search(r'href="(/pharmacology/explore/\?[^"]+)">Draw it', page)
    assert example is not None
    aims = re.search(r'href="(/pharmacology/targets/\?[^"]+)">Aim at a level', page)
    assert (aims is None) is bool(model.no_targets)
    for way in (example, aims):
        drawn = Client().get(unescape(way[1])) if way is not None else None
        if drawn is not None:
            assert drawn.status_code == 200
            assert "for-wide" in drawn.content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.id)
def test_boxes_never_share_a_place_and_arrows_join_neighbours(model):
    placed = place_compartments(model)
    places = [(placed.column[k], placed.row[k]) for k in range(len(model.compartments))]
    assert len(set(places)) == len(places)
    for flow in model.flows:
        if flow.target is None:
            continue
        (c1, r1), (c2, r2) = places[flow.source], places[flow.target]
        assert abs(c1 - c2) + abs(r1 - r2) == 1, (flow.source, flow.target)


def test_a_model_that_is_not_there_is_told_with_the_nearest():
    answer = Client().get("/pharmacology/models/otto_2021/")
    assert answer.status_code == 404
    assert "otto_2021_s_ketamine_iv" in words_of(answer)


# -- the question is the address ---------------------------------------------

ROWS = st.builds(
    rows.Row,
    route=st.just("iv"),
    amount=st.decimals(min_value="0.001", max_value="20", places=3).map(lambda d: d.normalize()),
    unit=st.sampled_from(rows.UNITS),
    at=st.integers(0, 2000),
    over=st.integers(0, 300),
    more=st.integers(0, 5),
    every=st.integers(1, 5000),
)
QUESTIONS = st.builds(
    Asked,
    models=st.lists(st.sampled_from(list(models())), min_size=1, max_size=4, unique=True).map(
        tuple
    ),
    preset=st.sampled_from(list(presets())),
    rows=st.lists(ROWS, max_size=3).map(tuple),
    age=st.sampled_from(AGES),
    weight=st.sampled_from(WEIGHTS),
    group=st.sampled_from(list(GROUPS)),
    show=st.sets(st.sampled_from(list(SHOWS)), min_size=1).map(
        lambda chosen: tuple(each for each in SHOWS if each in chosen)
    ),
    level=st.sampled_from(LEVELS),
    hours=st.sampled_from((0, *SPANS)),
    scale=st.sampled_from(list(SCALES)),
)


@given(QUESTIONS)
def test_a_question_is_read_back_from_its_address(asked):
    reading = read(params(asked.query()))
    assert reading.asked == asked, (reading.faults, reading.strange)
    assert reading.asked.query() == asked.query()


def test_an_address_in_another_order_leads_to_the_one_address():
    shuffled = "&".join(reversed(BRIEF.query().split("&"))).replace(
        "show=norketamine&show=parent", "show=norketamine&show=parent&show=parent"
    )
    answer = ask(shuffled)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{EXPLORE}?{BRIEF.query()}"
    assert ask(BRIEF).status_code == 200


def test_the_form_leads_to_an_address_that_says_the_same():
    answer = ask(
        "model=kamp_2020_meta_3cmt&preset=none&route=iv&amount=0.5&unit=mg%2Fkg&at=&over=40"
        "&more=5&every=3d&route=iv&amount=&unit=mg&at=&over=&more=&every=&age=50&weight=80"
    )
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert "dose=iv,0.5mg/kg,0min,40min,5,3d" in where
    asked = read(params(where.partition("?")[2])).asked
    assert [(d.time_h, d.amount_mg, round(d.duration_h * 60)) for d in asked.doses()] == [
        (72.0 * k, 40.0, 40) for k in range(6)
    ]


def test_devices_come_one_after_the_other_with_their_numbers():
    row = rows.read_written("spray,28mg,10min,0min,2,5min")
    assert [(round(d.time_h * 60), d.amount_mg, d.of_dose) for d in row.doses(70.0)] == [
        (10, 28.0, {"DEVICE": 1.0}), (15, 28.0, {"DEVICE": 2.0}), (20, 28.0, {"DEVICE": 3.0}),
    ]  # fmt: skip


def test_only_round_examples_of_a_person_can_stand_in_an_address():
    """An address is kept in logs and histories: it must not be able to carry somebody."""
    for name in ("age=43", "weight=71", "weight=70.5", "born=1980-01-01", "name=Quill"):
        assert ask(name).status_code == 400, name
    assert "nearest is 40" in words_of(ask("age=43"))
    assert "nearest is 70" in words_of(ask("weight=71"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("modle=x", "There is no parameter modle . The nearest is model"),
        ("model=otto_2021", "The nearest is otto_2021_s_ketamine_iv"),
        ("preset=iv45", "The nearest is iv40"),
        ("preset=iv40&preset=in84", "preset is given 2 times"),
        ("show=occupanzy", "The nearest is occupancy"),
        ("scale=logg", "The nearest is log"),
        ("dose=iv,35mg", "A row has six parts"),
        ("dose=iv,35mg,0min,40min,100,1h", "More doses must be a whole number from 0 to 99"),
        ("dose=iv,35mg,0min,40min,99,1h&dose=iv,5mg,0min,0min,0,0min", "101 doses are more"),
        ("dose=iv,1,0min,40min,0,0min", "write 35mg or 0.5mg/kg"),
        ("dose=im,35mg,0min,0min,0,0min", "There is no route 'im'"),
        ("dose=iv,35mg,0min,40min,3,0min", "need the time between them"),
        ("dose=oral,35mg,0min,40min,0,0min", "Only a dose into a vein takes a length of time"),
        ("dose=iv,-3mg,0min,0min,0,0min", "write 35mg"),
        ("dose=iv,9999mg,0min,0min,0,0min", "at most 1000 mg"),
        ("dose=iv,1mg,181d,0min,0,0min", "up to 180 days"),
        ("dose=spray,28mg,0min,0min,9,5min", "at most 6 devices"),
        ("preset=none", "Nothing is given"),
        ("&".join(f"model={each.id}" for each in MODELS[:5]), "At most 4 models"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write(query, told):
    answer = ask(query)
    assert answer.status_code == 400
    page = words_of(answer)
    assert told in page, page[:3000]
    assert "for-wide" not in answer.content.decode()


# -- what is drawn ------------------------------------------------------------


def test_the_table_is_what_the_command_line_computes():
    """Two ways to one number: the CSV of the page, and the command that the page shows."""
    own = rows.read_written("spray,28mg,0min,0min,2,5min")
    asked = Asked(models=("perez_ruixo_2021_esketamine",), preset="", rows=(own,), age=70,
                  weight=80, group="japanese", show=("parent", "norketamine"))  # fmt: skip
    for each in (asked, BRIEF):
        page = unescape(ask(each).content.decode())
        shown = re.search(r'aria-label="Commands">(.*?)</pre>', page, re.S)
        assert shown is not None
        line, _, regimen = shown[1].partition(" <<'END'\n")
        done = CliRunner().invoke(
            command, shlex.split(line.replace("\\\n", " "))[2:], input=regimen.replace("END", "")
        )
        assert done.exit_code == 0, done.output
        theirs = {
            (round(float(row["time_h"]), 6), row["analyte"]): float(row["concentration_ng_per_ml"])
            for row in csv.DictReader(io.StringIO(done.stdout))
        }
        text = ask(each, address=reverse("explorer:table")).content.decode()
        ours = list(csv.DictReader(io.StringIO(text)))
        both = 0
        for row in ours:
            key = (round(float(row["time_h"]), 6), row["analyte"])
            if key in theirs:
                both += 1
                assert float(row["concentration_ng_per_ml"]) == pytest.approx(
                    theirs[key], rel=1e-9, abs=1e-9
                )
        assert both > 100
        assert {row["analyte"] for row in ours} == {key[1] for key in theirs}


def test_the_band_is_that_of_the_same_people_on_the_command_line():
    asked = replace(BRIEF, show=("parent", "band"), hours=8)
    page = unescape(ask(asked).content.decode())
    shown = re.search(r'aria-label="Commands">(.*?)</pre>', page, re.S)[1].split("\n\n")
    assert len(shown) == 2
    done = CliRunner().invoke(command, shlex.split(shown[1].replace("\\\n", " "))[2:])
    assert done.exit_code == 0, done.output
    (otto,) = answers.work_out(asked).models
    ends = {"5": otto.spread.low["s_ketamine"], "95": otto.spread.high["s_ketamine"]}
    both = 0
    for row in csv.DictReader(io.StringIO(done.stdout)):
        at = np.flatnonzero(np.abs(otto.spread.times_h - float(row["time_h"])) < 1e-9)
        if row["analyte"] == "s_ketamine" and at.size:
            both += 1
            expected = ends[row["percentile"]][at[0]]
            assert float(row["concentration_ng_per_ml"]) == pytest.approx(expected, rel=1e-6)
    assert both > 100


def test_differently_taken_blood_never_shares_a_panel():
    asked = replace(Asked(), age=30, models=(
        "otto_2021_s_ketamine_iv", "fanta_2015_s_ketamine", "simons_2022_s_ketamine_otf",
        "kamp_2020_meta_3cmt"))  # fmt: skip
    page = ask(asked).content.decode()
    figures = re.findall(r'<figure class="plot model-plot">.*?</figure>', page, re.S)
    told = [set(re.findall(r"<b>([A-D])</b>", each)) for each in figures]
    assert told == [{"A", "B"}, {"C"}, {"D"}]
    tops = {re.findall(r">(\d+)</text>", each)[0] for each in figures}
    ends = {max(int(n) for n in re.findall(r'text-anchor="end">(\d+)</text>', f)) for f in figures}
    assert len(ends) == 1, tops  # one scale for all


def test_a_logarithmic_curve_ends_at_the_floor_and_does_not_run_along_it():
    """Below the axis there is nothing to see: a line along it would read as a level."""
    asked = replace(BRIEF, preset="iv40x6", show=("parent",), level=0, scale="log")
    page = ask(asked).content.decode()
    wide = re.search(r'<svg class="for-wide".*?</svg>', page, re.S)
    assert wide is not None
    parts = re.findall(r'class="curve curve-1" d="M([^"]+)"', wide[0])
    assert len(parts) == 6  # one for each infusion
    for part in parts:
        heights = [float(each.split()[1]) for each in part.split("L")]
        floor = max(heights)
        assert sum(each > floor - 0.5 for each in heights) <= 3


def test_a_children_s_model_refuses_the_adult_at_its_field_and_the_others_answer():
    asked = replace(Asked(), models=("otto_2021_s_ketamine_iv", "hornik_2018_children"))
    page = ask(asked).content.decode()
    assert 'aria-describedby="no-hornik_2018_children"' in page
    told = words_of(ask(asked))
    assert "made from children" in told
    assert "B, Hornik 2018, refuses" in told
    assert "A Otto 2021" in told
    only = words_of(ask(replace(asked, models=("hornik_2018_children",))))
    assert "No model answers this question" in only


@pytest.mark.parametrize(("weight", "told"), [(30, True), (40, False), (140, False)])
def test_a_weight_far_from_an_adults_model_s_own_is_told_beside_it(weight, told):
    two = replace(Asked(), models=("otto_2021_s_ketamine_iv", "kamp_2020_meta_3cmt"), weight=weight)
    words = words_of(ask(two))
    for name in ("A, Otto 2021.", "B, Kamp 2020."):
        assert (f"{name} WT of {weight} kg is far from the 70 kg" in words) is told
    assert ("no clinical bound" in words) is told


def test_the_page_of_a_children_s_model_says_that_its_reference_weight_is_a_scale():
    for model in MODELS:
        told = words_of(Client().get(reverse("explorer:model", args=[model.id])))
        scale = "70 kg is the scale of the paper's numbers, not its children's weight."
        assert (scale in told) is (model.age_group == "children"), model.id


def test_the_page_says_what_follows_from_one_covariate_and_no_example_person_contradicts_it():
    page = reverse("explorer:model", args=["perez_ruixo_2021_esketamine"])
    assert "where it is 1, ASIAN is 1" in words_of(Client().get(page))
    for group in people.GROUPS:
        asked = replace(Asked(), models=("perez_ruixo_2021_esketamine",), group=group)
        assert "refuses" not in words_of(ask(asked)), group


def test_a_route_that_a_model_has_not_is_refused_by_name():
    told = words_of(ask(replace(Asked(), preset="in84-devices")))
    assert "A, Otto 2021, refuses" in told
    assert "has no route intranasal" in told


def test_nasal_rows_that_may_be_devices_or_salt_are_spoken_of():
    perez = replace(Asked(), models=("perez_ruixo_2021_esketamine",), preset="")

    def told(*texts: str) -> str:
        return words_of(ask(replace(perez, rows=tuple(map(rows.read_written, texts)))))

    soon = "A, Perez-Ruixo 2021: nasal rows less than 2 h after another"
    apart = told("spray,28mg,0min,0min,0,0min", "spray,28mg,5min,0min,0,0min")
    assert soon in apart
    assert "write one row of nasal devices" in apart
    assert soon in told("intranasal,28mg,0min,0min,2,5min")
    assert soon not in told("spray,28mg,0min,0min,2,5min")
    assert soon not in told("intranasal,84mg,0min,0min,1,2h")
    assert "42 mg by the nose is 1.5 devices" in told("intranasal,42mg,0min,0min,0,0min")
    salt = told("intranasal,96.9mg,0min,0min,0,0min")
    assert "hydrochloride of 3 devices: amounts are base, write 84" in salt
    assert "No model answers this question" in salt


def test_a_band_is_drawn_where_a_spread_was_published_and_said_where_not():
    asked = replace(Asked(), show=("parent", "band"))
    answer = answers.work_out(asked)
    otto, perez, kamp = answer.models
    assert kamp.spread is None
    assert "No spread between people was published" in kamp.no_spread
    for each in (otto, perez):
        assert each.spread is not None
        name = each.model.parent
        middle = np.interp(each.spread.times_h, each.times_h, each.curves[name])
        inside = (each.spread.low[name] <= middle) & (middle <= each.spread.high[name])
        assert inside[1:].mean() > 0.95  # the typical person lies within the middle 90%
    told = words_of(ask(asked))
    assert "middle 90% of 300 computed people" in told
    assert "C, Kamp 2020: No spread between people was published" in told


COURSE = ("iv,0.5mg/kg,0min,40min,3,7d", "iv,0.5mg/kg,3d,40min,3,7d", "iv,0.5mg/kg,35d,40min,3,7d",
          "iv,0.5mg/kg,70d,40min,7,14d")  # fmt: skip


def test_half_a_year_of_infusions_is_drawn_with_its_band():
    """Twice a week for four weeks, then weekly, then every two weeks: the peaks are all there."""
    asked = replace(
        BRIEF, preset="", rows=tuple(map(rows.read_written, COURSE)), show=("parent", "band")
    )
    assert asked.until_h() == 180 * 24
    (otto,) = answers.work_out(asked).models
    (brief,) = answers.work_out(replace(BRIEF, show=("parent", "band"))).models
    ends = np.array([each.time_h + each.duration_h for each in asked.doses()])
    assert ends.size == 20
    for whole, single in (
        (otto.curves, brief.curves),
        (otto.spread.low, brief.spread.low),
        (otto.spread.high, brief.spread.high),
    ):
        curve, one = whole["s_ketamine"], single["s_ketamine"]
        # After three days and more next to nothing is left: each peak is that of one infusion.
        tops = curve[np.searchsorted(otto.times_h, ends - 1e-9)]
        np.testing.assert_allclose(tops, one.max(), rtol=0.01)
    drawn = ask(asked).content.decode()
    twin = re.search(r'<details class="twin"><summary>Show as a table.*?</details>', drawn, re.S)[0]
    assert len(re.findall(r"<td>158</td>", twin)) == 20  # the end of each, not even times alone
    assert "20 doses, 700 mg together, drawn for 180 days" in words_of(ask(asked))
    assert drawn.count('class="spread spread-1"') == 2  # wide and narrow
    wide = re.search(r'class="curve curve-1" d="M([^"]+)"', drawn)
    heights = [float(each.split()[1]) for each in wide[1].split("L")]
    assert sum(each < min(heights) + 3 for each in heights) >= 20  # none is lost in its column


def test_doses_beyond_the_axis_are_told():
    asked = replace(BRIEF, preset="", rows=(rows.read_written(COURSE[0]),), hours=168)
    told = words_of(ask(asked))
    assert "1 dose, 35 mg together, drawn for 7 days" in told
    assert "3 more come after the end of the axis and are not drawn" in told


def test_a_model_of_many_compartments_tells_how_far_its_band_goes():
    row = rows.read_written("iv,0.5mg/kg,0min,40min,2,7d")
    more = rows.read_written("iv,0.5mg/kg,0min,40min,12,7d")
    asked = Asked(models=("simons_2022_s_ketamine_otf",), preset="", rows=(row,), age=30,
                  show=("parent", "band"))  # fmt: skip
    (drawn,) = answers.work_out(asked).models
    name = drawn.model.parent
    middle = np.interp(drawn.spread.times_h, drawn.times_h, drawn.curves[name])
    inside = (drawn.spread.low[name] <= middle) & (middle <= drawn.spread.high[name])
    assert inside[1:].mean() > 0.95
    # A grid of whole minutes meets the ends of infusions: their peaks are in the band.
    low = drawn.spread.low[name]
    assert (low > 0.9 * low.max()).sum() >= 3
    (said,) = answers.work_out(replace(asked, rows=(more,))).models
    assert said.spread is None
    assert "14 compartments take too long for a band of more than 12 doses" in said.no_spread
    assert said.curves[name].max() > 0  # the line is drawn all the same


def test_occupancy_comes_with_its_limits_and_half_time_without_doses():
    told = words_of(ask(replace(BRIEF, show=("parent", "occupancy", "halftime"))))
    assert "Never a target for a dose" in told
    assert "occupancies of each are never added" in told
    assert "It does not depend on the doses above" in told


@pytest.mark.parametrize("group", ["none", "japanese"])
def test_equal_questions_are_equal_bytes_without_a_cookie(group):
    asked = replace(BRIEF, group=group)
    first, second = ask(asked), ask(asked)
    assert first.content == second.content
    assert not first.cookies
    assert "public" in first.headers["Cache-Control"]
    again = ask(asked, headers={"if-none-match": first.headers["ETag"]})
    assert again.status_code == 304
    table = ask(asked, address=reverse("explorer:table"))
    assert table.headers["Content-Type"].startswith("text/csv")
    assert table.headers["ETag"]


# -- what it may cost ---------------------------------------------------------


def test_work_is_bounded():
    most = rows.read_written("iv,1mg/kg,0min,40min,99,7h")
    asked = replace(Asked(), preset="", rows=(most,), hours=720)
    answer = answers.work_out(replace(asked, models=("kamp_2020_meta_3cmt",)))
    assert len(answer.doses) == 100
    assert answer.models[0].times_h.size <= answers.MOST_TIMES
    assert ask(replace(asked, preset="iv40")).status_code == 400  # 101 doses


def test_a_third_question_at_once_is_told_to_come_back(monkeypatch):
    monkeypatch.setattr(answers, "_WAIT_S", 0.0)
    monkeypatch.setattr(answers, "_kept", answers._Kept(4, at_once=2))
    desk = answers._kept.desk
    assert desk.acquire(blocking=False)
    assert desk.acquire(blocking=False)
    busy = ask(BRIEF)
    assert busy.status_code == 503
    assert busy.headers["Retry-After"] == "10"
    assert "no-store" in busy.headers["Cache-Control"]
    desk.release()
    assert ask(BRIEF).status_code == 200
    assert desk.acquire(blocking=False)
    assert ask(BRIEF).status_code == 200  # what is kept needs no desk
