"""``evenkeel targets``: rates that reach and hold a concentration, without a server."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import click

from evenkeel.commands.simulate import asked
from evenkeel.commands.simulate.taken import say_what_was_taken
from evenkeel.commands.simulate.telling import stop

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.profiles.targets import Target

_HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0}
_NOT_REACHED = 1
EXAMPLES = """\b
Examples, as they stand:
  evenkeel targets --model domino_1982_tci --site effect --target 0min=100 \\
    --target 30min=60 --stop 1h --syringe 10 --every 5min --most-bolus 10
  evenkeel targets --model kamp_2020_meta_3cmt --site plasma --target 0min=150 \\
    --stop 40min --syringe 1 --most-rate 100 --covariate WT=80 --plot held.svg
"""


@click.command("targets", epilog=EXAMPLES)
@click.option("--model", "model_id", metavar="ID", help="`evenkeel simulate --list` shows them.")
@click.option(
    "--site",
    type=click.Choice(["plasma", "effect"]),
    help="Where; effect needs a model with a published effect site.",
)
@click.option(
    "--target", "target_texts", metavar="TIME=NG_PER_ML", multiple=True, help="30min=100; 0 stops."
)
@click.option("--stop", "stop_text", metavar="TIME", help="When the pump stops.")
@click.option("--after", "after_text", metavar="TIME", default="60min", show_default=True)
@click.option("--syringe", type=float, metavar="MG_PER_ML", help="What the syringe holds.")
@click.option("--every", "every_text", metavar="TIME", default="10s", show_default=True,
              help="How often the rate is set.")  # fmt: skip
@click.option("--most-rate", type=float, metavar="ML_PER_H", default=1200.0, show_default=True)
@click.option("--rate-step", type=float, metavar="ML_PER_H", default=0.1, show_default=True)
@click.option("--most-bolus", type=float, metavar="MG", default=0.0, show_default=True,
              help="The largest amount at once, where a target begins; 0: none.")  # fmt: skip
@click.option("--bolus-step", type=float, metavar="ML", default=0.1, show_default=True)
@click.option("--most-plasma", type=float, metavar="NG_PER_ML", help="Nothing leads beyond it.")
@click.option("--covariate", "covariate_texts", metavar="NAME=VALUE", multiple=True)
@click.option("--csv", "csv_file", metavar="FILE", help="The settings there; - is stdout.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
@click.option("--plot", "plot_file", metavar="FILE", help="A picture: .svg, .png or .pdf.")
def command(
    model_id: str | None,
    site: str | None,
    target_texts: tuple[str, ...],
    stop_text: str | None,
    after_text: str,
    syringe: float | None,
    every_text: str,
    most_rate: float,
    rate_step: float,
    most_bolus: float,
    bolus_step: float,
    most_plasma: float | None,
    covariate_texts: tuple[str, ...],
    csv_file: str | None,
    as_json: bool,
    plot_file: str | None,
) -> None:
    """The settings of a pump that reach and hold a concentration in a model's typical person.

    A teaching view: not for choosing or giving a dose, and nothing here drives a pump. Rates
    and boluses are rounded down to the pump's steps. What the pump cannot do is told, and no
    target is moved. Times carry their unit: 30s, 5min, 1h. Covariates that are not given are
    the model's typical person's, and stderr says so.

    Exit 0: done. 1: done, and a target was not reached in its time. 2: the call is wrong, or
    the model does not answer for this person or site.
    """
    told = _missing(model_id, site, target_texts, stop_text, syringe)
    if sum((csv_file is not None, as_json, plot_file is not None)) > 1:
        told.append("give at most one of --csv, --json and --plot")
    targets, times = _read(target_texts, {"--stop": stop_text, "--every": every_text,
                                          "--after": after_text}, told)  # fmt: skip
    if told:
        stop(told)
    if plot_file is not None:
        from evenkeel.commands.simulate.drawing import check_format

        check_format(plot_file)

    from evenkeel.commands.targets import showing
    from evenkeel.core.pharmacology.library.models import models
    from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
    from evenkeel.core.pharmacology.profiles.aims import aim
    from evenkeel.core.pharmacology.profiles.targets import Pump

    model = asked.one_named(models(), str(model_id), "model")
    known = asked.covariates(covariate_texts, model)
    pump = Pump(
        mg_per_ml=math.nan if syringe is None else syringe,
        most_ml_per_h=most_rate,
        step_ml_per_h=rate_step,
        update_s=times["--every"] * 3600.0,
        most_bolus_mg=most_bolus,
        bolus_step_ml=bolus_step,
        most_ng_per_ml=math.inf if most_plasma is None else most_plasma,
    )
    try:
        found = aim(
            subject(model, reference(model, known)), targets, pump,
            site="effect" if site == "effect" else "plasma",
            stop_h=times["--stop"], tail_h=times["--after"],
        )  # fmt: skip
    except Refusal as refusal:
        stop(refusal.reasons)
    say_what_was_taken(model, known, {}, {})
    if plot_file is not None:
        showing.plot(plot_file, found)
    elif as_json:
        showing.json(found)
    elif csv_file is not None:
        showing.table(csv_file, found)
    else:
        showing.text(found)
    if any(each.after_h is None for each in found.aims if each.target.ng_per_ml > 0.0):
        raise SystemExit(_NOT_REACHED)


def _missing(
    model_id: str | None,
    site: str | None,
    targets: tuple[str, ...],
    stop_text: str | None,
    syringe: float | None,
) -> list[str]:
    needed = {
        "--model is missing: `evenkeel simulate --list` shows those there are": model_id,
        "--site is missing: plasma, or effect where the model has an effect site": site,
        "--target is missing: TIME=NG_PER_ML, for example 0min=100": targets,
        "--stop is missing: when the pump stops, for example 40min": stop_text,
        "--syringe is missing: mg/mL of base, for example 10": syringe,
    }
    told = [words for words, value in needed.items() if value in (None, "", ())]
    if syringe is not None and not syringe > 0.0:
        told.append(f"--syringe {syringe:g}: what it holds is above 0 mg/mL of base, such as 10")
    return told


def _read(
    target_texts: tuple[str, ...], time_texts: dict[str, str | None], told: list[str]
) -> tuple[list[Target], dict[str, float]]:
    """Targets and times, hours; what cannot be read is added to ``told``."""
    from evenkeel.core.pharmacology.profiles.targets import Target

    targets = []
    for text in target_texts:
        when, _, level = text.partition("=")
        hours = _hours(when)
        if hours is None or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", level):
            told.append(f"--target {text}: write TIME=NG_PER_ML with a unit, such as 30min=100")
        else:
            targets.append(Target(from_h=hours, ng_per_ml=float(level)))
    times: dict[str, float] = {}
    for name, written in time_texts.items():
        if written is None:
            continue
        hours = _hours(written)
        if not hours:
            told.append(f"{name} {written}: write a time above 0 with its unit: 30s, 5min or 1h")
        else:
            times[name] = hours
    return targets, times


def _hours(text: str) -> float | None:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|min|h)", text.strip())
    return None if found is None else float(found[1]) * _HOURS[found[2]]
