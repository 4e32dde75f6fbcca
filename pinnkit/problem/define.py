"""A problem from Python, by the same keys as in a file."""

from typing import Any

from pinnkit.problem.build import build_problem
from pinnkit.problem.problem import Problem


def define(**keys: Any) -> Problem:
    """A problem from the same keys as a problem file.

    An equation may be text, a sympy expression (or `Eq`) over symbols and functions of the declared names, or a Python
    function over torch tensors whose argument names say what it needs: `def residual(u_t, u, u_x, x)`.

    Raises:
        UserError: every mistake in the keys.

    Example:
        >>> decay = define(name="decay", coordinates={"t": [0, 1]}, time="t", fields=["u"], equations=["u_t = -u"],
        ...                conditions={"start": {"on": "t = 0", "equation": "u = 1"}})
        >>> decay.order("u", "t")
        1
    """
    return build_problem(keys)
