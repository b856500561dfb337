"""The units on the pages of models, held against the models: dimensions must come out right.

Every parameter is put into other units as its printed unit says (a second for an hour, a
millilitre for a litre, a gram for a kilogram), and everything that the model computes must
change exactly as its own unit says. A unit that is wrong somewhere breaks this.
"""

from __future__ import annotations

import pytest

from evenkeel.core.pharmacology.library.models import Model, models
from evenkeel.core.pharmacology.library.subjects import dose_reference, reference
from evenkeel.web.explorer.units import kind_of, unit_of

MODELS = list(models().values())
TIME, VOLUME, YEAR = 3600.0, 1000.0, 12.0  # how many of the new units make an old one
FACTORS = {
    "L": VOLUME,
    "L/kg": VOLUME,
    "L/{t}": VOLUME / TIME,
    "L/{t} per year": VOLUME / TIME / YEAR,
    "1/{t}": 1 / TIME,
    "1/min": 1 / TIME,
    "{t}": TIME,
    "share": 1.0,
    "factor": 1.0,
    "g/mol": 17.0,  # molar masses only ever stand as ratios
}


def scaled(model: Model) -> tuple[dict[str, float], dict[str, float]]:
    """All values in the printed units, and with every parameter in the other units."""
    person = {**dose_reference(model), **reference(model, {})}
    old, new = dict(person), dict(person)
    for name, value in model.parameters.items():
        old[name], new[name] = value, value * FACTORS[kind_of(name)]
    for name, expression in model.derived.items():
        old[name], new[name] = float(expression(old)), float(expression(new))
    return old, new


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.id)
def test_every_printed_unit_carries_through_the_model(model):
    old, new = scaled(model)
    for name in model.derived:
        assert new[name] == pytest.approx(old[name] * FACTORS[kind_of(name)]), name
    for flow in model.flows:
        assert float(flow.rate(new)) == pytest.approx(float(flow.rate(old)) / TIME), flow.rate.text
        if flow.share is not None:
            assert float(flow.share(new)) == pytest.approx(float(flow.share(old)))
    for inputs in model.routes.values():
        for each in inputs:
            assert float(each.fraction(new)) == pytest.approx(float(each.fraction(old)))
            for length in filter(None, (each.duration, each.lag)):
                assert float(length(new)) == pytest.approx(float(length(old)) * TIME)
    for output in model.outputs.values():
        assert float(output.scale(new)) == pytest.approx(float(output.scale(old)) / VOLUME)


def test_the_unit_of_time_is_the_model_s_own():
    by_id = models()
    assert unit_of(by_id["domino_1982_tci"], "k10") == "1/min"
    assert unit_of(by_id["otto_2021_s_ketamine_iv"], "CL") == "L/h"
    assert unit_of(by_id["simons_2022_s_ketamine_otf"], "CLK1_70") == "L/min"
    assert unit_of(by_id["hijazi_2003_icu"], "V1_per_kg") == "L/kg"


def test_a_name_that_nobody_knows_has_no_unit():
    with pytest.raises(KeyError, match="wingspan"):
        kind_of("wingspan")
