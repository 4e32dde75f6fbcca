"""Singular equations, wells, families and unknown parameters, as a user runs them, beside published set-ups.

.venv/bin/python tests/benchmarks/ode.py --write                                  # every row, theirs for 120 s
.venv/bin/python tests/benchmarks/ode.py --only khronon --theirs --paper-seconds 600 --write
.venv/bin/python tests/benchmarks/ode.py --only lorenz_inverse --ours --noise-seeds 20 --write
.venv/bin/python tests/benchmarks/ode.py --redraw                                 # the page, from what was run

Runs are kept in docs/results/ode.json, so that one of them can be made again without the others.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, final

import numpy as np
import ode_exact as exact
import ode_page
from ode_noise import readings_over_seeds
from ode_run import Found, solved
from report import RESULTS
from scipy.optimize import brentq

from pinnkit.shipped import shipped_problems

STORE = RESULTS / "ode.json"
PAPERS = Path("tests/benchmarks/papers")


Measured = dict[str, Any]
"""What was measured (`what`), and by name its `errors`; where it is a number also its `values` and the `exact` ones."""

Measure = Callable[[Found], Measured]


def fields(found: Found) -> Measured:
    """The relative L2 error of every field, as the run's own result.json has it."""
    errors = {name: own["relative_l2"] for name, own in found.result["errors"].items()}
    return {"what": "relative L2 error", "errors": errors}


def horizon(found: Found) -> Measured:
    """The root of y: the problem's own output where it has one."""
    value = found.result["outputs"].get("horizon")
    if value is None:
        value = _root(lambda x: float(found.solution(np.array([[x]]))[0, 0]), 1.2, 1.75)
    return numbers("horizon", {"x": value}, {"x": exact.HORIZONS[found.given["c"]]})


def sonic(found: Found) -> Measured:
    """Where the flow has the speed of sound."""

    def faster(r: float) -> float:
        rho, v = found.solution(np.array([[r]]))[0]
        return float(v**2 - exact.sound(rho))

    return numbers("sonic point", {"r": _root(faster, 30.0, 60.0)}, {"r": exact.SONIC_RADIUS})


def flow(found: Found) -> Measured:
    """The relative L2 errors of density and speed against the flow's integrals, on 400 even points."""
    radii = np.linspace(20.0, 140.5, 400)
    truth = exact.michel(radii)
    kept = np.isfinite(truth[:, 0])
    off = found.solution(radii[kept][:, None]) - truth[kept]
    errors = np.linalg.norm(off, axis=0) / np.linalg.norm(truth[kept], axis=0)
    return {"what": "relative L2 error", "errors": dict(zip(("rho", "v"), map(float, errors), strict=True))}


def levels(truth: Callable[[int], Sequence[float]], states: int, found: Found) -> Measured:
    """The energies in result.json: one number, a list of levels, or a number for every state."""
    known = found.result["parameters"]
    value = known["E"] if "E" in known else [known.get(f"E_{number}") for number in range(1, states + 1)]
    energies = list(value) if isinstance(value, (list, tuple)) else [value]
    names = [f"E{number}" for number in range(1, states + 1)]
    padded = [*energies, *[None] * states][:states]
    return numbers("energy", dict(zip(names, padded, strict=True)), dict(zip(names, truth(states), strict=True)))


def ground_state(found: Found) -> Measured:
    """The relative L2 error of the infinite well's lowest state, whose energy is given, whatever its sign."""
    x = np.linspace(0.0, 1.0, 401)
    truth = np.sqrt(2.0) * np.sin(np.pi * x)
    values = found.solution(x[:, None])[:, 0]
    error = min(np.linalg.norm(values - truth), np.linalg.norm(values + truth)) / np.linalg.norm(truth)
    return {"what": "relative L2 error, energy given", "errors": {"psi": float(error)}}


def unknowns(found: Found) -> Measured:
    """The unknown parameters against those with which the observations were made, as the problem file states them."""
    truth = (found.result["reference"] or {}).get("parameters", {})
    stated = found.result.get("parameters_uncertainty", {}).get("parameters", {})
    intervals = {name: own["interval"] for name, own in stated.items()}
    return {**numbers("parameter", found.result["parameters"], truth), "intervals": intervals}


def numbers(what: str, values: Mapping[str, float | None], truth: Mapping[str, float]) -> Measured:
    """Relative errors of numbers; one that was not found has none."""
    errors = {
        name: abs(value - truth[name]) / abs(truth[name]) if value is not None and name in truth else None
        for name, value in values.items()
    }
    return {"what": what, "errors": errors, "values": dict(values), "exact": {n: truth.get(n) for n in values}}


def _root(function: Callable[[float], float], lower: float, upper: float) -> float | None:
    """The first change of sign, or None."""
    grid = np.linspace(lower, upper, 201)
    values = [function(float(x)) for x in grid]
    for a, b, left, right in zip(grid[:-1], grid[1:], values[:-1], values[1:], strict=True):
        if left * right <= 0:
            return float(brentq(function, a, b, xtol=1e-14))
    return None


