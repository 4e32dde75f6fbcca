"""Integral conditions: what may stand in one, and over what its integrals go."""

from collections.abc import Callable, Sequence

from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.functions import INTEGRAL, NORMAL
from pinnkit.equations.reductions import along_of, names_outside, reductions_in
from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.problem import Face, IntegralCondition, Problem

Wrong = Callable[[str, str], UserError]
"""Makes the error of a message and a hint."""


def has_integral(residual: Expression | None) -> bool:
    """Whether a residual holds an integral."""
    return residual is not None and bool(residual.tree.has(INTEGRAL))


def require_faces(name: str, residual: Expression | None, place: Place) -> None:
    """Refuse a condition that stands nowhere and holds no integral.

    Raises:
        UserError: it does.
    """
    if residual is not None and not has_integral(residual):
        message = f"`conditions.{name}` needs the key `on`, which says where it holds"
        hint = 'A face such as `on: "x = 0"`; only integrals over the whole domain need none.'
        raise UserError(Mistake(message, place, hint=hint))


def integral_condition(
    name: str, residual: Expression, faces: Sequence[Face], scope: Scope, place: Place
) -> IntegralCondition:
    """The condition that a residual with integrals is.

    Args:
        name: its name.
        residual: its equation.
        faces: where it holds; the whole domain where there are none.
        scope: the declared names.
        place: where its equation stands.

    Raises:
        UserError: integrals along different coordinates, or along that of a face; on several faces, what these do not
            share; fields or integrated coordinates outside of the integrals; nothing that could be integrated.
    """

    def wrong(message: str, hint: str) -> UserError:
        return UserError(Mistake(message, place, residual.text, (0, len(residual.text)), hint))

    named = {along_of(node) for node in reductions_in(residual.tree)}
    if len({frozenset(along) for along in named}) > 1:
        listed = " and ".join(sorted(f"along {', '.join(a)}" if a else "over everything" for a in named))
        hint = "Write two conditions, or name the same coordinates in all integrals."
        raise wrong(f"the integrals of `{name}` go {listed}", hint)
    along = tuple(c for c in scope.coordinates if c in min(named))
    held = list(dict.fromkeys(face.coordinate for face in faces))
    for coordinate in held:
        if coordinate in along:
            hint = f"Leave `{coordinate}` out of `integral(…)`, or leave out `on`."
            raise wrong(f"`{name}` integrates along `{coordinate}`, which is fixed on its face", hint)
    if faces and len(scope.coordinates) == 1:
        hint = f"Without `on`, the integral goes along `{scope.coordinates[0]}`."
        raise wrong(f"on a face of `{name}` nothing is left to integrate along", hint)
    if along and len(held) > 1:
        hint = f"Write one condition for the faces of `{held[0]}` and one for those of `{held[1]}`."
        raise wrong(f"`{name}` names coordinates on faces that do not share the others", hint)
    if not faces and residual.tree.has(NORMAL):
        raise wrong(f"`dn` in `{name}` has a meaning on a face only", 'Give the face, such as `on: "x = 0"`.')
    if scope.family and not along:
        # A condition holds for every member of a family: integrals go along its parameters only where they are named.
        if len(held) > 1:
            hint = "Write one condition for the faces of each coordinate."
            raise wrong(f"`{name}` is of all its faces together, which a family allows for one coordinate only", hint)
        along = tuple(c for c in scope.coordinates if c not in scope.family and c not in held)
    free = [c for c in scope.coordinates if along and c not in along and c not in held]
    _require_numbers_outside(residual, scope, free, wrong)
    return IntegralCondition(name, residual, tuple(faces), along)


def _require_numbers_outside(residual: Expression, scope: Scope, free: Sequence[str], wrong: Wrong) -> None:
    """Outside of the integrals stand numbers, and what depends on the coordinates that are not integrated."""
    strange = [name for name in names_outside(residual.tree, scope) if name not in free]
    if strange and strange[0] in scope.fields:
        hint = "Fields stand inside of integrals only; a condition without them holds on a face."
        raise wrong(f"the field `{strange[0]}` stands beside an integral", hint)
    if strange:
        known = f"Of the coordinates, only {', '.join(f'`{c}`' for c in free)} can." if free else "No coordinate can."
        raise wrong(f"`{strange[0]}` stands beside an integral that does not depend on it", known)


def over(condition: IntegralCondition, problem: Problem) -> str:
    """Over what the integrals of a condition go, and at which values of the other coordinates it holds."""
    names = condition.over(problem.scope, condition.faces[0] if condition.faces else None)
    held = {face.coordinate for face in condition.faces}
    others = [name for name in problem.scope.coordinates if name not in names and name not in held]
    if not condition.along and len(held) > 1:
        told = "over all of its faces together"
    else:
        told = f"integrated over {', '.join(names)}"
    on = f", on {', '.join(str(face) for face in condition.faces)}" if condition.faces else ""
    at = f", at every {', '.join(others)}" if condition.along and others else ""
    return f"{told}{on}{at}"
