"""Values that a person may write in a file, checked against the annotation of the argument that they are meant for.

Understood are int, float, str, bool, None, Literal, unions, tuples and lists, and mappings with names as keys.
"""

import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

_PLAIN = {
    int: ("a whole number", "integer"),
    float: ("a number", "number"),
    str: ("text", "string"),
    bool: ("true or false", "boolean"),
    types.NoneType: ("null", "null"),
}


class UnfitError(ValueError):
    """A value that is not of the annotated type."""


def fit(value: object, annotation: Any) -> Any:
    """The value as the annotation wants it: lists become tuples, and a whole number serves as a float.

    A float without a fraction serves as an int, so that `steps: 1e4` is ten thousand steps. A bool is never a number.

    Raises:
        UnfitError: the value is of another type.

    Example:
        >>> fit(2, float), fit(1e4, int), fit([0, 1], tuple[float, float])
        (2.0, 10000, (0.0, 1.0))
    """
    members = _members(annotation)
    if members is not None:
        return _fit_first(value, members)
    if annotation in (int, float):
        return _fit_number(value, annotation)
    if annotation is Any:
        return value
    if annotation in _PLAIN:
        return value if isinstance(value, annotation) else _refuse()
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        same = [word for word in arguments if type(word) is type(value) and word == value]
        return same[0] if same else _refuse()
    if origin in (tuple, list, Sequence):
        return _fit_sequence(value, origin, arguments)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            _refuse()
        return {fit(key, arguments[0]): fit(item, arguments[1]) for key, item in value.items()}
    return value if isinstance(annotation, type) and isinstance(value, annotation) else _refuse()


def words(annotation: Any) -> str:
    """What the annotation asks for, in words.

    Example:
        >>> words(int | Literal["auto"])
        'a whole number or `auto`'
    """
    members = _members(annotation)
    if members is not None:
        return " or ".join(words(member) for member in members)
    if annotation in _PLAIN:
        return _PLAIN[annotation][0]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        listed = ", ".join(f"`{word}`" for word in arguments)
        return listed if len(arguments) == 1 else f"one of {listed}"
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return f"a list of {len(arguments)} entries ({', '.join(words(item) for item in arguments)})"
    if origin in (tuple, list, Sequence):
        return f"a list (each entry {words(arguments[0])})"
    if origin in (dict, Mapping):
        return f"a mapping (each value {words(arguments[1])})"
    return "anything" if annotation is Any else f"a `{getattr(annotation, '__name__', annotation)}` made in Python"


def choices(annotation: Any) -> tuple[str, ...]:
    """The words that the annotation lists as literals, for a near miss."""
    found = [item for member in _members(annotation) or (annotation,) if get_origin(member) is Literal
             for item in get_args(member)]  # fmt: skip
    return tuple(word for word in found if isinstance(word, str))


def json_schema(annotation: Any) -> dict[str, Any]:
    """The annotation as a JSON schema, for editors that complete and check a file as it is typed."""
    members = _members(annotation)
    if members is not None:
        return {"anyOf": [json_schema(member) for member in members]}
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation][1]}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return {
            "type": "array",
            "prefixItems": [json_schema(item) for item in arguments],
            "minItems": len(arguments),
            "maxItems": len(arguments),
        }
    if origin in (tuple, list, Sequence):
        return {"type": "array", "items": json_schema(arguments[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": json_schema(arguments[1])}
    return {}


def plain(value: object) -> Any:
    """The value as a file can hold it: tuples become lists, at any depth."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def _members(annotation: Any) -> tuple[Any, ...] | None:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else None


def _refuse() -> NoReturn:
    raise UnfitError


def _fit_first(value: object, members: tuple[Any, ...]) -> Any:
    """The value as the first member of a union that accepts it."""
    for member in members:
        try:
            return fit(value, member)
        except UnfitError:
            continue
    _refuse()


def _fit_number(value: object, kind: type) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:  # a NaN is unequal to itself
        _refuse()
    try:
        number: int | float = kind(value)
    except OverflowError:  # an infinity as an int, or an int that no float can hold
        raise UnfitError from None
    if kind is int and number != value:
        _refuse()
    return number


def _fit_sequence(value: object, origin: Any, arguments: tuple[Any, ...]) -> Any:
    if not isinstance(value, (list, tuple)):
        _refuse()
    items = list(value)
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        if len(items) != len(arguments):
            _refuse()
        return tuple(fit(item, kind) for item, kind in zip(items, arguments, strict=True))
    fitted = [fit(item, arguments[0]) for item in items]
    return tuple(fitted) if origin is tuple else fitted
