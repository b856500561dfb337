"""Which models, presets and published tables there are."""

from __future__ import annotations

from typing import Any

import click

from evenkeel.commands.simulate.telling import write_json


def listing(*, as_json: bool) -> None:
    """For people, or as one object."""
    from evenkeel.core.pharmacology.doses.presets import presets
    from evenkeel.core.pharmacology.library.models import models
    from evenkeel.core.pharmacology.profiles.published import published

    if as_json:
        write_json(_object())
        return
    for model in models().values():
        routes, analytes = ", ".join(model.routes), ", ".join(model.outputs)
        click.echo(f"{model.id}\n  {model.title} ({model.age_group}, {model.sampling})")
        click.echo(f"  routes {routes}; analytes {analytes}; {model.source}")
    click.echo()
    for preset in presets().values():
        click.echo(f"{preset.id:<14}{preset.words}")
    click.echo()
    for table in published().values():
        click.echo(f"{table.id}\n  {table.title}; {table.source}")


def _object() -> dict[str, Any]:
    from evenkeel.core.pharmacology.doses.occasions import varies
    from evenkeel.core.pharmacology.doses.presets import presets
    from evenkeel.core.pharmacology.library.models import models
    from evenkeel.core.pharmacology.profiles.published import published

    return {
        "models": [
            {
                "id": model.id,
                "title": model.title,
                "drug": model.drug,
                "people": model.age_group,
                "made_from": model.population,
                "sampling": model.sampling,
                "routes": list(model.routes),
                "analytes": list(model.outputs),
                "effect_site": model.effect_site is not None,
                "covariates": {
                    name: {
                        "words": each.words,
                        "unit": each.unit,
                        "reference": each.reference,
                        "of_dose": each.of_dose,
                        "values": list(each.values),
                        "implies": dict(each.implies),
                    }
                    for name, each in model.covariates.items()
                },
                "age_years": [model.age_from, model.age_to],
                "weight_kg": [model.weight_from, model.weight_to],
                "spread_published": bool(model.variability),
                "spread": model.variability_note,
                "differs_by_occasion": varies(model),
                "uncertainty_published": model.uncertainty is not None,
                "source": str(model.source),
                "doi": model.doi,
                "mark": str(model.source.mark),
                "read_in": model.read_in,
                "status": str(model.status),
                "confidence": model.confidence,
                "limits": [model.confidence_words, *model.pitfalls],
            }
            for model in models().values()
        ],
        "presets": [
            {"id": each.id, "words": each.words, "by_weight": each.by_weight,
             "source": str(each.source)}
            for each in presets().values()
        ],
        "published": [
            {"id": each.id, "title": each.title, "model": each.model,
             "source": str(each.source)}
            for each in published().values()
        ],
    }  # fmt: skip
