"""From a formulated problem and rules for points to an objective, anew whenever points are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import numpy as np
import sympy
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.derivatives.jet import Jet
from pinnkit.errors import Mistake, SolveError, UserError, unknown
from pinnkit.formulation.trial import Trial
from pinnkit.geometry import GaussLegendre, Quadrature, domain_of, domain_of_face, piece_of
from pinnkit.objective.compiled import CompiledRows
from pinnkit.objective.directions import Directions
from pinnkit.objective.expressions import evaluate_residuals
from pinnkit.objective.groups import Groups, groups_of
from pinnkit.objective.integrals import PreparedIntegrals
from pinnkit.objective.objective import Objective
from pinnkit.objective.observing import observation_rows
from pinnkit.objective.residual_gradients import Further
from pinnkit.objective.residuals import (
    FunctionResidual,
    TreeResidual,
    indices_of,
    of_condition,
    of_equation,
    of_expression,
    output_indices_of,
)
from pinnkit.objective.rows import PointwiseRows
from pinnkit.objective.sums import summed_residuals
from pinnkit.points import PointMemory, Points, Sampler, uniform_points
from pinnkit.problem.problem import Condition, Face
from pinnkit.processes import ALONE, Team

AnyResidual = TreeResidual | FunctionResidual

_SWEEP_BYTES = 3_000_000
"""What the output of one layer may take in a sweep: with more, fresh memory costs time, and with
much less the calls do (measured on cores with 2 MB of cache each)."""


@final
@dataclass(frozen=True, eq=False)
class Assembly:
    """Makes objectives of one problem.

    Args:
        trial: the fields, whose formulation says which conditions are left to the objective.
        interior: the rule for the equations' points.
        faces: the rule for the points of every face of a soft condition.
        weights: term weights w_m by name, 1 where not given; the loss is half the sum of w_m times the mean squares.
        chunk: how many rows of a Jacobian may exist at once.
        corrected: whether points drawn with a density p count 1/p, so that the loss stays the mean over the domain.
        further: equations and conditions that are rows of the objective alone; nothing else sees them.
        compiled: whether the equations' rows are compiled; those of the conditions are too few to gain by it.
        quadrature: the rule for the nodes of integral conditions.
        groups: how terms are grouped, for methods that keep groups apart.
        directed: the equations with random directions in place of coordinates; None for the coordinates themselves.
        team: the processes that compute the rows of an objective together.
    """

    trial: Trial
    interior: Sampler
    faces: Sampler
    weights: Mapping[str, float]
    chunk: int
    corrected: bool = True
    compiled: bool = False
    further: Further = field(default_factory=Further)
    quadrature: Quadrature = GaussLegendre()
    groups: Groups = "auto"
    directed: Directions | None = None
    team: Team = ALONE

    def __post_init__(self) -> None:
        for name in self.weights:
            if name not in self.terms:
                message, hint = unknown("term", name, self.terms)
                exact = [c.condition for c in self.trial.formulation.choices if c.exact]
                exact += self.trial.formulation.identities
                note = f" `{name}` is built into the field, so it has no weight." if name in exact else ""
                raise UserError(Mistake(f"{message} in `weights`", hint=(hint or "") + note))

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the terms: equations, soft conditions, integral conditions, observations, further ones."""
        return (*self.plain_terms, *self.further.origins)

    @property
    def plain_terms(self) -> tuple[str, ...]:
        """The names of the terms of the problem itself."""
        formulation = self.trial.formulation
        problem = formulation.problem
        parts = (formulation.equations, formulation.soft, problem.integrals, problem.observations)
        return tuple(part.name for own in parts for part in own)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The parts of the domain that have equations; one without a name where it is not divided."""
        return tuple(dict.fromkeys(e.part for e in (*self.trial.formulation.equations, *self.further.equations)))

    def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
        """An objective on fresh points in the precision of theta; adaptive rules see the residual at theta.

        Args:
            theta: the parameters.
            generator: the points' own.
            memory: what samplers know of the draw before; those that need it begin anew without.
        """
        if theta.dtype != self.trial.dtype:
            return self._in_other_precision.draw(theta, generator, memory)
        rows = []
        for part in self.parts:
            points = self.interior_points(theta, generator, part, memory)
            directed = self.directed
            rows.append(self._along(directed, points, generator) if directed else self._interior_rows(part, points))
        for condition in (*self.trial.formulation.soft, *self.further.conditions):
            rows += self._condition_rows(condition, self.condition_points(condition, generator))
        for observations, residuals in zip(self.trial.problem.observations, self._observed, strict=True):
            rows += observation_rows(self.trial, observations, residuals, self.weights.get(observations.name, 1.0))
        weights = {name: self.weights.get(name, 1.0) for name in self.terms}
        team = self.team.count
        blocks = [part for own in rows for part in own.parts(max(1, self.chunk // len(own.terms)), team)]
        sweeps = [part for block in blocks for part in block.parts(self._points_of_a_sweep(block), team)]
        layout = self.trial.layout
        whole = [prepared.rows(weights[prepared.name]) for prepared in self._integrals]
        sizes, parts = (layout.size, self.chunk), [*sweeps, *whole]
        own = Objective([*blocks, *whole], weights, *sizes, parts, layout.shapes, groups=self.terms_of)
        return own.shared(self.team)

    def smaller(self) -> "Assembly | None":
        """The same with half as many rows of a Jacobian at once; None where there is one alone."""
        return replace(self, chunk=self.chunk // 2) if self.chunk > 1 else None

    @cached_property
    def terms_of(self) -> dict[str, tuple[str, ...]]:
        """The terms of every group."""
        return groups_of(self.groups, self.trial.problem, self.terms, self.further)

    @cached_property
    def _integrals(self) -> tuple[PreparedIntegrals, ...]:
        """The integral conditions on their nodes, which are the same for every draw."""
        return tuple(PreparedIntegrals.of(c, self.trial, self.quadrature) for c in self.trial.problem.integrals)

    @cached_property
    def _in_other_precision(self) -> "Assembly":
        """The same terms and points, computed in float32 where this is in float64, and the other way round."""
        other = torch.float32 if self.trial.dtype == torch.float64 else torch.float64
        return replace(self, trial=self.trial.in_precision(other))

    def interior_points(
        self, theta: Tensor, generator: np.random.Generator, part: str = "", memory: PointMemory | None = None
    ) -> Points:
        """Fresh points of the equations in a part of the domain, which may follow from those before."""
        held, domain = memory if memory is not None else PointMemory(), domain_of(self.trial.problem, part)
        return held.drawn(self.interior, domain, generator, lambda x: self._magnitude(x, theta, part), part)

    def condition_points(self, condition: Condition, generator: np.random.Generator) -> dict[Face, Points]:
        """Fresh points of a condition on each of its faces."""
        problem = self.trial.problem
        return {face: self.faces.draw(domain_of_face(problem, face), generator) for face in condition.faces}

    def traces(self, theta: Tensor, generator: np.random.Generator) -> dict[str, float]:
        """tr K_m = the mean of |d r / d theta|^2 over the points of every term m, without weights.

        S. Wang, X. Yu, P. Perdikaris, J. Comput. Phys. 449 (2022) 110768: terms whose neural tangent
        kernels have the same trace are learnt at the same pace.
        """
        objective = self.draw(theta, generator)
        return {term: trace / objective.weights[term] for term, trace in objective.traces(theta).items()}

    def residuals(self, points: np.ndarray, theta: Tensor, part: str = "") -> dict[str, np.ndarray]:
        """The residual (N,) of every equation of a part of the domain at points (N, d) of it, without weights."""
        residuals = {e.name: self._equations[e.name] for e in self.trial.problem.equations if e.part == part}
        indices = indices_of(list(residuals.values()), self.trial.problem)
        parts = [
            evaluate_residuals(self.trial, part, list(residuals.values()), theta, indices)
            for part in np.array_split(points, max(1, len(points) // 4096))
        ]
        return {name: np.concatenate([p[i] for p in parts]) for i, name in enumerate(residuals)}

    def violations(self, generator: np.random.Generator, count: int, theta: Tensor) -> dict[str, float]:
        """The largest violation of every condition, exact ones too, in the units of its equation."""
        found: dict[str, float] = {}
        for condition in self.trial.problem.conditions:
            worst = 0.0
            for face in condition.faces:
                points = uniform_points(domain_of_face(self.trial.problem, face), count, generator).coordinates
                residual, normals = self._conditions[condition.name, face], self._normals(face, points)
                values = evaluate_residuals(self.trial, points, [residual], theta, normals=normals)[0]
                values = values - condition.given(points) if condition.given is not None else values
                worst = max(worst, float(np.max(np.abs(values))))
            found[condition.name] = worst
        for name, (left, _) in self._on_finer_nodes(theta).items():
            found[name] = float(left.abs().max())
        return found

    def scales(self, theta: Tensor) -> dict[str, float]:
        """The size of every integral condition: its largest term, with the integrals of the sizes of the integrands."""
        return {name: scale for name, (_, scale) in self._on_finer_nodes(theta).items()}

    def _on_finer_nodes(self, theta: Tensor) -> dict[str, tuple[Tensor, float]]:
        """The residual (M,) and the scale of every integral condition, at nodes that training never used."""
        parameters = self.trial.layout.split(theta)

        def network(jet: Jet) -> Jet:
            fields: Jet = functional_call(self.trial.network, parameters, (jet,))
            return fields

        with torch.no_grad():
            finer = [
                PreparedIntegrals.of(c, self.trial, self.quadrature, finer=True) for c in self.trial.problem.integrals
            ]
            return {prepared.name: (prepared.values(network), prepared.scale(network)) for prepared in finer}

    @cached_property
    def _equations(self) -> dict[str, AnyResidual]:
        problem = self.trial.problem
        summed = summed_residuals(problem) if self._sums else {}
        return {e.name: summed.get(e.name) or of_equation(e, problem) for e in problem.equations}

    @property
    def _sums(self) -> bool:
        """Whether sums of second derivatives may be one entry of a jet: no row needs what is in them by itself."""
        return not self.further.equations and self.trial.before is None

    @cached_property
    def _interior(self) -> dict[str, dict[str, AnyResidual]]:
        """The equations and the further ones of every part, which have rows at the same points."""
        found: dict[str, dict[str, AnyResidual]] = {part: {} for part in self.parts}
        for equation in self.trial.formulation.equations:
            found[equation.part][equation.name] = self._equations[equation.name]
        for equation in self.further.equations:
            found[equation.part][equation.name] = of_equation(equation, self.trial.problem)
        return found

    @cached_property
    def _conditions(self) -> dict[tuple[str, Face], AnyResidual]:
        problem = self.trial.problem
        conditions = (*problem.conditions, *self.further.conditions)
        return {(c.name, face): of_condition(c, face, problem) for c in conditions for face in c.faces}

    @cached_property
    def _alike(self) -> dict[str, list[list[Face]]]:
        """The faces of every condition, those on which it says the same together: they are evaluated in one sweep."""
        found: dict[str, list[list[Face]]] = {}
        for condition in (*self.trial.problem.conditions, *self.further.conditions):
            alike: dict[tuple[sympy.Expr, bool], list[Face]] = {}
            for face in condition.faces:
                tree = condition.tree_on(face, self.trial.problem.scope)
                alike.setdefault((tree, bool(face.piece)), []).append(face)
            found[condition.name] = list(alike.values())
        return found

    @cached_property
    def _observed(self) -> list[list[TreeResidual]]:
        """The expressions of every set of observations."""
        problem = self.trial.problem
        return [[of_expression(m.expression, problem) for m in o.measured] for o in problem.observations]

    def _magnitude(self, points: np.ndarray, theta: Tensor, part: str) -> np.ndarray:
        found = self.residuals(points, theta, part)
        bad = [name for name, values in found.items() if not np.all(np.isfinite(values))]
        if bad:
            raise SolveError(f"the residual is no longer finite; not finite: {', '.join(bad)}")
        squares = [self.weights.get(name, 1.0) * values**2 for name, values in found.items()]
        return np.asarray(np.sqrt(sum(squares)))

    def _interior_rows(self, part: str, points: Points) -> PointwiseRows:
        equations = self._interior[part]
        whole = self._rows(points, list(equations), list(equations.values()), points.count)
        return replace(whole, compiled=self._compiled_equations[part]) if self.compiled else whole

    def _along(self, directed: Directions, points: Points, generator: np.random.Generator) -> PointwiseRows:
        """The equations at points of the domain, which has no parts, along fresh directions."""
        trial = self.trial
        names, x = list(directed.residuals), trial.tensor(points.coordinates)
        drawn = trial.tensor(directed.drawn(points.count, generator))
        prepared = trial.prepare_along(x, directed.coordinates(x, drawn))
        factors = self._factors(points, names, points.count)
        return PointwiseRows(trial, prepared, tuple(names), tuple(directed.residuals.values()), factors)

    @cached_property
    def _compiled_equations(self) -> dict[str, CompiledRows]:
        found = {}
        for part, equations in self._interior.items():
            residuals = list(equations.values())
            indices = indices_of(residuals, self.trial.problem), output_indices_of(residuals, self.trial.problem)
            found[part] = CompiledRows(self.trial, *indices, list(equations), residuals)
        return found

    def _condition_rows(self, condition: Condition, drawn: Mapping[Face, Points]) -> list[PointwiseRows]:
        total = sum(points.count for points in drawn.values())
        found = []
        for faces in self._alike[condition.name]:
            coordinates = np.concatenate([drawn[face].coordinates for face in faces])
            points = Points(coordinates, np.concatenate([drawn[face].density for face in faces]))
            rows = self._rows(points, [condition.name], [self._conditions[condition.name, faces[0]]], total)
            normals = [self._normals(face, drawn[face].coordinates) for face in faces]
            if known := [n for n in normals if n is not None]:
                prepared = replace(rows.prepared, normals=self.trial.tensor(np.concatenate(known)))
                rows = replace(rows, prepared=prepared)
            if condition.given is not None:
                rows = replace(rows, targets=self.trial.tensor(condition.given(points.coordinates))[None])
            found.append(rows)
        return found

    def _normals(self, face: Face, points: np.ndarray) -> np.ndarray | None:
        """The outward normals along space at points of a piece of a shape's boundary; None on a face of a box."""
        return piece_of(self.trial.problem, face).normals(points) if face.piece else None

    def _rows(self, points: Points, names: list[str], residuals: list[AnyResidual], total: int) -> PointwiseRows:
        """The rows of residuals on the same points; `total` points share a term's weight."""
        trial = self.trial
        indices = indices_of(residuals, trial.problem), output_indices_of(residuals, trial.problem)
        prepared = trial.prepare(trial.tensor(points.coordinates), *indices)
        return PointwiseRows(trial, prepared, tuple(names), tuple(residuals), self._factors(points, names, total))

    def _factors(self, points: Points, names: list[str], total: int) -> Tensor:
        """What the residuals at the points are multiplied with, (E, N)."""
        density = self.trial.tensor(points.density if self.corrected else np.ones(points.count))
        weights = self.trial.tensor([self.weights.get(name, 1.0) / total for name in names])
        return torch.sqrt(weights[:, None] / density)

    def _points_of_a_sweep(self, rows: PointwiseRows) -> int:
        """How many points pass the network at once where only a gradient is wanted: on a CPU, what its caches hold."""
        points = rows.factors.shape[1]
        if self.trial.device.type != "cpu":
            return points
        widest = max(shape[0] if shape else 1 for shape in self.trial.layout.shapes)
        a_point = len(rows.prepared.indices) * len(self.trial.copies) * widest * self.trial.dtype.itemsize
        return max(1, _SWEEP_BYTES // a_point)
