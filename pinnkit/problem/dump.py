"""A problem written as the text of a problem file, from which reading it gives an equal problem."""

import io
import math
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from pinnkit.problem import observations
from pinnkit.problem.breaks import written_breaks
from pinnkit.problem.complex_fields import ComplexFields, together
from pinnkit.problem.function import NamedFunction
from pinnkit.problem.observed import Observations
from pinnkit.problem.problem import (
    Condition,
    Coordinate,
    Face,
    IntegralCondition,
    Interface,
    Parameter,
    Problem,
    Region,
    TorchResidual,
)
from pinnkit.problem.reference import EXACT, KnownOutput, Reference
from pinnkit.problem.series import written
from pinnkit.problem.table import Table
from pinnkit.problem.truth import is_eigenvalue
from pinnkit.problem.unknown import dump_unknown
from pinnkit.reading import scalar


def dump_problem(problem: Problem) -> str:
    """The problem file of a problem, its numbers as they were resolved.

    An equation that is a Python function is written as the mark `{python: name, arguments: [...]}`: the file can be
    read, checked and used to predict, but not to train.

    Example:
        >>> from pinnkit.problem.define import define
        >>> print(dump_problem(define(name="decay", coordinates={"t": [0, 1]}, fields=["u"], equations=["u_t = -u"])))
        name: decay
        coordinates:
          t: [0.0, 1.0]
        fields: [u]
        equations:
          equation: "u_t = -u"
        tolerance: 0.001
        config: levenberg_marquardt
        <BLANKLINE>
    """
    states = problem.levels.count if problem.levels is not None else 1
    problem = problem.declared or problem
    keys: dict[str, Any] = {"name": problem.name}
    if problem.title:
        keys["title"] = _text(problem.title)
    keys["coordinates"] = {c.name: _interval(c) for c in problem.coordinates if not c.family}
    if problem.time is not None:
        keys["time"] = problem.time
    whole = problem.complex_fields
    names = dict.fromkeys(whole.names, "")
    keys["fields"] = _flow(list(together(dict.fromkeys(problem.fields), names, lambda *_: None)))
    if names:
        keys["complex"] = _flow(whole.names)
    if problem.symmetries:
        keys["symmetry"] = together(_symmetries(problem), names, lambda entry, _: entry)
    if problem.divergence_free:
        keys["divergence_free"] = _flow(problem.divergence_free)
    if problem.stream_function is not None:
        keys["stream_function"] = _text(problem.stream_function.expression.text)
    if states > 1:
        keys["states"] = states
    if problem.ansatz:
        keys["ansatz"] = {a.field: _text(a.expression.text) for a in problem.ansatz}
    ranges = {c.name: _braces({"range": _ends(c)}) for c in problem.coordinates if c.family}
    if problem.parameters or ranges:
        keys["parameters"] = {p.name: _parameter(p) for p in problem.parameters} | ranges
    if problem.units:
        keys["units"] = _braces({name: _text(unit) for name, unit in problem.units.items()})
    if problem.functions:
        keys["functions"] = {f.name: _function(f) for f in problem.functions}
    equations = {e.name: _equation(e.residual) for e in problem.equations}
    keys["equations"] = together(equations, whole.equations, lambda _, text: _text(text))
    if problem.conditions or problem.integrals:
        conditions = {c.name: _condition(c) for c in problem.conditions}
        conditions |= {c.name: _condition(c) for c in problem.integrals}
        keys["conditions"] = together(
            conditions, whole.conditions, lambda entry, text: _braces({**entry, "equation": _text(text)})
        )
    if problem.body is not None:
        keys["shapes"] = {name: _braces(dict(given)) for name, given in problem.body.given.items()}
        keys["domain"] = _text(problem.body.text)
    if problem.regions:
        keys["regions"] = {r.name: _braces(_region(r, problem)) for r in problem.regions}
    if problem.interfaces:
        keys["interfaces"] = {i.name: _interface(i) for i in problem.interfaces}
    if problem.observations:
        keys["observations"] = {o.name: _observations(o, problem.scope.coordinates) for o in problem.observations}
    if problem.groups:
        keys["groups"] = {name: _flow(terms) for name, terms in problem.groups.items()}
    keys |= _results(problem)
    keys["tolerance"] = problem.tolerance
    keys["config"] = problem.config
    if problem.accept:
        keys["accept"] = _flow(problem.accept)
    stream = io.StringIO()
    writer = YAML(typ="rt", pure=True)
    writer.width = 100_000  # a folded equation would not be read back as it was
    writer.dump(keys, stream)
    return stream.getvalue()


def _results(problem: Problem) -> dict[str, Any]:
    """What is asked for, and what is known of the answer."""
    keys: dict[str, Any] = {}
    if problem.derived:
        keys["derived"] = {d.name: _text(d.expression.text) for d in problem.derived}
    if problem.outputs:
        keys["outputs"] = {output.name: _text(output.expression.text) for output in problem.outputs}
    if problem.tables:
        keys["tables"] = {table.name: _table(table) for table in problem.tables}
    if problem.reference is not None:
        keys["reference"] = _reference(problem.reference, problem.complex_fields)
    return keys


def _flow(items: Sequence[Any]) -> CommentedSeq:
    """A list on one line."""
    written = CommentedSeq(items)
    written.fa.set_flow_style()
    return written


