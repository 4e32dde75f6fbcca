"""Conditions built into the field, u = G + D N.

Satisfied for every box problem, whatever the network: the field takes all prescribed values and rates to 1e-12 on
their faces; D vanishes there, as often as derivatives are fixed, is positive inside and at most 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.formulation.trial import Engine, Trial
from pinnkit.geometry import box_of, face_of
from pinnkit.networks import MLP
from pinnkit.objective.assembly import Assembly
from pinnkit.problem.define import define
from pinnkit.problem.problem import Condition, Problem

FLOAT64 = torch.float64


@dataclass(frozen=True)
class Case:
    """A box, one equation of the right order, and conditions made from one smooth field so that all corners agree."""

    coordinates: Mapping[str, tuple[float, float]]
    equation: str
    conditions: Mapping[str, tuple[list[str] | str, str]]
    time: str | None = None
    periodic: tuple[str, ...] = ()

    def problem(self) -> Problem:
        return define(
            name="box",
            coordinates={n: {"range": list(e), "periodic": n in self.periodic} for n, e in self.coordinates.items()},
            time=self.time,
            fields=["u"],
            parameters={"a": 1.5},
            equations={"equation": self.equation},
            conditions={n: {"on": on, "equation": equation} for n, (on, equation) in self.conditions.items()},
        )


CASES = {
    "two ends of a line": Case(
        {"x": (-0.5, 2.0)}, "u_xx = 1", {"left": ("x = -0.5", "u = 3*a"), "right": ("x = 2", "2*u = sin(a)")}
    ),
    "a first order start": Case({"t": (0.5, 2.0)}, "u_t = -u", {"start": ("t = 0.5", "u = exp(a)")}, "t"),
    "a second order start": Case(
        {"t": (1.0, 3.0)}, "u_tt = -u", {"place": ("t = 1", "u = a"), "rate": ("t = 1", "u_t = -2")}, "t"
    ),
    "a third order start without time": Case(
        {"x": (0.0, 1.0)},
        "u_xxx = u",
        {"place": ("x = 0", "u = a"), "rate": ("x = 0", "u_x = -2"), "bend": ("x = 0", "u_xx = 5")},
    ),
    "the end of a line": Case({"x": (0.0, 1.0)}, "u_x = u", {"end": ("x = 1", "u = 2")}),
    "a start and two walls": Case(
        {"x": (-1.0, 1.0), "t": (0.0, 2.0)},
        "u_t = u_xx",
        {"start": ("t = 0", "u = cos(a*x)"), "walls": (["x = -1", "x = 1"], "u = exp(-t)*cos(a)")},
        "t",
    ),
    "a start and one wall": Case(
        {"x": (0.0, 3.0), "t": (-1.0, 1.0)},
        "u_t + u_x = 0",
        {"start": ("t = -1", "u = sin(x + 1)"), "inflow": ("x = 0", "u = sin(-t)")},
        "t",
    ),
    "time before space": Case(
        {"t": (0.0, 2.0), "x": (-1.0, 1.0)},
        "u_t = u_xx",
        {"walls": ("boundary", "u = x + t"), "start": ("t = 0", "u = x + sin(pi*x)")},
        "t",
    ),
    "a start around a circle": Case(
        {"x": (0.0, 1.0), "t": (0.0, 1.0)},
        "u_t + u_x = 0",
        {"start": ("t = 0", "u = sin(2*pi*x)")},
        "t",
        ("x",),
    ),
    "a start with a rate, and walls": Case(
        {"x": (0.0, 1.0), "t": (0.0, 1.0)},
        "u_tt = u_xx",
        {
            "place": ("t = 0", "u = sin(pi*x) + 1"),
            "rate": ("t = 0", "u_t = sin(2*pi*x)"),
            "walls": ("boundary", "u = 1"),
        },
        "t",
    ),
    "four walls": Case(
        {"x": (-1.0, 2.0), "y": (0.0, 0.5)},
        "laplace(u) = 0",
        {
            "west": ("x = -1", "u = exp(-1)*cos(y) + y**2"),
            "east": ("x = 2", "u = exp(2)*cos(y) + y**2"),
            "south": ("y = 0", "u = exp(x)"),
            "north": ("y = 0.5", "u = exp(x)*cos(0.5) + 0.25"),
        },
    ),
    "five walls of six": Case(
        {"x": (0.0, 1.0), "y": (0.0, 1.0), "z": (-1.0, 1.0)},
        "laplace(u) = 0",
        {"walls": (["x = 0", "x = 1", "y = 0", "z = -1", "z = 1"], "u = x*y + sin(a*z)*(1 + x)")},
    ),
    "a cube": Case(
        {"x": (0.0, 1.0), "y": (-1.0, 1.0), "z": (0.0, 2.0)},
        "laplace(u) = 0",
        {"walls": ("boundary", "u = sin(x*y) + x*exp(-z) + y*z")},
    ),
    "a square in time": Case(
        {"x": (0.0, 1.0), "y": (0.0, 1.0), "t": (0.0, 1.0)},
        "u_t = laplace(u)",
        {"walls": ("boundary", "u = x*y + t"), "start": ("t = 0", "u = x*y + sin(pi*x)*sin(pi*y)")},
        "t",
    ),
}


def problem_of(name: str) -> Problem:
    return CASES[name].problem()


def built(
    problem: Problem, hard: Literal["auto", "all"] = "all", derivatives: Engine = "jet"
) -> tuple[Trial, Assembly]:
    run = build_run(problem, Config(network=MLP(6, 2), hard=hard, derivatives=derivatives, device="cpu"))
    return run.trial, run.assembly


def theta_of(trial: Trial, seed: int) -> Tensor:
    noise = torch.randn(trial.layout.size, generator=torch.Generator().manual_seed(seed), dtype=FLOAT64)
    return Layout.start(trial.network) + 3.0 * noise


def on_faces(condition: Condition, problem: Problem, count: int = 20) -> Tensor:
    generator = np.random.default_rng(0)
    domains = [face_of(problem, face) for face in condition.faces]
    points = [d.from_unit(generator.random((count, d.dimension_of_unit))) for d in domains]
    return torch.tensor(np.concatenate(points))


def evaluated(trial: Trial, points: Tensor, indices: IndexSet, theta: Tensor) -> Jet:
    parameters = trial.layout.split(theta)
    return trial.evaluate(trial.prepare(points, indices), lambda z: functional_call(trial.network, parameters, (z,)))


@pytest.mark.parametrize("derivatives", ["jet", "autograd"])
@pytest.mark.parametrize("name", CASES)
def test_every_condition_holds_whatever_the_network(name: str, derivatives: Engine) -> None:
    problem = problem_of(name)
    trial, assembly = built(problem, derivatives=derivatives)
    assert all(choice.exact for choice in trial.formulation.choices)
    assert trial.formulation.soft == ()
    for seed in (1, 2):
        found = assembly.violations(np.random.default_rng(seed), 40, theta_of(trial, seed))
        assert list(found) == list(CASES[name].conditions)
        assert max(found.values()) <= 1e-12


@pytest.mark.parametrize("name", CASES)
def test_the_network_is_free_inside(name: str) -> None:
    """D is positive at interior points and at most 1, so that no other condition is imposed by accident."""
    problem = problem_of(name)
    trial, _ = built(problem)
    box = box_of(problem)
    points = torch.tensor(box.from_unit(0.01 + 0.98 * np.random.default_rng(1).random((50, box.dimension))))
    prepared = trial.prepare(points, IndexSet.closure([], box.dimension))
    assert prepared.distance is not None
    assert float(prepared.distance.min()) > 0.0
    assert float(prepared.distance.max()) <= 1.0 + 1e-12


@pytest.mark.parametrize("name", CASES)
def test_the_distance_vanishes_with_what_is_fixed(name: str) -> None:
    problem = problem_of(name)
    trial, _ = built(problem)
    dimension = len(problem.coordinates)
    for condition in problem.conditions:
        points = on_faces(condition, problem)
        along = problem.index(condition.faces[0].coordinate)
        fixed = [c for c in problem.conditions if set(c.faces) & set(condition.faces)]
        orders = [tuple(n * (d == along) for d in range(dimension)) for n in range(len(fixed))]
        prepared = trial.prepare(points, IndexSet.closure(orders, dimension))
        assert prepared.distance is not None
        for order in orders:
            assert float(prepared.distance[prepared.indices.position[order]].abs().max()) <= 1e-15


@pytest.mark.parametrize("name", ["a start and two walls", "four walls", "a second order start"])
def test_derivatives_of_the_field_by_both_engines(name: str) -> None:
    problem = problem_of(name)
    dimension = len(problem.coordinates)
    indices = IndexSet.closure([tuple(2 * int(d == c) for d in range(dimension)) for c in range(dimension)], dimension)
    points = torch.tensor(box_of(problem).from_unit(np.random.default_rng(2).random((10, dimension))))
    fields = []
    engines: tuple[Engine, ...] = ("jet", "autograd")
    for derivatives in engines:
        trial, _ = built(problem, derivatives=derivatives)
        fields.append(evaluated(trial, points, indices, theta_of(trial, 3)).coefficients.detach())
    torch.testing.assert_close(fields[0], fields[1], rtol=0.0, atol=1e-12 * float(fields[1].abs().max()))


def test_without_exact_conditions_the_field_is_the_network() -> None:
    problem = problem_of("four walls")
    run = build_run(problem, Config(network=MLP(6, 2), hard="none", device="cpu"))
    prepared = run.trial.prepare(torch.zeros(1, 2, dtype=FLOAT64), IndexSet.closure([], 2))
    assert prepared.lift is None
    assert prepared.distance is None
    assert all(lift.trivial for lift in run.formulation.lifts)
