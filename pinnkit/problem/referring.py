"""What `reference` says: exact fields or a method, true values of unknown parameters, known values of outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.problem.breaks import Where
from pinnkit.problem.names import short
from pinnkit.problem.problem import Parameter
from pinnkit.problem.reference import KnownOutput, Reference
from pinnkit.problem.residuals import exact_field
from pinnkit.problem.schema import ProblemKeys, ReferenceKeys
from pinnkit.problem.truth import with_truth

_KEYS = ("exact", "method", "outputs", "parameters")
_HINT = 'exact: {u: "sin(x)"}, or method: cole_hopf, or outputs: {drag: 5.58}'


def reference_of(
    keys: ProblemKeys, scope: Scope | None, parameters: Sequence[Parameter], where: Where, key_where: Where
) -> tuple[Reference | None, list[Mistake]]:
    """The reference of a problem file, and the mistakes in it.

    Args:
        keys: of the file.
        scope: the declared names, where they are sound.
        parameters: of the problem.
        where: the place of a value.
        key_where: the place of a key.
    """
    given = keys.reference
    if given is None:
        return None, []
    known, mistakes = _fields(given, scope, where, key_where)
    outputs, wrong = _outputs(given.outputs, keys.outputs, where, key_where)
    mistakes += wrong
    try:
        known = with_truth(known, given.parameters, parameters, where, key_where)
    except UserError as error:
        mistakes += error.mistakes
    return replace(known, outputs=outputs) if known is not None else None, mistakes


def _fields(
    given: ReferenceKeys, scope: Scope | None, where: Where, key_where: Where
) -> tuple[Reference | None, list[Mistake]]:
    """What is known of the fields; nothing, where only outputs are known."""
    options = dict(given.model_extra or {})
    neither = given.exact is None and given.method is None
    if (neither and not given.outputs) or (given.exact is not None and given.method is not None):
        message = "`reference` needs either `exact` or `method`, or `outputs` alone"
        return None, [Mistake(message, where("reference"), hint=_HINT)]
    if given.method is not None:
        return Reference(method=given.method, options=options), []
    mistakes = []
    for key in options:
        message, hint = unknown("key", short(key), _KEYS)
        mistakes.append(Mistake(f"{message} in `reference`", key_where("reference", key), hint=hint))
    if scope is None:
        return None, mistakes
    exact: dict[str, Expression] = {}
    for name, text in (given.exact or {}).items():
        if name not in scope.fields:
            message, hint = unknown("field", short(name), scope.fields)
            place = key_where("reference", "exact", name)
            mistakes.append(Mistake(f"{message} in `reference.exact`", place, hint=hint))
            continue
        try:
            exact[name] = exact_field(text, replace(scope, fields=()), where("reference", "exact", name))
        except UserError as error:
            mistakes += [mistake.pinpointed(text) for mistake in error.mistakes]
    return Reference(exact=exact), mistakes


def _outputs(
    given: Mapping[str, Any], declared: Mapping[str, Any], where: Where, key_where: Where
) -> tuple[dict[str, KnownOutput], list[Mistake]]:
    """The values of outputs that are known: a number, or a `value` and its relative `accuracy`."""
    known, mistakes = {}, []
    for name, entry in given.items():
        path = "reference", "outputs", name
        if name not in declared:
            message, hint = unknown("output", short(name), list(declared))
            mistakes.append(Mistake(f"{message} in `reference.outputs`", key_where(*path), hint=hint))
            continue
        parts = entry if isinstance(entry, Mapping) else {"value": entry}
        try:
            known[name] = KnownOutput(**{key: parse_number(text, where(*path)) for key, text in parts.items()})
        except UserError as error:
            mistakes += error.mistakes
            continue
        if not known[name].accuracy > 0:
            message = f"the accuracy of `{name}` must be greater than zero, not {known[name].accuracy:g}"
            mistakes.append(Mistake(message, where(*path)))
    return known, mistakes
