"""The problem that is trained in place of the user's, and the way back from its fields to the user's.

Two things are put into the equations themselves, so that all below sees an ordinary problem:

- an ansatz u = A(x, N): every u in every tree becomes A(x, w), w the network's own output, and sympy's chain rule does
  the rest. What vanishes at a singular point can then be divided out exactly, before any number is put in.
- regions: u becomes one field u_r a region r, each with a network of its own; an equation becomes one a region, with
  the branch of every choice that holds there, and what is said of an interface becomes a condition on both its fields.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np
import sympy

from pinnkit.equations import JUMP, NORMAL, normal_component
from pinnkit.equations.choice import Choice
from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.poles import without_poles
from pinnkit.equations.reductions import reductions_in
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.frame import Frame
from pinnkit.problem.ansatz import NETWORK, of_network
from pinnkit.problem.observed import Observations
from pinnkit.problem.problem import (
    Condition,
    Coordinate,
    Equation,
    Face,
    IntegralCondition,
    Interface,
    Problem,
)
from pinnkit.problem.regions import Contact, contacts, touches
from pinnkit.problem.together import not_together

_SAMPLES = 64
"""Points of a region at which a comparison must come out alike for its branch to be taken."""


@final
@dataclass(frozen=True)
class View:
    """A field of the user's in a part of the domain, as a tree over the fields that are trained."""

    part: str
    tree: sympy.Expr


