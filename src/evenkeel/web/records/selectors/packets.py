"""What a packet is made of: the records' own lines with their origin, and issued packets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from evenkeel.core.guidelines.facts.answers import read_trials
from evenkeel.core.guidelines.facts.of_trials import episode_of
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.trials.sets import TrialTable
from evenkeel.core.guidelines.trials.sets import judge_all as judge_trials
from evenkeel.core.guidelines.verdicts.check import Check
from evenkeel.core.instruments import scale_of
from evenkeel.core.packets.assemble import Charted, assemble
from evenkeel.core.packets.measured import Measured, Total
from evenkeel.core.packets.model import Missing, Packet, Section, Stated
from evenkeel.core.packets.words import Origins, say_age, short_ref
from evenkeel.core.packets.words import lacking as fact_lacking
from evenkeel.core.packets.words import stated as fact_stated
from evenkeel.core.protocols.library import protocol
from evenkeel.core.safeguards import judge_all as judge_safeguards
from evenkeel.web.records.models import Assessment, ChartItem, Course, FactAnswer, Patient
from evenkeel.web.records.models import Packet as Issued
from evenkeel.web.records.selectors.courses import baselines, given, open_course
from evenkeel.web.records.selectors.facts import check_of, exact
from evenkeel.web.records.selectors.patients import birth_of, chart_of
from evenkeel.web.records.selectors.screening import latest_decision
from evenkeel.web.ui.words import local, write_date


def packet_of(
    patient: Patient, *, pack: Pack, as_of: date, parts: Iterable[str] | None = None
) -> Packet:
    """The packet as it would be on that day. parts: None = those that the pack names."""
    return assemble(charted(patient, pack=pack, as_of=as_of), pack=pack, library=library(),
                    parts=parts)  # fmt: skip


def payer_packs() -> list[Pack]:
    """What payers ask, in the order of the packs."""
    return list(library().payers.values())


def issued(patient: Patient) -> list[Issued]:
    """Issued packets of a person, the newest first, without their bytes."""
    return list(without_bytes().filter(patient=patient).defer("sheet").order_by("-pk"))


def without_bytes() -> QuerySet[Issued]:
    """Issued packets with their neighbours; papers are read only when they are handed out."""
    rows = Issued.objects.select_related("patient", "by", "replaced_by", "replaces")
    heavy = [
        f"{side}{name}" for side in ("replaced_by__", "replaces__") for name in ("pdf", "sheet")
    ]
    return rows.defer("pdf", *heavy)


def charted(patient: Patient, *, pack: Pack, as_of: date) -> Charted:
    """Everything of the records that a packet may be made of."""
    chart = chart_of(patient)
    check = check_of(patient, as_of=as_of)
    answers = _latest_answers(patient)
    origins = Origins(
        answers={name: _answered(row) for name, row in answers.items()},
        entries=_entries(patient),
    )
    course = open_course(patient)
    scales = pack.packet.scores if pack.packet is not None else []
    told = answers.get(TRIALS)
    return Charted(
        chart=chart,
        check=check,
        guards=judge_safeguards(check.facts),
        person=_person(patient),
        people=_people(patient, course),
        course=_course(check, course, origins),
        treatments=_treatments(course, as_of),
        history=_history(told, check),
        trials_by=origins.answers.get(TRIALS, ""),
        measured=_measured(patient, course, scales),
        origins=origins,
    )


# -- where things come from -----------------------------------------------------------


def _latest_answers(patient: Patient) -> dict[str, FactAnswer]:
    rows = patient.fact_answers.select_related("by").order_by("pk")
    return {row.name: row for row in rows}


def _answered(row: FactAnswer) -> str:
    who = row.by.short_name if row.by is not None else "somebody whose name is not kept"
    said = "" if row.said_by == FactAnswer.SaidBy.CLINICIAN else f", {row.get_said_by_display()}"
    return f"answered by {who} on {write_date(row.at)}{said}"


def _entries(patient: Patient) -> dict[str, str]:
    """Where each entry of the record came from; a later referral's word stands."""
    rows = (
        ChartItem.objects.filter(patient=patient)
        .order_by("referral__at", "referral_id", "position")
        .values_list("ref", "referral_id", "referral__at")
    )
    found = {ref: f"in the referral of {write_date(at)}" for ref, _, at in rows}
    for one in Assessment.objects.filter(patient=patient).select_related("by").defer("answers"):
        found[_ref(one)] = f"({_rated(one)})"
    found[f"Patient/{patient.number}"] = "of this clinic's record"
    return found


