"""Browser tests wait for a page; they do not ask it once and take what it shows just then.

A click comes back when the next page is on its way, not when it is drawn. What is asked at
once (``is_visible()``, ``count()``, ``page.url``) is then asked of the old page now and then,
on a busy machine more often. ``expect`` asks until the answer is right.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "browser"
AT_ONCE = {
    "all", "all_inner_texts", "all_text_contents", "bounding_box", "content", "count", "evaluate",
    "evaluate_all", "get_attribute", "inner_html", "inner_text", "input_value", "is_checked",
    "is_disabled", "is_editable", "is_enabled", "is_hidden", "is_visible", "text_content", "title",
}  # fmt: skip
WAITS = {"expect", "expect_download", "wait_for", "wait_for_function", "wait_for_url"}
LEADS = {"click", "dblclick", "press", "tap"}
# Nothing is waited for in these, because the page has settled before and only its keys are
# pressed or its shape is taken. A key press comes back when the page has dealt with it.
MEASURED = {
    ("test_booking", "test_the_course_at_a_glance_and_its_decision"): "sizes of buttons",
    ("test_portal", "test_consent_by_a_link_with_a_wrong_answer_on_the_way"): "sizes of buttons",
    ("test_day", "test_a_wide_screen_gets_a_wide_sheet_and_the_next_page_has_it_at_once"): (
        "the first drawing is looked at, before a script could draw another"
    ),
    ("test_gallery", "test_the_whole_gallery_can_be_walked_by_keyboard"): "focus after a key",
    ("test_gallery", "test_focus_is_never_hidden_under_what_sticks"): "focus after a key",
    ("test_second_factor", "type_the_code"): "it waits for the navigation itself",
    ("test_story", "answer_the_safeguards"): "each turn waits for another list first",
    ("test_story", "read_answer_and_agree"): "each turn waits for another heading first",
    ("test_story", "answer_the_check"): "called where the page has settled",
}


def _words(node: ast.AST) -> Iterator[str]:
    """Every name and attribute in an expression."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute):
            yield inner.attr
        elif isinstance(inner, ast.Name):
            yield inner.id


def _of_live(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "live"


def _asks_at_once(node: ast.AST) -> str | None:
    """The first question in it that a page answers at once; rows of a table answer so too."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            of_rows = "objects" in _words(inner.func.value)
            if inner.func.attr in AT_ONCE and not of_rows:
                return f"{inner.func.attr}()"
        elif isinstance(inner, ast.Attribute) and inner.attr == "url" and not _of_live(inner):
            return "url"
    return None


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _called(statement: ast.stmt) -> str:
    """The last thing that a plain statement calls: ``click`` of ``page.locator("a").click()``."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return ""


def _too_soon(statement: ast.stmt) -> bool:
    """Looks at the page, or at what it wrote down, or leaves it."""
    if isinstance(statement, (ast.For, ast.While, ast.If, ast.With)):
        return False  # its own first statement is looked at
    looks = {"axe", "fits", "shot", "settle", "goto", "reload", "objects", "refresh_from_db",
             "set_offline", "emulate_media", "set_viewport_size"}  # fmt: skip
    called = statement.value if isinstance(statement, ast.Expr) else statement
    words = set(_words(called))
    return isinstance(statement, ast.Assert) or bool(looks & words and not words & WAITS)


def faults(source: str, module: str) -> list[str]:
    """What a browser test asks without waiting for the answer, with its line."""
    told = []
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or (module, function.name) in MEASURED:
            continue
        taken: dict[str, str] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and (asked := _asks_at_once(node.value)):
                for target in node.targets:
                    taken |= {n.id: asked for n in ast.walk(target) if isinstance(n, ast.Name)}
        for node in ast.walk(function):
            if isinstance(node, (ast.Assert, ast.If, ast.While)):
                asked = _asks_at_once(node.test)
                asked = asked or next((taken[w] for w in _words(node.test) if w in taken), None)
                if asked:
                    told.append(f"{module}:{node.lineno} asks {asked} without waiting")
    for body in _bodies(tree):
        for first, then in itertools.pairwise(body):
            if _called(first) in LEADS and _too_soon(then):
                told.append(f"{module}:{then.lineno} does not wait for what the click led to")
    return sorted(set(told))


@pytest.mark.parametrize("file", sorted(FOLDER.glob("test_*.py")), ids=lambda file: file.stem)
def test_no_browser_test_asks_a_page_once(file):
    assert not faults(file.read_text("utf-8"), file.stem)


OLD = """
def test_old(page):
    page.goto("/pharmacology/")
    page.get_by_role("button", name="Draw").click()
    {then}
"""
ROWS = "Model.objects.filter(name='a').count() == 1"


@pytest.mark.parametrize(
    "then",
    [
        "assert page.get_by_role('img', name='Norketamine').is_visible()",
        "assert 'age=20' in page.url",
        f"assert {ROWS}",
        "axe(page)",
        "page.goto('/')",
        "page.wait_for_url('/a')\n    words = page.inner_text('main')\n    assert words",
        "page.wait_for_url('/a')\n    while page.locator('a').count():\n        pass",
    ],
)
def test_what_is_asked_once_is_told(then):
    assert faults(OLD.format(then=then), "test_old")


@pytest.mark.parametrize(
    "then",
    [
        "expect(page.get_by_role('img', name='Norketamine')).to_be_visible()",
        "page.get_by_text('Kept').wait_for()\n    axe(page)",
        f"page.get_by_text('Kept').wait_for()\n    assert {ROWS}",
        "page.get_by_label('Age').fill('20')",
    ],
)
def test_what_waits_is_not(then):
    assert not faults(OLD.format(then=then), "test_old")
