"""Elementary functions of jets whose second derivatives stand in sums.

Satisfied, for one sum and for several: values and all entries are those of truncated Taylor arithmetic, and so is the
transpose; of affine channels they are those of the channels written out; jets of many entries take this way, others do
not; the slopes given are the derivatives of f, by reverse mode; the result is differentiable once.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinnkit.derivatives import composition, jet, summed
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet

RULES = {
    "tanh": (torch.tanh, composition.tanh, summed.tanh, jet.tanh),
    "sin": (torch.sin, composition.sin, summed.sin, jet.sin),
}
SETS = {
    "one": IndexSet.closure([(-2, -2, -2)], 3),
    "one, and a slope": IndexSet.closure([(-2, -2, 0), (0, 0, 1)], 3),
    "two": IndexSet.closure([(-2, -2, 0), (0, -2, -2)], 3),
}
Rule = tuple[Callable[[Tensor], Tensor], composition.Rule, summed.Slopes, Callable[[Jet], Jet]]


def drawn(seed: int, indices: IndexSet) -> Tensor:
    return torch.randn(len(indices), 5, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("indices", SETS.values(), ids=SETS)
def test_it_is_truncated_taylor_arithmetic(rule: Rule, indices: IndexSet) -> None:
    _, taylor, slopes, _ = rule
    found, truth = drawn(0, indices).requires_grad_(), drawn(0, indices).requires_grad_()
    y, true_y = summed.compose(slopes, found, indices), composition.compose(taylor, truth, indices)
    torch.testing.assert_close(y, true_y, rtol=1e-13, atol=1e-14)
    adjoint = drawn(1, indices)
    (own,) = torch.autograd.grad(y, found, adjoint)
    (true,) = torch.autograd.grad(true_y, truth, adjoint)
    torch.testing.assert_close(own, true, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("indices", SETS.values(), ids=SETS)
def test_affine_channels_are_as_if_written_out(rule: Rule, indices: IndexSet) -> None:
    *_, function = rule
    value = drawn(0, indices)[0].requires_grad_()
    slopes = drawn(1, indices)[0, :3].requires_grad_()
    found, truth = (Jet.of_affine(value, slopes, indices) for _ in range(2))
    assert truth.coefficients.shape == (len(indices), 5, 2)
    assert truth.written
    y, true_y = function(found).coefficients, function(truth).coefficients
    assert not found.written
    torch.testing.assert_close(y, true_y, rtol=1e-13, atol=1e-14)
    adjoint = drawn(2, indices)
    own, true = (torch.autograd.grad(of, (value, slopes), adjoint) for of in (y, true_y))
    torch.testing.assert_close(own, true, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_slopes_are_derivatives(rule: Rule) -> None:
    function, _, slopes, _ = rule
    z = torch.linspace(-3, 3, 13, dtype=torch.float64).requires_grad_()
    derivative = function(z)
    for own in slopes(z.detach()):
        torch.testing.assert_close(own, derivative.detach(), rtol=1e-12, atol=1e-14)
        if derivative.requires_grad:
            (derivative,) = torch.autograd.grad(derivative.sum(), z, create_graph=True)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_jets_take_this_way_where_they_can(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    *_, function = rule
    taken: list[IndexSet] = []

    def noted(slopes: summed.Slopes, z: Tensor, indices: IndexSet) -> Tensor:
        taken.append(indices)
        return z

    monkeypatch.setattr(summed, "compose", noted)
    many, one = IndexSet.closure([(-2,) * 40], 40), (2, *(0,) * 39)
    for indices in (*SETS.values(), many, IndexSet.closure([(-2,) * 40, one], 40)):
        function(Jet(drawn(2, indices), indices))
    assert taken == [many]


def test_a_second_derivative_is_refused() -> None:
    indices = SETS["one"]
    z = drawn(0, indices).requires_grad_()
    (slope,) = torch.autograd.grad(summed.compose(summed.sin, z, indices).sum(), z, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiated again"):
        torch.autograd.grad(slope.sum(), z)
