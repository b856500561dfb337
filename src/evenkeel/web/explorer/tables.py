"""What the explorer tells as tables: the doses, and curves as a few numbers."""

from __future__ import annotations

from django.utils.safestring import SafeString

from evenkeel.web.explorer.answers import Answer, kind_of
from evenkeel.web.explorer.numbers import hours_words, number
from evenkeel.web.explorer.words import ROUTE, analyte_words, short_name
from evenkeel.web.ui import svg


def dose_rows(answer: Answer) -> SafeString:
    """Every dose in a table: when, by which way, how much, over how long."""
    rows = []
    for each in answer.doses:
        device = each.of_dose.get("DEVICE")
        way = ROUTE.get(each.route, each.route) + (f", device {device:g}" if device else "")
        lasts = f"over {hours_words(each.duration_h)}" if each.duration_h else "at once"
        rows.append((hours_words(each.time_h), way, f"{number(each.amount_mg)} mg", lasts))
    heads = ("At", "Way", "Amount", "Length")
    return svg.twin(heads, rows, "The doses", "The doses one by one")


def summary_rows(answer: Answer) -> list[dict[str, object]]:
    """Peak, its time, area and time above, of every analyte that is shown."""
    made = []
    for each in answer.answering:
        for line in each.summaries:
            if kind_of(line.analyte) not in answer.asked.show:
                continue
            made.append(
                {
                    "letter": each.letter,
                    "model": short_name(each.model),
                    "analyte": analyte_words(line.analyte),
                    "peak": number(line.peak),
                    "peak_at": hours_words(line.peak_at_h),
                    "area": number(line.area),
                    "above": hours_words(line.above_h[float(answer.asked.level)])
                    if answer.asked.level
                    else "",
                }
            )
    return made
