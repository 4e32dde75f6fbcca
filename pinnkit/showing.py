"""A problem drawn before it is trained: domain, normals, prescribed values, points, and one page of it all."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.geometry import BoxFace, Domain, Rim, domain_of_face
from pinnkit.points import placed_uniformly, uniform_points
from pinnkit.problem.checks import require_sound
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.prescribed import prescribed
from pinnkit.problem.problem import Condition, Face, Problem
from pinnkit.problem.sampling import evaluate, is_known
from pinnkit.problem.summary import domain_lines
from pinnkit.results.figures.domain import Held, draw_domain, draw_values
from pinnkit.results.figures.picture import Picture
from pinnkit.results.preview import Preview, write_preview
from pinnkit.results.publish import condition_lines_of, draw_draw, formula_of
from pinnkit.results.writing import cannot_write
from pinnkit.shapes import Box, Mesh, meshed

_POINTS = 1500
"""Points of a condition that are drawn."""

_CELLS = 90


@final
@dataclass(frozen=True)
class _View:
    """The coordinates that are drawn, and the columns of points that they are."""

    names: tuple[str, ...]
    columns: tuple[int, ...]


def show(problem: Problem, config: Config, out: Path | None = None) -> Path:
    """Draw a problem into a folder, and return the page that has all of it.

    Args:
        problem: what is shown.
        config: whose points are drawn, and whose choice of exact conditions is told.
        out: the folder; else `runs/<problem>/show`.

    Raises:
        UserError: the problem or the config is at fault, or the folder cannot be written to.
    """
    findings = require_sound(problem)
    run = build_run(problem, config, trains=False)
    folder = out if out is not None else Path("runs") / problem.name / "show"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    start = run.trial.layout.start(run.trial.network)
    preview = Preview(
        title=problem.name,
        description=problem.title,
        lines=domain_lines(problem),
        equations=[formula_of(equation, problem) for equation in problem.equations],
        conditions=condition_lines_of(run),
        findings=findings,
        pictures=(*_domain(folder, problem), draw_draw(folder / "points.png", run, start)),
        problem_text=dump_problem(problem),
    )
    return write_preview(folder / "show.html", preview)


def _domain(folder: Path, problem: Problem) -> list[Picture]:
    """The pictures of the domain and of what is prescribed of each field."""
    view = _view(problem)
    held = {c.name: own for c in problem.conditions if (own := _held(c, problem, view)) is not None}
    left = [f"`{c.name}`" for c in problem.conditions if c.name not in held]
    note = f"; {', '.join(left)} beside them" if left else ""
    pictures = [draw_domain(folder / "domain.png", view.names, _mesh(problem, view), held, note)] if held else []
    for field in problem.fields if len(view.names) > 1 else ():
        known = {
            c.name: own
            for c in problem.conditions
            if (own := _held(c, problem, view, field)) is not None and own.values is not None
        }
        # One number everywhere is told by the condition itself.
        if any(np.ptp(own.values) > 0 for own in known.values() if own.values is not None):
            pictures.append(draw_values(folder / f"values_{field}.png", view.names, known, field))
    return pictures


def _view(problem: Problem) -> _View:
    """Both coordinates of two, else the first three in space."""
    names = problem.scope.coordinates if len(problem.coordinates) == 2 else problem.space[:3]
    return _View(tuple(names), tuple(problem.index(name) for name in names))


def _mesh(problem: Problem, view: _View) -> Mesh | None:
    """The domain in the plane of the view."""
    if len(view.names) > 2:
        return None
    if problem.body is not None:
        lower, upper = problem.body.shape.bounds
        return meshed(problem.body.shape, float(np.max(upper - lower)) / _CELLS)
    # A time and a length may differ by orders of magnitude: there are as many cells along each.
    lower, upper = np.array([problem.coordinate(name).axis.window for name in view.names]).T
    unit = meshed(Box([0.0] * len(lower), [1.0] * len(lower)), 1.0 / _CELLS)
    return Mesh(lower + (upper - lower) * unit.points, unit.cells)


def _held(condition: Condition, problem: Problem, view: _View, field: str | None = None) -> Held | None:
    """A condition on those of its faces that the view shows, with the values that it gives to a field."""
    points, normals, values = [], [], []
    for face in condition.faces:
        if not face.piece and face.coordinate not in view.names:
            continue
        domain = domain_of_face(problem, face)
        own = _spread(domain, max(2, _POINTS // len(condition.faces)))
        points.append(own[:, view.columns])
        normals.append(_normals(face, domain, own, problem)[:, view.columns])
        known = prescribed(condition, face, problem)
        if known is not None and known.field == field and not known.normal_order and is_known(known.value, problem):
            found = evaluate(known.value, problem, dict(zip(problem.scope.coordinates, own.T, strict=True)))
            values.append(found if found is not None else np.full(len(own), np.nan))
    if not points:
        return None
    whole = np.concatenate(values) if len(values) == len(points) else None
    return Held(np.concatenate(points), np.concatenate(normals), " ".join(condition.residual.text.split()), whole)


def _spread(domain: Domain, count: int) -> np.ndarray:
    """Points of a face, one after the other along a curve."""
    if domain.dimension_of_unit > 1:
        return uniform_points(domain, count, np.random.default_rng(0)).coordinates
    unit = np.linspace(0.0, 1.0, count)[:, None][:, : domain.dimension_of_unit]
    return placed_uniformly(domain, unit[domain.kept(unit)]).coordinates


def _normals(face: Face, domain: object, points: np.ndarray, problem: Problem) -> np.ndarray:
    """The outward normals (n, d) in all coordinates."""
    found = np.zeros_like(points)
    if isinstance(domain, Rim):
        assert problem.body is not None
        found[:, [problem.index(x) for x in problem.body.coordinates]] = domain.normals(points)
    elif isinstance(domain, BoxFace):
        found[:] = domain.normal
    else:
        found[:, problem.index(face.coordinate)] = face.outward
    return found
