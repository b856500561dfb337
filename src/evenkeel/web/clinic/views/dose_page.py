"""The dose screen as it stands: what is ordered, worked out, agreed, and what is in the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.clinic.forms.day import OrderForm, SecondCheckForm, WeightForm
from evenkeel.web.clinic.treatment_parts import card
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Container, RegisterEntry, Treatment
from evenkeel.web.records.selectors import dose_checks, timeline
from evenkeel.web.records.services import register


def _lines(
    first: dict[str, Any], standing: dose_checks.Standing, what: Any
) -> list[dict[str, Any]]:
    """The numbers of the first calculation; each is sealed until the second one agrees."""
    agreed = standing.agreed

    def line(key: str, name: str, help_: str, unit: str, how: str) -> dict[str, Any]:
        return {
            "key": key, "name": name, "help": help_, "unit": unit, "how": how,
            "number": plain(Decimal(str(first[key]))), "sealed": key not in agreed,
        }  # fmt: skip

    if what.devices is not None:
        return [
            line("dose", "Dose", "as ordered", "mg", ""),
            line("devices", "Devices", f"{what.devices.mg} each", "devices", "dose ÷ mg of one."),
        ]
    order = standing.order
    assert order is not None
    per_kg = plain(order.mg_per_kg or Decimal(0))
    vial, final = plain(Decimal(first["vial_mg_per_ml"])), plain(Decimal(first["final_mg_per_ml"]))
    return [
        line("dose", "Dose", f"{per_kg} mg/kg", "mg", f"weight × {per_kg}."),
        line("volume", "From the vial", f"{vial} mg/mL", "mL",
             f"dose ÷ {vial}. Make it up with saline to {final} mg/mL."),
        line("rate", "Rate", f"over {order.minutes} min", "mL/h",
             f"whole volume over {order.minutes} min."),
    ]  # fmt: skip


def show_dose(
    request: HttpRequest,
    found: Treatment,
    *,
    weight: forms.Form | None = None,
    order_form: OrderForm | None = None,
    second: SecondCheckForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    """The dose screen as it stands, with what was typed."""
    now = timezone.now()
    state = timeline.state_of(found, now)
    what = product(found.course.product)
    nasal = what.devices is not None
    standing = dose_checks.standing_of(found)
    order = standing.order
    first = standing.first
    said = timeline.weight_of(state)
    gate = timeline.gate_of(found, state)
    boxes = list(Container.objects.filter(pk__in=first.answers["containers"])) if first else []
    lines = _lines(first.answers, standing, what) if first else []
    fields = []
    if first is not None and not standing.is_agreed:
        names = ("dose", "devices") if nasal else ("dose", "volume", "rate")
        second = second or SecondCheckForm(leave_out=first.by_id, nasal=nasal)
        tried = standing.second.answers if standing.second else {}
        for name in names:
            typed = second.data.get(name, "") if second.is_bound else tried.get(name, "")
            state_word = "empty"
            if standing.second is not None and str(typed) == str(tried.get(name)):
                state_word = "agrees" if name in standing.agreed else "disagrees"
            fields.append(
                {"name": name, "label": second[name].label, "unit": second.fields[name].unit,
                 "value": typed, "state": state_word, "error": "".join(second[name].errors)}
            )  # fmt: skip
    to_waste = None
    # Planned amounts would give the first answer away while it is sealed.
    if first is not None and boxes and not nasal and "dose" in standing.agreed:
        drawn = sum((box.mg for box in boxes), Decimal(0))
        dose = Decimal(first.answers["dose"])
        to_waste = {"drawn": drawn, "given": dose, "wasted": drawn - dose}
    by_weight = what.by_weight
    bad = bool(
        refusal
        or (weight and weight.errors)
        or (order_form and order_form.errors)
        or (second and second.errors)
    )
    context = {
        "treatment": found,
        "card": card(found),
        "state": state,
        "now": now,
        "gate": gate,
        "what": what,
        "nasal": nasal,
        "order": order,
        "standing": standing,
        "first": first,
        "weight": said,
        "weight_form": weight or WeightForm(),
        "order_form": order_form or OrderForm(initial=_initial(found, order)),
        "show_order": "order" in request.GET or bool(order_form and order_form.errors),
        "second": second,
        "fields": fields,
        "lines": lines,
        "boxes": boxes,
        "usable": list(register.usable(what.id, now)[:12]),
        "to_waste": to_waste,
        "recent": RegisterEntry.objects.filter(product=what.id)
        .exclude(kind="received")
        .select_related("container", "by", "witness")
        .order_by("-at", "-id")[:4],
        "soft": by_weight.soft.mg_per_kg if by_weight else None,
        "hard": by_weight.hard.mg_per_kg if by_weight else None,
        "ordered": _initial(found, order),
        "scale_value": order.mg_per_kg if order is not None and not nasal else None,
        "refusal": refusal,
        "may_calculate": permissions.may(request.user, "dose.calculate"),
        "may_order": permissions.may(request.user, "dose.order"),
        "may_give": permissions.may(request.user, "dose.give"),
        "course": found.course,
        **_start(standing, gate, state),
    }
    return render(request, "clinic/dose/dose.html", context, status=422 if bad else 200)


def _initial(found: Treatment, order: Any) -> dict[str, Any]:
    course = found.course
    per_kg = order.mg_per_kg if order else course.dose_mg_per_kg
    mg = order.mg if order else course.dose_mg
    return {
        "mg_per_kg": plain(per_kg) if per_kg is not None else "",
        "minutes": order.minutes if order else course.minutes,
        "weight_basis": order.weight_basis if order else "actual",
        "mg": plain(mg) if mg is not None else "",
    }


def _start(standing: dose_checks.Standing, gate: Any, state: Any) -> dict[str, Any]:
    """Is the start open, and if not, why."""
    if state.dose is not None:
        return {"may_start": False, "why_not": "The dose has begun."}
    if not gate.is_go:
        return {"may_start": False, "why_not": f"The day gate does not say go. {gate.why_not}"}
    if state.go is None or state.now >= state.go.expires_at:
        return {"may_start": False, "why_not": "The go ran out. Go through the gate again."}
    if not standing.is_agreed:
        return {"may_start": False, "why_not": "Two people have not agreed on the dose yet."}
    return {"may_start": True, "why_not": ""}
