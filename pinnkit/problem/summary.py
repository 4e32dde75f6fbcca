"""A problem printed back as it was understood, with everything that the checks found."""

import math
from collections.abc import Mapping, Sequence

import sympy

from pinnkit.equations.complexes import components
from pinnkit.equations.expression import Expression
from pinnkit.equations.notation import latex, to_text, unicode
from pinnkit.errors import Mistake
from pinnkit.problem.complex_fields import together
from pinnkit.problem.finding import Finding
from pinnkit.problem.integrals import over
from pinnkit.problem.named import as_written
from pinnkit.problem.names import short
from pinnkit.problem.observed import Observations
from pinnkit.problem.prescribed import number, prescribed
from pinnkit.problem.problem import Condition, Coordinate, Face, Problem, TorchResidual
from pinnkit.problem.regions import contacts, touches
from pinnkit.problem.table import Table
from pinnkit.problem.unknown import Unknown

_LONGEST = 500
"""Characters of a prescribed value."""
_MANY = 20
"""Names in a list, which is shortened beyond."""


def summary(problem: Problem, findings: Sequence[Finding] = (), as_latex: bool = False) -> str:
    """The problem as it was understood: domain, equations, conditions with what they fix, findings, and the outcome.

    Args:
        problem: what is printed.
        findings: what the checks found.
        as_latex: LaTeX in place of Unicode.
    """
    lines = [f"{problem.name}: {problem.title}" if problem.title else problem.name, *domain_lines(problem)]
    for equation in problem.equations:
        lines += _as_given(equation.name, "equation", problem.complex_fields.equations)
        lines += ["", f"equation {equation.name}", *_equation(equation.residual, problem, as_latex)]
    for condition in problem.conditions:
        on = _listed([str(face) for face in condition.faces])
        lines += _as_given(condition.name, "condition", problem.complex_fields.conditions)
        lines += ["", f"condition {condition.name} on {on}", *_equation(condition.residual, problem, as_latex)]
        lines += [f"    {sentence}" for sentence in _fixed(condition, problem)]
    for interface in problem.interfaces:
        on = "; ".join(str(c) for c in contacts(problem) if touches(interface, c))
        lines += ["", f"interface {interface.name} on {on}", f"    {interface.residual.text}"]
    for held in problem.integrals:
        lines += _as_given(held.name, "condition", problem.complex_fields.conditions)
        lines += ["", f"condition {held.name} {over(held, problem)}", *_equation(held.residual, problem, as_latex)]
    if problem.derived:
        lines += ["", *(f"derived {d.name} = {d.expression.text}{_in_unit(d.name, problem)}" for d in problem.derived)]
    if problem.outputs:
        lines += ["", *(f"output {o.name} = {o.expression.text}{_in_unit(o.name, problem)}" for o in problem.outputs)]
    if problem.tables:
        lines += ["", *(f"table {t.name}: {', '.join(c.text for c in t.columns)}; {_along(t)}" for t in problem.tables)]
    lines += [line for observations in problem.observations for line in ("", *_observations(observations))]
    lines += ["", f"reference: {_reference(problem)}", ""]
    lines += [_finding(finding) for finding in findings]
    return "\n".join([*lines, outcome(findings)])


def _as_given(name: str, kind: str, texts: Mapping[str, str]) -> list[str]:
    """A complex equation as it was written, before the first of the real ones that it is."""
    whole = next((given for given in texts if name in (given, components(given)[0])), None)
    return [] if whole is None else ["", f"{kind} {whole}: {' '.join(texts[whole].split())}"]


def _along(table: Table) -> str:
    """Where a table is made."""
    where = [f"{n} = {a}" if a == b else f"{n} from {a} to {b}" for n, (a, b) in table.line.items()]
    return f"{', '.join(where)}, {_count(table.points, 'point')}"


def outcome(findings: Sequence[Finding]) -> str:
    """`OK`, or how many errors there are; warnings are counted unless the problem accepts them."""
    errors = sum(finding.fatal for finding in findings)
    warnings = sum(finding.severity == "warning" and not finding.accepted for finding in findings)
    tail = f", {_count(warnings, 'warning')}" if warnings else ""
    return (_count(errors, "error") if errors else "OK") + tail


def _listed(names: Sequence[str]) -> str:
    """All names, or the first and the last of more than a person would read."""
    if len(names) <= _MANY:
        return ", ".join(names)
    return f"{', '.join(names[:3])}, ... {names[-1]} ({len(names)} in all)"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def domain_lines(problem: Problem) -> list[str]:
    """The coordinates, fields, parameters and what is built into the fields, one line each."""
    lines = ["  " + _listed([_interval(c, problem) for c in problem.coordinates])]
    arguments = _listed(problem.scope.coordinates)
    unknowns = (f"{name}({arguments}){_in_unit(name, problem)}" for name in problem.fields)
    lines.append(f"  unknown: {', '.join(unknowns)}")
    lines += [f"  {h} = {' + i*'.join(components(h))}" for h in problem.complex_fields.names]
    for p in problem.parameters:
        number = f"{p.value:.12g}"
        plain = p.text in ("", number, repr(p.value))
        value = (number if plain else f"{p.text} = {number}") + _unit(p.name, problem)
        lines.append(f"  {p.name} {_unknown(p.unknown, value)}" if p.unknown is not None else f"  {p.name} = {value}")
    if problem.divergence_free:
        (u, v), (x, y) = problem.divergence_free, problem.space
        lines.append(f"  ({u}, {v}) has no divergence in ({x}, {y})")
    if problem.stream_function is not None:
        lines.append(f"  its stream function is {problem.stream_function.expression.text}, N the network")
    lines += [f"  {f.name} = {f.expression.text}" for f in problem.functions]
    lines += [f"  {a.field} = {a.expression.text}, N the network" for a in problem.ansatz]
    if problem.body is not None:
        lines.append(f"  domain: {problem.body.text}, of measure {problem.body.shape.measure:.6g}")
    lines += [f"  region {r.name}: {', '.join(_interval(c, problem) for c in r.coordinates)}" for r in problem.regions]
    lines += [f"  {s.field} is {s.parity} in {s.coordinate}" for s in problem.symmetries]
    lines += [f"  one loss, {name}: {', '.join(terms)}" for name, terms in problem.groups.items()]
    return lines


