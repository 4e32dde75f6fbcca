"""Which label is at a position: X(xi, t) = x is solved for xi by Newton's method on the trained displacement."""

from typing import Protocol, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.formulation.frame import Frame
from pinnkit.problem.problem import Problem

_STEPS = 12
"""Steps of Newton's method at most; from a good start it takes four."""

_HALVINGS = 6
"""How often a step that leads away is halved."""

_CLOSE = 1e-9
"""A position that is missed by more, as a share of the longest interval, is not found."""

_STRIDES = 16
"""How many steps in time lead from X = xi at the start to a label that is not found at once."""


class Displaced(Protocol):
    """Trained fields, some of which are displacements."""

    problem: Problem
    dtype: torch.dtype
    device: torch.device

    def taylor(self, points: Tensor, indices: IndexSet, theta: Tensor) -> Tensor:
        """The Taylor coefficients (K, N, F) at points (N, d)."""
        ...


def labels_at(fields: Displaced, frame: Frame, points: np.ndarray, theta: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The labels that are at positions, with time and all other coordinates as they are.

    Args:
        fields: the trained fields.
        frame: which of them are displacements.
        points: (n, d).
        theta: the parameters.

    Returns:
        points (n, d) of labels, and whether each was found (n,).
    """
    paths = _Paths(fields, frame, theta)
    # A displacement that changes little over its own length is known from where the label would be without it.
    start = points.copy()
    start[:, paths.moving] -= paths.displacement(points)[0]
    labels, found = paths.newton(start, points)
    if not found.all():
        labels[~found], found[~found] = paths.followed(points[~found])
    return paths.in_domain(labels), found


def jacobians(fields: Displaced, frame: Frame, labels: np.ndarray, theta: Tensor) -> np.ndarray:
    """J = det dX/dxi (n,) at labels (n, d); where it is not positive, labels have met."""
    return np.asarray(np.linalg.det(_Paths(fields, frame, theta).displacement(labels)[1]))


def positions_of(fields: Displaced, frame: Frame, labels: np.ndarray, theta: Tensor) -> np.ndarray:
    """The positions (n, d) of labels (n, d)."""
    paths = _Paths(fields, frame, theta)
    found = labels.copy()
    found[:, paths.moving] += paths.displacement(labels)[0]
    return found


@final
class _Paths:
    """Where labels go."""

    def __init__(self, fields: Displaced, frame: Frame, theta: Tensor) -> None:
        problem = fields.problem
        self.fields, self.theta = fields, theta
        self.moving = [problem.index(x) for x in frame.space]
        self.columns = [problem.fields.index(name) for name in frame.displacements.values()]
        self.time = problem.coordinate(str(problem.time))
        self.along = problem.index(self.time.name)
        self.scale = max(c.length for c in problem.coordinates if c.name in frame.space)
        units = np.eye(len(problem.coordinates), dtype=int)
        self.slopes = [tuple(map(int, units[column])) for column in self.moving]
        self.indices = IndexSet.closure(self.slopes, len(problem.coordinates))

    def displacement(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """D (n, m) and dX/dxi (n, m, m) at labels (n, d)."""
        at = torch.as_tensor(self.in_domain(labels), dtype=self.fields.dtype, device=self.fields.device)
        jets = Jet(self.fields.taylor(at, self.indices, self.theta)[:, :, self.columns], self.indices)
        slopes = torch.stack([jets.derivative(index) for index in self.slopes], dim=2)
        slopes = slopes + torch.eye(len(self.moving), dtype=slopes.dtype, device=slopes.device)
        return _numbers(jets.value), _numbers(slopes)

    def in_domain(self, labels: np.ndarray) -> np.ndarray:
        """The labels (n, d), those of periodic coordinates in their interval."""
        found = labels.copy()
        for column in self.moving:
            c = self.fields.problem.coordinates[column]
            if c.periodic:
                found[:, column] = c.lower + np.mod(found[:, column] - c.lower, c.length)
        return found

    def newton(self, start: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (n, d) at positions from a start, and whether they were found (n,)."""
        labels = start.copy()
        target = points[:, self.moving]
        displaced, slopes = self.displacement(labels)
        left = labels[:, self.moving] + displaced - target
        # Positions are no better known than to the last bit of how far they were carried.
        last = 4.0 * np.finfo(np.float64).eps * (self.scale + np.abs(target) + np.abs(displaced)).max(axis=1)
        going = np.linalg.norm(left, axis=1) > last
        for _ in range(_STEPS):
            if not going.any():
                break
            step = _solved(slopes[going], left[going])
            better, tried = self._tried(labels[going], step, left[going], target[going])
            own = np.flatnonzero(going)[better]
            labels[own], left[own], slopes[own] = (part[better] for part in tried)
            going[np.flatnonzero(going)[~better]] = False
            going &= np.linalg.norm(left, axis=1) > last
        return labels, np.max(np.abs(left), axis=1) <= _CLOSE * self.scale

    def _tried(
        self, labels: np.ndarray, step: np.ndarray, left: np.ndarray, target: np.ndarray
    ) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Which steps come closer, halved where need be, with the labels, what is left and the slopes behind them."""
        size, share = np.linalg.norm(left, axis=1), np.ones(len(labels))
        for _ in range(_HALVINGS):
            there = labels.copy()
            there[:, self.moving] -= share[:, None] * step
            displaced, slopes = self.displacement(there)
            now = there[:, self.moving] + displaced - target
            better = np.linalg.norm(now, axis=1) < size
            if better.all():
                break
            share = np.where(better, share, 0.5 * share)
        return better, (there, now, slopes)

    def followed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (n, d) at positions, followed from the start of time, where they are the positions."""
        labels = points.copy()
        found = np.ones(len(points), dtype=bool)
        for share in np.linspace(0.0, 1.0, _STRIDES + 1)[1:]:
            at = points.copy()
            at[:, self.along] = self.time.lower + share * (points[:, self.along] - self.time.lower)
            labels[:, self.along] = at[:, self.along]
            labels, found = self.newton(labels, at)
        return labels, found


def _numbers(values: Tensor) -> np.ndarray:
    return np.asarray(values.cpu().to(torch.float64).numpy())


def _solved(slopes: np.ndarray, left: np.ndarray) -> np.ndarray:
    """F^-1 (X - x), and X - x itself where F cannot be inverted."""
    regular = np.abs(np.linalg.det(slopes)) > 1e-12
    step = left.copy()
    step[regular] = np.linalg.solve(slopes[regular], left[regular][..., None])[..., 0]
    return step
