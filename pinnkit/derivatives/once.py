"""Reverse rules of custom functions that are differentiable once, and raise where they are differentiated again.

torch's own `once_differentiable` cuts the graph where a result depends on theta through what was saved, and a second
derivative then comes out wrong without a word.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor

Backward = Callable[..., Any]


def once(backward: Backward) -> Backward:
    """A reverse rule without a graph of its own, whose results cannot be differentiated.

    Raises:
        RuntimeError: a result is differentiated, when that is done.
    """

    @wraps(backward)
    def guarded(ctx: Any, *adjoints: Tensor) -> Any:
        with torch.no_grad():
            found = backward(ctx, *adjoints)
        if not torch.is_grad_enabled():
            return found
        sources = [t for t in (*adjoints, *ctx.saved_tensors) if t is not None and t.requires_grad]
        return tuple(_Ended.apply(t, *sources) if isinstance(t, Tensor) and sources else t for t in found)

    return guarded


class _Ended(torch.autograd.Function):
    """The first tensor as it is, and a graph to all others that ends in an error."""

    @staticmethod
    def forward(ctx, value, *sources):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN205 (torch's signature)
        return value.clone()

    @staticmethod
    def backward(ctx, adjoint):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        raise RuntimeError("a reverse rule that is differentiable once was differentiated again")
