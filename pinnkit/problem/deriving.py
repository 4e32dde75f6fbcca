"""What `derived` says: fields made of the solved ones, each of which may use those before it."""

from dataclasses import replace

from pinnkit.equations.expression import Scope
from pinnkit.equations.names import check_name
from pinnkit.equations.parse import parse
from pinnkit.errors import Mistake, UserError
from pinnkit.problem.derived import Derived
from pinnkit.problem.names import short
from pinnkit.problem.schema import ProblemKeys, Where


def derived_of(
    keys: ProblemKeys, scope: Scope | None, where: Where, key_where: Where
) -> tuple[tuple[Derived, ...], list[Mistake]]:
    """The derived fields that a file declares, and what is wrong with them.

    Args:
        keys: of the file.
        scope: the declared names; None where they are not known, and nothing is looked at.
        where: the place of a value.
        key_where: the place of a key.
    """
    found: list[Derived] = []
    mistakes: list[Mistake] = []
    for name, text in (keys.derived if scope is not None else {}).items():
        assert scope is not None
        place, key = where("derived", name), key_where("derived", name)
        taken = (*scope.coordinates, *scope.fields, *scope.parameters, *scope.named)
        if (wrong := check_name(name, "derived field", key)) is not None:
            mistakes.append(wrong)
        elif name in taken or scope.partial(name) is not None:
            message = f"the derived field `{short(name)}` has a name that stands for something else"
            mistakes.append(Mistake(message, key, hint="Every name stands for one thing."))
        elif keys.states > 1:
            hint = "`Solution.evaluate` takes any expression of them."
            mistakes.append(Mistake(f"the derived field `{name}` is of several states", key, hint=hint))
        else:
            try:
                found.append(Derived(name, parse(str(text), scope, place)))
                scope = replace(scope, named={**scope.named, name: found[-1].expression.tree})
            except UserError as error:
                mistakes += error.mistakes
    return tuple(found), mistakes
