"""Declared symmetries and periodic coordinates.

Satisfied exactly, for any parameters, by the whole field u = G + D N: u(-x) = -u(x) or u(x), for each of several
coordinates and fields; every derivative of a periodic field is the same at both ends.
"""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.formulation.symmetry import copies_of
from pinnkit.formulation.trial import Trial
from pinnkit.networks import MLP, Embedding, Fourier, Scaled
from pinnkit.optimizers import Adam
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

FLOAT64 = torch.float64


def problem(symmetry: Mapping[str, Any], conditions: Mapping[str, Any], fields: tuple[str, ...] = ("u",)) -> Problem:
    return define(
        name="mirrors",
        coordinates={"x": [-1, 1], "y": [-2, 2], "t": [0, 1]},
        time="t",
        fields=list(fields),
        equations=[f"{name}_t = laplace({name})" for name in fields],
        conditions=conditions,
        symmetry=symmetry,
    )


def trial_of(of: Problem, embedding: Embedding | None = None, **options: Any) -> tuple[Trial, Tensor]:
    given = embedding if embedding is not None else Scaled()
    trial = build_run(of, Config(network=MLP(5, 2), embedding=given, device="cpu", **options)).trial
    noise = torch.randn(trial.layout.size, generator=torch.Generator().manual_seed(1), dtype=trial.dtype)
    return trial, Layout.start(trial.network) + noise


def fields_at(trial: Trial, theta: Tensor, points: Tensor, indices: IndexSet) -> Jet:
    parameters = trial.layout.split(theta)
    return trial.evaluate(trial.prepare(points, indices), lambda z: functional_call(trial.network, parameters, (z,)))


def points(trial: Trial) -> Tensor:
    unit = torch.rand(20, 3, generator=torch.Generator().manual_seed(2), dtype=FLOAT64)
    return trial.tensor(unit * torch.tensor([2.0, 4.0, 1.0]) - torch.tensor([1.0, 2.0, 0.0]))


ODD_WALLS = {
    "start": {"on": "t = 0", "equation": "u = -sin(pi*x)"},
    "walls": {"on": ["x = -1", "x = 1"], "equation": "u = 0"},
}
ODD_FAR = {"walls": {"on": ["x = -1", "x = 1"], "equation": "u = x*cosh(t)*y**2"}}
EVEN_WALLS = {"start": {"on": "t = 0", "equation": "u = cos(x)*y"}, "side": {"on": "y = 2", "equation": "u = 2*cos(x)"}}
BOTH = {"start": {"on": "t = 0", "equation": "u = sin(x)*cos(y)"}}


@pytest.mark.parametrize("derivatives", ["jet", "autograd"])
@pytest.mark.parametrize(
    ("symmetry", "conditions", "hard"),
    [
        ("odd in x", {}, ()),
        ("even in x", {}, ()),
        ("odd in x", ODD_WALLS, ("start", "walls")),
        ("odd in x", ODD_FAR, ("walls",)),
        ("even in x", EVEN_WALLS, ("start", "side")),
        ("odd in x", {"side": {"on": "x = 1", "equation": "u = 0"}}, ("side",)),
        ("even in x", {"side": {"on": "x = 1", "equation": "u = y"}}, ("side",)),
        (["odd in x", "even in y"], BOTH, ("start",)),
        (["odd in y", "odd in x"], {}, ()),
    ],
)
def test_fields_are_what_they_are_declared_to_be(
    symmetry: str | list[str], conditions: Mapping[str, Any], hard: tuple[str, ...], derivatives: str
) -> None:
    of = problem({"u": symmetry}, conditions)
    trial, theta = trial_of(of, hard=hard, derivatives=derivatives)
    assert all(choice.exact for choice in trial.formulation.choices)
    x = points(trial)
    indices = IndexSet.closure([(2, 0, 0), (1, 1, 0), (0, 0, 1)], 3)
    here = fields_at(trial, theta, x, indices).coefficients.detach()
    assert float(here[0].abs().max()) > 0.1
    for declared in of.symmetries:
        along = of.index(declared.coordinate)
        mirror = torch.ones(3, dtype=FLOAT64)
        mirror[along] = -1.0
        there = fields_at(trial, theta, x * mirror, indices).coefficients.detach()
        sign = -1.0 if declared.parity == "odd" else 1.0
        for k, index in enumerate(indices.indices):
            expected = sign * (-1.0) ** index[along] * here[k]
            torch.testing.assert_close(there[k], expected, rtol=0.0, atol=2e-14 * float(here[k].abs().max()))


