"""A solved problem: fields that can be called, differentiated, scored, drawn, saved and loaded."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import Run, build_run
from pinnkit.config import dump_config, load_config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import load_problem
from pinnkit.results.fields import GridFields, ScatteredFields, at_points, on_grid, regular_axes, through_middle
from pinnkit.results.figures.gallery import draw_fields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.folder import HistoryFile, RunFolder, open_run_folder, read_history
from pinnkit.results.writing import cannot_write, whole, write_json, write_text
from pinnkit.stage import Found
from pinnkit.staging import lineage, on_earlier, started
from pinnkit.verification import ReferenceSolution, max_abs, reference_for, relative_l2, test_grid

_AT_ONCE = 16384


@final
class Solution:
    """The trained fields of a problem.

    Args:
        run: the problem, the config and the fields' form.
        theta: the trained parameters (P,).
        result: what is known of the run, with the keys of `result.json`.
        history: the records of its steps.

    Example:
        >>> solution = pinnkit.solve(problem, config)  # doctest: +SKIP
        >>> solution(np.array([[0.5, 0.1]]))  # doctest: +SKIP
    """

    def __init__(
        self, run: Run, theta: Tensor, result: Mapping[str, Any], history: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.run = run
        self.problem = run.problem
        self.config = run.config
        self.theta = theta
        self.result = dict(result)
        self.history = list(history)

    def __call__(self, points: object) -> np.ndarray:
        """The fields (n, f) at points (n, d), in the coordinates' own units and declared order.

        Raises:
            UserError: points of another shape.
        """
        zero = (0,) * len(self.problem.coordinates)
        return self._evaluate(points, IndexSet.closure([], len(zero)), lambda jet: jet.value)

    def derivative(self, name: str, points: object) -> np.ndarray:
        """A derivative (n,) by the name that equations give it (`u_x`, `u_xxt`), at points (n, d).

        Raises:
            UserError: a name that is no derivative of a field, or points of another shape.
        """
        partial = self.problem.scope.partial(name)
        if partial is None:
            message, hint = unknown("derivative", name, self.problem.fields)
            raise UserError(Mistake(message, hint=f"{hint} A derivative is written like `u_x`."))
        column = self.problem.fields.index(partial.field)
        indices = IndexSet.closure([partial.orders], len(partial.orders))
        return self._evaluate(points, indices, lambda jet: jet.derivative(partial.orders)[:, column])

    def reference(self) -> ReferenceSolution | None:
        """What is known of the answer independently, or None."""
        return reference_for(self.problem)

    def errors(self, reference: ReferenceSolution | None = None) -> dict[str, dict[str, float]]:
        """Every field's relative L2 and largest error on a grid that training never saw; empty without a reference."""
        known = reference if reference is not None else self.reference()
        if known is None:
            return {}
        _, points = test_grid(self.problem)
        values, truth = self(points), known.values(points)
        l2, worst = relative_l2(values, truth), max_abs(values, truth)
        return {
            name: {"relative_l2": float(l2[i]), "max_abs": float(worst[i])}
            for i, name in enumerate(self.problem.fields)
        }

    def sampled(self, reference: ReferenceSolution | None = None) -> GridFields | ScatteredFields:
        """The fields, and the reference where there is one, on a regular grid, or at points where d > 4."""
        problem = self.problem
        names = problem.scope.coordinates
        truth = reference.values if reference is not None else None
        bounds = [(c.lower, c.upper) for c in problem.coordinates]
        if len(names) > 4:
            middle = through_middle(self, problem.fields, names, bounds, problem.time, truth)
            return replace(at_points(self, problem.fields, names, test_grid(problem)[1], truth), middle=middle)
        axes = regular_axes(bounds)
        return on_grid(self, problem.fields, names, axes, problem.time, truth)

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
        (first, theta), *further = lineage(self.run.trial, self.theta)
        stages = []
        for found, (trial, own) in zip(self.run.stages, further, strict=True):
            assert trial.base is not None
            assert trial.base.start is not None
            stages.append({"theta": own.cpu(), "start": trial.base.start.cpu(), "found": asdict(found)})
        state = {"theta": theta.cpu(), "features": first.features.state_dict(), "stages": stages}
        with whole(files.checkpoint / "parameters.pt") as file:
            torch.save(state, file)
        return files.path

    @staticmethod
    def load(folder: Path | str) -> "Solution":
        """The solution that was saved in a folder; no code of the problem is needed.

        Raises:
            UserError: the folder holds no solution, or one whose parts were made in Python.
        """
        files = open_run_folder(Path(folder))
        problem = load_problem(files.problem)
        run = build_run(problem, load_config(files.config, ["device=auto"]), trains=False)
        path = files.checkpoint / "parameters.pt"
        try:
            state = torch.load(path, map_location=run.trial.device, weights_only=True)
        except FileNotFoundError:
            raise UserError(f"`{folder}` holds no parameters yet: the run ended before it had any") from None
        except Exception as error:
            raise UserError(f"`{path}` cannot be read as parameters: {type(error).__name__}") from None
        theta = _theta(state, "theta", run, path)
        try:
            run.trial.features.load_state_dict(state["features"])
        except (KeyError, TypeError, RuntimeError):
            raise UserError(f"`{path}` does not hold the fixed numbers of this run's embedding") from None
        for stage in state.get("stages", ()):
            run = on_earlier(run.config, run, theta, Found(**stage["found"]))
            theta = _theta(stage, "theta", run, path)
            run = started(run, _theta(stage, "start", run, path))
        result = json.loads(files.result.read_text("utf-8")) if files.result.is_file() else {}
        history = list(read_history(files.history)) if files.history.is_file() else []
        return Solution(run, theta, result, history)

    def _evaluate(self, points: object, indices: IndexSet, pick: Any) -> np.ndarray:
        """What `pick` takes from the fields' jets, in chunks of bounded memory."""
        trial = self.run.trial
        given = np.asarray(points, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != len(self.problem.coordinates):
            names = ", ".join(self.problem.scope.coordinates)
            raise UserError(
                f"points have the shape {given.shape}; they need (n, {len(self.problem.coordinates)}): {names}"
            )
        if not len(given):
            return self._evaluate([[c.lower for c in self.problem.coordinates]], indices, pick)[:0]
        parameters = trial.layout.split(self.theta)

        def network(features: Jet) -> Jet:
            fields: Jet = functional_call(trial.network, parameters, (features,))
            return fields

        parts = []
        for start in range(0, len(given), _AT_ONCE):
            with torch.no_grad():
                prepared = trial.prepare(trial.tensor(given[start : start + _AT_ONCE]), indices)
                parts.append(pick(trial.evaluate(prepared, network)).detach().cpu().to(torch.float64).numpy())
        return np.concatenate(parts)


def _theta(state: Any, name: str, run: Run, path: Path) -> Tensor:
    """Parameters of a run from what a file holds."""
    theta = state.get(name) if isinstance(state, dict) else None
    if not isinstance(theta, Tensor) or theta.shape != (run.trial.layout.size,):
        raise UserError(f"`{path}` does not hold the {run.trial.layout.size} parameters of this run")
    return theta.to(run.trial.dtype)
