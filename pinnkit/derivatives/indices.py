"""Which derivatives a jet carries: a downward-closed set of multi-indices, and the tables made from it once."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import factorial, prod
from typing import final

from pinnkit.equations.expression import MultiIndex

Pair = tuple[int, int]
WeightedPair = tuple[int, int, float]


@final
@dataclass(frozen=True)
class IndexSet:
    """A downward-closed set of multi-indices, sorted by order, so that position 0 is the value itself.

    Downward closed (with k every index below k) is what makes products and compositions of jets closed formulas.
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
            found.update(product(*(range(n + 1) for n in index)))
        return IndexSet(tuple(sorted(found, key=lambda k: (sum(k), k))))

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
    def factorials(self) -> tuple[float, ...]:
        """k! for every index: a derivative is its Taylor coefficient times k!."""
        return tuple(float(prod(factorial(n) for n in index)) for index in self.indices)

    @cached_property
    def levels(self) -> tuple[slice, ...]:
        """The positions of every total order, from 0 upwards; contiguous because the set is sorted by order."""
        orders = [sum(index) for index in self.indices]
        return tuple(slice(orders.index(n), len(orders) - orders[::-1].index(n)) for n in range(orders[-1] + 1))

    @cached_property
    def splits(self) -> tuple[tuple[Pair, ...], ...]:
        """For every k the ordered pairs (i, j) with i + j = k and neither of them 0."""
        return tuple(
            tuple(
                (self.position[i], self.position[j])
                for i in self.indices
                if any(i) and i != k and min(j := _difference(k, i)) >= 0
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
        along = next(d for d, n in enumerate(k) if n)
        pairs = self.splits[self.position[k]]
        weights = ((i, j, self.indices[j][along] / k[along]) for i, j in pairs)
        return tuple(triple for triple in weights if triple[2])

    @cached_property
    def shifts(self) -> tuple[tuple[int, int, int], ...]:
        """All (i, j, i + j) with i not 0 and the sum in the set: the terms of a transposed product."""
        return tuple(
            (self.position[i], self.position[j], self.position[total])
            for i in self.indices
            if any(i)
            for j in self.indices
            if (total := tuple(a + b for a, b in zip(i, j, strict=True))) in self.position
        )


def _difference(k: MultiIndex, i: MultiIndex) -> MultiIndex:
    return tuple(a - b for a, b in zip(k, i, strict=True))
