"""The public page of targets: a question that is its address, a scheme or a named refusal."""

from __future__ import annotations

import csv
import io
import re
import shlex
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest
from click.testing import CliRunner
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.commands.targets import command
from evenkeel.core.pharmacology.library.models import models
from evenkeel.web.explorer import pump_answers
from evenkeel.web.explorer.people import AGES, GROUPS, WEIGHTS
from evenkeel.web.explorer.pump_queries import EVERY, MOST_SETTINGS, SITES, PumpAsked, read

TARGETS = "/pharmacology/targets/"
USUAL = PumpAsked()
PLASMA = replace(USUAL, site="plasma")


def ask(asked: PumpAsked | str, *, address: str = TARGETS, **more):
    query = asked if isinstance(asked, str) else asked.query()
    return Client().get(f"{address}?{query}", **more)


def words_of(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(text))


def asked_of(query: str):
    got = QueryDict(query)
    return read({name: got.getlist(name) for name in got})


def numbers(low: str, high: str):
    return st.decimals(min_value=low, max_value=high, places=3).map(lambda d: d.normalize())


QUESTIONS = st.builds(
    lambda steps, levels, seconds, **more: PumpAsked(
        targets=tuple(
            (at * max(EVERY[seconds][0] // 60, 1), level)
            for at, level in zip(sorted(steps), levels, strict=False)
        ),
        stop=8 * max(EVERY[seconds][0] // 60, 1),
        every=seconds,
        **more,
    ),
    steps=st.sets(st.integers(0, 7), min_size=1, max_size=8),
    levels=st.lists(numbers("0.001", "5000"), min_size=8, max_size=8),
    seconds=st.sampled_from(list(EVERY)),
    model=st.sampled_from(list(models())),
    site=st.sampled_from(list(SITES)),
    age=st.sampled_from(AGES),
    weight=st.sampled_from(WEIGHTS),
    group=st.sampled_from(list(GROUPS)),
    syringe=numbers("0.1", "100"),
    rate=numbers("0.1", "2000"),
    step=numbers("0.01", "100"),
    bolus=numbers("0", "500"),
    ceiling=st.one_of(st.just(Decimal(0)), numbers("5000", "20000")),
)


@given(QUESTIONS)
def test_a_question_is_read_back_from_its_address(asked):
    reading = asked_of(asked.query())
    assert reading.asked == asked, (reading.faults, reading.strange)
    assert reading.asked.query() == asked.query()


def test_the_form_leads_to_an_address_that_says_the_same():
    answer = ask("model=kamp_2020_meta_3cmt&site=plasma&at=&reach=150&at=30min&reach=80.0&at="
                 "&reach=&stop=1h&age=50&weight=80&syringe=5&rate=99.9&step=&bolus=&every=10min"
                 "&ceiling=none")  # fmt: skip
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert "target=0min,150&target=30min,80&stop=1h" in where
    asked = asked_of(where.partition("?")[2]).asked
    assert asked.targets == ((0, Decimal(150)), (30, Decimal(80)))
    assert asked.pump().most_ml_per_h == 99.9
    assert ask(asked).status_code == 200


def test_the_page_tells_the_scheme_what_comes_of_it_and_what_it_is_not():
    told = words_of(ask(USUAL))
    for words in (
        "not for choosing or giving a dose", "Nothing here drives a pump", "Draft.",
        "100 ng/mL from 0 min: within 5% of it", "To fill the effect site, plasma rises to",
        "without limits", "context-sensitive half-time", "Other programs use 0.652",
        "venous and arterial, pooled", "Clearance of 27.6 mL/min/kg", "3 mg at once",
    ):  # fmt: skip
        assert words.lower() in told.lower(), words
    page = ask(USUAL).content.decode()
    rows = re.search(r'aria-label="Table of settings">(.*?)</table>', page, re.S)[1]
    assert re.findall(r'<th scope="row"[^>]*>([\d:]+)</th>', rows)[-1] == "40:00"
    assert page.count('class="for-wide"') == page.count('class="for-narrow"') == 1


def test_csv_and_command_are_the_scheme_that_is_shown():
    text = ask(USUAL, address=reverse("explorer:scheme")).content.decode()
    ours = list(csv.DictReader(io.StringIO(text)))
    page = unescape(ask(USUAL).content.decode())
    shown = re.search(r'aria-label="Command">(.*?)</pre>', page, re.S)[1]
    done = CliRunner().invoke(command, [*shlex.split(shown.replace("\\\n", " "))[2:], "--csv", "-"])
    assert done.exit_code == 0, done.stderr
    theirs = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(ours) == len(theirs) == len(pump_answers.work_out(USUAL).aimed.settings)
    for mine, other in zip(ours, theirs, strict=True):
        for name, value in other.items():
            assert float(mine[name]) == float(value)


def test_every_model_answers_its_people_or_refuses_by_name():
    """A page never fails: for each model and site there is a scheme, or a reason at its field."""
    for model in models().values():
        for site in SITES:
            for age, weight in ((40, 70), (5, 20)):
                asked = replace(USUAL, model=model.id, site=site, age=age, weight=weight)
                found = pump_answers.work_out(asked)
                assert (found.aimed is None) == bool(found.refusals), asked
                if site == "effect" and model.effect_site is None:
                    assert found.field == "site"
                elif model.no_targets or model.age_group != ("adults" if age == 40 else "children"):
                    assert found.field == "model"


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"model": "hornik_2018_children", "site": "plasma"}, "model", "made from children"),
        ({"age": 5, "weight": 20}, "model", "made from adults"),
        ({"model": "fanta_2015_s_ketamine"}, "site", "aim at plasma"),
        ({"model": "otto_2021_s_ketamine_iv", "site": "plasma"}, "model", "no model for targets"),
    ],
)
def test_a_refusal_stands_at_its_field_and_nothing_is_drawn(change, field, told):
    page = ask(replace(USUAL, **change)).content.decode()
    assert re.search(rf'id="f-{field}"[^>]* aria-invalid="true" aria-describedby="e-{field}"', page)
    assert told in unescape(re.search(rf'id="e-{field}">(.*?)</div>', page, re.S)[1])
    assert "for-wide" not in page
    assert 'aria-label="Table of settings"' not in page
    table = ask(replace(USUAL, **change), address=reverse("explorer:scheme"))
    assert table.status_code == 400
    assert told in table.content.decode()


