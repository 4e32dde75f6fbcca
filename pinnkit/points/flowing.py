"""Points from a normalizing flow that is trained on the residual, draw after draw."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Following, Points, Residual, magnitude, require_count

if TYPE_CHECKING:
    from torch import Tensor

    from pinnkit.flows import BoundedFlow


@final
@dataclass(frozen=True, eq=False)
class FlowMemory:
    """The flow p, its optimizer with the moments, and the points of the last draw."""

    flow: "BoundedFlow"
    optimizer: Any
    points: Points


@dataclass(frozen=True)
class Flowing(Following):
    """n points with the density q(x) = (1 - s) p(x) + s, p a bounded flow on the box and s the share of uniform points.

    Every draw after the first trains the flow by some steps of Adam on M points of the last q, at which the residual is
    asked once, each with the weight r~^2/q: r~^2 = r^2/E[r^2] has the mean one over the domain, so that the objective
    of the flow keeps its size while the residual falls by orders of magnitude. A step takes some of the M.

    Args:
        count: n.
        share: s, which keeps places that the flow has left.
        layers: the couplings of the flow.
        width: of their networks.
        bins: of their splines.
        steps: Adam's, at every draw.
        lr: Adam's rate.
        trained_on: M, 5 n where not given.
        batch: how many of them a step takes.
        corrected: whether points count 1/q, so that the loss stays the mean over the domain; otherwise it is that
            over q, which is larger where the residual is.
    """

    count: int = 2000
    share: float = 0.2
    layers: int = 6
    width: int = 48
    bins: int = 16
    steps: int = 100
    lr: float = 1e-3
    trained_on: int | None = None
    batch: int = 500
    corrected: bool = True

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for option in ("count", "layers", "width", "bins", "steps", "batch"):
            require_count(self.name, option, getattr(self, option))
        if self.trained_on is not None:
            require_count(self.name, "trained_on", self.trained_on)
        if not 0 < self.share <= 1:
            raise UserError(Mistake(f"`share` of sampler `{self.name}` is {self.share}; it needs a number in (0, 1]"))
        if not (np.isfinite(self.lr) and self.lr > 0):
            raise UserError(Mistake(f"`lr` of sampler `{self.name}` is {self.lr}; it needs a finite number above 0"))

    @abstractmethod
    def loss(self, flow: "BoundedFlow", x: "Tensor", weights: "Tensor") -> "Tensor":
        """What the flow minimises.

        Args:
            flow: p.
            x: points (M, d) of the unit cube.
            weights: r~^2/q (M,).
        """

    def gathered(self, before: Points, drawn: Points) -> Points:
        """The points of a draw, from those of the draw before and new ones of q."""
        return drawn

    @final
    def after(
        self, domain: Domain, generator: np.random.Generator, residual: Residual, memory: Any
    ) -> tuple[Points, Any]:
        """Points of q, once the flow has seen the residual.

        Raises:
            SolveError: a residual that is not finite at a point.
        """
        held = memory if isinstance(memory, FlowMemory) else self._begun(domain, generator, memory)
        tried, density = self._drawn(held.flow, self.trained_on or 5 * self.count, generator)
        square = magnitude(residual, domain.from_unit(tried), self.name) ** 2
        self._train(held, tried, square, density, generator)
        unit, density = self._drawn(held.flow, self.count, generator)
        drawn = Points(domain.from_unit(unit), density if self.corrected else np.ones_like(density))
        points = self.gathered(held.points, drawn)
        return points, FlowMemory(held.flow, held.optimizer, points)

    def _begun(self, domain: Domain, generator: np.random.Generator, points: Points) -> FlowMemory:
        """A flow that is the identity, behind the points of a first draw."""
        import torch

        from pinnkit.flows import BoundedFlow

        own = torch.Generator().manual_seed(int(generator.integers(2**62)))
        flow = BoundedFlow(domain.dimension_of_unit, self.layers, self.width, self.bins, own)
        return FlowMemory(flow, torch.optim.Adam(flow.parameters(), lr=self.lr), points)

    def _drawn(self, flow: "BoundedFlow", count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Points (count, d) of the unit cube with the density q, and q (count,) at them."""
        import torch

        z = torch.from_numpy(generator.random((count, flow.dimension)))
        uniform = torch.from_numpy(generator.random(count) < self.share)
        x = torch.where(uniform[:, None], z, flow.drawn(z)[0])
        with torch.no_grad():
            p = torch.exp(flow(x)[1])
        return x.numpy(), (1 - self.share) * p.numpy() + self.share

    def _train(
        self,
        memory: FlowMemory,
        unit: np.ndarray,
        square: np.ndarray,
        density: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        """Some steps of Adam on points whose residual is known."""
        import torch

        mean = float(np.mean(square / density))
        if not mean > 0:
            return
        x = torch.from_numpy(unit)
        weights = torch.from_numpy(square / (mean * density))
        for _ in range(self.steps):
            own = torch.from_numpy(generator.integers(len(x), size=min(self.batch, len(x))))
            memory.optimizer.zero_grad(set_to_none=True)
            self.loss(memory.flow, x[own], weights[own]).backward()
            memory.optimizer.step()
