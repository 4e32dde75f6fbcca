"""What weights may be made of: losses, gradients and kernel traces of groups, each computed when it is asked for."""

from collections.abc import Mapping
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from pinnkit.objective.objective import Objective

_SAMPLED = 100
"""Points of every block of rows at which kernel traces are estimated."""


@final
class Statistics:
    """The objective's groups at one point of parameter space.

    Args:
        objective: without the weights that are asked for.
        theta: the parameters (P,).
    """

    def __init__(self, objective: Objective, theta: Tensor) -> None:
        self._objective = objective
        self._theta = theta

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The terms of every group."""
        return self._objective.groups

    @cached_property
    def rows(self) -> Tensor:
        """All rows (N,), as they count in the loss."""
        return self._objective.rows(self._theta)

    @cached_property
    def residuals(self) -> Tensor:
        """The residuals (N,) behind the rows, before weights and means."""
        parts = self.rows.split([block.count for block in self._objective.chunks])
        return torch.cat([block.plain(own) for block, own in zip(self._objective.chunks, parts, strict=True)])

    @cached_property
    def places(self) -> Mapping[str, Tensor]:
        """Which of the rows (N,) belong to every group, as a mask."""
        names = [
            term for block in self._objective.chunks for term in block.terms
            for _ in range(block.count // len(block.terms))
        ]  # fmt: skip
        group_of = {term: group for group, terms in self.groups.items() for term in terms}
        own = [group_of.get(name) for name in names]
        device = self.rows.device
        return {group: torch.tensor([name == group for name in own], device=device) for group in self.groups}

    @cached_property
    def losses(self) -> Mapping[str, float]:
        """L_g, half the sum of the squared rows of every group."""
        return {group: 0.5 * float(self.rows[own] @ self.rows[own]) for group, own in self.places.items()}

    @cached_property
    def gradients(self) -> Mapping[str, Tensor]:
        """The gradient (P,) of every L_g."""
        return self._objective.evaluate_groups(self._theta).gradients

    @cached_property
    def traces(self) -> Mapping[str, float]:
        """tr K_g, the sum of |d row / d theta|^2 over the rows of every group, each row's own.

        It is estimated on about a hundred points of every block, evenly picked.
        """
        found = self._objective.traces(self._theta, _SAMPLED)
        return {group: sum(found[term] for term in terms) for group, terms in self.groups.items()}
