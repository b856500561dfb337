"""A course as the component plot of the screens takes it."""

from __future__ import annotations

from django.utils.safestring import SafeString

from evenkeel.core.instruments import scale_of
from evenkeel.web.records.selectors.glance import Glance, Line
from evenkeel.web.ui.plots import Plot, Scores
from evenkeel.web.ui.plots import draw as draw_plot
from evenkeel.web.ui.words import local, write_date, write_number


def draw(glance: Glance) -> SafeString:
    """The figure with its table twin."""
    decisions = [(local(d.at), d.words, d.how) for d in glance.decisions]
    if glance.decision_due:
        decisions.append((local(glance.now), "Today", "to decide"))
    plot = Plot(
        title=glance.title,
        start=local(glance.since),
        end=local(glance.until),
        now=local(glance.now),
        phases=[(local(p.start), None if p.open else local(p.end), p.words) for p in glance.phases],
        doses=[
            (local(d.at), float(d.mg) if d.mg is not None else None)
            for d in glance.doses
            if d.kind == "missed" or (d.kind == "given" and d.mg is not None)
        ],
        unmeasured=[local(d.at) for d in glance.doses if d.kind == "given" and d.mg is None],
        scores=[_scores(line) for line in glance.lines],
        decisions=decisions,
        events=[(local(e.at), e.words, e.more) for e in glance.events],
    )
    return draw_plot(plot)


def _scores(line: Line) -> Scores:
    scale, latest = scale_of(line.instrument), line.latest
    current_sub = write_date(latest.at, year=False) if latest is not None else ""
    return Scores(
        name=line.label,
        low=scale.lowest,
        high=scale.highest,
        sub=line.who,
        current=write_number(latest.total) if latest is not None else "no score",
        current_sub=", ".join(filter(None, (current_sub, line.fall))),
        # A band ends where the next one begins, so that the picture has no gaps.
        bands=[
            (band.lowest, min(band.highest + 1, scale.highest), band.name) for band in scale.bands
        ],
        points=[(local(p.at), p.total, p.by) for p in line.points],
        missing=[local(at) for at in line.missing],
        definitions=[(d.total, d.words, d.dotted) for d in line.definitions],
        flags=[(local(f.at), f.words) for f in line.flags],
        baseline=f"{line.baseline[1]}, frozen baseline" if line.baseline is not None else "",
        height=250 if line.instrument == "madrs" else 120,
    )
