"""The Lagrangian frame: points that are carried along, and on each of them an equation without transport.

An equation for one field,

    u_t + c(u, x, t) . grad u = R(u, its higher derivatives, x, t),

is the same as two for a state U and a displacement D of labels xi, X = xi + D:

    D_t = c(U, X, t),      U_t = R(U, ..., X, t),      D = 0 and U = u_0 at the start,

with derivatives in R along X (`formulation.frame`). Both are found from the tree of the equation.

R. Mojgani, M. Balajewicz, P. Hassanzadeh, Comput. Methods Appl. Mech. Eng. 404 (2023) 115810 (arXiv 2205.02902). Theirs
has U_xixi where u_xx stands, which is right only where c is constant; on viscous Burgers' equation that alone is an
error of a percent. Here the metric is kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import count
from typing import final

import numpy as np
import sympy
from scipy.integrate import solve_ivp

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Expression, Partial, Scope
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.frame import Frame
from pinnkit.formulation.rewriting import Rewriting, View
from pinnkit.networks import Network
from pinnkit.problem.problem import Condition, Coordinate, Equation, Face, Problem, TorchResidual
from pinnkit.problem.symmetry import Symmetry

_SAMPLES = 64
"""Points at which a coefficient must repeat itself."""

_SIDE, _FACE_POINTS = 33, 8000
"""The most values of a coordinate, and of all of them together, from which labels are followed back."""

_TIMES = 33
"""Times at which the domain's faces are followed back to where its labels start."""

_MARGIN = 0.02
"""How much wider the labels are than they must be, as a share of their interval."""

_ROUNDING = 1e-9
"""What is no difference between two values of a coefficient, as a share of them."""


@final
@dataclass(frozen=True)
class Lagrangian:
    """Labels that are carried along, with a network of their own for where they are.

    Args:
        width: the channels of that network's layers; those of the config's network where not given.
        depth: how many layers it has, likewise.
        least: the smallest J = det dX/dxi that 1/J is made of, so that labels that meet do no harm on the way.
    """

    width: int | None = None
    depth: int | None = None
    least: float = 1e-3

    def __post_init__(self) -> None:
        for name, value in (("width", self.width), ("depth", self.depth)):
            if value is not None and value < 1:
                raise UserError(f"`{name}` of `lagrangian` is {value}; it needs at least 1")
        if not 0 < self.least < 1:
            raise UserError(f"`least` of `lagrangian` is {self.least:g}; it needs a number between 0 and 1")

    def branch(self, network: Network) -> Network:
        """The network of the displacements, from that of the state.

        Raises:
            UserError: a network without a width or a depth that is given.
        """
        given = {k: v for k, v in (("width", self.width), ("depth", self.depth)) if v is not None}
        known = {f.name for f in fields(network)}  # type: ignore[arg-type]  # networks are dataclasses
        for name in given:
            if name not in known:
                raise UserError(f"`lagrangian` has a `{name}`, and the network `{type(network).__name__}` has none")
        return replace(network, **given)  # type: ignore[type-var]

    def rewritten(self, problem: Problem) -> Rewriting:
        """The problem in labels, and the way back.

        Raises:
            UserError: a problem that has no such form, with the reason.
        """
        _require_carried(problem)
        return _Derivation(problem, self.least).result()


def _refused(problem: Problem, why: str, hint: str | None = None) -> UserError:
    return UserError(Mistake(f"`{problem.name}` has no Lagrangian form: {why}", hint=hint))