def test_fields_of_different_symmetries() -> None:
    of = problem({"u": "odd in x", "v": "even in y"}, {}, ("u", "v", "w"))
    trial, theta = trial_of(of)
    x, alone = points(trial), IndexSet.closure([], 3)
    here = fields_at(trial, theta, x, alone).value
    over_x = fields_at(trial, theta, x * torch.tensor([-1.0, 1.0, 1.0], dtype=FLOAT64), alone).value
    over_y = fields_at(trial, theta, x * torch.tensor([1.0, -1.0, 1.0], dtype=FLOAT64), alone).value
    torch.testing.assert_close(over_x[:, 0], -here[:, 0], rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(over_y[:, 1], here[:, 1], rtol=1e-13, atol=1e-14)
    for found, field in ((over_y, 0), (over_x, 1), (over_x, 2), (over_y, 2)):
        assert float((found[:, field].abs() - here[:, field].abs()).abs().max()) > 1e-3


def test_single_precision_is_symmetric_too(device: str) -> None:
    of = problem({"u": "odd in x"}, ODD_WALLS)
    config = Config(network=MLP(5, 2), precision="float32", phases=(Adam(steps=1),), device=device)
    trial = build_run(of, config).trial
    theta = Layout.start(trial.network)
    x, alone = points(trial), IndexSet.closure([], 3)
    here = fields_at(trial, theta, x, alone).value
    there = fields_at(trial, theta, x * trial.tensor([-1.0, 1.0, 1.0]), alone).value
    assert here.dtype == torch.float32
    assert here.device.type == device
    assert float((here + there).abs().max()) <= 1e-6 * float(here.abs().max())


def test_a_value_that_breaks_the_symmetry_is_not_built_in() -> None:
    of = problem({"u": "odd in x"}, {"start": {"on": "t = 0", "equation": "u = cos(x)"}})
    (choice,) = trial_of(of)[0].formulation.choices
    assert not choice.exact


def test_copies() -> None:
    none = problem({}, {})
    assert [(copy.signs, copy.weights) for copy in copies_of(none)] == [((1.0, 1.0, 1.0), (1.0,))]
    two = problem({"u": ["odd in y", "even in x"]}, {}, ("u", "v"))
    assert {copy.signs: copy.weights for copy in copies_of(two)} == {
        (1.0, 1.0, 1.0): (1.0, 1.0),
        (-1.0, 1.0, 1.0): (1.0, 0.0),
        (1.0, -1.0, 1.0): (-1.0, 0.0),
        (-1.0, -1.0, 1.0): (-1.0, 0.0),
    }


@pytest.mark.parametrize("embedding", [Scaled(), Scaled(harmonics=3), Fourier(count=8)], ids=["one", "three", "random"])
def test_periodic_fields_join_with_all_their_derivatives(embedding: Embedding) -> None:
    of = define(
        name="circle",
        coordinates={"x": {"range": [-1, "2*pi"], "periodic": True}, "t": [0, 1]},
        time="t",
        fields=["u"],
        equations=["u_t + u_x = 0"],
        conditions={"start": {"on": "t = 0", "equation": "u = sin(2*pi*(x + 1)/(2*pi + 1))"}},
    )
    trial, theta = trial_of(of, embedding)
    assert [choice.exact for choice in trial.formulation.choices] == [True]
    t = torch.linspace(0, 1, 9, dtype=FLOAT64)
    indices = IndexSet.closure([(4, 1)], 2)
    ends = [of.coordinate("x").lower, of.coordinate("x").upper]
    left, right = (
        fields_at(trial, theta, torch.stack([torch.full_like(t, end), t], 1), indices).coefficients for end in ends
    )
    for k in range(len(indices)):
        torch.testing.assert_close(left[k], right[k], rtol=0.0, atol=1e-12 * max(1.0, float(left[k].abs().max())))
    middle = fields_at(trial, theta, torch.stack([torch.full_like(t, 1.0), t], 1), indices).value
    assert float((middle - left[0]).abs().max()) > 1e-3
