"""A problem of differential equations as plain values: what is to hold, where, and what is known of the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeVar, final

import numpy as np
import sympy

from pinnkit.equations import NORMAL, normal_component
from pinnkit.equations.expression import Expression, Partial, Scope
from pinnkit.equations.functions import is_normal_component
from pinnkit.equations.partials import partials_in
from pinnkit.equations.reductions import along_of, held_of, reductions_in
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.ansatz import NETWORK, Ansatz
from pinnkit.problem.body import Body, plane
from pinnkit.problem.complex_fields import ComplexFields
from pinnkit.problem.coordinate import Coordinate as Coordinate
from pinnkit.problem.coordinate import moved, moved_ends
from pinnkit.problem.derived import Derived
from pinnkit.problem.function import NamedFunction
from pinnkit.problem.levels import Levels
from pinnkit.problem.observed import Observations
from pinnkit.problem.output import Output
from pinnkit.problem.parameter import Parameter as Parameter
from pinnkit.problem.reference import Reference
from pinnkit.problem.stream_function import StreamFunction
from pinnkit.problem.symmetry import Symmetry
from pinnkit.problem.table import Table
from pinnkit.problem.trees import rewritten

Side = Literal["lower", "upper"]


@final
@dataclass(frozen=True)
class TorchResidual:
    """A residual given in Python as a function of torch tensors.

    ``arguments`` are the function's own parameter names: fields (`u`), derivatives (`u_x`), coordinates, parameters.
    """

    function: Callable[..., Any]
    arguments: tuple[str, ...]
    text: str


@final
@dataclass(frozen=True)
class Equation:
    """A differential equation that holds inside the domain, or a part of it, as a residual (left minus right)."""

    name: str
    residual: Expression | TorchResidual
    part: str = ""


@final
@dataclass(frozen=True)
class Face:
    """One end of a coordinate's interval, in the whole domain or a part of it, or a piece of a shape's boundary.

    A ``piece`` has a name, and neither coordinate nor value: those are "" and 0. ``text`` is that of a piece on a plane
    of which parameters are part, else empty.
    """

    coordinate: str
    side: Side
    value: float
    part: str = ""
    piece: str = ""
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.piece or f"{self.coordinate} = {self.value:.12g}"

    @property
    def outward(self) -> int:
        """The sign of the outward normal along the coordinate."""
        return 1 if self.side == "upper" else -1


@final
@dataclass(frozen=True)
class Condition:
    """An equation that holds on faces of the domain, as a residual (left minus right).

    ``given`` holds values (n,) at points (n, d) that no expression has; they are taken off the residual.
    """

    name: str
    faces: tuple[Face, ...]
    residual: Expression
    given: Callable[[np.ndarray], np.ndarray] | None = field(default=None, compare=False)

    def tree_on(self, face: Face, scope: Scope) -> sympy.Expr:
        """The residual on one face, its normal derivatives written along the face's coordinate."""
        return self.residual.tree if self.alike else resolved(self.residual.tree, face, scope)

    @cached_property
    def alike(self) -> bool:
        """Whether it says the same on all faces, because no normal stands in it."""
        tree = self.residual.tree
        return not tree.has(NORMAL) and not any(is_normal_component(symbol.name) for symbol in tree.free_symbols)


def resolved(tree: sympy.Expr, face: Face | None, scope: Scope) -> sympy.Expr:
    """A tree with its normal derivatives written along the coordinate of a face; as it is, without one.

    On a piece of a shape's boundary they are the sum of the derivatives along space times the components of the normal.
    """
    if face is None:
        return tree
    if face.piece:
        components = [(normal_component(x), scope.symbols[x]) for x in scope.space]
        return tree.replace(NORMAL, lambda of: sympy.Add(*(n * sympy.diff(of, x) for n, x in components)))
    along = scope.symbols[face.coordinate]
    sides = {normal_component(x): sympy.Integer(face.outward * (x == face.coordinate)) for x in scope.coordinates}
    return tree.replace(NORMAL, lambda of: face.outward * sympy.diff(of, along)).xreplace(sides)


