"""A family of problems that is solved at once.

Satisfied: every member is the answer of the problem with that parameter; references are made for each value by
itself; a slice is the whole at fixed parameters; pictures and files tell members apart.
"""

from pathlib import Path

import numpy as np
import pytest

from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.prediction import predict_csv
from pinnkit.results.solution import Solution
from pinnkit.solving import solve
from pinnkit.verification import reference_for
from pinnkit.verification import test_grid as grid_of  # not a test
from pinnkit.verification.members import MOST


def decay(**more: object) -> Problem:
    return define(
        name="decay",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u"],
        parameters={"k": {"range": [0.5, 2]}},
        equations=["u_t = -k*u"],
        conditions={"start": {"on": "t = 0", "equation": "u = 1 + k"}},
        **{"reference": {"exact": {"u": "(1 + k)*exp(-k*t)"}}, **more},
    )


def config() -> Config:
    return Config(
        network=MLP(width=10, depth=2),
        points=Sobol(count=200),
        phases=(LevenbergMarquardt(steps=80),),
        device="cpu",
        threads=1,
        test_points=50,
    )


@pytest.fixture(scope="module")
def solved() -> Solution:
    return solve(decay(), config())


def test_all_members_at_once(solved: Solution) -> None:
    assert solved.errors()["u"]["relative_l2"] < 1e-5
    for k in (0.5, 0.8, 2.0):
        t = np.linspace(0, 1, 7)[:, None]
        np.testing.assert_allclose(solved.at(k=k)(t)[:, 0], (1 + k) * np.exp(-k * t[:, 0]), rtol=1e-4)
        np.testing.assert_allclose(solved.at(k=k).derivative("u_t", t), -k * solved.at(k=k)(t)[:, 0], rtol=1e-3)
    assert solved.at(k=0.8).problem.values == {"k": 0.8}


def test_a_slice_needs_a_value_in_the_range(solved: Solution) -> None:
    with pytest.raises(UserError, match="lies outside the range"):
        solved.at(k=3.0)
    with pytest.raises(UserError, match="unknown parameter with a range `t`"):
        solved.at(t=0.5)
    with pytest.raises(UserError, match=r"they need \(n, 1\): t"):
        solved.at(k=1.0)(np.zeros((2, 2)))


def test_a_member_can_be_solved_alone() -> None:
    alone = solve(decay().with_parameters(k=1.0), config())
    assert alone.problem.scope.coordinates == ("t",)
    assert alone.errors()["u"]["relative_l2"] < 1e-7


def test_references_are_made_for_every_member() -> None:
    problem = decay(reference={"method": "dop853"})
    reference = reference_for(problem)
    assert reference is not None
    assert "for every value of `k`" in reference.method
    _, points = grid_of(problem)
    assert len(np.unique(points[:, 1])) == 5
    shuffled = np.random.default_rng(0).permutation(points)[:500]
    truth = (1 + shuffled[:, 1]) * np.exp(-shuffled[:, 1] * shuffled[:, 0])
    np.testing.assert_allclose(reference.values(shuffled)[:, 0], truth, rtol=1e-9)
    many = np.stack([np.full(MOST, 0.5), np.linspace(0.6, 0.7, MOST)], axis=1)
    with pytest.raises(UserError, match="members at most"):
        reference.values(many)


def test_pictures_and_files_are_of_members(solved: Solution, tmp_path: Path) -> None:
    grid = solved.sampled(solved.reference())
    pictures = solved.plot(tmp_path)
    assert [p.path.parent.name for p in pictures] == ["member_1", "member_2", "member_3"]
    assert [p.caption.rsplit(", at ", 1)[1] for p in pictures] == ["k = 0.5.", "k = 1.25.", "k = 2."]
    assert len({p.path.read_bytes() for p in pictures}) == 3
    assert grid.arrays()["u"].shape == (1001, 3)


def test_prediction_at_one_value(solved: Solution, tmp_path: Path) -> None:
    run = solved.save(tmp_path / "run")
    at = tmp_path / "at.csv"
    at.write_text("t\n0.25\n1\n")
    fixed = predict_csv(run, at, tmp_path / "fixed.csv", {"k": 0.75}).read_text()
    at.write_text("k,t\n0.75,0.25\n0.75,1\n")
    assert predict_csv(run, at, tmp_path / "column.csv").read_text() == fixed
    assert fixed.splitlines()[0] == "t,k,u"
    at.write_text("t\n0.25\n")
    with pytest.raises(UserError, match="no column `k`"):
        predict_csv(run, at, tmp_path / "missing.csv")
