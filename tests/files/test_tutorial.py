"""The tutorial is followed from its first line to its last, in a folder of its own, and says what is seen there."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinnkit.shipped import problem_path

STRICT = [sys.executable, "-W", os.environ.get("PINNKIT_TEST_WARNINGS", "error")]
"""Python that makes an error of what it would warn of, as these tests do themselves."""

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
NUMBER = r"[-+]?\d[\d.]*(?:e[-+]?\d+)?"


def blocks() -> Iterator[tuple[str, str]]:
    """The language of every block with what stands behind it, and its text."""
    yield from re.findall(r"^```(.+?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that it is said to print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *lines = part.splitlines()
        yield command, lines


def pattern(lines: list[str]) -> str:
    """What matches the lines, whatever their numbers are; `...` is anything, on a line of its own or behind others."""
    text = re.escape("\n".join(lines))
    text = re.sub(r"(\d[\d.\\]*\d|\d)(e\\?-?\d+)?", lambda _: NUMBER, text)
    return text.replace("\\.\\.\\.\\\n", ".*").replace(r"\.\.\.", ".*")


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, encoding="utf-8")
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@pytest.mark.timeout(600)
def test_following_it_gives_what_it_says(tmp_path: Path) -> None:
    told = set()
    for kind, text in blocks():
        language, _, rest = kind.partition(" ")
        action, _, name = rest.partition("=")
        if language == "yaml":
            with (tmp_path / name).open("w" if action == "file" else "a", encoding="utf-8") as file:
                file.write(text)
        elif language == "console":
            for line, expected in commands(text):
                program, *arguments = shlex.split(line)
                assert program == "pinnkit"
                found = run([sys.executable, "-m", "pinnkit", *arguments], tmp_path)
                assert re.search(pattern(expected), found, re.DOTALL), (line, found)
                told.add(arguments[0])
        elif language == "python":
            assert run([*STRICT, "-c", text], tmp_path) == ""
        elif language == "text":
            wrong = (tmp_path / "fin.yaml").read_text(encoding="utf-8").replace("m**2*u", "m**2*w")
            (tmp_path / "wrong").mkdir()
            (tmp_path / "wrong" / "fin.yaml").write_text(wrong, encoding="utf-8")
            done = subprocess.run(
                [sys.executable, "-m", "pinnkit", "check", "fin.yaml"],
                cwd=tmp_path / "wrong",
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
            assert text.strip() in done.stdout + done.stderr
    assert told >= {"check", "solve", "show", "predict", "doctor"}
    for run_folder in ("fin", "known", "plate"):
        assert (tmp_path / "runs" / run_folder / "report.html").is_file()
    assert (tmp_path / "runs" / "plate" / "solution.vtu").is_file()


def test_numbers_do_not_matter_and_words_do() -> None:
    assert re.search(pattern(["error is 9e-11 in `u`, 0.001", "..."]), "error is 3.2e-9 in `u`, 0.5\nmore")
    assert not re.search(pattern(["fin: verified. 3"]), "fin: not verified. 3")


def test_the_gallery_shows_problems_that_are_shipped() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    shown = re.findall(r"`pinnkit solve (\w+)", page)
    assert len(shown) >= 10
    for name in shown:
        assert problem_path(name).is_file()
    for picture in re.findall(r"\]\((gallery/[\w.]+)\)", page):
        assert (ROOT / "docs" / picture).is_file()
