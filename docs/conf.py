"""How the documentation is built: `make docs`."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

from evenkeel import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Evenkeel"
release = version = __version__
extensions = ["myst_parser", "guideline_pages"]
source_suffix = {".md": "markdown"}
master_doc = "index"
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_static_path: list[str] = []
html_theme_options = {"description": "The open system for ketamine and esketamine services"}
myst_heading_anchors = 3
# Pages of the checkout's root are linked, not copied.
suppress_warnings = ["myst.xref_missing"]


def setup(app: Sphinx) -> None:
    """Show Mermaid diagrams as the text that they are, without a script from elsewhere."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("mermaid", TextLexer)
