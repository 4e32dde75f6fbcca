"""Eigenproblems: one problem for several states, each with a field and an eigenvalue of its own.

A file names the eigenvalue (`parameters: {E: eigenvalue}`) and says how many `states` are wanted. With more than one,
every field, equation and condition is repeated, psi as psi_1, psi_2, ... and E as E_1, E_2, ..., and the states are
held orthogonal: the integral of psi_j psi_k vanishes, in the inner product that the normalisation is the square of.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import final

import sympy

from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.functions import INTEGRAL
from pinnkit.equations.reductions import DOMAIN
from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.finding import Remark
from pinnkit.problem.levels import Levels
from pinnkit.problem.problem import Condition, IntegralCondition, Parameter, Problem, Reference, TorchResidual
from pinnkit.problem.truth import EIGENVALUE, is_eigenvalue
from pinnkit.problem.unknown import Unknown

MOST_STATES = 20


def eigenvalue_parameter(name: str, place: Place | None = None) -> Parameter:
    """The parameter of the text `eigenvalue`."""
    return Parameter(name, 0.0, EIGENVALUE, place, Unknown(0.0, scale=1.0))


def by_name(problem: Problem, values: Mapping[str, float]) -> dict[str, float | list[float]]:
    """Values of unknown parameters by the names of the file: a number, or the list of the levels of an eigenvalue."""
    levels = problem.levels.parameters if problem.levels is not None and problem.levels.count > 1 else {}
    owner = {name: given for given, names in levels.items() for name in names}
    found: dict[str, float | list[float]] = {}
    for name, value in values.items():
        if name not in owner:
            found[name] = value
        elif owner[name] not in found:
            found[owner[name]] = [values[level] for level in levels[owner[name]]]
    return found


def in_states(problem: Problem, states: int) -> Problem:
    """The problem with as many states as are wanted; it remembers what was declared.

    Raises:
        UserError: states without an eigenvalue, several eigenvalues, a Python function among the equations.
    """
    own = [p for p in problem.parameters if is_eigenvalue(p)]
    place = problem.places.get("states")
    if not 1 <= states <= MOST_STATES:
        raise UserError(Mistake(f"`states` must be between 1 and {MOST_STATES}, not {states}", place))
    if not own:
        if states != 1:
            hint = "An eigenvalue is declared as `parameters: {E: eigenvalue}`."
            raise UserError(Mistake("`states` are those of an eigenproblem, and no parameter is one", place, hint=hint))
        return problem
    if len(own) > 1:
        names = " and ".join(f"`{p.name}`" for p in own)
        raise UserError(Mistake(f"{names} are eigenvalues, and a problem has one", own[1].place))
    if any(isinstance(e.residual, TorchResidual) for e in problem.equations):
        raise UserError(Mistake("the equations of an eigenproblem are text, not Python functions", place))
    return _Expansion(problem, own[0], states).result()


@final
class _Expansion:
    """Repeats a problem for every state."""

    def __init__(self, problem: Problem, eigenvalue: Parameter, states: int) -> None:
        self.problem, self.eigenvalue, self.states = problem, eigenvalue, states
        self.numbers = range(1, states + 1)
        self.fields = {f: tuple(self.name(f, k) for k in self.numbers) for f in problem.fields}
        self.values = tuple(self.name(eigenvalue.name, k) for k in self.numbers)
        parameters: list[str] = []
        for p in problem.parameters:
            parameters += self.values if p is eigenvalue else [p.name]
        every = tuple(name for k in range(states) for name in (own[k] for own in self.fields.values()))
        old = problem.scope
        self.scope = Scope(old.coordinates, every, tuple(parameters), old.time, old.named)

    def name(self, label: str, k: int) -> str:
        """What something is called in state k."""
        return f"{label}_{k}" if self.states > 1 else label

    def again(self, problem: Problem) -> Problem:
        """The states of a problem with other values of its parameters."""
        return in_states(problem, self.states)

    def result(self) -> Problem:
        """The problem of all states."""
        problem = self.problem
        levels = Levels(self.states, self.fields, {self.eigenvalue.name: self.values})
        if self.states == 1:
            return replace(problem, levels=levels, declared=problem, expand=self.again)
        taken = [name for name in (*self.scope.fields, *self.values) if name in _declared(problem)]
        if taken:
            message = f"`{taken[0]}` is declared, and is what the states of this problem are called"
            raise UserError(Mistake(message, problem.places.get("states")))
        parameters = []
        for p in problem.parameters:
            parameters += [replace(p, name=n) for n in self.values] if p is self.eigenvalue else [p]
        return replace(
            problem,
            fields=self.scope.fields,
            parameters=tuple(parameters),
            equations=tuple(
                replace(e, name=self.name(e.name, k), residual=self._state(e.residual, k))
                for k in self.numbers
                for e in problem.equations
            ),
            conditions=tuple(self._condition(c, k) for k in self.numbers for c in problem.conditions),
            interfaces=tuple(
                replace(i, name=self.name(i.name, k), residual=self._state(i.residual, k))
                for k in self.numbers
                for i in problem.interfaces
            ),
            ansatz=tuple(replace(a, field=self.name(a.field, k)) for k in self.numbers for a in problem.ansatz),
            symmetries=tuple(replace(s, field=self.name(s.field, k)) for k in self.numbers for s in problem.symmetries),
            integrals=(*self._integrals(), *self._orthogonal()),
            outputs=problem.outputs,
            reference=self._reference(),
            levels=levels,
            declared=problem,
            expand=self.again,
        )

    def tree(self, tree: sympy.Expr, k: int) -> sympy.Expr:
        """A tree of one state."""
        into = {function: self.scope.functions[self.name(f, k)] for f, function in self.problem.scope.functions.items()}
        symbol = self.problem.scope.symbols[self.eigenvalue.name]
        return tree.xreplace({**into, symbol: self.scope.symbols[self.name(self.eigenvalue.name, k)]})

    def _state(self, residual: Expression | TorchResidual, k: int) -> Expression:
        assert isinstance(residual, Expression)
        sides = residual.sides and (self.tree(residual.sides[0], k), self.tree(residual.sides[1], k))
        return replace(residual, tree=self.tree(residual.tree, k), sides=sides)

    def _condition(self, condition: Condition, k: int) -> Condition:
        return replace(condition, name=self.name(condition.name, k), residual=self._state(condition.residual, k))

    def _integrals(self) -> Iterator[IntegralCondition]:
        for k in self.numbers:
            for integral in self.problem.integrals:
                yield replace(integral, name=self.name(integral.name, k), residual=self._state(integral.residual, k))

    def _orthogonal(self) -> Iterator[IntegralCondition]:
        """The inner products of all pairs of states, which shall vanish."""
        square = norm_of(self.problem)
        functions = self.problem.scope.functions
        for j, k in combinations(self.numbers, 2):
            both = {
                f: self.scope.functions[self.name(n, j)] + self.scope.functions[self.name(n, k)]
                for n, f in functions.items()
            }
            product = (square.xreplace(both).doit() - self.tree(square, j) - self.tree(square, k)) / 2
            text = f"states {j} and {k} are orthogonal"
            yield IntegralCondition(
                f"orthogonal_{j}_{k}", Expression(text, INTEGRAL(sympy.expand(product), DOMAIN)), (), ()
            )

    def _reference(self) -> Reference | None:
        """The exact fields of the declared names are not those of the states; methods know the states themselves."""
        known = self.problem.reference
        return replace(known, exact={}) if known is not None and (known.method or known.outputs) else None


def norm_of(problem: Problem) -> sympy.Expr:
    """The integrand of the normalisation, else the sum of the squares of all fields."""
    functions = set(problem.scope.functions.values())
    for integral in problem.integrals:
        for node in integral.residual.tree.atoms(INTEGRAL):
            whole = not integral.faces and node.args[1:] == (DOMAIN,)
            if whole and _is_quadratic(node.args[0], problem):
                return node.args[0]
    return sympy.Add(*(function**2 for function in functions))


def _is_quadratic(tree: sympy.Expr, problem: Problem) -> bool:
    """Whether a tree is multiplied by the square of what its fields are multiplied by."""
    factor = sympy.Dummy(positive=True)
    scaled = tree.xreplace({f: factor * f for f in problem.scope.functions.values()}).doit()
    return bool(sympy.expand(scaled - factor**2 * tree) == 0)


def operator_parts(
    tree: sympy.Expr, eigenvalue: sympy.Symbol, fields: Sequence[sympy.Expr]
) -> tuple[sympy.Expr, sympy.Expr] | None:
    """L and M of a residual L psi - E M psi that is linear in the fields and in E, or None."""
    whole = sympy.expand(tree)
    slope = sympy.diff(whole, eigenvalue)
    if slope.has(eigenvalue):
        return None
    factor = sympy.Dummy(positive=True)
    scaled = whole.xreplace({f: factor * f for f in fields}).doit()
    if sympy.expand(scaled - factor * whole) != 0:
        return None
    return whole.xreplace({eigenvalue: sympy.S.Zero}), -slope


def eigenproblem(problem: Problem) -> Iterator[Remark]:
    """An eigenproblem that is not linear, has no normalisation, or an eigenvalue that no equation has."""
    if problem.levels is None or problem.declared is None:
        return
    declared = problem.declared
    (name,) = problem.levels.parameters
    symbol, fields = declared.scope.symbols[name], list(declared.scope.functions.values())
    place = problem.places.get("parameters")
    if not any(e.residual.tree.has(symbol) for e in declared.equations if isinstance(e.residual, Expression)):
        yield Remark(f"the eigenvalue `{name}` is in no equation", place)
        return
    for equation in declared.equations:
        assert isinstance(equation.residual, Expression)
        if operator_parts(equation.residual.tree, symbol, fields) is None:
            hint = "Other nonlinear problems with unknown parameters give a `start` in place of `eigenvalue`."
            message = f"`{equation.name}` is not linear in the field and the eigenvalue"
            yield Remark(message, equation.residual.place, hint)
            return
    statements = [*(c.residual.tree for c in declared.conditions), *(i.residual.tree for i in declared.interfaces)]
    factor = sympy.Dummy(positive=True)
    homogeneous = [
        sympy.expand(t.xreplace({f: factor * f for f in fields}).doit() - factor * t) == 0 for t in statements
    ]
    if all(homogeneous) and not declared.integrals:
        listed = " and ".join(f"`{f} = 0`" for f in declared.fields)
        hint = f'Normalise it: `norm: {{equation: "integral({declared.fields[0]}**2) = 1"}}` in `conditions`.'
        message = f"{listed} satisfies everything for any `{name}`: the eigenproblem has no normalisation"
        yield Remark(message, problem.places.get("conditions"), hint)


def _declared(problem: Problem) -> set[str]:
    """The names that a problem declares."""
    scope = problem.scope
    return {*scope.coordinates, *scope.parameters, *scope.fields, *scope.named} - set(problem.fields)
