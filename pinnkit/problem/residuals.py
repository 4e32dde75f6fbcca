"""One residual, exact field or symmetry from what the user gave for it: text, a sympy expression or a function."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn, final

import sympy

from pinnkit.equations.adopting import from_sympy
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.parse import parse, parse_equation
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.names import short
from pinnkit.problem.problem import TorchResidual
from pinnkit.problem.symmetry import Symmetry


def residual_of(given: Any, scope: Scope, place: Place) -> Expression | TorchResidual:
    """An equation's residual from text, sympy, a function, or the mark that a function left in a file."""
    if isinstance(given, str):
        return parse_equation(given, scope, place)
    if isinstance(given, sympy.Basic):
        return _symbolic(given, scope, place)
    if isinstance(given, Mapping):
        named = tuple(str(name) for name in given.get("arguments") or ())
        return TorchResidual(Absent(given["python"]), _arguments(named, given["python"], scope, place), given["python"])
    name = getattr(given, "__name__", type(given).__name__)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    try:
        parameters = inspect.signature(given).parameters.values()
    except (TypeError, ValueError):
        raise UserError(Mistake(f"`{name}` does not tell its arguments; wrap it in a function", place)) from None
    if any(p.kind not in kinds for p in parameters):
        message = f"the arguments of `{name}` must be named one by one, without `*`"
        raise UserError(Mistake(message, place))
    return TorchResidual(given, _arguments(tuple(p.name for p in parameters), name, scope, place), name)


def _arguments(names: tuple[str, ...], function: str, scope: Scope, place: Place) -> tuple[str, ...]:
    """The argument names of a residual function, each a field, a derivative, a coordinate or a parameter."""
    known = (*scope.fields, *scope.coordinates, *scope.parameters)
    mistakes = []
    for name in names:
        if name not in known and scope.partial(name) is None:
            message, hint = unknown("name", name, known)
            mistakes.append(Mistake(f"{message} among the arguments of `{function}`", place, hint=hint))
    if mistakes:
        raise UserError(*mistakes)
    return names


@final
@dataclass(frozen=True)
class Absent:
    """Stands for a Python function that a file can name but not hold."""

    name: str

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Refuse, since the function is not here.

        Raises:
            UserError: always.
        """
        message = f"the residual `{self.name}` is a Python function, and a file cannot hold it"
        raise UserError(Mistake(message, hint="Solve the problem from the Python script that defines it."))


def _symbolic(given: sympy.Basic, scope: Scope, place: Place) -> Expression:
    """A residual from a user's own sympy expression, its mistakes placed at the key that holds it."""
    try:
        return replace(from_sympy(given, scope), place=place)
    except UserError as error:
        raise UserError(*(replace(m, place=m.place or place) for m in error.mistakes)) from None


def condition_residual(given: Any, scope: Scope, place: Place) -> Expression:
    """A condition's residual, in which `dn` may stand for the normal derivative."""
    if isinstance(given, str):
        return parse_equation(given, scope, place, allow_normal=True, allow_integral=True)
    return _symbolic(given, scope, place)


def exact_field(given: Any, scope: Scope, place: Place) -> Expression:
    """An exact field, in which special functions may stand."""
    if isinstance(given, sympy.Basic):
        return _symbolic(given, scope, place)
    return parse(str(given), scope, place, special=True)


def symmetry_of(text: str, name: str, scope: Scope, place: Place) -> Symmetry:
    """The symmetry of a field that a text such as `odd in x` declares."""
    match = re.fullmatch(r"\s*(odd|even)\s+in\s+(\w+)\s*", text)
    if match is None:
        message = f"`{short(text)}` is not a symmetry of `{name}`: it must read `odd in x` or `even in x`"
        raise UserError(Mistake(message, place))
    parity, coordinate = match.groups()
    if coordinate not in scope.coordinates:
        message, hint = unknown("coordinate", short(coordinate), scope.coordinates)
        raise UserError(Mistake(f"{message} in the symmetry `{short(text)}`", place, hint=hint))
    return Symmetry(name, "odd" if parity == "odd" else "even", coordinate)
