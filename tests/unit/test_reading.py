"""Reading YAML: positions, the scalars of YAML 1.2, refusals, bounds and overrides."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinnkit.errors import UserError
from pinnkit.reading import apply_overrides, leading_comment, parse_yaml, read_yaml, scalar


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1e-3", 1e-3),
        ("2E6", 2e6),
        (".5", 0.5),
        ("-3.", -3.0),
        ("010", 10),
        ("0o17", 15),
        ("0xff", 255),
        ("+7", 7),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("1_000", "1_000"),
        ("on", "on"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("-.inf", float("-inf")),
        ("e3", "e3"),
        (".", "."),
        ("1e", "1e"),
    ],
)
def test_scalars_follow_the_core_schema(word: str, value: Any) -> None:
    read = parse_yaml(f"key: {word}").data["key"]
    assert read == value
    assert type(read) is type(value)


def test_quoted_numbers_stay_texts() -> None:
    assert parse_yaml("a: '1'\nb: \"true\"\nc: |\n  2\n").data == {"a": "1", "b": "true", "c": "2\n"}


@pytest.mark.parametrize("word", ["on", "no", "1", "null", "true"])
def test_keys_are_words(word: str) -> None:
    assert parse_yaml(f"{word}: 2").data == {word: 2}


@settings(deadline=None, max_examples=50)
@given(st.floats(allow_nan=False))
def test_floats_survive(value: float) -> None:
    text = repr(value).replace("inf", ".inf")
    assert scalar(text) == value


def test_places_are_those_of_the_values() -> None:
    text = "a: 1\nb:\n  c: [x, 'yy', {d: \"u = 0\"}]\n  e: 2\n"
    document = parse_yaml(text, "f.yaml")
    lines = text.splitlines()
    for keys, word in [(("a",), "1"), (("b", "c", 1), "yy"), (("b", "c", 2, "d"), "u = 0"), (("b", "e"), "2")]:
        place = document.place(*keys)
        assert place.file == "f.yaml"
        assert place.line is not None
        assert place.column is not None
        assert lines[place.line - 1][place.column - 1 :].startswith(word)
    assert str(document.key_place("b", "e")) == "f.yaml:4:3"
    assert document.place("b", "missing", "more") == document.place("b")


def test_a_text_over_several_lines_has_no_column() -> None:
    place = parse_yaml('a: >-\n  one\n  two\nb: "x\\ty"\n').place("a")
    assert (place.line, place.column) == (1, None)


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("# One.\n# Two.\na: 1\n# Three.", "One.\nTwo."),
        ("\n---\n#One\na: 1", "One"),
        ("a: 1\n# Later.", ""),
        ("# One.\n\n# Apart.\na: 1", "One."),
        ("", ""),
    ],
)
def test_leading_comment(text: str, comment: str) -> None:
    assert leading_comment(text) == comment
    assert parse_yaml(text).comment == comment


def test_aliases_are_expanded() -> None:
    document = parse_yaml("a: &one [1, 2]\nb: *one\n")
    assert document.data == {"a": [1, 2], "b": [1, 2]}
    assert str(document.place("b", 1)) == "2:4"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: the key `a` is given twice\n  First at f.yaml:1:1."),
        ("x: {a: 1, a: 2}", "f.yaml:1:11: the key `a` is given twice"),
        ("a: !!python/object/apply:os.system [ls]", "f.yaml:1:4: the tag `!!python/object/apply:os.system` is not all"),
        ("a: !local 3", "the tag `!local` is not allowed"),
        ("!!str a: 3", "a key must be a plain word"),
        ("{[1]: 2}", "a key must be a plain word"),
        ("a: *u", "`*u` refers to no anchor"),
        ("a: &a [*a]", "`*a` refers to no anchor"),
        ("a: [1, 2\nb: 3", "f.yaml:2:2: not YAML"),
        ("a: b: c", "f.yaml:1:5: not YAML"),
        ("a:\n\tb: 1", "f.yaml:2:1: not YAML"),
        ("a: \x00", "f.yaml: not YAML"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document"),
        ("a: " + "1" * 5000, "a number of 5000 digits is too long"),
    ],
)
def test_refusals_say_where(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_yaml(text, "f.yaml")
    assert said in str(caught.value)


def _bomb() -> str:
    lines = ["a0: &a0 [" + ", ".join("xxxxxxxxx") + "]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, 14)]
    return "\n".join(lines)


HOSTILE = {
    "alias bomb": (_bomb(), "aliases expanded"),
    "a line of a megabyte": ("a: " + "x " * 500_000, "a line of 1000003 characters"),
    "deep flow lists": ("a: " + "[" * 19_000, "nested more than 40 deep"),
    "deep flow maps": ("{a: " * 4_000, "nested more than 40 deep"),
    "deep block lists": ("a:\n" + "".join(" " * i + "-\n" for i in range(1, 3_00)), "nested more than 40 deep"),
    "many keys": ("".join(f"k{i}: {i}\n" for i in range(90_000)), "more than 10000 values"),
    "many lines": ("a:\n" + "\n" * 1_000_000 + " b: 1", "lines, and 100000 is the most"),
    "more than two megabytes": (("# " + "x" * 78 + "\n") * 30_000, "larger than 2 MB"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_answered_soon(name: str, tmp_path: Path) -> None:
    text, said = HOSTILE[name]
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    start = time.process_time()
    with pytest.raises(UserError) as caught:
        read_yaml(path)
    assert time.process_time() - start < 2.0
    assert said in str(caught.value)
    assert len(str(caught.value)) < 2_000


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file `.*none.yaml`"):
        read_yaml(tmp_path / "none.yaml")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        read_yaml(tmp_path)


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(UserError, match=r"latin\.yaml:2: the file is not UTF-8 text"):
        read_yaml(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "mark.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml(path).data == {"a": 1}


@pytest.mark.parametrize(
    ("override", "changed"),
    [
        ("a.b=1e-3", {"a": {"b": 1e-3}, "p": [{"s": 1}]}),
        ("p.0.s=[1, 2]", {"a": {"b": 1}, "p": [{"s": [1, 2]}]}),
        ("a.c.d=x = 1", {"a": {"b": 1, "c": {"d": "x = 1"}}, "p": [{"s": 1}]}),
        ("n = true", {"a": {"b": 1}, "p": [{"s": 1}], "n": True}),
        ("p=sobol", {"a": {"b": 1}, "p": "sobol"}),
    ],
)
def test_overrides(override: str, changed: Any) -> None:
    data = {"a": {"b": 1}, "p": [{"s": 1}]}
    assert apply_overrides(data, [override]) == changed
    assert data == {"a": {"b": 1}, "p": [{"s": 1}]}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("a", "is not of the form `key=value`"),
        ("=1", "is not of the form"),
        ("a..b=1", "is not of the form"),
        ("a.b.c=1", "`a.b` is the value `1`, and holds no `c`"),
        ("p.5.s=1", "`p` is a list with entries 0 to 0, and `5` is not one of them"),
        ("p.s=1", "`s` is not one of them"),
        ("a=[1", "not YAML"),
    ],
)
def test_overrides_that_cannot_be(override: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        apply_overrides({"a": {"b": 1}, "p": [{"s": 1}]}, [override])
    assert said in str(caught.value)


def test_later_overrides_win_and_apply_to_an_empty_file() -> None:
    assert apply_overrides(None, ["a=1", "a=2"]) == {"a": 2}
