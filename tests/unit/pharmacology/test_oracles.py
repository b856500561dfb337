"""Concentrations beside those that other programs computed: within 1e-9 of the peak, and nearer."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from evenkeel.core.pharmacology.doses.presets import preset_named
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.profiles.simulate import simulate

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "pharmacology"
NEAR = 1e-12  # share of the peak; the promise is 1e-9


def table(name: str) -> tuple[list[str], np.ndarray]:
    rows = list(csv.reader((GOLDEN / name).read_text().splitlines()))
    return rows[0], np.array(rows[1:], dtype=float)


def profile(model_id: str, preset_id: str, times_h: np.ndarray):
    model = model_named(model_id)
    return simulate(
        subject(model, reference(model, {})), preset_named(preset_id).doses(70.0), times_h
    )


CASES = [
    ("bench6inf_21d_15min__otto_2021_s_ketamine_iv", "iv40x6", "otto_2021_s_ketamine_iv"),
    ("in56mg__perez_ruixo_2021_esketamine", "in56", "perez_ruixo_2021_esketamine"),
    ("iv0p5mgkg_40min__domino_1982_tci", "iv40", "domino_1982_tci"),
    ("iv0p5mgkg_40min__kamp_2020_meta_3cmt", "iv40", "kamp_2020_meta_3cmt"),
    ("iv0p5mgkg_40min__otto_2021_s_ketamine_iv", "iv40", "otto_2021_s_ketamine_iv"),
]


@pytest.mark.parametrize(("file", "preset", "model"), CASES)
def test_every_analyte_agrees_with_forty_digits(file, preset, model):
    header, rows = table(f"{file}.csv")
    made = profile(model, preset, rows[:, 0])
    for place, name in enumerate(header[2:], start=2):
        expected = rows[:, place]
        found = made.of(name.removesuffix("_ng_ml"))
        assert np.abs(found - expected).max() <= NEAR * expected.max(), name


@pytest.mark.parametrize("model", ["domino_1982_tci", "kamp_2020_meta_3cmt"])
def test_plasma_agrees_with_a_pump_program(model):
    _, rows = table(f"opentiva_iv40__{model}.csv")
    made = profile(model, "iv40", rows[:, 0] / 60.0)
    expected = rows[:, 1]
    assert np.abs(made.of("ketamine") - expected).max() <= NEAR * expected.max()
