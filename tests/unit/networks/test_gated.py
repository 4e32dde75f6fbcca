"""Networks of gates, of sines, of products, and factorised weights.

1. `modified_mlp` and `pirate_net` are their formulas; `expected` counts their parameters.
2. Jets and nested reverse mode give the same derivatives up to order four, and the same gradients of them.
3. The Jacobian of rows by one sweep is that by reverse sweeps; every parameter has an owner that knows its rows.
4. A pirate net begins as a linear map of its features, whatever its depth.
5. Factorised weights start as the plain ones, their scales have the stated mean and deviation, and W = diag(exp s) V.
6. A seed means one start in both precisions.
"""

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives import jet
from pinnkit.derivatives.autograd import differentiate
from pinnkit.derivatives.factorised import Factorised
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.derivatives.rows import covers
from pinnkit.errors import UserError
from pinnkit.networks import MLP, NETWORKS, SIREN, ModifiedMLP, Network, PirateNet, Separable
from pinnkit.points import Uniform
from pinnkit.problem.define import define

F64, CPU = torch.float64, torch.device("cpu")
KINDS: dict[str, Network] = {
    "mlp": MLP(5, 2, factorised=(0.5, 0.1)),
    "modified": ModifiedMLP(5, 3),
    "modified, factorised": ModifiedMLP(5, 2, "sin", (1.0, 0.1)),
    "pirate": PirateNet(5, 2),
    "pirate, factorised": PirateNet(3, 2, "sin", (0.5, 0.2)),
    "separable": Separable(4, 5, 2),
    "siren": SIREN(5, 2, first_frequency=2.0, frequency=3.0),
}
close = torch.testing.assert_close


def built(network: Network, dtype: torch.dtype = F64, seed: int = 0) -> nn.Module:
    return network.build(3, 2, torch.Generator().manual_seed(seed), dtype, CPU)


def moved(module: nn.Module) -> Tensor:
    """Parameters off the start, where gates are open."""
    theta = Layout.start(module)
    return theta + 0.3 * torch.randn(theta.shape, generator=torch.Generator().manual_seed(1), dtype=theta.dtype)


def points() -> Tensor:
    return torch.rand(4, 3, generator=torch.Generator().manual_seed(2), dtype=F64) * 2 - 1


def named(module: nn.Module, theta: Tensor) -> dict[str, Tensor]:
    return Layout.of(module).split(theta)


def weight(p: dict[str, Tensor], layer: str) -> Tensor:
    if f"{layer}.weight" in p:
        return p[f"{layer}.weight"]
    return torch.exp(p[f"{layer}.scale"])[:, None] * p[f"{layer}.direction"]


def line(p: dict[str, Tensor], layer: str, z: Tensor) -> Tensor:
    return z @ weight(p, layer).T + p[f"{layer}.bias"]


@pytest.mark.parametrize("network", [ModifiedMLP(5, 3), ModifiedMLP(4, 2, factorised=(1.0, 0.1))], ids=str)
def test_the_modified_perceptron_is_its_formula(network: ModifiedMLP) -> None:
    module = built(network)
    theta = moved(module)
    p, x = named(module, theta), points()
    u, v, h = (torch.tanh(line(p, layer, x)) for layer in ("u", "v", "hidden.0"))
    for k in range(1, network.depth):
        z = torch.tanh(line(p, f"hidden.{k}", h))
        h = (1 - z) * u + z * v
    found = functional_call(module, p, (Jet(x[None], IndexSet.closure([], 3)),)).value
    close(found, line(p, "last", h))


@pytest.mark.parametrize("width", [3, 5])
def test_the_pirate_net_is_its_formula(width: int) -> None:
    module = built(PirateNet(width, 2, factorised=(0.5, 0.1)))
    theta = moved(module)
    p, x = named(module, theta), points()
    u, v = (torch.tanh(line(p, layer, x)) for layer in ("u", "v"))
    h = x if width == 3 else line(p, "first", x)
    for k in range(2):
        f = torch.tanh(line(p, f"blocks.{k}.one", h))
        g = torch.tanh(line(p, f"blocks.{k}.two", f * u + (1 - f) * v))
        new = torch.tanh(line(p, f"blocks.{k}.three", g * u + (1 - g) * v))
        alpha = p[f"blocks.{k}.gate.alpha"]
        h = alpha * new + (1 - alpha) * h
    found = functional_call(module, p, (Jet(points()[None], IndexSet.closure([], 3)),)).value
    close(found, line(p, "last", h))


@pytest.mark.parametrize("inputs", [3, 5])
@pytest.mark.parametrize("network", KINDS.values(), ids=KINDS)
def test_the_number_of_parameters_is_known(network: Network, inputs: int) -> None:
    module = network.build(inputs, 2, torch.Generator().manual_seed(0), F64, CPU)
    assert network.expected(inputs, 2) == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("network", KINDS.values(), ids=KINDS)
