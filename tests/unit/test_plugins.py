"""A plugin is run once, visibly, by its path; what is wrong with it is the user's to read."""

import hashlib
import sys
from pathlib import Path

import pytest

from pinnkit.errors import UserError
from pinnkit.plugins import load_plugin

GOOD = """
from __future__ import annotations

from dataclasses import dataclass

CALLS = []

@dataclass(frozen=True)
class Corner:
    count: int = 3

def register() -> None:
    CALLS.append(Corner())
"""


def test_register_is_called_once_and_the_content_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "corner_once.py"
    path.write_text(GOOD)
    plugin = load_plugin(path)
    module = sys.modules["pinnkit_plugin_corner_once"]
    assert len(module.CALLS) == 1
    assert plugin.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(path) in str(plugin)
    assert plugin.sha256[:12] in str(plugin)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.py", "x = 1\n", "has no function `register()`\n  A plugin is a Python file"),
        ("a.py", "register = 3\n", "has no function `register()`"),
        ("a.py", "x = (\n", "a.py:1: plugin `"),
        ("a.py", "\n\n1 / 0\n", "a.py:3: plugin `"),
        ("a.py", "import nothing_of_that_name\n", "No module named 'nothing_of_that_name'"),
        ("a.py", "raise SystemExit(3)\n", "failed: SystemExit: 3"),
        ("a.py", "def register():\n    raise RuntimeError('no')\n", "a.py:2: `register()` of plugin `"),
        ("a.py", "from pinnkit.errors import UserError\ndef register():\n    raise UserError('taken')\n", "`: taken"),
        ("a.txt", GOOD, "is not a Python file (`.py`)"),
    ],
)
def test_a_plugin_that_fails_is_the_users_mistake(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_plugin(path)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", ["absent.py", "."])
def test_a_plugin_that_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be read: "):
        load_plugin(tmp_path / name)
