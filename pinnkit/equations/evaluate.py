"""A tree as a short list of operations, run on NumPy arrays, torch tensors or plain numbers."""

import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import sympy

from pinnkit.equations import on_numpy
from pinnkit.equations.compiling import Compiler, Step
from pinnkit.equations.expression import Partial, Scope

Array = Any
"""A NumPy array, a torch tensor or a Python float."""

_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "negative": operator.neg,
}
"""What arrays, tensors and floats do alike; a float divided by zero would raise, so that division is not here."""


@final
@dataclass(frozen=True)
class Program:
    """The steps that compute a tree; each is a number, a value that is given, or an operation on earlier steps."""

    steps: tuple[Step, ...]

    @cached_property
    def partials(self) -> frozenset[Partial]:
        """The fields and derivatives that must be given."""
        return frozenset(s.value for s in self.steps if s.operation == "given" and isinstance(s.value, Partial))

    @cached_property
    def names(self) -> frozenset[str]:
        """The coordinates and parameters that must be given."""
        return frozenset(s.value for s in self.steps if s.operation == "given" and isinstance(s.value, str))

    def __call__(self, values: Mapping[Any, Array]) -> Array:
        """The value of the tree.

        Args:
            values: by `Partial` the fields and derivatives, by name the coordinates and parameters: NumPy arrays or
                torch tensors (not both), and floats. More than is needed may be given.

        Returns:
            An array or tensor in the precision, and on the device, of those given, broadcast among them; a float
            where only floats enter.

        Raises:
            KeyError: a value that is needed and not given.
        """
        apply = _operations(values)
        slots: list[Any] = []
        for step in self.steps:
            if step.operation == "number":
                slots.append(step.value)
            elif step.operation == "given":
                slots.append(_plain(values[step.value]))
            else:
                slots.append(apply(step.operation, [slots[i] for i in step.operands]))
        return slots[-1]

    def broadcast(self, values: Mapping[Any, Array], like: Array) -> Array:
        """The value of the tree in the shape of `like`, whose kind and precision a float takes on."""
        result = self(values)
        if isinstance(result, float):
            return np.full_like(like, result) if isinstance(like, np.ndarray) else like.new_full(like.shape, result)
        if isinstance(result, np.ndarray):
            return np.broadcast_to(result, like.shape).copy()
        return result.expand(like.shape)


def compile_tree(tree: sympy.Expr, scope: Scope) -> Program:
    """The program of a tree: numbers computed beforehand, whatever occurs twice computed once.

    Both branches of a choice are computed everywhere. Where one has an operation that may be infinite (a quotient, a
    root, a logarithm, an exponential), its argument is replaced by a harmless number at the points that take the
    other branch, so that neither values nor gradients there become NaN.

    Raises:
        UserError: a name that is not declared, or a node that is not in the language.

    Example:
        >>> scope = Scope(("x",), ("u",), ("nu",))
        >>> program = compile_tree(scope.symbols["nu"] * scope.functions["u"] ** 2, scope)
        >>> program({"nu": 0.5, Partial("u", (0,)): 3.0})
        4.5
    """
    return Program(Compiler(scope).steps(tree))


def _operations(values: Mapping[Any, Array]) -> Callable[[str, list[Any]], Any]:
    """How one operation is done: as torch does it on tensors, and as NumPy does on everything else."""
    torch = sys.modules.get("torch")
    if torch is None or not any(isinstance(value, torch.Tensor) for value in values.values()):
        return _numpy_step
    tensor = torch.Tensor
    from pinnkit.equations import on_torch

    def torch_step(name: str, given: list[Any]) -> Any:
        if name in _ARITHMETIC:
            return _ARITHMETIC[name](*given)
        tensors = any(isinstance(g, tensor) for g in given)
        return on_torch.apply(name, given) if tensors else on_numpy.apply(name, given)

    return torch_step


def _numpy_step(name: str, given: list[Any]) -> Any:
    if name in _ARITHMETIC:
        with np.errstate(all="ignore"):
            return _ARITHMETIC[name](*given)
    return on_numpy.apply(name, given)


def _plain(value: Array) -> Array:
    """The value, with the scalars of NumPy and the integers of Python as floats."""
    if isinstance(value, np.ndarray):
        return value if value.ndim else float(value)
    return float(value) if isinstance(value, int | np.number) else value