@final
@dataclass(frozen=True)
class Row:
    """A problem with further words of its command.

    measures: what is asked of the run.
    must, reach: the errors that are asked for and hoped for; None for the tolerance of the problem file, and none.
    seconds: in which the must is to be reached, if said.
    paper: the file in `papers` of the published set-up, where there is one.
    theirs: what is asked of its run, where that differs.
    readings: what `noisy_readings.py` calls the data of the problem, where it makes them.
    """

    name: str
    measures: tuple[Measure, ...] = (fields,)
    must: float | None = None
    reach: float | None = None
    seconds: float | None = None
    words: tuple[str, ...] = ()
    paper: str | None = None
    theirs: tuple[Measure, ...] = ()
    readings: str | None = None

    @property
    def key(self) -> str:
        """The row's name in the table and in the store."""
        return " ".join((self.name, *self.words))


def _parameter(text: str) -> tuple[str, ...]:
    return ("--parameter", text)


def _well(name: str, must: float, reach: float, states: int = 3, measure: Measure | None = None) -> Row:
    truth = getattr(exact, name)
    paper = name if (PAPERS / f"{name}.yaml").is_file() else None
    theirs = (measure or partial(levels, truth, 1),)
    return Row(name, (partial(levels, truth, states),), must, reach, paper=paper, theirs=theirs)


ROWS = (
    Row("legendre", must=1e-9, reach=1e-13, seconds=30, paper="legendre"),
    Row("legendre", must=1e-9, reach=1e-13, seconds=30, words=_parameter("l=10")),
    Row("hypergeometric", must=1e-9, reach=1e-13, seconds=30, paper="hypergeometric"),
    Row("bessel", must=1e-9, reach=1e-13, seconds=30),
    *(Row("lane_emden", words=_parameter(f"n={n}")) for n in (0, 1, 5)),
    *(
        Row("khronon", (horizon,), 1e-6, 1e-9, words=_parameter(f"c={c:g}"), paper="khronon")
        for c in sorted(exact.HORIZONS)
    ),
    Row("michel_accretion", (flow, sonic), 1e-6, 1e-10, paper="michel_accretion"),
    _well("infinite_well", 1e-8, 1e-12, measure=ground_state),
    _well("finite_well", 1e-8, 1e-12),
    _well("barrier", 1e-7, 1e-11),
    _well("harmonic_well", 1e-7, 1e-11),
    _well("double_well", 1e-7, 1e-10, states=2),
    Row("two_material_heat"),
    Row("burgers_family"),
    Row("diffusivity_inverse", (unknowns,), readings="diffusivity"),
    Row("lorenz_inverse", (unknowns,), readings="lorenz"),
)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", nargs="+", metavar="NAME", help="rows by problem, or by their whole name")
    arguments.add_argument("--ours", action="store_true", help="the shipped configs alone")
    arguments.add_argument("--theirs", action="store_true", help="the published set-ups alone")
    arguments.add_argument("--seconds", type=float, help="at most so many for every phase of a shipped config")
    arguments.add_argument("--paper-seconds", type=float, default=120.0, help="and for a published set-up")
    arguments.add_argument(
        "--noise-seeds", type=int, default=0, help="and rows with readings, for so many seeds of noise"
    )
    arguments.add_argument("--write", action="store_true", help="keep the runs, and write docs/results/ode.md")
    arguments.add_argument("--redraw", action="store_true", help="run nothing, and write the page of what was run")
    given = arguments.parse_args()
    if not given.redraw:
        chosen = [row for row in ROWS if not given.only or row.name in given.only or row.key in given.only]
        if not chosen:
            arguments.error(f"no such row; there are {', '.join(row.key for row in ROWS)}")
        for row in chosen:
            for side, seconds in (("ours", given.seconds), ("theirs", given.paper_seconds)):
                wanted = getattr(given, side) or given.ours == given.theirs
                if wanted and (found := run(row, side, seconds)) is not None and given.write:
                    keep(row, side, found)
            if row.readings and given.noise_seeds and not given.theirs:
                seeds = readings_over_seeds(row.name, row.readings, given.noise_seeds, given.seconds)
                if seeds is not None and given.write:
                    keep(row, "seeds", seeds)
    if given.write or given.redraw:
        ode_page.write_page(ROWS, stored(), missing())


def stored() -> dict[str, Any]:
    """The runs that were made before, by row and side."""
    return dict(json.loads(STORE.read_text("utf-8"))) if STORE.is_file() else {}


def keep(row: Row, side: str, found: Mapping[str, Any]) -> None:
    """Add a run to the store, which is read again, since another of these commands may have written meanwhile."""
    store = stored()
    store[row.key] = {**store.get(row.key, {}), side: dict(found)}
    STORE.write_text(json.dumps(store, indent=2) + "\n", encoding="utf-8")


def missing() -> list[str]:
    """The problems of the table that are not shipped."""
    return sorted({row.name for row in ROWS} - set(shipped_problems()))


def run(row: Row, side: str, seconds: float | None) -> dict[str, Any] | None:
    """The figures of one run; None where there is nothing to run, or where the run is refused, which is printed."""
    problem = f"problems/{row.name}.yaml" if side == "ours" else f"{PAPERS}/{row.paper}.yaml"
    if not Path(problem).is_file():
        if side == "ours":
            print(f"{row.key}: {problem} is not there", flush=True)
        return None
    made = solved(problem, row.words, seconds)
    if made is None:
        return None
    found, figures = made
    measures = row.theirs if side == "theirs" and row.theirs else row.measures
    measured = [measure(found) for measure in measures]
    print(row.key, side, measured, f"{figures['seconds']:.0f} s", flush=True)
    return {"measured": measured, **figures}


if __name__ == "__main__":
    main()
