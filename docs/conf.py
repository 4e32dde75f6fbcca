"""The pages of this folder as a site: `.venv/bin/sphinx-build -W -b html docs site`."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "pinnkit"
author = "The pinnkit authors"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "pinnkit"
myst_heading_anchors = 4
nitpicky = True
language = "en"

CONTENTS = {
    "To begin": ["tutorial", "gallery", "choosing", "doctor"],
    "To use it": ["commands", "problem_file", "grammar", "config", "python", "cluster", "run_folder", "trust"],
    "Methods": ["methods/*"],
    "Results": ["results/*"],
    "To change it": ["design", "extending"],
}
"""The bar beside every page; on the pages themselves, which are read as plain files too, it would be noise."""


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the bar's contents below the first page."""
    if page == "index":
        source[0] += "".join(
            "\n```{toctree}\n:hidden:\n:glob:\n:caption: " + caption + "\n\n" + "\n".join(pages) + "\n```\n"
            for caption, pages in CONTENTS.items()
        )


def setup(app: Sphinx) -> None:
    """Called by Sphinx once."""
    app.connect("source-read", add_contents)
    app.add_lexer("csv", TextLexer)
