import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pinnkit.results.figures.picture import Picture
from pinnkit.results.formula import formula_svg
from pinnkit.results.page import Formula, prose, table
from pinnkit.results.report import ConditionLine, Report, report_html, write_report

EVIL = "<script>alert('x')</script>"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Reader(HTMLParser):
    """The tags, the text and the addresses of a page, and whether every tag is closed in turn."""

    VOID = ("meta", "img", "br", "link", "input", "hr")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def a_result(**changes: Any) -> dict[str, Any]:
    return {
        "problem": "burgers",
        "verdict": "verified",
        "reasons": ["the error of `u` is below the tolerance"],
        "errors": {"u": {"relative_l2": 3.4e-7, "max_abs": 1.25e-6}},
        "reference": {"method": "Cole–Hopf", "accuracy": 1e-13},
        "residuals": {"momentum": 2.5e-6},
        "conditions": {"walls": 0.0},
        "parameters": {},
        "outputs": {},
        "seconds": 75.0,
        "steps": 600,
        "stopped_because": "all phases were done",
        "seed": 0,
        "precision": "float64",
        "device": "cpu",
        "version": "0.1.0",
        **changes,
    }


def test_the_report_says_all_and_needs_nothing_else(tmp_path: Path) -> None:
    figure = tmp_path / "u.png"
    figure.write_bytes(PNG)
    wall = ConditionLine(
        Formula("walls", "u = 0", unicode="u = 0"), "x = -1, x = 1", True, "u is multiplied by 1 - x²."
    )
    report = Report(
        title="burgers",
        result=a_result(),
        equations=[Formula("momentum", "u_t = nu*u_xx", r"\frac{\partial}{\partial t} u = \nu u_{xx}")],
        conditions=[wall],
        stops=[{"phase": "lm", "reason": "the target was reached", "steps": 600, "seconds": 75.0}],
        pictures=[Picture(figure, "The field.", "Drawn flat.")],
        environment={"python": "3.11", "versions": {"numpy": "2.4", "vtk": None}},
        description="A wave steepens.",
        settings="seed: 0\n",
        problem_text="name: burgers\n",
    )
    path = write_report(tmp_path / "report.html", report)
    page = Reader(path.read_text(encoding="utf-8"))
    assert page.open == []
    assert page.addresses
    assert all(address.startswith("data:image/") for address in page.addresses)
    embedded = next(a for a in page.addresses if a.startswith("data:image/png;base64,"))
    assert base64.b64decode(embedded.partition(",")[2]) == PNG
    text = " ".join(page.text)
    assert text.index("Verified") < text.index("Accuracy")
    for words in (
        "3.4e-07", "1.25e-06", "2.5e-06", "Cole–Hopf", "1e-13", "600 steps in 1 min 15 s", "exact", "x = -1, x = 1",
        "1 - x²", "the target was reached", "Drawn flat.", "seed: 0", "numpy 2.4", "vtk not installed",
        "A wave steepens.",
    ):  # fmt: skip
        assert words in text, words


def test_every_text_is_escaped(tmp_path: Path) -> None:
    figure = tmp_path / "u.png"
    figure.write_bytes(PNG)
    quoted = f'"{EVIL}'
    formula = Formula(EVIL, quoted, latex=EVIL, unicode=quoted)
    report = Report(
        title=EVIL,
        result=a_result(
            verdict=EVIL, reasons=[f"`{EVIL}`"], errors={EVIL: {"relative_l2": 1.0, "max_abs": None}},
            reference={"method": EVIL, "accuracy": 0.0}, residuals={EVIL: 1.0}, conditions={EVIL: EVIL},
            parameters={EVIL: EVIL}, outputs={EVIL: 1.0}, stopped_because=EVIL, device=EVIL, version=EVIL,
        ),
        equations=[formula, Formula("plain", EVIL)],
        conditions=[ConditionLine(formula, EVIL, False, EVIL)],
        stops=[{"phase": EVIL, "reason": EVIL, "steps": 1, "seconds": 1.0}],
        pictures=[Picture(figure, quoted, EVIL)],
        environment={EVIL: {EVIL: EVIL}},
        description=EVIL, settings=EVIL, problem_text=EVIL, remarks=[EVIL],
    )  # fmt: skip
    page = report_html(report)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    read = Reader(page)
    assert set(read.tags) <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "div", "strong", "ul", "li", "code",
        "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img", "pre", "span", "details", "summary",
        "footer",
    }  # fmt: skip


@pytest.mark.parametrize(("word", "good"), [("verified", True), ("not verified", False), (None, False)])
def test_only_a_verified_field_is_green(word: str | None, good: bool) -> None:
    page = report_html(Report(title="p", result=a_result(verdict=word)))
    assert ('class="verdict good"' in page) == good


def test_a_bare_report_is_a_whole_page() -> None:
    page = report_html(Report(title="p", result={}))
    assert Reader(page).open == []
    assert "No independent reference" in page
    assert "Not verified" in page


def test_names_between_backticks_become_code() -> None:
    assert prose("field `u<v` is odd") == "field <code>u&lt;v</code> is odd"


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    assert "not known" in table(("field", "error"), [("u", None)])


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{\partial}{\partial t} u{\left(x,t \right)} = \nu \frac{\partial^{2}}{\partial x^{2}} u",
        r"u{\left(x,0 \right)} = - \sin{\left(\pi x \right)}",
        r"\sqrt{x^{2} + 1} + \left|{u}\right| + \operatorname{erf}{\left(x \right)} + e^{- x}",
    ],
)
def test_formulas_are_drawn(latex: str) -> None:
    drawn = formula_svg(latex)
    assert drawn is not None
    width, height = map(float, re.findall(r'(?:width|height)="([\d.]+)pt"', drawn)[:2])
    assert width > 2 * height > 20
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"|<!DOCTYPE[^>]*>|<metadata>.*?</metadata>', "", drawn, flags=re.S)
    assert formula_svg(latex) == drawn


@pytest.mark.parametrize("latex", [r"\begin{cases} x & 1 \end{cases}", r"\nonsense{x}", "{", "$$", ""])
def test_what_cannot_be_drawn_is_none_or_a_picture_but_never_an_error(latex: str) -> None:
    drawn = formula_svg(latex)
    assert drawn is None or drawn.startswith("<?xml")


def test_a_scene_is_shut_in_its_frame(tmp_path: Path) -> None:
    (tmp_path / "u.png").write_bytes(PNG)
    (tmp_path / "u.gif").write_bytes(PNG)
    (tmp_path / "u.html").write_text('<p class="x">turn</p></iframe><script>parent.evil()</script>', "utf-8")
    pictures = [Picture(tmp_path / "u.png", "u", scene=tmp_path / "u.html"), Picture(tmp_path / "u.gif", "u over t")]
    page = report_html(Report("heat", {}, pictures=pictures))
    found = Reader(page)
    assert found.open == []
    assert found.tags.count("iframe") == 1
    assert "script" not in found.tags
    assert 'sandbox="allow-scripts"' in page  # scripts of the scene run, and reach neither the page nor its origin
    assert "data:image/gif;base64," in page
