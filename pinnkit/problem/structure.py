"""What a file declares of the structure of its fields: symmetries, and a vector without divergence."""

from pinnkit.equations.expression import Scope
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.problem.names import short
from pinnkit.problem.residuals import symmetry_of
from pinnkit.problem.schema import ProblemKeys, Where
from pinnkit.problem.symmetry import Symmetry


def symmetries_of(
    keys: ProblemKeys, scope: Scope | None, where: Where, key_where: Where
) -> tuple[tuple[Symmetry, ...], list[Mistake]]:
    """The declared symmetries, one of a field in a coordinate, and what is wrong with the others."""
    built: list[Symmetry] = []
    mistakes: list[Mistake] = []
    for name, texts in keys.symmetry.items() if scope is not None else ():
        assert scope is not None
        place = where("symmetry", name)
        if name not in scope.fields:
            message, hint = unknown("field", short(name), scope.fields)
            mistakes.append(Mistake(f"{message} in `symmetry`", key_where("symmetry", name), hint=hint))
            continue
        for text in texts:
            try:
                found = symmetry_of(text, name, scope, place)
            except UserError as error:
                mistakes += error.mistakes
                continue
            if any(s.coordinate == found.coordinate for s in built if s.field == name):
                mistakes.append(Mistake(f"two symmetries of `{name}` in `{found.coordinate}`", place))
            else:
                built.append(found)
    return tuple(built), mistakes


def divergence_free_of(
    keys: ProblemKeys, scope: Scope | None, where: Where, key_where: Where
) -> tuple[tuple[str, ...], list[Mistake]]:
    """The two fields without divergence, which take the coordinates of space in their order."""
    given, place = tuple(keys.divergence_free or ()), where("divergence_free")
    mistakes: list[Mistake] = []
    if not given or scope is None:
        return (), mistakes
    for i, name in enumerate(given):
        at = where("divergence_free", i)
        if name not in scope.fields:
            message, hint = unknown("field", short(name), scope.fields)
            mistakes.append(Mistake(f"{message} in `divergence_free`", at, hint=hint))
        elif name in keys.symmetry:
            message = f"`{name}` has a `symmetry` and is in `divergence_free`: one of them can be built in"
            mistakes.append(Mistake(message, at))
    if len(given) != 2 or given[0] == given[1]:
        message = f"`divergence_free` needs two different fields, not {', '.join(map(short, given))}"
        mistakes.append(Mistake(message, place, hint="The velocity in two coordinates of space, as [u, v]."))
    space = scope.space
    if len(space) != 2:
        message = f"`divergence_free` needs two coordinates of space, and there are {len(space)}"
        hint = f"Of space: {', '.join(space) or 'none'}." + ("" if scope.time else " No coordinate is `time`.")
        mistakes.append(Mistake(message, place, hint=hint))
    return given, mistakes
