"""A further stage: a new network for what the earlier ones left over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, final

from pinnkit.errors import Mistake, UserError
from pinnkit.networks import MLP, Network
from pinnkit.optimizers import Optimizer
from pinnkit.points import Sampler


@final
@dataclass(frozen=True)
class Stage:
    """How a further stage is trained; what is not given is as in the config.

    Args:
        network: the rule that builds its network; None for two layers of 20 sines, or where it starts trained.
        points: where the equations are asked.
        phases: the optimizers, those of the config where empty.
        weights: factors of the squared rows, before those of the config.
        start: `new` for a network of its own; `trained` for the network of the stage before, from its trained
            parameters.

    Raises:
        UserError: a network for a trained start, which would not be used.
    """

    network: Network | None = None
    points: Sampler | None = None
    phases: tuple[Optimizer, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    start: Literal["new", "trained"] = "new"

    def __post_init__(self) -> None:
        if (mistake := network_mistake(self.network, self.start)) is not None:
            raise UserError(mistake)
        if self.network is None and self.start == "new":
            object.__setattr__(self, "network", MLP(width=20, depth=2, activation="sin"))


def network_mistake(network: object, start: str) -> Mistake | None:
    """What is wrong with a network beside a start, or None."""
    if network is None or start != "trained":
        return None
    sentence = "`network` and `start: trained` are both given; a trained start takes the network of the stage before"
    return Mistake(sentence, hint="Leave out `network`, or write `start: new` for a network of its own.")


@final
@dataclass(frozen=True)
class Found:
    """What was measured on the earlier fields before a stage began, and chosen from it.

    Args:
        residual: the root mean square of the equations' residuals.
        waves: how many waves they have in the interval of each coordinate.
        stretch: the factors of the coordinates that are not periodic.
        harmonics: of the periodic ones.
        scale: the factor of the new network.
        relative_l2: the largest relative L2 error of any field, None where unknown.
        trained: whether the network is that of the stage before, which has no need of `stretch` and `harmonics`.
    """

    residual: float
    waves: Mapping[str, float]
    stretch: Mapping[str, float]
    harmonics: int
    scale: float
    relative_l2: float | None = None
    trained: bool = False

    def __str__(self) -> str:
        waves = ", ".join(f"{m:.3g} waves in {name}" for name, m in self.waves.items())
        features = [f"{name} stretched by {factor:g}" for name, factor in self.stretch.items()]
        features += [f"{self.harmonics} harmonics"] if len(self.stretch) < len(self.waves) else []
        if self.trained:
            features = ["the same network"]
        error = f" at a relative L2 error of {self.relative_l2:.2e}" if self.relative_l2 is not None else ""
        left = f"a residual of {self.residual:.2e} with {waves}{error}"
        return f"{', '.join(features)}, scale {self.scale:.2e}, for {left}"
