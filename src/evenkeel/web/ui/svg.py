"""Writing SVG and table twins: escaped text, rounded numbers, no style attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

NOTHING = mark_safe("")


def n(number: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{number:.1f}".removesuffix(".0")


def join(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def text(x: float, y: float, words: object, kind: str = "", anchor: str = "start") -> SafeString:
    return format_html(
        '<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>', n(x), n(y), kind, anchor, words
    )


def rect(x: float, y: float, wide: float, high: float, kind: str) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"></rect>',
        kind,
        n(x),
        n(y),
        n(max(wide, 0)),
        n(max(high, 0)),
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> SafeString:
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"></line>', kind, n(x1), n(y1), n(x2), n(y2)
    )


def circle(x: float, y: float, radius: float, kind: str) -> SafeString:
    return format_html(
        '<circle class="{}" cx="{}" cy="{}" r="{}"></circle>', kind, n(x), n(y), n(radius)
    )


def path(d: str, kind: str) -> SafeString:
    return format_html('<path class="{}" d="{}"></path>', kind, d)


def polyline(points: Sequence[tuple[float, float]], kind: str) -> SafeString:
    if len(points) < 2:
        return NOTHING
    return path("M" + "L".join(f"{n(x)} {n(y)}" for x, y in points), kind)


def boxed(
    x: float, y: float, words: str, *, kind: str, box: str, anchor: str = "start", size: float = 6.6
) -> SafeString:
    """Words on a filled box; its width is estimated from the letters."""
    wide = len(words) * size + 14
    left = x - wide / 2 if anchor == "middle" else x
    return join(
        [rect(left, y, wide, 20, box), text(left + wide / 2, y + 14.5, words, kind, "middle")]
    )


def twin(
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    caption: str,
    words: str = "Show as a table",
) -> SafeString:
    """The same as a real table, closed until asked for; open in print."""
    return format_html(
        '<details class="twin"><summary>{}</summary>'
        '<div class="scroll-x" tabindex="0" role="region" '
        'aria-label="{}"><table class="table boxed"><caption>{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div></details>",
        words,
        caption,
        caption,
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        join(
            format_html(
                '<tr><th scope="row">{}</th>{}</tr>',
                row[0],
                format_html_join("", "<td>{}</td>", ((cell,) for cell in row[1:])),
            )
            for row in rows
        ),
    )
