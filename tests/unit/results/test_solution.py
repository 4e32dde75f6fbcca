"""Trained fields that are called, differentiated, scored, drawn, saved and loaded."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation import trial as module
from pinnkit.networks import MLP, Fourier
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.fields import ScatteredFields
from pinnkit.results.solution import Solution
from pinnkit.solving import solve

QUICK = Config(
    network=MLP(width=6, depth=2),
    points=Sobol(count=32),
    condition_points=Sobol(count=8),
    phases=(LevenbergMarquardt(steps=3),),
    device="cpu",
    threads=1,
    chunk=1000,
    test_points=64,
)


def coupled(**more: Any) -> Problem:
    """Two fields, one of them odd in x, the other with conditions of its own."""
    return define(
        name="coupled",
        coordinates={"x": [-1, 1], "t": [0, 0.5]},
        time="t",
        fields=["u", "v"],
        symmetry={"u": "odd in x"},
        equations={"heat": "u_t = 0.1*u_xx", "slope": "v_t = u_x - v"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = -1", "x = 1"], "equation": "u = 0"},
            "rest": {"on": "t = 0", "equation": "v = 1"},
        },
        **more,
    )


@pytest.fixture(scope="module")
def solved() -> Solution:
    return solve(coupled(), QUICK)


def points(count: int = 40) -> np.ndarray:
    unit = np.random.default_rng(2).random((count, 2))
    return np.array([-0.9, 0.05]) + unit * np.array([1.8, 0.4])


def test_fields_at_points(solved: Solution) -> None:
    values = solved(points())
    assert values.shape == (40, 2)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(solved(points().tolist()), values)
    assert solved(np.empty((0, 2))).shape == (0, 2)
    at_start = np.column_stack([np.linspace(-1, 1, 9), np.zeros(9)])
    np.testing.assert_allclose(
        solved(at_start), np.column_stack([np.sin(np.pi * at_start[:, 0]), np.ones(9)]), atol=1e-14
    )
    mirrored = points() * [-1.0, 1.0]
    np.testing.assert_allclose(solved(mirrored)[:, 0], -values[:, 0], rtol=0, atol=1e-14)


def test_how_many_points_are_done_at_once_changes_nothing(solved: Solution, monkeypatch: pytest.MonkeyPatch) -> None:
    values, slopes = solved(points()), solved.derivative("u_xt", points())
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    np.testing.assert_allclose(solved(points()), values, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(solved.derivative("u_xt", points()), slopes, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("name", "column", "along"), [("u_x", 0, 0), ("u_t", 0, 1), ("v_x", 1, 0), ("v_t", 1, 1)])
def test_first_derivatives_are_quotients_of_differences(solved: Solution, name: str, column: int, along: int) -> None:
    step = np.zeros(2)
    step[along] = 1e-5
    quotient = (solved(points() + step) - solved(points() - step))[:, column] / 2e-5
    np.testing.assert_allclose(solved.derivative(name, points()), quotient, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "of", "along"), [("u_xx", "u_x", 0), ("u_xt", "u_x", 1), ("v_tt", "v_t", 1), ("u_xxt", "u_xx", 1)]
)
def test_higher_derivatives_are_those_of_lower_ones(solved: Solution, name: str, of: str, along: int) -> None:
    step = np.zeros(2)
    step[along] = 1e-5
    quotient = (solved.derivative(of, points() + step) - solved.derivative(of, points() - step)) / 2e-5
    np.testing.assert_allclose(solved.derivative(name, points()), quotient, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("name", ["w_x", "u_y", "x", "", "u x"])
def test_what_is_no_derivative_is_refused(solved: Solution, name: str) -> None:
    with pytest.raises(UserError, match=f"unknown derivative `{name}`"):
        solved.derivative(name, points())


@pytest.mark.parametrize("given", [[0.1, 0.2], [[0.1]], [[0.1, 0.2, 0.3]], 0.5])
def test_points_of_another_shape_are_refused(solved: Solution, given: Any) -> None:
    with pytest.raises(UserError, match=r"they need \(n, 2\): x, t"):
        solved(given)


def test_errors_are_those_against_the_reference(solved: Solution) -> None:
    assert solved.errors() == {}
    assert solved.reference() is None
    exact = {"u": "exp(-0.1*pi**2*t)*sin(pi*x)", "v": "1 + 0*x"}
    known = Solution.of(replace(solved.run, problem=coupled(reference={"exact": exact})), solved.theta)
    errors = known.errors()
    assert set(errors) == {"u", "v"}
    reference = known.reference()
    assert reference is not None
    dense = np.random.default_rng(0).random((20000, 2)) * [2.0, 0.5] + [-1.0, 0.0]
    gap = known(dense) - reference.values(dense)
    for column, name in enumerate(("u", "v")):
        rms = np.sqrt(np.mean(gap[:, column] ** 2) / np.mean(reference.values(dense)[:, column] ** 2))
        assert errors[name]["relative_l2"] == pytest.approx(rms, rel=0.05)
        assert errors[name]["max_abs"] == pytest.approx(np.max(np.abs(gap[:, column])), rel=0.05)


def test_pictures_are_drawn(solved: Solution, tmp_path: Path) -> None:
    pictures = solved.plot(tmp_path / "new" / "folder")
    assert pictures
    drawn = list((tmp_path / "new" / "folder").glob("*.png"))
    assert drawn
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)


def test_it_is_saved_and_loaded_to_the_last_digit(solved: Solution, tmp_path: Path) -> None:
    assert solved.save(tmp_path / "kept") == tmp_path / "kept"
    again = Solution.load(str(tmp_path / "kept"))
    assert again.problem == solved.problem
    assert torch.equal(again.theta, solved.theta)
    np.testing.assert_array_equal(again(points()), solved(points()))
    np.testing.assert_array_equal(again.derivative("v_xt", points()), solved.derivative("v_xt", points()))
    assert again.result == solved.result
    assert [r["loss"] for r in again.history] == [r["loss"] for r in solved.history]
    again.save(tmp_path / "kept")
    assert len(Solution.load(tmp_path / "kept").history) == len(solved.history)


@pytest.mark.parametrize(
    "changed",
    [
        replace(QUICK, precision="float32", phases=(Adam(steps=2),)),
        replace(QUICK, embedding=Fourier(count=5), phases=(Adam(steps=2),), seed=4),
        replace(QUICK, hard="none", derivatives="autograd", phases=(Adam(steps=2),)),
        replace(QUICK, network=MLP(width=4, depth=1, activation="sin"), phases=(Adam(steps=0),)),
    ],
    ids=["float32", "fourier", "soft", "untrained"],
)
def test_every_config_is_saved_and_loaded(changed: Config, tmp_path: Path, device: str) -> None:
    made = solve(coupled(), replace(changed, device=device))
    made.save(tmp_path)
    again = Solution.load(tmp_path)
    if device == "cpu" and again.theta.device.type == "cpu":
        np.testing.assert_array_equal(again(points()), made(points()))
    np.testing.assert_allclose(again(points()), made(points()), rtol=1e-5, atol=1e-5)


def test_a_problem_with_a_python_function_is_loaded_but_not_trained(tmp_path: Path) -> None:
    def growth(u_t: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        return u_t - u

    problem = define(
        name="growth",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u"],
        equations=[growth],
        conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
    )
    made = solve(problem, QUICK)
    made.save(tmp_path)
    again = Solution.load(tmp_path)
    t = np.linspace(0, 1, 5)[:, None]
    np.testing.assert_array_equal(again(t), made(t))
    with pytest.raises(UserError, match="`growth` is a Python function"):
        solve(again.problem, QUICK)


class Harmful:
    """Would run code where pickles are trusted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_what_cannot_be_loaded_is_told(solved: Solution, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        Solution.load(tmp_path / "absent")
    folder = solved.save(tmp_path / "run")
    file = folder / "checkpoint" / "parameters.pt"
    kept = file.read_bytes()

    def refused() -> str:
        with pytest.raises(UserError) as error:
            Solution.load(folder)
        return str(error.value)

    file.unlink()
    assert "holds no parameters yet" in refused()
    file.write_bytes(kept[:200])
    assert "cannot be read as parameters" in refused()
    file.write_bytes(pickle.dumps(Harmful(tmp_path / "touched")))
    assert "cannot be read as parameters" in refused()
    assert not (tmp_path / "touched").exists()
    for none in ([1, 2], {"theta": solved.theta}, {"windows": solved.theta}, {"windows": [[]]}):
        torch.save(none, file)
        assert "does not hold the parameters of a run" in refused()
    for state in ({"theta": solved.theta[1:], "features": {}}, {"features": {}}):
        torch.save({"windows": [state]}, file)
        assert f"does not hold the {len(solved.theta)} parameters" in refused()
    for trained in ({}, {"stops": [{"reason": "none"}], "steps": 1, "seconds": 1.0}, [1]):
        torch.save({"windows": [{"theta": solved.theta, "features": {}, "trained": trained}]}, file)
        assert "does not say how the run's phases ended" in refused()
    for state in ({"theta": solved.theta}, {"theta": solved.theta, "features": {"waves": torch.ones(2)}}):
        torch.save({"windows": [state]}, file)
        assert "does not hold the fixed numbers of this run's embedding" in refused()


def test_where_nothing_can_be_written_is_told(solved: Solution, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for attempt in (solved.save, solved.plot):
        with pytest.raises(UserError, match="cannot write"):
            attempt(tmp_path / "file" / "run")


def test_five_coordinates_are_points_and_a_grid_through_the_middle() -> None:
    names = ("v", "w", "x", "y", "z")
    sum_of_squares = " + ".join(f"{name}**2" for name in names)
    problem = define(
        name="five",
        coordinates={name: [0, k + 1] for k, name in enumerate(names)},
        fields=["u"],
        equations={"poisson": "laplace(u) = 10"},
        conditions={"walls": {"on": "boundary", "equation": f"u = {sum_of_squares}"}},
    )
    solution = solve(problem, QUICK)
    found = solution.sampled()
    assert isinstance(found, ScatteredFields)
    assert found.middle is not None
    assert found.middle.names == ("v", "w", "x")
    assert found.middle.fixed == {"y": 2.0, "z": 2.5}
    there = solution([[0.5, 2.0, 0.75, 2.0, 2.5]])[0, 0]
    assert found.middle.predicted["u"][32, 64, 16] == pytest.approx(there, rel=1e-12)
