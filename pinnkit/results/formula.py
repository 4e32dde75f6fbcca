"""A formula in LaTeX drawn as an SVG picture, so that a page shows mathematics without any script."""

import re
from io import StringIO


def formula_svg(latex: str, size: float = 15.0) -> str | None:
    """The SVG of a formula, or None where it uses more of LaTeX than can be drawn here.

    Args:
        latex: the formula without dollar signs.
        size: the letters' height in points.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(0.01, 0.01))
    FigureCanvasSVG(drawn)
    drawn.text(0, 0, f"${_drawable(latex)}$", fontsize=size, color="#1c2430", math_fontfamily="stix")
    content = StringIO()
    try:
        # No date, so that the same formula is the same file.
        drawn.savefig(
            content, format="svg", bbox_inches="tight", pad_inches=0.04, transparent=True, metadata={"Date": None}
        )
    except ValueError:
        return None
    return content.getvalue()


def _drawable(latex: str) -> str:
    """The same formula with displayed fractions, and without what only full LaTeX knows."""
    text = re.sub(r"\\[td]?frac(?![a-z])", r"\\dfrac", latex)
    return text.replace(r"{\left(", r"\left(").replace(r"\right)}", r"\right)").replace("$", r"\$").replace("\n", " ")
