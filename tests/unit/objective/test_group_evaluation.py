"""An objective group by group, reweighted, rescaled and steered; however the rows are cut.

1. The gradients of groups add up to the gradient of the loss, and halves to the loss; each is that of its own terms.
2. `only` evaluates some groups, with the same numbers.
3. `reweighted` multiplies the squared rows of a term, in values, Jacobian, gradient; losses by term stay.
4. `rescaled` multiplies every row, in values, Jacobian, gradient and for every cut.
5. `answering` changes what `evaluate` says at one point alone.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.objective import Evaluation, Objective
from pinnkit.optimizers import Adam
from pinnkit.points import Uniform
from pinnkit.problem.define import define

GROUPS = {"flow": ("momentum", "start"), "rest": ("pressure",)}


def objective(chunk: int, precision: str = "float64") -> tuple[Objective, Tensor]:
    problem = define(
        name="flow",
        coordinates={"x": [-1, 1], "t": [0, 2]},
        time="t",
        fields=["u", "p"],
        equations={"momentum": "u_t + u*u_x + p_x = 0.1*u_xx", "pressure": "p_xx + u_x**2 = 1"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = -1", "x = 1"], "equation": "p + p_x = 0"},
            "mean": {"equation": "integral(p, x) = 0"},
        },
    )
    config = Config(
        network=MLP(5, 2),
        points=Uniform(20),
        condition_points=Uniform(6),
        weights={"momentum": 2.0, "pressure": 0.5, "start": 5.0, "walls": 3.0, "mean": 0.1},
        hard="none",
        chunk=chunk,
        groups=GROUPS,
        phases=(Adam(),),
        precision=precision,  # type: ignore[arg-type]  # a word of the literal
    )
    run = build_run(problem, config)
    theta = run.trial.layout.start(run.trial.network)
    noise = torch.randn(theta.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    theta = theta + run.trial.tensor(0.3 * noise)
    return run.assembly.draw(theta, np.random.default_rng(0)), theta


CHUNKS = {"one chunk": 1000, "a few": 16, "a row at a time": 1}
close = torch.testing.assert_close


@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_groups_add_up(chunk: int) -> None:
    objective_, theta = objective(chunk)
    assert {t for own in objective_.groups.values() for t in own} == set(objective_.terms)
    assert objective_.groups["flow"] == ("momentum", "start")
    whole, found = objective_.evaluate(theta), objective_.evaluate_groups(theta)
    assert sum(found.halves.values()) == pytest.approx(whole.loss, rel=1e-13)
    assert found.losses == pytest.approx(dict(whole.losses), rel=1e-13)
    close(torch.stack(list(found.gradients.values())).sum(0), whole.gradient, rtol=0.0, atol=1e-12)
    by_term = objective_.gradients(theta)
    for group, terms in objective_.groups.items():
        close(found.gradients[group], torch.stack([by_term[term] for term in terms]).sum(0), rtol=0.0, atol=1e-12)


def test_some_groups_alone() -> None:
    objective_, theta = objective(16)
    whole, some = objective_.evaluate_groups(theta), objective_.evaluate_groups(theta, ("rest",))
    assert set(some.gradients) == set(some.halves) == {"rest"}
    assert torch.equal(some.gradients["rest"], whole.gradients["rest"])
    assert some.losses == {"pressure": whole.losses["pressure"]}


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_reweighted(chunk: int, precision: str) -> None:
    plain, theta = objective(chunk, precision)
    tight = 1e-12 if precision == "float64" else 2e-4
    factors = {"pressure": 7.0, "walls": 0.25, "mean": 3.0}
    found = plain.reweighted(factors)
    expected, made = plain.gradients(theta), found.evaluate(theta)
    total = torch.stack([factors.get(term, 1.0) * own for term, own in expected.items()]).sum(0)
    close(made.gradient, total, rtol=0.0, atol=tight * float(total.abs().max()))
    assert made.losses == pytest.approx(dict(plain.evaluate(theta).losses), rel=10 * tight)
    lines = found.linearize(theta)
    close(lines.transposed_times(lines.rows), total, rtol=0.0, atol=tight * float(total.abs().max()))
    assert found.draw is plain.draw


@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_rescaled(chunk: int) -> None:
    plain, theta = objective(chunk)
    factors = torch.rand(plain.count, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found, lines = plain.rescaled(factors), plain.linearize(theta)
    close(found.rows(theta), factors * plain.rows(theta), rtol=1e-14, atol=0.0)
    dense = torch.cat([jacobian for _, _, jacobian in lines.blocks()])
    scaled = torch.cat([jacobian for _, _, jacobian in found.linearize(theta).blocks()])
    close(scaled, factors[:, None] * dense, rtol=0.0, atol=1e-13)
    gradient = (factors**2 * plain.rows(theta)) @ dense
    close(found.evaluate(theta).gradient, gradient, rtol=0.0, atol=1e-12)
    again = found.rescaled(factors)
    close(again.rows(theta), factors**2 * plain.rows(theta), rtol=1e-13, atol=1e-300)


def test_answering() -> None:
    plain, theta = objective(16)
    answer = Evaluation(1.0, {}, torch.ones_like(theta))
    steered = plain.answering(theta, answer)
    assert steered.evaluate(theta) is answer
    elsewhere = theta + 1.0
    assert steered.evaluate(elsewhere).loss == plain.evaluate(elsewhere).loss
