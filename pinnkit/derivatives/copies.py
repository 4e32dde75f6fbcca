"""The Jacobian of pointwise rows for any torch module: a copy of the parameters a row, and one backward sweep.

Row n is evaluated with its own copy of theta. The gradient of the sum of all rows with respect to the copies is then
the Jacobian. It costs batched matrix products of one row each, so it serves modules without jets, and checks the faster
way.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout


def row_jacobian_by_copies(
    module: nn.Module,
    layout: Layout,
    theta: Tensor,
    count: int,
    evaluate: Callable[[Callable[[Jet], Jet]], list[Tensor]],
) -> tuple[Tensor, Tensor]:
    """Rows (E N,) and their Jacobian (E N, P) for E residuals on the same N = `count` points.

    evaluate: given the network as a function of bare values (1, M N, C), the E residuals, each (N,).
    """
    copies = theta.detach().expand(count, -1).clone().requires_grad_()
    parameters = layout.split(copies)

    def one_row(own: dict[str, Tensor], features: Tensor, indices: Jet) -> Tensor:
        result: Jet = functional_call(module, own, (Jet(features[None], indices.indices),))
        return result.value

    def network(features: Jet) -> Jet:
        split = features.value.reshape(-1, count, features.value.shape[1])
        outputs = vmap(lambda own, z: one_row(own, z, features), in_dims=(0, 1), out_dims=1)(parameters, split)
        return Jet(outputs.reshape(1, -1, outputs.shape[2]), features.indices)

    rows = evaluate(network)
    jacobians = []
    for number, row in enumerate(rows):
        keep = number + 1 < len(rows)
        jacobians.append(torch.autograd.grad(row.sum(), copies, retain_graph=keep)[0])
    return torch.cat([row.detach() for row in rows]), torch.cat(jacobians)
