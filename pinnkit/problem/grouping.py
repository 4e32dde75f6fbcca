"""Terms that a problem file names as one loss, for methods that keep losses apart."""

from collections.abc import Mapping

from pinnkit.equations.expression import Scope
from pinnkit.errors import Mistake, unknown
from pinnkit.problem.names import short
from pinnkit.problem.schema import ProblemKeys, Where


def grouping_of(
    keys: ProblemKeys, _: Scope | None, where: Where, __: Where
) -> tuple[Mapping[str, tuple[str, ...]], list[Mistake]]:
    """The terms of every group, and what is wrong with them."""
    mistakes: list[Mistake] = []
    known = {*(keys.equations or {}), *keys.conditions, *keys.observations}
    # The parts of what is said of a complex field are named as one.
    stems = {name[:-3] for name in known if name.endswith("_re") and f"{name[:-3]}_im" in known}
    taken: dict[str, str] = {}
    for group, terms in keys.groups.items():
        for number, term in enumerate(terms):
            place = where("groups", group, number)
            if term not in known | stems:
                message, hint = unknown("term", short(term), sorted(known | stems))
                mistakes.append(Mistake(f"{message} in the group `{short(group)}`", place, hint=hint))
            elif term in taken:
                said = f"the term `{short(term)}` is in the groups `{short(taken[term])}` and `{short(group)}`"
                mistakes.append(Mistake(f"{said}; it can be in one", place))
            else:
                taken[term] = group
    return {group: tuple(terms) for group, terms in keys.groups.items()}, mistakes
