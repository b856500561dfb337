"""How the documentation is built: `make docs`."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

from evenkeel import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Evenkeel"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "guideline_pages"]
autodoc_class_signature = "separated"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
source_suffix = {".md": "markdown"}
master_doc = "index"
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_static_path: list[str] = []
html_theme_options = {"description": "The open system for ketamine and esketamine services"}
myst_heading_anchors = 3
# Pages of the checkout's root are linked, not copied.
suppress_warnings = ["myst.xref_missing"]


def lines_of_fields(
    _app: Sphinx, _what: str, _name: str, _of: object, _options: object, lines: list[str]
) -> None:
    """A docstring's "name: what it is" stays a line of its own on the page."""
    made: list[str] = []
    inside = False
    for line in lines:
        begins = re.match(r"[a-z_]+(, [a-z_]+)*: ", line) is not None
        goes_on = begins or (inside and line.startswith(" "))
        if goes_on != inside and made and made[-1]:
            made.append("")
        inside = goes_on
        made.append(f"| {line}" if begins else line)
    lines[:] = made


def setup(app: Sphinx) -> None:
    """Mermaid diagrams are shown as the text that they are, without a script from elsewhere."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("mermaid", TextLexer)
    app.connect("autodoc-process-docstring", lines_of_fields, priority=100)
