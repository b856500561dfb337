"""``--plot``: a picture as SVG, PNG or PDF, with the limits of the model in its foot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evenkeel.commands.simulate.telling import opened, stop

if TYPE_CHECKING:
    from evenkeel.commands.simulate.asked import Given
    from evenkeel.commands.simulate.many import Many
    from evenkeel.commands.simulate.one import One
    from evenkeel.core.pharmacology.library.models import Model
    from evenkeel.core.pharmacology.shown.picture import Curve, Mark, Panel

FORMATS = (".svg", ".png", ".pdf")
_PIXELS_PER_INCH = 192.0  # two for each point of the screen
_AROUND = """\
#let asked = json(bytes(sys.inputs.asked))
#set document(title: asked.title, date: none)
#set text(lang: "en", font: "IBM Plex Sans")
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(asked.svg), format: "svg", width: 720pt, alt: asked.told)
"""
SAMPLING = {
    "venous": "blood from a vein",
    "arterial": "blood from an artery",
    "mixed": "blood from a vein or an artery, as the studies had it",
}


def check_format(file: str) -> None:
    """Stops where the name ends otherwise than a picture's."""
    if Path(file).suffix.lower() not in FORMATS:
        stop([f"--plot {file}: the name ends in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"])


def plot_one(file: str, asked: One, *, occupancy: bool) -> None:
    """One person: a curve for each analyte, and the receptors taken as a band below."""
    from evenkeel.core.pharmacology.shown.picture import Curve, Panel

    whole = asked.whole()
    panels = [
        Panel(
            unit="ng/mL",
            curves=[
                Curve(name=_shown(name), values=whole[:, place])
                for place, name in enumerate(asked.who.analytes)
            ],
        )
    ]
    if occupancy:
        band = asked.occupancy(whole)
        taken = Curve(
            name="NMDA receptors",
            values=100.0 * band.middle,
            low=100.0 * band.low,
            high=100.0 * band.high,
            note="taken by all that binds",
        )
        panels.append(Panel(unit="per cent taken", curves=[taken], top=100.0))
    person = ", ".join(f"{name} {value:g}" for name, value in asked.who.covariates.items())
    marks = _marks(asked.given)
    _draw(file, asked.model, asked.given, asked.times, panels, marks, [person or "no covariates"])


def plot_many(file: str, asked: Many) -> None:
    """A population: the middle percentile of each analyte within the band of the outermost."""
    from evenkeel.core.pharmacology.shown.picture import Curve, Panel

    wanted = asked.asked.percentiles
    found, ends = asked.answer(concentrations=True)
    middle = min(range(len(wanted)), key=lambda place: abs(wanted[place] - 50.0))
    banded = len(wanted) > 1
    curves: list[Curve] = []
    for place, name in enumerate(asked.analytes):
        own = found.concentrations[:, place]
        edges = () if ends is None else tuple(
            (ends[0].concentrations[:, place, column], ends[1].concentrations[:, place, column])
            for column in dict.fromkeys((0, len(wanted) - 1))
        )  # fmt: skip
        curves.append(
            Curve(
                name=_shown(name),
                values=own[:, middle],
                low=own[:, 0] if banded else None,
                high=own[:, -1] if banded else None,
                edges=edges,
                note=_percentiles(wanted, middle),
            )
        )
    panels = [Panel(unit="ng/mL", curves=curves)]
    if asked.asked.receptors:
        low, centre, high = (100.0 * found.receptors[:, place] for place in range(3))
        # Each end of the band by whom it is lowest and highest of: both doubts are in it.
        taken = Curve(
            name="NMDA receptors", values=centre[:, middle], low=low[:, 0], high=high[:, -1],
            note="taken by all that binds",
        )  # fmt: skip
        panels.append(Panel(unit="per cent taken", curves=[taken], top=100.0))
    known = [f"{name} {value:g}" for name, value in asked.fixed.items()]
    known += [f"{name} {words}" for name, words in asked.drawn.items()]
    people = f"{asked.asked.people:,} people, seed {asked.asked.seed}"
    if asked.occasions > 1:
        people += f", {asked.occasions} occasions each"
    lines = ["; ".join([people, ", ".join(known)]) if known else people]
    if asked.asked.assumed:
        spread = ", ".join(f"{name} {cv:g}%" for name, cv in asked.asked.assumed.items())
        lines.append(f"Spread ASSUMED for this picture, not published (CV): {spread}")
    lines += _doubted(asked)
    if asked.asked.receptors:
        lines.append(
            f"Receptors: the middle of percentile {wanted[middle]:g}; from the low end of "
            f"percentile {wanted[0]:g} to the high end of percentile {wanted[-1]:g}"
        )
    marks = _marks(asked.given)
    if asked.crowd.amounts is not None:
        marks = [replace(each, words="by weight") for each in marks]
    _draw(file, asked.model, asked.given, asked.times, panels, marks, lines)


