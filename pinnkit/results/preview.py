"""A problem as it is understood, on one page, before anything is trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from pinnkit.problem.finding import Finding
from pinnkit.results.figures.picture import Picture
from pinnkit.results.page import Formula, document, escape, figures, formulas, prose, table
from pinnkit.results.report import ConditionLine, condition_lines
from pinnkit.results.writing import write_text


@final
@dataclass(frozen=True)
class Preview:
    """All that the page says, as plain values; ``lines`` are the domain and the names as `pinnkit check` has them."""

    title: str
    description: str
    lines: Sequence[str]
    equations: Sequence[Formula]
    conditions: Sequence[ConditionLine]
    findings: Sequence[Finding]
    pictures: Sequence[Picture]
    problem_text: str


def write_preview(path: Path, preview: Preview) -> Path:
    """Write the page as a single HTML file without any outside resource.

    Raises:
        UserError: the folder cannot be written to.
    """
    domain = "".join(f"<p>{prose(line.strip())}</p>" for line in preview.lines)
    found = [(f.name, "accepted" if f.accepted else f.severity, f.message, f.hint or "") for f in preview.findings]
    parts = [
        f"<h1>{escape(preview.title)}</h1>",
        f'<p class="lead">{escape(preview.description)}</p>' if preview.description else "",
        f"<h2>Domain</h2>\n{domain}",
        figures(preview.pictures),
        formulas(preview.equations),
        condition_lines(preview.conditions),
        f"<h2>Findings</h2>\n{table(('check', 'what', 'finding', 'advice'), found)}" if found else "",
        f"<details><summary>Problem file</summary><pre>{escape(preview.problem_text)}</pre></details>",
    ]
    write_text(path, document(preview.title, parts))
    return path
