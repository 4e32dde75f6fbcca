"""Declared symmetries, imposed exactly: the network is evaluated at mirrored points too, and the copies are combined.

A field that is odd in x is N(x) - N(-x), an even one N(x) + N(-x).
"""

from dataclasses import dataclass
from itertools import product
from typing import final

from pinnkit.formulation.solenoidal import outputs_of
from pinnkit.problem.problem import Problem


@final
@dataclass(frozen=True)
class Copy:
    """One mirrored evaluation: the sign of every coordinate, and the weight with which each output takes it."""

    signs: tuple[float, ...]
    weights: tuple[float, ...]


def copies_of(problem: Problem) -> tuple[Copy, ...]:
    """The evaluations that a problem's symmetries need; one plain copy where there are none."""
    mirrored = sorted({s.coordinate for s in problem.symmetries}, key=problem.index)
    parity = {(s.field, s.coordinate): -1.0 if s.parity == "odd" else 1.0 for s in problem.symmetries}
    copies = []
    for flips in product((False, True), repeat=len(mirrored)):
        flipped = [c for c, flip in zip(mirrored, flips, strict=True) if flip]
        signs = tuple(-1.0 if c.name in flipped else 1.0 for c in problem.coordinates)
        weights = []
        for field in outputs_of(problem):
            weight = 1.0
            for coordinate in flipped:
                # A field without a symmetry in this coordinate takes no part in the mirrored copy.
                weight *= parity.get((field, coordinate), 0.0)
            weights.append(weight)
        weights += [0.0 if flipped else 1.0] * len(problem.unknowns)  # which have no symmetry either
        copies.append(Copy(signs, tuple(weights)))
    return tuple(copies)
