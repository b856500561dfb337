"""``evenkeel simulate``: what a published model expects of a dose, without a server."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.linear import Floats
    from evenkeel.core.pharmacology.models import Model
    from evenkeel.core.pharmacology.regimens import Dose
    from evenkeel.core.pharmacology.subjects import Subject

EXAMPLE = """\b
Example, as it stands:
  evenkeel simulate --model perez_ruixo_2021_esketamine --preset in84 --times 0:2:0.25
"""


@click.command("simulate", epilog=EXAMPLE)
@click.option("--model", "model_id", metavar="ID", help="A model; --list shows them.")
@click.option("--regimen", metavar="FILE.csv", help="time_h,route,amount_mg,duration_h,addl,ii_h")
@click.option("--preset", "preset_id", metavar="NAME", help="A usual dose, such as iv40 or in84.")
@click.option("--times", "times_text", metavar="START:STOP:STEP|FILE", help="Hours.")
@click.option("--covariate", "covariate_texts", metavar="NAME=VALUE", multiple=True)
@click.option("--csv", "csv_file", metavar="FILE", help="Write the table there; - is stdout.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
@click.option("--list", "listing", is_flag=True, help="The models and presets that there are.")
def command(
    model_id: str | None,
    regimen: str | None,
    preset_id: str | None,
    times_text: str | None,
    covariate_texts: tuple[str, ...],
    csv_file: str | None,
    as_json: bool,
    listing: bool,
) -> None:
    """Concentrations that a published model expects, ng/mL. A teaching view, never a dosing aid.

    Amounts are mg of base. Covariates that are not given take the value of the model's typical
    person, and stderr says so. At the time of a dose the value is the one just before it.

    Exit 0: done. 2: the call, the regimen or the person is not one that the model can answer.
    """
    from evenkeel.core.pharmacology.models import model_named
    from evenkeel.core.pharmacology.presets import preset_named
    from evenkeel.core.pharmacology.regimens import UnreadableRegimen, read_regimen
    from evenkeel.core.pharmacology.simulate import happenings, pieces
    from evenkeel.core.pharmacology.subjects import Refusal, reference, subject

    if listing:
        _list()
        return
    if model_id is None or times_text is None or (regimen is None) == (preset_id is None):
        _stop(["give --model, --times, and one of --regimen and --preset; --list shows names"])
    if csv_file is not None and as_json:
        _stop(["give at most one of --csv and --json"])
    try:
        model = model_named(model_id)
        preset = preset_named(preset_id) if preset_id is not None else None
    except KeyError as fault:
        _stop([str(fault.args[0])])
    given = _covariates(covariate_texts, model)
    try:
        times = _times(times_text)
        if preset is not None:
            doses = preset.doses(given.get("WT", _reference_weight(model)))
        else:
            doses = read_regimen(_text(str(regimen)))
        who = subject(model, reference(model, given))
        happenings(who, doses)
    except UnreadableRegimen as refusal:
        _stop(f"{regimen}: {fault}" for fault in refusal.faults)
    except Refusal as refusal:
        _stop(refusal.reasons)
    _say_what_was_taken(model, given)
    made = _watched(pieces(who, doses, times), times.size)
    if as_json:
        whole = _whole(made, times, who.analytes)
        click.echo(json.dumps(_object(model, who, doses, times, whole), ensure_ascii=False))
    else:
        with _opened(csv_file) as out:
            _write(out, made, times, who.analytes)


def _list() -> None:
    from evenkeel.core.pharmacology.models import models
    from evenkeel.core.pharmacology.presets import presets

    for model in models().values():
        routes, analytes = ", ".join(model.routes), ", ".join(model.outputs)
        click.echo(f"{model.id}\n  {model.title} ({model.age_group}, {model.sampling})")
        click.echo(f"  routes {routes}; analytes {analytes}; {model.source}")
    click.echo()
    for preset in presets().values():
        click.echo(f"{preset.id:<14}{preset.words}")


def _covariates(texts: Iterable[str], model: Model) -> dict[str, float]:
    known = dict.fromkeys((*model.covariates, "AGE", "WT"))
    found: dict[str, float] = {}
    faults: list[str] = []
    for text in texts:
        name, _, written = text.partition("=")
        try:
            value = float(written)
        except ValueError:
            faults.append(f"--covariate {text}: write NAME=VALUE, for example WT=70")
            continue
        if name not in known:
            close = get_close_matches(name.upper(), known, n=1, cutoff=0.3)
            nearest = f" Nearest is {close[0]}." if close else ""
            faults.append(f"--covariate {text}: {model.id} has no {name}.{nearest}")
        elif name in found:
            faults.append(f"--covariate {text}: {name} is given twice")
        elif not math.isfinite(value):
            faults.append(f"--covariate {text}: not a finite number")
        found[name] = value
    if faults:
        _stop(faults)
    return found


def _reference_weight(model: Model) -> float:
    """The weight of the model's typical person; 70 kg where the model does not read it."""
    weight = model.covariates.get("WT")
    return weight.reference if weight is not None else 70.0


