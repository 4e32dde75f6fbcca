"""Values against annotations: what fits keeps its meaning, and what does not fit is refused."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnkit.options import UnfitError, choices, fit, json_schema, plain, words


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (3, int, 3),
        (3.0, int, 3),
        (3, float, 3.0),
        (float("inf"), float, float("inf")),
        ("auto", int | Literal["auto"], "auto"),
        (4, int | Literal["auto"], 4),
        (4, Union[int, str], 4),  # noqa: UP007 (both spellings are met in signatures)
        (None, Optional[float], None),  # noqa: UP045 (the same)
        (True, bool | int, True),
        ([1, 2], tuple[float, ...], (1.0, 2.0)),
        ([], tuple[float, ...], ()),
        ((1, "a"), tuple[int, str], (1, "a")),
        ([1, 2], list[float], [1.0, 2.0]),
        ([1], Sequence[int], [1]),
        ({"a": 1}, Mapping[str, float], {"a": 1.0}),
        ({"a": [1]}, dict[str, tuple[int, ...]], {"a": (1,)}),
        (["x", "y"], Literal["auto"] | tuple[str, ...], ("x", "y")),
        ({"x": object}, Any, {"x": object}),
    ],
)
def test_a_value_that_fits(value: object, annotation: Any, expected: object) -> None:
    fitted = fit(value, annotation)
    assert fitted == expected
    assert type(fitted) is type(expected)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (True, int),
        (True, float),
        (1, bool),
        (1, str),
        ("1", int),
        ("1e-3", float),
        (1.5, int),
        (float("nan"), float),
        (float("inf"), int),
        pytest.param(10**400, float, id="huge"),
        (None, int),
        (1, Literal["a"]),
        (True, Literal[1]),
        (1.0, Literal[1]),
        ([1, 2, 3], tuple[int, int]),
        ({"a": 1}, tuple[int, ...]),
        ("ab", tuple[str, ...]),
        ({1: 1.0}, Mapping[str, float]),
        ([1], Mapping[str, float]),
        (1, object.__class__),
    ],
)
def test_a_value_that_does_not_fit(value: object, annotation: Any) -> None:
    with pytest.raises(UnfitError):
        fit(value, annotation)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_what_fits_fits_again_unchanged(value: Any) -> None:
    for annotation in (int, float, str, bool, int | None, tuple[float, ...], list[str | None]):
        try:
            once = fit(value, annotation)
        except UnfitError:
            continue
        assert fit(plain(once), annotation) == once


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        (int | None, "a whole number or null"),
        (Literal["a"] | tuple[str, ...], "`a` or a list (each entry text)"),
        (Mapping[str, float], "a mapping (each value a number)"),
        (complex, "a `complex` made in Python"),
        (Any, "anything"),
    ],
)
def test_an_annotation_in_words(annotation: Any, sentence: str) -> None:
    assert words(annotation) == sentence


def test_the_words_that_a_near_miss_is_looked_for_among() -> None:
    assert choices(int | Literal["auto", "all"]) == ("auto", "all")
    assert choices(Literal["a", 1]) == ("a",)
    assert choices(float) == ()


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, {"type": "integer"}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (Mapping[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
        (Any, {}),
    ],
)
def test_an_annotation_as_json_schema(annotation: Any, schema: dict[str, Any]) -> None:
    assert json_schema(annotation) == schema