def _braces(entries: dict[str, Any]) -> CommentedMap:
    """A mapping on one line."""
    written = CommentedMap(entries)
    written.fa.set_flow_style()
    return written


def _text(text: str) -> DoubleQuotedScalarString:
    return DoubleQuotedScalarString(text)


def _interval(coordinate: Coordinate) -> Any:
    ends = _ends(coordinate)
    more: dict[str, Any] = {"periodic": True} if coordinate.periodic else {}
    more |= {"scale": coordinate.scale} if coordinate.scale != 1.0 else {}
    if coordinate.breaks:
        given = written_breaks(coordinate.breaks, coordinate.break_texts)
        more["breaks"] = _flow([_text(at) if isinstance(at, str) else at for at in given])
    return _braces({"range": ends, **more}) if more else ends


def _ends(coordinate: Coordinate) -> CommentedSeq:
    """Both ends of an interval."""
    numbers = (coordinate.lower, coordinate.upper)
    return _flow([_text(text) if text else _end(end) for text, end in zip(coordinate.ends, numbers, strict=True)])


def _end(value: float) -> float | str:
    """An end as a file says it: an infinite one as a text."""
    return value if math.isfinite(value) else str(value)


def _parameter(parameter: Parameter) -> Any:
    if parameter.unknown is None or is_eigenvalue(parameter):
        return _value(parameter)
    keys = dump_unknown(parameter.unknown, _value(parameter))
    return _braces({key: _flow(value) if isinstance(value, list) else value for key, value in keys.items()})


def _value(parameter: Parameter) -> Any:
    """The text that gave the parameter, as a number where it is one, so that it is read back alike."""
    if not parameter.text:
        return parameter.value
    given = scalar(parameter.text)
    return given if isinstance(given, int | float) and str(given) == parameter.text else _text(parameter.text)


def _function(function: NamedFunction) -> Any:
    """The text of a function; the modes of a series themselves, a line each, so that the file needs no other."""
    if function.series is None:
        return _text(function.expression.text)
    table = written(function.series)
    return {"fourier": {"columns": _flow(table["columns"]), "rows": [_flow(row) for row in table["rows"]]}}


def _equation(residual: Any) -> Any:
    if isinstance(residual, TorchResidual):
        return _braces({"python": _text(residual.text), "arguments": _flow(residual.arguments)})
    return _text(residual.text)


def _condition(condition: Condition | IntegralCondition) -> CommentedMap:
    faces = [_text(_face(face)) for face in condition.faces]
    on = {"on": faces[0] if len(faces) == 1 else _flow(faces)} if faces else {}
    return _braces({**on, "equation": _text(condition.residual.text)})


def _region(region: Region, problem: Problem) -> dict[str, Any]:
    """The intervals of a region that are not those of the whole domain."""
    pairs = zip(region.coordinates, problem.coordinates, strict=True)
    return {own.name: _ends(own) for own, whole in pairs if own != whole}


def _interface(interface: Interface) -> CommentedMap:
    keys: dict[str, Any] = {"equation": _text(interface.residual.text)}
    return _braces(keys if interface.between is None else {**keys, "between": _flow(interface.between)})


def _observations(given: Observations, coordinates: Sequence[str]) -> dict[str, Any]:
    """The table itself, a line each point, so that the file needs no other."""
    keys = observations.written(given, coordinates)
    noise = {"noise": _braces(keys["noise"])} if "noise" in keys else {}
    return {**noise, "table": LiteralScalarString(keys["table"])}


def _face(face: Face) -> str:
    """All digits, so that the end of the interval is found again."""
    return face.text or face.piece or f"{face.coordinate} = {face.value!r}"


def _symmetries(problem: Problem) -> dict[str, Any]:
    written: dict[str, list[str]] = {}
    for s in problem.symmetries:
        written.setdefault(s.field, []).append(f"{s.parity} in {s.coordinate}")
    return {name: texts[0] if len(texts) == 1 else _flow(texts) for name, texts in written.items()}


def _table(table: Table) -> CommentedMap:
    """The columns, and of every coordinate its value or both ends."""
    ends = {name: tuple(_text(e) if isinstance(e, str) else e for e in both) for name, both in table.line.items()}
    on = {name: both[0] if both[0] == both[1] else _flow(both) for name, both in ends.items()}
    points = {"points": table.points} if table.points > 1 else {}
    return _braces({"of": _flow([_text(c.text) for c in table.columns]), "on": _braces(on), **points})


def _reference(reference: Reference, whole: ComplexFields) -> dict[str, Any]:
    known: dict[str, Any] = {"parameters": dict(reference.parameters)} if reference.parameters else {}
    if reference.outputs:
        known["outputs"] = {name: _known_output(output) for name, output in reference.outputs.items()}
    if reference.method is not None:
        return {"method": reference.method, **reference.options, **known}
    exact = {name: _text(expression.text) for name, expression in reference.exact.items()}
    fields = {"exact": together(exact, whole.exact, lambda _, text: _text(text))} if exact else {}
    return {**fields, **known}


def _known_output(output: KnownOutput) -> Any:
    if output.accuracy == EXACT:
        return output.value
    return {"value": output.value, "accuracy": output.accuracy}
