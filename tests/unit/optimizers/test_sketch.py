"""Random maps to fewer rows and columns.

Satisfied: the cosine transform is SciPy's, and its inverse is its transpose; Omega has orthonormal columns, and
`narrow` and `widen` are transposes; every column of C has k entries +-1/sqrt k in k different rows, and the mean of
C^T C is the identity; blocks of rows add up; the same generator draws the same maps.
"""

import math

import numpy as np
import pytest
import scipy.fft
import torch
from torch import Tensor

from pinnkit.optimizers.sketch import ColumnSketch, RowSketch, cosine_transform, inverse_cosine_transform

F64 = torch.float64
LIKE = torch.zeros(1, dtype=F64)


def dense_rows(rows: int, kept: int | None, entries: int, seed: int = 0) -> Tensor:
    c = RowSketch.draw(rows, kept, entries, np.random.default_rng(seed), LIKE)
    total = torch.zeros(c.count, rows, dtype=F64)
    c.add(total, torch.eye(rows, dtype=F64))
    return total


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9, 30, 31])
def test_the_cosine_transform_is_that_of_scipy(size: int) -> None:
    x = torch.randn(3, size, generator=torch.Generator().manual_seed(size), dtype=F64)
    order = [*range(0, size, 2), *reversed(range(1, size, 2))]
    truth = torch.from_numpy(scipy.fft.dct(x.numpy(), norm="ortho"))
    found = cosine_transform(x[:, order], torch.arange(size))
    torch.testing.assert_close(found, truth, rtol=0.0, atol=1e-14)
    some = torch.from_numpy(np.random.default_rng(0).permutation(size)[: max(1, size // 2)])
    torch.testing.assert_close(cosine_transform(x[:, order], some), truth[:, some], rtol=0.0, atol=1e-14)
    torch.testing.assert_close(inverse_cosine_transform(truth[0]), x[0, order], rtol=0.0, atol=1e-14)


@pytest.mark.parametrize("kept", [1, 7, 20, 50])
def test_columns_are_orthonormal(kept: int, device: str) -> None:
    like = LIKE.to(device)
    omega = ColumnSketch.draw(20, kept, np.random.default_rng(3), like)
    dense = omega.narrow(torch.eye(20, dtype=F64, device=device))
    s = min(kept, 20)
    assert dense.shape == (20, s)
    eye = torch.eye(s, dtype=F64, device=device)
    torch.testing.assert_close(dense.T @ dense, eye, rtol=0.0, atol=1e-14)
    torch.testing.assert_close(torch.stack([omega.widen(e) for e in eye], dim=1), dense, rtol=0.0, atol=1e-14)


def test_rows_are_transformed_alike_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    block = torch.randn(11, 20, generator=torch.Generator().manual_seed(0), dtype=F64)
    omega = ColumnSketch.draw(20, 6, np.random.default_rng(3), LIKE)
    whole = omega.narrow(block)
    monkeypatch.setattr("pinnkit.optimizers.sketch._PASS_NUMBERS", 60)
    torch.testing.assert_close(omega.narrow(block), whole, rtol=0.0, atol=1e-14)


def test_every_column_of_c_has_entries_of_one_size_in_different_rows() -> None:
    c = dense_rows(50, 14, 4)
    assert c.shape == (14, 50)
    assert torch.equal((c != 0).sum(0), torch.full((50,), 4))
    assert torch.equal(c[c != 0].abs(), torch.full((200,), 0.5, dtype=F64))


def test_c_is_the_identity_where_no_row_is_to_go() -> None:
    for kept in (None, 9, 30):
        assert torch.equal(dense_rows(9, kept, 4), torch.eye(9, dtype=F64))


@pytest.mark.parametrize("entries", [1, 3])
def test_the_mean_of_c_transposed_c_is_the_identity(entries: int) -> None:
    """Off the diagonal an entry is a sum of k products +-1/k, each met with probability k/m: its variance is 1/m."""
    kept, draws = 12, 4000
    mean = torch.zeros(5, 5, dtype=F64)
    for seed in range(draws):
        c = RowSketch.draw(20, kept, entries, np.random.default_rng(seed), LIKE)
        total = torch.zeros(kept, 5, dtype=F64)
        c.add(total, torch.eye(20, 5, dtype=F64))
        mean += total.T @ total / draws
    torch.testing.assert_close(mean.diagonal(), torch.ones(5, dtype=F64), rtol=0.0, atol=1e-12)
    # Five standard deviations of the mean for each of ten entries.
    assert float((mean - torch.diag(mean.diagonal())).abs().max()) < 5.0 / math.sqrt(kept * draws)
    # And the bound is not met for another reason: the ten entries do vary by about one deviation.
    assert float(mean[torch.triu(torch.ones(5, 5), 1) == 1].std()) > 0.3 / math.sqrt(kept * draws)


def test_blocks_of_rows_add_up(device: str) -> None:
    block = torch.randn(23, 3, generator=torch.Generator().manual_seed(0), dtype=F64).to(device)
    c = RowSketch.draw(23, 8, 2, np.random.default_rng(0), block)
    whole, parts = (torch.zeros(8, 3, dtype=F64, device=device) for _ in range(2))
    c.add(whole, block)
    c.add(parts, block[:10])
    c.add(parts, block[10:], 10)
    torch.testing.assert_close(parts, whole, rtol=0.0, atol=1e-14)
    torch.testing.assert_close(c.times(block[:, 1]), whole[:, 1], rtol=0.0, atol=1e-14)


def test_the_same_generator_draws_the_same_maps() -> None:
    assert torch.equal(dense_rows(30, 8, 2, seed=4), dense_rows(30, 8, 2, seed=4))
    assert not torch.equal(dense_rows(30, 8, 2, seed=4), dense_rows(30, 8, 2, seed=5))
