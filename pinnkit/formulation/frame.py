"""A moving frame: what derivatives at fixed positions are, seen from labels that are carried along.

A label xi is carried to the position X(xi, t) = xi + D(xi, t). With F = dX/dxi and its inverse G,

    d/dx_i = sum over j of G_ji d/dxi_j,      d/dt at fixed x = d/dt at fixed xi - sum over i of dX_i/dt d/dx_i.

Applied again and again they give every derivative of a field, such as u_xx = (1/X_xi) d/dxi (U_xi / X_xi) on a line.
Where neighbours meet, J = det F vanishes; 1/J is written 1/max(J, least), so that no residual is ever infinite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

import sympy

from pinnkit.equations.expression import Partial, Scope
from pinnkit.equations.extremes import Maximum
from pinnkit.equations.partials import partials_in


@final
@dataclass(frozen=True, eq=False)
class Frame:
    """The coordinates of a problem by labels; the trained problem calls the labels as the coordinates of space.

    Args:
        scope: the names of the trained problem, whose time is t.
        displacements: of every coordinate of space x_i the field D_i.
        least: the smallest J that 1/J is made of.
    """

    scope: Scope
    displacements: Mapping[str, str]
    least: float

    @cached_property
    def space(self) -> tuple[str, ...]:
        """The coordinates that move."""
        return tuple(self.displacements)

    @cached_property
    def positions(self) -> Mapping[str, sympy.Expr]:
        """X_i by the name of its coordinate."""
        symbols, fields = self.scope.symbols, self.scope.functions
        return {x: symbols[x] + fields[displaced] for x, displaced in self.displacements.items()}

    @cached_property
    def gradient(self) -> sympy.Matrix:
        """F_ij = dX_i/dxi_j."""
        symbols = [self.scope.symbols[x] for x in self.space]
        return sympy.Matrix([[sympy.diff(X, xi) for xi in symbols] for X in self.positions.values()])

    @cached_property
    def determinant(self) -> sympy.Expr:
        """J = det F."""
        return sympy.expand(self.gradient.det(method="berkowitz"))

    def seen(self, tree: sympy.Expr, fields: Scope) -> sympy.Expr:
        """A tree over fixed positions as one over labels.

        Args:
            tree: over coordinates, parameters, and the fields of `fields` with their derivatives.
            fields: the names of the tree, which the trained problem has as well.
        """
        marks = {partial: sympy.Dummy(real=True) for partial in partials_in(tree, fields)}
        marked = tree.xreplace({fields.tree(partial): mark for partial, mark in marks.items()})
        moved = marked.xreplace({self.scope.symbols[x]: X for x, X in self.positions.items()})
        pulled = moved.xreplace({mark: self._pulled(partial) for partial, mark in marks.items()})
        return pulled.xreplace({self._reciprocal: 1 / Maximum(self.determinant, sympy.Float(self.least))})

    @cached_property
    def _reciprocal(self) -> sympy.Expr:
        """1/J as a function of its own, whose derivative is -J'/J^2."""
        arguments = [self.scope.symbols[name] for name in self.scope.coordinates]
        return sympy.Function("_reciprocal", real=True)(*arguments)

    @cached_property
    def _inverse(self) -> sympy.Matrix:
        return self.gradient.adjugate() * self._reciprocal

    def _along(self, tree: sympy.Expr, name: str) -> sympy.Expr:
        """The derivative along a label, or by time at a fixed label."""
        symbol = self.scope.symbols[name]
        slope = -(self._reciprocal**2) * sympy.diff(self.determinant, symbol)
        return sympy.diff(tree, symbol).xreplace({sympy.Derivative(self._reciprocal, symbol): slope})

    def _across(self, tree: sympy.Expr, name: str) -> sympy.Expr:
        """The derivative along a coordinate, or by time at a fixed position."""
        if name in self.displacements:
            i = self.space.index(name)
            return sympy.Add(*(self._inverse[j, i] * self._along(tree, xi) for j, xi in enumerate(self.space)))
        return self._along(tree, name) - self._carried(tree, name)

    def _carried(self, tree: sympy.Expr, name: str) -> sympy.Expr:
        """How a tree changes because positions do, where time, or a parameter with a range, changes."""
        symbol = self.scope.symbols[name]
        parts = (sympy.diff(X, symbol) * self._across(tree, x) for x, X in self.positions.items())
        return sympy.Add(*parts)

    def _pulled(self, partial: Partial) -> sympy.Expr:
        tree = self.scope.functions[partial.field]
        for name, order in zip(self.scope.coordinates, partial.orders, strict=True):
            for _ in range(order):
                tree = self._across(tree, name)
        return tree
