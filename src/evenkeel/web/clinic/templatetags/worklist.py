"""How much time a task has left: m:ss when it is near, hours and minutes before that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html

from evenkeel.web.ui.templatetags.ui import render_component

register = template.Library()
NEAR_S = 60 * 60


@register.simple_tag(takes_context=True)
def time_left(context: template.Context, due: datetime, now: datetime | None = None) -> Any:
    """A live countdown within an hour either side of the time, else words."""
    seconds = (due - (now or timezone.now())).total_seconds()
    if abs(seconds) < NEAR_S:
        return render_component(context, "countdown", {"due": due, "prefix": "", "speak": False})
    minutes = int(abs(seconds)) // 60
    words = f"{minutes // 60} h {minutes % 60} min"
    if seconds < 0:
        return format_html("late by <b>{}</b>", words)
    return format_html("<b>{}</b> left", words)
