"""Reading a problem as u_t + u u_x = nu u_xx with an initial value, between zero walls or on a ring."""

from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.partials import partials_in
from pinnkit.errors import UserError
from pinnkit.problem.prescribed import dirichlet_value
from pinnkit.problem.problem import Condition, Coordinate, Equation, Face, Problem, TorchResidual
from pinnkit.verification.evolution import cannot_treat


@final
@dataclass(frozen=True)
class ViscousBurgers:
    """The parts of the problem: ``initial`` is u at the start as an expression over the space coordinate."""

    space: Coordinate
    time: Coordinate
    viscosity: float
    initial: sympy.Expr
    walls: bool


def read_viscous_burgers(problem: Problem) -> ViscousBurgers:
    """The problem as Burgers' equation, whatever the order, the sign and a constant factor of its terms.

    Raises:
        UserError: the first feature that makes it another problem.
    """
    if problem.time is None or len(problem.coordinates) != 2:
        raise _refusal(problem, "it needs two coordinates, one of them named as `time`")
    if len(problem.fields) != 1 or len(problem.equations) != 1:
        given = f"{len(problem.fields)} fields and {len(problem.equations)} equations were given"
        raise _refusal(problem, f"it needs one field and one equation; {given}")
    time = problem.coordinate(problem.time)
    space = next(c for c in problem.coordinates if c is not time)
    if not space.axis.finite:
        raise _refusal(problem, f"`{space.name}` goes to infinity")
    viscosity = _viscosity(problem, space, time)
    initial: list[sympy.Expr] = []
    held: list[str] = []
    for condition in problem.conditions:
        for face in condition.faces:
            value = _value_on(problem, condition, face)
            if face.coordinate == time.name and face.side == "lower":
                initial.append(value)
            elif face.coordinate == space.name and not space.periodic and value == 0:
                held.append(face.side)
            else:
                raise _refusal(problem, f"the condition `{condition.name}` on {face} is none of those it knows")
    if len(initial) != 1:
        raise _refusal(
            problem, f"it needs one initial value on {time.name} = {time.lower:g}; {len(initial)} were given"
        )
    if not space.periodic and sorted(held) != ["lower", "upper"]:
        raise _refusal(problem, f"`{space.name}` must be periodic, or the field zero at both of its ends")
    return ViscousBurgers(space, time, viscosity, initial[0], walls=not space.periodic)


def _viscosity(problem: Problem, space: Coordinate, time: Coordinate) -> float:
    """The nu of the equation, once every term has been found to be one of Burgers' equation."""
    equation = problem.equations[0]
    terms = _terms(problem, equation, space, time)
    rate, steepening, spreading = (terms.pop(factors, 0.0) for factors in ("u_t", "u*u_x", "u_xx"))
    if terms:
        raise _refusal(problem, f"the equation `{equation.name}` has a term in `{next(iter(terms))}` (u the field)")
    if rate == 0 or abs(steepening - rate) > 1e-12 * abs(rate):
        raise _refusal(problem, f"`{equation.name}` must hold the time derivative and u*u_x with the same factor")
    viscosity = 0.0 - spreading / rate
    if not viscosity > 0:
        raise _refusal(problem, f"the viscosity of `{equation.name}` is {viscosity:g}; it needs a positive one")
    return viscosity


def _terms(problem: Problem, equation: Equation, space: Coordinate, time: Coordinate) -> dict[str, float]:
    """The coefficients of the equation's terms, by the factors `u`, `u_x`, `u_xx` and `u_t` of each."""
    if isinstance(equation.residual, TorchResidual):
        raise _refusal(problem, f"the equation `{equation.name}` is a Python function, which it cannot read")
    scope = problem.scope
    numbers = {scope.symbols[name]: sympy.Float(value) for name, value in problem.values.items()}
    tree = equation.residual.tree.doit().xreplace(numbers)
    u, x, t = scope.functions[problem.fields[0]], scope.symbols[space.name], scope.symbols[time.name]
    nodes = {"u_xx": u.diff(x, 2), "u_x": u.diff(x), "u_t": u.diff(t), "u": u}
    letters = {name: sympy.Dummy(name) for name in nodes}
    known = frozenset().union(*(partials_in(node, scope) for node in nodes.values()))
    for found in sorted(partials_in(tree, scope) - known):
        raise _refusal(problem, f"the equation `{equation.name}` contains `{scope.name(found)}`")
    # Derivatives go first: the field inside them must stay until they are replaced whole.
    for name, node in nodes.items():
        tree = tree.xreplace({node: letters[name]})
    names = ("u", "u_x", "u_xx", "u_t")
    try:
        polynomial = sympy.Poly(tree, *(letters[name] for name in names))
    except sympy.PolynomialError:
        raise _refusal(problem, f"the equation `{equation.name}` is not a polynomial in the field") from None
    terms = {}
    for powers, coefficient in polynomial.as_dict().items():
        factors = [name if p == 1 else f"{name}**{p}" for name, p in zip(names, powers, strict=True) if p]
        terms["*".join(factors) or "1"] = _number(problem, coefficient)
    return terms


def _number(problem: Problem, coefficient: sympy.Expr) -> float:
    if coefficient.free_symbols:
        symbol = min(map(str, coefficient.free_symbols))
        raise _refusal(problem, f"a coefficient of the equation depends on `{symbol}`")
    return float(coefficient)


def _value_on(problem: Problem, condition: Condition, face: Face) -> sympy.Expr:
    """The value that a condition gives the field on a face."""
    value = dirichlet_value(condition, face, problem)
    if value is None:
        raise _refusal(problem, f"the condition `{condition.name}` does not give the field's value on {face}")
    return value[problem.fields[0]]


def _refusal(problem: Problem, reason: str) -> UserError:
    hint = "It treats u_t + u*u_x = nu*u_xx with u given at the start and zero walls or a periodic coordinate."
    return cannot_treat(problem, "cole_hopf", reason, hint)