def _require_carried(problem: Problem) -> None:
    """Refuse what has no field that is carried, or holds more than labels can tell.

    Raises:
        UserError: the reason.
    """
    if problem.time is None:
        raise _refused(problem, "it has no `time`, in which points could be carried along")
    if len(problem.fields) > 1 or len(problem.equations) > 1:
        listed = ", ".join(f"`{name}`" for name in problem.fields)
        raise _refused(problem, f"the fields {listed} need not travel at one speed; it needs one field, one equation")
    if isinstance(problem.equations[0].residual, TorchResidual):
        hint = "Write it as text or as a sympy expression."
        raise _refused(problem, f"`{problem.equations[0].name}` is a Python function, which is not rewritten", hint)
    beside = {
        "ansatz": problem.ansatz,
        "regions": problem.regions,
        "shapes": problem.body,
        "integral conditions": problem.integrals,
        "observations": problem.observations,
        "divergence_free": problem.divergence_free,
        "levels": problem.levels,
    }
    for what, declared in beside.items():
        if declared:
            raise _refused(problem, f"{what} are said of fixed positions, and labels move")
    time = problem.coordinate(problem.time)
    if not np.isfinite([end for c in problem.coordinates for end in (c.lower, c.upper)]).all():
        raise _refused(problem, "an interval has no end")
    for condition in problem.conditions:
        if any(face.coordinate == time.name and face.side == "upper" for face in condition.faces):
            raise _refused(problem, f"`{condition.name}` holds at the end of time")
    if not any(face.coordinate == time.name for c in problem.conditions for face in c.faces):
        raise _refused(problem, "no condition holds at the start of time, from which values could be carried")


@final
@dataclass(frozen=True, eq=False)
class Transport:
    """An equation as u_t + sum of speeds u_x_i + rest = 0.

    Args:
        speeds: c_i by coordinate.
        rest: what else there is.
    """

    speeds: Mapping[str, sympy.Expr]
    rest: sympy.Expr


def transport(problem: Problem) -> Transport:
    """The equation of a problem with one field, solved for u_t.

    Raises:
        UserError: it is not of first order in time, or not linear in the first derivatives.
    """
    scope, equation, time = problem.scope, problem.equations[0], str(problem.time)
    assert isinstance(equation.residual, Expression)
    tree = sympy.expand(equation.residual.tree)
    marks = {partial: sympy.Dummy(scope.name(partial), real=True) for partial in partials_in(tree, scope)}
    marked = tree.xreplace({scope.tree(partial): mark for partial, mark in marks.items()})
    field, at = problem.fields[0], problem.index(time)

    def slope(name: str) -> Partial:
        return Partial(field, tuple(int(c == name) for c in scope.coordinates))

    for partial in marks:
        if partial.orders[at] and partial.order > 1:
            only = scope.name(slope(time))
            why = f"`{equation.name}` has `{scope.name(partial)}`, and by time only `{only}` is possible"
            raise _refused(problem, why)

    def coefficient(name: str) -> sympy.Expr:
        """What stands before a first derivative, over fields and coordinates."""
        mark = marks.get(slope(name))
        if mark is None:
            return sympy.S.Zero
        found = sympy.diff(marked, mark)
        for partial, other in marks.items():
            if partial.order and other in found.free_symbols:
                what = f"`{scope.name(slope(name))}` is multiplied by `{scope.name(partial)}`"
                raise _refused(problem, f"in `{equation.name}` {what}, and a speed may depend on `{field}` alone")
        return found

    rate = coefficient(time)
    if rate == 0:
        raise _refused(problem, f"`{equation.name}` has no derivative by `{time}`")
    value = {mark: scope.tree(partial) for partial, mark in marks.items()}
    speeds = {x: (coefficient(x) / rate).xreplace(value) for x in scope.space}
    if all(speed == 0 for speed in speeds.values()):
        listed = ", ".join(f"`{scope.name(slope(x))}`" for x in scope.space)
        raise _refused(problem, f"`{equation.name}` has no {listed}, so that nothing is carried")
    first = {marks[p]: sympy.S.Zero for p in marks if p.order == 1}
    return Transport(speeds, (marked.xreplace(first) / rate).xreplace(value))


