"""Trees over the fields as numbers at points: what an equation leaves, or what a user's field is."""

from dataclasses import replace

import numpy as np
import sympy
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.derivatives.indices import IndexSet
from pinnkit.equations import compile_tree
from pinnkit.equations.expression import MultiIndex, Partial
from pinnkit.formulation.labels import labels_at
from pinnkit.formulation.rewriting import Rewriting
from pinnkit.formulation.trial import Trial
from pinnkit.objective.residuals import FunctionResidual, TreeResidual, indices_of, of_tree, output_indices_of

_AT_ONCE = 4096
"""Points evaluated at once, which bounds the memory."""


def evaluate_residuals(
    trial: Trial,
    points: np.ndarray,
    residuals: list[TreeResidual | FunctionResidual],
    theta: Tensor,
    indices: IndexSet | None = None,
    normals: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Residuals (N,) at points (N, d), in float64, on a shape's boundary with the normals (N, k) there."""
    parameters = trial.layout.split(theta)
    indices = indices if indices is not None else indices_of(residuals, trial.problem)
    with torch.no_grad():
        prepared = trial.prepare(trial.tensor(points), indices, output_indices_of(residuals, trial.problem))
        fields = trial.evaluate(prepared, lambda jet: functional_call(trial.network, parameters, (jet,)))
        prepared = replace(prepared, normals=trial.tensor(normals) if normals is not None else None)
        values = [residual(fields, prepared.known) for residual in residuals]
    return [v.detach().cpu().to(torch.float64).numpy() for v in values]


def evaluate_tree(
    trial: Trial, rewriting: Rewriting, tree: sympy.Expr, points: np.ndarray, theta: Tensor
) -> np.ndarray:
    """A tree (N,) over the user's fields at points (N, d), each seen from the part that it lies in."""
    if rewriting.frame is not None:
        return _carried(trial, rewriting, tree, points, theta)
    found = np.empty(len(points))
    functions = rewriting.problem.scope.functions
    for number, (_, own) in enumerate(rewriting.parts(points)):
        if not own.any():
            continue
        into = {functions[f]: views[number].tree for f, views in zip(functions, rewriting.views, strict=True)}
        residual = of_tree(tree if rewriting.plain else tree.xreplace(into).doit(), trial.problem)
        pieces = np.array_split(points[own], max(1, -(-int(own.sum()) // _AT_ONCE)))
        found[own] = np.concatenate([evaluate_residuals(trial, piece, [residual], theta)[0] for piece in pieces])
    return found


def derivative(trial: Trial, rewriting: Rewriting, points: np.ndarray, orders: MultiIndex, theta: Tensor) -> np.ndarray:
    """One derivative (N, F) of all fields of the user at points (N, d)."""
    if rewriting.plain:
        return trial.derivative(points, orders, theta)
    scope = rewriting.problem.scope
    trees = [scope.tree(Partial(field, orders)) for field in scope.fields]
    return np.stack([evaluate_tree(trial, rewriting, tree, points, theta) for tree in trees], axis=1)


def _carried(trial: Trial, rewriting: Rewriting, tree: sympy.Expr, points: np.ndarray, theta: Tensor) -> np.ndarray:
    """A tree (N,) at positions (N, d), from the labels that are there."""
    frame, problem = rewriting.frame, rewriting.problem
    assert frame is not None
    program = compile_tree(tree, problem.scope)
    values: dict[Partial | str, np.ndarray | float] = {}
    values.update(problem.values)
    values.update(trial.parameters(theta))
    values.update(zip(problem.scope.coordinates, points.T, strict=True))
    needed = sorted(program.partials)
    if needed and len(points):
        trees = [of_tree(frame.seen(problem.scope.tree(p), problem.scope), trial.problem) for p in needed]
        found = []
        for piece in np.array_split(points, -(-len(points) // _AT_ONCE)):
            labels, _ = labels_at(trial, frame, piece, theta)
            found.append(evaluate_residuals(trial, labels, [*trees], theta))
        values.update(zip(needed, map(np.concatenate, zip(*found, strict=True)), strict=True))
    return np.asarray(program.broadcast(values, np.empty(len(points))))
