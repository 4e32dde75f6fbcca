"""Where an eigenproblem starts: the Rayleigh-Ritz states in the span of the network's own last layer.

The fields are linear in the weights c of the output layer: psi = sum_i c_i phi_i, phi_i a channel of the last hidden
layer times what makes conditions exact. With L psi = E M psi the equation, P the projection on those c that satisfy the
linear conditions left over (interfaces, soft walls), and <.,.> an integral over the domain,

    P^T A P y = E P^T B P y,    A_ij = <phi_i, L phi_j>,    B_ij = <phi_i, M phi_j>

is a small generalised eigenproblem. Its lowest states are those that training begins with, so that the n-th state asked
is the n-th state given, and no eigenvalue needs a guess. (W. Ritz, J. reine angew. Math. 135 (1909) 1.)
"""

from collections.abc import Sequence
from typing import final

import numpy as np
import scipy.linalg
import sympy
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.derivatives.jet import Jet
from pinnkit.errors import SolveError
from pinnkit.formulation.prepared import Prepared
from pinnkit.formulation.rewriting import Rewriting
from pinnkit.formulation.trial import NetworkFunction, Trial
from pinnkit.geometry import GaussLegendre, box_of, face_of
from pinnkit.objective.expressions import evaluate_tree
from pinnkit.objective.integrals import PreparedIntegrals
from pinnkit.objective.output_layers import Output, output_layers
from pinnkit.objective.residuals import TreeResidual, indices_of, of_tree, output_indices_of
from pinnkit.problem.levels import Levels
from pinnkit.problem.states import operator_parts

_NODES = {1: 240, 2: 40, 3: 16}
"""Gauss nodes along every coordinate of a part, by the number of coordinates."""

_ON_A_FACE = 24
"""Points along every coordinate of a face on which a condition is not exact."""

_LINE = 801
"""Points on the line along which the sign of a state is seen."""

_KEPT = 1e-9
"""Channels, once orthogonal, that are smaller than the largest by this factor are the rounding of the others."""

_SOUND = 0.1
"""The largest |L psi - E M psi| / |L psi| of what is taken for a state, and for no artefact of the truncation."""


def ritz_start(trial: Trial, rewriting: Rewriting) -> Tensor:
    """The parameters (P,) at which the fields are the Ritz states, lowest first, and the eigenvalues theirs.

    Raises:
        SolveError: a network whose last layer is not linear, or whose channels span fewer states than are wanted.
    """
    levels = rewriting.problem.levels
    assert levels is not None
    theta = trial.layout.start(trial.network)
    outputs = output_layers(trial)
    ritz = _Ritz(trial, rewriting, levels, outputs, theta)
    energies, states = ritz.lowest(levels.count)
    for output in outputs:
        theta[output.places] = 0.0
    unknowns = [p.name for p in trial.problem.unknowns]
    (names,) = levels.parameters.values()
    for k, (energy, state) in enumerate(zip(energies, states.T, strict=True)):
        places = ritz.places(k, state)
        for at, own in places:
            theta[at] = torch.as_tensor(own, dtype=theta.dtype, device=theta.device)
        factor = ritz.factor(k, theta) * _sign(trial, rewriting, next(iter(levels.fields.values()))[k], theta)
        for at, _ in places:
            theta[at] *= factor
        # The raw numbers are the last ones of theta, and those of an eigenvalue are its own (start 0, scale 1).
        theta[trial.layout.size - len(unknowns) + unknowns.index(names[k])] = float(energy)
    return theta


def _sign(trial: Trial, rewriting: Rewriting, field: str, theta: Tensor) -> float:
    """The factor that makes the first lobe of a field, along the first coordinate, positive."""
    problem = rewriting.problem
    points = np.stack([c.axis.from_unit(np.full(_LINE, 0.5)) for c in problem.coordinates], axis=1)
    points[:, 0] = problem.coordinates[0].axis.from_unit(np.linspace(0.0, 1.0, _LINE))
    values = evaluate_tree(trial, rewriting, problem.scope.functions[field], points, theta)
    return first_lobe(values)


