"""The examples of the manual's page on Python do what they say, and what it names is there."""

from __future__ import annotations

import doctest
import pkgutil
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "python.md"


def test_every_example_gives_what_it_says() -> None:
    done = doctest.testfile(str(PAGE), module_relative=False)
    assert done.attempted > 20
    assert done.failed == 0


def test_everything_that_the_page_names_is_there_and_explained() -> None:
    """What has moved to another module would be missing from the page, and only there."""
    names = re.findall(r"^\.\. auto\w+:: (\S+)$", PAGE.read_text("utf-8"), flags=re.M)
    assert len(names) > 30
    for name in names:
        module, _, inside = name.rpartition(".")
        assert pkgutil.resolve_name(f"{module}:{inside}").__doc__, name
