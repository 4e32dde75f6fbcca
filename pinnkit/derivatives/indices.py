"""Which derivatives a jet carries: a downward-closed set of multi-indices, and the tables made from it once.

A set may hold sums of second derivatives too, each as one entry. With (f)_S = sum over i in S of (f)_2e_i,

    (a b)_S = a_0 b_S + a_S b_0 + sum of a_e_i b_e_i,      (f(z))_S = f'(z_0) z_S + 1/2 sum of (f'(z))_e_i z_e_i

so a sum needs first derivatives alone, and a Laplacian in d coordinates d + 2 entries in place of 2 d + 1 (R. Li and
others, Nature Machine Intelligence 6 (2024) 209, the forward Laplacian; F. Dangel and others, arXiv 2505.13644).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import factorial, prod
from typing import final

from pinnkit.equations.expression import MultiIndex

Pair = tuple[int, int]
WeightedPair = tuple[int, int, float]


def second_derivatives(along: Iterable[bool]) -> MultiIndex:
    """The entry for the sum of the second derivatives along some coordinates: -2 for each of them, 0 for the others.

    Example:
        >>> second_derivatives([True, False, True])
        (-2, 0, -2)
    """
    return tuple(-2 if summed else 0 for summed in along)


def summed_by(index: MultiIndex) -> tuple[MultiIndex, ...]:
    """The multi-indices whose derivatives an entry is the sum of: itself where it is no sum."""
    if min(index, default=0) >= 0:
        return (index,)
    places = [d for d, n in enumerate(index) if n]
    return tuple(tuple(2 * int(d == place) for d in range(len(index))) for place in places)


@final
@dataclass(frozen=True)
class IndexSet:
    """A downward-closed set of multi-indices, sorted by order, so that position 0 is the value itself.

    Downward closed (with k every index below k) is what makes products and compositions of jets closed formulas.
    Below a sum of second derivatives there are the first ones.
    """

    indices: tuple[MultiIndex, ...]

    @staticmethod
    def closure(wanted: Iterable[MultiIndex], dimension: int) -> "IndexSet":
        """The smallest downward-closed set that holds the indices wanted and the value.

        Example:
            >>> IndexSet.closure([(2, 0), (0, 1)], 2).indices
            ((0, 0), (0, 1), (1, 0), (2, 0))
        """
        found = {(0,) * dimension}
        for index in wanted:
            for whole in summed_by(index):
                below = product(*(range(n + 1) for n in whole))
                found.update(k for k in below if k != whole or whole == index)
            found.add(index)
        return IndexSet(tuple(sorted(found, key=lambda k: (_order(k), k))))

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.indices[0])

    @cached_property
    def position(self) -> dict[MultiIndex, int]:
        """Where each index stands."""
        return {index: place for place, index in enumerate(self.indices)}

    @cached_property
    def units(self) -> tuple[Pair, ...]:
        """Every coordinate along which there is a first derivative, and where that stands."""
        along = ((k.index(1), place) for place, k in enumerate(self.indices) if min(k) >= 0 and sum(k) == 1)
        return tuple(sorted(along))

    @cached_property
    def sums(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Every sum of second derivatives: where it stands, and where the first derivatives below it do."""
        below = dict(self.units)
        return tuple(
            (place, tuple(below[d] for d, n in enumerate(k) if n)) for place, k in enumerate(self.indices) if min(k) < 0
        )

    @cached_property
    def only_sums(self) -> bool:
        """Whether there are sums, and beside them first derivatives alone."""
        return bool(self.sums) and len(self) == 1 + len(self.units) + len(self.sums)

    @cached_property
    def factorials(self) -> tuple[float, ...]:
        """k! for every index: a derivative is its Taylor coefficient times k!."""
        return tuple(float(prod(factorial(n) for n in summed_by(index)[0])) for index in self.indices)

    @cached_property
    def levels(self) -> tuple[slice, ...]:
        """The positions of every total order, from 0 upwards; contiguous because the set is sorted by order."""
        orders = [_order(index) for index in self.indices]
        return tuple(slice(orders.index(n), len(orders) - orders[::-1].index(n)) for n in range(orders[-1] + 1))

    @cached_property
    def splits(self) -> tuple[tuple[Pair, ...], ...]:
        """For every k the ordered pairs (i, j) with i + j = k and neither of them 0."""
        return tuple(
            tuple(
                (self.position[i], self.position[j])
                for whole in summed_by(k)
                for i in self.indices
                if any(i) and min(i) >= 0 and i != whole and min(j := _difference(whole, i)) >= 0
            )
            for k in self.indices
        )

    @cached_property
    def squares(self) -> tuple[tuple[WeightedPair, ...], ...]:
        """The pairs of `splits` with i <= j and the weight 2 where they differ: the terms of a square."""
        return tuple(tuple((i, j, 1.0 if i == j else 2.0) for i, j in pairs if i <= j) for pairs in self.splits)

    @cached_property
    def chains(self) -> tuple[tuple[WeightedPair, ...], ...]:
        """For every k the triples (i, j, j_d/k_d), i and j not 0, of k_d y_k = sum over i + j = k of j_d F_i z_j.

        That is the chain rule d_d f(z) = f'(z) d_d z in Taylor coefficients, along the first coordinate d of k.
        """
        return tuple(self._chain(k) for k in self.indices)

    def _chain(self, k: MultiIndex) -> tuple[WeightedPair, ...]:
        if not any(k):
            return ()
        pairs = self.splits[self.position[k]]
        if min(k) < 0:
            return tuple((i, j, 0.5) for i, j in pairs)
        along = next(d for d, n in enumerate(k) if n)
        weights = ((i, j, self.indices[j][along] / k[along]) for i, j in pairs)
        return tuple(triple for triple in weights if triple[2])

    @cached_property
    def shifts(self) -> tuple[tuple[int, int, int], ...]:
        """All (i, j, i + j) with i not 0 and the sum in the set: the terms of a transposed product."""
        pairs = ((i, j, k) for k, own in enumerate(self.splits) for i, j in own)
        return tuple(sorted([*((k, 0, k) for k in range(1, len(self))), *pairs]))


def _order(k: MultiIndex) -> int:
    """How often is differentiated in all."""
    return sum(summed_by(k)[0])


def _difference(k: MultiIndex, i: MultiIndex) -> MultiIndex:
    return tuple(a - b for a, b in zip(k, i, strict=True))
