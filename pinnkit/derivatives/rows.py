"""The Jacobian of pointwise rows by one backward sweep.

A row r_n depends on the parameters through the points of row n alone. So one reverse sweep of the sum of all rows, down
to the output of every recorded layer, holds each row's own adjoint there, and the layer turns its input and that
adjoint into the row's gradient (for a linear map, a sum of outer products). A network made of such layers needs no code
of its own for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout


@runtime_checkable
class RowLayer(Protocol):
    """A module that knows the gradient of every row with respect to its own parameters."""

    def add_row_gradients(
        self, jacobians: dict[str, Tensor], inputs: Tensor, adjoint: Tensor, parameters: Mapping[str, Tensor]
    ) -> None:
        """Add each row's gradient to the views (N, *shape) of the module's own parameters, whose values are given."""
        ...


@final
@dataclass(frozen=True)
class _Call:
    """One use of a layer during the forward sweep."""

    prefix: str
    layer: RowLayer
    inputs: Tensor
    output: Tensor
    parameters: Mapping[str, Tensor]


def record(
    module: nn.Module, parameters: dict[str, Tensor], evaluate: Callable[[Callable[[Jet], Jet]], list[Tensor]]
) -> tuple[list[Tensor], list[_Call]]:
    """Evaluate rows through `module` while noting what every row layer saw and gave."""
    calls: list[_Call] = []

    def note(prefix: str) -> Callable[[nn.Module, tuple[Jet], Jet], None]:
        def hook(layer: nn.Module, inputs: tuple[Jet], output: Jet) -> None:
            assert isinstance(layer, RowLayer)
            own = {n[len(prefix) :]: p.detach() for n, p in parameters.items() if n.startswith(prefix)}
            calls.append(_Call(prefix, layer, inputs[0].coefficients.detach(), output.coefficients, own))

        return hook

    layers = [(name, part) for name, part in module.named_modules() if _knows_rows(part)]
    hooks = [part.register_forward_hook(note(f"{name}." if name else "")) for name, part in layers]
    try:
        rows = evaluate(lambda jet: functional_call(module, parameters, (jet,)))
    finally:
        for hook in hooks:
            hook.remove()
    return rows, calls


def row_jacobian(
    module: nn.Module,
    layout: Layout,
    theta: Tensor,
    evaluate: Callable[[Callable[[Jet], Jet]], list[Tensor]],
) -> tuple[Tensor, Tensor]:
    """Rows (E N,) and their Jacobian (E N, P) for E residuals on the same N points.

    evaluate: given the network as a function of jets, the E residuals, each (N,).
    """
    # The leaves must require a gradient for the layers' outputs to be part of the graph; their own is never formed.
    parameters = {name: p.requires_grad_() for name, p in layout.split(theta.detach().clone()).items()}
    rows, calls = record(module, parameters, evaluate)
    count = rows[0].shape[0]
    jacobian = theta.new_zeros(len(rows) * count, layout.size)
    for number, residual in enumerate(rows):
        views = _views(jacobian[number * count : (number + 1) * count], layout)
        if not residual.requires_grad:
            continue
        last = number + 1 == len(rows)
        adjoints = torch.autograd.grad(
            residual.sum(), [call.output for call in calls], retain_graph=not last, allow_unused=True
        )
        for call, adjoint in zip(calls, adjoints, strict=True):
            if adjoint is not None:
                own = {n[len(call.prefix) :]: v for n, v in views.items() if n.startswith(call.prefix)}
                call.layer.add_row_gradients(own, call.inputs, adjoint, call.parameters)
    return torch.cat([row.detach() for row in rows]), jacobian


def _views(jacobian: Tensor, layout: Layout) -> dict[str, Tensor]:
    """Writable views (N, *shape) of a Jacobian (N, P)."""
    views, start = {}, 0
    for name, shape in zip(layout.names, layout.shapes, strict=True):
        block = jacobian[:, start : start + shape.numel()]
        views[name] = block.view(len(jacobian), *shape)
        start += shape.numel()
    return views


def _knows_rows(part: nn.Module) -> bool:
    return isinstance(part, RowLayer)


def covers(module: nn.Module) -> bool:
    """Whether every parameter belongs to one layer, and one alone, that knows its row gradients."""
    owned = [
        id(p) for layer in module.modules() if isinstance(layer, RowLayer) for p in layer.parameters(recurse=False)
    ]
    return all(owned.count(id(p)) == 1 for p in module.parameters())
