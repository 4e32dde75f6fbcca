"""The report of a run: one HTML file that needs nothing else, with the verdict on top."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from pinnkit.results.figures.picture import Picture
from pinnkit.results.intervals import with_interval
from pinnkit.results.page import Formula, document, escape, figures, formulas, prose, shown, table, words
from pinnkit.results.progress import duration
from pinnkit.results.unit_text import with_unit
from pinnkit.results.writing import write_text

_LONG = re.compile(r"([\w+/=]{60})[\w+/=]{140,}")
"""A word that nobody reads, such as a mesh as a text, and what is shown of it."""


@final
@dataclass(frozen=True)
class ConditionLine:
    """A condition as the report lists it: where it holds, and whether and why it is imposed exactly."""

    formula: Formula
    where: str
    exact: bool
    reason: str


@final
@dataclass(frozen=True)
class Report:
    """All that a report says, as plain values.

    ``result`` has the keys of `result.json`; ``stops`` are mappings with `phase`, `reason`, `steps` and `seconds`;
    ``settings`` is the resolved configuration and ``problem_text`` the problem's file, both as text.
    """

    title: str
    result: Mapping[str, Any]
    equations: Sequence[Formula] = ()
    conditions: Sequence[ConditionLine] = ()
    stops: Sequence[Mapping[str, Any]] = ()
    pictures: Sequence[Picture] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    settings: str = ""
    problem_text: str = ""
    remarks: Sequence[str] = ()


def write_report(path: Path, report: Report) -> Path:
    """Write a report as a single HTML file without any outside resource.

    Raises:
        UserError: the folder cannot be written to.
    """
    write_text(path, report_html(report))
    return path


def report_html(report: Report) -> str:
    """The report's HTML; every text of the user's is escaped."""
    title = escape(report.title)
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="lead">{escape(report.description)}</p>' if report.description else "",
        _verdict(report.result),
        _accuracy(report.result),
        figures(report.pictures),
        formulas(report.equations),
        condition_lines(report.conditions),
        _parameters(report.result),
        _outputs(report.result),
        _training(report),
        _texts(report),
        f"<footer>Made by pinnkit {escape(report.result.get('version') or '')}.</footer>",
    ]
    return document(report.title, parts)


def _verdict(result: Mapping[str, Any]) -> str:
    """The verdict in words with its reasons, and what was reached in how long."""
    word = str(result.get("verdict") or "not verified")
    good = " good" if word == "verified" else ""
    reasons = "".join(f"<li>{prose(reason)}</li>" for reason in result.get("reasons") or ())
    took = duration(result.get("seconds"))
    spent = f"{result['steps']} steps" if result.get("steps") is not None else ""
    effort = " in ".join(part for part in (spent, took) if part)
    return (
        f'<div class="verdict{good}"><strong>{escape(word[:1].upper() + word[1:])}</strong>'
        f"{f'<ul>{reasons}</ul>' if reasons else ''}{f'<p>{escape(effort)}.</p>' if effort else ''}</div>"
    )


def _accuracy(result: Mapping[str, Any]) -> str:
    """The tables of errors, residuals, violated conditions and misfits, and what the errors are measured against."""
    errors = [(name, e.get("relative_l2"), e.get("max_abs")) for name, e in (result.get("errors") or {}).items()]
    reference = result.get("reference") or {}
    if reference:
        against = f"Measured against: {prose(reference.get('method'))}"
        accuracy = reference.get("accuracy")
        against += f", itself accurate to {accuracy:.2g}." if accuracy else "."
    else:
        against = "No independent reference is known for this problem."
    residuals = list((result.get("residuals") or {}).items())
    violated = list((result.get("conditions") or {}).items())
    seen = [
        (f"{name}: {text}", m.get("points"), m.get("rms"), m.get("largest"), f"its {m.get('unit')}")
        for name, expressions in (result.get("observations") or {}).items()
        for text, m in expressions.items()
    ]
    kept = [(name, k.get("integral"), k.get("relative")) for name, k in (result.get("conservation") or {}).items()]
    return "\n".join(
        [
            "<h2>Accuracy</h2>",
            table(("field", "relative L2 error", "largest error"), errors),
            f"<p>{against}</p>",
            table(("equation", "root mean square of the residual"), residuals),
            table(("condition", "largest violation"), violated),
            table(("conserved by the equation", "out of balance by", "as a share of its terms"), kept),
            table(("observed", "points", "root mean square misfit", "largest misfit", "in units of"), seen),
        ]
    )


def condition_lines(conditions: Sequence[ConditionLine]) -> str:
    """The conditions, each with a tag that says whether it holds exactly, and why."""
    if not conditions:
        return ""
    lines = []
    for c in conditions:
        tag = '<span class="tag">exact</span>' if c.exact else '<span class="tag soft">soft</span>'
        told = f"<div>{tag} on {escape(c.where)}. {prose(c.reason)}</div>"
        name = f'<div class="name">{escape(c.formula.name)}</div>'
        lines.append(f'<div class="equation">{name}<div>{shown(c.formula)}{told}</div></div>')
    return "<h2>Conditions</h2>\n" + "\n".join(lines)


def _parameters(result: Mapping[str, Any]) -> str:
    """The unknown parameters that were found, with their intervals and the reference where there are some."""
    units = result.get("units") or {}
    found, truth = result.get("parameters") or {}, (result.get("reference") or {}).get("parameters") or {}
    uncertain = result.get("parameters_uncertainty") or {}
    intervals = uncertain.get("parameters", {})
    head = ("name", "value", *(("reference",) if truth else ()))
    rows = [
        (
            with_unit(name, units),
            with_interval(value, intervals[name]) if name in intervals else _digits(value),
            *((_digits(truth.get(name)),) if truth else ()),
        )
        for name, value in found.items()
    ]
    told = "".join(f"<p>{prose(sentence)}</p>" for sentence in uncertain.get("sentences", ()))
    return f"<h2>Parameters</h2>\n{table(head, rows)}{told}" if found else ""


def _outputs(result: Mapping[str, Any]) -> str:
    """The numbers that were asked for, with all their digits, beside the values that are known."""
    known, units = result.get("output_errors") or {}, result.get("units") or {}
    head = ("name", "value", *(("known value", "relative error") if known else ()))
    lines = []
    for name, value in (result.get("outputs") or {}).items():
        beside = known.get(name, {})
        told = (_digits(beside["known"]), f"{beside['relative']:.2g}") if beside else ("", "")
        lines.append((with_unit(name, units), _digits(value), *(told if known else ())))
    return f"<h2>Outputs</h2>\n{table(head, lines)}" if lines else ""


def _digits(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_digits, value))
    return "no value" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)


def _training(report: Report) -> str:
    """How long each phase ran and why it stopped, and anything worth remarking."""
    stops = [(s.get("phase"), s.get("steps"), duration(s.get("seconds")), s.get("reason")) for s in report.stops]
    keys = ("seed", "precision", "device", "stopped_because")
    told = [(key.replace("_", " "), report.result[key]) for key in keys if report.result.get(key) is not None]
    remarks = "".join(f"<p>{prose(remark)}</p>" for remark in report.remarks)
    return "\n".join(
        [
            "<h2>Training</h2>",
            table(("phase", "steps", "time", "stopped because"), stops),
            remarks,
            table(("", ""), told),
        ]
    )


def _texts(report: Report) -> str:
    """Problem, settings and environment, folded away."""
    parts = []
    told = _LONG.sub(r"\1…", report.problem_text)
    for title, text in (("Problem file", told), ("Settings", report.settings)):
        if text:
            parts.append(f"<details><summary>{title}</summary><pre>{escape(text)}</pre></details>")
    if report.environment:
        rows = table(("", ""), [(key, words(value)) for key, value in report.environment.items()])
        parts.append(f"<details><summary>Environment</summary>{rows}</details>")
    return "<h2>Everything else</h2>\n" + "\n".join(parts) if parts else ""
