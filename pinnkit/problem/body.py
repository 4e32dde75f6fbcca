"""The shape that a problem's domain has in space, and the named pieces of its boundary."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, final

import numpy as np

from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.coordinate import Coordinate
from pinnkit.problem.mesh_files import with_meshes
from pinnkit.problem.names import check_label, short
from pinnkit.problem.schema import ProblemKeys, Where
from pinnkit.shapes import SHAPES, Boolean, Element, Outline, Shape

_SAME = 1e-9
"""Relative to a shape's size, within which an element lies on a plane, and a shape within its intervals."""

_LONGEST = 10_000
NO_NUMBERS = ("name", "label", "file", "data")
"""Options of shapes that are texts, and no numbers."""

_MOST = 128
"""Shapes in a domain: every one is cut by every other."""

_WHOLE = "boundary"

_KINDS: Mapping[type[ast.operator], str] = {
    ast.Sub: "difference",
    ast.Add: "union",
    ast.BitOr: "union",
    ast.BitAnd: "intersection",
}


@final
@dataclass(frozen=True)
class Body:
    """A shape over the coordinates in space.

    Args:
        given: the primitives as they were written, by name; their numbers may be texts over the parameters.
        text: how they are combined.
        coordinates: the names of the coordinates in space, in the order of the shape's own.
        shape: what they make together.
    """

    given: Mapping[str, Any]
    text: str
    coordinates: tuple[str, ...]
    shape: Shape = field(compare=False)

    def moved(self, values: Mapping[str, float], coordinates: Sequence[Coordinate]) -> "Body":
        """The body with its shapes where other values of the parameters put them.

        Raises:
            UserError: a shape that is none any more, or that reaches beyond the coordinates.
        """
        if not any(_has_texts(given) for given in self.given.values()):
            return self
        known = {name: _primitive(name, given, values, _nowhere) for name, given in self.given.items()}
        shape = combined(self.text, known)
        space = [c for c in coordinates if c.name in self.coordinates]
        if beyond := list(_beyond(shape, space, _nowhere)):
            raise UserError(*beyond)
        return replace(self, shape=shape)

    def outline(self, piece: str) -> Outline:
        """A piece of the boundary: all of it, what is left of one primitive, one of its elements, or what is flat.

        Raises:
            UserError: a piece that is not there, or of which nothing is left.
        """
        found = tuple(self._elements(piece))
        if not found:
            message, hint = unknown("piece of the boundary", short(piece), self.pieces)
            if piece in self.given:
                message = f"nothing is left of the boundary of `{piece}` in `{self.text}`"
            raise UserError(Mistake(message, hint=hint))
        return Outline(found)

    @property
    def pieces(self) -> tuple[str, ...]:
        """What conditions may stand on: `boundary`, the primitives that have a part in it, and their elements."""
        names = [element.name for element in self.shape.elements]
        return (_WHOLE, *dict.fromkeys(name.partition(".")[0] for name in names), *(n for n in names if "." in n))

    def bare(self, pieces: Sequence[str]) -> tuple[str, ...]:
        """The names of the elements that belong to none of the pieces."""
        covered = {id(e) for piece in pieces for e in self._elements(piece)}
        return tuple(e.name for e in self.shape.elements if id(e) not in covered)

    def _elements(self, piece: str) -> Iterator[Element]:
        name, equals, right = (part.strip() for part in piece.partition("="))
        for element in self.shape.elements:
            if equals:
                if self._lies_on(element, self.coordinates.index(name), float(right)):
                    yield element
            elif piece == _WHOLE or element.name == piece or element.name.partition(".")[0] == piece:
                yield element

    def _lies_on(self, element: Element, along: int, value: float) -> bool:
        """Whether an element is a part of the plane on which a coordinate has a value."""
        unit = np.random.default_rng(0).random((8, element.dimension_of_unit))
        return bool(np.all(np.abs(element.from_unit(unit)[:, along] - value) <= _SAME * self.shape.size))


def body_of(
    keys: ProblemKeys,
    coordinates: Sequence[Coordinate],
    values: Mapping[str, float],
    folder: Path | None,
    where: Where,
    key_where: Where,
) -> tuple[Body | None, list[Mistake]]:
    """The body of a file, or None where its domain is the box of its coordinates; and what is wrong with it.

    Args:
        keys: of the file.
        coordinates: all of them.
        values: the parameters that shapes may depend on.
        folder: beneath which the files of meshes lie.
        where: the places of values.
        key_where: those of keys.
    """
    if len(coordinates) < len(keys.coordinates or {}):
        return None, []  # one of them is wrong, and that is told
    if not keys.shapes:
        wrong = (
            [] if keys.domain is None else [Mistake("`domain` combines `shapes`, and there are none", where("domain"))]
        )
        return None, wrong
    given_shapes, mistakes = with_meshes(keys.shapes, folder, where)
    if mistakes:
        return None, mistakes
    known: dict[str, Shape] = {}
    for name, given in given_shapes.items():
        label = check_label(name, "a shape", key_where("shapes", name))
        mistakes += [label] if label is not None else []
        if name == _WHOLE:
            mistakes.append(
                Mistake(f"no shape can be called `{_WHOLE}`: it names all of it", key_where("shapes", name))
            )
        made = _attempt(partial(_primitive, name, given, values, where), where("shapes", name), mistakes)
        if made is not None:
            known[name] = made
    if keys.domain is None and len(keys.shapes) > 1:
        hint = f"For instance `domain: {' - '.join(keys.shapes)}`."
        mistakes.append(
            Mistake("several `shapes` need a `domain` that says how they are combined", where("shapes"), hint=hint)
        )
    if mistakes:
        return None, mistakes
    text = keys.domain if keys.domain is not None else next(iter(known))
    shape = _attempt(lambda: combined(text, known), where("domain"), mistakes)
    space = [c for c in coordinates if c.name != keys.time and not c.family]
    mistakes += _misfits(shape, space, keys, where) if shape is not None and space else []
    if mistakes or shape is None:
        return None, mistakes
    return Body(given_shapes, text, tuple(c.name for c in space), shape), []


