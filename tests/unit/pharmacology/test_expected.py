"""What a model expects of a treatment: who is drawn, who is refused, and what is told of it.

Expected values: table 4 of Perez-Ruixo 2021 (median peak of two devices), and the other
way through the same models that test_oracles.py holds to independent programs.
"""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

from evenkeel.core.monitoring.portions import planned_infusion, planned_spray
from evenkeel.core.pharmacology.doses.products import product, products
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import subject
from evenkeel.core.pharmacology.profiles.simulate import simulate
from evenkeel.core.pharmacology.shown.expected import PEOPLE, SEED, work_out
from evenkeel.core.pharmacology.shown.serving import Asked, Portion, serving

SPRAY = planned_spray(product("esketamine_nasal").devices.mg.mg, 2, 5).portions
KNOWN = {"AGE": 45.0, "WT": 70.0, "ASIAN": 0.0, "JAPANESE": 0.0}


def asked(product_id: str = "esketamine_nasal", portions=SPRAY, **known: float) -> Asked:
    return Asked(product=product_id, known=tuple(sorted(known.items())), portions=portions)


def test_every_product_is_served_by_a_model_of_its_drug_and_route():
    for what in products().values():
        portions = (Portion(after_s=0, mg=28.0),)
        assert work_out(asked(what.id, portions, **KNOWN)).kind == "drawn"


def test_no_model_is_made_up_for_other_routes():
    (none,) = serving().none
    assert set(none.routes) == {"subcutaneous", "intramuscular"}
    assert not {"subcutaneous", "intramuscular"} & {
        route for each in serving().serves for route in model_named(each.model).routes
    }


def test_two_devices_peak_where_the_paper_says():
    """56 mg, under 60, not Asian: 72.5 ng/mL (table 4), whose devices are 5 min apart."""
    curve = work_out(asked(**KNOWN)).curve
    assert curve is not None
    assert max(curve.line) == pytest.approx(72.5, rel=0.015)


def test_the_band_lies_around_the_line_and_is_the_same_each_time():
    first, second = work_out(asked(**KNOWN)), work_out(asked(**KNOWN))
    assert first == second
    curve = first.curve
    assert curve is not None
    assert curve.low is not None
    low, line, high = (np.array(each) for each in (curve.low, curve.line, curve.high))
    late = np.array(curve.minutes) >= 10
    assert np.all(low[late] < line[late])
    assert np.all(line[late] < high[late])


def test_the_band_holds_nine_in_ten_people_simulated_one_by_one():
    """Another way: persons of other seeds, each walked alone by the exact propagators."""
    from evenkeel.core.pharmacology.populations.people import draw_etas

    model = model_named("perez_ruixo_2021_esketamine")
    doses = [
        Dose(time_h=each.after_s / 3600, route="intranasal", amount_mg=each.mg,
             of_dose={"DEVICE": float(each.device)})
        for each in SPRAY
    ]  # fmt: skip
    etas = draw_etas(model, people=400, seed=SEED + 1)
    at_h = np.array([0.5, 1.0, 2.0])
    seen = np.array(
        [
            simulate(
                subject(model, KNOWN, {name: float(each[k]) for name, each in etas.items()}),
                doses, at_h,
            ).of("esketamine")
            for k in range(400)
        ]
    )  # fmt: skip
    curve = work_out(asked(**KNOWN)).curve
    assert curve is not None
    for place, hour in enumerate(at_h):
        at = curve.minutes.index(hour * 60)
        inside = np.mean((seen[:, place] > curve.low[at]) & (seen[:, place] < curve.high[at]))
        # 400 of 0.9: a standard error of 0.015; four of them.
        assert 0.84 <= inside <= 0.96
    assert PEOPLE >= 1000


def test_a_model_without_a_published_spread_has_a_line_and_says_why_no_band():
    portions = planned_infusion(Decimal(38), 40).portions
    curve = work_out(asked("racemic_iv", portions, AGE=45.0, WT=76.0)).curve
    assert curve is not None
    assert curve.low is None
    assert "not published" in curve.no_band


def test_the_infusion_of_the_trials_comes_to_what_its_limit_says():
    """0.5 mg/kg over 40 min in 70 kg: 253 ng/mL by this model (given facts), 185 measured."""
    portions = (Portion(after_s=0, mg=35.0, lasts_s=2400),)
    curve = work_out(asked("racemic_iv", portions, AGE=45.0, WT=70.0)).curve
    assert curve is not None
    assert max(curve.line) == pytest.approx(253, abs=1)
    assert curve.minutes[curve.line.index(max(curve.line))] == 40
    assert any("about 250 ng/mL" in each for each in serving().of("racemic_iv").limits)


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("AGE", "age is not known"),
        ("WT", "body weight is not known"),
        ("ASIAN", "not asked yet"),
        ("JAPANESE", "not asked yet"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_drawn(gone, says):
    known = {name: value for name, value in KNOWN.items() if name != gone}
    found = work_out(asked(**known))
    assert (found.kind, found.curve) == ("missing", None)
    assert len(found.reasons) == 1
    assert says in found.reasons[0]
    assert found.questions == (("asian_japanese",) if says == "not asked yet" else ())


def test_an_infusion_needs_the_age_that_its_model_does_not_read():
    """A child must not be drawn with adults' numbers, so an unknown age draws nothing."""
    portions = (Portion(after_s=0, mg=35.0, lasts_s=2400),)
    found = work_out(asked("racemic_iv", portions, WT=70.0))
    assert found.kind == "missing"
    assert "adults" in found.reasons[0]


@pytest.mark.parametrize(
    ("product_id", "known"),
    [
        ("racemic_iv", {"AGE": 17.0, "WT": 70.0}),
        ("esketamine_nasal", {**KNOWN, "AGE": 17.0}),
        ("esketamine_nasal", {**KNOWN, "AGE": 87.0}),
        ("esketamine_nasal", {**KNOWN, "WT": 38.0}),
        ("esketamine_nasal", {**KNOWN, "WT": 171.0}),
        ("esketamine_nasal", {"AGE": 87.0}),  # refused before anything more is asked
    ],
)
def test_somebody_outside_the_models_people_is_refused_by_name(product_id, known):
    found = work_out(asked(product_id, (Portion(after_s=0, mg=28.0),), **known))
    assert (found.kind, found.curve, found.questions) == ("outside", None, ())
    assert "outside this model" in found.reasons[0]


@pytest.mark.parametrize(
    ("name", "value"), [("AGE", 18.0), ("AGE", 86.0), ("WT", 39.0), ("WT", 170.0)]
)
def test_those_at_the_edge_are_drawn(name, value):
    assert work_out(asked(**{**KNOWN, name: value})).kind == "drawn"


def test_the_answers_tell_the_model_what_the_paper_found():
    """Less is broken down in Asian people, more is absorbed in Japanese (ratios of table 3)."""
    peaks = [
        max(work_out(asked(**{**KNOWN, **one.covariates})).curve.line)
        for one in serving().question[0].choice
    ]
    assert peaks[0] < peaks[1] < peaks[2]


def test_asking_what_serves_what_costs_no_array_library():
    """A site that has the view off pays nothing for it."""
    code = (
        "import sys\n"
        "from evenkeel.core.monitoring import portions\n"
        "from evenkeel.core.pharmacology.shown.serving import serving\n"
        "serving()\n"
        "print([m for m in ('numpy', 'numba') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
