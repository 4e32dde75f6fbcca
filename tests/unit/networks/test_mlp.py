"""The perceptron.

Satisfied: weights have Glorot's variance 2/(inputs + outputs) and biases are zero; a seed means the same start in both
precisions and on every device; the module is the formula; a first layer of waves is uniform in its two ranges, alike in
both precisions, and leaves the other layers as they are.
"""

import math

import pytest
import torch
from torch import Tensor, nn

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.errors import UserError
from pinnkit.networks import MLP, NETWORKS

FLOAT64, CPU = torch.float64, torch.device("cpu")


def built(network: MLP, seed: int = 0, dtype: torch.dtype = FLOAT64, device: str = "cpu") -> nn.Module:
    return network.build(3, 2, torch.Generator().manual_seed(seed), dtype, torch.device(device))


def test_weights_have_the_variance_of_glorot() -> None:
    """With n entries the sample variance is off by sqrt(2/n) of itself; five times that is allowed."""
    module = built(MLP(width=300, depth=2))
    shapes = {"layers.0": (300, 3), "layers.1": (300, 300), "layers.2": (2, 300)}
    parameters = dict(module.named_parameters())
    assert set(parameters) == {f"{layer}.{part}" for layer in shapes for part in ("weight", "bias")}
    for layer, (outputs, inputs) in shapes.items():
        weight = parameters[f"{layer}.weight"].detach()
        assert weight.shape == (outputs, inputs)
        variance = 2.0 / (inputs + outputs)
        assert float(weight.var()) == pytest.approx(variance, rel=5 * (2.0 / weight.numel()) ** 0.5)
        assert abs(float(weight.mean())) <= 5 * (variance / weight.numel()) ** 0.5
        assert not parameters[f"{layer}.bias"].any()


def test_a_first_layer_of_waves_is_uniform_in_its_ranges() -> None:
    """The sample variance of n uniform numbers on [-b, b] is b^2/3, off by sqrt(4/(5 n)) of itself."""
    parameters = dict(built(MLP(width=4000, depth=2, frequency=14.0)).named_parameters())
    plain = dict(built(MLP(width=4000, depth=2)).named_parameters())
    for name, bound in (("layers.0.weight", 14.0), ("layers.0.bias", math.pi)):
        drawn = parameters[name].detach()
        assert bound * 0.99 < float(drawn.abs().max()) <= bound
        assert float(drawn.var()) == pytest.approx(bound**2 / 3.0, rel=5 * (0.8 / drawn.numel()) ** 0.5)
    assert all(torch.equal(parameters[name], plain[name]) for name in plain if not name.startswith("layers.0"))


@pytest.mark.parametrize("frequency", [None, 9.0])
def test_a_seed_is_a_start_in_both_precisions_and_on_every_device(device: str, frequency: float | None) -> None:
    network = MLP(width=8, depth=2, frequency=frequency)
    double, single = (Layout.start(built(network, 3, dtype, device)) for dtype in (FLOAT64, torch.float32))
    assert torch.equal(double.to(torch.float32), single)
    assert torch.equal(double.cpu(), Layout.start(built(network, 3)))
    assert not torch.equal(double.cpu(), Layout.start(built(network, 4)))


def test_building_does_not_touch_the_global_generator() -> None:
    before = torch.random.get_rng_state()
    built(MLP())
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("depth", [1, 3])
def test_the_module_is_the_formula(depth: int) -> None:
    module = built(MLP(width=4, depth=depth, activation="sin"))
    parameters = dict(module.named_parameters())
    x = torch.rand(5, 3, generator=torch.Generator().manual_seed(1), dtype=FLOAT64)

    def line(layer: int, z: Tensor) -> Tensor:
        return z @ parameters[f"layers.{layer}.weight"].T + parameters[f"layers.{layer}.bias"]

    hidden = x
    for layer in range(depth):
        hidden = torch.sin(line(layer, hidden))
    found = module(Jet(x[None], IndexSet.closure([], 3))).value
    torch.testing.assert_close(found, line(depth, hidden), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "mlp", "width": 0}, "`width` of network `mlp` is 0; it needs at least 1"),
        ({"name": "mlp", "depth": -2}, "`depth` of network `mlp` is -2; it needs at least 1"),
        ({"name": "mlp", "frequency": 0}, "`frequency` of network `mlp` is 0; it needs a finite number above 0"),
        ({"name": "mlp", "activation": "tan"}, "`activation`(.|\n)*tanh"),
        ({"name": "mlp", "widht": 20}, "unknown option `widht` of network `mlp`(.|\n)*width"),
        ("mlpp", "unknown network `mlpp`(.|\n)*mlp"),
    ],
)
def test_options_that_mean_nothing(entry: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        NETWORKS.build(entry)
