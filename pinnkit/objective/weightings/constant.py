"""Weights that stay what they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, final

from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights


@final
@dataclass(frozen=True)
class Constant(Weighting):
    """L = sum_g lambda_g L_g with given lambda_g, 1 where not given.

    Args:
        factors: lambda by the name of a group.
    """

    factors: Mapping[str, float] = field(default_factory=dict)

    name: ClassVar[str] = "constant"

    def __post_init__(self) -> None:
        super().__post_init__()
        for group, factor in self.factors.items():
            if not 0 < factor < float("inf"):
                raise UserError(f"the factor of `{group}` in weighting `constant` is {factor}; it needs more than 0")

    def start(self, found: Statistics) -> None:
        """Nothing is remembered; factors of what is no group are refused."""
        for group in self.factors:
            if group not in found.groups:
                message, hint = unknown("group", group, found.groups)
                raise UserError(Mistake(f"{message} in `factors` of weighting `constant`", hint=hint))

    def update(self, found: Statistics, state: None) -> tuple[Weights, None]:
        """The given factors."""
        return Weights(dict(self.factors)), None
