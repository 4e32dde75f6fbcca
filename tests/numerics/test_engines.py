"""Two ways to the same derivatives: Taylor sweeps (jets) and nested reverse mode.

Satisfied in float64, to 1e-12 of the largest value of each derivative, for every activation and every embedding, and
for the downward-closed set below every multi-index of order 4 or less, and below all of them, in 1 to 3 coordinates:
1. the derivatives of the network are the same;
2. the gradients of a random combination of them with respect to all parameters are the same.
In float32 jets keep the digits that there are.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from pinnkit.derivatives import jet
from pinnkit.derivatives.autograd import differentiate
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.equations.expression import MultiIndex
from pinnkit.networks import EMBEDDINGS, MLP, Embedding
from pinnkit.networks.activations import ACTIVATIONS, Activation
from pinnkit.problem.axes import Axes
from pinnkit.problem.maps import Axis

NAMES = ("x", "y", "z")
INTERVALS = {"x": (-1.0, 2.0), "y": (0.0, 3.0), "z": (-2.0, -1.0)}
ORDER = 4
Parts = tuple[nn.Module, Tensor, Callable[[Jet], Jet]]


def axes(dimension: int, periodic: bool = False) -> Axes:
    return Axes(tuple(Axis(n, *INTERVALS[n], periodic=periodic and n == NAMES[0]) for n in NAMES[:dimension]))


def everything(dimension: int) -> list[MultiIndex]:
    return [k for k in product(range(ORDER + 1), repeat=dimension) if sum(k) <= ORDER]


@cache
def points(dimension: int) -> Tensor:
    generator = torch.Generator().manual_seed(dimension)
    return torch.rand(4, dimension, generator=generator, dtype=torch.float64) * 2 - 1


def itself(at: Jet) -> Jet:
    return at


def network(
    dimension: int, activation: Activation = "tanh", embedding: Embedding | None = None, periodic: bool = False
) -> Parts:
    """A small network with nonzero biases, its parameters, and its features."""
    generator = torch.Generator().manual_seed(7)
    float64, cpu = torch.float64, torch.device("cpu")
    features, inputs = itself, dimension
    if embedding is not None:
        built = embedding.build(axes(dimension, periodic), generator, float64, cpu)
        features, inputs = built, built.count
    module = MLP(width=4, depth=2, activation=activation).build(inputs, 2, generator, float64, cpu)
    theta = Layout.start(module)
    return module, theta + 0.3 * torch.randn(theta.shape, generator=generator, dtype=float64), features


def by_jets(parts: Parts, at: Tensor, indices: IndexSet, theta: Tensor) -> Tensor:
    module, _, features = parts
    parameters = Layout.of(module).split(theta)
    found: Jet = functional_call(module, parameters, (features(jet.coordinates(at, indices)),))
    return found.coefficients


def by_reverse_mode(parts: Parts, at: Tensor, indices: IndexSet, theta: Tensor) -> Tensor:
    module, _, features = parts
    parameters = Layout.of(module).split(theta)
    return differentiate(lambda x: functional_call(module, parameters, (features(x),)), at, indices).coefficients


def weights(shape: torch.Size) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def close(found: Tensor, truth: Tensor, of: object) -> None:
    """To 1e-12 of the largest entry."""
    scale = float(truth.abs().max())
    torch.testing.assert_close(found, truth, rtol=0.0, atol=1e-12 * scale, msg=lambda m: f"{of}: {m}")


def compare(parts: Parts, dimension: int) -> None:
    """Every set against one nested reverse sweep that holds all derivatives."""
    at = points(dimension)
    whole = IndexSet.closure(everything(dimension), dimension)
    leaf = parts[1].clone().requires_grad_()
    truth = by_reverse_mode(parts, at, whole, leaf)
    y = weights(truth.shape)
    slopes = torch.stack(
        [torch.autograd.grad((y[k] * truth[k]).sum(), leaf, retain_graph=True)[0] for k in range(len(whole))]
    )
    sets = [IndexSet.closure([k], dimension) for k in everything(dimension)] + [whole]
    for indices in sets:
        own = [whole.position[k] for k in indices.indices]
        theta = parts[1].clone().requires_grad_()
        found = by_jets(parts, at, indices, theta)
        for n, k in zip(own, indices.indices, strict=True):
            close(found[indices.position[k]].detach(), truth[n].detach(), (indices, k))
        (gradient,) = torch.autograd.grad((y[own] * found).sum(), theta)
        close(gradient, slopes[own].sum(0), indices)


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation: Activation, dimension: int) -> None:
    compare(network(dimension, activation), dimension)


EMBEDDED: Mapping[str, bool] = {"on intervals": False, "around a circle": True}


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("periodic", EMBEDDED.values(), ids=EMBEDDED)
@pytest.mark.parametrize("name", EMBEDDINGS.names())
def test_embeddings(name: str, periodic: bool, dimension: int) -> None:
    compare(network(dimension, embedding=EMBEDDINGS.build(name), periodic=periodic), dimension)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float32(activation: Activation, device: str) -> None:
    """Single precision differs from double by its own round-off, on every device."""
    parts = network(2, activation, EMBEDDINGS.build("fourier"))
    indices = IndexSet.closure([(2, 0), (1, 1), (0, 2)], 2)
    truth = by_jets(parts, points(2), indices, parts[1])
    generator = torch.Generator().manual_seed(7)
    float32, where = torch.float32, torch.device(device)
    features = EMBEDDINGS.build("fourier").build(axes(2), generator, float32, where)
    module = MLP(width=4, depth=2, activation=activation).build(features.count, 2, generator, float32, where)
    theta = parts[1].to(device=device, dtype=float32)
    found = by_jets((module, theta, features), points(2).to(device=device, dtype=float32), indices, theta)
    assert found.dtype == float32
    assert found.device.type == device
    for k in range(len(indices)):
        assert (found[k].cpu().double() - truth[k]).norm() <= 1e-4 * truth[k].norm()


def test_jets_on_every_device(device: str) -> None:
    parts = network(3, embedding=EMBEDDINGS.build("scaled"))
    indices = IndexSet.closure([(2, 1, 0), (0, 0, 2)], 3)
    truth = by_jets(parts, points(3), indices, parts[1])
    generator = torch.Generator().manual_seed(7)
    where = torch.device(device)
    features = EMBEDDINGS.build("scaled").build(axes(3), generator, torch.float64, where)
    found = by_jets((parts[0].to(where), parts[1], features), points(3).to(where), indices, parts[1].to(where))
    close(found.cpu(), truth, device)
