"""What the pages on Python and the README show is run: Python as it stands, commands as far as their arguments."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.core import TyperGroup

from pinnkit import cli
from pinnkit.listing import KINDS
from pinnkit.problem.load import load_problem
from pinnkit.shipped import config_path, problem_path
from pinnkit.verification import reference_for

STRICT = [sys.executable, "-W", os.environ.get("PINNKIT_TEST_WARNINGS", "error")]
"""Python that makes an error of what it would warn of, as these tests do themselves."""

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def run(script: str, folder: Path) -> str:
    done = subprocess.run(
        [*STRICT, "-c", script],
        capture_output=True,
        text=True,
        cwd=folder,
        env=ENVIRONMENT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("page", "count"), [("docs/python.md", 6), ("docs/extending.md", 5)])
def test_python_on_a_page_is_one_script_that_runs(page: str, count: int, tmp_path: Path) -> None:
    found = blocks(page, "python")
    assert len(found) >= count
    assert run("\n".join(found), tmp_path) == ""


def test_python_in_the_readme_runs(tmp_path: Path) -> None:
    (script,) = blocks("README.md", "python")
    quick = script.replace('"phases.0.seconds=5"', '"phases.0.steps=40", "threads=1"')
    assert quick != script
    error, derivative = run(quick, tmp_path).split(maxsplit=1)
    assert float(error) < 1e-4
    reference = reference_for(load_problem("burgers").with_parameters(nu=0.1))
    assert reference is not None
    right, left = reference.values(np.array([[1e-4, 0.5], [-1e-4, 0.5]]))[:, 0]
    assert float(derivative.strip(" []\n")) == pytest.approx((right - left) / 2e-4, rel=1e-3)


def test_the_plugin_of_the_page_is_one(tmp_path: Path) -> None:
    (source,) = [block for block in blocks("docs/extending.md", "python") if "def register" in block]
    (tmp_path / "corner.py").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [*STRICT, "-m", "pinnkit", "list", "samplers", "--plugin", "corner.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        timeout=120,
    )
    assert "corner: Points that crowd near the lower corner" in done.stdout
    assert "count = 1000, power = 2.0" in done.stdout


def commands(page: str) -> list[list[str]]:
    """Every `pinnkit` command of a page, split into arguments."""
    lines = "\n".join(blocks(page, "console")).splitlines()
    split = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines if "pinnkit " in line]
    return [words[1:] for words in split if words and words[0].rpartition("/")[2] == "pinnkit"]


COMMANDS = [(page, command) for page in ("README.md", "docs/extending.md") for command in commands(page)]


def test_commands_are_found() -> None:
    assert len(COMMANDS) >= 6
    assert {command[0] for _, command in COMMANDS} >= {"solve", "check", "predict", "list", "schema"}


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[" ".join(command) for _, command in COMMANDS])
def test_a_command_has_the_arguments_that_it_needs(page: str, command: list[str]) -> None:
    arguments = command[: command.index(">")] if ">" in command else command
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    given = group.commands[arguments[0]].make_context(arguments[0], arguments[1:]).params
    if "problem" in given:
        assert problem_path(given["problem"]).is_file()
    if given.get("config"):
        assert config_path(given["config"]).is_file()
    if arguments[0] == "list":
        assert given["kind"] in KINDS
