"""Coordinates scaled to [-1, 1], periodic ones by their harmonics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.networks.mapped import Mapped
from pinnkit.networks.network import Embedding, Features
from pinnkit.problem.axes import Axes

_HIGHEST_POWER = 6
"""Beyond it, one feature alone would be a wall or a constant."""


@final
@dataclass(frozen=True)
class Scaled(Embedding):
    """Each coordinate as s (2 x - a - b)/(b - a); a periodic one as cos k w x, sin k w x, w = 2 pi/(b - a), k = 1..m.

    Where an end is infinite, the coordinate enters as its map s(x) in [-1, 1] (see `Axis`), which is algebraic.

    The harmonics make every field exactly periodic, with all its derivatives (S. Dong, N. Ni, J. Comput. Phys. 435
    (2021) 110242).

    Args:
        harmonics: m.
        stretch: the factor s by coordinate, 1 where not given; a large one lets the network vary fast from the start,
            as transport at high speed does.
        products: whether the harmonics of several periodic coordinates enter by all their products as well, such as
            cos k w x sin l v y, which are the waves of all directions.
        time_powers: time enters once for every p of these, as 10^p times its scaled value.
    """

    harmonics: int = 1
    stretch: Mapping[str, float] = field(default_factory=dict)
    products: bool = False
    time_powers: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        given = list(self.time_powers)
        if not given or len(set(given)) < len(given) or any(abs(p) > _HIGHEST_POWER for p in given):
            need = f"different whole numbers from -{_HIGHEST_POWER} to {_HIGHEST_POWER}, such as [0, 1, 2]"
            raise UserError(f"`time_powers` of embedding `scaled` is {given}; it needs {need}")
        if self.harmonics < 1:
            raise UserError(f"`harmonics` of embedding `scaled` is {self.harmonics}; it needs at least 1")
        for name, factor in self.stretch.items():
            if not 0 < factor < float("inf"):
                raise UserError(
                    f"`stretch` of embedding `scaled` is {factor:g} for `{name}`; it needs a finite number above 0"
                )

    def build(self, axes: Axes, generator: torch.Generator, dtype: torch.dtype, device: torch.device) -> Features:
        """The map for these coordinates.

        Raises:
            UserError: `stretch` names something that is not a coordinate, or is periodic; `time_powers` are given where
                no coordinate is time.
        """
        if self.time_powers != (0,) and axes.time is None:
            raise UserError("`time_powers` of embedding `scaled` is given, and no coordinate of the problem is time")
        for name in self.stretch:
            if name not in axes.names:
                message, hint = unknown("coordinate", name, axes.names)
                raise UserError(Mistake(f"{message} in `stretch` of embedding `scaled`", hint=hint))
            if name in axes.periodic:
                raise UserError(f"`{name}` is periodic: it enters by its `harmonics`, and has no `stretch`")
        maps: list[_Map | Mapped] = []
        for number, axis in enumerate(axes.axes):
            name, low, high = axis.name, axis.lower, axis.upper
            factor = self.stretch.get(name, 1.0)
            if axis.periodic:
                waves = [2.0 * torch.pi * k / (high - low) for k in range(1, self.harmonics + 1)]
                maps.append(_Map(number, torch.tensor(waves, dtype=dtype, device=device), None))
            elif not axis.finite:
                maps.append(Mapped(number, axis, factor))
            else:
                powers = self.time_powers if name == axes.time else (0,)
                scale = torch.tensor([factor * 2.0 / (high - low) * 10.0**p for p in powers], dtype=torch.float64)
                shift = -0.5 * scale * (low + high)
                maps.append(_Map(number, scale.to(dtype=dtype, device=device), shift.to(dtype=dtype, device=device)))
        return _ScaledFeatures(maps, self.products)


@final
class _Map(nn.Module):
    """What one coordinate becomes: a line where there is a shift, else waves."""

    scale: Tensor
    shift: Tensor | None

    def __init__(self, coordinate: int, scale: Tensor, shift: Tensor | None) -> None:
        super().__init__()
        self.coordinate = coordinate
        # Numbers of the problem, not of the run: they follow the precision and are not saved.
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)
        self.waves = shift is None
        self.count = 2 * len(scale) if self.waves else len(scale)

    def forward(self, coordinates: Jet) -> Jet:
        alone = coordinates.channel(self.coordinate)
        if self.shift is not None:
            return jet.affine(alone, self.scale, self.shift)
        phase = Jet(alone.coefficients * self.scale, alone.indices)
        return jet.concatenate([jet.cos(phase), jet.sin(phase)])


@final
class _ScaledFeatures(Features):
    """Every coordinate's own features, in their order, and behind them the products of those of several circles."""

    def __init__(self, maps: list[_Map | Mapped], products: bool) -> None:
        super().__init__()
        self.maps = nn.ModuleList(maps)
        self.products = products
        own = [m.count for m in maps]
        waves = [n for n, m in zip(own, maps, strict=True) if m.waves]
        # Every circle takes part with one of its waves or with 1; a product has two of them at least.
        self.count = sum(own) + (prod(1 + n for n in waves) - 1 - sum(waves) if products else 0)

    def forward(self, coordinates: Jet) -> Jet:
        own = [feature(coordinates) for feature in self.maps]
        if not self.products:
            return jet.concatenate(own)
        waves: list[Jet] = []
        multiplied: list[Jet] = []
        for feature, found in zip(self.maps, own, strict=True):
            if feature.waves:
                made = [_products(earlier, found) for earlier in waves + multiplied]
                waves, multiplied = [*waves, found], [*multiplied, *made]
        return jet.concatenate([*own, *multiplied])


def _products(a: Jet, b: Jet) -> Jet:
    """Every channel of one jet times every channel of the other."""
    first, second = a.coefficients.shape[2], b.coefficients.shape[2]
    left = Jet(a.coefficients.repeat_interleave(second, dim=2), a.indices)
    return jet.multiply(left, Jet(b.coefficients.repeat(1, 1, first), b.indices))
