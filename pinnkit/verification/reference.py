"""The reference that a problem names: exact fields, or a classical method that is run."""

from collections.abc import Mapping

import numpy as np

from pinnkit.equations.expression import Expression
from pinnkit.errors import Mistake, UserError
from pinnkit.problem.problem import Problem
from pinnkit.problem.truth import settled
from pinnkit.registry import Registry
from pinnkit.verification.cole_hopf import ColeHopf
from pinnkit.verification.dop853 import DOP853
from pinnkit.verification.driven_cavity import DrivenCavity
from pinnkit.verification.etdrk4 import ETDRK4
from pinnkit.verification.lightning import Lightning
from pinnkit.verification.members import by_members
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution, evaluated
from pinnkit.verification.method_of_lines import MethodOfLines
from pinnkit.verification.newton_collocation import NewtonCollocation

REFERENCES: Registry[ReferenceMethod] = Registry(
    "reference method",
    ReferenceMethod,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "cole_hopf": ColeHopf,
        "etdrk4": ETDRK4,
        "dop853": DOP853,
        "method_of_lines": MethodOfLines,
        "collocation": NewtonCollocation,
        "driven_cavity": DrivenCavity,
        "lightning": Lightning,
    },
)


def reference_for(problem: Problem) -> ReferenceSolution | None:
    """The reference that the problem names, at the unknown parameters that it gives, or None where it names none.

    Raises:
        UserError: an exact solution that leaves out a field; a method that is unknown or cannot treat the problem.
    """
    known, problem = problem.reference, settled(problem)
    if known is None:
        return None
    if known.exact:
        return _exact(problem, known.exact)
    if known.method is None:  # values of outputs alone
        return None
    return by_members(REFERENCES.build({"name": known.method, **known.options}), problem)


def _exact(problem: Problem, fields: Mapping[str, Expression]) -> ReferenceSolution:
    """The reference that consists of expressions for all fields."""
    missing = [name for name in problem.fields if name not in fields]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        raise UserError(Mistake(f"the exact reference of `{problem.name}` gives no expression for {listed}"))

    def values(points: np.ndarray) -> np.ndarray:
        return np.stack([evaluated(fields[name].tree, problem, points) for name in problem.fields], axis=1)

    return ReferenceSolution(values, "the exact solution", float(np.finfo(np.float64).eps))
