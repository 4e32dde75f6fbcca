"""A problem drawn before it is trained.

Satisfied, for a box with time, a rod, a shape in the plane and one in space: the page needs no other file and has the
equations, the conditions with what became of them, and every picture; normals that are drawn point out of the domain;
nothing is trained. A problem that is not sound is refused as `check` refuses it.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pinnkit
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.points import Sobol, Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.figures import domain as pictures
from pinnkit.results.figures.domain import Held
from pinnkit.showing import show

CONFIG = Config(network=MLP(4, 1), points=Uniform(50), condition_points=Sobol(10))


def problem(**keys: Any) -> Problem:
    given: dict[str, Any] = {
        "name": "p",
        "title": "a <thing>",
        "fields": ["u"],
        "equations": {"poisson": "laplace(u) = 1"},
        "conditions": {"walls": {"on": "boundary", "equation": "u = x^2"}},
        "accept": ["corner_jump"],
    }
    return define(**{**given, **keys})


PROBLEMS = {
    "rod": problem(coordinates={"x": [0, 1]}),
    "heat": problem(
        coordinates={"x": [0, 1], "t": [0, 1]},
        time="t",
        equations={"poisson": "u_t = u_xx"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = x"},
            "ends": {"on": "boundary", "equation": "u = x"},
        },
    ),
    "plate": problem(
        coordinates={"x": [-1, 1], "y": [-1, 1]},
        shapes={
            "square": {"name": "box", "lower": [-1, -1], "upper": [1, 1]},
            "hole": {"name": "ball", "center": [0, 0], "radius": 0.5},
        },
        domain="square - hole",
        conditions={
            "walls": {"on": "square", "equation": "u = x*y"},
            "hole": {"on": "hole", "equation": "dn(u) = 0"},
        },
    ),
    "solid": problem(
        coordinates={"x": [-1, 1], "y": [-1, 1], "z": [-1, 1]},
        shapes={"pipe": {"name": "cylinder", "base": [0, 0, -1], "axis": [0, 0, 2], "radius": 0.5}},
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_one_page_has_it_all(name: str, tmp_path: Path) -> None:
    given = PROBLEMS[name]
    page = show(given, CONFIG, tmp_path / "drawn").read_text("utf-8")
    assert "a &lt;thing&gt;" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert page.count("<figure>") == len(list((tmp_path / "drawn").glob("*.png"))) >= 2
    assert "Equations" in page
    assert "poisson" in page
    for condition in given.conditions:
        assert condition.name in page
    assert ("soft" in page) or ("exact" in page)
    assert not (tmp_path / "drawn" / "checkpoint").exists()


@pytest.mark.parametrize("name", PROBLEMS)
def test_normals_point_out_of_the_domain(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Held] = {}
    draw = pictures.draw_domain

    def noted(path: Path, names: Any, mesh: Any, held: dict[str, Held], note: str) -> Any:
        drawn.update(held)
        return draw(path, names, mesh, held, note)

    monkeypatch.setattr("pinnkit.showing.draw_domain", noted)
    given = PROBLEMS[name]
    show(given, CONFIG, tmp_path)
    for own in drawn.values():
        np.testing.assert_allclose(np.linalg.norm(own.normals, axis=1), 1, rtol=1e-9)
        ahead = own.points + 1e-3 * own.normals
        if given.body is not None:
            assert np.mean(given.body.shape.inside(ahead)) < 0.02
        else:
            assert np.all(((ahead < 0) | (ahead > 1)).any(axis=1))


def test_a_problem_that_is_not_sound(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no condition on"):
        show(problem(coordinates={"x": [0, 1]}, conditions={}), CONFIG, tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(UserError, match="file"):
        show(PROBLEMS["rod"], CONFIG, tmp_path / "file" / "drawn")


@pytest.mark.parametrize(
    "name",
    ["two_material_heat", "finite_well", "schroedinger_soliton", "burgers_family", "lane_emden", "inviscid_burgers"],
)
def test_shipped_problems_of_every_kind_are_drawn(name: str, tmp_path: Path) -> None:
    """Regions, eigenstates, complex fields, families, half-lines, fields that move."""
    given = pinnkit.load_problem(name)
    page = show(given, pinnkit.load_config(given.config, ["points.count=60"]), tmp_path)
    assert page.stat().st_size > 20_000
