"""Nonlinear systems put together of blocks: polynomials and numbers that are sought, and rows that see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, final

import numpy as np
import sympy
from numpy.polynomial import chebyshev

from pinnkit.equations.evaluate import Program, compile_tree
from pinnkit.equations.expression import Partial, Scope
from pinnkit.problem.maps import Axis
from pinnkit.verification.chain_rule import chain_factors
from pinnkit.verification.slots import Slotted, slotted

Key = Partial | str
"""What a tree calls an unknown: a field or one of its derivatives, or a number by its name."""


@final
@dataclass(frozen=True)
class Series:
    """The unknown a of a polynomial sum_k a_k T_k(s), k = 0 ... degree, with s from -1 to 1 over an interval.

    Coefficients, not values at nodes: the derivatives of every T_k are exact, so that scaling the columns of a system
    by powers of k leaves it well conditioned, whatever the degree. The map from s to x is that of the interval, which
    may have infinite ends.

    Args:
        first: the place of a_0 among all unknowns.
        axis: the interval.
        degree: the highest k.
    """

    first: int
    axis: Axis
    degree: int

    @property
    def size(self) -> int:
        """How many unknowns it has."""
        return self.degree + 1

    @property
    def block(self) -> slice:
        """Where they stand among all."""
        return slice(self.first, self.first + self.size)

    def sight(self, points: np.ndarray, order: int = 0) -> "Sight":
        """How the derivative of an order at points (m,), which may be infinite, follows from the coefficients."""
        s = 2.0 * self.axis.to_unit(points) - 1.0
        if not order:
            return Sight(self.first, chebyshev.chebvander(s, self.degree))
        found = np.zeros((len(points), self.size))
        for inner, factor in enumerate(chain_factors(self.axis, points, order), start=1):
            coefficients = np.asarray(chebyshev.chebder(np.eye(self.size), inner))
            values = chebyshev.chebvander(s, max(0, self.degree - inner)) @ coefficients[: self.size]
            found += factor[:, None] * values
        return Sight(self.first, found)

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
class Formula:
    """A tree with its derivatives by what is sought in it; each is compiled once, when it is first asked for.

    Args:
        tree: over fields and their derivatives, coordinates, and names.
        scope: the declared names.
    """

    tree: sympy.Expr
    scope: Scope
    _made: dict[Key, Program] = field(default_factory=dict, repr=False)

    @cached_property
    def program(self) -> Program:
        """Computes the tree."""
        return compile_tree(self.tree, self.scope)

    def slope(self, key: Key) -> Program:
        """Computes its derivative by a field, a derivative of one, or a number."""
        if key not in self._made:
            parts = self._slotted
            by = parts.slots.get(key, sympy.Dummy()) if isinstance(key, Partial) else self.scope.symbols[key]
            tree = sympy.diff(parts.tree, by)
            self._made[key] = compile_tree(parts.written(tree), self.scope)
        return self._made[key]

    @cached_property
    def _slotted(self) -> Slotted:
        return slotted(self.tree, self.scope)


@final
@dataclass(frozen=True, eq=False)
class Term:
    """A formula at m points, or sums of it over them.

    Args:
        formula: what is computed.
        sights: for every field, derivative and number in the tree that is sought, how its values are seen.
        known: the values at the m points, or single numbers, of all other names in the tree.
        count: m.
        sums: the matrix (k, m) that takes the values to k rows, such as the weights of a quadrature; where it is not
            given, every value is a row.
    """

    formula: Formula
    sights: Mapping[Key, Sight]
    known: Mapping[Any, Any]
    count: int
    sums: np.ndarray | None = None

    def rows(self, theta: np.ndarray) -> np.ndarray:
        """The rows at these unknowns."""
        values = self.formula.program.broadcast(self._values(theta), np.empty(self.count))
        found: np.ndarray = values if self.sums is None else self.sums @ values
        return found

    def add_jacobian(self, theta: np.ndarray, matrix: np.ndarray) -> None:
        """Add the derivatives of its rows to a matrix (rows, unknowns)."""
        values = self._values(theta)
        for key, sight in self.sights.items():
            factor = self.formula.slope(key).broadcast(values, np.empty(self.count))
            own = factor[:, None] * sight.matrix
            matrix[:, sight.block] += own if self.sums is None else self.sums @ own

    def _values(self, theta: np.ndarray) -> dict[Any, Any]:
        seen = {key: sight.matrix @ theta[sight.block] for key, sight in self.sights.items()}
        return {**self.known, **seen}


class Block(Protocol):
    """Rows that are to be zero, as a system needs to know them; `Rows` says what its parts are."""

    @property
    def name(self) -> str:
        """What asks for them."""

    @property
    def where(self) -> np.ndarray:
        """The points (k,)."""

    @property
    def alone(self) -> bool:
        """Whether each is measured by itself."""

    def values(self, theta: np.ndarray) -> np.ndarray:
        """The rows, shape (k,)."""

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Their derivatives by all unknowns, shape (k, unknowns)."""


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that are to be zero: the sum of terms of as many rows each.

    Args:
        name: what asks for them, for messages.
        terms: one for an equation at points; one a piece for an integral over several.
        where: the points (k,), for messages.
        alone: whether each row is measured by itself, and not by the largest of all.
    """

    name: str
    terms: tuple[Term, ...]
    where: np.ndarray
    alone: bool = False

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

    blocks: Sequence[Block]
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

        Rows of one equation keep their proportions: where its factors vanish, it says less. Only where an interval has
        no end each row is measured by itself, since factors may grow or vanish there without bound. A row on which
        nothing that is sought has an effect keeps its own size.
        """
        sizes = np.linalg.norm(jacobian / self.widths, axis=1)
        found, begin = np.empty(len(sizes)), 0
        for block in self.blocks:
            part = slice(begin, begin + len(block.where))
            found[part] = sizes[part] if block.alone else np.max(sizes[part])
            begin = part.stop
        return np.where(found > 0, found, 1.0)

    def broken(self, values: np.ndarray) -> tuple[str, float] | None:
        """The first block, and the point, of a row that is no finite number."""
        begin = 0
        for block in self.blocks:
            bad = ~np.isfinite(values[begin : begin + len(block.where)])
            if bad.any():
                return block.name, float(block.where[bad][0])
            begin += len(block.where)
        return None
