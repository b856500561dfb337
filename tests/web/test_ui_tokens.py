"""The colours, computed: every pair the screens use meets WCAG 2.2 in both themes.

The formula is WCAG's own (relative luminance and contrast ratio, WCAG 2.2 glossary);
the least ratios are 4.5 for text (1.4.3) and 3 for marks and borders (1.4.11).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "src/evenkeel/web/ui/static/ui/css"
TEXT, MARK = 4.5, 3.0


def tokens() -> dict[str, tuple[str, str]]:
    """Token -> its colour in light and in dark."""
    found = {}
    for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", (CSS / "tokens.css").read_text()):
        colours = re.findall(r"#[0-9A-Fa-f]{6}\b", value)
        if colours:
            found[name] = (colours[0], colours[-1])
    return found


TOKENS = tokens()


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


GROUNDS = ("canvas", "surface", "sunken")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS),
    *((ink, f"band-{i}", TEXT) for ink in ("ink", "ink-2") for i in (1, 2, 3, 4)),
    ("ink", "hatch", TEXT),
    ("ink-2", "hatch", TEXT),
    ("surface", "ink", TEXT),
    ("action", "surface", TEXT),
    ("action", "canvas", TEXT),
    ("on-action", "action", TEXT),
    ("ink", "action-tint", TEXT),
    ("ink-2", "action-tint", TEXT),
    ("on-given", "given", TEXT),
    *(
        (name, ground, TEXT)
        for name in ("ok", "no", "judge")
        for ground in ("surface", f"{name}-tint")
    ),
    ("ink", "no-tint", TEXT),
    ("ink-2", "no-tint", TEXT),
    ("ink", "judge-tint", TEXT),
    ("ink-2", "judge-tint", TEXT),
    *((f"on-{level}", level, TEXT) for level in ("high", "medium", "low")),
    *((f"on-{level}", f"{level}-flash", TEXT) for level in ("high", "medium")),
    *(
        (f"{level}-text", ground, TEXT)
        for level in ("high", "medium", "low")
        for ground in ("surface", f"{level}-tint")
    ),
    *(
        (ink, f"{level}-tint", TEXT)
        for ink in ("ink", "ink-2")
        for level in ("high", "medium", "low")
    ),
    ("edge", "surface", MARK),
    ("edge", "canvas", MARK),
    ("given", "surface", MARK),
    ("focus", "surface", MARK),
    ("focus", "canvas", MARK),
    ("focus", "sunken", MARK),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS, ids=lambda v: str(v))
def test_every_pair_of_tokens_meets_wcag(ink: str, ground: str, least: float, theme: int) -> None:
    ratio = contrast(TOKENS[ink][theme], TOKENS[ground][theme])
    assert ratio >= least, f"{ink} on {ground}: {ratio:.2f}, at least {least}"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#FFFFFF", 21.0), ("#777777", "#FFFFFF", 4.48), ("#767676", "#FFFFFF", 4.54)],
)
def test_the_formula_agrees_with_known_ratios(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


SHEETS = [
    sheet
    for sheet in sorted(CSS.parents[3].glob("*/static/**/*.css"))
    if "vendor" not in sheet.parts and sheet.name != "tokens.css"
]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_raw_colour_stands_outside_the_tokens(sheet: Path) -> None:
    raw = re.compile(r"#[0-9A-Fa-f]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(")
    rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
    assert not raw.findall(rules)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_token_that_a_sheet_uses_exists(sheet: Path) -> None:
    known = set(re.findall(r"--([\w-]+):", (CSS / "tokens.css").read_text()))
    rules = sheet.read_text()
    used = set(re.findall(r"var\(--([\w-]+)", rules))
    assert used <= known | set(re.findall(r"--([\w-]+):", rules))


def test_no_flash_is_faster_than_three_a_second() -> None:
    """WCAG 2.3.1: three flashes a second at most; SCREENS asks 2 Hz and 0.6 Hz."""
    sheet = "".join(path.read_text() for path in SHEETS)
    periods = [float(s) for s in re.findall(r"animation: [\w-]+ ([\d.]+)s", sheet)]
    assert sorted(periods) == pytest.approx([1 / 2, 1 / 0.6], rel=0.01)
    assert all(1 / period <= 3 for period in periods)
