"""Units of what a problem names: every statement is checked, and led back to one system where they mix.

Where units do not belong to one system, such as mm beside m, each symbol stands for its number times its factor, so
that the factors of every sum can be told: they are written into the equations, and numbers, files and pictures keep the
units that were asked for. A derived field or an output whose unit is given is led to it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, final

from pinnkit.equations.complexes import components
from pinnkit.equations.expression import Expression
from pinnkit.equations.parse import parse
from pinnkit.equations.reductions import REDUCTIONS
from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.ansatz import NETWORK, of_network
from pinnkit.problem.body import NO_NUMBERS
from pinnkit.problem.derived import Derived
from pinnkit.problem.dimensions import ROUNDING, Dimensions
from pinnkit.problem.names import short
from pinnkit.problem.output import Output
from pinnkit.problem.problem import Condition, Face, IntegralCondition, Interface, Problem, TorchResidual
from pinnkit.problem.unit import PURE, Unit, read_unit, units_known

Stated = TypeVar("Stated", Condition, IntegralCondition, Interface)
Made = TypeVar("Made", Derived, Output)


def in_units(problem: Problem, texts: Mapping[str, str], where: Callable[..., Place]) -> Problem:
    """The problem with its statements checked, and led to the units that were asked for.

    Args:
        problem: as it was read.
        texts: the unit of every name that has one.
        where: a key stands.

    Raises:
        UserError: every mistake in the units.
    """
    if not texts:
        return problem
    registry = units_known(where("units"))
    mistakes: list[Mistake] = []
    units: dict[str, Unit] = {}
    for name, text in texts.items():
        if name not in _names(problem):
            message = (
                f"`units` names `{short(name)}`, which is no coordinate, field, parameter, derived field or output"
            )
            mistakes.append(Mistake(message, where("units", name)))
            continue
        try:
            unit = read_unit(text, where("units", name), registry)
            units |= dict.fromkeys(components(name) if name in problem.complex_fields.names else [name], unit)
        except UserError as error:
            mistakes += error.mistakes
    if mistakes:
        raise UserError(*mistakes)
    return _Leading(problem, units, mistakes).led(texts)


def _names(problem: Problem) -> tuple[str, ...]:
    """What may have a unit."""
    own = (*problem.complex_fields.names, *problem.scope.coordinates, *problem.fields)
    made = (*(d.name for d in problem.derived), *(o.name for o in problem.outputs))
    return (*own, *(p.name for p in problem.parameters), *made)


@final
class _Leading:
    """Leads all statements of a problem to its units, and notes what is wrong with them."""

    def __init__(self, problem: Problem, units: Mapping[str, Unit], mistakes: list[Mistake]) -> None:
        self._problem, self._units, self._mistakes = problem, units, mistakes
        self._reader = Dimensions(problem.scope, units)
        self._plain = all(math.isclose(unit.factor, 1.0, rel_tol=ROUNDING) for unit in units.values())

    def led(self, texts: Mapping[str, str]) -> Problem:
        """The problem.

        Raises:
            UserError: all that was noted.
        """
        p = self._problem
        self._require_places()
        equations = tuple(
            e if isinstance(e.residual, TorchResidual) else replace(e, residual=self._own(e.residual, e.name))
            for e in p.equations
        )
        reference = p.reference
        if reference is not None:
            exact = {f: self._own(e, f"reference.exact.{f}", self._unit(f)) for f, e in reference.exact.items()}
            reference = replace(reference, exact=exact)
        observations = tuple(
            replace(o, measured=tuple(replace(m, expression=self._own(m.expression, o.name)) for m in o.measured))
            for o in p.observations
        )
        changed = replace(
            p,
            equations=equations,
            conditions=self._stated(p.conditions),
            interfaces=self._stated(p.interfaces),
            integrals=tuple(map(self._integral, p.integrals)),
            reference=reference,
            observations=observations,
            derived=tuple(self._made(d) for d in p.derived),
            outputs=self._outputs(),
            tables=tuple(replace(t, columns=tuple(self._own(c, t.name) for c in t.columns)) for t in p.tables),
        )
        changed = self._with_networks(changed)
        if self._mistakes:
            raise UserError(*self._mistakes)
        return replace(changed, units=dict(texts))

    def _unit(self, name: str) -> Unit:
        return self._units.get(name, PURE)

    def _stated(self, given: Sequence[Stated]) -> tuple[Stated, ...]:
        return tuple(replace(s, residual=self._own(s.residual, s.name)) for s in given)

    def _integral(self, condition: IntegralCondition) -> IntegralCondition:
        """An integral condition; its integrals that name no coordinates go over the domain, or over its faces."""
        try:
            faces: Sequence[Face | None] = condition.faces or (None,)
            measures = {self._measure(condition, face) for face in faces}
        except UserError as error:
            self._note(error, condition.name, condition.residual)
            return condition
        if len(measures) > 1:
            self._note(UserError("its faces are measured in several units"), condition.name, condition.residual)
            return condition
        reader = Dimensions(self._problem.scope, self._units, measures.pop())
        return replace(condition, residual=self._own(condition.residual, condition.name, reader=reader))

    def _measure(self, condition: IntegralCondition, face: Face | None) -> Unit:
        """The unit of what an integral of a condition goes over."""
        scope = self._problem.scope
        if face is None or not face.piece:
            return self._reader.along(condition.over(scope, face))
        others = [c for c in condition.over(scope, face) if c not in scope.space]
        return self._reader.on_piece().times(self._reader.along(others))

    def _outputs(self) -> tuple[Output, ...]:
        """The outputs, each of which may use those before it."""
        scope, units, led = self._problem.scope, dict(self._units), []
        for output in self._problem.outputs:
            reader = Dimensions(scope, units)
            led.append(self._made(output, reader))
            scope = replace(scope, parameters=(*scope.parameters, output.name))
            if output.name not in units:
                units[output.name] = self._found(output.expression, reader)
        return tuple(led)

    def _found(self, expression: Expression, reader: Dimensions) -> Unit:
        """The unit of an expression, none where it has none that could be told."""
        try:
            return reader.of(expression.tree)[0] or PURE
        except UserError:  # which is noted already
            return PURE

    def _made(self, made: Made, reader: Dimensions | None = None) -> Made:
        """A derived field or an output, in its unit where that is given."""
        own = self._own(made.expression, made.name, self._units.get(made.name), reader)
        listed = isinstance(made.expression.tree, REDUCTIONS["roots"])
        if listed and not isinstance(own.tree, REDUCTIONS["roots"]):
            error = UserError("a list of roots has the unit of its coordinate")
            self._note(error, made.name, made.expression)
            return made
        return replace(made, expression=own)

    def _with_networks(self, problem: Problem) -> Problem:
        """The problem with what was written of networks, by which terms are multiplied that take any unit."""
        reader = Dimensions(of_network(problem.scope), self._units, network=NETWORK)
        ansatz = tuple(
            replace(a, expression=self._own(a.expression, f"ansatz.{a.field}", self._unit(a.field), reader))
            for a in problem.ansatz
        )
        stream = problem.stream_function
        if problem.divergence_free:
            pairs = zip(problem.divergence_free, reversed(problem.space), strict=True)
            sides = {self._unit(name).times(self._unit(x)) for name, x in pairs}
            if len({side.exponents for side in sides}) > 1 or not _close(sides):
                message = "the units of the fields in `divergence_free` do not fit those of the coordinates"
                self._mistakes.append(Mistake(message, problem.places.get("divergence_free")))
            elif stream is not None:
                own = self._own(stream.expression, "stream_function", sides.pop(), reader)
                stream = replace(stream, expression=own)
        return replace(problem, ansatz=ansatz, stream_function=stream)

    def _require_places(self) -> None:
        """Note ends, breaks, lines and shapes that parameters of another unit are part of: those are numbers."""
        p = self._problem
        scope = replace(p.scope, fields=())
        reader = Dimensions(scope, self._units)
        for text, name in _places(p):
            try:
                tree = parse(text, scope).tree
                wanted = reader.along_space("a shape") if not name else self._unit(name)
                if not name and reader.of(tree)[0] in (None, PURE):  # an angle, or a share
                    continue
                if reader.led(tree, wanted) != tree:
                    raise UserError(f"`{short(text)}` is in another unit than {f'`{name}`' if name else 'space'}")
            except UserError as error:
                hint = "What says where something is has the unit of its coordinate."
                self._mistakes += [replace(m, place=p.places.get("coordinates"), hint=hint) for m in error.mistakes]

    def _own(
        self, expression: Expression, name: str, wanted: Unit | None = None, reader: Dimensions | None = None
    ) -> Expression:
        """A statement, its factors written out; as it is where that changes nothing."""
        try:
            known, tree = reader or self._reader, expression.tree
            tree = known.of(tree)[1] if wanted is None else known.led(tree, wanted)
        except UserError as error:
            self._note(error, name, expression)
            return expression
        return expression if self._plain else replace(expression, tree=tree)

    def _note(self, error: UserError, name: str, expression: Expression) -> None:
        hint = "A number that has a unit is a parameter, with its unit in `units`."
        told = [Mistake(f"the units of `{name}` do not fit: {m.message}", expression.place) for m in error.mistakes]
        self._mistakes += [replace(m, hint=hint) for m in told]


def _close(units: set[Unit]) -> bool:
    """Whether all factors are the same."""
    factors = [unit.factor for unit in units]
    return math.isclose(min(factors), max(factors), rel_tol=ROUNDING)


def _places(problem: Problem) -> Iterator[tuple[str, str]]:
    """The texts that say where something is, each with its coordinate; none for what is a length in space."""
    regions = (c for region in problem.regions for c in region.coordinates)
    for coordinate in (*problem.coordinates, *regions):
        yield from ((text, coordinate.name) for text in (*coordinate.ends, *coordinate.break_texts) if text)
    for table in problem.tables:
        yield from ((str(end), name) for name, ends in table.line.items() for end in ends if isinstance(end, str))
    held = (*(c.faces for c in problem.conditions), *(i.faces for i in problem.integrals))
    for face in (face for faces in held for face in faces if face.text):
        name, _, right = (part.strip() for part in face.text.partition("="))
        yield right, name
    if problem.body is not None:
        yield from ((text, "") for given in problem.body.given.values() for text in _texts(given))


def _texts(given: Any) -> Iterator[str]:
    """The numbers of a shape that are texts."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, Mapping):
        yield from (text for key, value in given.items() if key not in NO_NUMBERS for text in _texts(value))
    elif isinstance(given, Sequence):
        yield from (text for value in given for text in _texts(value))
