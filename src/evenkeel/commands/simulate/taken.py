"""What stderr says of the person: what was taken, what follows, and what nobody looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.library.models import Model
    from evenkeel.core.pharmacology.populations.draws import Draw


def say_what_was_taken(
    model: Model,
    given: Mapping[str, float],
    draws: Mapping[str, Draw],
    assumed: Mapping[str, float],
    *,
    drawn_weights: Sequence[float] = (),
) -> None:
    """All of it, and the limits of the model. drawn_weights: kg, their least and most."""
    from evenkeel.core.pharmacology.library.bounds import following, scale_words

    drawn: dict[str, str] = {}
    if draws:
        from evenkeel.core.pharmacology.populations.draws import words_of

        drawn = words_of(model, given, draws)
    known = {**given, **following(model, given), **drawn}
    taken = {
        name: each.reference
        for name, each in model.covariates.items()
        if name not in known and not each.of_dose
    }
    if taken:
        words = ", ".join(f"{name}={value:g}" for name, value in taken.items())
        click.echo(f"{model.id}: taken as in the model's typical person: {words}", err=True)
    say_of_person(model, given, drawn=drawn, drawn_weights=drawn_weights)
    for name, words in drawn.items():
        click.echo(f"{model.id}: {name} is drawn, {words}", err=True)
    if assumed:
        words = ", ".join(f"{name} {cv:g}%" for name, cv in assumed.items())
        click.echo(
            f"{model.id}: a spread that you ASSUMED and nobody published (CV): {words}", err=True
        )
    if "WT" in taken and (words := scale_words(model)):
        click.echo(f"{model.id}: {words}", err=True)
    click.echo(
        f"{model.id}: {model.status}, {model.confidence} confidence; a teaching view, "
        "not for choosing a dose",
        err=True,
    )
    for pitfall in model.pitfalls:
        click.echo(f"{model.id}: mind: {pitfall}", err=True)


def say_of_person(
    model: Model,
    given: Mapping[str, float],
    *,
    drawn: Collection[str] = (),
    drawn_weights: Sequence[float] = (),
) -> None:
    """What follows from what is given, an age that nobody gave, a weight far from the model's."""
    from evenkeel.core.pharmacology.library.bounds import far_weight, following

    for name, value in following(model, given).items():
        click.echo(f"{model.id}: {name}={value:g} follows from what is given", err=True)
    if model.age_group == "children" and "AGE" not in (*given, *drawn):
        click.echo(
            f"{model.id}: no AGE given: nobody looked whether this is a child; made from "
            f"children ({model.population})",
            err=True,
        )
    weights = [given["WT"]] if "WT" in given else list(drawn_weights)
    if weights and (words := far_weight(model, *weights)):
        click.echo(f"{model.id}: {words}", err=True)
