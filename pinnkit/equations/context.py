"""What the reader of one text carries along: the text, the names, and the value of every number met."""

import ast
import math
from dataclasses import dataclass, field
from typing import final

import sympy

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Scope
from pinnkit.equations.source import Source, Syntax
from pinnkit.errors import UserError


@final
@dataclass(frozen=True)
class Context:
    """One text that is being read.

    ``special``, ``allow_normal``, ``allow_integral`` and ``reductions`` say what may be called. ``values`` remembers
    the float of every number met: no sum, power or function of numbers goes on before it is known to be finite and of a
    sane size.
    """

    source: Source
    syntax: Syntax
    scope: Scope
    special: bool
    allow_normal: bool
    allow_integral: bool = False
    reductions: bool = False
    allow_jump: bool = False
    values: dict[sympy.Expr, float] = field(default_factory=dict)

    def value(self, tree: sympy.Expr) -> float | None:
        """The float that a real tree without names is, or None where it has names; out of range is infinite."""
        if not tree.is_number or tree.has(sympy.I):
            return None
        if tree not in self.values:
            try:
                self.values[tree] = float(compile_tree(tree, self.scope)({}))
            except OverflowError:
                self.values[tree] = math.inf
        return self.values[tree]

    def error(self, message: str, node: ast.expr, hint: str | None = None) -> UserError:
        """The error that points at the characters of a node."""
        return self.source.error(message, self.syntax.span(node), hint)
