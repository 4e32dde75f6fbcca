"""Random maps to fewer rows and to fewer columns that keep lengths: C (m, N) and Omega (P, s).

C has k entries +-1/sqrt k in each column, one in each k-th of its rows, so that E C^T C = I (J. Nelson, H. L. Nguyen,
arXiv 1211.1002 (2012); with k = 1 it is CountSketch). Omega = D Q F^T S has orthonormal columns: random signs D, a
random permutation Q, the orthonormal cosine transform F, and s of its columns S, drawn without repetition (H. Avron,
P. Maymounkov, S. Toledo, SIAM J. Sci. Comput. 32 (2010), for such transforms). Both are drawn on the CPU, so that a
seed means the same maps on every device.
"""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor


@final
@dataclass(frozen=True, eq=False)
class RowSketch:
    """C, as the row (k, N) and the value (k, N) of each entry, and m."""

    places: Tensor
    values: Tensor
    count: int

    @staticmethod
    def draw(rows: int, kept: int | None, entries: int, generator: np.random.Generator, like: Tensor) -> "RowSketch":
        """C for N rows; the identity where no more than `kept` are there."""
        if kept is None or kept >= rows:
            places, values, kept, entries = np.arange(rows)[None], np.ones((1, rows)), rows, 1
        else:
            edges = np.array([kept * i // entries for i in range(entries + 1)])
            places = generator.integers(edges[:-1, None], edges[1:, None], (entries, rows))
            values = generator.choice([-1.0, 1.0], (entries, rows)) / math.sqrt(entries)
        return RowSketch(torch.from_numpy(places).to(like.device), torch.from_numpy(values).to(like), kept)

    def add(self, total: Tensor, block: Tensor, start: int = 0) -> None:
        """Add C v to a total (m, ...), where v (N, ...) is zero but for a block of rows from `start`."""
        own = slice(start, start + block.shape[0])
        for place, value in zip(self.places[:, own], self.values[:, own], strict=True):
            total.index_add_(0, place, value.reshape(-1, *[1] * (block.ndim - 1)) * block)

    def times(self, rows: Tensor) -> Tensor:
        """C v for v (N,)."""
        total = rows.new_zeros(self.count)
        self.add(total, rows)
        return total


@final
@dataclass(frozen=True, eq=False)
class ColumnSketch:
    """Omega, as the permuted signs (P,), the permutation (P,) and the chosen columns (s,)."""

    signs: Tensor
    order: Tensor
    chosen: Tensor

    @property
    def count(self) -> int:
        """s."""
        return self.chosen.shape[0]

    @staticmethod
    def draw(size: int, kept: int, generator: np.random.Generator, like: Tensor) -> "ColumnSketch":
        """Omega of at most P columns."""
        signs = torch.from_numpy(generator.choice([-1.0, 1.0], size)).to(like)
        order, chosen = generator.permutation(size), generator.permutation(size)[: min(kept, size)]
        return ColumnSketch(signs, torch.from_numpy(order).to(like.device), torch.from_numpy(chosen).to(like.device))

    def narrow(self, block: Tensor) -> Tensor:
        """J Omega, (N, P) to (N, s), some rows at a time, so that what one pass made is in the caches for the next."""
        rows = max(1, _PASS_NUMBERS // block.shape[1])
        return torch.cat([self._narrow(part) for part in block.split(rows)])

    def _narrow(self, block: Tensor) -> Tensor:
        return cosine_transform(block.index_select(1, self.order) * self.signs, self.chosen)

    def widen(self, short: Tensor) -> Tensor:
        """Omega p, (s,) to (P,)."""
        spread = short.new_zeros(self.order.shape[0])
        spread[self.chosen] = short
        out = torch.empty_like(spread)
        out[self.order] = inverse_cosine_transform(spread) * self.signs
        return out


def cosine_transform(x: Tensor, chosen: Tensor) -> Tensor:
    """X_k = c_k sum_n x_n cos(pi (2n + 1) k/(2P)) for chosen k (s,), c_0 = 1/sqrt P, else c_k = sqrt(2/P).

    This is the orthonormal DCT-II. x (..., P) comes in the order 0, 2, 4, ..., 5, 3, 1, in which this is one real
    Fourier transform, turned (J. Makhoul, IEEE Trans. Acoust. Speech Signal Process. 28 (1980)); after a random
    permutation, any order is as good.
    """
    size = x.shape[-1]
    high = chosen > size // 2
    place = torch.where(high, size - chosen, chosen)
    # The upper half of the spectrum mirrors the lower: there the coefficient is minus the turned imaginary part.
    turn = _turns(x)[place] * torch.where(high, 1j, 1.0)
    half = torch.fft.rfft(x).index_select(-1, place)
    return half.real * turn.real - half.imag * turn.imag


def inverse_cosine_transform(x: Tensor) -> Tensor:
    """The inverse and the transpose of `cosine_transform` of all k in order: (P,) to (P,) in its order."""
    size = x.shape[0]
    imaginary = torch.cat((x.new_zeros(1), -x[size - size // 2 :].flip(0)))
    return torch.fft.irfft(torch.complex(x[: size // 2 + 1], imaginary) / _turns(x), n=size)


def _turns(x: Tensor) -> Tensor:
    """c_k exp(-i pi k/(2P)) for the lower half of the frequencies."""
    size = x.shape[-1]
    k = torch.arange(size // 2 + 1, dtype=x.dtype, device=x.device)
    scale = torch.full_like(k, math.sqrt(2.0 / size))
    scale[0] = math.sqrt(1.0 / size)
    return torch.polar(scale, -math.pi / (2 * size) * k)


_PASS_NUMBERS = 500_000
"""How many numbers of the Jacobian are transformed at once."""
