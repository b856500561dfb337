"""What is shown, as a table of one row per value, and as commands that compute it again."""

from __future__ import annotations

import csv
import io

from evenkeel.core.pharmacology.doses.presets import presets
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.web.explorer.answers import (
    BAND_ENDS,
    PEOPLE,
    SEED,
    Answer,
    ModelAnswer,
    kind_of,
)

COLUMNS = ("model", "doi", "sampling", "time_h", "analyte", "concentration_ng_per_ml")
_STEPS_H = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_TIMES = 500


def table(answer: Answer) -> str:
    """CSV of every value of the curves that are shown; numbers read back to the same double."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    for each in answer.answering:
        model = each.model
        for analyte, values in each.curves.items():
            if kind_of(analyte) not in answer.asked.show:
                continue
            for at, value in zip(each.times_h.tolist(), values.tolist(), strict=True):
                lines.writerow((model.id, model.doi, model.sampling, at, analyte, value))
    return out.getvalue()


def commands(answer: Answer) -> str:
    """One ``evenkeel simulate`` a model, and one a band, as they can be pasted into a shell."""
    ends = ",".join(f"{each:g}" for each in BAND_ENDS)
    band = f"--population {PEOPLE} --seed {SEED} --percentiles {ends}"
    made = []
    for each in answer.answering:
        made.append(_command(answer, each))
        if each.spread is not None:
            made.append(_command(answer, each, band))
    return "\n\n".join(made)


def _command(answer: Answer, each: ModelAnswer, more: str = "") -> str:
    asked = answer.asked
    step = next((s for s in _STEPS_H if answer.until_h / s <= _TIMES), 2.0)
    parts = ["evenkeel simulate", f"--model {each.model.id}"]
    plain = bool(asked.preset) and not asked.rows
    parts.append(f"--preset {asked.preset}" if plain else "--regimen -")
    parts.append(f"--times 0:{answer.until_h:g}:{step:g}")
    known = dict(each.taken)
    if plain and presets()[asked.preset].by_weight:
        known["WT"] = float(asked.weight)
    parts += [f"--covariate {name}={value:g}" for name, value in sorted(known.items())]
    parts += [more] if more else []
    line = " \\\n  ".join(parts)
    if plain:
        return line
    return "\n".join([f"{line} <<'END'", *_regimen(answer.doses), "END"])


def _regimen(doses: tuple[Dose, ...]) -> list[str]:
    """The doses as the command reads them; nasal devices with their numbers."""
    has_devices = any("DEVICE" in each.of_dose for each in doses)
    lines = ["time_h,route,amount_mg,duration_h" + (",DEVICE" if has_devices else "")]
    for each in doses:
        line = f"{each.time_h!r},{each.route},{each.amount_mg!r},{each.duration_h!r}"
        device = each.of_dose.get("DEVICE")
        lines.append(line + (f",{'' if device is None else f'{device:g}'}" if has_devices else ""))
    return lines
