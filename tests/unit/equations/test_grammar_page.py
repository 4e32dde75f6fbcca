"""The grammar page: every example on it is true, and every function of the table is on it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinnkit.equations import Scope, parse_equation
from pinnkit.equations.complexes import OF_COMPLEX
from pinnkit.equations.functions import CONSTANTS, FUNCTIONS, OPERATORS
from pinnkit.equations.source import LONGEST, MOST_TOKENS
from pinnkit.errors import UserError

PAGE = (Path(__file__).parents[3] / "docs" / "grammar.md").read_text(encoding="utf-8")
SCOPE = Scope(("x", "y", "t", "theta"), ("u", "v"), ("nu", "k"), time="t")
COMPLEX = Scope(("x", "y", "t", "theta"), ("h_re", "h_im", "v"), ("nu", "k"), time="t", complex=("h",))


def examples() -> Iterator[tuple[str, str]]:
    """Every example with the mark of its block (`exact`, `refused` or none); indented lines go on with the last."""
    for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL):
        mark = ""
        for text in re.split(r"\n(?! )", block.rstrip("\n")):
            if text.startswith("# "):
                mark = text[2:]
            else:
                yield mark, text


EXAMPLES = list(examples())


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 50
    assert {mark for mark, _ in EXAMPLES} == {"", "exact", "refused", "complex"}


@pytest.mark.parametrize(("mark", "text"), EXAMPLES, ids=[text for _, text in EXAMPLES])
def test_the_example_is_true(mark: str, text: str) -> None:
    if mark == "refused":
        with pytest.raises(UserError):
            parse_equation(text, SCOPE, special=True, allow_normal=True)
    else:
        whole = {
            "allow_normal": "dn" in text or "normal(" in text,
            "allow_integral": text.startswith("integral"),
            "allow_jump": "jump" in text,
        }
        parse_equation(text, COMPLEX if mark == "complex" else SCOPE, special=mark == "exact", **whole)


@pytest.mark.parametrize("name", [*FUNCTIONS, *OPERATORS, *CONSTANTS])
def test_every_word_of_the_language_is_on_the_page(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE)


@pytest.mark.parametrize("name", OF_COMPLEX)
def test_every_function_of_a_complex_number_is_on_the_page(name: str) -> None:
    assert f"`{name}(h)`" in PAGE


def test_the_limits_are_those_of_the_program() -> None:
    assert f"{LONGEST:,} characters, {MOST_TOKENS:,} numbers" in PAGE
