"""Groups of terms, for methods that treat several losses apart: by kind, one a term, or as a person names them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.objective.residual_gradients import Further
from pinnkit.problem.problem import Problem

Groups = Literal["auto", "kind", "term"] | Mapping[str, tuple[str, ...]]
"""How terms are grouped, as a config says it."""


def groups_of(
    asked: Groups, problem: Problem, terms: Sequence[str], further: Further | None = None
) -> dict[str, tuple[str, ...]]:
    """The terms of every group; groups of which no term is left are not there.

    `auto` takes the groups that the problem names, and `kind` where it names none. `kind` makes `pde` of the equations,
    `ic` of conditions at the start of time, `bc` of all other conditions and integrals, and `data` of the observations;
    `term` makes each term a group. Where groups are named, terms that are in none of them are grouped by kind. What is
    several terms, as an equation over regions or of a complex field, has the name that the problem gives it.

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
    chosen = (problem.groups or "kind") if asked == "auto" else asked
    named = _named(chosen, kinds, problem) if isinstance(chosen, Mapping) else {}
    found: dict[str, list[str]] = {}
    for term in terms:
        own = origins.get(term, term)
        group = own if chosen == "term" else named.get(own, kinds[own])
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


def _stems(term: str, problem: Problem) -> Iterator[str]:
    """What a term is called in the file: without its part of a complex field, its region or its state."""
    yield term
    stem, _, tail = term.rpartition("_")
    if stem and (tail in ("re", "im", *problem.parts) or (problem.levels is not None and tail.isdecimal())):
        yield from _stems(stem, problem)


def _named(asked: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str], problem: Problem) -> dict[str, str]:
    """The group of every term that a group names."""
    found: dict[str, str] = {}
    stems = {term: set(_stems(term, problem)) for term in kinds}
    mistakes = []
    for group, terms in asked.items():
        if not terms:
            mistakes.append(Mistake(f"group `{group}` names no term", hint=f"Terms: {', '.join(kinds)}."))
        for term in terms:
            own = [term] if term in kinds else [name for name in kinds if term in stems[name]]
            if not own:
                message, hint = unknown("term", term, kinds)
                mistakes.append(Mistake(f"{message} in group `{group}`", hint=hint))
            other = next((found[name] for name in own if found.get(name, group) != group), None)
            if other is not None:
                mistakes.append(Mistake(f"term `{term}` is in the groups `{other}` and `{group}`; it can be in one"))
            found |= dict.fromkeys(own, group)
    if mistakes:
        raise UserError(*mistakes)
    return found
