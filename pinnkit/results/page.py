"""The parts that the report's HTML is made of: its look, escaped text, tables and formulas."""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from pinnkit.results.figures.picture import Picture
from pinnkit.results.formula import formula_svg

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f7; color: #1c2430;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 28px 64px; background: #fff; min-height: 100vh; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 40px 0 12px; padding-bottom: 6px; border-bottom: 1px solid #dfe3e8; }
p { margin: 8px 0; max-width: 78ch; }
.lead { color: #5b6470; white-space: pre-line; }
.verdict { margin: 24px 0; padding: 18px 22px; border-radius: 8px;
  border-left: 6px solid #b7791f; background: #fdf6e7; }
.verdict.good { border-color: #2e8b6a; background: #ecf7f2; }
.verdict strong { font-size: 21px; display: block; }
.verdict ul { margin: 6px 0 0; padding-left: 20px; }
table { border-collapse: collapse; margin: 10px 0; font-size: 15px; }
th, td { text-align: left; padding: 6px 22px 6px 0; border-bottom: 1px solid #e9ecef; vertical-align: top; }
th { color: #5b6470; font-weight: 600; white-space: nowrap; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
pre, code { font: 13.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { background: #f7f8fa; border: 1px solid #e9ecef; border-radius: 6px; padding: 12px 16px;
  overflow-x: auto; margin: 8px 0; }
.equation { display: grid; grid-template-columns: 9em 1fr; gap: 4px 18px; align-items: center; padding: 10px 0;
  border-bottom: 1px solid #e9ecef; }
.equation .name { color: #5b6470; font-weight: 600; overflow-wrap: anywhere; }
.equation img { max-width: 100%; display: block; margin: 2px 0 6px; }
.tag { display: inline-block; border-radius: 10px; padding: 1px 10px; font-size: 13px;
  background: #e6eef8; color: #1f4f8a; }
.tag.soft { background: #f1f2f4; color: #4a5360; }
figure { margin: 18px 0 26px; }
figure img { max-width: 100%; max-height: 720px; display: block; }
figure iframe { width: 100%; height: 620px; border: 1px solid #e9ecef; border-radius: 6px; }
figcaption { color: #5b6470; font-size: 14px; margin-top: 4px; }
summary { cursor: pointer; color: #5b6470; font-weight: 600; margin: 8px 0; }
footer { margin-top: 48px; color: #5b6470; font-size: 13px; }
@media print { body { background: #fff; } main { padding: 0; max-width: none; } }
"""


@final
@dataclass(frozen=True)
class Formula:
    """A named equation: the user's own text, and its notation in LaTeX, in Unicode or in neither."""

    name: str
    text: str
    latex: str | None = None
    unicode: str | None = None


def escape(text: Any) -> str:
    """Text that is safe between tags and inside quoted attributes."""
    return html.escape(str(text), quote=True)


def prose(text: Any) -> str:
    """An escaped sentence, with names between backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An HTML table; numbers are set with three digits, texts are escaped."""
    if not rows:
        return ""
    header = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{header}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "<td>not known</td>"
    if isinstance(value, float):
        return f'<td class="number">{value:.3g}</td>'
    return f"<td>{prose(value)}</td>"


def words(value: Any) -> str:
    """A nested value of the environment as words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(words(inner) for inner in value)
    if isinstance(value, float):
        return f"{value:.3g}"
    return "not installed" if value is None else str(value)


def shown(formula: Formula) -> str:
    """A formula as a drawing where its LaTeX can be drawn, else in Unicode, else as the user wrote it."""
    drawn = formula_svg(formula.latex) if formula.latex else None
    if drawn is None:
        return f"<pre>{escape(formula.unicode or formula.text)}</pre>"
    data = base64.b64encode(drawn.encode("utf-8")).decode("ascii")
    picture = f'<img alt="{escape(formula.text)}" src="data:image/svg+xml;base64,{data}">'
    return f"{picture}<code>{escape(formula.text)}</code>"


def document(title: str, parts: Sequence[str]) -> str:
    """A page of these parts, without any outside resource; the title is escaped, the parts are HTML."""
    body = "\n".join(part for part in parts if part)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    head = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>'
    return f"{head}\n<body><main>\n{body}\n</main></body></html>\n"


def figures(pictures: Sequence[Picture]) -> str:
    """The figures, embedded."""
    if not pictures:
        return ""
    made = []
    for picture in pictures:
        data = base64.b64encode(picture.path.read_bytes()).decode("ascii")
        caption = " ".join(part for part in (picture.caption, picture.remark) if part)
        kind = picture.path.suffix.removeprefix(".")
        image = f'<img alt="{escape(picture.caption)}" src="data:image/{kind};base64,{data}">'
        made.append(f"<figure>{image}<figcaption>{prose(caption)}</figcaption>{_scene(picture)}</figure>")
    return "<h2>Pictures</h2>\n" + "\n".join(made)


def _scene(picture: Picture) -> str:
    """The page of a picture that can be turned, folded away and shut in a frame that may reach nothing else."""
    if picture.scene is None:
        return ""
    inside = html.escape(picture.scene.read_text("utf-8"), quote=True)
    frame = (
        f'<iframe sandbox="allow-scripts" loading="lazy" title="{escape(picture.caption)}" srcdoc="{inside}"></iframe>'
    )
    return f"<details><summary>Turn it with the mouse</summary>{frame}</details>"


def formulas(equations: Sequence[Formula]) -> str:
    """The equations, each with its name."""
    if not equations:
        return ""
    lines = [
        f'<div class="equation"><div class="name">{escape(e.name)}</div><div>{shown(e)}</div></div>' for e in equations
    ]
    return "<h2>Equations</h2>\n" + "\n".join(lines)
