"""The hand-over between windows of time: the fields of the window before, at its end, are where the next one starts.

A problem on a later window has conditions at its start whose values are not expressions but other fields. Of a field
that the equations differentiate m times by time, the first m - 1 derivatives are handed over with its value; one that
they do not differentiate by time is not handed over. The conditions keep the names of those that stand at the start of
the problem, so that weights and the choice of exact ones hold for every window.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import comb
from typing import Protocol, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.equations.expression import Expression, Partial
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.magnitudes import magnitudes
from pinnkit.problem.prescribed import prescribed
from pinnkit.problem.problem import Condition, Face, Problem


class Fields(Protocol):
    """Trained fields, which only their parameters are missing from."""

    problem: Problem

    @property
    def before(self) -> "Handover | None":
        """What they go on from exactly themselves."""
        ...

    def handed(self, indices: IndexSet) -> IndexSet:
        """Which derivatives of the fields before make up these."""
        ...

    def taylor(self, points: Tensor, indices: IndexSet, theta: Tensor, handed: Tensor | None = None) -> Tensor:
        """The Taylor coefficients (K, N, F) at points (N, d); `handed` are those of the fields before, where known."""
        ...

    def derivative(self, points: np.ndarray, orders: tuple[int, ...], theta: Tensor) -> np.ndarray:
        """One derivative (N, F) of all fields at points (N, d)."""
        ...

    def in_precision(self, dtype: torch.dtype) -> "Fields":
        """The same fields in another precision."""
        ...


@final
@dataclass(frozen=True, eq=False)
class Handover:
    """The fields of the window before, and the time at which it ends.

    Args:
        trial: the fields.
        theta: their parameters.
        time: t_k.
    """

    trial: Fields
    theta: Tensor
    time: float

    def taylor(self, points: Tensor, indices: IndexSet) -> Tensor:
        """The Taylor coefficients (K, N, F) of the fields at t_k, at points (N, d).

        They depend on those of all windows before, which are evaluated from the first one on: one inside the other,
        many windows would run out of stack.
        """
        links, wanted = [self], [indices]
        while (before := links[-1].trial.before) is not None:
            wanted.append(links[-1].trial.handed(wanted[-1]))
            links.append(before)
        found: Tensor | None = None
        for link, own in zip(reversed(links), reversed(wanted), strict=True):
            at = points.clone()
            at[:, link.trial.problem.index(str(link.trial.problem.time))] = link.time
            found = link.trial.taylor(at, own, link.theta, found)
        assert found is not None
        return found

    def derivative(self, points: np.ndarray, partial: Partial) -> np.ndarray:
        """One derivative (n,) of a field at t_k, at points (n, d)."""
        trial, problem = self.trial, self.trial.problem
        at = np.array(points, dtype=np.float64)
        at[:, problem.index(str(problem.time))] = self.time
        return trial.derivative(at, partial.orders, self.theta)[:, problem.fields.index(partial.field)]


def continued(
    taylor: Callable[[Tensor, IndexSet], Tensor],
    points: Tensor,
    indices: IndexSet,
    along: int,
    time: float,
    orders: int,
) -> Tensor:
    """The Taylor coefficients (K, N, F) of sum_j a_j(x) (t - t_k)^j, where a_j = d^j u(x, t_k) / dt^j / j!, j < orders.

    Args:
        taylor: the coefficients of u at points.
        points: (N, d).
        indices: K.
        along: the position of time among the coordinates.
        time: t_k.
        orders: how many orders in time are continued; the later ones are zero.
    """
    wanted = continued_from(indices, along, orders)
    at = points.clone()
    at[:, along] = time
    # Without space all points are the same.
    few = at[:1] if indices.dimension == 1 else at
    found = taylor(few, wanted).expand(-1, len(at), -1)
    elapsed = (points[:, along] - time)[:, None]
    result = found.new_zeros(len(indices), *found.shape[1:])
    for place, index in enumerate(indices.indices):
        order = index[along]
        for j in range(order, orders):
            a = found[wanted.position[_with(index, along, j)]]
            result[place] += comb(j, order) * elapsed ** (j - order) * a
    return result


def continued_from(indices: IndexSet, along: int, orders: int) -> IndexSet:
    """The derivatives of u at t_k that those of its continuation are made of."""
    space = [index for index in indices.indices if not index[along]]
    return IndexSet.closure([_with(index, along, orders - 1) for index in space], indices.dimension)


def window_of(problem: Problem, lower: float, upper: float) -> Problem:
    """The same problem on a part of its time, its start as it is; observations at t_k belong to the window before."""
    assert problem.time is not None
    time = problem.coordinate(problem.time)
    kept = [k for k, at in enumerate(time.breaks) if lower < at < upper]
    breaks, texts = tuple(time.breaks[k] for k in kept), tuple(time.break_texts[k] for k in kept)
    cut = replace(time, lower=lower, upper=upper, breaks=breaks, break_texts=texts)
    along = problem.index(time.name)
    observations = []
    for known in problem.observations:
        times = known.points[:, along]
        after, before = (times > lower) | (lower <= time.lower), (times <= upper) | (upper >= time.upper)
        observations.append(known.only(after & before))
    coordinates = tuple(cut if c is time else c for c in problem.coordinates)
    return replace(problem, coordinates=coordinates, observations=tuple(observations), sizes=magnitudes(problem))


def handed_over(problem: Problem, before: Handover, upper: float) -> Problem:
    """The problem on the window from the end of the one before, whose fields are its start.

    Args:
        problem: the whole problem.
        before: the window before.
        upper: where the window ends.
    """
    face = Face(str(problem.time), "lower", before.time)
    kept = tuple(later for c in problem.conditions if (later := _later(c, problem)).faces)
    names = _names(problem)
    taken = {c.name for c in kept} | {e.name for e in problem.equations} | set(names.values())
    started = []
    for field in problem.fields:
        for order in range(problem.order(field, str(problem.time))):
            partial = Partial(field, _with((0,) * len(problem.coordinates), problem.index(face.coordinate), order))
            name = names.get((field, order)) or _free(f"start_{problem.scope.name(partial)}", taken)
            taken.add(name)
            started.append(Condition(name, (face,), _value(problem, partial), Given(before, partial)))
    integrals = tuple(i for i in problem.integrals if not any(_is_start(face, problem) for face in i.faces))
    return replace(window_of(problem, before.time, upper), conditions=(*started, *kept), integrals=integrals)


def require_marchable(problem: Problem) -> None:
    """Refuse windows for a problem that does not begin with known fields and go on from there.

    Raises:
        UserError: what stands in the way.
    """
    if problem.time is None:
        raise UserError(f"`{problem.name}` has no `time`, and `windows` divide it")
    if problem.unknowns:
        listed = ", ".join(f"`{p.name}`" for p in problem.unknowns)
        hint = "Leave out `windows`; causal weights train early times first as well."
        raise UserError(Mistake(f"every one of the `windows` would find its own value of {listed}", hint=hint))
    if problem.regions or problem.ansatz or problem.stream_function:
        what = "regions" if problem.regions else "an ansatz" if problem.ansatz else "a stream function"
        raise UserError(Mistake(f"windows of time and {what} do not go together", problem.places.get("time")))
    for condition in problem.conditions:
        if any(face.coordinate == problem.time and face.side == "upper" for face in condition.faces):
            raise UserError(
                f"condition `{condition.name}` holds at the end of time, and `windows` go on from the start alone"
            )
    for integral in problem.integrals:
        faces = integral.faces or (None,)
        if any(problem.time in integral.over(problem.scope, face) for face in faces):
            raise UserError(
                f"condition `{integral.name}` integrates over time, and `windows` know one part of it at a time; "
                "solve all of time at once, or integrate along the other coordinates alone"
            )
        if any(face is not None and face.coordinate == problem.time and face.side == "upper" for face in faces):
            raise UserError(
                f"condition `{integral.name}` holds at the end of time, and `windows` go on from the start alone"
            )
    if not any(_is_start(face, problem) for condition in problem.conditions for face in condition.faces):
        raise UserError(f"`{problem.name}` has no condition at the start of time for the first of the `windows`")


def _later(condition: Condition, problem: Problem) -> Condition:
    """The condition away from the start of time."""
    return replace(condition, faces=tuple(face for face in condition.faces if not _is_start(face, problem)))


def _is_start(face: Face, problem: Problem) -> bool:
    return face.coordinate == problem.time and face.side == "lower"


def _names(problem: Problem) -> dict[tuple[str, int], str]:
    """The conditions at the start by the field and the order in time that they fix, each name once."""
    found: dict[tuple[str, int], str] = {}
    for condition in problem.conditions:
        if len(condition.faces) == 1 and _is_start(condition.faces[0], problem):
            known = prescribed(condition, condition.faces[0], problem)
            if known is not None:
                found[known.field, known.normal_order] = condition.name
    return found


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)


def _with(index: tuple[int, ...], along: int, order: int) -> tuple[int, ...]:
    return (*index[:along], order, *index[along + 1 :])


def _value(problem: Problem, partial: Partial) -> Expression:
    return Expression(problem.scope.name(partial), problem.scope.tree(partial))


@final
@dataclass(frozen=True, eq=False)
class Given:
    """The values (n,) of a handed-over derivative at points (n, d), which can be differentiated again."""

    before: Handover
    partial: Partial

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The values (n,)."""
        return self.before.derivative(points, self.partial)

    def along(self, coordinate: str) -> "Given":
        """Their derivative along a coordinate of space."""
        at = self.before.trial.problem.index(coordinate)
        orders = self.partial.orders
        return Given(self.before, replace(self.partial, orders=_with(orders, at, orders[at] + 1)))