def _ref(assessment: Assessment) -> str:
    return f"Assessment/{assessment.pk}"


def _rated(assessment: Assessment) -> str:
    if assessment.by is None:
        return "answered by the person, in this clinic's record"
    return f"rated by {assessment.by.short_name}, in this clinic's record"


# -- who --------------------------------------------------------------------------------


def _person(patient: Patient) -> Section:
    first = patient.referrals.order_by("at", "id").first()
    origin = "this clinic's record"
    if first is not None:
        origin += f", from the referral of {write_date(first.at)}"
    lines = [Stated(label="Name", value=patient.full_name, origin=origin)]
    missing = []
    if birth_of(patient) is not None:
        lines.append(Stated(label="Born", value=_born(patient), origin=origin))
    else:
        missing.append(
            Missing(what="Date of birth", why="the record has none", fact="age_years",
                    ask="When was the person born?", of="coordinator")
        )  # fmt: skip
    lines.append(Stated(label="Record number", value=patient.number, origin="given by this clinic"))
    return Section(stated=tuple(lines), missing=tuple(missing))


def _born(patient: Patient) -> str:
    born = birth_of(patient)
    assert born is not None
    return write_date(born.earliest) if born.is_exact else str(born)


def _people(patient: Patient, course: Course | None) -> Section:
    lines = [*_referrer(patient)]
    missing = []
    if not lines:
        missing.append(
            Missing(what="Referrer", why="no referral names who asks for the treatment",
                    ask="Who refers the person?", of="coordinator")
        )  # fmt: skip
    prescriber = prescriber_of(patient, course)
    if prescriber:
        lines.append(Stated(label="Prescriber", value=prescriber[0], origin=prescriber[1]))
    else:
        missing.append(
            Missing(
                what="Prescriber",
                why="no course is planned and nobody has decided on the screening",
                ask="Who prescribes?",
                of="prescriber",
            )
        )
    return Section(stated=tuple(lines), missing=tuple(missing))


def prescriber_of(patient: Patient, course: Course | None = None) -> tuple[str, str] | None:
    """Who prescribes, and where that stands; None when the records do not say."""
    course = course or open_course(patient)
    if course is not None:
        name = course.prescriber.get_full_name() or course.prescriber.short_name
        return name, f"course {course.pk} of this clinic's record"
    decision = latest_decision(patient)
    if decision is not None and decision.by is not None and decision.choice == "proceed":
        name = decision.by.get_full_name() or decision.by.short_name
        return name, f"screening decision of {write_date(decision.at)}"
    return None


def _referrer(patient: Patient) -> list[Stated]:
    """Who asks, as the newest referral names them; never a guess among several.

    A request names its requester. Without one, a referral that names one clinician
    names them for something: the label says no more than that.
    """
    newest = patient.referrals.order_by("-at", "-id").first()
    if newest is None:
        return []
    items = list(newest.items.filter(kind__in=("ServiceRequest", "Practitioner"), struck_out=False))
    people = {
        name: item.ref
        for item in items
        if item.kind == "Practitioner" and (name := _name(item.resource))
    }
    asked = {
        words
        for item in items
        if item.kind == "ServiceRequest"
        and isinstance(item.resource.get("requester"), dict)
        and (words := str(item.resource["requester"].get("display") or ""))
    }
    origin = f"in the referral of {write_date(newest.at)}"
    if len(asked) == 1:
        return [Stated(label="Referrer", value=asked.pop(), origin=f"the request {origin}")]
    if len(people) == 1:
        ((name, ref),) = people.items()
        return [Stated(label="Clinician named in the referral", value=name,
                       origin=f"{short_ref(ref)} {origin}")]  # fmt: skip
    return []


