"""What ``evenkeel targets`` writes: words, the settings as a table, one object, a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from evenkeel.commands.simulate import telling

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.profiles.aims import Aimed
    from evenkeel.core.pharmacology.systems.linear import Floats

_MOST_LINES = 60
COLUMNS = "from_h,until_h,bolus_mg,ml_per_h,mg_per_h,plasma_ng_per_ml,effect_ng_per_ml"


def text(found: Aimed) -> None:
    """For people: what came of it, then the settings."""
    from evenkeel.core.pharmacology.profiles.aims import clock, findings, minutes

    for told in findings(found):
        click.echo(told)
    for fall in found.falls:
        site = "plasma" if fall.site == "plasma" else "effect site"
        click.echo(
            f"After the stop the {site} falls by {100 * fall.share:g}% in {minutes(fall.after_h)} "
            f"(after as long a plateau in plasma: {minutes(fall.after_plateau_h)})."
        )
    click.echo("")
    heads = ["min:s", "bolus mg", "mL/h", "mg/h", "plasma", *(["effect"] * found.has_effect)]
    click.echo("".join(f"{head:>10}" for head in heads) + "   (ng/mL when the next begins)")
    for each in found.settings[:_MOST_LINES]:
        cells = [clock(each.from_h), f"{each.bolus_mg:g}" if each.bolus_mg else "",
                 f"{each.ml_per_h:.6g}", f"{each.mg_per_h:.6g}", f"{each.plasma:.1f}"]  # fmt: skip
        cells += [f"{each.effect:.1f}"] * found.has_effect
        click.echo("".join(f"{cell:>10}" for cell in cells))
    click.echo(f"{clock(found.stop_h):>10}      stop")
    more = len(found.settings) - _MOST_LINES
    if more > 0:
        click.echo(f"{more} more settings before the stop: --csv FILE has them all", err=True)


def table(file: str, found: Aimed) -> None:
    """One row a setting; numbers read back to the same double, effect empty without a site."""
    with telling.opened(file) as out:
        out.write(f"{COLUMNS}\n".encode())
        for each in found.settings:
            cells = (each.from_h, each.until_h, each.bolus_mg, each.ml_per_h, each.mg_per_h,
                     each.plasma, each.effect)  # fmt: skip
            row = ",".join("" if math.isnan(cell) else telling.short(cell) for cell in cells)
            out.write(f"{row}\n".encode())


def json(found: Aimed) -> None:
    """Everything as one object."""
    from evenkeel.core.pharmacology.profiles.aims import findings

    model, pump = found.who.model, found.pump
    telling.write_json(
        {
            "model": model.id,
            "doi": model.doi,
            "status": str(model.status),
            "sampling": model.sampling,
            "covariates": found.who.covariates,
            "for_target_controlled_infusion": model.target_controlled,
            "site": found.site,
            "pump": {
                "mg_per_ml": pump.mg_per_ml,
                "most_ml_per_h": pump.most_ml_per_h,
                "step_ml_per_h": pump.step_ml_per_h,
                "every_s": pump.update_s,
                "most_bolus_mg": pump.most_bolus_mg,
                "bolus_step_ml": pump.bolus_step_ml,
                "most_ng_per_ml": _known(pump.most_ng_per_ml),
            },
            "targets": [
                {
                    "from_h": one.target.from_h,
                    "ng_per_ml": one.target.ng_per_ml,
                    "reached_after_h": one.after_h,
                    "without_limits_after_h": free.after_h,
                    "highest": one.highest,
                    "lowest": _known(one.lowest),
                    "ended": one.ended,
                }
                for one, free in zip(found.aims, found.without_limits, strict=True)
            ],
            "stop_h": found.stop_h,
            "given_mg": found.made.given_mg,
            "without_limits_mg": found.free_mg,
            "settings": [
                {
                    "from_h": each.from_h,
                    "until_h": each.until_h,
                    "bolus_mg": each.bolus_mg,
                    "ml_per_h": each.ml_per_h,
                    "mg_per_h": each.mg_per_h,
                }
                for each in found.settings
            ],
            "time_h": found.times_h,
            "concentration_ng_per_ml": _curves(found),
            "after_the_stop": [
                {"site": fall.site, "falls_by": fall.share, "in_h": fall.after_h,
                 "after_a_plateau_in_h": fall.after_plateau_h}
                for fall in found.falls
            ],
            "findings": findings(found),
            "limits": [*model.pitfalls, *limits(found)],
        }
    )  # fmt: skip


def limits(found: Aimed) -> list[str]:
    """What a scheme of this model is not."""
    model = found.who.model
    told = ["A teaching view from a typical person: not for choosing or giving a dose."]
    if not model.target_controlled:
        told.append("No pump program is known that uses this model.")
    return told


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _curves(found: Aimed) -> dict[str, Any]:
    parent = found.who.model.parent
    curves: dict[str, Floats] = {parent: found.plasma}
    if found.has_effect:
        curves[f"Ce_{parent}"] = found.effect
    return curves


def plot(file: str, found: Aimed) -> None:
    """Concentrations with the targets as steps, and the rate below them."""
    from pathlib import Path

    import numpy as np

    from evenkeel.commands.simulate.drawing import SAMPLING, typeset
    from evenkeel.core.pharmacology.profiles.aims import findings, minutes
    from evenkeel.core.pharmacology.shown.picture import Curve, Mark, Panel, Picture, svg

    model, times = found.who.model, found.times_h
    wanted, rate = np.zeros(times.size), np.zeros(times.size)
    for one in found.aims:
        wanted[(times > one.target.from_h) & (times <= one.until_h)] = one.target.ng_per_ml
    for each in found.settings:
        rate[(times > each.from_h) & (times <= each.until_h)] = each.ml_per_h
    site = "plasma" if found.site == "plasma" else "the effect site"
    curves = [Curve(name="plasma", values=found.plasma)]
    if found.has_effect:
        curves.append(Curve(name="effect site", values=found.effect))
    curves.append(Curve(name="target", values=wanted, note=f"in {site}"))
    person = ", ".join(f"{name} {value:g}" for name, value in found.who.covariates.items())
    picture = Picture(
        title=f"Targets held with {model.title[0].lower()}{model.title[1:]}",
        head=[f"{model.id}: {model.source}", person or "no covariates", *findings(found)],
        times_h=times,
        panels=[
            Panel(unit="ng/mL", curves=curves),
            Panel(unit="mL/h", curves=[Curve(name="rate", values=rate)]),
        ],
        marks=[
            Mark(time_h=each.from_h, until_h=each.from_h, words=f"{each.bolus_mg:g} mg")
            for each in found.settings
            if each.bolus_mg
        ],
        foot=[
            f"{' '.join(limits(found))} The pump is set every {minutes(found.pump.update_h)} and "
            f"stopped at {minutes(found.stop_h)}. Status {model.status}, {model.confidence} "
            f"confidence; {SAMPLING[model.sampling]}; {found.pump.mg_per_ml:g} mg/mL of base. "
            f"Made from: {model.population}.",
            *model.pitfalls,
        ],
    )
    with telling.opened(file) as out:
        out.write(typeset(svg(picture), picture.title, Path(file).suffix.lower()))
