"""The trial fields: coordinates to features to the network to fields that obey symmetries and exact conditions."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import sympy
import torch
from torch import Tensor, nn
from torch.func import functional_call

from pinnkit.derivatives import autograd, composition, jet
from pinnkit.derivatives.indices import IndexSet, summed_by
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.equations import Program, compile_tree
from pinnkit.equations.differentiate import differentiate
from pinnkit.equations.expression import MultiIndex
from pinnkit.formulation.conditions import Formulation
from pinnkit.formulation.handover import Handover, continued, continued_from
from pinnkit.formulation.lift import Lift
from pinnkit.formulation.prepared import Prepared
from pinnkit.formulation.solenoidal import Outputs
from pinnkit.formulation.symmetry import Copy, copies_of
from pinnkit.networks import Features
from pinnkit.networks.ensemble import seen_inside
from pinnkit.problem.problem import Problem

Engine = Literal["jet", "autograd"]
NetworkFunction = Callable[[Jet], Jet]


_AT_ONCE = 4096
"""Points at which trained fields are evaluated at once, which bounds the memory."""


@final
@dataclass(frozen=True, eq=False)
class Base:
    """The fields of an earlier stage, and the scale s of what is added to them: u = u_base + s D (N_theta - N_start).

    Args:
        trial: the earlier fields.
        theta: their parameters.
        scale: s.
        start: the parameters of the new network at which it shall add nothing; without them N_start = 0.
    """

    trial: "Trial"
    theta: Tensor
    scale: float
    start: Tensor | None = None

    def taylor(self, points: Tensor, indices: IndexSet, handed: Tensor | None = None) -> Tensor:
        """The Taylor coefficients (K, N, F + U) of the fields and the unknown parameters."""
        return self.trial.channels(points, indices, self.theta, handed)


@final
class Trial:
    """The trial fields of a formulation, u_f = G_f + D_f sum over copies of s_f N_f(copy), on a network of jets.

    It holds no state but the start of its network: parameters are an argument of everything that depends on them.
    On a base, the fields of an earlier stage take the place of G, and s D that of D. After a hand-over, G goes on from
    the fields of the window of time before. Unknown parameters are U further channels behind the F fields, which only
    what is named so sees.
    """

    def __init__(
        self,
        formulation: Formulation,
        network: nn.Module,
        features: Features,
        engine: Engine,
        dtype: torch.dtype,
        device: torch.device,
        base: Base | None = None,
        handover: Handover | None = None,
    ) -> None:
        self.formulation = formulation
        self.problem = formulation.problem
        self.network = network
        self.features = features
        self.engine = engine
        self.dtype = dtype
        self.device = device
        self.base = base
        self.handover = handover
        self.layout = Layout.of(network)
        self.copies = copies_of(self.problem)
        self.outputs = Outputs(self.problem)
        self._lifts = _LiftPrograms(formulation)
        self._stream = _StreamPrograms(formulation.stream, self.problem) if formulation.stream else None

    def tensor(self, values: object) -> Tensor:
        """Numbers in the run's precision and on its device."""
        return torch.as_tensor(values, dtype=self.dtype, device=self.device)

    def on(self, base: Base) -> "Trial":
        """The same network on other earlier fields."""
        return self._like(self.network, base)

    def begun(self, theta: Tensor) -> "Trial":
        """The same fields, on a network of their own that starts at theta."""
        network = deepcopy(self.network)
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(self.layout.split(theta)[name])
        return self._like(network, self.base)

    def _like(self, network: nn.Module, base: Base | None) -> "Trial":
        return Trial(
            self.formulation, network, self.features, self.engine, self.dtype, self.device, base, self.handover
        )

    def in_precision(self, dtype: torch.dtype) -> "Trial":
        """The same fields in another precision, with a network of their own."""
        network, features = deepcopy(self.network).to(dtype), deepcopy(self.features).to(dtype)
        base = self.base
        if base is not None:
            start = base.start.to(dtype) if base.start is not None else None
            base = replace(base, trial=base.trial.in_precision(dtype), theta=base.theta.to(dtype), start=start)
        handover = self.handover
        if handover is not None:
            before = handover.trial.in_precision(dtype)
            handover = replace(handover, trial=before, theta=handover.theta.to(dtype))
        return Trial(self.formulation, network, features, self.engine, dtype, self.device, base, handover)

    @property
    def before(self) -> Handover | None:
        """The window of time before, where the fields go on from it exactly."""
        if self.base is not None:
            return self.base.trial.before
        return self.handover if any(self.formulation.continued) else None

    def handed(self, indices: IndexSet) -> IndexSet:
        """Which derivatives of the window before, at its end, make up these of the fields."""
        return continued_from(indices, self.problem.index(str(self.problem.time)), max(self.formulation.continued))

    def prepare(
        self, points: Tensor, indices: IndexSet, outputs: IndexSet | None = None, handed: Tensor | None = None
    ) -> Prepared:
        """What evaluation at points (N, d) needs beside the parameters.

        Args:
            points: (N, d).
            indices: the derivatives of the fields.
            outputs: those of the network's outputs, where fewer will do than all fields at all indices need.
            handed: as `taylor` has it.
        """
        asked = outputs if outputs is not None else self.outputs.indices(indices)
        features = self._features_of(points, asked) if self.engine == "jet" else None
        lift, distance = self._lifts(points, indices)
        stream = self._stream(points, asked) if self._stream is not None else None
        if self.base is None and self.before is not None and lift is not None:
            lift = lift + self._continued(self.before, points, indices, handed)
        if self.base is not None:
            lift = self.base.taylor(points, indices, handed)
            if stream is not None:
                stream = torch.stack((torch.zeros_like(stream[0]), stream[1]))
            distance = self.base.scale * (distance if distance is not None else _one(lift))
            if self.base.start is not None:
                lift = self.fixed(Prepared(points, indices, features, lift, -distance, stream), self.base.start)
        return Prepared(points, indices, features, lift, distance, stream)

    def prepare_along(self, points: Tensor, coordinates: Jet) -> Prepared:
        """What evaluation needs where derivatives are those of the coordinates' jet (K, N, d), along any directions.

        The fields are then the network itself: no condition is built in, nothing comes before.
        """
        assert self.engine == "jet"
        assert self.base is None
        return Prepared(points, coordinates.indices, self._mirrored(coordinates), None, None)

    def _continued(self, before: Handover, points: Tensor, indices: IndexSet, handed: Tensor | None) -> Tensor:
        """What must be added to the lift (K, N, F) so that the fields go on from those of the window before."""
        along, orders = self.problem.index(str(self.problem.time)), max(self.formulation.continued)
        kept = torch.tensor(self.formulation.continued, device=points.device)

        def own(at: Tensor, wanted: IndexSet) -> Tensor:
            lift, _ = self._lifts(at, wanted)
            assert lift is not None
            order = torch.tensor([index[along] for index in wanted.indices], device=points.device)
            fields = handed if handed is not None else before.taylor(at, wanted)
            return (fields - lift) * (order[:, None, None] < kept)

        return continued(own, points, indices, along, before.time, orders)

    def taylor(self, points: Tensor, indices: IndexSet, theta: Tensor, handed: Tensor | None = None) -> Tensor:
        """The Taylor coefficients (K, N, F) of the fields at points (N, d), as `channels` gives them."""
        return self.channels(points, indices, theta, handed)[:, :, : len(self.problem.fields)]

    def parameters(self, theta: Tensor) -> dict[str, float]:
        """The values of the unknown parameters by name."""
        if not self.problem.unknowns:
            return {}
        at = self.tensor([[c.lower for c in self.problem.coordinates]])
        alone = IndexSet.closure([], len(self.problem.coordinates))
        found = self.channels(at, alone, theta)[0, 0, len(self.problem.fields) :]
        return dict(zip((p.name for p in self.problem.unknowns), map(float, found), strict=True))

    def channels(self, points: Tensor, indices: IndexSet, theta: Tensor, handed: Tensor | None = None) -> Tensor:
        """The Taylor coefficients (K, N, F + U) of fields and unknown parameters at points, in parts of bounded memory.

        Args:
            points: (N, d).
            indices: K.
            theta: the parameters.
            handed: the coefficients `handed(indices)` of the window before, at its end; found where not given.
        """
        parts = []
        for rows in (slice(first, first + _AT_ONCE) for first in range(0, max(1, len(points)), _AT_ONCE)):
            own = handed[:, rows] if handed is not None else None
            parts.append(self.fixed(self.prepare(points[rows], indices, handed=own), theta))
        return torch.cat(parts, dim=1)

    def derivative(self, points: np.ndarray, orders: MultiIndex, theta: Tensor) -> np.ndarray:
        """One derivative (N, F) of all fields at points (N, d), in float64."""
        indices = IndexSet.closure([orders], len(orders))
        found = Jet(self.taylor(self.tensor(points), indices, theta), indices).derivative(orders)
        return np.asarray(found.cpu().to(torch.float64).numpy())

    def fixed(self, prepared: Prepared, theta: Tensor) -> Tensor:
        """The Taylor coefficients (K, N, F + U) of the fields and unknown parameters at theta, without a graph."""
        parameters = self.layout.split(theta)

        def network(features: Jet) -> Jet:
            fields: Jet = functional_call(self.network, parameters, (features,))
            return fields

        with torch.no_grad():
            return self.evaluate(prepared, network).coefficients.detach()

    def evaluate(self, prepared: Prepared, network: NetworkFunction) -> Jet:
        """The jets (K, N, F + U) of the fields and unknown parameters, given the network as a function of jets."""
        if prepared.features is not None:
            found = Jet(self._combine(network(prepared.features).coefficients), prepared.features.indices)
        else:
            found = autograd.differentiate(
                lambda at: Jet(self._combine(network(self._mirrored(at)).coefficients), at.indices),
                prepared.points,
                self.outputs.indices(prepared.indices),
            )
        if prepared.stream is not None:
            found = self.outputs.streamed(found, *prepared.stream)
        raw = self._fields(found, prepared.indices)
        if prepared.lift is None or prepared.distance is None:
            return Jet(raw, prepared.indices)
        if len(prepared.indices) == 1:
            return Jet(prepared.lift + prepared.distance * raw, prepared.indices)
        return Jet(prepared.lift + composition.multiply(raw, prepared.distance, prepared.indices), prepared.indices)

    def _fields(self, outputs: Jet, indices: IndexSet) -> Tensor:
        """The coefficients (K, N, F + U) of the fields that outputs make, and of the unknown parameters behind them."""
        count = len(self.problem.unknowns)
        if not count or not self.problem.divergence_free:
            return self.outputs.fields(outputs, indices)
        fields = self.outputs.fields(Jet(outputs.coefficients[:, :, :-count], outputs.indices), indices)
        constants = outputs.coefficients[:1, :, -count:]
        higher = constants.new_zeros(len(indices) - 1, *constants.shape[1:])
        return torch.cat((fields, torch.cat((constants, higher))), dim=2)

    def _features_of(self, points: Tensor, indices: IndexSet) -> Jet:
        return self._mirrored(jet.coordinates(points, indices))

    def _mirrored(self, coordinates: Jet) -> Jet:
        """The features of all copies, one after the other along the points."""
        mirrored = []
        for copy in self.copies:
            signs = torch.tensor(
                copy.signs, dtype=coordinates.coefficients.dtype, device=coordinates.coefficients.device
            )
            mirrored.append(self.features(jet.affine(coordinates, signs, torch.zeros_like(signs))))
        slopes = mirrored[0].slopes if len(mirrored) == 1 else None
        return Jet(torch.cat([own.coefficients for own in mirrored], dim=1), coordinates.indices, slopes)

    def _combine(self, raw: Tensor) -> Tensor:
        """(K, M N, R) of all copies to (K, N, R) of the outputs."""
        if len(self.copies) == 1:
            return raw
        parts = raw.chunk(len(self.copies), dim=1)
        return torch.stack([_weighted(part, copy) for part, copy in zip(parts, self.copies, strict=True)]).sum(0)


