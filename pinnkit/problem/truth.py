"""What the reference says of unknown parameters: `reference: {parameters: {k: 4}, ...}`.

Training never sees these values. The exact fields and the classical methods need them where unknown parameters are in
their expressions and equations, and the report sets what was found beside them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.finding import Remark
from pinnkit.problem.names import short
from pinnkit.problem.problem import Parameter, Problem, TorchResidual
from pinnkit.problem.reference import Reference

FINDS = "collocation"
"""The method that finds unknown parameters itself."""


def is_eigenvalue(parameter: Parameter) -> bool:
    """Whether a parameter is an eigenvalue, which needs no start: the states themselves give it."""
    return parameter.text == EIGENVALUE


EIGENVALUE = "eigenvalue"
"""The text that makes a parameter an eigenvalue."""


def with_truth(
    reference: Reference | None,
    given: Mapping[str, Any],
    parameters: Sequence[Parameter],
    where: Callable[..., Place],
    key_where: Callable[..., Place],
) -> Reference | None:
    """The reference with the values that it gives for unknown parameters.

    Args:
        reference: without them.
        given: the values as they are written, by name.
        parameters: those of the problem.
        where: the place of a value.
        key_where: the place of a key.

    Raises:
        UserError: a name that is no unknown parameter, and a value that is no number or outside the bounds.
    """
    unknowns = {p.name: p.unknown for p in parameters if p.unknown is not None}
    values, mistakes = {}, []
    for name, text in given.items():
        path = "reference", "parameters", name
        if name not in unknowns:
            _, hint = unknown("parameter", short(name), unknowns)
            message = f"`{short(name)}` in `reference.parameters` is not an unknown parameter of the problem"
            mistakes.append(Mistake(message, key_where(*path), hint=hint))
            continue
        try:
            values[name] = parse_number(text, where(*path))
        except UserError as error:
            mistakes += error.mistakes
            continue
        if not unknowns[name].lower <= values[name] <= unknowns[name].upper:
            message = f"the reference value {values[name]:.12g} of `{name}` is not {unknowns[name].limits}"
            mistakes.append(Mistake(message, where(*path), hint="Wider `bounds` let training reach it."))
    if mistakes:
        raise UserError(*mistakes)
    return replace(reference, parameters=values) if reference is not None else None


def settled(problem: Problem) -> Problem:
    """The problem with its unknown parameters at the values that its reference gives for them."""
    truth = problem.reference.parameters if problem.reference is not None else {}
    if not truth:
        return problem
    changed = (
        replace(p, value=truth[p.name], text=repr(truth[p.name]), unknown=None) if p.name in truth else p
        for p in problem.parameters
    )
    return replace(problem, parameters=tuple(changed))


def uses(problem: Problem) -> Iterator[str]:
    """The names in all equations and conditions, once for each that uses them."""
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            yield from equation.residual.arguments
        else:
            yield from map(str, equation.residual.tree.free_symbols)
    for condition in problem.conditions:
        yield from map(str, condition.residual.tree.free_symbols)


def unknown_reference(problem: Problem) -> Iterator[Remark]:
    """A reference that depends on an unknown parameter and gives no value for it."""
    reference = problem.reference
    if reference is None:
        return
    used = {str(symbol) for e in reference.exact.values() for symbol in e.tree.free_symbols}
    what = "the exact reference depends on"
    if reference.method is not None:
        used, what = set(uses(problem)), f"the method `{reference.method}` solves the equations, which have"
    for p in problem.unknowns:
        found = is_eigenvalue(p) or reference.method == FINDS
        if p.name in used and p.name not in reference.parameters and not found:
            message = f"{what} the unknown parameter `{p.name}`, and `reference` gives no value for it"
            hint = f"Write `parameters: {{{p.name}: ...}}` in `reference`; training does not see it."
            yield Remark(message, problem.places.get("reference"), hint)
