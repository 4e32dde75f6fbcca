"""What a reference is: fields known by other means than training, and how well they are known."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np
import sympy

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Partial
from pinnkit.problem.problem import Problem
from pinnkit.verification.errors import Field


@final
@dataclass(frozen=True)
class ReferenceSolution:
    """Fields that are known independently of any network.

    Args:
        values: gives the fields in the order in which the problem declares them, shape (n, f), at points (n, d).
        method: how they were made, in words for a report.
        accuracy: their own relative L2 error: measured by two resolutions, or round-off for an exact expression.
        parameters: the unknown parameters that were found with them.
    """

    values: Field
    method: str
    accuracy: float
    parameters: Mapping[str, float] = field(default_factory=dict)


class ReferenceMethod(ABC):
    """A classical method that makes a reference from the problem alone; its options are its constructor's arguments.

    `shapes` says whether it treats domains that are shapes; the others need a box.
    """

    shapes: ClassVar[bool] = False

    @abstractmethod
    def solve(self, problem: Problem) -> ReferenceSolution:
        """The reference of a problem.

        Raises:
            UserError: the method cannot treat the problem, and which feature stops it.
        """


def evaluated(tree: sympy.Expr, problem: Problem, points: np.ndarray) -> np.ndarray:
    """The values, shape (n,), of an expression without fields at points of shape (n, d)."""
    values: dict[Partial | str, Any] = {name: points[:, i] for i, name in enumerate(problem.scope.coordinates)}
    values.update(problem.values)
    program = compile_tree(tree, problem.scope)
    return np.asarray(program.broadcast(values, np.empty(len(points))), dtype=np.float64)