def test_a_model_that_no_pump_program_uses_says_so():
    told = words_of(ask(replace(PLASMA, model="fanta_2015_s_ketamine")))
    assert "No pump program is known that uses Fanta 2015" in told
    assert "plasma only" in told
    assert "No pump program" not in words_of(ask(PLASMA))


@pytest.mark.parametrize(("weight", "told"), [(30, True), (40, False), (140, False)])
def test_a_weight_far_from_the_model_s_own_is_told(weight, told):
    words = words_of(ask(replace(USUAL, weight=weight)))
    assert (f"WT of {weight} kg is far from the 70 kg" in words) is told


def test_what_is_not_reached_is_marked():
    page = ask(replace(PLASMA, rate=Decimal(5), bolus=Decimal(0), syringe=Decimal(1))).content
    assert b'<li class="missed">' in page
    assert b"NOT reached" in page


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("modle=x", "There is no parameter modle . The nearest is model"),
        ("model=domino", "The nearest is domino_1982_tci"),
        ("site=brain", "There is no site 'brain' here"),
        ("target=0min", "Target 1: '' ng/mL cannot be used"),
        ("target=0min,-5", "Target 1: '-5' ng/mL cannot be used"),
        ("target=0min,1e3&target=5000min,1", "must begin before the stop"),
        ("target=0min,5001", "0 to 5000, with at most three decimals"),
        ("target=0min,0", "Nothing is aimed at"),
        ("target=10min,50&target=0min,100", "must come after the one before"),
        ("target=7min,100", "begins between two settings, which are 5min apart"),
        ("target=0min,100&ceiling=50", "above the plasma that nothing may lead beyond"),
        ("&".join(f"target={5 * k}min,{k + 1}" for k in range(9)) + "&stop=1h", "more than the 8"),
        ("stop=0min", "after at least one setting"),
        ("stop=25h", "within 24 h"),
        ("stop=42min", "lies between two settings"),
        ("stop=soon", "The stop 'soon' cannot be used"),
        ("stop=9h&every=10s", f"more than {MOST_SETTINGS:,} settings"),
        ("syringe=0", "The syringe, mg/mL, '0' cannot be used: 0.1 to 100"),
        ("rate=NaN", "The highest rate, mL/h, 'NaN' cannot be used"),
        ("step=0.0001", "at most three decimals"),
        ("bolus=501", "0 to 500"),
        ("every=7min", "There is no every '7min' here"),
        ("age=43", "The nearest is 40"),
        ("rate=5&rate=6", "rate is given 2 times"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_what_to_write(query, told):
    answer = ask(query)
    assert answer.status_code == 400
    assert told in words_of(answer), words_of(answer)[:2500]
    assert "for-wide" not in answer.content.decode()
    table = ask(query, address=reverse("explorer:scheme"))
    assert table.status_code == 400
    assert table.headers["Content-Type"].startswith("text/plain")


def test_the_longest_question_is_bounded_and_its_table_says_what_it_leaves_out():
    asked = replace(PLASMA, every="10s", stop=480, syringe=Decimal("0.1"))
    found = pump_answers.work_out(asked)
    assert found.aimed.made.times_h.size == MOST_SETTINGS
    assert f"the first 40 of {len(found.aimed.settings)}; the CSV has all" in words_of(ask(asked))


def test_equal_questions_are_equal_bytes_without_a_cookie():
    first, second = ask(USUAL), ask(USUAL)
    assert first.content == second.content
    assert not first.cookies
    assert "public" in first.headers["Cache-Control"]
    assert ask(USUAL, headers={"if-none-match": first.headers["ETag"]}).status_code == 304