@final
@dataclass(frozen=True)
class IntegralCondition:
    """An equation between integrals, as a residual (left minus right) with fields inside of integrals alone.

    Integrals go ``along`` the named coordinates, at every value of the others; along none that are named, over the
    whole domain, or over all ``faces`` together. Where the domain has parts, an integral over all of it is the sum of
    those over the ``parts``: what is integrated in each, integral by integral.
    """

    name: str
    residual: Expression
    faces: tuple[Face, ...] = ()
    along: tuple[str, ...] = ()
    parts: Mapping[str, tuple[sympy.Expr, ...]] = field(default_factory=dict)

    def over(self, scope: Scope, face: Face | None) -> tuple[str, ...]:
        """The coordinates that are integrated, on one of the faces or, without faces, in the domain."""
        free = tuple(c for c in scope.coordinates if face is None or c != face.coordinate)
        return self.along or free


@final
@dataclass(frozen=True)
class Region:
    """A part of the domain with networks of its own: the problem's coordinates with the part's own ends."""

    name: str
    coordinates: tuple[Coordinate, ...]


@final
@dataclass(frozen=True)
class Interface:
    """What holds where two regions meet, as a residual; without ``between`` wherever two of them do."""

    name: str
    residual: Expression
    between: tuple[str, str] | None = None


