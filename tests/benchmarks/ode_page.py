"""The page and the picture of what tests/benchmarks/ode.py has run."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from report import RESULTS, table

from pinnkit.results.figures.style import COLOURS, INK, SOFT, dress, figure, save

REMARK = """Each row is `pinnkit solve problems/NAME.yaml` with the config that the file names, seed 0, one run on one
thread. Beside it, where there is one, stands a published set-up: the same problem in the paper's form, with the paper's
trial field, network, optimizer and points. The error of a field is its relative L2 error, and that of a number is
relative too. Musts are what this project asks of itself; where it asks for nothing but the tolerance of the problem
file, that stands in brackets. Configs were chosen on these very problems, with the error in view."""

THEIRS = """## The published set-ups

They are problem files in `tests/benchmarks/papers`, with the trial fields of the papers, and configs in
`configs/papers`.

- **R. Cayuso, M. Herrero-Valea, E. Barausse, arXiv 2409.20150** (`papers/cayuso_*`): the networks, rates, points and
  steps of their notebook, in float32. Their code keeps the hidden layers in a list that PyTorch does not see, so that
  it trains the first and the last layer alone; here all layers are trained. Their loss is a mean square, ours half of
  it. Here the network sees the interval scaled to [-1, 1] and not x itself, its weights start as `mlp` says, and one
  network has both fields of the accretion. Their khronon problem goes to x = 2, and the density with which their
  accretion begins has six digits.
- **S. Sarkar, arXiv 2504.05367** (`papers/sarkar_well`): a trial field with the zeros of the walls, and a loss of the
  mean squared residual and the squared defect of the norm. The energy is given for the infinite well and trained for
  the others, for one state. Widths, steps, rates and weights, the depth of the well and the height of the barrier are
  not known here. They were chosen plainly, so that the errors say nothing of what that paper reached.

All errors are of runs made here. A run that its limit of seconds has cut shows it by its steps: it says what was
reached in that time, beside other work on the machine, and not what the set-up reaches in the end. Where the two sides
were run on different days, they were run on the machines that stand below, so that their seconds are no comparison."""

EXACT = """## Exact values