def _name(resource: Any) -> str:
    names = resource.get("name") if isinstance(resource, dict) else None
    told = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    parts = [*_words(told.get("prefix")), *_words(told.get("given")), told.get("family") or ""]
    return " ".join(str(part) for part in parts if part) or str(told.get("text") or "")


def _words(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


# -- what is asked for, and what was given --------------------------------------------------


def _course(check: Check, course: Course | None, origins: Origins) -> Section:
    words = library().dictionary
    lines, missing = [], []
    for name in ("product", "indication"):
        if check.facts[name].known:
            lines.append(fact_stated(name, check.facts, words, origins))
        else:
            missing.append(fact_lacking(name, check.facts, words))
    if course is None:
        missing.append(
            Missing(what="Course", why="no course is planned", of="coordinator",
                    ask="Which course is planned: doses, how often, for how long?")
        )  # fmt: skip
        return Section(stated=tuple(lines), missing=tuple(missing))
    rules = protocol(course.protocol)
    origin = f"course {course.pk} of this clinic's record, {write_date(course.created_at)}"
    dose = course.dose_mg if rules.unit == "mg" else course.dose_mg_per_kg
    lines.append(
        Stated(label="Protocol", value=f"{rules.title}, edition {rules.edition}", origin=origin)
    )
    if dose is not None:
        lines.append(Stated(label="Dose", value=rules.say_dose(dose), origin=origin))
    for phase in rules.phases:
        how_often = " or ".join(each.words for each in phase.frequencies)
        many = f"{phase.treatments} treatments, " if phase.treatments else ""
        lines.append(
            Stated(label=phase.title, value=f"{many}{how_often}",
                   origin=f"protocol {rules.id}: {phase.source}; {phase.source.mark.words}")
        )  # fmt: skip
    return Section(stated=tuple(lines), missing=tuple(missing))


def _treatments(course: Course | None, as_of: date) -> Section:
    done = given(course) if course is not None else []
    if not done:
        gap = Missing(what="Treatments", why="none was given in a course that is open")
        return Section(missing=(gap,))
    days = [local(each.period.lower).date() for each in done]
    origin = f"course {done[0].course_id} of this clinic's record"
    return Section(
        stated=(
            Stated(label="Treatments given", value=str(len(done)), origin=origin),
            *(
                Stated(label=label, value=write_date(day), origin=origin,
                       age=say_age(day, as_of))
                for label, day in (("First treatment", days[0]), ("Last treatment", days[-1]))
            ),
        )
    )  # fmt: skip


# -- trials and scores ------------------------------------------------------------------------


def _history(told: FactAnswer | None, check: Check) -> TrialTable:
    known = library().knowledge
    trials = read_trials(exact(told.value), []) if told is not None and told.value else ()
    as_of = check.facts.as_of
    return judge_trials(trials, known.definitions, known.doses, as_of,
                        episode=episode_of(check.facts, as_of))  # fmt: skip


def _measured(
    patient: Patient, course: Course | None, scales: Sequence[str]
) -> tuple[Measured, ...]:
    """Baseline and latest complete total of each scale; answers to single items are not read."""
    frozen = baselines(course) if course is not None else {}
    found = []
    for scale in scales:
        rows = Assessment.objects.filter(
            patient=patient, instrument=scale, complete=True, total__isnull=False,
            superseded_by__isnull=True,
        )  # fmt: skip
        latest = rows.select_related("by").defer("answers").order_by("-at", "-pk").first()
        baseline = frozen.get(scale)
        if latest is None and baseline is None:
            continue
        found.append(
            Measured(
                instrument=scale,
                baseline=_total(baseline) if baseline is not None else None,
                latest=_total(latest) if latest is not None else None,
            )
        )
    return tuple(found)


def _total(row: Assessment) -> Total | None:
    if row.total is None:
        return None
    scale = scale_of(row.instrument)
    return Total(
        instrument=scale.id,
        label=scale.short,
        total=int(row.total),
        at=local(row.at).date(),
        ref=_ref(row),
        by=_rated(row),
        highest=scale.highest,
    )
