"""Parameters as one vector: `split` and `join` undo each other, and the start is the module's own."""

import torch
from torch import nn

from pinnkit.derivatives.layout import Layout


def module() -> nn.Module:
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2, bias=False))
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, generator=generator)
    return network


def test_split_and_join_undo_each_other() -> None:
    layout = Layout.of(module())
    theta = torch.arange(float(layout.size))
    assert layout.size == 3 * 4 + 4 + 4 * 2
    assert {name: tuple(p.shape) for name, p in layout.split(theta).items()} == {
        "0.weight": (4, 3),
        "0.bias": (4,),
        "2.weight": (2, 4),
    }
    assert torch.equal(layout.join(layout.split(theta)), theta)


def test_the_start_is_a_copy_of_the_module() -> None:
    network = module()
    layout, theta = Layout.of(network), Layout.start(network)
    assert torch.equal(layout.join(dict(network.named_parameters())), theta)
    theta.zero_()
    assert bool(Layout.start(network).any())


def test_leading_dimensions_are_kept() -> None:
    layout = Layout.of(module())
    theta = torch.arange(5.0 * layout.size).reshape(5, -1)
    assert torch.equal(layout.split(theta)["2.weight"][3], layout.split(theta[3])["2.weight"])


def test_a_parameter_that_is_one_number() -> None:
    one = nn.ParameterDict({"factor": nn.Parameter(torch.tensor(3.0)), "shift": nn.Parameter(torch.ones(2))})
    layout = Layout.of(one)
    parts = layout.split(torch.tensor([3.0, 1.0, 2.0]))
    assert layout.size == 3
    assert parts["factor"].shape == ()
    assert layout.split(torch.ones(5, 3))["factor"].shape == (5,)
