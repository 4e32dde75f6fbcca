"""Rules that make weights of losses or of rows."""

from pinnkit.objective.weightings.constant import Constant
from pinnkit.objective.weightings.weighting import Weighting, Weights
from pinnkit.registry import Registry

WEIGHTINGS: Registry[Weighting] = Registry(
    "weighting",
    Weighting,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "constant": Constant,
    },
)

__all__ = [
    "WEIGHTINGS",
    "Constant",
    "Weighting",
    "Weights",
]