def test_two_ways_to_the_same_derivatives(network: Network) -> None:
    module = built(network)
    theta = moved(module).requires_grad_()
    wanted = [k for k in product(range(5), repeat=3) if sum(k) <= 4]
    whole = IndexSet.closure(wanted, 3)
    at = points()
    parameters = named(module, theta)
    truth = differentiate(lambda x: functional_call(module, parameters, (x,)), at, whole).coefficients
    mix = torch.randn(truth.shape, generator=torch.Generator().manual_seed(3), dtype=F64)
    for indices in (whole, IndexSet.closure([(2, 0, 0), (0, 1, 0)], 3), IndexSet.closure([], 3)):
        own = [whole.position[k] for k in indices.indices]
        found = functional_call(module, parameters, (jet.coordinates(at, indices),)).coefficients
        for n, k in zip(own, range(len(own)), strict=True):
            close(found[k], truth[n], rtol=0.0, atol=1e-12 * float(truth[n].detach().abs().max()))
        slopes = [torch.autograd.grad((mix[own] * y).sum(), theta, retain_graph=True)[0] for y in (found, truth[own])]
        close(slopes[0], slopes[1], rtol=0.0, atol=1e-11 * float(slopes[1].abs().max()))


@pytest.mark.parametrize("network", KINDS.values(), ids=KINDS)
def test_the_jacobian_of_rows(network: Network) -> None:
    problem = define(
        name="flow",
        coordinates={"x": [-1, 1], "t": [0, 2]},
        time="t",
        fields=["u", "p"],
        symmetry={"u": "odd in x", "p": "even in x"},
        equations={"momentum": "u_t + u*u_x + p_x = 0.1*u_xx", "pressure": "p_xx + u_x**2 = 1"},
        conditions={"start": {"on": "t = 0", "equation": "u = sin(pi*x)"}},
    )
    run = build_run(problem, Config(network, points=Uniform(9), condition_points=Uniform(4), hard="none"))
    assert covers(run.trial.network)
    theta = Layout.start(run.trial.network)
    theta = theta + 0.3 * torch.randn(theta.shape, generator=torch.Generator().manual_seed(1), dtype=F64)
    objective = run.assembly.draw(theta, np.random.default_rng(0))
    found = torch.cat([jacobian for _, _, jacobian in objective.linearize(theta).blocks()])
    leaf = theta.clone().requires_grad_()
    rows = torch.cat([block.values(leaf) for block in objective.chunks])
    truth = torch.stack([torch.autograd.grad(row, leaf, retain_graph=True)[0] for row in rows])
    close(found, truth, rtol=0.0, atol=1e-12 * float(truth.abs().max()))


@pytest.mark.parametrize("blocks", [1, 6])
def test_a_pirate_net_begins_as_a_linear_map(blocks: int) -> None:
    module = built(PirateNet(8, blocks))
    p, x = dict(module.named_parameters()), points()
    found = module(Jet(x[None], IndexSet.closure([], 3))).value
    close(found, line(p, "last", line(p, "first", x)))  # type: ignore[arg-type]  # parameters are tensors


def test_factorised_weights_start_as_the_plain_ones() -> None:
    plain = MLP(400, 2).build(3, 2, torch.Generator().manual_seed(0), F64, CPU)
    other = MLP(400, 2, factorised=(1.0, 0.1)).build(3, 2, torch.Generator().manual_seed(0), F64, CPU)
    p, q = dict(plain.named_parameters()), dict(other.named_parameters())
    for layer in ("layers.0", "layers.1", "layers.2"):
        close(weight(q, layer), weight(p, layer), rtol=1e-14, atol=0.0)  # type: ignore[arg-type]
    assert isinstance(other.get_submodule("layers.1"), Factorised)
    s = q["layers.1.scale"].detach()
    assert float(s.mean()) == pytest.approx(1.0, abs=5 * 0.1 / 20)
    assert float(s.std()) == pytest.approx(0.1, rel=0.2)


@pytest.mark.parametrize("network", KINDS.values(), ids=KINDS)
def test_a_seed_is_a_start_in_both_precisions(network: Network) -> None:
    double, single = (Layout.start(built(network, dtype, 3)) for dtype in (F64, torch.float32))
    close(double.to(torch.float32), single, rtol=1e-6, atol=0.0)
    assert not torch.equal(double, Layout.start(built(network, F64, 4)))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"name": "modified_mlp", "depth": 0}, "`depth` of network `modified_mlp` is 0; it needs at least 1"),
        ({"name": "pirate_net", "blocks": 0}, "`blocks` of network `pirate_net` is 0; it needs at least 1"),
        ({"name": "mlp", "factorised": [1.0, -1.0]}, "it needs a mean and a deviation"),
        ({"name": "mlp", "factorised": 3}, "must be a list of 2 entries"),
    ],
)
def test_what_makes_no_sense_is_refused(entry: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        NETWORKS.build(entry)
