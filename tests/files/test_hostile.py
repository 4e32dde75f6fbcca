"""Files that nobody would write do nothing: a short run of the command whose long one is in docs/results/hostile.md.

Of every reader some hundred mutated files are read or refused with a sentence, in time, and nothing else happens. And
cases that once did more than that.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pinnkit.errors import UserError
from pinnkit.problem.foreign_shapes import from_geojson
from pinnkit.results.checkpoint import load_entry, save_entry
from pinnkit.results.folder import RunFolder
from pinnkit.shapes.cells import of_volume
from pinnkit.stored import doubted

FUZZ = Path(__file__).parents[1] / "benchmarks" / "fuzz.py"
_CASES = 150


def test_hostile_files_do_nothing(tmp_path: Path) -> None:
    words = ["--cases", str(_CASES), "--processes", "1", "--seed", "1", "--keep", str(tmp_path)]
    done = subprocess.run([sys.executable, str(FUZZ), *words], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    rows = [re.split(r" *\| *", line)[1:-1] for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) > 10
    bad = {name: failures for name, _, _, _, *failures, _ in rows[2:] if failures != ["0", "0", "0"]}
    kept = [path.read_text("utf-8") for path in tmp_path.rglob("*.txt")]
    assert bad == {}, kept
    assert all(row[1] == str(_CASES) for row in rows[2:])
    assert sum(int(row[2]) for row in rows[2:]) > _CASES  # read
    assert sum(int(row[3]) for row in rows[2:]) > _CASES  # refused


@pytest.mark.parametrize("rest", ["", ', "coordinates": 3', ', "coordinates": [[["a"]]]'])
def test_a_geometry_that_lacks_something(rest: str) -> None:
    with pytest.raises(UserError, match="is no GeoJSON"):
        from_geojson(json.loads(f'{{"type": "Polygon"{rest}}}'))


def test_a_closed_mesh_has_no_boundary() -> None:
    """Five tetrahedra over the facets of one in four dimensions, of which each facet has two."""
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.2, 0.2]])
    cells = np.array([[j for j in range(5) if j != k] for k in range(5)])
    with pytest.raises(UserError, match="the mesh has no boundary"):
        of_volume(points, cells, {})


@pytest.mark.parametrize("entry", [{}, {"window": "0", "over": [], "loop": {}, "steps": 1}, {"window": 0, "over": 1}])
def test_an_entry_of_other_kinds_is_none(entry: dict[str, object], tmp_path: Path) -> None:
    files = RunFolder(tmp_path)
    files.checkpoint.mkdir()
    save_entry(files, entry)
    known, told = load_entry(files)
    assert known is None
    assert "does not say where a run stood" in told[0]


def test_what_was_restored_is_at_fault_until_it_was_used() -> None:
    told = "does not say where this run stood(.|\n)*Remove `checkpoint/state.pt`"
    with pytest.raises(UserError, match=told), doubted(lambda: True):
        torch.zeros(3) @ torch.zeros(4)
    with pytest.raises(RuntimeError), doubted(lambda: False):
        torch.zeros(3) @ torch.zeros(4)
