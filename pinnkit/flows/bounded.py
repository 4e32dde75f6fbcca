"""A normalizing flow on the unit cube: z = T(x) is uniform where x has the density p(x) = |det dT/dx|.

T is a chain of couplings. Each transforms some coordinates by monotone splines whose shape is a small network's
function of the others, so that its Jacobian is triangular and both T and its inverse are one pass. All of it maps the
cube onto itself: no point ever leaves the box, and no density is lost beyond it. It begins as the identity.

K. Tang, X. Wan, Q. Liao, Theor. Appl. Mech. Lett. 10 (2020) 143, and L. Zeng, X. Wan, T. Zhou, arXiv 2305.09063,
for flows on boxes as densities of points; the couplings are those of C. Durkan, A. Bekasov, I. Murray, G. Papamakarios,
NeurIPS 2019 (arXiv 1906.04032).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, final

import torch
from torch import Tensor, nn

from pinnkit.flows.spline import monotone_spline


@final
class BoundedFlow(nn.Module):
    """T and its inverse in d coordinates, in float64.

    Args:
        dimension: d.
        layers: how many couplings; each coordinate is transformed by half of them.
        width: of the two hidden layers of every coupling's network.
        bins: of the splines.
        generator: of the networks' start and of which coordinates belong together.
    """

    def __init__(self, dimension: int, layers: int, width: int, bins: int, generator: torch.Generator) -> None:
        super().__init__()
        self.dimension = dimension
        self.sizes = layers, width, bins
        self.couplings = nn.ModuleList()
        half = (dimension + 1) // 2
        for number in range(layers):
            if number % 2 == 0:
                order = torch.randperm(dimension, generator=generator)
            moved = order[:half] if number % 2 == 0 or dimension == 1 else order[half:]
            self.couplings.append(_Coupling(dimension, moved.sort().values, width, bins, generator))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z (n, d) and log p (n,) at points x (n, d) of the unit cube."""
        logarithm = x.new_zeros(len(x))
        for coupling in self.couplings:
            x, slope = coupling(x)
            logarithm = logarithm + slope
        return x, logarithm

    def stored(self) -> dict[str, Any]:
        """What the flow is made of again."""
        moved = [coupling.moved.tolist() for coupling in self.couplings if isinstance(coupling, _Coupling)]
        return {"dimension": self.dimension, "sizes": self.sizes, "moved": moved, "state": dict(self.state_dict())}

    @staticmethod
    def restored(held: Mapping[str, Any]) -> "BoundedFlow":
        """The flow as it was stored."""
        layers, width, bins = held["sizes"]
        generator = torch.Generator().manual_seed(0)
        made = BoundedFlow(held["dimension"], layers, width, bins, generator)
        made.couplings = nn.ModuleList(
            _Coupling(made.dimension, torch.tensor(moved, dtype=torch.long), width, bins, generator)
            for moved in held["moved"]
        )
        made.load_state_dict(held["state"])
        return made

    def drawn(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The points x (n, d) that uniform z (n, d) become, and log p (n,) there."""
        logarithm = z.new_zeros(len(z))
        with torch.no_grad():
            for coupling in reversed(self.couplings):
                assert isinstance(coupling, _Coupling)
                z, slope = coupling.inverse(z)
                logarithm = logarithm - slope
        return z, logarithm


@final
class _Coupling(nn.Module):
    """Splines of some coordinates, with shapes that depend on the others."""

    def __init__(self, dimension: int, moved: Tensor, width: int, bins: int, generator: torch.Generator) -> None:
        super().__init__()
        kept = torch.tensor([d for d in range(dimension) if d not in moved.tolist()], dtype=torch.long)
        self.moved, self.kept = moved, kept
        sizes = (len(kept) + 1, width, width)
        self.hidden = nn.ModuleList(nn.Linear(i, o, dtype=torch.float64) for i, o in pairwise(sizes))
        self.last = nn.Linear(width, len(moved) * (3 * bins + 1), dtype=torch.float64)
        with torch.no_grad():
            for layer in self.hidden:
                assert isinstance(layer, nn.Linear)
                # As wide as the interval [-1, 1] asks for, with kinks spread over it.
                layer.weight.normal_(0.0, 2.0 / layer.in_features**0.5, generator=generator)
                layer.bias.uniform_(-1.0, 1.0, generator=generator)
            self.last.weight.zero_()
            self.last.bias.zero_()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self._applied(x, inverse=False)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The points that become z, and the logarithm of the slope of the inverse."""
        return self._applied(z, inverse=True)

    def _applied(self, x: Tensor, inverse: bool) -> tuple[Tensor, Tensor]:
        # What is kept is what was kept, so that the shape is the same both ways.
        found = torch.cat((2 * x[:, self.kept] - 1, x.new_ones(len(x), 1)), dim=1)
        for layer in self.hidden:
            found = torch.nn.functional.silu(layer(found))
        raw = self.last(found).unflatten(1, (len(self.moved), -1))
        values, slopes = monotone_spline(x[:, self.moved], raw, inverse)
        return x.index_copy(1, self.moved, values), slopes.sum(dim=1)
