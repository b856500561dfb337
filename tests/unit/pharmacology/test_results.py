"""Peaks and areas beside the papers' tables and beside closed forms."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from evenkeel.core.pharmacology.doses.presets import preset_named
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.profiles.results import summarise
from evenkeel.core.pharmacology.profiles.simulate import MOST_MG, check_dose, simulate

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "pharmacology"


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((GOLDEN / name).read_text().splitlines()))


def of(made, analyte):
    return next(each for each in made if each.analyte == analyte)


PEREZ = rows("published_perez_ruixo_table4.csv")


@pytest.mark.parametrize("row", PEREZ, ids=[f"{r['stratum']} {r['dose_mg']} mg" for r in PEREZ])
def test_table_4_of_perez_ruixo_comes_out(row):
    model = model_named("perez_ruixo_2021_esketamine")
    who = subject(model, {name: float(row[name.lower()]) for name in ("AGE", "ASIAN", "JAPANESE")})
    dose = Dose(time_h=0.0, route="intranasal", amount_mg=float(row["dose_mg"]))
    made = summarise(who, [dose], until_h=24.0)
    parent, metabolite = of(made, "esketamine"), of(made, "noresketamine")
    assert parent.peak == pytest.approx(float(row["pub_esk_cmax"]), rel=0.015)
    assert parent.area == pytest.approx(float(row["pub_esk_auc024"]), rel=0.005)
    # A re-run by another program, on a grid of its own and a trapezoid.
    assert parent.peak == pytest.approx(float(row["sim_esk_cmax"]), rel=1e-3)
    assert parent.area == pytest.approx(float(row["sim_esk_auc024"]), rel=1e-3)
    assert metabolite.peak == pytest.approx(float(row["sim_nesk_cmax"]), rel=1e-3)
    assert metabolite.area == pytest.approx(float(row["sim_nesk_auc024"]), rel=1e-3)


SIMONS = rows("published_simons_table2.csv")


@pytest.mark.parametrize("row", SIMONS, ids=[f"{r['analyte']} {r['otf_mg']}" for r in SIMONS])
def test_table_2_of_simons_comes_out(row):
    model = model_named("simons_2022_s_ketamine_otf")
    made = summarise(
        subject(model, reference(model, {})),
        preset_named(f"otf{row['otf_mg']}").doses(70.0),
        until_h=6.0,
    )
    found = of(made, row["analyte"])
    assert found.peak == pytest.approx(float(row["sim_typ_cmax"]), rel=1e-3)
    assert found.peak_at_h * 60 == pytest.approx(float(row["sim_typ_tmax"]), abs=0.5)
    assert found.area * 60 == pytest.approx(float(row["sim_typ_auc"]), rel=1e-3)


def test_a_bolus_is_highest_at_once_and_its_area_is_dose_over_clearance():
    model = model_named("fanta_2015_s_ketamine")
    who = subject(model, {"WT": 70.0})
    made = summarise(who, [Dose(time_h=1.0, route="iv", amount_mg=10.0)], until_h=2000.0)[0]
    assert made.peak == pytest.approx(1000.0 * 10.0 / 133.0, rel=1e-12)
    assert made.peak_at_h == pytest.approx(1.0, abs=1e-5)
    assert made.area == pytest.approx(1000.0 * 10.0 / 95.2, rel=1e-9)


def test_the_time_above_a_level_is_that_of_one_exponential():
    """Two compartments whose second hardly exchanges decay as one."""
    model = model_named("clements_nimmo_1981_250")
    who = subject(model, {"WT": 70.0})
    who.rates[:] = np.array([[-0.5, 0.0], [0.0, -1.0]])
    volume = 1.7522 * 70.0
    made = summarise(
        who, [Dose(time_h=0.0, route="iv", amount_mg=50.0)], until_h=48.0, levels=[100.0, 1e6]
    )[0]
    expected = math.log(1000.0 * 50.0 / volume / 100.0) / 0.5
    assert made.above_h[100.0] == pytest.approx(expected, abs=1e-5)
    assert made.above_h[1e6] == 0.0


def test_nothing_to_sum_up_is_refused():
    who = subject(model_named("fanta_2015_s_ketamine"), {"WT": 70.0})
    with pytest.raises(Refusal, match="nothing to sum up"):
        summarise(who, [Dose(time_h=0.0, route="iv", amount_mg=1.0)], until_h=0.0)


FANTA = "fanta_2015_s_ketamine"


@pytest.mark.parametrize("level", [math.nan, math.inf, -math.inf])
def test_a_level_that_is_no_number_is_refused(level):
    who = subject(model_named(FANTA), {"WT": 70.0})
    with pytest.raises(Refusal, match="a level is not a finite number"):
        summarise(who, [Dose(time_h=0.0, route="iv", amount_mg=1.0)], until_h=1.0, levels=[level])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"amount_mg": MOST_MG}, None),
        ({"amount_mg": math.nextafter(MOST_MG, math.inf)}, r"1e\+06 mg: at most 1,000,000"),
        ({"amount_mg": 1.79e308}, r"1.79e\+308 mg: at most"),
        ({"duration_h": 1e-9}, None),
        ({"duration_h": math.nextafter(1e-9, 0.0)}, "write 0 for at once"),
        ({"duration_h": 5e-324}, "write 0 for at once"),
        ({"time_h": -1e7, "duration_h": 1e7}, None),
        ({"time_h": math.nextafter(1e7, math.inf)}, "more than 10,000,000 h"),
        ({"duration_h": math.nextafter(1e7, math.inf)}, "more than 10,000,000 h"),
        ({"time_h": math.nan}, "not finite"),
        ({"amount_mg": -5e-324}, "negative"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_numbers_that_nobody_can_be_given_are_refused_by_name(numbers, words):
    dose = Dose(**{"time_h": 0.0, "route": "iv", "amount_mg": 28.0, **numbers})
    who = subject(model_named(FANTA), {"WT": 70.0})
    if words is None:
        check_dose(dose)
        assert np.isfinite(simulate(who, [dose], np.array([1.0])).ng_per_ml).all()
        return
    with pytest.raises(Refusal, match=words):
        simulate(who, [dose], np.array([1.0]))


@pytest.mark.parametrize("times", [[1.0, 2.0], (1, 2), np.array([1, 2])])
def test_times_may_be_any_row_of_numbers(times):
    who, dose = subject(model_named(FANTA), {"WT": 70.0}), Dose(time_h=0, route="iv", amount_mg=28)
    made, same = simulate(who, [dose], times), simulate(who, [dose], np.array([1.0, 2.0]))
    assert np.array_equal(made.ng_per_ml, same.ng_per_ml)
    assert made.times_h.dtype == np.float64


@pytest.mark.parametrize("times", [["soon"], [[1.0, 2.0]], 1.0, None, [[1.0], [1.0, 2.0]]])
def test_times_that_are_no_row_of_numbers_are_refused(times):
    who = subject(model_named(FANTA), {"WT": 70.0})
    with pytest.raises(Refusal, match="in one row"):
        simulate(who, [Dose(time_h=0.0, route="iv", amount_mg=28.0)], times)


@pytest.mark.parametrize(
    ("covariates", "etas", "words"),
    [
        ({"WT": 70.0, "XX": 1.0}, None, "has no covariate XX; there is WT, AGE"),
        ({"WT": 70.0, "age": 4.0}, None, "has no covariate age"),
        ({"WT": 70.0}, {"CL, treatment 1": 0.1}, "has no parameter CL, treatment 1; there is "),
    ],
)
def test_a_name_that_the_model_does_not_know_is_refused(covariates, etas, words):
    with pytest.raises(Refusal, match=words):
        subject(model_named(FANTA), covariates, etas)


def test_age_and_weight_are_known_to_every_model():
    """One that reads no age judges it all the same."""
    assert subject(model_named(FANTA), {"WT": 70.0, "AGE": 40.0}).covariates["AGE"] == 40.0
    with pytest.raises(Refusal, match="AGE of 4"):
        subject(model_named(FANTA), {"WT": 70.0, "AGE": 4.0})