`.venv/bin/python tests/benchmarks/ode_exact.py` prints them: levels from the equations that match sines and
exponentials, those of the double well by sinc functions on a line, Michel's flow from its two integrals. Horizons are
roots of a solution by Chebyshev collocation. Errors of other fields are those of the run's own result.json, against the
reference that the file names; the parameters behind observations stand in the problem file."""

PICTURE = "![largest error of every row, ours and theirs, and what it must be](ode.png)"


SIDES = ("ours", "theirs")

_DIGITS = 1e-16
"""Errors below it are those of no digit."""


class RowLike(Protocol):
    """What the page needs of a row."""

    must: float | None
    reach: float | None
    seconds: float | None

    @property
    def key(self) -> str:
        """Its name in the store."""
        ...


Store = Mapping[str, Mapping[str, Any]]


def write_page(rows: Sequence[RowLike], store: Store, missing: Sequence[str], folder: Path = RESULTS) -> None:
    """Write ode.md and ode.png."""
    draw(rows, store, folder / "ode.png")
    (folder / "ode.md").write_text(page(rows, store, missing) + "\n", encoding="utf-8")


def page(rows: Sequence[RowLike], store: Store, missing: Sequence[str]) -> str:
    """The text of docs/results/ode.md."""
    parts = ["# Singular equations, wells and unknown parameters", REMARK, _errors(rows, store)]
    # What is not there cannot have been run.
    waiting = [row.key for row in rows if row.key not in store and row.key.split()[0] not in missing]
    for lead, names in (("No problem file yet", missing), ("Not run yet", waiting)):
        if names:
            parts.append(f"{lead}: {', '.join(f'`{name}`' for name in names)}.")
    parts += [PICTURE, _numbers(rows, store), _seeds(rows, store), THEIRS, EXACT, _commands(rows, store)]
    return "\n\n".join(part for part in parts if part)


def largest(run: Mapping[str, Any] | None) -> float | None:
    """The largest error of a run; None where there is none."""
    errors = [error for _, measured in _measured(run) for error in measured["errors"].values() if error is not None]
    return max(errors, default=None)


def _measured(run: Mapping[str, Any] | None) -> Iterator[tuple[int, Mapping[str, Any]]]:
    yield from enumerate(run["measured"] if run is not None else ())


def _errors(rows: Sequence[RowLike], store: Store) -> str:
    """Ours and theirs side by side, a line for everything that is asked of a problem."""
    head = ["problem", "what", "must", "reach for", "ours", "seconds", "theirs", "their seconds", "their steps"]
    body = []
    for row in rows:
        runs = store.get(row.key, {})
        ours, theirs = runs.get("ours"), runs.get("theirs")
        for number in range(max((len(runs[side]["measured"]) for side in SIDES if side in runs), default=0)):
            mine, other = _part(ours, number), _part(theirs, number)
            what = dict.fromkeys(part["what"] for part in (mine, other) if part is not None)
            first = number == 0
            cells = [
                *("; theirs: ".join(what), _must(row, runs), f"{row.reach:.0e}" if row.reach is not None else ""),
                *(_listed(mine), _spent(ours) if first else ""),
                *(_listed(other), _spent(theirs) if first else "", _steps(theirs) if first else ""),
            ]
            body.append([f"`{row.key}`", *cells])
    return table(head, body) if body else "Nothing has been run."


def _part(run: Mapping[str, Any] | None, number: int) -> Mapping[str, Any] | None:
    return next((measured for own, measured in _measured(run) if own == number), None)


def _must(row: RowLike, runs: Mapping[str, Any]) -> str:
    if row.must is not None:
        return f"{row.must:.0e}" + (f" in {row.seconds:g} s" if row.seconds is not None else "")
    return f"({runs['ours']['tolerance']:.0e})" if "ours" in runs else ""


def _listed(measured: Mapping[str, Any] | None) -> str:
    """Errors by name, the name left out where there is one alone."""
    if measured is None:
        return "-"
    texts = {name: _error(error) for name, error in measured["errors"].items()}
    alone = len(texts) == 1
    return ", ".join(text if alone else f"{name} {text}" for name, text in texts.items()) or "-"


def _error(error: float | None) -> str:
    if error is None:
        return "not found"
    return f"{error:.1e}" if error >= _DIGITS else f"below {_DIGITS:.0e}"


def _spent(run: Mapping[str, Any] | None) -> str:
    return "-" if run is None else f"{run['seconds']:.0f}"


def _steps(run: Mapping[str, Any] | None) -> str:
    return "" if run is None else f"{run['steps']:,} of {run['planned']:,}"


def _numbers(rows: Sequence[RowLike], store: Store) -> str:
    """The numbers that were found beside the exact ones."""
    body = []
    for row in rows:
        runs = store.get(row.key, {})
        names = {
            (number, name): measured
            for side in ("theirs", "ours")
            for number, measured in _measured(runs.get(side))
            for name in measured.get("values", ())
        }
        for (number, name), known in sorted(names.items(), key=lambda item: item[0]):
            truth = known["exact"].get(name)
            cells = [_found(_part(runs.get(side), number), name) for side in SIDES]
            body.append([f"`{row.key}`", f"{known['what']} {name}", _digits(truth), *cells])
    head = ["problem", "number", "exact", "ours", "theirs"]
    return f"## The numbers\n\n{table(head, body)}" if body else ""


def _seeds(rows: Sequence[RowLike], store: Store) -> str:
    """How often stated intervals held the truth."""
    body = []
    for row in rows:
        if (seeds := store.get(row.key, {}).get("seeds")) is not None:
            for name, inside in seeds["inside"].items():
                error = f"{max(seeds['errors'][name]):.1e}"
                spent = f"{seeds['seconds'] / seeds['count']:.0f}"
                body.append([f"`{row.key}`", name, f"{inside} of {seeds['count']}", "16 of 20", error, spent])
    head = ["problem", "parameter", "inside", "must", "largest relative error", "seconds a run"]
    lead = "The readings are drawn anew for every seed. Counted is how often a parameter lies in its own 95 % interval."
    return f"## Over seeds of the noise\n\n{lead}\n\n{table(head, body)}" if body else ""


def _found(measured: Mapping[str, Any] | None, name: str) -> str:
    """A number as it was found, with its interval where the run states one."""
    if measured is None:
        return "-"
    interval = measured.get("intervals", {}).get(name)
    known = f" ({interval[0]:.6g} to {interval[1]:.6g})" if interval else ""
    return _digits(measured.get("values", {}).get(name)) + known


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.13g}"


def _commands(rows: Sequence[RowLike], store: Store) -> str:
    """Where, when and by what every run was made: a line for runs of one command."""
    made: dict[str, list[str]] = {}
    for row in rows:
        for side in (*SIDES, "seeds"):
            if side in store.get(row.key, {}):
                run = store[row.key][side]
                cut = f" (at most {run['limit']:g} s a phase)" if run["limit"] is not None else ""
                made.setdefault(run["origin"], []).append(f"{row.key}, {side}{cut}")
    lines = [f"- {origin}: {'; '.join(runs)}." for origin, runs in made.items()]
    return "## Made by\n\n" + "\n".join(lines) if lines else ""


def draw(rows: Sequence[RowLike], store: Store, path: Path) -> None:
    """The largest error of every row, ours and theirs, with a mark where it must be."""
    shown = [row for row in rows if row.key in store]
    made = figure(8.6, 1.3 + 0.27 * max(len(shown), 1))
    axes = dress(made.add_subplot(), "largest relative error")
    for height, row in enumerate(shown):
        runs = store[row.key]
        for side, colour, shape in (("theirs", COLOURS[1], "s"), ("ours", COLOURS[0], "o")):
            if (error := largest(runs.get(side))) is not None:
                axes.plot(max(error, _DIGITS), height, shape, color=colour, markersize=6, label=side)
        must = row.must if row.must is not None else runs.get("ours", {}).get("tolerance")
        if must is not None:
            axes.plot(must, height, "|", color=INK, markersize=13, markeredgewidth=1.6, label="must")
        if row.reach is not None:
            axes.plot(row.reach, height, "|", color=SOFT, markersize=9, label="reach for")
    axes.set_yticks(range(len(shown)), [row.key.replace(" --parameter", ",") for row in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    if shown:
        axes.set_xscale("log")
    drawn, named = axes.get_legend_handles_labels()
    once = dict(zip(named, drawn, strict=True))
    if once:
        made.legend(once.values(), once.keys(), loc="outside upper right", ncols=4, frameon=False, fontsize=9)
    save(made, path)
