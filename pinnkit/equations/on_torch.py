"""The operations of a program on torch tensors: differentiable, in the precision and on the device of the inputs."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from pinnkit.equations.functions import FUNCTIONS
from pinnkit.errors import UserError


def apply(name: str, given: Sequence[Any]) -> torch.Tensor:
    """One operation of which at least one operand is a tensor.

    Args:
        name: a function of the language, or an operation of a program.
        given: its operands, tensors and Python floats.

    Raises:
        UserError: a function that torch does not have.
    """
    operation = _OPERATIONS.get(name)
    if operation is None:
        raise UserError(f"`{name}` is evaluated on NumPy arrays only: it belongs in exact solutions")
    return operation(*given)


def _lifted(operation: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """The operation with its floats made into tensors like its first tensor."""

    def on_tensors(*given: Any) -> torch.Tensor:
        like = next(g for g in given if isinstance(g, torch.Tensor) and g.dtype != torch.bool)
        return operation(*(g if isinstance(g, torch.Tensor) else like.new_tensor(g) for g in given))

    return on_tensors


def _heaviside(x: torch.Tensor) -> torch.Tensor:
    """The unit step with the value 1/2 at zero; torch's own has no derivative, not even zero."""
    return 0.5 * (torch.sign(x) + 1.0)


def _where(mask: Any, chosen: Any, otherwise: Any, *like: Any) -> Any:
    """A choice; between two floats it takes the precision and device of what was compared."""
    if not isinstance(mask, torch.Tensor):
        return chosen if mask else otherwise
    if not isinstance(chosen, torch.Tensor) and not isinstance(otherwise, torch.Tensor):
        first = next(g for g in like if isinstance(g, torch.Tensor))
        chosen = first.new_tensor(chosen)
    return torch.where(mask, chosen, otherwise)


def _mask(operation: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """The logical operation with Python's truth values made into tensors like its first tensor."""

    def on_masks(*given: Any) -> torch.Tensor:
        like = next(g for g in given if isinstance(g, torch.Tensor))
        return operation(*(g if isinstance(g, torch.Tensor) else like.new_tensor(bool(g)) for g in given))

    return on_masks


_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(torch, row.torch) for name, row in FUNCTIONS.items() if row.torch is not None},
    "heaviside": _heaviside,
    "atan2": _lifted(torch.atan2),
    "min": _lifted(torch.minimum),
    "max": _lifted(torch.maximum),
    "where": _where,
    "divide": operator.truediv,
    "power": torch.pow,
    "less": _lifted(torch.lt),
    "less_equal": _lifted(torch.le),
    "and": _mask(torch.logical_and),
    "or": _mask(torch.logical_or),
    "not": torch.logical_not,
}
