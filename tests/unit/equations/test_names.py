"""Which names may be declared, and what an unknown one was meant to be."""

import pytest

from pinnkit.equations import Scope, check_name
from pinnkit.equations.functions import CONSTANTS, FUNCTIONS, OPERATORS
from pinnkit.equations.names import RESERVED, unknown_function, unknown_name
from pinnkit.errors import Place


@pytest.mark.parametrize(
    "name", ["u", "nu", "lambda_", "beta", "E", "S", "N", "I", "gamma", "ν", "u1", "k_max", "match"]
)
def test_these_may_be_declared(name: str) -> None:
    assert check_name(name, "parameter") is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("lambda", "a word of Python"),
        ("None", "a word of Python"),
        ("sin", "a function in every expression"),
        ("where", "a function in every expression"),
        ("d", "an operator in every expression"),
        ("dn", "an operator in every expression"),
        ("pi", "a constant in every expression"),
        ("2u", "cannot name a field"),
        ("u-x", "cannot name a field"),
        ("", "cannot name a field"),
        ("_u", "cannot name a field"),
        ("__import__", "cannot name a field"),
        ("u x", "cannot name a field"),
        ("µ", "has characters with a second form"),
        ("x" * 65, "cannot name a field"),
    ],
)
def test_these_may_not(name: str, reason: str) -> None:
    mistake = check_name(name, "field", Place("f.yaml", 4))
    assert mistake is not None
    assert reason in mistake.message
    assert str(mistake).startswith("f.yaml:4: ")
    assert mistake.hint


def test_reserved_is_every_word_of_the_language_but_special_functions() -> None:
    special = {name for name, row in FUNCTIONS.items() if row.special}
    assert (set(FUNCTIONS) | set(OPERATORS) | set(CONSTANTS)) - special == RESERVED


def test_an_unknown_name_lists_what_is_declared() -> None:
    message, hint = unknown_name("vv", Scope(("x",), ("u",), ("nu",)))
    assert (message, hint) == ("unknown name `vv`", "Declared: u, x, nu.")
    assert "No name is declared" in unknown_name("vv", Scope((), ()))[1]


def test_a_misspelt_field_that_is_called_is_found() -> None:
    assert "Did you mean `velocity`?" in unknown_function("velocty", Scope(("x",), ("velocity",)), special=False)[1]
