"""Fields that a file gives as an expression of the network, such as the start of a series at a singular point."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.parse import parse
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.names import short
from pinnkit.problem.schema import ProblemKeys, Where

NETWORK = "N"
"""What the network is called in an ansatz."""


@final
@dataclass(frozen=True)
class Ansatz:
    """A field as an expression in which `N` stands for the network: `1 - x/2 + x**2*N`."""

    field: str
    expression: Expression


def ansatz_of(
    keys: ProblemKeys, scope: Scope | None, where: Where, key_where: Where
) -> tuple[tuple[Ansatz, ...], list[Mistake]]:
    """The ansatz of every field that has one, and what is wrong with the others."""
    if scope is None or not keys.ansatz:
        return (), []
    built: list[Ansatz] = []
    mistakes: list[Mistake] = []
    if taken_name(scope):
        message = f"`{NETWORK}` is declared, and in `ansatz` it stands for the network"
        return (), [Mistake(message, where("ansatz"), hint=f"Declare another name than `{NETWORK}`.")]
    for name, text in keys.ansatz.items():
        if name not in scope.fields:
            message, hint = unknown("field", short(name), scope.fields)
            mistakes.append(Mistake(f"{message} in `ansatz`", key_where("ansatz", name), hint=hint))
            continue
        barred = _barred(name, keys)
        if barred is not None:
            mistakes.append(Mistake(f"`{name}` has an ansatz and {barred}: one of them", key_where("ansatz", name)))
            continue
        try:
            built.append(Ansatz(name, expression_of_network(str(text), scope, where("ansatz", name))))
        except UserError as error:
            mistakes += error.mistakes
    return tuple(built), mistakes


def of_network(scope: Scope) -> Scope:
    """The names of an ansatz: those of a problem, and the network in place of its fields."""
    return replace(scope, fields=(NETWORK,))


def taken_name(scope: Scope) -> bool:
    """Whether what the network is called is the name of something else."""
    return NETWORK in (*scope.coordinates, *scope.fields, *scope.parameters, *scope.named)


def expression_of_network(text: str, scope: Scope, place: Place, what: str = "ansatz") -> Expression:
    """An expression, `what` it is, in which the network occurs undifferentiated.

    Raises:
        UserError: it does not, or the text is no expression.
    """
    known = of_network(scope)
    found = parse(text, known, place)
    partials = partials_in(found.tree, known)
    if not partials:
        hint = f'`{NETWORK}` stands for the network, as in "1 - x/2 + x**2*{NETWORK}".'
        raise UserError(
            Mistake(f"the {what} has no `{NETWORK}`, so nothing in it could be trained", place, text, hint=hint)
        )
    if any(p.order for p in partials):
        raise UserError(Mistake(f"the {what} must hold `{NETWORK}` itself, and none of its derivatives", place, text))
    return found


def _barred(name: str, keys: ProblemKeys) -> str | None:
    """What else is declared of a field that does not go with an ansatz."""
    declared: Mapping[str, object] = keys.symmetry
    if name in declared:
        return "a symmetry"
    return "is in `divergence_free`" if name in (keys.divergence_free or ()) else None
