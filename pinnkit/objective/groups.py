"""Groups of terms, for methods that treat several losses apart: by kind, one a term, or as a person names them."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.objective.residual_gradients import Further
from pinnkit.problem.problem import Problem

Groups = Literal["kind", "term"] | Mapping[str, tuple[str, ...]]
"""How terms are grouped, as a config says it."""


def groups_of(
    asked: Groups, problem: Problem, terms: Sequence[str], further: Further | None = None
) -> dict[str, tuple[str, ...]]:
    """The terms of every group; groups of which no term is left are not there.

    `kind` makes `pde` of the equations, `ic` of conditions at the start of time, `bc` of all other conditions and
    integrals, and `data` of the observations; `term` makes each term a group. Where groups are named, terms that are in
    none of them are grouped by kind.

    Args:
        asked: how.
        problem: whose terms they are.
        terms: the terms that have rows; conditions that are built into the field have none.
        further: terms that follow others.

    Raises:
        UserError: a group that names no term, or a term in two groups.
    """
    origins = {name: origin.term for name, origin in further.origins.items()} if further is not None else {}
    kinds = _kinds(problem)
    named = _named(asked, kinds) if isinstance(asked, Mapping) else {}
    found: dict[str, list[str]] = {}
    for term in terms:
        own = origins.get(term, term)
        group = own if asked == "term" else named.get(own, kinds[own])
        found.setdefault(group, []).append(term)
    return {group: tuple(own) for group, own in found.items()}


def _kinds(problem: Problem) -> dict[str, str]:
    """The kind of every term of a problem, those that have no rows too."""
    kinds = {equation.name: "pde" for equation in problem.equations}
    for condition in problem.conditions:
        starts = all(f.coordinate == problem.time and f.side == "lower" for f in condition.faces)
        kinds[condition.name] = "ic" if problem.time is not None and starts else "bc"
    kinds |= {condition.name: "bc" for condition in problem.integrals}
    return kinds | {observations.name: "data" for observations in problem.observations}


def _named(asked: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> dict[str, str]:
    """The group of every term that a group names."""
    found: dict[str, str] = {}
    mistakes = []
    for group, terms in asked.items():
        if not terms:
            mistakes.append(Mistake(f"group `{group}` names no term", hint=f"Terms: {', '.join(kinds)}."))
        for term in terms:
            if term not in kinds:
                message, hint = unknown("term", term, kinds)
                mistakes.append(Mistake(f"{message} in group `{group}`", hint=hint))
            elif found.get(term, group) != group:
                mistakes.append(
                    Mistake(f"term `{term}` is in the groups `{found[term]}` and `{group}`; it can be in one")
                )
            else:
                found[term] = group
    if mistakes:
        raise UserError(*mistakes)
    return found
