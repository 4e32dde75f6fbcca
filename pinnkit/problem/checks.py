"""The mathematics of a problem checked before anything is trained: one row here is one check."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pinnkit.errors import UserError, unknown
from pinnkit.problem.condition_checks import (
    condition_order,
    double_condition,
    few_conditions,
    final_condition,
    initial_conditions,
    no_field,
    open_face,
)
from pinnkit.problem.equation_checks import (
    fewer_equations,
    more_equations,
    singular_point,
    unused_field,
    unused_parameter,
)
from pinnkit.problem.finding import Check, Finding, Remark
from pinnkit.problem.integral_checks import over_shape
from pinnkit.problem.jump_checks import few_interfaces, silent_jump
from pinnkit.problem.observation_checks import outside_points
from pinnkit.problem.problem import Problem
from pinnkit.problem.sampled_checks import corner_jump, exact_reference, implied_condition, symmetry, trivial_solution
from pinnkit.problem.states import eigenproblem
from pinnkit.problem.together import not_together
from pinnkit.problem.truth import unknown_reference


def accept(problem: Problem) -> Iterator[Remark]:
    """A name in `accept` that is no check, or one that cannot be accepted."""
    known = [name for name, check in CHECKS.items() if check.acceptable]
    for name in problem.accept:
        place = problem.places.get("accept")
        if name in CHECKS and name not in known:
            yield Remark(f"`{name}` cannot be accepted: it must be mended", place)
        elif name not in CHECKS:
            message, hint = unknown("finding", name, known)
            yield Remark(f"{message} in `accept`", place, hint)


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "accept": Check(accept, "error", acceptable=False),
        "unused_field": Check(unused_field, "error", acceptable=False),
        "count": Check(fewer_equations, "error", acceptable=False),
        "more_equations": Check(more_equations, "error"),
        "no_field": Check(no_field, "error", acceptable=False),
        "open_face": Check(open_face, "error"),
        "few_conditions": Check(few_conditions, "warning"),
        "double_condition": Check(double_condition, "error", acceptable=False),
        "condition_order": Check(condition_order, "error", acceptable=False),
        "initial_conditions": Check(initial_conditions, "error", acceptable=False),
        "implied_condition": Check(implied_condition, "error"),
        "final_condition": Check(final_condition, "error"),
        "symmetry": Check(symmetry, "error", acceptable=False),
        "unknown_reference": Check(unknown_reference, "error", acceptable=False),
        "exact_reference": Check(exact_reference, "error", acceptable=False),
        "corner_jump": Check(corner_jump, "warning"),
        "not_together": Check(not_together, "error", acceptable=False),
        "silent_jump": Check(silent_jump, "warning"),
        "few_interfaces": Check(few_interfaces, "warning"),
        "over_shape": Check(over_shape, "error", acceptable=False),
        "trivial_solution": Check(trivial_solution, "warning"),
        "eigenproblem": Check(eigenproblem, "error", acceptable=False),
        "singular_point": Check(singular_point, "warning"),
        "outside_points": Check(outside_points, "error"),
        "unused_parameter": Check(unused_parameter, "warning"),
    }
)


def check_problem(problem: Problem) -> tuple[Finding, ...]:
    """Everything that is impossible or suspect about a problem, in the order of the table."""
    return tuple(
        Finding(
            name=name,
            severity=check.severity,
            message=remark.message,
            place=remark.place,
            accepted=check.acceptable and name in problem.accept,
            hint=remark.hint,
        )
        for name, check in CHECKS.items()
        for remark in check.function(problem)
    )


def require_sound(problem: Problem) -> tuple[Finding, ...]:
    """The findings of a problem that may be solved as it stands.

    Raises:
        UserError: all findings that are errors and not accepted.
    """
    findings = check_problem(problem)
    fatal = [finding.mistake for finding in findings if finding.fatal]
    if fatal:
        raise UserError(*fatal)
    return findings