@final
class _Ritz:
    """The generalised eigenproblem of one state: the networks' channels are the same for all."""

    def __init__(
        self, trial: Trial, rewriting: Rewriting, levels: Levels, outputs: Sequence[Output], theta: Tensor
    ) -> None:
        self.trial, self.problem, self.levels = trial, trial.problem, levels
        views = dict(zip(rewriting.problem.fields, rewriting.views, strict=True))
        self._by_field = {output.field: output.places for output in outputs}
        names = {f: name for name, f in self.problem.scope.functions.items()}

        def trained(k: int) -> list[str]:
            """The fields of a state that are trained, region by region."""
            own = [view.tree for states in levels.fields.values() for view in views[states[k]]]
            return [names[f] for tree in own for f in tree.atoms(sympy.Function) if f in names]

        self.fields = [trained(k) for k in range(levels.count)]
        self._theta = theta.clone()
        for output in outputs:
            self._theta[output.places] = 0.0

    def places(self, k: int, state: np.ndarray) -> list[tuple[Tensor, np.ndarray]]:
        """Where in theta the coefficients of a state go, network by network."""
        places = [self._by_field[field] for field in self.fields[k]]
        return list(zip(places, np.split(state, np.cumsum([len(p) for p in places])[:-1]), strict=True))

    def lowest(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The lowest eigenvalues (count,) and their coefficients (n, count), normalised and signed.

        Raises:
            SolveError: fewer states come out.
        """
        functions = [self.problem.scope.functions[f] for f in self.fields[0]]
        (levels,) = self.levels.parameters.values()
        symbol = self.problem.scope.symbols[levels[0]]
        values, images, masses = [], [], []
        for equation in self.problem.equations:
            tree = equation.residual.tree  # type: ignore[union-attr]  # an eigenproblem has no Python residuals
            if not tree.has(symbol):
                continue
            parts = operator_parts(tree, symbol, functions)
            assert parts is not None
            own = [f for f in functions if tree.has(f)]
            value, image, mass = self._inside(equation.part, [sum(own, start=sympy.S.Zero), *parts])
            values.append(value)
            images.append(image)
            masses.append(mass)
        phi, image, mass = (np.concatenate(parts) for parts in (values, images, masses))
        basis = _kept(phi)
        conditions = self._conditions() @ basis
        basis = basis @ _null(conditions) if len(conditions) else basis
        phi, image, mass = phi @ basis, image @ basis, mass @ basis
        energies, states = scipy.linalg.eig(phi.T @ image, phi.T @ mass)
        left = image @ states - (mass @ states) * energies
        size = np.linalg.norm(image @ states, axis=0)
        sound = np.isfinite(energies) & (np.abs(energies.imag) <= 1e-6 * np.abs(energies))
        sound &= np.linalg.norm(left, axis=0) <= _SOUND * np.where(size > 0, size, 1.0)
        order = [i for i in np.argsort(energies.real) if sound[i]][:count]
        if len(order) < count:
            hint = "a wider network, or a higher `frequency` of its first layer, spans more"
            raise SolveError(f"the network's last layer spans {len(order)} states, and {count} are wanted: {hint}")
        return energies[order].real, basis @ np.real(states[:, order])

    def factor(self, k: int, theta: Tensor) -> float:
        """What state k must be multiplied by for its normalisation to hold; 1 where it has none."""
        empty = theta.clone()
        for field in self.fields[k]:
            empty[self._by_field[field]] = 0.0
        others = {f for number, own in enumerate(self.fields) if number != k for f in own}
        for condition in self.problem.integrals:
            trees = [tree for own in condition.parts.values() for tree in own] or [condition.residual.tree]
            used = {str(f.func) for tree in trees for f in tree.atoms(sympy.core.function.AppliedUndef)}
            if not used & set(self.fields[k]) or used & others:
                continue
            prepared = PreparedIntegrals.of(condition, self.trial, GaussLegendre())
            there, nothing = (float(prepared.values(self._network(at)).sum()) for at in (theta, empty))
            if nothing != there and nothing / (nothing - there) > 0:
                return float(np.sqrt(nothing / (nothing - there)))
        return 1.0

    def _network(self, theta: Tensor) -> NetworkFunction:
        parameters = {name: p.detach() for name, p in self.trial.layout.split(theta).items()}

        def network(features: Jet) -> Jet:
            with torch.no_grad():
                fields: Jet = functional_call(self.trial.network, parameters, (features,))
            return fields

        return network

    def _inside(self, part: str, trees: Sequence[sympy.Expr]) -> list[np.ndarray]:
        """Trees at nodes of a part, times the roots of their weights, for every channel: (nodes, n) each."""
        box = box_of(self.problem, part)
        nodes, weights = np.polynomial.legendre.leggauss(_NODES.get(box.dimension, 8))
        grid = np.stack(np.meshgrid(*[0.5 * (1 + nodes)] * box.dimension, indexing="ij"), axis=-1)
        share = np.prod(np.stack(np.meshgrid(*[0.5 * weights] * box.dimension, indexing="ij"), axis=-1), axis=-1)
        found = self._channels(box.from_unit(grid.reshape(-1, box.dimension)), trees)
        return [np.sqrt(share.reshape(-1, 1)) * values for values in found]

    def _conditions(self) -> np.ndarray:
        """What the conditions that are left over say of the channels: (rows, n)."""
        rows = [np.empty((0, sum(len(self._by_field[f]) for f in self.fields[0])))]
        for condition in self.trial.formulation.soft:
            for face in condition.faces:
                tree = condition.tree_on(face, self.problem.scope)
                if not any(tree.has(self.problem.scope.functions[f]) for f in self.fields[0]):
                    continue
                domain = face_of(self.problem, face)
                d = domain.dimension_of_unit
                line = 0.5 * (1 - np.cos(np.pi * (np.arange(_ON_A_FACE) + 0.5) / _ON_A_FACE))
                unit = (
                    np.stack(np.meshgrid(*[line] * d, indexing="ij"), axis=-1).reshape(-1, d) if d else np.empty((1, 0))
                )
                (found,) = self._channels(domain.from_unit(unit), [tree])
                rows.append(found / (np.max(np.abs(found)) or 1.0))
        return np.concatenate(rows)

    def _channels(self, points: np.ndarray, trees: Sequence[sympy.Expr]) -> list[np.ndarray]:
        """Trees that are linear in the fields of the first state, for every channel alone: (points, n) each."""
        residuals = [of_tree(tree, self.problem) for tree in trees]
        indices = indices_of([*residuals], self.problem), output_indices_of([*residuals], self.problem)
        prepared = self.trial.prepare(self.trial.tensor(points), *indices)
        places = torch.cat([self._by_field[field] for field in self.fields[0]])
        columns = [self._evaluate(prepared, residuals, int(place)) for place in places]
        return [np.stack(own, axis=1) for own in zip(*columns, strict=True)]

    def _evaluate(self, prepared: Prepared, residuals: Sequence[TreeResidual], place: int) -> list[np.ndarray]:
        """Residuals (points,) with one weight of the output layer 1 and all others 0."""
        theta = self._theta.clone()
        theta[place] = 1.0
        with torch.no_grad():
            fields = self.trial.evaluate(prepared, self._network(theta))
            return [np.asarray(r(fields, prepared.points).cpu().to(torch.float64).numpy()) for r in residuals]


def _kept(values: np.ndarray) -> np.ndarray:
    """Combinations (n, k) of channels, by their values (nodes, n), that are orthonormal; rounding is left out."""
    _, sizes, rows = scipy.linalg.svd(values, full_matrices=False)
    kept = sizes > _KEPT * sizes[0]
    return np.asarray(rows[kept].T / sizes[kept])


def _null(rows: np.ndarray) -> np.ndarray:
    """An orthonormal basis (k, k - r) of what rows (r, k) say nothing about."""
    _, sizes, basis = scipy.linalg.svd(rows, full_matrices=True)
    rank = int(np.sum(sizes > 1e-12 * (sizes[0] if len(sizes) else 1.0)))
    return np.asarray(basis[rank:].T)


def first_lobe(values: np.ndarray) -> float:
    """The sign (1 or -1) of the first value (n,) that is not small."""
    large = np.flatnonzero(np.abs(values) >= 0.1 * np.max(np.abs(values)))
    return float(np.sign(values[large[0]])) or 1.0
