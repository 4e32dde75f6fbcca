"""What a person reads when something is wrong: the place, the text with its carets, the hint, the near miss."""

import pytest

from pinnkit.errors import Mistake, Place, UserError, near_miss, unknown


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (Place("a.yaml", 3, 7), "a.yaml:3:7"),
        (Place("a.yaml", 3), "a.yaml:3"),
        (Place("a.yaml"), "a.yaml"),
        (Place(None, 3, 7), "3:7"),
        (Place(), ""),
    ],
)
def test_place_names_what_is_known(place: Place, written: str) -> None:
    assert str(place) == written


def test_mistake_without_a_place_starts_with_its_message() -> None:
    assert str(Mistake("it is wrong", Place())) == "it is wrong"
    assert str(Mistake("it is wrong", Place("f", 1, 2))) == "f:1:2: it is wrong"


@pytest.mark.parametrize(
    ("text", "span", "lines"),
    [
        ("u + sinn(u)", (4, 8), ["    u + sinn(u)", "        ^^^^"]),
        ("ν*sinn(u)", (2, 6), ["    ν*sinn(u)", "      ^^^^"]),
        ("u_t\n + sinn(u)", (7, 11), ["     + sinn(u)", "       ^^^^"]),
        ("a\nbb\nccc", (2, 7), ["    bb", "    ^^"]),
        ("u +", (3, 3), ["    u +", "       ^"]),
        ("u", (9, 12), ["    u", "     ^"]),
        ("whole text", None, ["    whole text"]),
    ],
)
def test_carets_stand_under_the_characters(text: str, span: tuple[int, int] | None, lines: list[str]) -> None:
    assert str(Mistake("message", text=text, span=span)).split("\n")[1:] == lines


@pytest.mark.parametrize("at", [0, 79, 80, 81, 500, 995])
def test_a_long_line_is_cut_around_the_carets(at: int) -> None:
    text = "-" * at + "X" + "-" * (1000 - at)
    quoted, carets = str(Mistake("message", text=text, span=(at, at + 1))).split("\n")[1:]
    assert len(quoted) < 180
    assert quoted[carets.index("^")] == "X"
    assert carets.count("^") == 1


def test_carets_never_reach_beyond_the_line_that_is_shown() -> None:
    quoted, carets = str(Mistake("message", text="x" * 1000, span=(0, 1000))).split("\n")[1:]
    assert len(carets) <= len(quoted)


def test_the_hint_comes_last() -> None:
    assert str(Mistake("message", text="u", span=(0, 1), hint="Do this.")).endswith("^\n  Do this.")


def test_all_mistakes_are_reported_together() -> None:
    error = UserError(Mistake("first"), "second")
    assert str(error) == "first\nsecond"
    assert [m.message for m in error.mistakes] == ["first", "second"]


@pytest.mark.parametrize(
    ("given", "known", "guess"),
    [
        ("sinn", ["sin", "cos"], "sin"),
        ("uxx", ["u_x", "u_xx", "u_t"], "u_xx"),
        ("NU", ["nu", "x"], "nu"),
        ("zzz", ["sin", "cos"], None),
        ("sin", [], None),
    ],
)
def test_near_miss(given: str, known: list[str], guess: str | None) -> None:
    assert near_miss(given, known) == guess


@pytest.mark.parametrize(
    ("given", "known", "hint"),
    [
        ("sobl", ["sobol", "grid"], "Did you mean `sobol`? Known: grid, sobol."),
        ("zzz", ["sobol", "grid"], "Known: grid, sobol."),
        ("zzz", [], "Known: none."),
    ],
)
def test_unknown_lists_what_is_known(given: str, known: list[str], hint: str) -> None:
    assert unknown("sampler", given, known) == (f"unknown sampler `{given}`", hint)
