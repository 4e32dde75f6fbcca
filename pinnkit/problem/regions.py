"""Parts of the domain with networks of their own, and what holds where two of them meet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise, product
from typing import Any, final

from pinnkit.equations import JUMP
from pinnkit.equations.expression import Scope
from pinnkit.equations.parse import parse_equation, parse_number
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.coordinate import empty_interval
from pinnkit.problem.names import check_label, short
from pinnkit.problem.problem import Coordinate, Interface, Problem, Region
from pinnkit.problem.schema import InterfaceKeys, ProblemKeys, Where

_SAME = 1e-12
"""Relative to an interval, within which two ends are one."""


@final
@dataclass(frozen=True)
class Contact:
    """A flat piece on which two regions meet.

    Args:
        lower, upper: the regions below and above it along the ``coordinate``.
        coordinate: along which it is crossed, at ``value``.
        coordinates: those of the lower region with the ends of what both share.
    """

    lower: Region
    upper: Region
    coordinate: str
    value: float
    coordinates: tuple[Coordinate, ...]

    @property
    def name(self) -> str:
        """Both regions' names."""
        return f"{self.lower.name}_{self.upper.name}"

    def __str__(self) -> str:
        return f"{self.coordinate} = {self.value:.12g}, between {self.lower.name} and {self.upper.name}"


def contacts(problem: Problem) -> tuple[Contact, ...]:
    """Every flat piece on which two regions of a problem meet."""
    found = []
    for pair in combinations(problem.regions, 2):
        for lower, upper in (pair, pair[::-1]):
            for along in range(len(problem.coordinates)):
                contact = _contact(lower, upper, along, problem.coordinates)
                if contact is not None:
                    found.append(contact)
    return tuple(found)


def with_breaks(problem: Problem) -> Problem:
    """The problem with breaks where regions meet, for integrals over its fields."""
    coordinates = []
    for i, whole in enumerate(problem.coordinates):
        ends = {end for r in problem.regions for end in (r.coordinates[i].lower, r.coordinates[i].upper)}
        inner = {end for end in ends if whole.lower < end < whole.upper}
        breaks = tuple(sorted(inner | set(whole.breaks)))
        coordinates.append(replace(whole, breaks=breaks, break_texts=("",) * len(breaks)) if inner else whole)
    return replace(problem, coordinates=tuple(coordinates))


def touches(interface: Interface, contact: Contact) -> bool:
    """Whether what an interface says holds on a contact."""
    return interface.between is None or set(interface.between) == {contact.lower.name, contact.upper.name}


def _contact(lower: Region, upper: Region, along: int, whole: Sequence[Coordinate]) -> Contact | None:
    below, above = lower.coordinates[along], upper.coordinates[along]
    if abs(below.upper - above.lower) > _SAME * _size(whole[along]):
        return None
    shared = []
    for i, (a, b) in enumerate(zip(lower.coordinates, upper.coordinates, strict=True)):
        if i == along:
            shared.append(a)
            continue
        low, high = max(a.lower, b.lower), min(a.upper, b.upper)
        if high - low <= _SAME * _size(whole[i]):
            return None
        shared.append(a.within(low, high))
    return Contact(lower, upper, below.name, below.upper, tuple(shared))


def _size(coordinate: Coordinate) -> float:
    """A length that interval ends are compared by, also where the interval has none."""
    finite = [abs(end) for end in (coordinate.lower, coordinate.upper) if abs(end) < float("inf")]
    return coordinate.length if coordinate.length < float("inf") else 1.0 + max(finite, default=0.0)


def regions_of(
    keys: ProblemKeys,
    coordinates: Sequence[Coordinate],
    values: Mapping[str, float],
    uses: Callable[[str, Mapping[str, float]], bool],
    where: Where,
    key_where: Where,
) -> tuple[tuple[Region, ...], list[Mistake]]:
    """The regions of a file, which must tile the domain, and what is wrong with them."""
    mistakes: list[Mistake] = []
    built: list[Region] = []
    for name, given in keys.regions.items():
        label = check_label(name, "a region", key_where("regions", name))
        if label is not None:
            mistakes.append(label)
        own = _Intervals(coordinates, values, uses, mistakes)
        built.append(Region(name, own.of(given, lambda *rest, name=name: where("regions", name, *rest))))
    if not mistakes and built and coordinates:
        mistakes += [Mistake(sentence, where("regions")) for sentence in untiled(built, coordinates)]
    return tuple(built), mistakes


@final
@dataclass(frozen=True)
class _Intervals:
    """Reads the intervals of a region and notes what is wrong with them."""

    coordinates: Sequence[Coordinate]
    values: Mapping[str, float]
    uses: Callable[[str, Mapping[str, float]], bool]
    mistakes: list[Mistake]

    def of(self, given: Mapping[str, Sequence[Any]], where: Where) -> tuple[Coordinate, ...]:
        """The problem's coordinates with the ends that a region gives."""
        names = [c.name for c in self.coordinates]
        for name in given:
            if name not in names:
                message, hint = unknown("coordinate", short(str(name)), names)
                self.mistakes.append(Mistake(f"{message} in a region", where(name), hint=hint))
        return tuple(self._one(c, given[c.name], where) if c.name in given else c for c in self.coordinates)

    def _one(self, coordinate: Coordinate, ends: Sequence[Any], where: Where) -> Coordinate:
        place = where(coordinate.name)
        if coordinate.periodic:
            self.mistakes.append(Mistake(f"`{coordinate.name}` is periodic, and is not divided into regions", place))
            return coordinate
        try:
            lower, upper = (_end(end, coordinate, place, self.values) for end in ends)
        except UserError as error:
            self.mistakes.extend(error.mistakes)
            return coordinate
        if not lower < upper:
            self.mistakes.append(Mistake(empty_interval(coordinate.name, lower, upper), place))
            return coordinate
        texts = [str(end) if isinstance(end, str) and self.uses(end, self.values) else "" for end in ends]
        return replace(coordinate.within(lower, upper, (texts[0], texts[1])), place=place)


