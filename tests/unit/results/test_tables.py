"""Tables as files: the numbers are those of the fields, outside of the domain there are none."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from pinnkit.problem.define import define
from pinnkit.results.figures.tables import draw_table
from pinnkit.results.tables import tabulated, write_csv
from pinnkit.verification import reference_for

RING: dict[str, Any] = {
    "name": "ring",
    "coordinates": {"x": [0, 1], "y": [0, 1]},
    "fields": ["u"],
    "shapes": {
        "square": {"name": "box", "lower": [0, 0], "upper": [1, 1]},
        "hole": {"name": "ball", "center": [0.5, 0.5], "radius": 0.25},
    },
    "domain": "square - hole",
    "equations": ["laplace(u) = 0"],
    "conditions": {"all": {"on": "boundary", "equation": "u = x*y"}},
    "reference": {"exact": {"u": "x*y"}},
    "tables": {
        "middle": {"of": ["u", "u + x"], "on": {"x": [0, 1], "y": 0.5}, "points": 9},
        "diagonal": {"of": "x - y", "on": {"x": [0, 0.3], "y": [0, 0.4]}, "points": 3},
    },
}


def fields(text: str, points: np.ndarray) -> np.ndarray:
    x, y = points.T
    return {"u": x * y, "u + x": x * y + x, "x - y": x - y}[text]


def test_cells_are_those_of_the_fields_and_empty_in_the_hole(tmp_path: Path) -> None:
    problem = define(**RING)
    found = tabulated(problem.tables[0], problem, fields, reference_for(problem))
    assert found.along[0] == "x"
    write_csv(tmp_path / "middle.csv", found)
    with (tmp_path / "middle.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["x", "y", "u", "u + x", "u (reference)"]
    assert [float(row["x"]) for row in rows if row["u"] == ""] == [0.375, 0.5, 0.625]
    for row in rows:
        if row["u"]:
            assert float(row["u"]) == float(row["u (reference)"]) == 0.5 * float(row["x"])
            assert float(row["u + x"]) == 1.5 * float(row["x"])


def test_a_slanted_line_is_drawn_over_its_length(tmp_path: Path) -> None:
    problem = define(**RING)
    found = tabulated(problem.tables[1], problem, fields, None)
    across, along = found.along
    assert across == "distance along x, y"
    np.testing.assert_allclose(along, [0, 0.25, 0.5])
    assert found.reference == {}
    picture = draw_table(tmp_path / "diagonal.png", found)
    assert picture.path.read_bytes()[:4] == b"\x89PNG"
    assert picture.caption == "Table `diagonal`: x from 0 to 0.3, y from 0 to 0.4."
