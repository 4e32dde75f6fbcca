"""Whether exact fields satisfy what is said where regions meet."""

from collections.abc import Callable, Iterator, Mapping
from typing import final

import numpy as np
import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.functions import JUMP, NORMAL, normal_component
from pinnkit.equations.partials import partials_in
from pinnkit.problem.finding import Remark
from pinnkit.problem.problem import Problem
from pinnkit.problem.regions import Contact, contacts, touches
from pinnkit.problem.sampling import SAMPLES, evaluate, interior

_STEP = 1e-11
"""Of the width of a region, how far from a contact its side is asked."""

Differentiated = Callable[[Partial], sympy.Expr | None]
"""A derivative of the exact fields, or None where it is not known."""


def unmet_interfaces(problem: Problem, differentiated: Differentiated, most: float) -> Iterator[Remark]:
    """A remark for every interface that the exact fields do not satisfy on a contact, to a relative residual."""
    for interface in problem.interfaces:
        for contact in contacts(problem):
            if not touches(interface, contact):
                continue
            error = _Sides(problem, contact, differentiated).defect(interface.residual.tree)
            if error is not None and error > most:
                message = (
                    f"the exact reference does not satisfy `{interface.name}` on {contact}: "
                    f"relative residual {error:.3g}"
                )
                yield Remark(message, interface.residual.place)


@final
class _Sides:
    """The exact fields on both sides of a contact."""

    def __init__(self, problem: Problem, contact: Contact, differentiated: Differentiated) -> None:
        self._problem, self._contact, self._differentiated = problem, contact, differentiated
        generator = np.random.default_rng(23)
        self._points = {c.name: c.axis.from_unit(generator.uniform(0.02, 0.98, SAMPLES)) for c in contact.coordinates}

    def defect(self, tree: sympy.Expr) -> float | None:
        """The largest residual over the largest of its terms and of its fields inside; None where one is no number."""
        scope, along = self._problem.scope, self._contact.coordinate
        across = {normal_component(x): sympy.Integer(x == along) for x in scope.coordinates}
        plain = tree.replace(NORMAL, lambda of: sympy.diff(of, scope.symbols[along])).xreplace(across)
        total, scale = np.zeros(SAMPLES), self._size(plain)
        for term in sympy.Add.make_args(plain):
            found = self._term(term)
            if found is None or not np.all(np.isfinite(found)):
                return None
            lower, upper = found
            total += upper - lower
            scale = max(scale, float(np.abs(found).max()))
        return float(np.abs(total).max()) / scale

    def _size(self, tree: sympy.Expr) -> float:
        """The largest value inside of the fields and derivatives in a tree: on a contact all of them may vanish."""
        points, size = interior(self._problem), 1e-12
        for partial in partials_in(tree, self._problem.scope):
            exact = self._differentiated(partial)
            value = None if exact is None else evaluate(exact, self._problem, points)
            if value is not None:
                size = max(size, float(np.abs(value[np.isfinite(value)]).max(initial=0.0)))
        return size

    def _term(self, term: sympy.Expr) -> np.ndarray | None:
        """What a term has below the contact and above it, (2, n); a term without a jump counts as above."""
        jumps = list(term.atoms(JUMP))
        if not jumps:
            value = self._at(term, -1)
            return None if value is None else np.stack([np.zeros(SAMPLES), value])
        factor = sympy.cancel(term / jumps[0]) if len(jumps) == 1 else jumps[0]
        if factor.has(JUMP):
            return None
        own = [self._at(factor, -1), self._at(jumps[0].args[0], -1), self._at(jumps[0].args[0], 1)]
        if any(value is None for value in own):
            return None
        return np.stack([own[0] * own[1], own[0] * own[2]])  # type: ignore[operator]

    def _at(self, tree: sympy.Expr, side: int) -> np.ndarray | None:
        """A tree (n,) just below (-1) or above (1) the contact."""
        contact, problem = self._contact, self._problem
        region = contact.lower if side < 0 else contact.upper
        own = region.coordinates[problem.index(contact.coordinate)]
        step = _STEP * (own.upper - own.lower if own.axis.finite else 1.0)
        points: Mapping[str, np.ndarray] = self._points | {
            contact.coordinate: np.full(SAMPLES, contact.value + side * step)
        }
        fields = {}
        for partial in partials_in(tree, problem.scope):
            exact = self._differentiated(partial)
            value = None if exact is None else evaluate(exact, problem, points)
            if value is None:
                return None
            fields[partial] = value
        return evaluate(tree, problem, points, fields)
