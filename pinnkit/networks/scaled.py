"""Coordinates scaled to [-1, 1], periodic ones by their harmonics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.equations.expression import Scope
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.networks.network import Embedding, Features


@final
@dataclass(frozen=True)
class Scaled(Embedding):
    """Each coordinate as s (2 x - a - b)/(b - a); a periodic one as cos k w x, sin k w x, w = 2 pi/(b - a), k = 1..m.

    The harmonics make every field exactly periodic, with all its derivatives (S. Dong, N. Ni, J. Comput. Phys. 435
    (2021) 110242).

    Args:
        harmonics: m.
        stretch: the factor s by coordinate, 1 where not given; a large one lets the network vary fast from the start,
            as transport at high speed does.
    """

    harmonics: int = 1
    stretch: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.harmonics < 1:
            raise UserError(f"`harmonics` of embedding `scaled` is {self.harmonics}; it needs at least 1")
        for name, factor in self.stretch.items():
            if not 0 < factor < float("inf"):
                raise UserError(
                    f"`stretch` of embedding `scaled` is {factor:g} for `{name}`; it needs a finite number above 0"
                )

    def build(
        self,
        scope: Scope,
        intervals: dict[str, tuple[float, float]],
        periodic: frozenset[str],
        generator: torch.Generator,
        dtype: torch.dtype,
        device: torch.device,
    ) -> Features:
        """The map for these coordinates.

        Raises:
            UserError: `stretch` names something that is not a coordinate, or is periodic.
        """
        for name in self.stretch:
            if name not in scope.coordinates:
                message, hint = unknown("coordinate", name, scope.coordinates)
                raise UserError(Mistake(f"{message} in `stretch` of embedding `scaled`", hint=hint))
            if name in periodic:
                raise UserError(f"`{name}` is periodic: it enters by its `harmonics`, and has no `stretch`")
        maps = []
        for number, name in enumerate(scope.coordinates):
            low, high = intervals[name]
            factor = self.stretch.get(name, 1.0)
            if name in periodic:
                waves = [2.0 * torch.pi * k / (high - low) for k in range(1, self.harmonics + 1)]
                maps.append(_Map(number, torch.tensor(waves, dtype=dtype, device=device), None))
            else:
                scale = factor * 2.0 / (high - low)
                line = torch.tensor([scale, -0.5 * scale * (low + high)], dtype=dtype, device=device)
                maps.append(_Map(number, line[:1], line[1:]))
        return _ScaledFeatures(maps)


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

    def forward(self, coordinates: Jet) -> Jet:
        alone = coordinates.channel(self.coordinate)
        if self.shift is not None:
            return jet.affine(alone, self.scale, self.shift)
        phase = Jet(alone.coefficients * self.scale, alone.indices)
        return jet.concatenate([jet.cos(phase), jet.sin(phase)])


@final
class _ScaledFeatures(Features):
    def __init__(self, maps: list[_Map]) -> None:
        super().__init__()
        self.maps = nn.ModuleList(maps)
        self.count = sum(1 if m.shift is not None else 2 * len(m.scale) for m in maps)

    def forward(self, coordinates: Jet) -> Jet:
        return jet.concatenate([feature(coordinates) for feature in self.maps])
