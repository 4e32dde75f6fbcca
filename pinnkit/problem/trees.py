"""Every expression tree inside a frozen value, changed by one rule."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import sympy

from pinnkit.equations.expression import Expression
from pinnkit.errors import Place

T = TypeVar("T")


def rewritten(part: T, change: Callable[[sympy.Expr], sympy.Expr]) -> T:
    """A copy of a frozen value in which every tree of every expression is changed."""
    found: Any = part
    if isinstance(found, Expression):
        sides = None if found.sides is None else (change(found.sides[0]), change(found.sides[1]))
        found = replace(found, tree=change(found.tree), sides=sides)
    elif isinstance(found, tuple):
        found = tuple(rewritten(entry, change) for entry in found)
    elif isinstance(found, Mapping):
        found = {key: rewritten(entry, change) for key, entry in found.items()}
    elif is_dataclass(found) and not isinstance(found, type | Place):
        held = {f.name: getattr(found, f.name) for f in fields(found) if f.init}
        found = replace(found, **{name: rewritten(value, change) for name, value in held.items()})
    result: T = found
    return result
