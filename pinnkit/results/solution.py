"""A solved problem: fields that can be called, differentiated, scored, drawn, saved and loaded."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np
import sympy
from torch import Tensor

from pinnkit.building import Run
from pinnkit.config import Config, dump_config, load_config
from pinnkit.equations.expression import MultiIndex
from pinnkit.equations.parse import parse
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.marching import Window, general_config, on_windows
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.family import members
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.problem.regions import with_breaks
from pinnkit.results.checkpoint import load_windows, save_windows
from pinnkit.results.conservation import Kept, conserved
from pinnkit.results.fields import (
    GridFields,
    MeshFields,
    ScatteredFields,
    at_points,
    on_grid,
    regular_axes,
    through_middle,
)
from pinnkit.results.figures.gallery import draw_fields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.folder import RunFolder, open_run_folder
from pinnkit.results.history import HistoryFile, Thinned, read_history
from pinnkit.results.members import Member, fixed_values
from pinnkit.results.outputs import Found, Value, find_outputs
from pinnkit.results.shaped import edges_of, meshed_fields, only_in
from pinnkit.results.writing import cannot_write, write_json, write_text
from pinnkit.verification import ReferenceSolution, max_abs, measured_at, reference_for, relative_l2, test_grid


@final
class Solution:
    """The trained fields of a problem.

    Args:
        problem: what was solved.
        config: how, with every automatic choice made.
        windows: the trained fields, one after the other in time; one for all where time was not divided.
        result: what is known of the run, with the keys of `result.json`.
        history: the records of its steps.

    Example:
        >>> solution = pinnkit.solve(problem, config)  # doctest: +SKIP
        >>> solution(np.array([[0.5, 0.1]]))  # doctest: +SKIP
    """

    def __init__(
        self,
        problem: Problem,
        config: Config,
        windows: Sequence[Window],
        result: Mapping[str, Any] | None = None,
        history: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.problem = problem
        self.config = config
        self.windows = tuple(windows)
        self.result = dict(result or {})
        self.history = list(history)

    @staticmethod
    def of(run: Run, theta: Tensor) -> "Solution":
        """The fields of one run at given parameters."""
        return Solution(run.problem, run.config, [Window(run, theta)])

    @property
    def run(self) -> Run:
        """The run of the last window."""
        return self.windows[-1].run

    @property
    def theta(self) -> Tensor:
        """The parameters of the last window."""
        return self.windows[-1].theta

    @property
    def parameters(self) -> dict[str, float]:
        """The unknown parameters as they were found, by name."""
        return self.run.trial.parameters(self.theta)

    def __call__(self, points: object) -> np.ndarray:
        """The fields (n, f) at points (n, d), in the coordinates' own units and declared order.

        Raises:
            UserError: points of another shape.
        """
        return self._derivative(points, (0,) * len(self.problem.coordinates))

    def at(self, **values: float) -> "Member":
        """The fields of one member of a family, as functions of the other coordinates.

        Raises:
            UserError: a name that is not a parameter with a range, or a value outside that.
        """
        return Member(self, fixed_values(self.problem, values))

    def derivative(self, name: str, points: object) -> np.ndarray:
        """A derivative (n,) by the name that equations give it (`u_x`, `u_xxt`), at points (n, d).

        Raises:
            UserError: a name that is no derivative of a field, or points of another shape.
        """
        partial = self.problem.scope.partial(name)
        if partial is None:
            message, hint = unknown("derivative", name, self.problem.fields)
            raise UserError(Mistake(message, hint=f"{hint} A derivative is written like `u_x`."))
        return self._derivative(points, partial.orders)[:, self.problem.fields.index(partial.field)]

    def evaluate(self, expression: str | sympy.Expr, points: object) -> np.ndarray:
        """An expression (n,) of fields, derivatives, coordinates and parameters at points (n, d).

        Raises:
            UserError: a text that is not in the language, or points of another shape.
        """
        tree = parse(expression, self.problem.scope).tree if isinstance(expression, str) else expression
        given = self._points(points)
        if not len(given):
            return np.empty(0)
        return on_windows(self.windows, given, lambda w, own: w.run.evaluate(tree, own, w.theta))

    def outputs(self) -> dict[str, Value]:
        """The problem's `outputs` by name: a number, a list of numbers, or None for one that has no value."""
        return dict(self.found_outputs().values)

    def found_outputs(self) -> Found:
        """The outputs, and the reasons why some have no value."""
        return find_outputs(self._with_breaks(), self.evaluate, self.config.quadrature)

    def conserved(self) -> tuple[Kept, ...]:
        """What the equations conserve, and how well the fields do."""
        return conserved(self._with_breaks(), self.evaluate, self.config.quadrature)

    def _with_breaks(self) -> Problem:
        """The problem whose integrals are split where the fields may have kinks, as where windows meet."""
        problem, time = with_breaks(self.problem), self.problem.time
        if len(self.windows) > 1 and time is not None:
            whole = problem.coordinate(time)
            edges = {*whole.breaks, *(window.time.upper for window in self.windows[:-1])}
            split = replace(whole, breaks=tuple(sorted(edges)), break_texts=("",) * len(edges))
            problem = replace(problem, coordinates=tuple(split if c is whole else c for c in problem.coordinates))
        return problem

    def reference(self) -> ReferenceSolution | None:
        """What is known of the answer independently, or None."""
        return reference_for(self.problem)

    def errors(self, reference: ReferenceSolution | None = None) -> dict[str, dict[str, float]]:
        """Every field's relative L2 and largest error on a grid that training never saw; empty without a reference.

        In four dimensions or more they are scattered points, half of them where the answer is large.
        Complex fields stand behind the real ones, their errors in the modulus.
        """
        known = reference if reference is not None else self.reference()
        if known is None:
            return {}
        points = measured_at(self.problem, known.values)
        values, truth = self(points.coordinates), known.values(points.coordinates)
        l2, worst = relative_l2(values, truth, points.density), max_abs(values, truth)
        found = {
            name: {"relative_l2": float(l2[i]), "max_abs": float(worst[i])}
            for i, name in enumerate(self.problem.fields)
        }
        for name, pair in self.problem.complex_fields.components(self.problem.fields).items():
            own, true = (np.ascontiguousarray(array[:, pair]).view(np.complex128) for array in (values, truth))
            l2, worst = relative_l2(own, true, points.density), max_abs(own, true)
            found[name] = {"relative_l2": float(l2[0]), "max_abs": float(worst[0])}
        return found

    def sampled(self, reference: ReferenceSolution | None = None) -> GridFields | ScatteredFields:
        """The fields, and the reference where there is one, on a regular grid, or at points where d > 4."""
        problem = self.problem
        names, shown_names = problem.scope.coordinates, self._shown_names
        own = [c for c in problem.coordinates if not c.family]
        truth = reference.values if reference is not None else None
        bounds = [c.axis.window for c in problem.coordinates]
        if len(own) > 4:
            middle = through_middle(self._shown, shown_names, names, bounds, problem.time, truth)
            return replace(at_points(self._shown, shown_names, names, test_grid(problem)[1], truth), middle=middle)
        known = dict(zip((c.name for c in own), regular_axes([c.axis.window for c in own]), strict=True))
        shown = members(problem, shown=True)
        axes = [known[n] if n in known else np.unique([values[n] for values in shown]) for n in names]
        known_truth = only_in(problem, truth) if truth is not None else None
        grid = on_grid(only_in(problem, self._shown), shown_names, names, axes, problem.time, known_truth)
        return replace(grid, family=problem.family, edges=edges_of(problem), units=problem.units)

    def on_mesh(self, reference: ReferenceSolution | None = None) -> MeshFields:
        """The fields, and the reference where there is one, on a mesh of the domain, which is a shape."""
        truth = reference.values if reference is not None else None
        return meshed_fields(self._shown, self._shown_names, self.problem, truth)

    def plot(self, folder: Path | str) -> tuple[Picture, ...]:
        """Draw the fields into a folder, beside the reference where there is one.

        Raises:
            UserError: the folder cannot be made.
        """
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(Path(folder), error) from None
        return draw_fields(Path(folder), self.sampled(self.reference()))

    def save(self, folder: Path | str) -> Path:
        """Write what `load` needs: the problem, the config and the parameters; and the result and the history.

        Raises:
            UserError: the folder cannot be written to.
        """
        files = RunFolder(Path(folder))
        write_text(files.problem, dump_problem(self.problem))
        write_text(files.config, dump_config(self.config))
        write_json(files.result, self.result)
        if not files.history.exists():  # while a run is going on, it writes its own
            with HistoryFile(files.history) as file:
                for record in self.history:
                    file.append(record)
        save_windows(files, self.windows)
        return files.path

    @staticmethod
    def load(folder: Path | str) -> "Solution":
        """The solution that was saved in a folder; no code of the problem is needed.

        Raises:
            UserError: the folder holds no solution, or one whose parts were made in Python.
        """
        files = open_run_folder(Path(folder))
        problem = load_problem(files.problem)
        config = load_config(files.config, ["device=auto"])
        windows = load_windows(files, problem, config)
        if not windows:
            raise UserError(f"`{folder}` holds no parameters yet: the run ended before it had any")
        result = json.loads(files.result.read_text("utf-8")) if files.result.is_file() else {}
        history = Thinned(read_history(files.history)).records
        return Solution(problem, general_config(config, windows[0].run.config), windows, result, history)

    @property
    def _shown_names(self) -> tuple[str, ...]:
        """The fields, and the derived ones behind them."""
        return (*self.problem.fields, *(derived.name for derived in self.problem.derived))

    def _shown(self, points: np.ndarray) -> np.ndarray:
        """Their values (n, columns) at points."""
        made = [self.evaluate(derived.expression.tree, points) for derived in self.problem.derived]
        return np.column_stack([self(points), *made]) if made else self(points)

    def _points(self, points: object) -> np.ndarray:
        """Points as an array (n, d).

        Raises:
            UserError: another shape.
        """
        given = np.asarray(points, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != len(self.problem.coordinates):
            names = ", ".join(self.problem.scope.coordinates)
            raise UserError(
                f"points have the shape {given.shape}; they need (n, {len(self.problem.coordinates)}): {names}"
            )
        return given

    def _derivative(self, points: object, orders: MultiIndex) -> np.ndarray:
        """One derivative (n, f) of all fields."""
        given = self._points(points)
        if not len(given):
            return np.empty((0, len(self.problem.fields)))
        return on_windows(self.windows, given, lambda w, own: w.run.derivative(own, orders, w.theta))
