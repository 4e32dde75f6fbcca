"""The linear map of jets.

Satisfied: of channels that are affine in the coordinates, values and derivatives of W z + b are those of the map that
knows nothing of their slopes, and so are the gradients with respect to W and b, for every kind of index set: mixed
ones, coordinates that are not differentiated, sums of second derivatives.
"""

import pytest
import torch
from torch import Tensor, nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.factorised import Factorised
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear

SETS = {
    "mixed": IndexSet.closure([(2, 0, 0), (1, 1, 0), (0, 0, 3)], 3),
    "one coordinate": IndexSet.closure([(0, 2, 0)], 3),
    "a sum": IndexSet.closure([(-2, -2, -2)], 3),
    "a sum and another": IndexSet.closure([(-2, -2, 0), (0, 0, 1)], 3),
}
FLOAT64, CPU = torch.float64, torch.device("cpu")


def plain() -> Linear:
    layer = Linear(3, 5, torch.Generator().manual_seed(0), FLOAT64, CPU)
    with torch.no_grad():
        layer.bias.uniform_(generator=torch.Generator().manual_seed(1))
    return layer


def features(indices: IndexSet) -> Jet:
    x = torch.rand(7, 3, generator=torch.Generator().manual_seed(2), dtype=FLOAT64)
    scale, shift = torch.tensor([[2.0, -3.0, 0.5], [0.1, 0.0, -1.0]], dtype=FLOAT64).unbind()
    return jet.affine(jet.coordinates(x, indices), scale, shift)


def mapped(layer: nn.Module, z: Jet) -> tuple[Tensor, list[Tensor]]:
    """The coefficients, and the gradients of a sum of them with different weights."""
    found: Tensor = layer(z).coefficients
    factors = torch.randn(found.shape, generator=torch.Generator().manual_seed(3), dtype=FLOAT64)
    return found.detach(), list(torch.autograd.grad((found * factors).sum(), list(layer.parameters())))


@pytest.mark.parametrize("indices", SETS.values(), ids=SETS)
@pytest.mark.parametrize("factorised", [False, True])
def test_known_slopes_change_nothing(indices: IndexSet, factorised: bool) -> None:
    layer = Factorised(plain(), 0.5, 0.1, torch.Generator().manual_seed(4)) if factorised else plain()
    z = features(indices)
    assert z.slopes is not None
    found, gradients = mapped(layer, z)
    truth, true_gradients = mapped(layer, Jet(z.coefficients, indices))
    torch.testing.assert_close(found, truth, rtol=0, atol=1e-14)
    for own, true in zip(gradients, true_gradients, strict=True):
        torch.testing.assert_close(own, true, rtol=0, atol=1e-13)