def combined(text: str, shapes: Mapping[str, Shape]) -> Shape:
    """The shape that a text such as `plate - hole` makes of others: `-`, `+` or `|`, and `&`, with brackets.

    Raises:
        UserError: what is no such text, a name that is not there, or nothing that is left.

    Example:
        >>> from pinnkit.shapes import Ball, Box
        >>> combined("plate - hole", {"plate": Box([0, 0], [1, 1]), "hole": Ball([0, 0], 0.5)}).dimension
        2
    """
    hint = "As `plate - hole`, with `-` for what is cut away, `+` for a union and `&` for what both have."
    if len(text) > _LONGEST:
        raise UserError(f"`domain` has {len(text)} characters; {_LONGEST} is the most")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UserError(Mistake(f"`{short(text)}` does not say how shapes are combined", hint=hint)) from None
    count = sum(isinstance(node, ast.Name) for node in ast.walk(tree))
    if count > _MOST:
        raise UserError(f"`domain` combines {count} shapes; {_MOST} is the most")
    try:
        return _shape(tree, shapes, hint)
    except RecursionError:
        raise UserError("`domain` is nested too deeply") from None


def plane(text: str, values: Mapping[str, float] | None, place: Place | None = None) -> str:
    """The name of what lies on a plane: `x = s/2` at s = 1 is `x = 0.5`.

    Raises:
        UserError: what is no number.
    """
    name, _, right = (part.strip() for part in text.partition("="))
    return f"{name} = {parse_number(right, place, values)!r}"


def _shape(node: ast.expr, shapes: Mapping[str, Shape], hint: str) -> Shape:
    if isinstance(node, ast.Name):
        if node.id not in shapes:
            message, near = unknown("shape", short(node.id), tuple(shapes))
            raise UserError(Mistake(f"{message} in `domain`", hint=near))
        return shapes[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _KINDS:
        kind: Any = _KINDS[type(node.op)]
        return Boolean(kind, _shape(node.left, shapes, hint), _shape(node.right, shapes, hint))
    raise UserError(Mistake(f"`{short(ast.unparse(node))}` is no shape", hint=hint))


def _primitive(name: str, given: Any, values: Mapping[str, float], where: Where) -> Shape:
    def own(*keys: str | int) -> Place:
        return where("shapes", name, *keys)

    return SHAPES.build(_in_numbers(given, values, own), own, label=name)


def _in_numbers(given: Any, values: Mapping[str, float], where: Where, *keys: str | int) -> Any:
    """The options of a shape with their texts as the numbers that they are, such as `-s/2`; its name stays."""
    if isinstance(given, Mapping):
        return {
            k: v if not keys and k in NO_NUMBERS else _in_numbers(v, values, where, *keys, k) for k, v in given.items()
        }
    if isinstance(given, list):
        return [_in_numbers(v, values, where, *keys, k) for k, v in enumerate(given)]
    return parse_number(given, where(*keys), values) if isinstance(given, str) else given


def _has_texts(given: Any) -> bool:
    """Whether the options of a shape have numbers that are texts."""
    options = [v for k, v in given.items() if k not in NO_NUMBERS] if isinstance(given, Mapping) else given
    return any(isinstance(v, str) or (isinstance(v, list | Mapping) and _has_texts(v)) for v in options)


def _nowhere(*keys: str | int) -> Place:
    """The place of a shape that no file has as it is."""
    return Place()


def _misfits(shape: Shape, space: Sequence[Coordinate], keys: ProblemKeys, where: Where) -> list[Mistake]:
    """What the rest of the file does not go with."""
    if shape.dimension != len(space):
        names = ", ".join(f"`{c.name}`" for c in space)
        return [
            Mistake(
                f"the shape has {shape.dimension} coordinates, and the problem {len(space)} in space: {names}",
                where("shapes"),
            )
        ]
    found = list(_beyond(shape, space, where))
    for key, value in {"regions": keys.regions, "symmetry": keys.symmetry, "states": keys.states > 1}.items():
        if value:
            found.append(Mistake(f"`{key}` needs a domain that is a box, and this one is a shape", where(key)))
    return found


def _beyond(shape: Shape, space: Sequence[Coordinate], where: Where) -> Iterator[Mistake]:
    """Coordinates that a shape cannot have, or beyond whose intervals it reaches."""
    for c, low, high in zip(space, *shape.bounds, strict=True):
        place = where("coordinates", c.name)
        if c.periodic or not c.axis.finite:
            what = "is periodic" if c.periodic else "has an infinite end"
            yield Mistake(f"`{c.name}` {what}, and cannot be a coordinate of a shape", place)
        elif low < c.lower - _SAME * shape.size or high > c.upper + _SAME * shape.size:
            reach = f"[{low:.6g}, {high:.6g}]"
            yield Mistake(f"the shape reaches over {reach} along `{c.name}`, beyond its interval", place)


def _attempt(make: Callable[[], Shape], place: Place, mistakes: list[Mistake]) -> Shape | None:
    """What is made, or None with its mistakes noted, at this place where they have none."""
    try:
        return make()
    except UserError as error:
        mistakes += [m if m.place is not None else Mistake(m.message, place, hint=m.hint) for m in error.mistakes]
        return None
