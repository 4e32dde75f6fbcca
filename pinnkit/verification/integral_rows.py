"""A row made of integrals: an expression in which a number stands in place of every one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import sympy

from pinnkit.equations.evaluate import Program, compile_tree
from pinnkit.equations.expression import Scope
from pinnkit.equations.reductions import reductions_in
from pinnkit.verification.blocks import Key, Sight, Term


@final
@dataclass(frozen=True, eq=False)
class IntegralRow:
    """g(I_1, ..., I_q, numbers) = 0, with every I_j a sum over quadrature nodes.

    Args:
        name: what asks for it, for messages.
        tree: g, with its integrals as nodes.
        scope: the declared names.
        integrals: for every integral in the order of `reductions_in` its pieces, each a single row.
        sights: numbers beside the integrals that are sought, at one point.
        known: the values of all other names.
    """

    name: str
    tree: sympy.Expr
    scope: Scope
    integrals: tuple[tuple[Term, ...], ...]
    sights: Mapping[Key, Sight]
    known: Mapping[str, float]

    @property
    def where(self) -> np.ndarray:
        """It belongs to no point."""
        return np.array([np.nan])

    @property
    def alone(self) -> bool:
        """It is the only row."""
        return True

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """What stands for each integral; no names that a file can declare."""
        return tuple(f"integral {i}" for i in range(len(self.integrals)))

    @cached_property
    def _programs(self) -> tuple[Program, Mapping[str, Program]]:
        """g, and its derivatives by every integral and every sought number."""
        wider = Scope(self.scope.coordinates, self.scope.fields, (*self.scope.parameters, *self._names))
        nodes = reductions_in(self.tree)
        outer = self.tree.xreplace({n: wider.symbols[name] for n, name in zip(nodes, self._names, strict=True)})
        slopes = {n: sympy.diff(outer, wider.symbols[n]) for n in (*self._names, *map(str, self.sights))}
        return compile_tree(outer, wider), {name: compile_tree(tree, wider) for name, tree in slopes.items()}

    def values(self, theta: np.ndarray) -> np.ndarray:
        """The row, shape (1,)."""
        return self._programs[0].broadcast(self._inner(theta), np.empty(1))

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Its derivatives by all unknowns, shape (1, unknowns)."""
        matrix, inner = np.zeros((1, len(theta))), self._inner(theta)
        factors = {name: slope.broadcast(inner, np.empty(1)) for name, slope in self._programs[1].items()}
        for name, terms in zip(self._names, self.integrals, strict=True):
            own = np.zeros_like(matrix)
            for term in terms:
                term.add_jacobian(theta, own)
            matrix += factors[name] * own
        for key, sight in self.sights.items():
            matrix[:, sight.block] += factors[str(key)] * sight.matrix
        return matrix

    def _inner(self, theta: np.ndarray) -> dict[Any, Any]:
        sums = (np.sum([term.rows(theta) for term in terms], axis=0) for terms in self.integrals)
        numbers = {key: sight.matrix @ theta[sight.block] for key, sight in self.sights.items()}
        return {**self.known, **numbers, **dict(zip(self._names, sums, strict=True))}
