"""Integral conditions in the objective.

Satisfied: a row is the root of its weight times the exact integral of the trial fields, whatever is integrated, on
faces and with several rows too; the Jacobian agrees with finite differences, by both engines and in both precisions;
nodes are prepared once; the loss of a term is the mean square of its residual; what no window can know is refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import Run, build_run
from pinnkit.capacity import size_of
from pinnkit.config import Config, load_config
from pinnkit.errors import UserError
from pinnkit.formulation.conditions import formulate
from pinnkit.geometry import ClenshawCurtis, GaussLegendre
from pinnkit.networks import MLP
from pinnkit.objective.causal import Causal, CausalWeights, Chain
from pinnkit.objective.integrals import PreparedIntegrals
from pinnkit.objective.rows import GlobalRows
from pinnkit.optimizers import Adam
from pinnkit.points import Sobol, Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.windows import Windows

QUICK = Config(network=MLP(6, 2), points=Uniform(20), condition_points=Uniform(8), device="cpu", threads=1)

CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "norm": {"equation": "integral(u**2 + v**2) = 1"},
    "mean": {"equation": "integral(u, x) = k*sin(t)"},
    "flux": {"on": "x = 1", "equation": "integral(dn(u), t) = 2"},
    "around": {"on": ["x = -1", "x = 1"], "equation": "integral(dn(v) + u) = 0"},
    "ratio": {"equation": "integral(u_x**2)/integral(1 + u**2) = k"},
}


def pair(conditions: Mapping[str, Mapping[str, Any]] = CONDITIONS, **more: Any) -> Problem:
    return define(
        name="pair",
        coordinates={"x": {"range": [-1, 1], "breaks": [0.3]}, "t": [0, 2]},
        time="t",
        fields=["u", "v"],
        parameters={"k": 0.5},
        equations={"one": "u_t = v_xx", "two": "v_t = u_xx"},
        conditions={"start": {"on": "t = 0", "equation": "u = x"}, "other": {"on": "t = 0", "equation": "v = 0"}}
        | dict(conditions),
        **more,
    )


def run(problem: Problem, **options: Any) -> Run:
    return build_run(problem, replace(QUICK, **{"balance": False, **options}))


def integrals_of(one: Run, theta: torch.Tensor) -> dict[str, np.ndarray]:
    """The residuals of all conditions by sums over a fine grid of derivatives that `Trial.derivative` gives."""
    s, w = np.polynomial.legendre.leggauss(60)
    x, wx = s, w
    t, wt = s + 1, w

    def at(points: np.ndarray, field: int, orders: tuple[int, int] = (0, 0)) -> np.ndarray:
        return one.trial.derivative(points, orders, theta)[:, field]

    grid = np.stack([g.ravel() for g in np.meshgrid(x, t, indexing="ij")], axis=1)
    weights = np.outer(wx, wt).ravel()
    right, left = np.stack([np.ones(60), t], 1), np.stack([-np.ones(60), t], 1)
    nodes = one.config.quadrature.on(one.problem, ["x"], {}).points[:: 2 * 24, 1]
    rows = [np.stack([x, np.full(60, time)], 1) for time in nodes]
    return {
        "norm": np.array([weights @ (at(grid, 0) ** 2 + at(grid, 1) ** 2) - 1]),
        "mean": np.array([wx @ at(row, 0) - 0.5 * np.sin(row[0, 1]) for row in rows]),
        "flux": np.array([wt @ at(right, 0, (1, 0)) - 2]),
        "around": np.array([wt @ (at(right, 1, (1, 0)) + at(right, 0)) + wt @ (at(left, 0) - at(left, 1, (1, 0)))]),
        "ratio": np.array([weights @ at(grid, 0, (1, 0)) ** 2 / (weights @ (1 + at(grid, 0) ** 2)) - 0.5]),
    }


def test_rows_are_the_exact_integrals_of_the_fields() -> None:
    weights = {"norm": 3.0, "mean": 2.0}
    one = run(pair(), weights=weights)
    theta = one.trial.layout.start(one.trial.network)
    objective = one.assembly.draw(theta, np.random.default_rng(0))
    exact = integrals_of(one, theta)
    whole = {block.terms[0]: block for block in objective.chunks if isinstance(block, GlobalRows)}
    assert list(whole) == list(CONDITIONS)
    assert {name: block.count for name, block in whole.items()} == {**dict.fromkeys(whole, 1), "mean": 24}
    losses = objective.evaluate(theta).losses
    shares = np.polynomial.legendre.leggauss(24)[1] / 2
    for name, block in whole.items():
        factor = np.sqrt(weights.get(name, 1.0) * (shares if name == "mean" else np.ones(1)))
        np.testing.assert_allclose(block.values(theta).detach().numpy(), factor * exact[name], rtol=0, atol=1e-12)
        mean = float(np.sum((shares if name == "mean" else 1.0) * exact[name] ** 2))
        assert losses[name] == pytest.approx(mean, rel=1e-10)
    found = one.assembly.violations(np.random.default_rng(0), 5, theta)
    assert list(found) == ["start", "other", *CONDITIONS]
    for name in ("norm", "flux", "around", "ratio"):
        assert found[name] == pytest.approx(abs(float(exact[name][0])), abs=1e-11)
    assert found["mean"] == pytest.approx(float(np.abs(exact["mean"]).max()), rel=0.05)
    assert one.assembly.scales(theta)["norm"] == pytest.approx(max(1.0, float(exact["norm"][0]) + 1), rel=1e-10)


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("derivatives", ["jet", "autograd"])
def test_the_jacobian_agrees_with_finite_differences(name: str, derivatives: str) -> None:
    one = run(pair({name: CONDITIONS[name]}), derivatives=derivatives, quadrature=GaussLegendre(8))
    theta = one.trial.layout.start(one.trial.network)
    rows = one.assembly.draw(theta, np.random.default_rng(0)).chunks[-1]
    values, jacobian = rows.jacobian(theta)
    assert torch.equal(values, rows.values(theta).detach())
    assert jacobian.shape == (rows.count, len(theta))
    generator = torch.Generator().manual_seed(3)
    for _ in range(3):
        v = torch.randn(len(theta), generator=generator, dtype=theta.dtype)
        h = 1e-5
        steps = (rows.values(theta + h * v) - rows.values(theta - h * v)).detach() / (2 * h)
        torch.testing.assert_close(jacobian @ v, steps, rtol=1e-6, atol=1e-7)


def test_every_question_of_an_objective_agrees() -> None:
    """Gradients by sweeps and by terms, J v and J^T v with and without a kept Jacobian."""
    one = run(pair())
    theta = one.trial.layout.start(one.trial.network)
    objective = one.assembly.draw(theta, np.random.default_rng(0))
    kept = objective.linearize(theta)
    few = replace(one.assembly, chunk=16).draw(theta, np.random.default_rng(0))
    assert kept.jacobian is not None
    assert few.linearize(theta).jacobian is None
    gradient = objective.evaluate(theta).gradient
    torch.testing.assert_close(kept.rows @ kept.jacobian, gradient, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(few.linearize(theta).transposed_times(few.rows(theta)), gradient, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(
        torch.stack(list(objective.gradients(theta).values())).sum(0), gradient, rtol=1e-10, atol=1e-12
    )
    assert (
        size_of(formulate(one.problem), len(theta), 1, (Uniform(20), Uniform(8)), 2, "jet").rows + 28 == objective.count
    )


def test_single_precision() -> None:
    one = run(pair(), precision="float32", phases=(Adam(steps=1),))
    theta = one.trial.layout.start(one.trial.network)
    rows = one.assembly.draw(theta, np.random.default_rng(0)).rows(theta)
    assert rows.dtype == torch.float32
    double = one.assembly.draw(theta.double(), np.random.default_rng(0)).rows(theta.double())
    torch.testing.assert_close(rows.double(), double, rtol=1e-3, atol=1e-4)


def test_nodes_are_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    of = PreparedIntegrals.of
    monkeypatch.setattr(
        PreparedIntegrals, "of", staticmethod(lambda c, *rest, **more: made.append(c.name) or of(c, *rest, **more))
    )
    one = run(pair())
    theta = one.trial.layout.start(one.trial.network)
    for seed in range(3):
        one.assembly.draw(theta, np.random.default_rng(seed))
        one.assembly.draw(theta.float(), np.random.default_rng(seed))
    assert sorted(made) == sorted([*CONDITIONS, *CONDITIONS])


def test_weights_and_balance_know_the_terms() -> None:
    one = run(pair(), balance=True, weights={"norm": 7.0})
    assert one.config.weights["norm"] == 7.0
    assert set(one.config.weights) == {"one", "two", *CONDITIONS}
    with pytest.raises(UserError, match="unknown term `nrom` in `weights`\n  Did you mean `norm`"):
        run(pair(), weights={"nrom": 1.0})
    with pytest.raises(UserError, match="condition `norm` cannot be exact: it holds integrals"):
        run(pair(), hard=("norm",))


def test_rules_agree_and_the_config_names_them(tmp_path: Any) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("quadrature: {name: clenshaw_curtis, nodes: 41}", encoding="utf-8")
    assert load_config(path).quadrature == ClenshawCurtis(41)
    theta = None
    found = []
    for rule in (GaussLegendre(), ClenshawCurtis(41)):
        one = run(pair({"ratio": CONDITIONS["ratio"]}), quadrature=rule)
        theta = one.trial.layout.start(one.trial.network)
        found.append(float(one.assembly.draw(theta, np.random.default_rng(0)).rows(theta)[-1]))
    assert found[0] == pytest.approx(found[1], abs=1e-12)


def test_causal_weights_leave_integrals_as_they_are() -> None:
    problem = pair()
    one = run(problem)
    theta = one.trial.layout.start(one.trial.network)
    objective = one.assembly.draw(theta, np.random.default_rng(0))
    weighed, rows = CausalWeights(Causal(epsilons=(100.0,)), Chain.of(problem)).weighed(objective, theta)
    count = sum(block.count for block in objective.chunks if isinstance(block, GlobalRows))
    assert torch.equal(weighed.rows(theta)[-count:], rows[-count:])
    assert not torch.allclose(weighed.rows(theta)[:-count], rows[:-count])


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"equation": "integral(u) = 0"}, "condition `c` integrates over time"),
        ({"on": "x = 1", "equation": "integral(u, t) = 0"}, "condition `c` integrates over time"),
        ({"on": "t = 2", "equation": "integral(u) = 0"}, "condition `c` holds at the end of time"),
    ],
)
def test_windows_refuse_what_they_cannot_know(condition: dict[str, str], message: str) -> None:
    from pinnkit.marching import window_run

    with pytest.raises(UserError, match=message):
        window_run(pair({"c": condition}), replace(QUICK, windows=Windows(count=2)), ())


def test_windows_take_integrals_over_space(tmp_path: Any) -> None:
    from pinnkit.marching import window_run

    problem = pair({"mean": CONDITIONS["mean"]}, accept=["open_face"])
    first = window_run(problem, replace(QUICK, windows=Windows(count=2), points=Sobol(16)), ())
    theta = first.trial.layout.start(first.trial.network)
    rows = first.assembly.draw(theta, np.random.default_rng(0)).chunks[-1]
    assert rows.count == 24
    nodes = first.config.quadrature.on(first.problem, ["x"], {}).points
    assert nodes[:, 1].max() < 1.0
