"""A problem's expressions at fixed sample points of its domain and faces, for the checks that ask numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import sympy

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Expression, Partial
from pinnkit.equations.functions import normal_component
from pinnkit.errors import Place, UserError
from pinnkit.problem.problem import Face, Problem

SAMPLES = 48


def interior(problem: Problem) -> dict[str, np.ndarray]:
    """Points inside the domain, the same ones every time."""
    generator = np.random.default_rng(20)
    points = {c.name: c.axis.from_unit(generator.uniform(0.02, 0.98, SAMPLES)) for c in problem.coordinates}
    if problem.body is not None:
        points |= zip(problem.body.coordinates, problem.body.shape.draw(SAMPLES, generator).T, strict=True)
    return points


def on_faces(problem: Problem, *faces: Face) -> dict[str, np.ndarray]:
    """Points where all of the faces meet, one of which may be a piece of a shape's boundary: with its normals."""
    points = interior(problem)
    for face in faces:
        if face.piece:
            points |= _on_piece(problem, face)
        else:
            axis = problem.coordinate(face.coordinate).axis
            points[face.coordinate] = np.full(SAMPLES, axis.placed(face.value))
    return points


def _on_piece(problem: Problem, face: Face) -> dict[str, np.ndarray]:
    """Points of a piece, and the components of the normals there."""
    assert problem.body is not None
    outline, generator = problem.body.outline(face.piece), np.random.default_rng(22)
    unit = generator.random((int(4 * SAMPLES / outline.share), outline.dimension_of_unit))
    points = outline.from_unit(np.resize(unit[outline.kept(unit)], (SAMPLES, unit.shape[1])))
    along = problem.body.coordinates
    components = (str(normal_component(x)) for x in along)
    return dict(zip((*along, *components), (*points.T, *outline.normals(points).T), strict=True))


def evaluate(
    tree: sympy.Expr,
    problem: Problem,
    points: Mapping[str, np.ndarray],
    fields: Mapping[Partial, np.ndarray] | None = None,
) -> np.ndarray | None:
    """An expression at points, or None where it holds something that has no numerical meaning."""
    like = next(iter(points.values()))
    values: dict[Any, Any] = {**points, **problem.values, **(fields or {})}
    try:
        with np.errstate(all="ignore"):
            result = compile_tree(tree, problem.scope)(values)
    except (UserError, NotImplementedError):
        return None
    return np.broadcast_to(np.asarray(result, dtype=float), like.shape)


def is_known(tree: sympy.Basic, problem: Problem) -> bool:
    """Whether a tree has a value before training: whether it holds no unknown parameter."""
    return not {str(symbol) for symbol in tree.free_symbols} & {p.name for p in problem.unknowns}


def elsewhere(problem: Problem) -> Problem:
    """The problem with its unknown parameters a little off their starts, where no term vanishes by chance."""
    starts = {p.name: p.unknown for p in problem.unknowns if p.unknown is not None}
    off = {name: u.start + 0.37 * replace(u, scale=None).step for name, u in starts.items()}
    return problem.with_parameters(**off) if off else problem


@final
@dataclass(frozen=True)
class Statement:
    """An equation inside the domain, or a condition on one of its faces, as a residual."""

    name: str
    tree: sympy.Expr
    place: Place | None
    face: Face | None = None

    @property
    def where(self) -> str:
        """On which face, in words."""
        return "" if self.face is None else f" on `{self.face}`"

    def points(self, problem: Problem) -> dict[str, np.ndarray]:
        """Points at which it holds."""
        return interior(problem) if self.face is None else on_faces(problem, self.face)


def statements(problem: Problem) -> tuple[Statement, ...]:
    """All equations and conditions; an equation that is a Python function is left out."""
    inside = [
        Statement(e.name, e.residual.tree, e.residual.place)
        for e in problem.equations
        if isinstance(e.residual, Expression)
    ]
    held = [
        Statement(c.name, c.tree_on(face, problem.scope), c.residual.place, face)
        for c in problem.conditions
        for face in c.faces
    ]
    return (*inside, *held)
