"""A paper's table beside what its model gives here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evenkeel.commands.simulate.asked import one_named
from evenkeel.commands.simulate.telling import opened, write_json

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.profiles.published import Compared, Published

_WORDS = {"peak": "peak", "peak_at": "time of peak", "area": "area"}


def beside(wanted: str, *, as_json: bool, csv_file: str | None) -> bool:
    """Print the table; True where every figure that is held is near enough."""
    from evenkeel.core.pharmacology.profiles.published import published, reproduce

    table = one_named(published(), wanted, "published")
    made = list(reproduce(table))
    holds = all(each.holds for each in made)
    if as_json:
        write_json(
            {
                "table": table.id,
                "model": table.model,
                "source": str(table.source),
                "status": str(table.status),
                "about": table.about,
                "holds": holds,
                "figures": [_figure(each) for each in made],
            }
        )
    elif csv_file is not None:
        _write(csv_file, made)
    else:
        _show(table, made)
    return holds


def _figure(each: Compared) -> dict[str, object]:
    figure = each.figure
    return {
        "stratum": figure.stratum,
        "covariates": dict(figure.covariates),
        "dose_mg": figure.dose_mg,
        "analyte": figure.analyte,
        "what": figure.what,
        "unit": figure.unit,
        "printed": figure.printed,
        "ours": each.ours,
        "difference_percent": each.percent,
        "within_percent": each.bound.within_percent,
        "holds": each.holds,
    }


def _write(file: str, made: list[Compared]) -> None:
    with opened(file) as out:
        out.write(
            b"stratum,dose_mg,analyte,what,unit,printed,ours,difference_percent,within_percent\n"
        )
        for each in made:
            figure, within = each.figure, each.bound.within_percent
            told = "" if within is None else f"{within:g}"
            out.write(
                f'"{figure.stratum}",{figure.dose_mg!r},{figure.analyte},{figure.what},'
                f"{figure.unit},{figure.printed!r},{each.ours!r},{each.percent!r},{told}\n".encode()
            )


def _show(table: Published, made: list[Compared]) -> None:
    click.echo(f"{table.title}\n{table.source}; {table.source.url}\nmodel {table.model}\n")
    widths = (
        max(len(each.figure.stratum) for each in made),
        max(len(each.figure.analyte) for each in made),
    )
    columns = f"{'':<{widths[0]}}  {'mg':>4}  {'':<{widths[1]}}  {'':<12}"
    click.echo(f"{columns}  {'printed':>9}  {'ours':>9}  {'differs':>8}  within")
    for each in made:
        figure, within = each.figure, each.bound.within_percent
        told = "not held" if within is None else f"{within:g}%"
        if not each.holds:
            told += "  NOT WITHIN"
        click.echo(
            f"{figure.stratum:<{widths[0]}}  {figure.dose_mg:>4g}  {figure.analyte:<{widths[1]}}  "
            f"{_WORDS[figure.what]:<12}  {figure.printed:>9g}  {each.ours:>9.5g}  "
            f"{each.percent:>+7.2f}%  {told}  {figure.unit}"
        )
    held = [each for each in made if each.bound.within_percent is not None]
    near = sum(each.holds for each in held)
    click.echo(f"\n{near} of {len(held)} figures that are held come out within their bound.")
    click.echo(table.about)
    for (analyte, what), bound in table.bounds.items():
        if bound.within_percent is None:
            click.echo(f"{analyte}, {_WORDS[what]}: {bound.why}.")
