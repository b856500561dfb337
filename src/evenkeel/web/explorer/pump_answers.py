"""What the page of targets answers: a scheme with what comes of it, or why there is none.

In: a PumpAsked. Out: a PumpAnswer, kept for the next who asks the same; its CSV and command.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from evenkeel.core.pharmacology.library.models import Model, model_named
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.profiles.aims import Aimed, aim
from evenkeel.web.explorer.answers import keep
from evenkeel.web.explorer.people import known_to
from evenkeel.web.explorer.pump_queries import PumpAsked
from evenkeel.web.explorer.rows import length, plain

COLUMNS = ("model", "from_h", "until_h", "bolus_mg", "ml_per_h", "mg_per_h",
           "plasma_ng_per_ml", "effect_ng_per_ml")  # fmt: skip
_TAIL_H = (1.0, 0.5)  # at least an hour after the stop, and half as long as before it


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpAnswer:
    """aimed is None where the model refuses; field: the field of the form that it is about."""

    asked: PumpAsked
    model: Model
    aimed: Aimed | None
    refusals: tuple[str, ...] = ()
    field: str = ""


def answer(asked: PumpAsked) -> PumpAnswer:
    """What the model and the pump say.

    Raises:
        Busy: two others are being answered, and went on being so for 8 s.
    """
    return keep(asked, lambda: work_out(asked))


def work_out(asked: PumpAsked) -> PumpAnswer:
    """The same, always computed."""
    model = model_named(asked.model)
    if asked.site == "effect" and model.effect_site is None:
        told = (
            "no effect-site rate was published for this model that could be used: aim at plasma",
        )
        return PumpAnswer(asked=asked, model=model, aimed=None, refusals=told, field="site")
    try:
        aimed = aim(
            subject(model, reference(model, known_to(model, asked.covariates()))),
            asked.aims(),
            asked.pump(),
            site="effect" if asked.site == "effect" else "plasma",
            stop_h=asked.stop / 60,
            tail_h=max(_TAIL_H[0], _TAIL_H[1] * asked.stop / 60),
        )
    except Refusal as refusal:
        reasons = tuple(each.removeprefix(f"{model.id}: ") for each in refusal.reasons)
        return PumpAnswer(asked=asked, model=model, aimed=None, refusals=reasons, field="model")
    return PumpAnswer(asked=asked, model=model, aimed=aimed)


def table(found: PumpAnswer) -> str:
    """CSV, one row a setting; numbers read back to the same double, no site leaves it empty."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    aimed = found.aimed
    for each in aimed.settings if aimed is not None else ():
        effect = each.effect if aimed is not None and aimed.has_effect else ""
        lines.writerow((found.model.id, each.from_h, each.until_h, each.bolus_mg, each.ml_per_h,
                        each.mg_per_h, each.plasma, effect))  # fmt: skip
    return out.getvalue()


def command(found: PumpAnswer) -> str:
    """The same on a command line."""
    asked = found.asked
    parts = ["evenkeel targets", f"--model {asked.model}", f"--site {asked.site}"]
    parts += [f"--target {length(at)}={plain(level)}" for at, level in asked.targets]
    parts += [f"--stop {length(asked.stop)}", f"--syringe {plain(asked.syringe)}"]
    parts += [f"--every {asked.every}", f"--most-rate {plain(asked.rate)}"]
    parts += [f"--rate-step {plain(asked.step)}", f"--most-bolus {plain(asked.bolus)}"]
    if asked.ceiling:
        parts.append(f"--most-plasma {plain(asked.ceiling)}")
    known = known_to(found.model, asked.covariates())
    parts += [f"--covariate {name}={value:g}" for name, value in sorted(known.items())]
    return " \\\n  ".join(parts)
