"""Truncated multivariate Taylor expansions carried through a network, one for every point and channel.

A jet holds, for each multi-index k of a downward-closed set, the Taylor coefficient (d^k f)/k! at every point. A linear
layer is then one stacked matrix product over all coefficients, and one forward sweep gives every derivative that the
equations ask for.
"""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from pinnkit.derivatives import composition, summed
from pinnkit.derivatives.indices import IndexSet
from pinnkit.equations.expression import MultiIndex

_MANY = 32
"""Entries from which it pays to keep no jet of the slope; with fewer the time is the same, and memory a little more."""


@final
class Jet:
    """Taylor coefficients (K, N, C): K multi-indices, N points, C channels.

    Channels that are affine in the coordinates have first derivatives that are the same at all points, and no others.
    Such a jet knows its slopes, and a linear map has nothing to multiply but the values.

    Args:
        coefficients: (K, N, C).
        indices: K.
        slopes: (d, C) where the channels are affine and depend on no parameter; None where that is not known.
    """

    def __init__(self, coefficients: Tensor, indices: IndexSet, slopes: Tensor | None = None) -> None:
        self.indices = indices
        self.slopes = slopes
        self._coefficients: Tensor | None = coefficients
        self._value = coefficients[0]

    @staticmethod
    def of_affine(value: Tensor, slopes: Tensor, indices: IndexSet) -> "Jet":
        """The jet of channels with values (N, C) and slopes (d, C); its coefficients are written when asked for."""
        made = Jet(value[None], indices, slopes)
        made._coefficients = None
        return made

    @property
    def written(self) -> bool:
        """Whether the coefficients exist; while they do not, value and slopes are all that there is."""
        return self._coefficients is not None

    @property
    def coefficients(self) -> Tensor:
        """(K, N, C). Who comes later sees them, not the slopes, so that a derivative with respect to them is whole."""
        if self._coefficients is None:
            assert self.slopes is not None
            along = self.slopes[[d for d, _ in self.indices.units]]
            self._coefficients = summed.spread(self._value, along, self.indices)
            self.slopes = None
        return self._coefficients

    @property
    def value(self) -> Tensor:
        """The values themselves, (N, C)."""
        return self._value if self._coefficients is None else self._coefficients[0]

    def derivative(self, index: MultiIndex) -> Tensor:
        """The partial derivative d^index, (N, C).

        Raises:
            KeyError: the index is not in the set.
        """
        place = self.indices.position[index]
        factor = self.indices.factorials[place]
        return self.coefficients[place] * factor if factor != 1.0 else self.coefficients[place]

    def channel(self, number: int) -> "Jet":
        """One channel alone, as a jet with C = 1."""
        only = slice(number, number + 1)
        return Jet(self.coefficients[:, :, only], self.indices, None if self.slopes is None else self.slopes[:, only])


def coordinates(points: Tensor, indices: IndexSet) -> Jet:
    """The jet of the coordinates themselves, (K, N, d) at points (N, d)."""
    coefficients = points.new_zeros(len(indices), *points.shape)
    coefficients[0] = points
    for d in range(points.shape[1]):
        unit = tuple(int(d == c) for c in range(points.shape[1]))
        if unit in indices.position:
            coefficients[indices.position[unit], :, d] = 1.0
    return Jet(coefficients, indices, torch.eye(points.shape[1], dtype=points.dtype, device=points.device))


def affine(jet: Jet, scale: Tensor, shift: Tensor) -> Jet:
    """scale * z + shift, both (C,)."""
    scaled = jet.coefficients * scale
    slopes = None if jet.slopes is None else jet.slopes * scale
    return Jet(torch.cat((scaled[:1] + shift, scaled[1:])), jet.indices, slopes)


def concatenate(jets: list[Jet]) -> Jet:
    """The channels of several jets side by side."""
    slopes = [jet.slopes for jet in jets if jet.slopes is not None]
    joined = torch.cat(slopes, dim=1) if len(slopes) == len(jets) else None
    return Jet(torch.cat([jet.coefficients for jet in jets], dim=2), jets[0].indices, joined)


def multiply(a: Jet, b: Jet) -> Jet:
    """The product of two jets of the same shape."""
    if len(a.indices) == 1:
        return Jet(a.coefficients * b.coefficients, a.indices)
    return Jet(composition.multiply(a.coefficients, b.coefficients, a.indices), a.indices)


def tanh(z: Jet) -> Jet:
    """tanh z."""
    return _elementary(z, torch.tanh, composition.tanh, summed.tanh)


def sin(z: Jet) -> Jet:
    """sin z."""
    return _elementary(z, torch.sin, composition.sin, summed.sin)


def cos(z: Jet) -> Jet:
    """cos z = sin(z + pi/2)."""
    quarter = torch.full_like(z.coefficients[0, 0], torch.pi / 2)
    return sin(affine(z, torch.ones_like(quarter), quarter)) if len(z.indices) > 1 else _elementary(z, torch.cos, None)


def softplus(z: Jet) -> Jet:
    """log(1 + exp z)."""
    return _elementary(z, torch.nn.functional.softplus, composition.softplus)


def silu(z: Jet) -> Jet:
    """z / (1 + exp(-z))."""
    return multiply(z, _elementary(z, torch.sigmoid, composition.logistic))


def gelu(z: Jet) -> Jet:
    """z Phi(z), Phi the normal distribution function."""
    return multiply(z, _elementary(z, torch.special.ndtr, composition.normal_distribution))


def reciprocal(z: Jet) -> Jet:
    """1/z."""
    return _elementary(z, torch.reciprocal, composition.reciprocal)


def algebraic(z: Jet) -> Jet:
    """z/sqrt(1 + z^2), which never overflows."""
    return _elementary(z, composition.bounded, composition.algebraic)


def _elementary(
    z: Jet, plain: Callable[[Tensor], Tensor], rule: composition.Rule | None, slopes: summed.Slopes | None = None
) -> Jet:
    """Of a bare value torch's own function, which reverse mode can differentiate as often as it likes."""
    if len(z.indices) == 1 or rule is None:
        return Jet(plain(z.coefficients), z.indices)
    if slopes is not None and not z.written and z.slopes is not None and z.indices.only_sums:
        along = z.slopes[[d for d, _ in z.indices.units]]
        return Jet(summed.compose_affine(slopes, z.value, along, z.indices), z.indices)
    # A compiler does not see through the writes into slices by which sums are made.
    many = len(z.indices) >= _MANY
    if slopes is not None and many and z.indices.only_sums and not torch.compiler.is_compiling():
        return Jet(summed.compose(slopes, z.coefficients, z.indices), z.indices)
    return Jet(composition.compose(rule, z.coefficients, z.indices), z.indices)