def _one(like: Tensor) -> Tensor:
    """The Taylor coefficients of the constant 1."""
    one = torch.zeros_like(like)
    one[0] = 1.0
    return one


def _weighted(part: Tensor, copy: Copy) -> Tensor:
    return part * torch.tensor(copy.weights, dtype=part.dtype, device=part.device)


@final
class _Derivatives:
    """The derivatives of some trees; each is differentiated symbolically once."""

    def __init__(self, trees: Sequence[sympy.Expr], problem: Problem) -> None:
        self._scope, none = problem.scope, (0,) * len(problem.coordinates)
        self._trees: dict[tuple[int, MultiIndex], sympy.Expr] = {(i, none): tree for i, tree in enumerate(trees)}
        self._programs: dict[tuple[int, MultiIndex], Program] = {}

    def __call__(self, number: int, index: MultiIndex) -> Program:
        if (number, index) not in self._programs:
            self._programs[number, index] = compile_tree(self._tree(number, index), self._scope)
        return self._programs[number, index]

    def _tree(self, number: int, index: MultiIndex) -> sympy.Expr:
        """A derivative as that of the one below it, along the first coordinate that it has; or a sum of such."""
        if min(index) < 0:
            return sympy.Add(*(self._tree(number, whole) for whole in summed_by(index)))
        if (number, index) not in self._trees:
            along = next(d for d, order in enumerate(index) if order)
            below = self._tree(number, (*index[:along], index[along] - 1, *index[along + 1 :]))
            self._trees[number, index] = differentiate(below, self._scope.coordinates[along], self._scope)
        return self._trees[number, index]