def _unknown(unknown: Unknown, start: str) -> str:
    scale = f"scale {unknown.scale:.12g}" if unknown.scale is not None else ""
    return ", ".join(filter(None, ["unknown", f"from {start}", unknown.limits, scale]))


def _interval(coordinate: Coordinate, problem: Problem) -> str:
    notes = ["time"] if coordinate.name == problem.time else []
    notes += ["a family"] if coordinate.family else []
    notes += ["periodic"] if coordinate.periodic else []
    notes += [f"integrals split at {', '.join(f'{at:.12g}' for at in coordinate.breaks)}"] if coordinate.breaks else []
    tail = f" ({', '.join(notes)})" if notes else ""
    left = f"[{coordinate.lower:.12g}" if math.isfinite(coordinate.lower) else "(-inf"
    right = f"{coordinate.upper:.12g}]" if math.isfinite(coordinate.upper) else "inf)"
    mapped = "" if coordinate.axis.finite else f", mapped algebraically with scale {coordinate.scale:.12g}"
    return f"{coordinate.name} in {left}, {right}{_unit(coordinate.name, problem)}{mapped}{tail}"


def _in_unit(name: str, problem: Problem) -> str:
    """A name's unit behind what is no number."""
    return f" in{_unit(name, problem)}" if name in problem.units else ""


def _unit(name: str, problem: Problem) -> str:
    """The unit of a name behind its value."""
    return f" {problem.units[name]}" if name in problem.units else ""


def _equation(residual: Expression | TorchResidual, problem: Problem, as_latex: bool) -> list[str]:
    if isinstance(residual, TorchResidual):
        return [f"    {residual.text}({', '.join(residual.arguments)}) = 0 (Python)"]
    shown = as_written(residual, problem)
    printed = latex(shown, problem.scope) if as_latex else unicode(shown, problem.scope)
    return [f"    {line}" for line in printed.splitlines()]


def _fixed(condition: Condition, problem: Problem) -> list[str]:
    """What the condition prescribes, once for all faces where it says the same of each."""
    said = {face: _prescription(condition, face, problem) for face in condition.faces}
    if len(set(said.values())) == 1:
        return [f"fixes {next(iter(said.values()))}"]
    return [f"fixes {sentence} at {face}" for face, sentence in said.items()]


def _prescription(condition: Condition, face: Face, problem: Problem) -> str:
    found = prescribed(condition, face, problem)
    if found is None:
        return "a relation, no single value"
    along = face.coordinate if found.normal_order == 1 else f"{face.coordinate}, {found.normal_order}"
    left = f"d({found.field}, {along})" if found.normal_order else found.field
    return f"{left} = {_value(found.value, face, problem)}"


def _value(value: sympy.Expr, face: Face, problem: Problem) -> str:
    """A prescribed value by the name of the function that it is on a face, or else whole."""
    at = {} if face.piece else {problem.scope.symbols[face.coordinate]: number(face.value)}
    named = (f.name for f in problem.functions if f.expression.tree.xreplace(at) == value and not value.is_Number)
    return next(named, None) or short(to_text(value, problem.scope), _LONGEST)


def _observations(observations: Observations) -> list[str]:
    """How many points, and what was measured there with which noise."""
    lines = [f"observations {observations.name} at {_count(len(observations.points), 'point')}"]
    for m in observations.measured:
        low, high = float(m.noise.min()), float(m.noise.max())
        noise = f"{low:.3g}" if m.uniform else f"{low:.3g} to {high:.3g}"
        lines.append(f"    {m.expression.text}, noise {noise if m.known else 'not said'}")
    return lines


def _reference(problem: Problem) -> str:
    reference = problem.reference
    if reference is None:
        return "none"
    texts = {name: expression.text for name, expression in reference.exact.items()}
    whole = together(texts, problem.complex_fields.exact, lambda _, text: text)
    exact = [f"{name} = {text}" for name, text in whole.items()]
    known = [f"{name} = {value:.12g}" for name, value in reference.parameters.items()]
    known += [f"{name} = {output.value:.12g}" for name, output in reference.outputs.items()]
    return ", ".join([reference.method, *known] if reference.method else [*exact, *known]) or "none"


def _finding(finding: Finding) -> str:
    word = "accepted" if finding.accepted else finding.severity
    return str(Mistake(f"{word} `{finding.name}`: {finding.message}", finding.place, hint=finding.hint))
