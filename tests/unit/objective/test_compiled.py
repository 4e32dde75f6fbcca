"""Compiled rows.

Satisfied: they are the plain rows to round-off, and so is their gradient; the points of a new draw need no new
compilation; what cannot be compiled says so.
"""

import shutil

import numpy as np
import pytest
import torch

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.objective.assembly import Assembly
from pinnkit.points import Sobol, Uniform
from pinnkit.problem.load import load_problem
from pinnkit.shipped import problem_path

# The compiler warns of what it does itself: of modules that it imports, and of objects that it makes while it traces.
pytestmark = pytest.mark.filterwarnings("ignore")
needs_compiler = pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="no C++ compiler")


def assembly(problem: str, compile: bool, derivatives: str = "jet", activation: str = "tanh") -> Assembly:
    config = Config(
        network=MLP(8, 2, activation),
        points=Uniform(150),
        condition_points=Sobol(16),
        compile=compile,
        derivatives=derivatives,
        device="cpu",
        threads=1,
    )
    return build_run(load_problem(problem_path(problem)), config).assembly


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "activation"), [("burgers", "tanh"), ("wave", "silu"), ("oscillator", "sin"), ("advection", "gelu")]
)
def test_the_numbers_are_those_of_the_plain_rows(problem: str, activation: str) -> None:
    one, other = assembly(problem, False, activation=activation), assembly(problem, True, activation=activation)
    theta = one.trial.layout.start(one.trial.network)
    for seed in (0, 1):  # the second draw has the shape of the first
        plain = one.draw(theta, np.random.default_rng(seed)).evaluate(theta)
        compiled = other.draw(theta, np.random.default_rng(seed)).evaluate(theta)
        assert compiled.loss == pytest.approx(plain.loss, rel=1e-12)
        assert dict(compiled.losses) == pytest.approx(dict(plain.losses), rel=1e-12)
        bound = 1e-12 * float(plain.gradient.norm())
        torch.testing.assert_close(compiled.gradient, plain.gradient, rtol=0.0, atol=bound)
        if seed == 0:
            made = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == made


def test_nested_reverse_mode_cannot_be_compiled() -> None:
    refused = assembly("burgers", True, derivatives="autograd")
    theta = refused.trial.layout.start(refused.trial.network)
    with pytest.raises(UserError, match="set `derivatives: jet`, or `compile: false`"):
        refused.draw(theta, np.random.default_rng(0))
