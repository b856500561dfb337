"""Tags and filters of the screens: {% load ui %}.

{% component "name" key=value %}, {% wrap "name" key=value %}…{% endwrap %},
{% field form.name %}, {% icon "yes" %}, {% once %}, {% spark %}, {% course_plot %},
{% flowsheet %}; and filters that write times, dates and numbers. ui/README.md lists
the keys of each component.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from evenkeel.web.ui import flowsheet as sheets
from evenkeel.web.ui import plots, shapes, words
from evenkeel.web.ui.components import COMPONENTS
from evenkeel.web.ui.icons import ANSWERS, ICONS, LEVELS, draw_icon

register = template.Library()


def render_component(
    context: template.Context, name: str, given: dict[str, Any], content: str = ""
) -> str:
    """The markup of one component. Raises for an unknown name or key."""
    if name not in COMPONENTS:
        raise template.TemplateSyntaxError(
            f"There is no component {name!r}. There are: {', '.join(sorted(COMPONENTS))}."
        )
    COMPONENTS[name].refuse(name, set(given))
    values = {
        **dict.fromkeys(COMPONENTS[name].takes),
        **given,
        "content": content,
        "csrf_token": context.get("csrf_token"),
        "frame": context.get("frame"),
    }
    engine = context.template.engine  # type: ignore[union-attr]
    markup = engine.get_template(f"ui/components/{name}.html").render(context.new(values))
    return mark_safe(markup.strip())


@register.simple_tag(takes_context=True)
def component(context: template.Context, which: str, **given: Any) -> str:
    """One component without content."""
    return render_component(context, which, given)


class WrapNode(template.Node):
    """{% wrap "name" key=value %}content{% endwrap %}"""

    def __init__(
        self, name: FilterExpression, given: dict[str, FilterExpression], nodelist: NodeList
    ) -> None:
        self.name, self.given, self.nodelist = name, given, nodelist

    def render(self, context: template.Context) -> SafeString:
        given = {key: value.resolve(context) for key, value in self.given.items()}
        content = self.nodelist.render(context)
        markup = render_component(context, self.name.resolve(context), given, content)
        return mark_safe(markup)


@register.tag
def wrap(parser: Parser, token: Token) -> WrapNode:
    """One component around the content up to {% endwrap %}."""
    bits = token.split_contents()[1:]
    if not bits:
        raise template.TemplateSyntaxError("{% wrap %} needs the name of a component.")
    name = parser.compile_filter(bits.pop(0))
    given = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"{{% wrap %}} takes key=value only, not {bits[0]!r}.")
    nodelist = parser.parse(("endwrap",))
    parser.delete_first_token()
    return WrapNode(name, given, nodelist)


@register.simple_tag
def icon(name: str, label: str = "", tone: str = "") -> str:
    """An inline SVG. Without a label it is decoration beside words that say the same."""
    if name not in ICONS:
        raise template.TemplateSyntaxError(f"There is no icon {name!r}: {', '.join(ICONS)}.")
    return draw_icon(name, label, tone)


@register.simple_tag
def answer_icon(state: str, said: bool = True) -> str:
    """The shape of a verdict; `said` when no word stands beside it."""
    shape = {"overridden": "judge", "met": "yes", "not_met": "no", "not_applicable": "na"}.get(
        str(state), str(state)
    )
    if shape not in ANSWERS:
        shape = "unknown"
    label = "Overridden" if state == "overridden" else ANSWERS[shape]
    return icon(shape, label if said else "", shape)


@register.filter
def answer_word(state: str) -> str:
    """Yes, No, Unknown, Judge."""
    return ANSWERS.get(str(state), str(state))


@register.filter
def level_word(level: str) -> str:
    """HIGH, MEDIUM, LOW, OUT OF TOUCH, READY: alarm words are the only capitals."""
    return LEVELS.get(str(level), str(level))


@register.simple_tag
def once() -> str:
    """The hidden uuid by which a service knows a repeated post (renewed after success)."""
    return format_html(
        '<input type="hidden" name="once" value="{}" data-once autocomplete="off">', uuid.uuid4()
    )


@register.inclusion_tag("ui/field.html")
def field(
    bound: BoundField,
    help: str = "",
    unit: str = "",
    hint: str = "",
    kind: str = "",
    across: bool = False,
) -> dict[str, Any]:
    """A form field with label, help and its error tied to it."""
    widget = bound.field.widget
    input_type = getattr(widget, "input_type", "")
    several = input_type in {"radio", "checkbox"} and hasattr(widget, "choices")
    described = []
    if help or bound.help_text:
        described.append(f"{bound.auto_id}-help")
    if bound.errors:
        described.append(f"{bound.auto_id}-error")
    attributes: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {
        "field": bound,
        "help": help or bound.help_text,
        "unit": unit,
        "hint": hint,
        "kind": kind,
        "across": across,
        "several": several,
        "single_check": input_type == "checkbox" and not several,
        "is_hidden": bound.is_hidden,
        "widget": bound.as_widget(attrs=attributes) if not several else "",
        "attributes": attributes,
    }


register.simple_tag(plots.draw, name="course_plot")
register.simple_tag(shapes.spark, name="spark")
register.simple_tag(shapes.phase_track, name="phase_track")
register.simple_tag(shapes.day_boxes, name="day_boxes")
register.simple_tag(shapes.step_bar, name="step_bar")
register.simple_tag(shapes.balance_bar, name="balance_bar")
register.simple_tag(shapes.dose_scale, name="dose_scale")


@register.simple_tag
def flowsheet(document: dict[str, Any], live: str = "", event: str = "") -> SafeString:
    """All signs of one treatment on one axis; `live` is the address of its JSON answer."""
    return sheets.draw(document, live=live, event=event)


@register.filter
def get_item(mapping: dict[str, Any], key: str) -> Any:
    """mapping[key], or nothing."""
    return mapping.get(key, "")


@register.filter
def clinic_time(moment: datetime | None, style: str = "") -> str:
    """ "10:42"; style "s" adds seconds, "z" the zone."""
    return words.write_time(moment or None, seconds="s" in style, zone="z" in style)


@register.filter
def clinic_date(day: date | None, style: str = "") -> str:
    """ "24 Nov 2026"; style "d" adds the weekday, "-y" leaves the year out."""
    return words.write_date(day or None, weekday="d" in style, year="-y" not in style)


@register.filter
def clinic_datetime(moment: datetime | None, style: str = "") -> str:
    """ "24 Nov 2026, 10:42"; style "z" adds the zone."""
    return words.write_datetime(moment or None, zone="z" in style)


@register.filter
def minutes_words(length: timedelta | float | None, of: object = "") -> str:
    """41 min; with the argument "120 or more": 41 min of 120 or more."""
    text = words.write_minutes(None if length == "" else length)
    return f"{text} of {of}" if of not in ("", None) else text


@register.filter
def trim_number(number: Decimal | float | None) -> str:
    """38, 0.5, 1,708."""
    return words.write_number(number)


@register.filter
def age(born: date | None, today: date | None = None) -> str:
    """Whole years today, on the clinic's calendar."""
    day = today or words.local(timezone.now()).date()
    years = words.age_on(born or None, day)
    return words.NOT_RECORDED if years is None else str(years)


@register.filter
def ago(then: datetime | None, now: datetime | None = None) -> str:
    """ "8 s ago", "3 min ago", then the time itself."""
    return words.write_ago(then or None, now or timezone.now())


@register.filter
def iso(moment: datetime | None) -> str:
    """ISO 8601 for data attributes."""
    return moment.isoformat() if moment else ""


@register.filter
def countdown_words(due: datetime | None, now: datetime | None = None) -> str:
    """m:ss to the moment, or since it."""
    if not due:
        return words.NOT_RECORDED
    return words.write_countdown((due - (now or timezone.now())).total_seconds())


@register.filter
def is_past(due: datetime | None, now: datetime | None = None) -> bool:
    """Has this moment gone by?"""
    return bool(due) and due < (now or timezone.now())