def _say_what_was_taken(model: Model, given: dict[str, float]) -> None:
    taken = {
        name: each.reference
        for name, each in model.covariates.items()
        if name not in given and not each.of_dose
    }
    if taken:
        words = ", ".join(f"{name}={value:g}" for name, value in taken.items())
        click.echo(f"{model.id}: taken as in the model's typical person: {words}", err=True)
    if model.age_group == "children" and "AGE" not in given:
        click.echo(f"{model.id}: made from children ({model.population})", err=True)
    click.echo(
        f"{model.id}: {model.status}, {model.confidence} confidence; a teaching view, "
        "not for choosing a dose",
        err=True,
    )


def _times(text: str) -> Floats:
    from evenkeel.core.pharmacology.grids import read_list, read_range

    is_range = text.count(":") == 2 and not Path(text).exists()
    return read_range(text) if is_range else read_list(_text(text))


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        _stop([f"{file}: cannot be read ({fault.strerror}). Give the name of a file, or -."])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        _stop([f"{file}: line {line}: not UTF-8. Save the file as UTF-8 and try again."])


def _stop(faults: Iterable[str]) -> NoReturn:
    for fault in faults:
        click.echo(" ".join(fault.split()), err=True)
    raise SystemExit(2)


_WORTH_TELLING = 500_000


def _watched(made: Iterator[tuple[slice, Floats]], count: int) -> Iterator[tuple[slice, Floats]]:
    """The same pieces; stderr is told how far long work has come."""
    told = 0
    for part, values in made:
        yield part, values
        share = 100 * part.stop // count
        if count >= _WORTH_TELLING and share > told:
            told = share
            click.echo(f"{part.stop:,} of {count:,} times ({share}%)", err=True)


def _whole(
    made: Iterator[tuple[slice, Floats]], times: Floats, analytes: tuple[str, ...]
) -> Floats:
    import numpy as np

    whole = np.zeros((times.size, len(analytes)))
    for part, values in made:
        whole[part] = values
    return whole


def _object(
    model: Model, who: Subject, doses: Iterable[Dose], times: Floats, whole: Floats
) -> dict[str, Any]:
    return {
        "model": model.id,
        "doi": model.doi,
        "status": str(model.status),
        "covariates": who.covariates,
        "doses": [
            {"time_h": dose.time_h, "route": dose.route, "amount_mg": dose.amount_mg,
             "duration_h": dose.duration_h, **dose.of_dose}
            for dose in doses
        ],
        "time_h": times.tolist(),
        "concentration_ng_per_ml": {
            name: whole[:, place].tolist() for place, name in enumerate(who.analytes)
        },
        "limits": [model.confidence_words, *model.pitfalls],
    }  # fmt: skip


@contextmanager
def _opened(file: str | None) -> Iterator[TextIO]:
    """Standard output, or a file that is there whole or not at all."""
    if file is None or file == "-":
        yield sys.stdout
        return
    folder = Path(file).parent
    try:
        handle, made = tempfile.mkstemp(dir=folder, prefix=".simulate-", text=True)
    except OSError as fault:
        _stop([f"{file}: cannot be written ({fault.strerror})."])
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
        os.replace(made, file)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def _write(
    out: TextIO,
    made: Iterator[tuple[slice, Floats]],
    times: Floats,
    analytes: tuple[str, ...],
) -> None:
    out.write("time_h,analyte,concentration_ng_per_ml\n")
    for part, values in made:
        # repr of a double is the shortest text that reads back to it.
        out.writelines(
            f"{at!r},{name},{value!r}\n"
            for at, row in zip(times[part].tolist(), values.tolist(), strict=True)
            for name, value in zip(analytes, row, strict=True)
        )
