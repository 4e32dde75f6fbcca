"""Points from a normalizing flow that is trained on the residual, draw after draw."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Following, Points, Residual, magnitude, require_count, require_whole

_ESCAPED = 0.2
"""The share of p on the points that it was trained on, E_q[p/q], below which it has gone where none of them is."""

_FEWEST = 5.0
"""The effective number of these points below which p has collapsed onto some."""

if TYPE_CHECKING:
    from pinnkit.flows import BoundedFlow


@final
@dataclass(frozen=True, eq=False)
class Aim:
    """A flow is trained to the least -E_q[(a/q) log p] + s E_q[|grad p|^2/q].

    Args:
        density: a (M,), to which p comes closest where s is zero.
        smooth: s.
    """

    density: np.ndarray
    smooth: float = 0.0


@final
@dataclass(frozen=True, eq=False)
class FlowMemory:
    """The flow p, its optimizer with the moments, the points of the last draw, and what is to be said of it."""

    flow: "BoundedFlow"
    optimizer: Any
    points: Points
    note: str | None = None

    def stored(self) -> dict[str, Any]:
        """What the memory is made of again."""
        return {
            "flow": self.flow.stored(),
            "optimizer": self.optimizer.state_dict(),
            "points": self.points,
            "note": self.note,
        }

    @staticmethod
    def restored(held: dict[str, Any]) -> "FlowMemory":
        """The memory as it was stored."""
        import torch

        from pinnkit.flows import BoundedFlow

        flow = BoundedFlow.restored(held["flow"])
        optimizer = torch.optim.Adam(flow.parameters())
        optimizer.load_state_dict(held["optimizer"])
        return FlowMemory(flow, optimizer, held["points"], held["note"])


@dataclass(frozen=True)
class Flowing(Following):
    """n points with the density q(x) = (1 - s) p(x) + s, p a bounded flow on the box and s the share of uniform points.

    Every draw after the first trains the flow by some steps of Adam on M points of the last q, at which the residual is
    asked once: r~^2 = r^2/E[r^2] has the mean one over the domain, so that the objective of the flow keeps its size
    while the residual falls by orders of magnitude. A step takes some of the M.

    A flow that is no number any more, that has left the points on which it was trained, or that has collapsed onto a
    few of them, begins anew as the uniform density. With v = p/q on these points, the mean of v is the share of p that
    is on them, and (sum v)^2 / sum v^2 is the effective number of them (A. Kong, J. S. Liu, W. H. Wong, JASA 89 (1994)
    278).

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
    layers: int = 4
    width: int = 32
    bins: int = 16
    steps: int = 60
    lr: float = 3e-3
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
    def aim(self, square: np.ndarray, p: np.ndarray, q: np.ndarray) -> Aim:
        """What the flow shall become, from what is known at the points on which it is trained.

        Args:
            square: r~^2 (M,).
            p: the flow's density as it is (M,).
            q: that of the points (M,).
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
        self._require_box(domain)
        held = memory if isinstance(memory, FlowMemory) else self._begun(domain, generator, memory)
        tried, p, q = self._drawn(held.flow, self.trained_on or 5 * self.count, generator)
        square = magnitude(residual, domain.from_unit(tried), self.name) ** 2
        mean = float(np.mean(square / q))
        if mean > 0:
            self._train(held, tried, self.aim(square / mean, p, q), q, generator)
        note = self._collapsed(held.flow, tried, q)
        if note is not None:
            held = self._begun(domain, generator, held.points)
        unit, _, q = self._drawn(held.flow, self.count, generator)
        drawn = Points(domain.from_unit(unit), q if self.corrected else np.ones_like(q))
        points = self.gathered(held.points, drawn)
        return points, FlowMemory(held.flow, held.optimizer, points, note)

    @final
    def expected(self, domain: Domain) -> int | None:
        """n.

        Raises:
            UserError: the domain is no box.
        """
        self._require_box(domain)
        return super().expected(domain)

    def _require_box(self, domain: Domain) -> None:
        require_whole(domain, self.name, "Its flow moves points in a box. `rad`, `rar_d` and `r3` follow any shape.")

    @final
    def said(self, memory: Any) -> str | None:
        """That the flow began anew, and why."""
        return memory.note if isinstance(memory, FlowMemory) else None

    def _begun(self, domain: Domain, generator: np.random.Generator, points: Points) -> FlowMemory:
        """A flow that is the identity, behind the points of a first draw."""
        import torch

        from pinnkit.flows import BoundedFlow

        own = torch.Generator().manual_seed(int(generator.integers(2**62)))
        flow = BoundedFlow(domain.dimension_of_unit, self.layers, self.width, self.bins, own)
        return FlowMemory(flow, torch.optim.Adam(flow.parameters(), lr=self.lr), points)

    def _drawn(
        self, flow: "BoundedFlow", count: int, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (count, d) of the unit cube with the density q, and p and q (count,) at them."""
        import torch

        z = torch.from_numpy(generator.random((count, flow.dimension)))
        uniform = torch.from_numpy(generator.random(count) < self.share)
        x = torch.where(uniform[:, None], z, flow.drawn(z)[0])
        with torch.no_grad():
            p = torch.exp(flow(x)[1]).numpy()
        return x.numpy(), p, (1 - self.share) * p + self.share

    def _train(
        self, memory: FlowMemory, unit: np.ndarray, aim: Aim, q: np.ndarray, generator: np.random.Generator
    ) -> None:
        """Some steps of Adam on points whose residual is known."""
        import torch

        x, weights, density = (torch.from_numpy(values) for values in (unit, aim.density / q, q))
        for _ in range(self.steps):
            own = torch.from_numpy(generator.integers(len(x), size=min(self.batch, len(x))))
            memory.optimizer.zero_grad(set_to_none=True)
            at = x[own].requires_grad_(aim.smooth > 0)
            logarithm = memory.flow(at)[1]
            loss = -(weights[own] * logarithm).mean()
            if aim.smooth > 0:
                (slope,) = torch.autograd.grad(logarithm.sum(), at, create_graph=True)
                steepness = torch.exp(2 * logarithm) * (slope**2).sum(dim=1)
                loss = loss + aim.smooth * (steepness / density[own]).mean()
            loss.backward()
            memory.optimizer.step()

    def _collapsed(self, flow: "BoundedFlow", unit: np.ndarray, q: np.ndarray) -> str | None:
        """Why the flow must begin anew, if it must."""
        import torch

        with torch.no_grad():
            v = torch.exp(flow(torch.from_numpy(unit))[1]).numpy() / q
        again = "it begins anew as uniform"
        if not np.all(np.isfinite(v)):
            return f"the flow of sampler `{self.name}` is no longer a number; {again}"
        if float(v.mean()) < _ESCAPED:
            return f"the flow of sampler `{self.name}` has left the points that it was trained on; {again}"
        effective = float(v.sum() ** 2 / np.sum(v**2))
        if effective < _FEWEST:
            found = f"{effective:.1f} of {len(v)} points"
            return f"the flow of sampler `{self.name}` has collapsed onto {found}; {again}"
        return None