@final
@dataclass(frozen=True)
class Problem:
    """Differential equations, their domain and their conditions, checked and ready to be solved.

    ``divergence_free`` names no field, or two: the components of a vector without divergence along ``space``, which
    then has two coordinates; ``stream_function`` is what they are made of, where the file says so.
    ``body`` is the shape of the domain in space, where that is not the box of the intervals.
    ``units`` are those of names, ``sizes`` those of fields where the whole problem has told them. ``groups`` names
    terms that are one loss. ``complex_fields`` says which fields are parts of complex ones, and what was said of them.
    Of a problem as it is trained, ``parts`` are the parts of the domain by name, and ``homes`` tells which of them a
    field lives in; the whole domain where it tells none.
    ``expand`` makes the states of an eigenproblem out of what was ``declared``. ``source`` is the file that it was
    read from, and ``places`` says where its keys stand there.
    """

    name: str
    coordinates: tuple[Coordinate, ...]
    fields: tuple[str, ...]
    equations: tuple[Equation, ...]
    conditions: tuple[Condition, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    functions: tuple[NamedFunction, ...] = ()
    time: str | None = None
    symmetries: tuple[Symmetry, ...] = ()
    divergence_free: tuple[str, ...] = ()
    stream_function: StreamFunction | None = None
    reference: Reference | None = None
    tolerance: float = 1e-3
    config: str = "levenberg_marquardt"
    accept: tuple[str, ...] = ()
    title: str = ""
    integrals: tuple[IntegralCondition, ...] = ()
    derived: tuple[Derived, ...] = ()
    outputs: tuple[Output, ...] = ()
    tables: tuple[Table, ...] = ()
    observations: tuple[Observations, ...] = ()
    ansatz: tuple[Ansatz, ...] = ()
    regions: tuple[Region, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    body: Body | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, float] | None = field(default=None, compare=False)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    complex_fields: ComplexFields = field(default_factory=ComplexFields)
    parts: Mapping[str, tuple[Coordinate, ...]] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    levels: Levels | None = None
    declared: "Problem | None" = field(default=None, compare=False, repr=False)
    expand: "Callable[[Problem], Problem] | None" = field(default=None, compare=False, repr=False)
    source: str | None = field(default=None, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def scope(self) -> Scope:
        """The names that the problem's equations may use."""
        return Scope(
            coordinates=tuple(c.name for c in self.coordinates),
            fields=self.fields,
            parameters=tuple(p.name for p in self.parameters),
            time=self.time,
            named={f.name: f.expression.tree for f in self.functions}
            | {d.name: d.expression.tree for d in self.derived},
            family=self.family,
            pieces=self.body.pieces if self.body is not None else (),
        )

    @cached_property
    def values(self) -> Mapping[str, float]:
        """The value of every parameter by name; the start of those that are to be found."""
        return {p.name: p.value for p in self.parameters}

    @cached_property
    def unknowns(self) -> tuple[Parameter, ...]:
        """The parameters that are to be found together with the fields."""
        return tuple(p for p in self.parameters if p.unknown is not None)

    @cached_property
    def space(self) -> tuple[str, ...]:
        """The names of all coordinates but time and the parameters of a family."""
        return tuple(c.name for c in self.coordinates if c.name != self.time and not c.family)

    @cached_property
    def family(self) -> tuple[str, ...]:
        """The names of the parameters that have a range, and are coordinates."""
        return tuple(c.name for c in self.coordinates if c.family)

    def coordinate(self, name: str) -> Coordinate:
        """The coordinate called `name`."""
        return next(c for c in self.coordinates if c.name == name)

    def coordinates_in(self, part: str) -> tuple[Coordinate, ...]:
        """The coordinates with the ends of a part of the domain; of the whole for the empty name."""
        return self.parts.get(part, self.coordinates)

    def coordinates_of(self, field_name: str) -> tuple[Coordinate, ...]:
        """The coordinates with the ends of the part that a field lives in."""
        return self.coordinates_in(self.homes.get(field_name, ""))

    def index(self, name: str) -> int:
        """The position of the coordinate called `name`."""
        return self.scope.coordinates.index(name)

    def order(self, field_name: str, coordinate: str) -> int:
        """The highest order in which a field is differentiated along a coordinate by the equations."""
        at = self.index(coordinate)
        return max((p.orders[at] for p in self.partials if p.field == field_name), default=0)

    @cached_property
    def partials(self) -> frozenset[Partial]:
        """The fields and derivatives that the equations use."""
        return frozenset(p for equation in self.equations for p in partials_of(equation, self.scope))

    def with_parameters(self, **values: float) -> "Problem":
        """The same problem with other values of its parameters, or other starts of those that are to be found.

        A parameter that has a range gets one value instead.

        Raises:
            UserError: a name that is not a parameter of the problem; a start outside its bounds.
        """
        if self.declared is not None and set(values) <= {*self.declared.values, *self.declared.family}:
            assert self.expand is not None
            return self.expand(self.declared.with_parameters(**values))
        for name in values:
            if name not in self.values and name not in self.family:
                message, hint = unknown("parameter", name, (*self.values, *self.family))
                raise UserError(Mistake(message, hint=hint))
        if set(values) & set(self.family):
            kept = {name: value for name, value in values.items() if name not in self.family}
            member = _member(self, {name: float(values[name]) for name in self.family if name in values})
            return member.with_parameters(**kept)
        changed = tuple(_changed(p, float(values[p.name])) if p.name in values else p for p in self.parameters)
        coordinates = tuple(moved(c, {p.name: p.value for p in changed}) for c in self.coordinates)
        numbers = {p.name: p.value for p in changed}
        conditions = tuple(_on(condition, coordinates, numbers) for condition in self.conditions)
        regions = tuple(_in(region, coordinates, numbers) for region in self.regions)
        integrals = tuple(_on(condition, coordinates, numbers) for condition in self.integrals)
        there = replace(self, coordinates=coordinates, conditions=conditions, integrals=integrals, regions=regions)
        body = self.body.moved(numbers, coordinates) if self.body is not None else None
        other = any(p.value != self.values[p.name] for p in changed if p.unknown is None)
        reference = self.reference.elsewhere() if other and self.reference is not None else self.reference
        return replace(there, parameters=changed, body=body, reference=reference)


def _changed(parameter: Parameter, value: float) -> Parameter:
    """The parameter with another value, or another start."""
    unknown = parameter.unknown.from_start(value, parameter.name) if parameter.unknown is not None else None
    return replace(parameter, value=value, text=repr(value), unknown=unknown)


def _member(problem: Problem, values: Mapping[str, float]) -> Problem:
    """The problem at one value of some parameters that have a range: fields no longer depend on them.

    Raises:
        UserError: an equation that differentiates along one of them, or a condition that integrates along it.
    """
    for equation in problem.equations:
        for partial in partials_of(equation, problem.scope):
            for name in values:
                if partial.orders[problem.index(name)]:
                    message = f"`{equation.name}` differentiates along `{name}`, which therefore cannot be fixed"
                    raise UserError(Mistake(message))
    for condition in problem.integrals:
        for name in values:
            if name in condition.along:
                message = f"`{condition.name}` integrates along `{name}`, which therefore cannot be fixed"
                raise UserError(Mistake(message))
    places = {c.name: c.place for c in problem.coordinates}
    fixed = (Parameter(name, value, repr(value), places[name]) for name, value in values.items())
    left = tuple(c for c in problem.coordinates if c.name not in values)
    regions = tuple(
        replace(region, coordinates=tuple(c for c in region.coordinates if c.name not in values))
        for region in problem.regions
    )
    held = {problem.index(name): value for name, value in values.items()}
    smaller = replace(
        problem,
        coordinates=left,
        parameters=(*problem.parameters, *fixed),
        regions=regions,
        integrals=tuple(map(_of_member, problem.integrals)),
        tables=tuple(t.without(values) for t in problem.tables),
        outputs=tuple(o for o in problem.outputs if not _held_in(o.expression.tree) & set(values)),
        observations=tuple(found for o in problem.observations if (found := o.where(held)).count),
        reference=problem.reference.elsewhere() if problem.reference is not None else None,
    )
    before, after = (p.scope.with_fields(*p.fields, NETWORK).functions for p in (problem, smaller))
    fewer = {before[name]: after[name] for name in before}
    return rewritten(smaller, lambda tree: tree.xreplace(fewer))


def _of_member(condition: IntegralCondition) -> IntegralCondition:
    """The condition over all that is left, where it names no coordinates."""
    named = any(along_of(node) for node in reductions_in(condition.residual.tree))
    return condition if named else replace(condition, along=())


def _held_in(tree: sympy.Expr) -> set[str]:
    """The coordinates that the reductions of a tree name or hold."""
    return {name for node in reductions_in(tree) for name in (*along_of(node), *held_of(node))}


def _in(region: Region, whole: Sequence[Coordinate], values: Mapping[str, float]) -> Region:
    """The region where other values of the parameters put it, in a domain that has moved with them."""
    pairs = zip(region.coordinates, whole, strict=True)
    return replace(region, coordinates=tuple(c.within(*moved_ends(own, values), own.ends) for own, c in pairs))


AnyCondition = TypeVar("AnyCondition", Condition, IntegralCondition)


def _on(condition: AnyCondition, coordinates: Sequence[Coordinate], values: Mapping[str, float]) -> AnyCondition:
    """The condition on faces that have moved with their coordinates, and with the parameters of their planes."""
    along, faces = {c.name: c for c in coordinates}, []
    for face in condition.faces:
        if face.piece:
            faces.append(replace(face, piece=plane(face.text, values)) if face.text else face)
        else:
            own = along[face.coordinate]
            faces.append(replace(face, value=own.lower if face.side == "lower" else own.upper))
    return replace(condition, faces=tuple(faces))


def partials_of(equation: Equation, scope: Scope) -> frozenset[Partial]:
    """The fields and derivatives that an equation uses."""
    if isinstance(equation.residual, TorchResidual):
        found = (scope.partial(name) for name in equation.residual.arguments)
        return frozenset(p for p in found if p is not None)
    return partials_in(equation.residual.tree, scope)
