"""SOAP against the library on a module by hand, and its first step against the singular vectors of the gradient."""

import sys
from typing import Any

import pytest
import pytorch_optimizer
import torch
from torch import Tensor, nn

from pinnkit.errors import UserError
from pinnkit.optimizers import SOAP


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_the_steps_are_those_of_the_library_on_a_module(run: Any, shaped: Any, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    module = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).to(dtype)
    parameters = list(module.parameters())
    with torch.no_grad():
        for parameter in parameters:
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    x = torch.rand(20, 2, generator=generator, dtype=dtype)
    theta = nn.utils.parameters_to_vector(parameters).detach().clone()
    names = [name for name, _ in module.named_parameters()]

    def misfit(at: Tensor) -> Tensor:
        pieces = at.split([p.numel() for p in parameters])
        own = {name: piece.view(p.shape) for name, piece, p in zip(names, pieces, parameters, strict=True)}
        found: Tensor = torch.func.functional_call(module, own, (x,))
        return found[:, 0] - x.prod(1)

    objective = shaped(misfit, theta, *(tuple(p.shape) for p in parameters))
    soap = SOAP(lr=0.05, decay=1.0, beta1=0.9, beta2=0.95, epsilon=1e-7, frequency=3)
    theta, _ = run(objective, theta, 12, soap)

    peer = pytorch_optimizer.SOAP(
        parameters, lr=0.05, betas=(0.9, 0.95), eps=1e-7, precondition_frequency=3, weight_decay=0.0
    )
    for _ in range(13):  # its first call moves nothing
        peer.zero_grad()
        rows = module(x)[:, 0] - x.prod(1)
        (0.5 * (rows @ rows)).backward()
        peer.step()
    ends = nn.utils.parameters_to_vector(parameters).detach()
    tolerance = 1e-12 if dtype == torch.float64 else 1e-3
    torch.testing.assert_close(theta, ends, rtol=tolerance, atol=tolerance)


def test_the_first_step_is_the_orthogonal_factor_of_the_gradient(shaped: Any) -> None:
    """In its own eigenbasis the gradient is diagonal, and Adam's first step takes every entry for its sign."""
    drawn = torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    left, right = torch.linalg.qr(drawn)[0]
    theta = (left @ torch.diag(torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)) @ right).reshape(-1)
    soap = SOAP(lr=0.1, epsilon=1e-10)
    made = soap.step(shaped(lambda at: 1.0 * at, theta, (4, 4)), theta, soap.start(theta))
    # The package keeps eigenvectors in single precision, whose last digits differ from processor to processor.
    torch.testing.assert_close((theta - made.theta).view(4, 4), 0.1 * left @ right, rtol=1e-5, atol=1e-6)


def test_a_package_that_is_missing_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(UserError, match=r"`soap` needs the package `pytorch-optimizer`\n.*pinnkit\[soap\]"):
        SOAP().start(torch.zeros(3))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"frequency": 0}, "`frequency` of optimizer `soap` is 0; it needs a number above 0"),
        ({"beta1": 1.0}, "`beta1` of optimizer `soap` is 1; it needs 0 or more, and less than 1"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        SOAP(**options)
    assert sentence in str(refused.value)