def _doubted(asked: Many) -> list[str]:
    """What the darker edges are."""
    from evenkeel.commands.simulate.many import INTERVAL

    if asked.doubt is None:
        return []
    edges = f"darker edges hold {INTERVAL:g}% of {asked.asked.replicates} replicates"
    if asked.doubt.source is not None:
        return [f"Typical values as uncertain as published ({asked.doubt.source}): {edges}"]
    errors = ", ".join(f"{n} {se:g}%" for n, se in asked.doubt.relative_se_percent.items())
    return [f"Standard errors ASSUMED for this picture, not published: {errors}; {edges}"]


def _percentiles(wanted: tuple[float, ...], middle: int) -> str:
    line = "median" if wanted[middle] == 50.0 else f"percentile {wanted[middle]:g}"
    return line if len(wanted) == 1 else f"{line}; percentiles {wanted[0]:g} to {wanted[-1]:g}"


def _shown(analyte: str) -> str:
    plain = analyte.removeprefix("Ce_").replace("_", "-")
    return plain if plain == analyte.replace("_", "-") else f"{plain}, effect site"


def _marks(given: Given) -> list[Mark]:
    from evenkeel.core.pharmacology.shown.picture import Mark

    if given.doses is not None:
        return [
            Mark(
                time_h=dose.time_h,
                until_h=dose.time_h + dose.duration_h,
                words=f"{dose.amount_mg:.4g} mg {dose.route}",
            )
            for dose in given.doses
        ]
    made: list[Mark] = []
    for each in given.records:
        words = "reset" if each.evid == 3 else f"{each.amount_mg:.4g} mg {each.route}"
        if each.steady:
            words += ", steady state"
        made += [
            Mark(
                time_h=each.time_h + k * each.every_h,
                until_h=each.time_h + k * each.every_h + each.duration_h,
                words=words,
            )
            for k in range(each.additional + 1)
        ]
    return made


def _draw(
    file: str,
    model: Model,
    given: Given,
    times: object,
    panels: list[Panel],
    marks: list[Mark],
    person: Iterable[str],
) -> None:
    import numpy as np

    from evenkeel.core.pharmacology.shown.picture import Picture, svg

    picture = Picture(
        title=model.title,
        head=[
            f"{model.id}: {model.source}",
            f"{given.words[0].upper()}{given.words[1:]}",
            *person,
        ],
        times_h=np.asarray(times),
        panels=panels,
        marks=marks,
        foot=[
            f"A teaching view from a named model, not for choosing a dose. Status {model.status}, "
            f"{model.confidence} confidence; {SAMPLING[model.sampling]}; amounts are mg of base. "
            f"Made from: {model.population}.",
            " ".join([model.confidence_words, *model.pitfalls]),
        ],
    )
    made = svg(picture)
    with opened(file) as out:
        out.write(typeset(made, picture.title, Path(file).suffix.lower()))


def typeset(made: str, title: str, kind: str) -> bytes:
    """SVG as it is; PNG and PDF with the fonts that papers have, never the machine's."""
    if kind == ".svg":
        return made.encode()
    import json

    import typst

    from evenkeel.web.paper.typeset import FONTS

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
    asked = {"svg": made, "title": title, "told": f"Concentrations over time. {title}"}
    made_of = typst.compile(
        _AROUND.encode(),
        font_paths=fonts,
        ignore_system_fonts=True,
        format=kind.removeprefix("."),
        sys_inputs={"asked": json.dumps(asked)},
        **({"ppi": _PIXELS_PER_INCH} if kind == ".png" else {"pdf_standards": ["ua-1"]}),
    )
    return bytes(made_of)
