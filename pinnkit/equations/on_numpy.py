"""The operations of a program on NumPy arrays and Python floats."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pinnkit.equations.functions import FUNCTIONS


def apply(name: str, given: Sequence[Any]) -> Any:
    """One operation on arrays and floats; floats alone give a float.

    Args:
        name: a function of the language, or an operation of a program.
        given: its operands.
    """
    with np.errstate(all="ignore"):
        result = _apply(name, given)
    return result if isinstance(result, np.ndarray) and result.ndim else np.asarray(result).item()


def _apply(name: str, given: Sequence[Any]) -> Any:
    if name == "heaviside":
        return np.heaviside(given[0], 0.5)
    if name in _OPERATIONS:
        return _OPERATIONS[name](*given)
    operation = FUNCTIONS[name].numpy
    if name.startswith("airyai"):
        from scipy import special

        return special.airy(given[0])[1 if name == "airyaiprime" else 0]
    if operation.startswith("special."):
        from scipy import special

        if name == "legendre" and isinstance(given[0], float) and given[0].is_integer():
            given = (int(given[0]), *given[1:])  # by recurrence; any other degree is a hypergeometric series
        return getattr(special, operation.removeprefix("special."))(*given)
    if name in ("min", "max") and len(given) > 2:
        return getattr(np, operation).reduce(np.broadcast_arrays(*given))
    return getattr(np, operation)(*given)


def _where(mask: Any, chosen: Any, otherwise: Any, *like: Any) -> Any:
    """A choice; between two floats it takes the precision of what was compared."""
    result = np.where(mask, chosen, otherwise)
    if isinstance(chosen, float) and isinstance(otherwise, float):
        arrays = [array for array in like if isinstance(array, np.ndarray)]
        return result.astype(np.result_type(*arrays)) if arrays else result
    return result


_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "divide": np.true_divide,
    "power": np.power,
    "less": np.less,
    "less_equal": np.less_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "where": _where,
}
