"""Dosing events beside NONMEM's answers, and what is refused."""

from __future__ import annotations

import csv
import os
import warnings
from pathlib import Path

import msgspec
import numpy as np
import pytest

from evenkeel.core.pharmacology.library import models
from evenkeel.core.pharmacology.populations.crowds import Crowd, bands
from evenkeel.core.pharmacology.populations.periods import periods_of
from evenkeel.core.pharmacology.profiles.events import Event, EventFault, happenings_of, observe
from evenkeel.core.pharmacology.profiles.records import Record
from evenkeel.core.pharmacology.systems.timeline import collected, walk

BESIDE = Path(__file__).resolve().parents[4] / "shared" / "oracles"
FOLDER = Path(os.environ.get("EVENKEEL_ORACLES") or BESIDE) / "pharmacology" / "nonmem_events"
CL_L_PER_H, V_L, KA_PER_H = 1.1, 20.0, 1.5
RATES = np.array([[-KA_PER_H, 0.0], [KA_PER_H, -CL_L_PER_H / V_L]])


def scenarios() -> dict[int, list[tuple[Event, str]]]:
    if not FOLDER.is_dir():
        return {}
    rows = csv.DictReader((FOLDER / "dataset_1001.csv").read_text().splitlines())
    answers = csv.DictReader((FOLDER / "nonmem_cp_1001.csv").read_text().splitlines())
    found: dict[int, list[tuple[Event, str]]] = {}
    for row, answer in zip(rows, answers, strict=True):
        # In that control stream bioavailability and lag belong to the second compartment.
        second = row["cmt"] == "2"
        event = Event(
            time_h=float(row["time"]),
            evid=int(row["evid"]),
            amount_mg=float(row["amt"]),
            compartment=int(row["cmt"]) - 1,
            rate_mg_per_h=float(row["rate"]),
            interval_h=float(row["ii"]),
            additional=int(row["addl"]),
            steady=int(row["ss"]),
            fraction=float(row["BIOAV"]) if second else 1.0,
            lag_h=float(row["LAGT"]) if second else 0.0,
            model_rate=float(row["RAT2"]),
            model_duration_h=float(row["DUR2"]),
        )
        found.setdefault(int(row["ID"]), []).append((event, answer["CP"]))
    return found


SCENARIOS = scenarios()
if not SCENARIOS:
    warnings.warn(
        "NONMEM's answers are not on this machine: set EVENKEEL_ORACLES to their folder. "
        "The 29 dosing scenarios are NOT tested.",
        stacklevel=1,
    )


def half_a_digit(printed: str) -> float:
    """What five printed digits leave open."""
    digits, _, power = printed.lower().partition("e")
    decimals = len(digits.partition(".")[2])
    value = abs(float(printed))
    shown = max(len(digits.replace(".", "").lstrip("0")), 5)
    return max(0.5 * 10.0 ** (int(power or 0) - decimals), value * 10.0 ** (1 - shown))


@pytest.mark.skipif(not SCENARIOS, reason="NONMEM's answers are not on this machine")
@pytest.mark.parametrize("number", range(1, 30))
def test_nonmem_gives_the_same_answer_to_its_last_digit(number):
    rows = SCENARIOS[number]
    found = observe(RATES, [event for event, _ in rows])[:, 1] / (V_L / 1000.0)
    for (event, printed), value in zip(rows, found, strict=True):
        assert abs(value - float(printed)) <= half_a_digit(printed), (event.time_h, printed, value)


def as_model(endless: set[int]):
    """The control stream of the scenarios as a model of ours, whose people do not differ.

    endless: where infusions without a beginning go; ours go into a vein, which is put there.
    """
    vein = {"compartment": "second", "fraction": "BIOAV", "lag": "LAGT"}
    told = {
        "id": "nonmem_1001", "title": "", "drug": "s_ketamine", "age_group": "adults",
        "sampling": "venous", "population": "", "citation": "", "doi": "", "doi_mark": "seen",
        "mark": "seen", "read_in": "", "status": "draft", "confidence": "low",
        "confidence_words": "", "time_unit": "h", "pitfalls": [], "variability_note": "",
        "covariate": {
            name: {"words": "", "unit": "", "reference": 1.0, "of_dose": True}
            for name in ("BIOAV", "LAGT", "DUR2")
        },
        "parameter": {"CL": CL_L_PER_H, "V": V_L, "KA": KA_PER_H},
        "compartments": ["first", "second"],
        "flows": [["first", "second", "KA"], ["second", "", "CL/V"]],
        "route": {
            "first": [{"compartment": "first", "fraction": "1"}],
            "second": [vein],
            "long": [{**vein, "duration": "DUR2"}],
            "iv": [{"compartment": "first", "fraction": "1"} if endless == {0} else vein],
        },
        "output": {"cp": {"compartment": "second", "scale": "1000/V", "molar_mass": 1.0}},
        "variability": [{"parameters": ["CL"], "omega": [[1e-30]]}],
    }  # fmt: skip
    return models._model(msgspec.convert(told, models._File))


