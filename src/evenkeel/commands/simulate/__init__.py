"""``evenkeel simulate``: what a published model expects of a dose, without a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from evenkeel.commands.simulate import asked
from evenkeel.commands.simulate.taken import say_what_was_taken
from evenkeel.commands.simulate.telling import interruptible, opened, stop

if TYPE_CHECKING:
    from evenkeel.commands.simulate.many import Many

EXAMPLES = """\b
Examples, as they stand:
  evenkeel simulate --model perez_ruixo_2021_esketamine --preset in84 --times 0:2:0.25
  evenkeel simulate --model perez_ruixo_2021_esketamine --preset in84 --times 0:24:0.1 \\
    --population 1000 --seed 1 --plot in84.svg
  evenkeel simulate --published perez-ruixo-2021-table-4
"""


@click.command("simulate", epilog=EXAMPLES)
@click.option("--model", "model_id", metavar="ID", help="A model; --list shows them.")
@click.option("--regimen", metavar="FILE.csv", help="time_h,route,amount_mg,… or TIME,AMT,EVID,…")
@click.option("--preset", "preset_id", metavar="NAME", help="A usual dose, such as iv40 or in84.")
@click.option("--times", "times_text", metavar="START:STOP:STEP|FILE", help="Hours.")
@click.option("--covariate", "covariate_texts", metavar="NAME=VALUE", multiple=True)
@click.option("--population", type=int, metavar="N", help="People that differ as was published.")
@click.option("--seed", type=int, metavar="S", help="The same people again; with --population.")
@click.option("--percentiles", "percentile_text", metavar="P,P,…", help="Default 5,50,95.")
@click.option(
    "--draw",
    "draw_texts",
    metavar="NAME=FORM",
    multiple=True,
    help="A covariate that differs: normal:75:15:45:140, choice:0*3:1, uniform:18:65.",
)
@click.option(
    "--assume-cv",
    "assumed_text",
    metavar="NAME=%,…",
    help="A spread that nobody published; every answer says so.",
)
@click.option(
    "--uncertainty",
    "doubt_text",
    metavar="NAME=%,…",
    help="Standard errors of typical values that you assume; or: published.",
)
@click.option("--replicates", type=int, metavar="N", help="With --uncertainty; default 100.")
@click.option("--summary", is_flag=True, help="Peak, its time, area, time above; each person's.")
@click.option("--above", "above_texts", metavar="NG_PER_ML", multiple=True, help="With --summary.")
@click.option("--occupancy", is_flag=True, help="NMDA receptors taken, as a band; JSON, picture.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the table there; - is stdout.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
@click.option("--plot", "plot_file", metavar="FILE", help="A picture: .svg, .png or .pdf.")
@click.option("--write-regimen", metavar="FILE", help="Write the doses as a table; - is stdout.")
@click.option("--as-events", is_flag=True, help="With --write-regimen: TIME,AMT,EVID,…")
@click.option("--published", "published_id", metavar="TABLE", help="A paper's table beside ours.")
@click.option("--list", "listing", is_flag=True, help="The models, presets and tables there are.")
@interruptible
def command(
    model_id: str | None,
    regimen: str | None,
    preset_id: str | None,
    times_text: str | None,
    covariate_texts: tuple[str, ...],
    population: int | None,
    seed: int | None,
    percentile_text: str | None,
    draw_texts: tuple[str, ...],
    assumed_text: str | None,
    doubt_text: str | None,
    replicates: int | None,
    summary: bool,
    above_texts: tuple[str, ...],
    occupancy: bool,
    csv_file: str | None,
    as_json: bool,
    plot_file: str | None,
    write_regimen: str | None,
    as_events: bool,
    published_id: str | None,
    listing: bool,
) -> None:
    """Concentrations that a published model expects, ng/mL. A teaching view, never a dosing aid.

    Amounts are mg of base. Covariates that are not given take the value of the model's typical
    person, and stderr says so. At the time of a dose the value is the one just before it.

    Exit 0: done. 1: --published, and a figure is not within its bound. 2: the call, the regimen
    or the person is not one that the model can answer. 130: stopped by Ctrl-C.
    """
    if listing:
        from evenkeel.commands.simulate.listing import listing as show

        show(as_json=as_json)
        return
    if published_id is not None:
        from evenkeel.commands.simulate.beside import beside

        raise SystemExit(0 if beside(published_id, as_json=as_json, csv_file=csv_file) else 1)
    _check(
        {
            "one of --csv, --json and --plot": [csv_file, as_json or None, plot_file],
            "one of --regimen and --preset": [regimen, preset_id],
        }
    )
    told = _needed(model=model_id, doses=regimen or preset_id, times=times_text or write_regimen)
    told += _belongs(
        population is not None,
        {"--seed": seed, "--percentiles": percentile_text, "--draw": draw_texts or None,
         "--assume-cv": assumed_text, "--uncertainty": doubt_text},
        "--population",
    )  # fmt: skip
    told += _belongs(doubt_text is not None, {"--replicates": replicates}, "--uncertainty")
    told += _belongs(summary, {"--above": above_texts or None}, "--summary")
    told += _belongs(
        write_regimen is not None, {"--as-events": as_events or None}, "--write-regimen"
    )
    if population is not None and seed is None:
        told.append("--population needs --seed: a whole number, so that the same people come again")
    if occupancy and not (as_json or plot_file):
        told.append("--occupancy needs --json or --plot: it is a band, and no column of the table")
    if summary and plot_file:
        told.append("--summary goes with --csv or --json, not with --plot")
    if told:
        stop(told)
    if plot_file is not None:
        from evenkeel.commands.simulate.drawing import check_format

        check_format(plot_file)

    from evenkeel.core.pharmacology.library.models import models
    from evenkeel.core.pharmacology.library.subjects import Refusal

    model = asked.one_named(models(), str(model_id), "model")
    known = asked.covariates(covariate_texts, model)
    draws = asked.draws(draw_texts, model, known)
    given = asked.regimen(regimen, preset_id, model, known)
    levels = asked.levels(above_texts)
    if write_regimen is not None:
        _write_regimen(write_regimen, given, as_events=as_events)
        if times_text is None:
            return
    times, step_h = asked.times(str(times_text))
    try:
        if population is not None:
            from evenkeel.commands.simulate import many

            crowd = many.many(
                model, known, given, times,
                many.Asked(
                    people=population, seed=int(seed or 0),
                    percentiles=asked.percentiles(percentile_text or "5,50,95"),
                    draws=draws, assumed=asked.assumed(assumed_text), step_h=step_h,
                    doubt=asked.doubt(doubt_text), replicates=asked.replicates(replicates),
                    receptors=occupancy, summary=summary, levels=levels,
                ),
            )  # fmt: skip
            say_what_was_taken(
                model, known, draws, crowd.asked.assumed, drawn_weights=crowd.weights
            )
            _say_how_many(crowd)
            if plot_file is not None:
                from evenkeel.commands.simulate.drawing import plot_many

                plot_many(plot_file, crowd)
            elif as_json:
                crowd.json()
            elif summary:
                crowd.summary_table(csv_file)
            else:
                crowd.table(csv_file)
            return
        from evenkeel.commands.simulate.one import one

        person = one(model, known, given, times)
        say_what_was_taken(model, known, {}, {})
        if plot_file is not None:
            from evenkeel.commands.simulate.drawing import plot_one

            plot_one(plot_file, person, occupancy=occupancy)
        elif as_json:
            person.json(levels=levels, summary=summary, occupancy=occupancy)
        elif summary:
            person.summary_table(csv_file, levels)
        else:
            person.table(csv_file)
    except Refusal as refusal:
        stop(refusal.reasons)


def _check(choices: Mapping[str, Iterable[object]]) -> None:
    """Stops where more than one of some options was given."""
    told = [
        f"give at most {words}"
        for words, given in choices.items()
        if sum(each is not None for each in given) > 1
    ]
    if told:
        stop(told)


def _needed(**given: object) -> list[str]:
    words = {
        "model": "--model is missing: --list shows those there are",
        "doses": "--regimen or --preset is missing: a table of doses, or a usual dose by name",
        "times": "--times is missing: START:STOP:STEP in hours, for example 0:24:0.25, or a file",
    }
    return [words[name] for name, value in given.items() if not value]


def _belongs(there: bool, given: Mapping[str, object], to: str) -> list[str]:
    return [
        f"{name} goes with {to} and means nothing without it"
        for name, value in given.items()
        if value is not None and not there
    ]


def _write_regimen(file: str, given: asked.Given, *, as_events: bool) -> None:
    from evenkeel.core.pharmacology.profiles.record_tables import write_doses, write_records

    if given.doses is None and not as_events:
        stop(["a table with resets or steady states is written with --as-events only"])
    text = write_records(given.records) if as_events else write_doses(given.doses or ())
    with opened(file) as out:
        out.write(text.encode())


def _say_how_many(crowd: Many) -> None:
    """Occasions, and what is assumed of typical values."""
    if crowd.occasions > 1:
        click.echo(
            f"{crowd.model.id}: people differ from treatment to treatment too; there are "
            f"{crowd.occasions} (doses more than 24 h apart, or OCC)",
            err=True,
        )
    if crowd.doubt is None:
        return
    count = crowd.asked.replicates
    if crowd.doubt.source is None:
        words = ", ".join(f"{n} {se:g}%" for n, se in crowd.doubt.relative_se_percent.items())
        click.echo(
            f"{crowd.model.id}: standard errors that you ASSUMED and nobody published: {words}; "
            f"{count} replicates",
            err=True,
        )
    else:
        click.echo(
            f"{crowd.model.id}: typical values as uncertain as published ({crowd.doubt.source}); "
            f"{count} replicates",
            err=True,
        )
