"""{% load clinic_days %}: the clinic's calendar day of an instant."""

from __future__ import annotations

from datetime import date, datetime

from django import template

from evenkeel.web.ui.words import local

register = template.Library()


@register.filter
def clinic_day(moment: datetime) -> date:
    """The day on the clinic's calendar, for addresses: 2026-11-27."""
    return local(moment).date()