def as_record(event: Event) -> Record:
    route = ("first", "second")[event.compartment]
    lasts = 0.0
    absorbed = event.amount_mg * event.fraction
    if event.rate_mg_per_h == -2.0:
        route = "long"
    elif event.rate_mg_per_h and event.amount_mg:
        # An infusion of a given rate lasts the longer, the more is absorbed of it.
        lasts = absorbed / (event.model_rate if event.rate_mg_per_h < 0 else event.rate_mg_per_h)
    endless = event.rate_mg_per_h if event.steady and not event.amount_mg else 0.0
    route = "iv" if endless else route
    return Record(
        line=0, time_h=event.time_h, evid=event.evid, route=route, amount_mg=event.amount_mg,
        duration_h=lasts, endless_rate=endless, every_h=event.interval_h,
        additional=event.additional, steady=event.steady,
        of_dose={"BIOAV": event.fraction, "LAGT": event.lag_h, "DUR2": event.model_duration_h},
    )  # fmt: skip


@pytest.mark.skipif(not SCENARIOS, reason="NONMEM's answers are not on this machine")
@pytest.mark.parametrize("number", range(1, 30))
def test_a_population_that_does_not_differ_has_nonmems_answers(number):
    """At every observation; where something is given at that very moment, ours come before it."""
    rows = SCENARIOS[number]
    events = [event for event, _ in rows]
    acting = [as_record(each) for each in events if each.evid in (1, 3, 4)]
    model = as_model({each.compartment for each in events if each.steady and not each.amount_mg})
    crowd = Crowd(model=model, people=2, covariates={}, seed=1, periods=periods_of(model, acting))
    times = np.unique([each.time_h for each in events])
    made = np.concatenate([piece for _, piece in bands(crowd, times, (0.0, 100.0))])[:, 0]
    compared = 0
    before = collected(walk(RATES, happenings_of(RATES, events), times), times.size, 2)[:, 1]
    after = observe(RATES, events)[:, 1]
    for (event, printed), amount in zip(rows, after, strict=True):
        at = int(np.searchsorted(times, event.time_h))
        if event.evid != 0 or abs(before[at] - amount) > 1e-9:
            continue
        compared += 1
        assert np.abs(made[at] - float(printed)).max() <= half_a_digit(printed), event.time_h
    assert compared > 50


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Event(time_h=0, evid=5), "EVID 5"),
        (Event(time_h=0, evid=1, amount_mg=-1), "negative"),
        (Event(time_h=0, evid=1, amount_mg=1, additional=2), "ADDL without II"),
        (Event(time_h=0, evid=1, amount_mg=1, steady=1), "SS without II"),
        (Event(time_h=0, evid=1, amount_mg=1, steady=3, interval_h=1), "SS 3"),
        (Event(time_h=0, evid=1, amount_mg=1, rate_mg_per_h=-1), "RATE -1"),
        (Event(time_h=0, evid=1, amount_mg=1, rate_mg_per_h=-2), "RATE -2"),
    ],
)
def test_a_record_that_means_nothing_is_refused(event, words):
    with pytest.raises(EventFault, match=words):
        observe(RATES, [event])


def test_a_reset_forgets_what_is_still_to_come():
    doses = Event(time_h=0, evid=1, amount_mg=100, interval_h=12, additional=9)
    rows = [doses, Event(time_h=30, evid=3), Event(time_h=100, evid=0)]
    assert observe(RATES, rows)[-1].tolist() == [0.0, 0.0]
