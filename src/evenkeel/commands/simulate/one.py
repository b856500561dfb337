"""One person: concentrations, what they come to, receptors taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenkeel.commands.simulate import telling
from evenkeel.commands.simulate.asked import Given

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.library.models import Model
    from evenkeel.core.pharmacology.library.subjects import Subject
    from evenkeel.core.pharmacology.profiles.occupancy import Band
    from evenkeel.core.pharmacology.profiles.results import Summary
    from evenkeel.core.pharmacology.systems.linear import Floats
    from evenkeel.core.pharmacology.systems.timeline import Happening


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """A person in a model, what happens in the compartments, and the times asked for."""

    who: Subject
    plan: list[Happening]
    given: Given
    times: Floats

    @property
    def model(self) -> Model:
        return self.who.model

    def table(self, file: str | None) -> None:
        """Concentrations, to a file or to stdout."""
        from evenkeel.core.pharmacology.profiles.simulate import pieces_of

        made = telling.watched(pieces_of(self.who, self.plan, self.times), self.times.size)
        with telling.opened(file) as out:
            telling.write_table(out, made, self.times, self.who.analytes)

    def whole(self) -> Floats:
        """Concentrations, shape (times, analytes); stops where they are too many."""
        from evenkeel.core.pharmacology.profiles.simulate import pieces_of

        made = telling.watched(pieces_of(self.who, self.plan, self.times), self.times.size)
        return telling.whole_of(made, (self.times.size, len(self.who.analytes)))

    def summaries(self, levels: tuple[float, ...]) -> tuple[Summary, ...]:
        """Peak, its time, area and time above, between the first and the last time."""
        from evenkeel.core.pharmacology.profiles.results import summarise_plan

        first, last = float(self.times[0]), float(self.times[-1])
        return summarise_plan(self.who, self.plan, from_h=first, until_h=last, levels=levels)

    def occupancy(self, whole: Floats) -> Band:
        """Receptors taken by everything that binds, shape (times,)."""
        from evenkeel.core.pharmacology.profiles.occupancy import occupancy

        outputs = self.model.outputs
        plasma = {name: whole[:, place] for place, name in enumerate(outputs)}
        try:
            return occupancy(plasma, {name: each.molar_mass for name, each in outputs.items()})
        except ValueError as fault:
            telling.stop([f"--occupancy: {fault}"])

    def json(self, *, levels: tuple[float, ...], summary: bool, occupancy: bool) -> None:
        """Everything as one object."""
        whole = self.whole()
        told = head(self.model, self.who.covariates, self.given)
        told["time_h"] = self.times
        told["concentration_ng_per_ml"] = {
            name: whole[:, place] for place, name in enumerate(self.who.analytes)
        }
        if summary:
            told["summary"] = [
                {"analyte": each.analyte, "peak_ng_per_ml": each.peak,
                 "peak_at_h": each.peak_at_h, "area_ng_h_per_ml": each.area,
                 "above_h": {f"{level:g}": hours for level, hours in each.above_h.items()}}
                for each in self.summaries(levels)
            ]  # fmt: skip
        if occupancy:
            band = self.occupancy(whole)
            told["occupancy"] = receptors_head() | {
                "low": band.low, "middle": band.middle, "high": band.high
            }  # fmt: skip
        told["limits"] = limits(self.model)
        telling.write_json(told)

    def summary_table(self, file: str | None, levels: tuple[float, ...]) -> None:
        """One row for each analyte."""
        made = self.summaries(levels)
        above = "".join(f",above_{level:g}_h" for level in levels)
        with telling.opened(file) as out:
            out.write(f"analyte,peak_ng_per_ml,peak_at_h,area_ng_h_per_ml{above}\n".encode())
            for each in made:
                hours = "".join(f",{each.above_h[level]!r}" for level in levels)
                row = f"{each.analyte},{each.peak!r},{each.peak_at_h!r},{each.area!r}{hours}\n"
                out.write(row.encode())


def one(model: Model, covariates: Mapping[str, float], given: Given, times: Floats) -> One:
    """A person with these covariates; those not given are the typical person's.

    Raises:
        Refusal: somebody outside the model, or a dose that it cannot take.
    """
    from evenkeel.core.pharmacology.library.subjects import reference, subject
    from evenkeel.core.pharmacology.profiles.records import happenings_of_records
    from evenkeel.core.pharmacology.profiles.simulate import happenings

    who = subject(model, reference(model, covariates))
    if given.doses is not None:
        plan = happenings(who, given.doses)
    else:
        plan = happenings_of_records(who, given.records)
    return One(who=who, plan=plan, given=given, times=times)


def head(model: Model, covariates: Mapping[str, Any], given: Given) -> dict[str, Any]:
    """What every object begins with: the model, the person, the doses."""
    told: dict[str, Any] = {
        "model": model.id,
        "doi": model.doi,
        "status": str(model.status),
        "sampling": model.sampling,
        "covariates": covariates,
    }
    if given.doses is not None:
        told["doses"] = [
            {"time_h": dose.time_h, "route": dose.route, "amount_mg": dose.amount_mg,
             "duration_h": dose.duration_h, **dose.of_dose}
            for dose in given.doses
        ]  # fmt: skip
    else:
        told["records"] = [
            {"time_h": each.time_h, "evid": each.evid, "route": each.route,
             "amount_mg": each.amount_mg, "duration_h": each.duration_h,
             "rate_mg_per_h": each.endless_rate, "ii_h": each.every_h,
             "addl": each.additional, "ss": each.steady, **each.of_dose}
            for each in given.records
        ]  # fmt: skip
    return told


def limits(model: Model) -> list[str]:
    """What every answer ends with."""
    return [model.confidence_words, *model.pitfalls]


def receptors_head() -> dict[str, Any]:
    """Where occupancy comes from, and its limits."""
    from evenkeel.core.pharmacology.profiles.occupancy import occupancy_model

    model = occupancy_model()
    return {
        "of": model.title,
        "source": str(model.source),
        "status": str(model.status),
        "limits": list(model.limits),
    }
