"""Downward-closed sets of multi-indices and their tables.

Satisfied for every set A made by `closure`:
1. A holds what was wanted and the value, with k every index below k, and nothing else.
2. A is sorted by total order; `levels` cut it into the orders; `units` are the first derivatives in it.
3. For polynomials a, b in Taylor coefficients: (a b)_k = a_0 b_k + a_k b_0 + the sum over `splits`;
   (a^2)_k = 2 a_0 a_k + the sum over `squares`; (f(a))_k = F_0 a_k + the sum over `chains`, F the jet of f'(a);
   <a b, y> = <b, a_0 y + the sum over `shifts`>.
"""

from itertools import product
from math import factorial, prod

import numpy as np
import pytest

from pinnkit.derivatives.indices import IndexSet
from pinnkit.equations.expression import MultiIndex

Polynomial = dict[MultiIndex, int]


def total_order(dimension: int, order: int) -> list[MultiIndex]:
    return [k for k in product(range(order + 1), repeat=dimension) if sum(k) <= order]


def below(k: MultiIndex, bound: MultiIndex) -> bool:
    return all(a <= b for a, b in zip(k, bound, strict=True))


SETS = [IndexSet.closure([k], d) for d in (1, 2, 3) for k in total_order(d, 4)]
SETS += [IndexSet.closure(total_order(d, 4), d) for d in (1, 2, 3)]
SETS += [IndexSet.closure([(4, 0, 0), (0, 2, 1), (1, 0, 2)], 3), IndexSet.closure([(2, 0), (1, 1)], 2)]


def polynomial(indices: IndexSet, generator: np.random.Generator) -> Polynomial:
    return {k: int(generator.integers(-9, 10)) for k in indices.indices}


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    """The whole product, term by term, with nothing truncated."""
    out: Polynomial = {}
    for (i, x), (j, y) in product(a.items(), b.items()):
        k = tuple(p + q for p, q in zip(i, j, strict=True))
        out[k] = out.get(k, 0) + x * y
    return out


@pytest.mark.parametrize("indices", SETS, ids=lambda s: f"{s.dimension}d-{len(s)}-{s.indices[-1]}")
class TestTables:
    """Tables against polynomials with integer coefficients, whose arithmetic is exact."""

    def test_products(self, indices: IndexSet) -> None:
        generator = np.random.default_rng(len(indices))
        a, b = polynomial(indices, generator), polynomial(indices, generator)
        at_a, at_b = list(a.values()), list(b.values())
        whole = times(a, b)
        for n, k in enumerate(indices.indices[1:], start=1):
            found = at_a[0] * at_b[n] + at_a[n] * at_b[0] + sum(at_a[i] * at_b[j] for i, j in indices.splits[n])
            assert found == whole[k]
        assert indices.splits[0] == ()

    def test_squares(self, indices: IndexSet) -> None:
        a = polynomial(indices, np.random.default_rng(len(indices)))
        at = list(a.values())
        whole = times(a, a)
        for n, k in enumerate(indices.indices[1:], start=1):
            assert 2 * at[0] * at[n] + sum(w * at[i] * at[j] for i, j, w in indices.squares[n]) == whole[k]

    def test_chains(self, indices: IndexSet) -> None:
        a = polynomial(indices, np.random.default_rng(len(indices)))
        at = list(a.values())
        square = times(a, a)
        cube, slope = times(square, a), {k: 3 * v for k, v in square.items()}
        for n, k in enumerate(indices.indices[1:], start=1):
            terms = [w * slope[indices.indices[i]] * at[j] for i, j, w in indices.chains[n]]
            assert slope[indices.indices[0]] * at[n] + sum(terms) == pytest.approx(cube[k], rel=1e-12, abs=1e-9)
        assert indices.chains[0] == ()

    def test_shifts(self, indices: IndexSet) -> None:
        generator = np.random.default_rng(len(indices))
        a, b, y = (polynomial(indices, generator) for _ in range(3))
        at, of = list(a.values()), list(y.values())
        transposed = [at[0] * v for v in of]
        for i, j, k in indices.shifts:
            transposed[j] += at[i] * of[k]
        whole = times(a, b)
        left = sum(whole[k] * y[k] for k in indices.indices)
        assert left == sum(p * q for p, q in zip(transposed, b.values(), strict=True))

    def test_the_set_is_closed_sorted_and_cut_into_orders(self, indices: IndexSet) -> None:
        held = set(indices.indices)
        assert all(k in held for top in held for k in product(*(range(n + 1) for n in top)))
        assert len(held) == len(indices)
        assert indices.indices[0] == (0,) * indices.dimension
        orders = [sum(k) for k in indices.indices]
        assert orders == sorted(orders)
        assert [sum(k) for level in indices.levels for k in indices.indices[level]] == orders
        assert all(len({orders[n] for n in range(s.start, s.stop)}) == 1 for s in indices.levels)
        assert [indices.position[k] for k in indices.indices] == list(range(len(indices)))
        assert indices.factorials == tuple(float(prod(map(factorial, k))) for k in indices.indices)


@pytest.mark.parametrize("seed", range(40))
def test_the_closure_is_the_smallest(seed: int) -> None:
    generator = np.random.default_rng(seed)
    dimension = 1 + seed % 3
    wanted = [tuple(int(n) for n in generator.integers(0, 5, dimension)) for _ in range(int(generator.integers(0, 4)))]
    found = set(IndexSet.closure(wanted, dimension).indices)
    everything = product(range(6), repeat=dimension)
    assert found == {k for k in everything if not any(k) or any(below(k, w) for w in wanted)}


def test_equal_sets_are_equal_values() -> None:
    assert IndexSet.closure([(2, 0), (1, 0)], 2) == IndexSet.closure([(2, 0)], 2)
    assert hash(IndexSet.closure([(2, 0)], 2)) == hash(IndexSet.closure([(2, 0), (2, 0)], 2))


@pytest.mark.parametrize("indices", SETS)
def test_units_are_the_first_derivatives(indices: IndexSet) -> None:
    for d, place in indices.units:
        assert indices.indices[place] == tuple(int(d == c) for c in range(indices.dimension))
    assert len(indices.units) == sum(sum(k) == 1 for k in indices.indices)
