"""Whether what an equation carries enters a domain at one end of a coordinate, or at both."""

import numpy as np
import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.problem.coordinate import Coordinate
from pinnkit.problem.problem import Problem, TorchResidual
from pinnkit.problem.sampling import evaluate, interior


def turns(problem: Problem, field: str, coordinate: Coordinate) -> bool:
    """Whether a field is carried along a coordinate, by an equation of first order, one way here and the other there.

    A current that turns, as in solid-body rotation, enters through a part of either end, so that a condition may stand
    on both. The speed must be known without the fields.
    """
    if problem.order(field, coordinate.name) != 1:
        return False
    first = Partial(field, tuple(int(c.name == coordinate.name) for c in problem.coordinates))
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            continue
        tree, mark = equation.residual.tree, sympy.Dummy(real=True)
        speed = sympy.diff(tree.xreplace({problem.scope.tree(first): mark}), mark)
        if speed.has(mark) or partials_in(speed, problem.scope):
            continue
        values = evaluate(speed, problem, interior(problem))
        if values is not None and np.min(values) < 0 < np.max(values):
            return True
    return False