@final
class _Derivation:
    """Makes the problem in labels; they are called as the coordinates are."""

    def __init__(self, problem: Problem, least: float) -> None:
        self.problem, self.scope = problem, problem.scope
        self.carried = transport(problem)
        taken = {*self.scope.coordinates, *self.scope.fields, *self.scope.parameters, *self.scope.named}
        self.displaced = {x: _free(f"displacement_{x}", taken) for x in self.scope.space}
        labelled = self.scope.with_fields(*self.scope.fields, *self.displaced.values())
        self.frame = Frame(labelled, self.displaced, least)
        for name, tree in (*self.carried.speeds.items(), ("", self.carried.rest)):
            self._require_repeating(tree, f"the speed along `{name}`" if name else "the rest of the equation")

    def result(self) -> Rewriting:
        """The trained problem, and how the user's field is seen in it."""
        problem = self.problem
        trained = replace(
            problem,
            coordinates=self._coordinates(),
            fields=self.frame.scope.fields,
            equations=tuple(self._equations()),
            conditions=(*self._starts(), *self._labels()),
            symmetries=(*problem.symmetries, *self._symmetries()),
            outputs=(),
            functions=(),
            reference=None,
        )
        views = tuple((View("", self.scope.functions[f]),) for f in problem.fields)
        return Rewriting(problem, trained, views, self.frame)

    def _seen(self, tree: sympy.Expr) -> sympy.Expr:
        return self.frame.seen(tree, self.scope)

    def _equations(self) -> Iterator[Equation]:
        """That of the state under the name of the user's, and one for every displacement."""
        equation, scope = self.problem.equations[0], self.frame.scope
        assert isinstance(equation.residual, Expression)
        time = scope.symbols[str(self.problem.time)]
        rate = sympy.Derivative(scope.functions[self.problem.fields[0]], time)
        yield replace(equation, residual=_of(equation.residual, rate + self._seen(self.carried.rest)))
        for x, speed in self.carried.speeds.items():
            rate = sympy.Derivative(scope.functions[self.displaced[x]], time)
            name = _free(f"path_{x}", {equation.name})
            yield Equation(name, Expression(f"speed along {x}", rate - self._seen(speed)))

    def _starts(self) -> Iterator[Condition]:
        """What the user's conditions say at the start of time, where labels are positions."""
        for condition in self.problem.conditions:
            faces = tuple(face for face in condition.faces if face.coordinate == self.problem.time)
            if faces:
                yield replace(condition, faces=faces)

    def _labels(self) -> Iterator[Condition]:
        """D = 0 at the start."""
        time = self.problem.coordinate(str(self.problem.time))
        taken = {condition.name for condition in self.problem.conditions}
        for x, displaced in self.displaced.items():
            text, tree = f"{displaced} = 0", self.frame.scope.functions[displaced]
            yield Condition(_free(f"label_{x}", taken), (Face(time.name, "lower", time.lower),), Expression(text, tree))

    def _symmetries(self) -> Iterator[Symmetry]:
        """Where the field has a parity in x, the speed along x is odd in it, and all others are even."""
        for mirrored in {s.coordinate: None for s in self.problem.symmetries}:
            for x, displaced in self.displaced.items():
                yield Symmetry(displaced, "odd" if x == mirrored else "even", mirrored)

    def _coordinates(self) -> tuple[Coordinate, ...]:
        """The labels that come to be in the domain: its own where it is periodic, else those from the start."""
        moving = [x for x in self.scope.space if not self.problem.coordinate(x).periodic]
        if not moving:
            return self.problem.coordinates
        (field,) = self.problem.fields
        if any(speed.has(self.scope.functions[field]) for speed in self.carried.speeds.values()):
            why = f"`{moving[0]}` is not periodic, and where its points come from depends on `{field}`"
            raise _refused(self.problem, why)
        lower, upper = _reached(self.problem, self.carried.speeds)
        found = []
        for c in self.problem.coordinates:
            if c.name in moving:
                k = self.scope.space.index(c.name)
                low, high = min(lower[k], c.lower), max(upper[k], c.upper)
                wider = _MARGIN * (high - low) if (low, high) != (c.lower, c.upper) else 0.0
                c = replace(c, lower=low - wider, upper=high + wider, ends=("", ""), breaks=(), break_texts=())
            found.append(c)
        return tuple(found)

    def _require_repeating(self, tree: sympy.Expr, what: str) -> None:
        """Refuse what has a formula that does not go on beyond a periodic interval, which points leave."""
        for c in self.problem.coordinates:
            if not c.periodic or self.scope.symbols[c.name] not in _bare(tree, self.scope).free_symbols:
                continue
            values = _values(self.problem, np.random.default_rng(0).random((_SAMPLES, len(self.problem.coordinates))))
            program, like = compile_tree(_bare(tree, self.scope), self.scope), np.empty(_SAMPLES)
            here = program.broadcast(values, like)
            there = program.broadcast({**values, c.name: values[c.name] + c.length}, like)
            if not np.max(np.abs(there - here)) <= _ROUNDING * (1.0 + np.max(np.abs(here))):
                why = f"points leave the interval of `{c.name}`, and the formula of {what} does not repeat beyond it"
                raise _refused(self.problem, why, f"Write it with functions of period {c.length:g}.")


