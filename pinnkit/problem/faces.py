"""Faces of the domain by their text: `x = -1`, a list of such, or `boundary` for every face in space."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.body import Body, plane
from pinnkit.problem.intervals import parse_end
from pinnkit.problem.names import short
from pinnkit.problem.problem import Coordinate, Face

_RELATIVE = 1e-12


def ends(coordinate: Coordinate) -> tuple[Face, Face]:
    """The lower and the upper face of a coordinate."""
    return Face(coordinate.name, "lower", coordinate.lower), Face(coordinate.name, "upper", coordinate.upper)


def boundary(coordinates: Iterable[Coordinate], time: str | None) -> tuple[Face, ...]:
    """All faces in space: both ends of every coordinate that is neither time nor periodic nor a parameter."""
    return tuple(face for c in coordinates if c.name != time and not c.periodic and not c.family for face in ends(c))


def parse_faces(
    texts: Sequence[str],
    coordinates: Sequence[Coordinate],
    time: str | None,
    place: Place | None = None,
    values: Mapping[str, float] | None = None,
    body: Body | None = None,
) -> tuple[Face, ...]:
    """The faces that the texts name, in their order; `values` are numbers that may stand there by name.

    Where the domain is a shape, they are pieces of its boundary and the ends of time.

    Raises:
        UserError: every text that names no face, and a face that is named twice.
    """
    faces: list[Face] = []
    mistakes: list[Mistake] = []
    for text in texts:
        try:
            if body is not None and text.partition("=")[0].strip() != time:
                found: tuple[Face, ...] = (_piece(text, body, place, values),)
            elif text.strip() == "boundary":
                found = boundary(coordinates, time)
            else:
                found = (_face(text, coordinates, place, values),)
        except UserError as error:
            mistakes += error.mistakes
            continue
        if not found:
            mistakes.append(Mistake("`boundary` is empty: no coordinate in space has ends", place))
        mistakes += [Mistake(f"the face `{face}` is named twice", place) for face in found if face in faces]
        faces += found
    if mistakes:
        raise UserError(*mistakes)
    return tuple(faces)


def _piece(text: str, body: Body, place: Place | None, values: Mapping[str, float] | None) -> Face:
    """A piece of a shape's boundary by its name, or by the plane on which it lies."""
    name, equals, right = (part.strip() for part in text.partition("="))
    moves = bool(equals) and bool(set(re.findall(r"[^\W\d]\w*", right)) & set(values or ()))
    if equals:
        if name not in body.coordinates:
            message, hint = unknown("coordinate", short(name), body.coordinates)
            raise UserError(Mistake(f"{message} in `{short(text)}`", place, hint=hint))
        name = plane(text, values, place)
    try:
        body.outline(name)
    except UserError as error:
        raise UserError(*(replace(mistake, place=place) for mistake in error.mistakes)) from None
    return Face("", "upper", 0.0, piece=name, text=text if moves else "")


def _face(
    text: str, coordinates: Sequence[Coordinate], place: Place | None, values: Mapping[str, float] | None
) -> Face:
    left, equals, right = (part.strip() for part in text.partition("="))
    shown = short(text)
    names = [c.name for c in coordinates]
    if not equals or "=" in right:
        choices = ", ".join(f"`{face}`" for c in coordinates if not (c.periodic or c.family) for face in ends(c))
        hint = f"Faces here: {choices}, and `boundary` for all in space."
        raise UserError(Mistake(f"`{shown}` is not a face: it must read `coordinate = value`", place, hint=hint))
    if left not in names:
        message, hint = unknown("coordinate", short(left), names)
        raise UserError(Mistake(f"{message} in the face `{shown}`", place, hint=hint))
    coordinate = coordinates[names.index(left)]
    if coordinate.family:
        message = f"`{shown}` is no face: `{left}` is a parameter with a range, and conditions hold for all of it"
        raise UserError(Mistake(message, place))
    if coordinate.periodic:
        message = f"`{shown}` is no face: `{left}` is periodic, and takes no conditions"
        raise UserError(Mistake(message, place))
    value = parse_end(right, place, values)
    scale = max((abs(face.value) for face in ends(coordinate) if math.isfinite(face.value)), default=0.0)
    for face in ends(coordinate):
        if face.value == value or abs(face.value - value) <= _RELATIVE * scale:
            return face
    nearest = min(ends(coordinate), key=lambda face: abs(coordinate.axis.placed(face.value) - value))
    lower, upper = ends(coordinate)
    hint = f"Did you mean `{nearest}`? The ends of `{left}` are `{lower}` and `{upper}`."
    raise UserError(Mistake(f"`{shown}` is not a face: `{left}` does not end at {value:.12g}", place, hint=hint))
