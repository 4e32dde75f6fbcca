"""Ways to make an objective small; each a rule for one step."""

from pinnkit.optimizers.adam import Adam
from pinnkit.optimizers.bfgs import BFGS
from pinnkit.optimizers.lbfgs import LBFGS
from pinnkit.optimizers.levenberg_marquardt import LevenbergMarquardt
from pinnkit.optimizers.natural_gradient import NaturalGradient
from pinnkit.optimizers.optimizer import Optimizer, Step
from pinnkit.optimizers.ssbfgs import SSBFGS
from pinnkit.optimizers.ssbroyden import SSBroyden
from pinnkit.optimizers.sven import Sven
from pinnkit.registry import Registry

OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    Optimizer,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "adam": Adam,
        "lbfgs": LBFGS,
        "bfgs": BFGS,
        "ssbfgs": SSBFGS,
        "ssbroyden": SSBroyden,
        "levenberg_marquardt": LevenbergMarquardt,
        "natural_gradient": NaturalGradient,
        "sven": Sven,
    },
)

__all__ = [
    "BFGS",
    "LBFGS",
    "OPTIMIZERS",
    "SSBFGS",
    "Adam",
    "LevenbergMarquardt",
    "NaturalGradient",
    "Optimizer",
    "SSBroyden",
    "Step",
    "Sven",
]
