"""SIREN.

Satisfied: values are the formula, in NumPy; at the start every hidden layer has the variance one half of the arcsine
law at all depths, and what it receives is about standard normal; weights have the stated ranges; options. Derivatives
and rows are tested with the other networks in `test_gated.py`.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import UserError
from pinnkit.networks import SIREN

F64, CPU = torch.float64, torch.device("cpu")
VALUE = IndexSet.closure([], 2)


def built(network: SIREN, seed: int = 0) -> nn.Module:
    return network.build(2, 3, torch.Generator().manual_seed(seed), F64, CPU)


def at(module: nn.Module, points: Tensor) -> Tensor:
    found: Tensor = module(Jet(points[None], VALUE)).value
    return found


def test_values_are_the_formula() -> None:
    module = built(SIREN(7, 2, first_frequency=4.0, frequency=3.0))
    points = torch.rand(11, 2, generator=torch.Generator().manual_seed(1), dtype=F64)
    (w1, b1, w2, b2, w3, b3) = (p.detach().numpy() for p in module.parameters())
    first = np.sin(4.0 * (points.numpy() @ w1.T + b1))
    truth = np.sin(3.0 * (first @ w2.T + b2)) @ w3.T + b3
    np.testing.assert_allclose(at(module, points).detach().numpy(), truth, rtol=1e-13)


@pytest.mark.parametrize("depth", [2, 4, 8])
def test_layers_neither_grow_nor_fade(depth: int) -> None:
    """sin of what is spread evenly has the variance 1/2; a layer receives about N(0, 1), its kurtosis near three.

    Each layer's random weights move the variance by some 2/sqrt(256) of it; a start that grows would double it a layer.
    """
    module = built(SIREN(256, depth, first_frequency=30.0))
    points = 2 * torch.rand(2000, 2, generator=torch.Generator().manual_seed(1), dtype=F64) - 1
    parameters = [p.detach().numpy() for p in module.parameters()]
    hidden = np.sin(30.0 * (points.numpy() @ parameters[0].T + parameters[1]))
    assert np.var(hidden) == pytest.approx(0.5, abs=0.05)
    for layer in range(1, depth):
        given = 30.0 * (hidden @ parameters[2 * layer].T)
        assert np.var(given) == pytest.approx(1.0, abs=0.25)
        assert np.mean(given**4) / np.var(given) ** 2 == pytest.approx(3.0, abs=0.4)
        hidden = np.sin(given + 30.0 * parameters[2 * layer + 1])
        assert np.var(hidden) == pytest.approx(0.5, abs=0.05)


def test_weights_have_their_ranges() -> None:
    first, *later = (p.detach() for p in built(SIREN(400, 2, frequency=5.0)).parameters() if p.ndim == 2)
    assert float(first.abs().max()) == pytest.approx(1 / 2, rel=0.02)
    for weight in later:
        assert float(weight.abs().max()) == pytest.approx(np.sqrt(6 / 400) / 5, rel=0.02)


@pytest.mark.parametrize("option", ["first_frequency", "frequency"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.inf])
def test_frequencies_out_of_range_are_refused(option: str, value: float) -> None:
    with pytest.raises(UserError, match=f"`{option}` of network `siren`"):
        SIREN(**{option: value})  # type: ignore[arg-type]
