"""What a run leaves in its folder: first the problem and the config, at the end result, fields, figures and report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinnkit.building import Run
from pinnkit.config import Config, dump_config
from pinnkit.equations import latex, unicode
from pinnkit.equations.expression import Expression
from pinnkit.points import Points
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.integrals import over
from pinnkit.problem.named import as_written
from pinnkit.problem.problem import Condition, Equation, IntegralCondition, Problem
from pinnkit.processes import Team
from pinnkit.results.environment import environment
from pinnkit.results.fields import GridFields, ScatteredFields, write_fields
from pinnkit.results.figures.course import draw_course
from pinnkit.results.figures.gallery import draw_fields, draw_history, draw_march
from pinnkit.results.figures.observations import Seen, draw_observations
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.points import draw_points
from pinnkit.results.figures.residuals import draw_residuals
from pinnkit.results.figures.spectra import draw_spectrum
from pinnkit.results.figures.tables import draw_table
from pinnkit.results.folder import RunFolder
from pinnkit.results.misfits import observed_values
from pinnkit.results.page import Formula
from pinnkit.results.paths import UNSEEN, positions, unseen
from pinnkit.results.report import ConditionLine, Report, write_report
from pinnkit.results.residual_map import residual_map
from pinnkit.results.solution import Solution
from pinnkit.results.tables import tabulated, write_csv
from pinnkit.results.vtk import write_vtk
from pinnkit.results.writing import write_json, write_text
from pinnkit.verification import ReferenceSolution


def write_start(files: RunFolder, problem: Problem, config: Config, plugins: Sequence[Path] = ()) -> None:
    """What a folder holds before the first step."""
    write_text(files.problem, dump_problem(problem))
    write_text(files.config, dump_config(config))
    threads = config.threads if isinstance(config.threads, int) else torch.get_num_threads()
    processes = Team.here().count
    made_with = environment(config.device, config.precision, "highest", threads, plugins, processes)
    write_json(files.environment, made_with)


def _made_with(files: RunFolder, config: Config) -> dict[str, Any]:
    """What was noted when the run began; what holds now where nothing was."""
    if files.environment.is_file():
        noted: dict[str, Any] = json.loads(files.environment.read_text("utf-8"))
        return noted
    return environment(config.device, config.precision, "highest", torch.get_num_threads())


def write_result(
    files: RunFolder, solution: Solution, reference: ReferenceSolution | None, moved: Solution | None = None
) -> None:
    """The result, the fields, the figures and the report; the result first, in case a picture fails.

    Args:
        files: where they go.
        solution: the trained fields.
        reference: what they are drawn beside.
        moved: the fields as the linearised equation would have them, whose difference is an estimate of the error.
    """
    write_json(files.result, solution.result)
    fields = solution.sampled(reference)
    write_fields(files.fields, fields)
    write_vtk(files.path, fields if solution.problem.body is None else solution.on_mesh(reference))
    files.figures.mkdir(exist_ok=True)
    pictures = (
        *draw_fields(files.figures, fields),
        *(_draw_estimate(files.figures / "estimated_error", fields, moved) if moved is not None else ()),
        *_draw_spectra(files.figures, solution, fields),
        *_draw_residuals(files.figures / "residuals.png", solution),
        *_draw_tables(files, solution, reference),
        *_draw_observations(files.figures, solution, fields),
        _draw_points(files.figures / "points.png", solution),
        *_draw_course(files.figures / "points_over_training.png", solution),
        *draw_history(files.figures, solution.history, _truth(solution)),
        *_draw_march(files.figures, solution, fields),
    )
    problem = solution.problem
    report = Report(
        title=problem.name,
        result=solution.result,
        equations=[formula_of(equation, problem) for equation in problem.equations],
        conditions=condition_lines_of(solution.windows[0].run),
        stops=solution.result["stops"],
        pictures=pictures,
        environment=_made_with(files, solution.config),
        description=problem.title,
        settings=dump_config(solution.config),
        problem_text=dump_problem(problem),
        remarks=[picture.remark for picture in pictures if picture.remark],
    )
    write_report(files.report, report)


def _truth(solution: Solution) -> Mapping[str, float]:
    """The unknown parameters as the reference has them."""
    reference = solution.problem.reference
    return reference.parameters if reference is not None else {}


def _draw_march(folder: Path, solution: Solution, fields: GridFields | ScatteredFields) -> tuple[Picture, ...]:
    """The pictures of what goes on in time, where there is one."""
    if solution.problem.time is None:
        return ()
    spans = [(window.time.lower, window.time.upper) for window in solution.windows]
    return draw_march(folder, fields, solution.history, solution.problem.time, spans)


def _draw_estimate(folder: Path, fields: GridFields | ScatteredFields, moved: Solution) -> tuple[Picture, ...]:
    """The pictures of what the linearised equation adds to the fields, where they are on a grid."""
    if not isinstance(fields, GridFields):
        return ()
    folder.mkdir(exist_ok=True)
    other = moved.sampled()
    assert isinstance(other, GridFields)
    error = {f"estimated_error_{n}": fields.predicted[n] - other.predicted[n] for n in moved.problem.fields}
    units = {f"estimated_error_{n}": unit for n, unit in fields.units.items() if n in moved.problem.fields}
    pictures = draw_fields(folder, replace(fields, predicted=error, reference={}, units={**fields.units, **units}))
    return tuple(replace(p, caption="The error as the linearised equation estimates it.") for p in pictures)


def _draw_observations(folder: Path, solution: Solution, fields: GridFields | ScatteredFields) -> list[Picture]:
    """A picture of every set of observations that has points in the domain, over the grid of the one coordinate."""
    problem, windows = solution.problem, solution.windows
    names = problem.scope.coordinates
    line = fields.axes[0] if isinstance(fields, GridFields) and len(names) == 1 else None
    pictures = []
    for number, given in enumerate(problem.observations):
        observations = given.only(given.inside([(c.lower, c.upper) for c in problem.coordinates]))
        if not len(observations.points):
            continue
        values = observed_values(windows, number, observations.points)
        curves = observed_values(windows, number, line[:, None]) if line is not None else None
        seen = [
            Seen(
                m.expression.text,
                observations.points,
                m.values,
                m.noise if m.known else None,
                values[:, k],
                (line, curves[:, k]) if line is not None and curves is not None else None,
            )
            for k, m in enumerate(observations.measured)
        ]
        pictures.append(draw_observations(folder / f"observations_{given.name}.png", given.name, names, seen))
    return pictures


def _draw_spectra(folder: Path, solution: Solution, fields: GridFields | ScatteredFields) -> list[Picture]:
    """The spectrum of every field along every periodic coordinate."""
    if not isinstance(fields, GridFields) or fields.family:
        return []
    periodic = [c.name for c in solution.problem.coordinates if c.periodic]
    return [
        draw_spectrum(folder / f"spectrum_{name}_{along}.png", fields, name, along)
        for name in fields.predicted
        for along in periodic
    ]


def _draw_residuals(path: Path, solution: Solution) -> list[Picture]:
    """Where the residuals are; nothing where what is trained lives in another frame."""
    found = residual_map(solution)
    return [draw_residuals(path, found)] if found is not None else []


def _draw_tables(files: RunFolder, solution: Solution, reference: ReferenceSolution | None) -> list[Picture]:
    """Every table as a file, and a picture of each that has more than one point."""
    pictures = []
    for table in solution.problem.tables:
        found = tabulated(table, solution.problem, solution.evaluate, reference)
        write_csv(files.tables / f"{table.name}.csv", found)
        if table.points > 1:
            pictures.append(draw_table(files.figures / f"table_{table.name}.png", found))
    return pictures


def draw_draw(path: Path, run: Run, theta: Tensor, held: Mapping[str, Points] = MappingProxyType({})) -> Picture:
    """A draw of points at some parameters; of the parts that are held, those points."""
    assembly, problem = run.assembly, run.problem
    generator = np.random.default_rng([run.config.seed, 3])
    drawn_inside = [
        held[part] if part in held else assembly.interior_points(theta, generator, part) for part in assembly.parts
    ]
    inside = positions(run, np.concatenate([points.coordinates for points in drawn_inside]), theta)
    density = np.concatenate([points.density for points in drawn_inside])
    conditions = {}
    for condition in run.formulation.soft:
        drawn = assembly.condition_points(condition, generator).values()
        conditions[condition.name] = np.concatenate([points.coordinates for points in drawn])
    return draw_points(path, problem.scope.coordinates, inside, density, conditions, problem.time)


def _draw_points(path: Path, solution: Solution) -> Picture:
    """A draw of points as the last steps saw them; the very points where each draw follows from the one before."""
    trained = solution.windows[-1].trained
    picture = draw_draw(path, solution.run, solution.theta, trained.memory.last if trained is not None else {})
    if len(solution.windows) == 1:
        return picture
    return replace(picture, caption=f"The last of {len(solution.windows)} windows: {picture.caption}")


def _draw_course(path: Path, solution: Solution) -> list[Picture]:
    """How points have moved, where they follow the residual, in the last window and the first part of the domain."""
    trained, run = solution.windows[-1].trained, solution.run
    if trained is None or len(run.trial.problem.coordinates) < 2 or run.rewriting.frame is not None:
        return []
    course = trained.memory.course(run.assembly.parts[0])
    problem = run.trial.problem
    return [draw_course(path, problem.scope.coordinates, course, problem.time)] if len(course) > 1 else []


def formula_of(named: Equation | Condition | IntegralCondition, problem: Problem) -> Formula:
    """An equation or condition as a page shows it."""
    residual = named.residual
    if not isinstance(residual, Expression):
        return Formula(named.name, residual.text)
    shown = as_written(residual, problem)
    return Formula(named.name, residual.text, latex(shown, problem.scope), unicode(shown, problem.scope))


def condition_lines_of(run: Run) -> list[ConditionLine]:
    """Every condition with where it holds and what became of it."""
    lines = []
    for condition, choice in zip(run.trial.problem.conditions, run.formulation.choices, strict=True):
        where = ", ".join(str(face) for face in condition.faces)
        lines.append(ConditionLine(formula_of(condition, run.trial.problem), where, choice.exact, choice.reason))
    for passed in unseen(run):
        where = ", ".join(str(face) for face in passed.faces)
        lines.append(ConditionLine(formula_of(passed, run.problem), where, False, UNSEEN))
    for held in run.problem.integrals:
        lines.append(
            ConditionLine(formula_of(held, run.problem), "numbers of the whole field", False, over(held, run.problem))
        )
    return lines
