"""Dosing events beside NONMEM's answers, and what is refused."""

from __future__ import annotations

import csv
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from evenkeel.core.pharmacology.events import Event, EventFault, observe

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
