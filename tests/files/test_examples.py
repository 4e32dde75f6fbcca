"""Every example script runs as a person would run it, and ends in one number that is as small as it should be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))

# Steps that take a second, and the number that they reach at worst.
REACHED = {
    "from_file": (20, 1e-4),
    "from_function": (60, 1e-4),
    "from_mesh": (40, 1e-3),
    "from_sympy": (60, 1e-4),
    "inverse": (60, 1.0),
    "on_a_shape": (60, 1e-3),
    "sweep": (40, 1e-4),
    "windows": (40, 1e-5),
}


def test_every_example_has_its_number() -> None:
    assert {path.stem for path in EXAMPLES} == set(REACHED)


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_is_short_and_right(path: Path, tmp_path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 50
    steps, bound = REACHED[path.stem]
    done = subprocess.run(
        [sys.executable, "-W", os.environ.get("PINNKIT_TEST_WARNINGS", "error"), str(path), "--steps", str(steps)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert 0 < float(line) < bound