@final
@dataclass(frozen=True, eq=False)
class Rewriting:
    """A problem, the one that is trained for it, and every field of the first by those of the second.

    Args:
        problem: the user's.
        trained: what is trained.
        views: of every field of the user's its views, one a region.
        frame: how labels move, where the coordinates of what is trained are labels.
    """

    problem: Problem
    trained: Problem
    views: tuple[tuple[View, ...], ...]
    frame: Frame | None = None

    @cached_property
    def plain(self) -> bool:
        """Whether the problem is trained as it stands."""
        return self.trained is self.problem

    def parts(self, points: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Every part of the domain with which of the points (n, d) lie in it; a point of two is the first one's."""
        left = np.ones(len(points), dtype=bool)
        names = [view.part for view in self.views[0]]
        for name in names:
            own = left & (inside(points, self.trained.coordinates_in(name)) if name != names[-1] else left)
            left &= ~own
            yield name, own


def inside(points: np.ndarray, coordinates: Sequence[Coordinate]) -> np.ndarray:
    """Which of the points (n, d) lie in a box or on its faces."""
    return np.all([(c.lower <= x) & (x <= c.upper) for c, x in zip(coordinates, points.T, strict=True)], axis=0)


def rewrite(problem: Problem) -> Rewriting:
    """The problem that is trained for a problem, and the way back.

    Raises:
        UserError: what cannot be rewritten, such as a residual that is a Python function.
    """
    if not problem.ansatz and not problem.regions:
        return Rewriting(problem, problem, tuple((View("", problem.scope.functions[f]),) for f in problem.fields))
    _require_plain(problem)
    return _Rewriter(problem).result()


def _require_plain(problem: Problem) -> None:
    """Refuse what does not go with an ansatz or with regions."""
    wrong = [Mistake(remark.message, remark.place, hint=remark.hint) for remark in not_together(problem)]
    if wrong:
        raise UserError(*wrong)


@final
class _Rewriter:
    """Makes the trained problem; fields of a region are called by both names, `psi_left`."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.scope = problem, problem.scope
        self.regions = [r.name for r in problem.regions] or [""]
        self.contacts = contacts(problem)
        self.homes = {self.name(f, r): r for r in self.regions for f in problem.fields} if problem.regions else {}
        self.fields = tuple(self.name(f, r) for r in self.regions for f in problem.fields)
        self.parts: dict[str, tuple[Coordinate, ...]] = {r.name: r.coordinates for r in problem.regions}
        self.parts |= {contact.name: contact.coordinates for contact in self.contacts}
        self.trained_scope = Scope(self.scope.coordinates, self.fields, self.scope.parameters, self.scope.time)
        self.into = {r: self._substitution(r) for r in self.regions}

    def name(self, label: str, region: str) -> str:
        """What a field, an equation or a condition is called in a region."""
        return f"{label}_{region}" if region else label

    def result(self) -> Rewriting:
        """The trained problem and the views."""
        problem = self.problem
        trained = replace(
            problem,
            fields=self.fields,
            equations=tuple(self._equation(e, r) for r in self.regions for e in problem.equations),
            conditions=(*self._conditions(), *self._interfaces()),
            integrals=tuple(map(self._integral, problem.integrals)),
            observations=tuple(self._observations()),
            outputs=(),
            functions=(),
            ansatz=(),
            regions=(),
            interfaces=(),
            reference=None,
            parts=self.parts,
            homes=self.homes,
        )
        functions = self.scope.functions
        views = tuple(tuple(View(r, self.into[r][functions[f]]) for r in self.regions) for f in problem.fields)
        return Rewriting(problem, trained, views)

    def _substitution(self, region: str) -> Mapping[sympy.Expr, sympy.Expr]:
        """Every field of the problem in a region, by the fields that are trained."""
        network = of_network(self.scope).functions[NETWORK]
        ansatz = {a.field: a.expression.tree for a in self.problem.ansatz}
        found = {}
        for field, function in self.scope.functions.items():
            own = self.trained_scope.functions[self.name(field, region)]
            tree = ansatz[field].xreplace({network: own}) if field in ansatz else own
            found[function] = self._decided(tree, region)
        return found

    def tree(self, tree: sympy.Expr, region: str) -> sympy.Expr:
        """A tree of the problem as it is in a region."""
        put = self._decided(tree, region).xreplace(dict(self.into[region]))
        return without_poles(put.doit(), self.trained_scope)

    def _decided(self, tree: sympy.Expr, region: str) -> sympy.Expr:
        """The tree with the branch of every choice that holds in the whole of a region."""
        if not region:
            return tree
        generator = np.random.default_rng(0)
        unit = generator.uniform(1e-3, 1.0 - 1e-3, (_SAMPLES, len(self.scope.coordinates)))
        points = {c.name: _spread(c, u) for c, u in zip(self.parts[region], unit.T, strict=True)}
        return tree.replace(
            lambda node: isinstance(node, Choice),
            lambda node: _branch(node, {**self.problem.values, **points}, self.scope),
        )

    def _expression(self, given: Expression, tree: sympy.Expr) -> Expression:
        return Expression(given.text, tree, given.place)

    def _equation(self, equation: Equation, region: str) -> Equation:
        residual = equation.residual
        assert isinstance(residual, Expression)
        tree = self.tree(residual.tree, region)
        return Equation(self.name(equation.name, region), self._expression(residual, tree), region)

    def _conditions(self) -> Iterator[Condition]:
        """Every condition in each region that has a part of its faces."""
        for condition in self.problem.conditions:
            by_region = {r: self._faces_in(condition, r) for r in self.regions}
            there = [r for r, faces in by_region.items() if faces]
            for region in there:
                name = self.name(condition.name, region) if len(there) > 1 else condition.name
                tree = self.tree(condition.residual.tree, region)
                yield Condition(name, by_region[region], self._expression(condition.residual, tree))

    def _faces_in(self, condition: Condition, region: str) -> tuple[Face, ...]:
        """The faces of a condition that a region has a part of."""
        if not region:
            return condition.faces
        own = {c.name: c for c in self.parts[region]}
        faces = []
        for face in condition.faces:
            along = own[face.coordinate]
            end = along.lower if face.side == "lower" else along.upper
            if end == face.value or abs(end - face.value) <= 1e-12 * (1.0 + min(abs(end), abs(face.value))):
                faces.append(replace(face, part=region))
        return tuple(faces)

    def _integral(self, condition: IntegralCondition) -> IntegralCondition:
        """A condition of integrals; over regions each is a sum."""
        residual = condition.residual
        if not self.problem.regions:
            return replace(condition, residual=self._expression(residual, self.tree(residual.tree, "")))
        operands = [node.args[0] for node in reductions_in(residual.tree)]
        return replace(condition, parts={r: tuple(self.tree(tree, r) for tree in operands) for r in self.regions})

    def _observations(self) -> Iterator[Observations]:
        """Every set of observations in the regions that have some of its points."""
        for known in self.problem.observations:
            left = np.ones(len(known.points), dtype=bool)
            for region in self.regions:
                there = inside(known.points, self.parts[region]) if region else left
                own = known.only(there & left)
                left = left & ~there
                if region and not len(own.points):
                    continue
                measured = tuple(
                    replace(m, expression=self._expression(m.expression, self.tree(m.expression.tree, region)))
                    for m in own.measured
                )
                yield replace(own, name=self.name(own.name, region), measured=measured)

    def _interfaces(self) -> Iterator[Condition]:
        """What holds on every contact, as conditions on the fields of both of its regions."""
        for interface in self.problem.interfaces:
            there = [contact for contact in self.contacts if touches(interface, contact)]
            for contact in there:
                name = self.name(interface.name, contact.name) if len(there) > 1 else interface.name
                tree = self._across(interface, contact)
                face = Face(contact.coordinate, "upper", contact.value, contact.name)
                yield Condition(name, (face,), self._expression(interface.residual, tree))

    def _across(self, interface: Interface, contact: Contact) -> sympy.Expr:
        """The residual of an interface: a jump is the upper side less the lower one, all else is of the lower side."""
        along = self.scope.symbols[contact.coordinate]
        sides = {normal_component(x): sympy.Integer(x == contact.coordinate) for x in self.scope.coordinates}

        def side(tree: sympy.Expr, region: str) -> sympy.Expr:
            return self.tree(tree.replace(NORMAL, lambda of: sympy.diff(of, along)).xreplace(sides), region)

        jumps: dict[sympy.Expr, sympy.Expr] = {}
        for node in interface.residual.tree.atoms(JUMP):
            jumps[node] = sympy.Dummy(real=True)
        marked = interface.residual.tree.xreplace(jumps)
        values = {
            mark: side(node.args[0], contact.upper.name) - side(node.args[0], contact.lower.name)
            for node, mark in jumps.items()
        }
        return side(marked, contact.lower.name).xreplace(values)


def _spread(coordinate: Coordinate, unit: np.ndarray) -> np.ndarray:
    """Values inside an interval, also one that has no end."""
    low, high = coordinate.lower, coordinate.upper
    if np.isfinite(low) and np.isfinite(high):
        return low + (high - low) * unit
    far = unit / (1.0 - unit)
    if np.isfinite(low) or np.isfinite(high):
        return low + far if np.isfinite(low) else high - far
    return np.log(far)


def _branch(node: sympy.Expr, values: Mapping[str, object], scope: Scope) -> sympy.Expr:
    """The branch of a choice that is taken at all points, or the choice itself."""
    for branch, condition in node.args:
        if condition == sympy.true:
            return branch
        if condition.atoms(sympy.Function, sympy.Derivative) & set(scope.functions.values()):
            return node
        gap = compile_tree(condition.lhs - condition.rhs, scope).broadcast(values, np.empty(_SAMPLES))
        above = bool(np.all(gap > 0))
        if not above and not np.all(gap < 0):
            return node
        wants_above = isinstance(condition, sympy.StrictGreaterThan | sympy.GreaterThan)
        if above == wants_above:
            return branch
    return node
