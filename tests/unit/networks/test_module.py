"""A torch module of the user's own: its own values, in the precision and on the device of the run, and no jets."""

import pytest
import torch
from torch import nn

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import UserError
from pinnkit.networks import TorchModule


def module() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


def test_values_are_those_of_the_module(device: str) -> None:
    own = module()
    built = TorchModule(own).build(2, 1, torch.Generator(), torch.float64, torch.device(device))
    assert {(p.dtype, p.device.type) for p in built.parameters()} == {(torch.float64, device)}
    x = torch.rand(4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(device)
    found = built(Jet(x[None], IndexSet.closure([], 2)))
    assert found.coefficients.shape == (1, 4, 1)
    assert torch.equal(found.value, own(x))


def test_jets_are_refused() -> None:
    built = TorchModule(module()).build(2, 1, torch.Generator(), torch.float64, torch.device("cpu"))
    indices = IndexSet.closure([(1, 0)], 2)
    with pytest.raises(UserError, match="a torch module carries no jets; set `derivatives: autograd`"):
        built(Jet(torch.zeros(2, 4, 2, dtype=torch.float64), indices))
