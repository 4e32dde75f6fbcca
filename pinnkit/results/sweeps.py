"""What came of a sweep: its members, and their table as text, Markdown, CSV and JSON."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median
from typing import Any, final

from pinnkit.errors import SolveError
from pinnkit.results.writing import write_json, write_text

Values = Mapping[str, float | str]
"""The parameters of one member by name; its seed and its config, where there are several."""


@final
@dataclass(frozen=True)
class Member:
    """One run of a sweep: its values, where it lies, what came of it, and why it failed, if it did."""

    values: Values
    folder: Path
    result: Mapping[str, Any]
    failure: str | None = None

    @property
    def label(self) -> str:
        """The values in words, such as `c = 0.2, nu = 0.01`."""
        return named(self.values)

    @property
    def verdict(self) -> str:
        """The verdict of the run, or that it failed."""
        return "failed" if self.failure is not None else str(self.result.get("verdict"))

    def errors(self) -> dict[str, float]:
        """Every field's relative L2 error; none without a reference, or of a run that left nothing."""
        return {name: error["relative_l2"] for name, error in (self.result.get("errors") or {}).items()}

    def found(self) -> dict[str, float]:
        """The unknown parameters and the outputs, each level of a list under a name of its own."""
        flat: dict[str, float] = {}
        for kind in ("parameters", "outputs"):
            for name, value in (self.result.get(kind) or {}).items():
                flat.update(_flat(name, value))
        return flat


@final
@dataclass(frozen=True)
class Sweep:
    """The members of a sweep, those that were run.

    Args:
        problem: the problem's name.
        values: the values of every parameter.
        members: the runs, in the order in which they were made.
        folder: where they lie.
    """

    problem: str
    values: Mapping[str, Sequence[float | str]]
    members: tuple[Member, ...]
    folder: Path

    @property
    def total(self) -> int:
        """How many members there should be."""
        return prod(len(values) for values in self.values.values())

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """The names of the columns, and a row a member: values, verdict, errors, what was found, seconds."""
        fields = list(dict.fromkeys(name for m in self.members for name in m.errors()))
        found = list(dict.fromkeys(name for m in self.members for name in m.found()))
        head = [*self.values, "verdict", *(f"error {name}" for name in fields), *found, "seconds"]
        rows = [
            [
                *m.values.values(),
                m.verdict,
                *(m.errors().get(name) for name in fields),
                *(m.found().get(name) for name in found),
                m.result.get("seconds"),
            ]
            for m in self.members
        ]
        return head, rows

    def __str__(self) -> str:
        head, rows = self.cells()
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        lines = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]
        return "\n".join([*lines, *self.remarks(), f"Results: {self.folder}"])

    def markdown(self) -> str:
        """The table in Markdown, with what went wrong below it."""
        head, rows = self.cells()
        lines = [f"# {self.problem}", "", _line(head), _line(["---"] * len(head)), *map(_line, rows)]
        remarks = self.remarks()
        return "\n".join([*lines, *(["", *(f"- {remark}" for remark in remarks)] if remarks else []), ""])

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """The table as text."""
        head, rows = self.table()

        def shown(name: str, value: Any) -> str:
            if value is None or isinstance(value, str):
                return value or "-"
            return (
                f"{value:.1e}" if name.startswith("error ") else f"{value:.1f}" if name == "seconds" else _tidy(value)
            )

        return head, [[shown(name, value) for name, value in zip(head, row, strict=True)] for row in rows]

    def remarks(self) -> list[str]:
        """How the seeds differ, which members failed and why, and how many were not run."""
        said = self._over_seeds()
        said += [f"{m.label} failed: {m.failure}" for m in self.members if m.failure is not None]
        left = self.total - len(self.members)
        return [*said, f"{left} of {self.total} members were not run: interrupted."] if left else said

    def _over_seeds(self) -> list[str]:
        """Of every other choice, the median and the largest error over its seeds."""
        groups: dict[str, list[Member]] = {}
        for member in self.members:
            rest = {name: value for name, value in member.values.items() if name != "seed"}
            groups.setdefault(named(rest), []).append(member)
        said = []
        for others, members in groups.items():
            known = [m.errors() for m in members if m.failure is None and m.errors()]
            if len(known) < 2 or "seed" not in self.values:
                continue
            for name in known[0]:
                errors = [error[name] for error in known]
                place = f"{others}: " if others else ""
                worst = f"median {median(errors):.1e}, largest {max(errors):.1e}"
                said.append(f"{place}error {name} over {len(errors)} seeds: {worst}")
        return said

    def require_whole(self) -> None:
        """Refuse a sweep of which a member failed.

        Raises:
            SolveError: which did.
        """
        failed = [m.label for m in self.members if m.failure is not None]
        if failed:
            raise SolveError(f"{len(failed)} of {self.total} members failed: {'; '.join(failed)}")


def write_tables(found: Sweep) -> None:
    """Write the table as JSON, CSV and Markdown into the folder of the sweep.

    Raises:
        UserError: the folder cannot be written to.
    """
    head, rows = found.table()
    members = [
        {
            "values": m.values,
            "folder": m.folder.name,
            "verdict": m.verdict,
            "failure": m.failure,
            "errors": m.errors(),
            "parameters": m.result.get("parameters") or {},
            "outputs": m.result.get("outputs") or {},
            "residuals": m.result.get("residuals") or {},
            "seconds": m.result.get("seconds"),
        }
        for m in found.members
    ]
    write_json(
        found.folder / "sweep.json", {"problem": found.problem, "values": dict(found.values), "members": members}
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*head, "folder"])
    writer.writerows([*row, m.folder.name] for row, m in zip(rows, found.members, strict=True))
    write_text(found.folder / "sweep.csv", text.getvalue())
    write_text(found.folder / "sweep.md", found.markdown())


def _flat(name: str, value: Any) -> dict[str, float]:
    """Numbers by name: of a list each by its number, of a mapping its `value`, of anything else none."""
    if isinstance(value, Mapping):
        return _flat(name, value.get("value"))
    if isinstance(value, list | tuple):
        return {key: own for i, each in enumerate(value, 1) for key, own in _flat(f"{name} {i}", each).items()}
    return {name: float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else {}


def named(values: Values) -> str:
    """The values in words, such as `c = 0.2, nu = 0.01`."""
    return ", ".join(f"{name} = {as_text(value)}" for name, value in values.items())


def as_text(value: float | str) -> str:
    """The shortest text from which the number is read again."""
    if isinstance(value, str):
        return value
    short_text = f"{value:g}"
    return short_text if float(short_text) == value else repr(value)


def _tidy(value: float) -> str:
    return f"{value:.10g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
