"""Rows of an objective: numbers that shall vanish, scaled so that the loss is half the sum of their squares.

Two kinds answer the same questions. Pointwise rows depend on the parameters through their own point alone, come by the
thousand, and get their Jacobian from one backward sweep. Global rows depend on all points (an integral, a
normalisation), are few, and get theirs by one backward sweep each.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import final

import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.derivatives.copies import row_jacobian_by_copies
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.rows import covers, row_jacobian
from pinnkit.formulation.prepared import Prepared
from pinnkit.formulation.trial import NetworkFunction, Trial

Residual = Callable[[Jet, Tensor], Tensor]
"""The jets (K, N, F) of the fields and the points (N, d) to a residual (N,)."""


class Rows(ABC):
    """Some rows of an objective. ``terms`` names the term of each of the ``count`` rows' equal parts, in order."""

    terms: tuple[str, ...]
    count: int

    @abstractmethod
    def values(self, theta: Tensor) -> Tensor:
        """The rows (count,), differentiable with respect to theta (P,)."""

    @abstractmethod
    def jacobian(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """The rows (count,) and their Jacobian (count, P)."""

    def scaled(self, scale: Callable[[Tensor], Tensor]) -> "Rows":
        """The rows times a number that depends on their points; rows that have none stay as they are."""
        return self

    def rescaled(self, factors: Tensor) -> "Rows":
        """The rows times a number each, (count,)."""
        return RescaledRows(self, factors)

    def plain(self, rows: Tensor) -> Tensor:
        """The residuals (count,) behind the rows, before weights and means; the rows where there are none."""
        return rows

    def some(self, points: int) -> "Rows":
        """About so many of the points of the rows, evenly picked; all of them where there are no more."""
        return self

    def by_term(self, rows: Tensor) -> dict[str, Tensor]:
        """The rows of every term, as views."""
        return dict(zip(self.terms, rows.chunk(len(self.terms)), strict=True))


@final
@dataclass(frozen=True, eq=False)
class PointwiseRows(Rows):
    """E residuals on the same N points: rows w_e a_n (r_e(x_n) - b_en), residual by residual.

    Args:
        trial: the fields.
        prepared: the points.
        terms: the names of the residuals.
        residuals: one function of the fields' jets and the points a term.
        factors: w_e a_n, (E, N).
        targets: b_en, (E, N); zero where not given.
        compiled: the same rows of (theta, prepared, factors) as one compiled function.
    """

    trial: Trial
    prepared: Prepared
    terms: tuple[str, ...]
    residuals: tuple[Residual, ...]
    factors: Tensor
    compiled: Callable[[Tensor, Prepared, Tensor], Tensor] | None = None
    targets: Tensor | None = None

    @property
    def count(self) -> int:  # type: ignore[override]
        """E N."""
        return self.factors.numel()

    def values(self, theta: Tensor) -> Tensor:
        """The rows (E N,)."""
        if self.compiled is not None:
            rows = self.compiled(theta, self.prepared, self.factors)
            return rows if self.targets is None else rows - (self.factors * self.targets).flatten()
        parameters = self.trial.layout.split(theta)
        return torch.cat(self._rows(lambda jet: functional_call(self.trial.network, parameters, (jet,))))

    def jacobian(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """The rows and their Jacobian (E N, P), by one sweep a residual where the network is made of row layers."""
        trial = self.trial
        if trial.engine == "jet" and covers(trial.network):
            return row_jacobian(trial.network, trial.layout, theta, self._rows)
        # Copies of the parameters carry no jets: without features the fields are differentiated by reverse mode.
        bare = replace(self, prepared=replace(self.prepared, features=None))
        return row_jacobian_by_copies(trial.network, trial.layout, theta, self.factors.shape[1], bare._rows)

    def part(self, points: slice) -> "PointwiseRows":
        """The rows of some of the points."""
        prepared = self.prepared.part(points, len(self.trial.copies))
        targets = self.targets[:, points] if self.targets is not None else None
        return replace(self, prepared=prepared, factors=self.factors[:, points], targets=targets)

    def scaled(self, scale: Callable[[Tensor], Tensor]) -> "PointwiseRows":
        """The rows times a number each, scale(x_n), as a function of the points (N, d)."""
        return replace(self, factors=self.factors * scale(self.prepared.points))

    def rescaled(self, factors: Tensor) -> "PointwiseRows":
        """The rows times a number each, (E N,)."""
        return replace(self, factors=self.factors * factors.view_as(self.factors).to(self.factors))

    def plain(self, rows: Tensor) -> Tensor:
        """r_e(x_n) - b_en, (E N,)."""
        return rows / self.factors.flatten()

    def some(self, points: int) -> "PointwiseRows":
        """About so many of the points, evenly picked."""
        every = max(1, self.factors.shape[1] // points)
        return self.part(slice(None, None, every)) if every > 1 else self

    def parts(self, points: int, multiple: int = 1) -> list["PointwiseRows"]:
        """The rows of at most so many points each, as nearly as many in each as can be, in a multiple of parts."""
        total = self.factors.shape[1]
        count = min(total, multiple * -(-total // (multiple * points)))
        edges = [total * i // count for i in range(count + 1)]
        return [self.part(slice(*pair)) for pair in pairwise(edges)] if count > 1 else [self]

    def _rows(self, network: NetworkFunction) -> list[Tensor]:
        fields = self.trial.evaluate(self.prepared, network)
        known = self.prepared.known
        found = [residual(fields, known) for residual in self.residuals]
        if self.targets is not None:
            found = [values - target for values, target in zip(found, self.targets, strict=True)]
        return [factor * values for factor, values in zip(self.factors, found, strict=True)]


@final
@dataclass(frozen=True, eq=False)
class GlobalRows(Rows):
    """Rows that depend on many points at once.

    Args:
        trial: the fields.
        terms: the names of the terms, one after the other.
        function: the network as a function of jets to the rows (count,), scaled.
        each: how many rows every term has.
    """

    trial: Trial
    terms: tuple[str, ...]
    function: Callable[[NetworkFunction], Tensor]
    each: int = 1

    @property
    def count(self) -> int:  # type: ignore[override]
        """As many rows for each term."""
        return self.each * len(self.terms)

    def values(self, theta: Tensor) -> Tensor:
        """The rows (count,)."""
        parameters = self.trial.layout.split(theta)
        return self.function(lambda jet: functional_call(self.trial.network, parameters, (jet,)))

    def jacobian(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """The rows and their Jacobian, one backward sweep a row."""
        leaf = theta.detach().clone().requires_grad_()
        rows = self.values(leaf)
        slopes = [torch.autograd.grad(row, leaf, retain_graph=True)[0] for row in rows]
        return rows.detach(), torch.stack(slopes)


@final
@dataclass(frozen=True, eq=False)
class RescaledRows(Rows):
    """Rows times a number each.

    Args:
        rows: what they are before.
        factors: (count,).
    """

    rows: Rows
    factors: Tensor

    @property
    def terms(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of the rows."""
        return self.rows.terms

    @property
    def count(self) -> int:  # type: ignore[override]
        """As many."""
        return self.rows.count

    def values(self, theta: Tensor) -> Tensor:
        """The rows (count,)."""
        values = self.rows.values(theta)
        return self.factors.to(values) * values

    def jacobian(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """The rows and their Jacobian (count, P)."""
        values, jacobian = self.rows.jacobian(theta)
        factors = self.factors.to(values)
        return factors * values, factors[:, None] * jacobian

    def plain(self, rows: Tensor) -> Tensor:
        """The residuals behind the rows."""
        return self.rows.plain(rows / self.factors.to(rows))

    def rescaled(self, factors: Tensor) -> "RescaledRows":
        """One product of numbers, not two."""
        return RescaledRows(self.rows, self.factors.to(factors) * factors)
