"""Which names a problem may declare, and what an undeclared one was probably meant to be."""

import keyword
import unicodedata
from collections.abc import Iterable

from pinnkit.equations.expression import Scope
from pinnkit.equations.functions import CONSTANTS, OPERATORS, listed
from pinnkit.errors import Mistake, Place, near_miss

RESERVED = frozenset((*listed(special=False), *OPERATORS, *CONSTANTS))
"""The names that have a meaning in every expression; special functions are not among them, a declared name wins."""

_LONGEST = 64


def check_name(name: str, kind: str, place: Place | None = None) -> Mistake | None:
    """What is wrong with a name that is to be declared, or None.

    Args:
        name: the name as it was given.
        kind: what it is to name, for the message ("field", "coordinate", "parameter").
        place: where it stands.

    Example:
        >>> print(check_name("lambda", "parameter"))
        `lambda` cannot name a parameter: it is a word of Python
          `lambda_` would do.
    """
    shown = name if len(name) <= _LONGEST else name[:_LONGEST] + "…"
    if not name.isidentifier() or name.startswith("_") or len(name) > _LONGEST:
        hint = f"A name is a letter followed by letters, digits and underscores, {_LONGEST} at most."
        return Mistake(f"`{shown}` cannot name a {kind}", place, hint=hint)
    if keyword.iskeyword(name):
        return Mistake(f"`{name}` cannot name a {kind}: it is a word of Python", place, hint=f"`{name}_` would do.")
    usual = unicodedata.normalize("NFKC", name)
    if usual != name:
        hint = f"Write `{usual}`, which looks the same and is what Python reads."
        return Mistake(f"`{name}` cannot name a {kind}: it has characters with a second form", place, hint=hint)
    if name in RESERVED:
        sort = "a constant" if name in CONSTANTS else "an operator" if name in OPERATORS else "a function"
        hint = f"`{name}_` would do."
        return Mistake(f"`{name}` cannot name a {kind}: it is {sort} in every expression", place, hint=hint)
    return None


_HABITS = {
    "i": "The imaginary unit is `i` in the equations, conditions and exact fields of a problem with `complex` fields.",
    "re": "The real part is one of the numbers of a problem with `complex` fields.",
    "im": "The imaginary part is one of the numbers of a problem with `complex` fields.",
    "conj": "The conjugate is one of the numbers of a problem with `complex` fields.",
    "ln": "`log` is the natural logarithm.",
    "arcsin": "Write `asin`.",
    "arccos": "Write `acos`.",
    "arctan": "Write `atan`.",
    "arctan2": "Write `atan2`.",
    "pow": "Write `a^b`.",
    "diff": "Write `d(u, x)`.",
    "derivative": "Write `d(u, x)`.",
    "laplacian": "Write `laplace(u)`.",
    "e": "Declare it as a parameter; Euler's number is `exp(1)`.",
    "E": "Declare it as a parameter; Euler's number is `exp(1)`.",
    "Pi": "Write `pi`.",
    "PI": "Write `pi`.",
    "π": "Write `pi`.",
}


def unknown_name(name: str, scope: Scope) -> tuple[str, str]:
    """The sentence and the hint for a name that is not declared."""
    owner = next((f for f in sorted(scope.fields, key=len, reverse=True) if name.startswith(f + "_")), None)
    letters = name[len(owner) + 1 :] if owner else ""
    if letters in scope.coordinates:
        return f"unknown name `{name}`", f"The derivative along `{letters}` is written `d({owner}, {letters})`."
    strange = [letter for letter in letters if letter not in scope.coordinates]
    if strange and letters.isalpha() and len(letters) <= 4:
        message = f"`{name}` differentiates along `{strange[0]}`, which is not a coordinate"
        return message, f"Coordinates: {', '.join(scope.coordinates)}."
    declared = (*scope.fields, *scope.coordinates, *scope.parameters, *scope.named)
    known = f"Declared: {', '.join(declared)}." if declared else "No name is declared here, only numbers and `pi`."
    if name in _HABITS:
        return f"unknown name `{name}`", f"{_HABITS[name]} {known}"
    if name in RESERVED:
        return f"`{name}` is called with arguments: `{name}(…)`", known
    guess = near_miss(name, (*declared, *_derivatives(scope), *CONSTANTS, *listed(special=False)))
    return f"unknown name `{name}`", f"Did you mean `{guess}`? {known}" if guess else known


def unknown_function(name: str, scope: Scope, special: bool, more: Iterable[str] = ()) -> tuple[str, str]:
    """The sentence and the hint for something called that is no function; `more` may be called besides."""
    if name in listed(special=True):
        return f"`{name}` is only for exact solutions", "An equation is made of the ordinary functions."
    known = tuple(dict.fromkeys((*listed(special), *OPERATORS, *more)))
    if name in _HABITS:
        return f"unknown function `{name}`", f"{_HABITS[name]} Known: {', '.join(sorted(known))}."
    guess = near_miss(name, (*known, *scope.fields))
    hint = f"Did you mean `{guess}`? " if guess else ""
    return f"unknown function `{name}`", f"{hint}Known: {', '.join(sorted(known))}."


def _derivatives(scope: Scope) -> Iterable[str]:
    """The names of the first and second derivatives, for near misses."""
    short = [c for c in scope.coordinates if len(c) == 1][:8]
    for field in scope.fields[:50]:
        yield from (f"{field}_{a}" for a in short)
        yield from (f"{field}_{a}{b}" for a in short for b in short)
