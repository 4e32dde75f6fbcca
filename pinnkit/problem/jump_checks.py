"""Checks of what jumps inside the domain, and of what is said where regions meet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import sympy

from pinnkit.equations import NORMAL
from pinnkit.equations.choice import Choice
from pinnkit.equations.expression import Expression, Partial
from pinnkit.equations.notation import to_text
from pinnkit.equations.partials import partials_in
from pinnkit.problem.finding import Remark
from pinnkit.problem.maps import Axis
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.problem.regions import Contact, contacts, touches
from pinnkit.problem.sampling import elsewhere, evaluate

_LINES = 4
"""Lines through a part of the domain along which its switching places are looked for."""

_GRID = 513
"""Points of a line."""

_NEAR, _FAR = 1e-11, 1e-5
"""Shares of a line on either side of a place; what differs by as much at both jumps there."""


@final
@dataclass(frozen=True)
class _Part:
    """A box of the domain with one network, and what it is called."""

    name: str
    coordinates: tuple[Coordinate, ...]


Places = frozenset[tuple[str, float]]
"""Coordinates with the values at which something jumps on one line."""


def silent_jump(problem: Problem) -> Iterator[Remark]:
    """An equation whose coefficients or source jump inside the domain where no region ends."""
    problem = elsewhere(problem)
    parts = [_Part(r.name, r.coordinates) for r in problem.regions] or [_Part("", problem.coordinates)]
    for equation in problem.equations:
        if not isinstance(equation.residual, Expression):
            continue
        straight: dict[tuple[str, float], None] = {}
        inside: dict[str, None] = {}
        for gap in _gaps(equation.residual.tree, problem):
            found = {part.name: _jumps(equation.residual.tree, gap, part, problem) for part in parts}
            where = [name for name, lines in found.items() if any(lines)]
            if all(_on_planes(lines) for lines in found.values()):
                straight |= dict.fromkeys(place for lines in found.values() for places in lines for place in places)
                inside |= dict.fromkeys(where)
            else:
                text = to_text(gap, problem.scope)
                message = f"`{equation.name}` jumps where `{text}` changes its sign, inside {_named(where)}"
                hint = "A smooth network would round it off, and no box ends there. Give the jump a width."
                yield Remark(message, equation.residual.place, hint)
        if straight:
            at = " and ".join(f"`{name} = {value:.6g}`" for name, value in sorted(straight))
            message = f"`{equation.name}` jumps at {at}, inside {_named(inside)}: a smooth network would round it off"
            yield Remark(message, equation.residual.place, "Declare `regions` that meet there.")


def _named(parts: Iterable[str]) -> str:
    return " and ".join(f"the region `{name}`" if name else "the domain" for name in parts)


def _on_planes(lines: Sequence[Places]) -> bool:
    """Whether the places of a jump are the same on all lines that cross it."""
    for name in {name for places in lines for name, _ in places}:
        crossed = {frozenset(value for other, value in places if other == name) for places in lines}
        if len(crossed - {frozenset()}) > 1:
            return False
    return True


def _gaps(tree: sympy.Expr, problem: Problem) -> list[sympy.Expr]:
    """What changes its sign where something switches, as far as it depends on coordinates and parameters alone."""
    gaps = [node.args[0] for node in tree.atoms(sympy.Heaviside, sympy.sign)]
    for node in tree.atoms(Choice):
        gaps += [condition.lhs - condition.rhs for _, condition in node.args if condition != sympy.true]
    known = [gap for gap in gaps if not partials_in(gap, problem.scope) and not gap.has(Choice)]
    return sorted(set(known), key=sympy.default_sort_key)


def _jumps(tree: sympy.Expr, gap: sympy.Expr, part: _Part, problem: Problem) -> list[Places]:
    """Where a residual jumps together with the sign of something, on some lines through a part."""
    generator = np.random.default_rng(29)
    named = {str(symbol) for symbol in gap.free_symbols}
    found = []
    for _ in range(_LINES):
        base = {c.name: c.axis.from_unit(generator.uniform(0.02, 0.98, 1)).item() for c in part.coordinates}
        fields = {p: float(generator.uniform(0.5, 1.5)) for p in sorted(partials_in(tree, problem.scope))}
        lines = [_Line(c.axis, base, problem) for c in part.coordinates if c.name in named]
        found.append(
            frozenset(
                (line.axis.name, round(line.place(share), 9))
                for line in lines
                for share in line.changes(gap)
                if line.jumps(tree, share, fields)
            )
        )
    return found


@final
@dataclass(frozen=True)
class _Line:
    """A line along a coordinate, on which the others are held at the values of a point."""

    axis: Axis
    base: Mapping[str, float]
    problem: Problem

    def place(self, share: float) -> float:
        """The coordinate at a share of the line."""
        return float(self.axis.from_unit(np.array(share)))

    def values(
        self, tree: sympy.Expr, shares: np.ndarray, fields: Mapping[Partial, float] | None = None
    ) -> np.ndarray | None:
        """A tree (n,) at shares (n,) of the line."""
        points = {name: np.full(shares.shape, value) for name, value in self.base.items()}
        known = {p: np.full(shares.shape, value) for p, value in (fields or {}).items()}
        return evaluate(tree, self.problem, points | {self.axis.name: self.axis.from_unit(shares)}, known)

    def changes(self, gap: sympy.Expr) -> list[float]:
        """The shares at which something changes its sign inside of the line, by bisection."""
        shares = np.linspace(0.0, 1.0, _GRID)[1:-1] + 1e-4 / _GRID  # a switch in the middle lies between two points
        values = self.values(gap, shares)
        if values is None:
            return []
        found = []
        for i in np.flatnonzero(np.sign(values[1:]) * np.sign(values[:-1]) < 0):
            low, high, above = shares[i], shares[i + 1], values[i + 1] > 0
            for _ in range(60):
                middle = 0.5 * (low + high)
                value = self.values(gap, np.array([middle]))
                low, high = (low, middle) if value is not None and (value[0] > 0) == above else (middle, high)
            found.append(float(0.5 * (low + high)))
        return found

    def jumps(self, tree: sympy.Expr, share: float, fields: Mapping[Partial, float]) -> bool:
        """Whether a tree has different limits on both sides of a place."""
        sides = np.array([share - _FAR, share - _NEAR, share + _NEAR, share + _FAR])
        values = self.values(tree, sides, fields)
        if values is None or not np.isfinite(values).all():
            return False
        near, far = abs(values[2] - values[1]), abs(values[3] - values[0])
        return bool(near > 0.3 * far and near > 1e-9 * np.abs(values).max())


def few_interfaces(problem: Problem) -> Iterator[Remark]:
    """Two regions that meet with fewer conditions between them than the orders of the fields need."""
    for contact in contacts(problem):
        orders = {field: problem.order(field, contact.coordinate) for field in problem.fields}
        said = [_orders_across(i.residual, contact, problem) for i in problem.interfaces if touches(i, contact)]
        if len(said) >= sum(orders.values()):
            continue
        for field, order in orders.items():
            own = [given[field] for given in said if field in given]
            if len(own) < order:
                yield _missing(field, order, own, contact, problem)


def _orders_across(residual: Expression, contact: Contact, problem: Problem) -> dict[str, set[int]]:
    """Of every field in an interface the orders of its derivatives across it."""
    along, crossed = problem.index(contact.coordinate), problem.scope.symbols[contact.coordinate]
    tree = residual.tree.replace(NORMAL, lambda of: sympy.diff(of, crossed))
    found: dict[str, set[int]] = {}
    for partial in partials_in(tree, problem.scope):
        found.setdefault(partial.field, set()).add(partial.orders[along])
    return found


def _missing(field: str, order: int, given: Sequence[set[int]], contact: Contact, problem: Problem) -> Remark:
    """What is said too little of a field on a contact."""
    count = f"{len(given) or 'no'} interface condition{'' if len(given) == 1 else 's'}"
    message = f"`{field}` is of order {order} in `{contact.coordinate}` and has {count} at {contact}"
    if order <= 2 and all(len(orders) == 1 for orders in given):  # what holds both may be either
        lacks = [] if {0} in given else ["value"]
        lacks += ["flux"] if order == 2 and {1} not in given else []
        words = " and ".join(f"its {word}" for word in lacks)
        message += f": {words} {'is' if len(lacks) == 1 else 'are'} missing" if lacks else ""
    hint = f'As `interfaces: {{value: "{field}", flux: "dn({field})"}}`, where both are continuous.'
    return Remark(message, problem.places.get("interfaces") or problem.places.get("regions"), hint)
