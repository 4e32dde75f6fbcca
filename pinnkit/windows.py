"""Where time is divided into windows that are solved one after the other."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, final

from pinnkit.errors import UserError

_NEAR = 1e-9
"""The share of the whole interval by which an end that is given may miss it."""


@final
@dataclass(frozen=True)
class Windows:
    """Windows [t_(k-1), t_k] of the interval of time, each with a network of its own.

    Lengths are equal, or each is `ratio` times the one before: L_k = L_1 ratio^(k-1). Below 1 they crowd towards the
    end, where a chaotic field needs it. Or every t_k is given.

    Args:
        count: how many windows there are, where neither `length` nor `edges` are given.
        length: the longest that a window may be; there are as many as it takes.
        ratio: of the lengths of a window and of the one before.
        edges: every t_k, from the start of time to its end.
        start: from which parameters the network of a window is trained: from those of the `last` window, or `new`
            ones.
        blend: the share of new parameters that is added to those of the last window.

    Example:
        >>> Windows(count=3, ratio=0.5).over(0.0, 7.0)
        (0.0, 4.0, 6.0, 7.0)
    """

    count: int = 4
    length: float | None = None
    ratio: float = 1.0
    edges: tuple[float, ...] = ()
    start: Literal["last", "new"] = "last"
    blend: float = 0.01

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UserError(f"`count` of `windows` is {self.count}; it needs at least 1")
        if self.length is not None and not 0 < self.length < math.inf:
            raise UserError(f"`length` of `windows` is {self.length:g}; it needs a finite number above 0")
        if not 0 < self.ratio < math.inf:
            raise UserError(f"`ratio` of `windows` is {self.ratio:g}; it needs a finite number above 0")
        if not 0 <= self.blend < math.inf:
            raise UserError(f"`blend` of `windows` is {self.blend:g}; it needs a finite number of 0 or more")
        if self.edges and len(self.edges) < 2:
            raise UserError("`edges` of `windows` are fewer than 2; they go from the start of time to its end")
        given = [name for name, value in (("edges", self.edges), ("length", self.length)) if value]
        if len(given) == 2 or (given and self.ratio != 1.0):
            others = given[1:] or ["ratio"]
            raise UserError(f"`windows` have both `{given[0]}` and `{others[0]}`; either alone says how long they are")
        for low, high in pairwise(self.edges):
            if not low < high:
                raise UserError(f"`edges` of `windows` must rise; {high:g} follows {low:g}")

    def over(self, lower: float, upper: float) -> tuple[float, ...]:
        """All t_k for time from `lower` to `upper`.

        Raises:
            UserError: edges that do not begin and end where time does, and windows that are too short to tell apart.
        """
        if not self.edges:
            # A length of a tenth makes ten windows of a unit, whatever the rounding.
            count = self.count if self.length is None else math.ceil((upper - lower) / self.length - _NEAR)
            # Relative to the longest, so that no power is too large for a number.
            longest = count - 1 if self.ratio > 1 else 0
            lengths = [self.ratio ** (k - longest) for k in range(count)]
            done = [math.fsum(lengths[:k]) / math.fsum(lengths) for k in range(1, count)]
            edges = (lower, *(lower + (upper - lower) * share for share in done), upper)
            if min(high - low for low, high in pairwise(edges)) <= _NEAR * (upper - lower):
                raise UserError(f"{count} `windows` with the `ratio` {self.ratio:g} leave some without length")
            return edges
        near = _NEAR * (upper - lower)
        first, last = self.edges[0], self.edges[-1]
        if abs(first - lower) > near or abs(last - upper) > near:
            raise UserError(
                f"`edges` of `windows` go from {first:g} to {last:g}, and time goes from {lower:g} to {upper:g}; "
                "the windows must tile it"
            )
        return (lower, *self.edges[1:-1], upper)
