"""Products with the Hessian: those of two reverse sweeps, and second differences of the loss of a network."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.objective import Objective
from pinnkit.objective.rows import Rows
from pinnkit.points import Uniform
from pinnkit.problem.load import load_problem
from pinnkit.shipped import problem_path

F64 = torch.float64


class Curved(Rows):
    """sin(A theta) + (B theta)^2, with every derivative that torch knows."""

    terms = ("curved",)
    count = 7

    def values(self, theta: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        a, b = torch.randn(2, 7, 5, generator=generator, dtype=F64).to(theta)
        return torch.sin(a @ theta) + (b @ theta) ** 2

    def jacobian(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


@pytest.mark.parametrize("length", [1e-6, 1.0, 1e6])
def test_it_is_the_product_of_two_reverse_sweeps(length: float, device: str) -> None:
    theta = torch.linspace(-1, 2, 5, dtype=F64, device=device)
    vector = length * torch.linspace(1, -2, 5, dtype=F64, device=device)
    rows = Curved()
    found = Objective([rows], {"curved": 1.0}, 5, 100).hessian_times(theta, vector)
    truth = torch.autograd.functional.hvp(lambda at: 0.5 * (rows.values(at) @ rows.values(at)), theta, vector)[1]
    torch.testing.assert_close(found, truth, rtol=0.0, atol=1e-8 * float(truth.norm()))
    assert float(found.norm()) > 0.1 * length


def test_a_vector_of_zeros_gives_zeros() -> None:
    theta = torch.ones(5, dtype=F64)
    found = Objective([Curved()], {"curved": 1.0}, 5, 100).hessian_times(theta, torch.zeros_like(theta))
    assert torch.equal(found, torch.zeros_like(theta))


@pytest.mark.parametrize("chunk", [1000, 16])
def test_on_the_rows_of_a_network(chunk: int) -> None:
    """v H v is the second difference of the loss itself, and H is symmetric."""
    config = Config(network=MLP(6, 2), points=Uniform(40), chunk=chunk, device="cpu", threads=1)
    run = build_run(load_problem(problem_path("burgers")), config)
    theta: Any = run.trial.layout.start(run.trial.network)
    objective = run.assembly.draw(theta, np.random.default_rng(0))
    generator = torch.Generator().manual_seed(2)
    v, w = torch.randn(2, objective.size, generator=generator, dtype=F64)
    hv, hw = objective.hessian_times(theta, v), objective.hessian_times(theta, w)
    assert float(w @ hv) == pytest.approx(float(v @ hw), rel=1e-6)
    h = 1e-3
    ahead, here, behind = (objective.evaluate(theta + t * v).loss for t in (h, 0.0, -h))
    assert float(v @ hv) == pytest.approx((ahead - 2.0 * here + behind) / h**2, rel=1e-3)
