"""The public pharmacology pages in a real browser, by somebody who has no account."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

EXPLORE = "/pharmacology/explore/"
SHOWN = (
    "model=otto_2021_s_ketamine_iv&model=simons_2022_s_ketamine_otf&model=kamp_2020_meta_3cmt"
    "&model=hornik_2018_children&preset=iv40&age=30&weight=70&group=none&show=parent"
    "&show=norketamine&show=effect&show=band&show=occupancy&show=halftime&level=100&hours=auto"
    "&scale=linear"
)
PAGES = {
    "index": "/pharmacology/",
    "nasal": "/pharmacology/models/perez_ruixo_2021_esketamine/",
    "chain": "/pharmacology/models/simons_2022_s_ketamine_otf/",
    "pump": "/pharmacology/models/domino_1982_tci/",
    "missing": "/pharmacology/models/otto/",
    "explore": EXPLORE,
    "shown": f"{EXPLORE}?{SHOWN}",
    "refused": f"{EXPLORE}?modle=kamp&age=43",
}


@pytest.mark.parametrize(
    ("width", "theme"), [(1440, "light"), (1440, "dark"), (820, "light"), (390, "dark")]
)
def test_the_pages_hold_at_every_width_and_theme(width, theme, new_page, axe, shot):
    page = new_page(width=width, height=1000, color_scheme=theme)
    for name, address in PAGES.items():
        page.goto(address)
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, f"{address} is {wider} px wider than the screen"
        axe(page)
        shot(page, f"pharmacology-{name}-{width}-{theme}")
