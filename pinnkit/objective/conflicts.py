"""Which losses fight: the cosines between their gradients, and what each has of a step."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from torch import Tensor

PAIR = " | "
"""What stands between the names of two groups."""


def conflicts(gradients: Mapping[str, Tensor], move: Tensor) -> dict[str, Any]:
    """The norms of the gradients, the cosine of every pair of them, and the shares of a step.

    The share of group i is its part in what the step does to the losses to first order,

        s_i = -g_i . move / sum_j |g_j . move|

    so that shares are positive for losses that fall and negative for those that rise; their sizes add up to one.

    Args:
        gradients: of the groups, (P,) each, as they count in the loss.
        move: the step (P,) that was made from where the gradients were taken.

    Example:
        >>> import torch
        >>> a, b = torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 1.0])
        >>> found = conflicts({"pde": a, "bc": b}, torch.tensor([-0.1, 0.0]))
        >>> round(found["cosines"]["pde | bc"], 4), found["shares"]
        (-0.7071, {'pde': 0.5, 'bc': -0.5})
    """
    norms = {group: float(gradient.norm()) for group, gradient in gradients.items()}
    cosines = {}
    for one, other in combinations(gradients, 2):
        size = norms[one] * norms[other]
        cosines[one + PAIR + other] = float(gradients[one] @ gradients[other]) / size if size > 0 else 0.0
    falls = {group: -float(gradient @ move) for group, gradient in gradients.items()}
    total = sum(map(abs, falls.values()))
    shares = {group: fall / total if total > 0 else 0.0 for group, fall in falls.items()}
    return {"norms": norms, "cosines": cosines, "shares": shares}