@final
class _LiftPrograms:
    """Evaluates the derivatives of all G and D."""

    def __init__(self, formulation: Formulation) -> None:
        self._problem, lifts = formulation.problem, formulation.lifts
        self._trivial = all(lift.trivial for lift in lifts)
        self._values_of = _Derivatives([lift.value for lift in lifts], self._problem)
        self._distances_of = _Derivatives([lift.distance for lift in lifts], self._problem)

    def __call__(self, points: Tensor, indices: IndexSet) -> tuple[Tensor | None, Tensor | None]:
        if self._trivial:
            return None, None
        known = {home: self._values(points, home) for home in {*self._problem.homes.values(), ""}}
        fields = len(self._problem.fields)
        lift = points.new_zeros(len(indices), points.shape[0], fields + len(self._problem.unknowns))
        distance = torch.zeros_like(lift)
        distance[0, :, fields:] = 1.0
        for field, name in enumerate(self._problem.fields):
            values = known[self._problem.homes.get(name, "")]
            for k, (index, factor) in enumerate(zip(indices.indices, indices.factorials, strict=True)):
                lift[k, :, field] = self._values_of(field, index)(values) / factor
                distance[k, :, field] = self._distances_of(field, index)(values) / factor
        return lift, distance

    def _values(self, points: Tensor, home: str) -> Mapping[str, Tensor | float]:
        """What the programs of the fields of a part are evaluated with; other points are seen from its middle.

        A distance to infinity may have a pole outside of its own part.
        """
        if home:
            axes = [c.axis for c in self._problem.coordinates_in(home)]
            ends = [[a.lower for a in axes], [a.upper for a in axes], [float(a.from_unit(np.array(0.5))) for a in axes]]
            points = seen_inside(points, *points.new_tensor(ends))
        return _given(points, self._problem)


@final
class _StreamPrograms:
    """Evaluates the derivatives of the G and D of a stream function."""

    def __init__(self, stream: Lift, problem: Problem) -> None:
        self._problem = problem
        self._derivatives = _Derivatives((stream.value, stream.distance), problem)

    def __call__(self, points: Tensor, indices: IndexSet) -> Tensor:
        """Their Taylor coefficients (2, K, N)."""
        values, found = _given(points, self._problem), points.new_zeros(2, len(indices), len(points))
        for k, (index, factor) in enumerate(zip(indices.indices, indices.factorials, strict=True)):
            for number in range(2):
                found[number, k] = self._derivatives(number, index)(values) / factor
        return found


def _given(points: Tensor, problem: Problem) -> Mapping[str, Tensor | float]:
    """The values of coordinates at points (N, d), and of parameters, by name."""
    return {**problem.values, **dict(zip(problem.scope.coordinates, points.unbind(1), strict=True))}