def _end(given: Any, coordinate: Coordinate, place: Place, values: Mapping[str, float]) -> float:
    """An end of a region: a number, or the coordinate's own end where that is infinite."""
    for end in (coordinate.lower, coordinate.upper):
        if abs(end) == float("inf") and str(given).strip().lower() in (str(end), f".{end}", f"+{end}", str(end)):
            return end
    return parse_number(given, place, values)


def untiled(regions: Sequence[Region], coordinates: Sequence[Coordinate]) -> Iterator[str]:
    """Cells of the domain that no region has, or that more than one has, and regions that leave the domain."""
    for region in regions:
        for own, whole in zip(region.coordinates, coordinates, strict=True):
            slack = _SAME * _size(whole)
            if own.lower < whole.lower - slack or own.upper > whole.upper + slack:
                inside = f"[{whole.lower:g}, {whole.upper:g}]"
                yield f"the region `{region.name}` leaves the domain: `{own.name}` runs over {inside} only"
                return
    edges = [_edges(i, regions, whole) for i, whole in enumerate(coordinates)]
    for cell in product(*(pairwise(own) for own in edges)):
        owners = [r.name for r in regions if _holds(r, cell, coordinates)]
        if len(owners) == 1:
            continue
        where = ", ".join(f"{c.name} in [{low:g}, {high:g}]" for c, (low, high) in zip(coordinates, cell, strict=True))
        if owners:
            yield f"the regions {' and '.join(f'`{name}`' for name in owners)} overlap: both have {where}"
        else:
            yield f"the regions leave a gap: none has {where}"


def _edges(i: int, regions: Sequence[Region], whole: Coordinate) -> list[float]:
    """All ends along one coordinate, those that are the same once."""
    found = sorted({end for r in regions for end in (r.coordinates[i].lower, r.coordinates[i].upper)})
    found = sorted({whole.lower, whole.upper, *found})
    kept = found[:1]
    for end in found[1:]:
        if end - kept[-1] > _SAME * _size(whole):
            kept.append(end)
    return kept


def _holds(region: Region, cell: Sequence[tuple[float, float]], coordinates: Sequence[Coordinate]) -> bool:
    """Whether a cell between edges lies in a region."""
    slack = [_SAME * _size(c) for c in coordinates]
    return all(
        own.lower <= low + s and own.upper >= high - s
        for own, (low, high), s in zip(region.coordinates, cell, slack, strict=True)
    )


def interfaces_of(
    keys: ProblemKeys, scope: Scope | None, where: Where, key_where: Where
) -> tuple[tuple[Interface, ...], list[Mistake]]:
    """What holds on the interfaces of a file, and what is wrong with it."""
    mistakes: list[Mistake] = []
    built: list[Interface] = []
    if keys.interfaces and not keys.regions:
        return (), [Mistake("`interfaces` needs `regions` that meet there", where("interfaces"))]
    for name, given in keys.interfaces.items() if scope is not None else ():
        assert scope is not None
        place = where("interfaces", name)
        mistake = check_label(name, "an interface", key_where("interfaces", name))
        mistakes += [mistake] if mistake is not None else []
        if name in (keys.equations or {}) or name in keys.conditions:
            message = f"the interface `{name}` has the name of an equation or a condition"
            mistakes.append(
                Mistake(message, key_where("interfaces", name), hint="Losses and weights go by these names.")
            )
        between = _between(given, keys, where("interfaces", name, "between"), mistakes)
        try:
            residual = parse_equation(given.equation, scope, place, allow_normal=True, allow_jump=True)
        except UserError as error:
            mistakes += error.mistakes
            continue
        if not residual.tree.has(JUMP):
            if "=" in given.equation:
                hint = 'As "jump(u) = 0", or "u" alone, which says the same.'
                mistakes.append(Mistake("an interface says what `jump(...)` is", place, given.equation, hint=hint))
                continue
            residual = replace(residual, tree=JUMP(residual.tree), sides=None)
        built.append(Interface(name, residual, between))
    return tuple(built), mistakes


def _between(given: InterfaceKeys, keys: ProblemKeys, place: Place, mistakes: list[Mistake]) -> tuple[str, str] | None:
    """The two regions of an interface that names them."""
    if given.between is None:
        return None
    for name in given.between:
        if name not in keys.regions:
            message, hint = unknown("region", short(name), keys.regions)
            mistakes.append(Mistake(f"{message} in `between`", place, hint=hint))
    if len(given.between) != 2:
        mistakes.append(Mistake("`between` names two regions", place))
        return None
    return given.between[0], given.between[1]
