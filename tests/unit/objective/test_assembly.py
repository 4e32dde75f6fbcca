"""Objectives drawn from a problem.

Satisfied: the loss of a term is the mean over the points, over all faces of a condition together; points drawn with a
density count its inverse; the same generator gives the same objective; exact conditions have no rows and no weight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives.layout import Layout
from pinnkit.errors import UserError
from pinnkit.geometry.box import Domain
from pinnkit.networks import MLP
from pinnkit.points import RAD, Points, Sampler, Uniform
from pinnkit.points.sampler import Residual
from pinnkit.problem.define import define


def run(weights: Mapping[str, float] | None = None, **options: Any) -> Run:
    heat = define(
        name="heat",
        coordinates={"x": [0, 2], "t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"heat": "u_t = u_xx", "bound": "u**2 = 1"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "ends": {"on": ["x = 0", "x = 2"], "equation": "u + dn(u) = t"},
        },
    )
    given = {"points": Uniform(30), "condition_points": Uniform(8), "chunk": 4096, "network": MLP(5, 2), **options}
    return build_run(heat, Config(weights=weights or {}, **given))


def test_exact_conditions_have_no_rows_and_no_weight() -> None:
    assert run().assembly.terms == ("heat", "bound", "ends")
    assert run(hard="none").assembly.terms == ("heat", "bound", "start", "ends")
    with pytest.raises(UserError, match=r"unknown term `start` in `weights`(.|\n)*built into the field"):
        run(weights={"start": 2.0})
    with pytest.raises(UserError, match=r"unknown term `hear` in `weights`\n  Did you mean `heat`"):
        run(weights={"hear": 2.0})


def test_the_loss_of_an_equation_is_its_mean_square() -> None:
    one = run()
    theta = Layout.start(one.trial.network)
    drawn = one.assembly.draw(theta, np.random.default_rng(5))
    same = np.random.default_rng(5)
    x = np.array([0.0, 0.0]) + same.random((30, 2)) * np.array([2.0, 1.0])
    residuals = one.assembly.residuals(x, theta)
    losses = drawn.evaluate(theta).losses
    for name in ("heat", "bound"):
        assert losses[name] == pytest.approx(float(np.mean(residuals[name] ** 2)), rel=1e-12)


def test_the_same_generator_gives_the_same_objective() -> None:
    one = run(points=RAD(30))
    theta = Layout.start(one.trial.network)
    first, again, other = (one.assembly.draw(theta, np.random.default_rng(s)).rows(theta) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@dataclass(frozen=True)
class Halves(Sampler):
    """Nine of ten points in the lower half of the first coordinate, with the density that this is."""

    count: int = 1000

    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        unit = generator.random((self.count, domain.dimension_of_unit))
        low = np.arange(self.count) < 0.9 * self.count
        unit[:, 0] = 0.5 * unit[:, 0] + np.where(low, 0.0, 0.5)
        return Points(domain.from_unit(unit), np.where(low, 1.8, 0.2))


def test_the_density_of_points_leaves_the_mean_alone() -> None:
    """A thousand crowded points against a hundred thousand even ones."""
    crowded, even = run(points=Halves(20000)), run(points=Uniform(20000))
    theta = Layout.start(even.trial.network)
    losses = [one.assembly.draw(theta, np.random.default_rng(0)).evaluate(theta).losses for one in (crowded, even)]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_adaptive_points_crowd_where_the_residual_is_large() -> None:
    one = run(points=RAD(200, k=4.0, c=0.0), weights={"heat": 1e-12})
    theta = Layout.start(one.trial.network)
    grown = one.assembly.draw(theta, np.random.default_rng(0))
    even = run(weights={"heat": 1e-12}).assembly.draw(theta, np.random.default_rng(0))
    means = []
    for objective, count in ((grown, 200), (even, 30)):
        x = torch.cat([chunk.prepared.points for chunk in objective.chunks[:1]])[:count].numpy()  # type: ignore[attr-defined]
        means.append(float(np.mean(np.abs(one.assembly.residuals(x, theta)["bound"]))))
    assert means[0] > means[1]


def test_violations_of_exact_and_soft_conditions() -> None:
    one = run()
    theta = Layout.start(one.trial.network)
    found = one.assembly.violations(np.random.default_rng(0), 50, theta)
    assert list(found) == ["start", "ends"]
    assert found["start"] <= 1e-13
    assert found["ends"] > 1e-3


def test_residuals_do_not_depend_on_how_they_are_cut() -> None:
    one = run()
    theta = Layout.start(one.trial.network)
    x = np.random.default_rng(0).random((9000, 2))
    whole = one.assembly.residuals(x, theta)
    part = one.assembly.residuals(x[4000:4100], theta)
    for name, values in part.items():
        np.testing.assert_allclose(values, whole[name][4000:4100], rtol=1e-12, atol=1e-13)


def test_traces_are_mean_squares_of_the_gradients() -> None:
    """Without weights, at the points that the same generator draws."""
    one = run(weights={"heat": 7.0, "ends": 3.0})
    theta = Layout.start(one.trial.network)
    found = one.assembly.traces(theta, np.random.default_rng(4))
    objective = one.assembly.draw(theta, np.random.default_rng(4))
    jacobian = objective.linearize(theta).jacobian
    assert jacobian is not None
    squares = jacobian.square().sum(1)
    ends = [0, 30, 60, 76]
    for term, start, stop in zip(objective.terms, ends[:-1], ends[1:], strict=True):
        assert found[term] == pytest.approx(float(squares[start:stop].sum()) / objective.weights[term], rel=1e-12)


def test_an_objective_knows_the_shapes_of_the_network(objective_of: Any) -> None:
    one = run()
    theta = Layout.start(one.trial.network)
    assert one.assembly.draw(theta, np.random.default_rng(0)).shapes == one.trial.layout.shapes
    assert objective_of(lambda at: at, theta).shapes == (theta.shape,)
