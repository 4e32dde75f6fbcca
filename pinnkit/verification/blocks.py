"""Nonlinear systems put together of blocks: polynomials and numbers that are sought, and rows that see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import sympy
from numpy.polynomial import chebyshev

from pinnkit.equations.evaluate import Program, compile_tree
from pinnkit.equations.expression import Partial, Scope
from pinnkit.verification.slots import slotted

Key = Partial | str
"""What a tree calls an unknown: a field or one of its derivatives, or a number by its name."""


@final
@dataclass(frozen=True)
class Series:
    """The unknown a of a polynomial sum_k a_k T_k(s), k = 0 ... degree, with s from -1 to 1 over an interval.

    Coefficients, not values at nodes: the derivatives of every T_k are exact, so that scaling the columns of a system
    by powers of k leaves it well conditioned, whatever the degree.

    Args:
        first: the place of a_0 among all unknowns.
        lower: the lower end of the interval.
        upper: its upper end.
        degree: the highest k.
    """

    first: int
    lower: float
    upper: float
    degree: int

    @property
    def size(self) -> int:
        """How many unknowns it has."""
        return self.degree + 1

    def sight(self, points: np.ndarray, order: int = 0) -> "Sight":
        """How the derivative of an order at points (m,) follows from the coefficients."""
        s = 2.0 * (points - self.lower) / (self.upper - self.lower) - 1.0
        coefficients: np.ndarray = np.eye(self.size)
        if order:
            coefficients = chebyshev.chebder(coefficients, order) * (2.0 / (self.upper - self.lower)) ** order
        return Sight(self.first, chebyshev.chebvander(s, max(0, self.degree - order)) @ coefficients[: self.size])

    def widths(self, order: int) -> np.ndarray:
        """The size of a unit change of T_k, k = 0 ... degree, in an equation of some order: (1 + k)^order."""
        return (1.0 + np.arange(self.size)) ** order


@final
@dataclass(frozen=True)
class Number:
    """An unknown that is one number, such as an eigenvalue or a parameter."""

    first: int

    @property
    def size(self) -> int:
        """One."""
        return 1

    def sight(self, points: np.ndarray) -> "Sight":
        """The same number at all points (m,)."""
        return Sight(self.first, np.ones((len(points), 1)))


@final
@dataclass(frozen=True, eq=False)
class Sight:
    """How m values follow from the unknowns from `first` on: matrix (m, size) times these."""

    first: int
    matrix: np.ndarray

    @property
    def block(self) -> slice:
        """Where these unknowns stand."""
        return slice(self.first, self.first + self.matrix.shape[1])


@final
@dataclass(frozen=True, eq=False)
class Term:
    """A tree at m points, or sums of it over them.

    Args:
        tree: over fields and their derivatives, coordinates, and names.
        scope: the declared names.
        sights: for every field, derivative and number in the tree that is sought, how its values are seen.
        known: the values at the m points, or single numbers, of all other names in the tree.
        count: m.
        sums: the matrix (k, m) that takes the values to k rows, such as the weights of a quadrature; where it is not
            given, every value is a row.
    """

    tree: sympy.Expr
    scope: Scope
    sights: Mapping[Key, Sight]
    known: Mapping[Any, Any]
    count: int
    sums: np.ndarray | None = None

    @cached_property
    def program(self) -> Program:
        """Computes the tree."""
        return compile_tree(self.tree, self.scope)

    @cached_property
    def slopes(self) -> Mapping[Key, Program]:
        """Compute its derivatives by what is sought."""
        parts = slotted(self.tree, self.scope)
        trees: dict[Key, sympy.Expr] = {p: parts.written(parts.factor(p)) for p in parts.slots if p in self.sights}
        for key in self.sights:
            if isinstance(key, str):
                trees[key] = parts.written(sympy.diff(parts.tree, self.scope.symbols[key]))
        return {key: compile_tree(tree, self.scope) for key, tree in trees.items()}

    def rows(self, theta: np.ndarray) -> np.ndarray:
        """The rows at these unknowns."""
        values = self.program.broadcast(self._values(theta), np.empty(self.count))
        found: np.ndarray = values if self.sums is None else self.sums @ values
        return found

    def add_jacobian(self, theta: np.ndarray, matrix: np.ndarray) -> None:
        """Add the derivatives of its rows to a matrix (rows, unknowns)."""
        values = self._values(theta)
        for key, slope in self.slopes.items():
            sight = self.sights[key]
            factor = slope.broadcast(values, np.empty(self.count))
            own = factor[:, None] * sight.matrix
            matrix[:, sight.block] += own if self.sums is None else self.sums @ own

    def _values(self, theta: np.ndarray) -> dict[Any, Any]:
        seen = {key: sight.matrix @ theta[sight.block] for key, sight in self.sights.items()}
        return {**self.known, **seen}


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that are to be zero: the sum of terms of as many rows each.

    Args:
        name: what asks for them, for messages.
        terms: one for an equation at points; one a piece for an integral over several.
        where: the points (k,), for messages.
    """

    name: str
    terms: tuple[Term, ...]
    where: np.ndarray

    def values(self, theta: np.ndarray) -> np.ndarray:
        """The rows, shape (k,)."""
        return np.sum([term.rows(theta) for term in self.terms], axis=0)

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Their derivatives by all unknowns, shape (k, unknowns)."""
        matrix = np.zeros((len(self.where), len(theta)))
        for term in self.terms:
            term.add_jacobian(theta, matrix)
        return matrix


@final
@dataclass(frozen=True, eq=False)
class System:
    """Blocks of rows over common unknowns.

    Args:
        blocks: at least as many rows as there are unknowns.
        widths: for every unknown, how much a unit of it changes the rows, about: the scale of its column.
    """

    blocks: Sequence[Rows]
    widths: np.ndarray

    def values(self, theta: np.ndarray) -> np.ndarray:
        """All rows, shape (rows,)."""
        with np.errstate(all="ignore"):
            return np.concatenate([block.values(theta) for block in self.blocks])

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Their derivatives, shape (rows, unknowns)."""
        with np.errstate(all="ignore"):
            return np.concatenate([block.jacobian(theta) for block in self.blocks])

    def scales(self, jacobian: np.ndarray) -> np.ndarray:
        """The largest derivative in every block of rows, by the scaled unknowns, for every row of it.

        Rows of one equation keep their proportions: where its factors vanish, it says less.
        """
        sizes = np.linalg.norm(jacobian / self.widths, axis=1)
        found, begin = np.empty(len(sizes)), 0
        for block in self.blocks:
            part = slice(begin, begin + len(block.where))
            found[part] = max(float(np.max(sizes[part])), 1e-300)
            begin = part.stop
        return found

    def broken(self, values: np.ndarray) -> tuple[str, float] | None:
        """The first block, and the point, of a row that is no finite number."""
        begin = 0
        for block in self.blocks:
            bad = ~np.isfinite(values[begin : begin + len(block.where)])
            if bad.any():
                return block.name, float(block.where[bad][0])
            begin += len(block.where)
        return None
