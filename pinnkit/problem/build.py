"""From keys, written in a file or given in Python, to a Problem; every mistake is reported, not only the first."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, final

import sympy

from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.names import check_name
from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.ansatz import ansatz_of
from pinnkit.problem.body import Body, body_of
from pinnkit.problem.breaks import read_breaks
from pinnkit.problem.complex_fields import ComplexFields, hinted, with_complex
from pinnkit.problem.deriving import derived_of
from pinnkit.problem.faces import parse_faces
from pinnkit.problem.family import named_as_written, with_families
from pinnkit.problem.function import NamedFunction
from pinnkit.problem.grouping import grouping_of
from pinnkit.problem.integrals import has_integral, integral_condition, require_faces
from pinnkit.problem.intervals import completed, parse_end
from pinnkit.problem.named import named_function
from pinnkit.problem.names import check_declared, check_label, short
from pinnkit.problem.observations import observations_of
from pinnkit.problem.observed import Observations
from pinnkit.problem.outputs import read_outputs
from pinnkit.problem.problem import Condition, Coordinate, Equation, Face, IntegralCondition, Parameter, Problem
from pinnkit.problem.referring import reference_of
from pinnkit.problem.regions import interfaces_of, regions_of
from pinnkit.problem.residuals import condition_residual, residual_of
from pinnkit.problem.schema import Interval, ProblemKeys, Where, read_keys
from pinnkit.problem.series import MOST_MODES
from pinnkit.problem.states import eigenvalue_parameter, in_states
from pinnkit.problem.stream_function import stream_function_of
from pinnkit.problem.structure import divergence_free_of, symmetries_of
from pinnkit.problem.tables import tables_of
from pinnkit.problem.truth import EIGENVALUE
from pinnkit.problem.units import in_units
from pinnkit.problem.unknown import moving_ends, read_unknown

T = TypeVar("T")


def _dotted(*keys: str | int) -> Place:
    """Where a key stands that no file holds: the path of keys itself."""
    return Place(".".join(str(key) for key in keys) or None)


def build_problem(
    data: Mapping[str, Any],
    place: Where = _dotted,
    title: str = "",
    key_place: Where | None = None,
    folder: Path | None = None,
) -> Problem:
    """The problem that the keys describe; `place` and `key_place` say where a value and a key are written.

    Files that the keys name lie beneath `folder`.

    Raises:
        UserError: every mistake in the keys.
    """
    listed = data.get("equations")
    count = len(listed) if isinstance(listed, list | tuple) else 0

    def where(*keys: str | int) -> Place:
        """The place of a key; the entries of a list of equations are called `equation_1`, … and stand at 0, …."""
        if count and len(keys) > 1 and keys[0] == "equations":
            number = str(keys[1]).rpartition("_")[2]
            return place("equations", int(number) - 1 if number.isdecimal() else 0, *keys[2:])
        return place(*keys)

    moved, found, found_keys, families = with_families(data, where, key_place or where)
    real, found, found_keys, written, wrong = with_complex(moved, found, found_keys, families)
    return _Builder(real, found, found_keys, folder, families, written, wrong).problem(title)


@final
@dataclass
class _Builder:
    """The parts of one problem and the mistakes found so far."""

    data: Mapping[str, Any]
    where: Where
    key_where: Where
    folder: Path | None = None
    families: frozenset[str] = frozenset()
    complex_fields: ComplexFields | None = None
    mistakes: list[Mistake] = field(default_factory=list)

    def problem(self, title: str) -> Problem:
        """The whole problem, or all mistakes."""
        keys, wrong = read_keys(self.data, self.where, self.key_where)
        self.mistakes += wrong
        self._needed()
        scope = self._scope()
        parameters = self._parameters(keys)
        values = {p.name: p.value for p in parameters}
        coordinates = self._coordinates(keys, values)
        self.mistakes += moving_ends(coordinates, [p.name for p in parameters if p.unknown is not None])
        self._labels(keys, scope)
        functions = self._functions(keys, scope, coordinates) if scope is not None else ()
        named = {f.name: f.expression.tree for f in functions}
        scope = replace(scope, named=named) if scope is not None else None
        equations = self._equations(keys, scope)
        body = self._noting(body_of, keys, coordinates, _fixed(parameters), self.folder)
        scope = replace(scope, pieces=body.pieces) if scope is not None and body is not None else scope
        conditions = self._conditions(keys, scope, coordinates, values, body)
        observations = self._observations(keys, scope)
        symmetries = self._noting(symmetries_of, keys, scope)
        divergence_free = self._noting(divergence_free_of, keys, scope)
        stream_function = self._noting(stream_function_of, keys, scope)
        ansatz = self._noting(ansatz_of, keys, scope)
        regions = self._noting(regions_of, keys, coordinates, values, _uses)
        interfaces = self._noting(interfaces_of, keys, scope)
        groups = self._noting(grouping_of, keys, scope)
        asked = self._asked(keys, scope, coordinates, values)
        reference = self._noting(reference_of, keys, scope, parameters)
        tolerance = self._tolerance(keys)
        if self.mistakes:
            told = (hinted(named_as_written(m, self.families), self.complex_fields) for m in self.mistakes)
            raise UserError(*sorted(told, key=_order))
        built = Problem(
            name=keys.name or "",
            coordinates=coordinates,
            fields=tuple(keys.fields or ()),
            equations=equations,
            conditions=tuple(c for c in conditions if isinstance(c, Condition)),
            integrals=tuple(c for c in conditions if isinstance(c, IntegralCondition)),
            parameters=parameters,
            functions=functions,
            observations=observations,
            time=keys.time,
            symmetries=symmetries,
            divergence_free=divergence_free,
            stream_function=stream_function,
            ansatz=ansatz,
            regions=regions,
            interfaces=interfaces,
            body=body,
            groups=groups,
            complex_fields=self.complex_fields or ComplexFields(),
            **asked,
            reference=reference,
            tolerance=tolerance,
            config=keys.config,
            accept=tuple(keys.accept),
            title=(title if keys.title is None else keys.title).strip(),
            places={key: self.where(key) for key in self.data},
        )
        return in_states(in_units(built, keys.units, self.where), keys.states)

    def _observations(self, keys: ProblemKeys, scope: Scope | None) -> tuple[Observations, ...]:
        if scope is None:
            return ()
        taken = (*(keys.equations or {}), *keys.conditions)
        found, wrong = observations_of(keys.observations, scope, taken, self.where, self.key_where, self.folder)
        self.mistakes += wrong
        return found

    def _attempt(self, function: Callable[..., T], *arguments: Any, **options: Any) -> T | None:
        """The function's result, or None with its mistakes noted."""
        try:
            return function(*arguments, **options)
        except UserError as error:
            self.mistakes += [mistake.pinpointed(arguments[0]) for mistake in error.mistakes]
            return None

    def _noting(self, function: Callable[..., tuple[T, list[Mistake]]], *arguments: Any) -> T:
        """The result of a function that is told where keys stand, and gives its mistakes beside it."""
        result, mistakes = function(*arguments, self.where, self.key_where)
        self.mistakes += mistakes
        return result

    def _needed(self) -> None:
        for key in ("name", "coordinates", "fields", "equations"):
            if self.data.get(key) is None and not any(f"`{key}`" in m.message for m in self.mistakes):
                self.mistakes.append(Mistake(f"the key `{key}` is missing", self.where()))
            elif self.data.get(key) in ({}, []) and not any(f"`{key}`" in m.message for m in self.mistakes):
                self.mistakes.append(Mistake(f"`{key}` is empty", self.where(key)))

    def _scope(self) -> Scope | None:
        """The declared names, also of entries whose values are wrong, so that no mistake brings forth another."""
        declared: dict[str, list[tuple[str, Place]]] = {}
        kinds = ("coordinate", "field", "parameter", "function")
        for kind, key in ((kind, f"{kind}s") for kind in kinds):
            given = self.data.get(key) or {}
            if isinstance(given, Mapping):
                declared[kind] = [(str(name), self.key_where(key, name)) for name in given]
            elif isinstance(given, list | tuple) and kind == "field":
                declared[kind] = [(str(name), self.where(key, i)) for i, name in enumerate(given)]
        if not declared.get("coordinate") or not declared.get("field"):
            return None
        self.mistakes += check_declared(declared)
        names = {
            kind: tuple(dict.fromkeys(name for name, place in entries if check_name(name, kind, place) is None))
            for kind, entries in declared.items()
        }
        time = self.data.get("time")
        return Scope(
            names["coordinate"],
            names["field"],
            names.get("parameter", ()),
            time if time in names["coordinate"] else None,
            family=tuple(name for name in names["coordinate"] if name in self.families),
        )

    def _coordinates(self, keys: ProblemKeys, values: Mapping[str, float]) -> tuple[Coordinate, ...]:
        built: list[Coordinate] = []
        for name, interval in (keys.coordinates or {}).items():
            coordinate = self._coordinate(name, interval, values)
            if coordinate is not None:
                built.append(coordinate)
        return tuple(built)

    def _coordinate(self, name: str, interval: Interval, values: Mapping[str, float]) -> Coordinate | None:
        place = self.where("coordinates", name)
        ends, texts = [], []
        for i, end in enumerate(interval.range):
            in_range = self.where("coordinates", name, "range", i)
            exact = in_range if in_range != place else self.where("coordinates", name, i)
            ends.append(self._attempt(parse_end, end, exact, values))
            texts.append(str(end) if isinstance(end, str) and _uses(end, values) else "")
        lower, upper = ends
        if lower is None or upper is None:
            return None
        breaks = self._attempt(read_breaks, interval.breaks, name, (lower, upper), self.where, values) or ((), ())
        given, time = dict(self.data["coordinates"][name]) if name in self.families else None, self.data.get("time")
        bare = Coordinate(name, lower, upper, interval.periodic, (texts[0], texts[1]), *breaks, place=place)
        return self._attempt(completed, bare, interval.scale, time, given)

    def _parameters(self, keys: ProblemKeys) -> tuple[Parameter, ...]:
        built = []
        for name, given in keys.parameters.items():
            place = self.where("parameters", name)
            if isinstance(given, Mapping):
                found = self._attempt(read_unknown, name, given, self.where, self.key_where)
                built += [Parameter(name, found.start, str(given["start"]), place, found)] if found is not None else []
                continue
            if given == EIGENVALUE:
                built.append(eigenvalue_parameter(name, place))
                continue
            value = self._attempt(parse_number, given, place)
            if value is not None:
                built.append(Parameter(name, value, str(given), place))
        return tuple(built)

    def _functions(
        self, keys: ProblemKeys, scope: Scope, coordinates: Sequence[Coordinate]
    ) -> tuple[NamedFunction, ...]:
        """The named functions, each of those before it; a wrong one still has a name, for the same reason."""
        given = self.data.get("functions")
        built: list[NamedFunction] = []
        for name in map(str, given if isinstance(given, Mapping) else ()):
            known = replace(scope, named={f.name: f.expression.tree for f in built})
            text, rest = keys.functions.get(name), (known, coordinates, self.where, self.folder)
            found = self._attempt(named_function, name, text, *rest) if name in keys.functions else None
            built.append(found or NamedFunction(name, Expression(name, sympy.S.One)))
        modes = sum(len(f.series.waves) for f in built if f.series is not None)
        if modes > MOST_MODES:
            message = f"the Fourier series have {modes} modes together, and {MOST_MODES} is the most"
            self.mistakes.append(Mistake(message, self.where("functions")))
        return tuple(built)

    def _labels(self, keys: ProblemKeys, scope: Scope | None) -> None:
        """Names of the problem, its time, its equations and its conditions: plain, and no two terms of one name."""
        self._time(keys, scope)
        labels = [("the problem", keys.name, self.where("name"))] if keys.name is not None else []
        labels += [("an equation", name, self.key_where("equations", name)) for name in keys.equations or {}]
        labels += [("a condition", name, self.key_where("conditions", name)) for name in keys.conditions]
        found = [check_label(name, kind, place) for kind, name, place in labels]
        self.mistakes += [mistake for mistake in found if mistake is not None]
        for name in keys.conditions:
            if name in (keys.equations or {}):
                message = f"the condition `{name}` has the name of an equation"
                hint = "Losses and weights go by these names."
                self.mistakes.append(Mistake(message, self.key_where("conditions", name), hint=hint))

    def _time(self, keys: ProblemKeys, scope: Scope | None) -> None:
        if keys.time is not None and scope is not None and keys.time not in scope.coordinates:
            message, hint = unknown("coordinate", short(keys.time), scope.coordinates)
            self.mistakes.append(Mistake(f"{message} given as `time`", self.where("time"), hint=hint))

    def _equations(self, keys: ProblemKeys, scope: Scope | None) -> tuple[Equation, ...]:
        built = []
        for name, given in (keys.equations or {}).items():
            place = self.where("equations", name)
            residual = self._attempt(residual_of, given, scope, place) if scope is not None else None
            if residual is not None:
                built.append(Equation(name, residual))
        return tuple(built)

    def _conditions(
        self,
        keys: ProblemKeys,
        scope: Scope | None,
        coordinates: Sequence[Coordinate],
        values: Mapping[str, float],
        body: Body | None,
    ) -> tuple[Condition | IntegralCondition, ...]:
        built: list[Condition | IntegralCondition | None] = []
        for name, given in keys.conditions.items():
            place = self.where("conditions", name, "equation")
            faces = self._faces(name, given.on or (), coordinates, keys, values, body) if scope is not None else None
            residual = self._attempt(condition_residual, given.equation, scope, place) if scope is not None else None
            if not given.on:
                self._attempt(require_faces, name, residual, self.where("conditions", name))
            if faces is not None and residual is not None and has_integral(residual):
                built.append(self._attempt(integral_condition, name, residual, faces, scope, place))
            elif faces and residual is not None:
                built.append(Condition(name, faces, residual))
        return tuple(condition for condition in built if condition is not None)

    def _faces(
        self,
        name: str,
        texts: Sequence[str],
        coordinates: Sequence[Coordinate],
        keys: ProblemKeys,
        values: Mapping[str, float],
        body: Body | None,
    ) -> tuple[Face, ...] | None:
        """The faces of a condition; those of a coordinate whose own interval is wrong are not looked at."""
        given = self.data.get("coordinates")
        wrong = set(given if isinstance(given, Mapping) else ()) - {c.name for c in coordinates}
        if keys.shapes and body is None:
            return None  # what is wrong with the shape is told already
        known = [t for t in texts if t.partition("=")[0].strip() not in wrong and not (wrong and t == "boundary")]
        place = self.where("conditions", name, "on")
        return self._attempt(parse_faces, known, coordinates, keys.time, place, values, body)

    def _asked(
        self, keys: ProblemKeys, scope: Scope | None, coordinates: Sequence[Coordinate], values: Mapping[str, float]
    ) -> dict[str, Any]:
        """What is made of the solved fields."""
        derived = self._noting(derived_of, keys, scope)
        made = {d.name: d.expression.tree for d in derived}
        scope = replace(scope, named={**scope.named, **made}) if scope is not None else None
        tables = self._noting(tables_of, keys, scope, coordinates, values)
        ends = {c.name: (c.lower, c.upper) for c in coordinates}
        outputs = self._attempt(read_outputs, keys.outputs, scope, ends, values, self.where) or ()
        return {"derived": derived, "outputs": outputs, "tables": tables}

    def _tolerance(self, keys: ProblemKeys) -> float:
        value = self._attempt(parse_number, keys.tolerance, self.where("tolerance"))
        if value is not None and value <= 0:
            message = f"`tolerance` must be greater than zero, not {value:g}"
            self.mistakes.append(Mistake(message, self.where("tolerance")))
        return value if value is not None else 1e-3


def _fixed(parameters: Sequence[Parameter]) -> dict[str, float]:
    """The values of the parameters that are not to be found."""
    return {p.name: p.value for p in parameters if p.unknown is None}


def _uses(text: str, values: Mapping[str, float]) -> bool:
    """Whether a text names one of the parameters."""
    return bool(set(re.findall(r"[^\W\d]\w*", text)) & set(values))


def _order(mistake: Mistake) -> tuple[int, int]:
    place = mistake.place or Place()
    return place.line or 0, place.column or 0
