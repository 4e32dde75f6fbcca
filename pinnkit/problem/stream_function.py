"""The stream function of two fields without divergence, given as an expression of the network."""

from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.expression import Expression, Scope
from pinnkit.errors import Mistake, UserError
from pinnkit.problem.ansatz import NETWORK, expression_of_network, of_network, taken_name
from pinnkit.problem.schema import ProblemKeys, Where


@final
@dataclass(frozen=True)
class StreamFunction:
    """psi = G + D N as written, from which u = psi_y and v = -psi_x; N is the network."""

    expression: Expression

    def split(self, scope: Scope) -> tuple[sympy.Expr, sympy.Expr] | None:
        """G and D, which hold coordinates and parameters alone; None where psi is not linear in N."""
        mark = sympy.Dummy(real=True)
        tree = self.expression.tree.xreplace({of_network(scope).functions[NETWORK]: mark})
        slope = sympy.diff(tree, mark)
        slope = sympy.expand(slope) if slope.has(mark) else slope
        return None if slope.has(mark) else (tree.xreplace({mark: sympy.S.Zero}), slope)


def stream_function_of(
    keys: ProblemKeys, scope: Scope | None, where: Where, _: Where
) -> tuple[StreamFunction | None, list[Mistake]]:
    """The stream function, and what is wrong with it."""
    text, place = keys.stream_function, where("stream_function")
    if text is None or scope is None:
        return None, []
    if not keys.divergence_free:
        hint = "Name the two fields that it makes, as in `divergence_free: [u, v]`."
        return None, [Mistake("`stream_function` is given without `divergence_free`", place, hint=hint)]
    if taken_name(scope):
        hint = f"Declare another name than `{NETWORK}`."
        message = f"`{NETWORK}` is declared, and in `stream_function` it stands for the network"
        return None, [Mistake(message, place, hint=hint)]
    try:
        found = StreamFunction(expression_of_network(str(text), scope, place, "stream function"))
    except UserError as error:
        return None, list(error.mistakes)
    if found.split(scope) is None:
        hint = f'It is G + D*{NETWORK}, as in "x^2*(1 - x)^2*{NETWORK}".'
        return None, [Mistake(f"the stream function is not linear in `{NETWORK}`", place, str(text), hint=hint)]
    return found, []