def _of(given: Expression, tree: sympy.Expr) -> Expression:
    return Expression(given.text, tree, given.place)


def _free(name: str, taken: set[str]) -> str:
    """The name, or the first with a number that is not taken."""
    return next(tried for k in count() if (tried := name + (str(k) if k else "")) not in taken)


def _bare(tree: sympy.Expr, scope: Scope) -> sympy.Expr:
    """A tree with every field and derivative at one, so that coordinates that it names itself are left."""
    return tree.xreplace({scope.tree(partial): sympy.S.One for partial in partials_in(tree, scope)})


def _values(problem: Problem, unit: np.ndarray) -> dict[str, np.ndarray | float]:
    """Parameters, and the coordinates at points (n, d) of the unit cube."""
    columns = {c.name: c.axis.from_unit(u) for c, u in zip(problem.coordinates, unit.T, strict=True)}
    return {**problem.values, **columns}


def _reached(problem: Problem, speeds: Mapping[str, sympy.Expr]) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest labels (m,) whose paths come into the domain.

    Points of the faces are followed back from many times to the start: as paths do not cross, what is inside at a time
    comes from inside of where the faces come from.

    Raises:
        UserError: a path that has no end.
    """
    scope, time = problem.scope, problem.coordinate(str(problem.time))
    values = _values(problem, _on_faces(problem))
    start, until = np.stack([values[x] for x in scope.space]), np.asarray(values[time.name])
    programs = [compile_tree(speeds[x], scope) for x in scope.space]

    def slope(s: float, flat: np.ndarray) -> np.ndarray:
        """The change of positions while s goes from 0, at each point's own time, to 1, at the start."""
        here = dict(zip(scope.space, flat.reshape(start.shape), strict=True))
        now = {**values, **here, time.name: until - s * (until - time.lower)}
        rates = np.stack([program.broadcast(now, until) for program in programs])
        return (-(until - time.lower) * rates).ravel()

    with np.errstate(all="ignore"):
        found = solve_ivp(slope, (0.0, 1.0), start.ravel(), method="RK45", rtol=1e-4, atol=1e-6)
    if not found.success or not np.isfinite(found.y).all():
        raise _refused(problem, "points that are in the domain cannot be followed back to the start")
    back = found.y[:, -1].reshape(start.shape)
    return back.min(axis=1), back.max(axis=1)


def _on_faces(problem: Problem) -> np.ndarray:
    """Points (n, d) of the unit cube on the ends of space, at many times."""
    count = min(_SIDE, max(2, int(_FACE_POINTS ** (1.0 / len(problem.space)))))
    counts = [_TIMES if c.name == problem.time else 3 if c.family else count for c in problem.coordinates]
    grid = np.meshgrid(*(np.linspace(0.0, 1.0, n) for n in counts), indexing="ij")
    points = np.stack([axis.ravel() for axis in grid], axis=1)
    space = points[:, [problem.index(x) for x in problem.space]]
    return points[((space == 0.0) | (space == 1.0)).any(axis=1)]
