"""Rules that make one direction of several gradients."""

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.sum import Sum
from pinnkit.registry import Registry

AGGREGATORS: Registry[Aggregator] = Registry(
    "aggregator",
    Aggregator,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "sum": Sum,
    },
)

__all__ = [
    "AGGREGATORS",
    "Aggregator",
    "Combined",
    "Sum",
]
