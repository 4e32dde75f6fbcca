"""Ways to make an objective small; each a rule for one step."""

from pinnkit.optimizers.adam import Adam
from pinnkit.optimizers.auto import Auto
from pinnkit.optimizers.bfgs import BFGS
from pinnkit.optimizers.lbfgs import LBFGS
from pinnkit.optimizers.levenberg_marquardt import LevenbergMarquardt
from pinnkit.optimizers.m_config import MConFIG
from pinnkit.optimizers.multi_adam import MultiAdam
from pinnkit.optimizers.muon import Muon
from pinnkit.optimizers.natural_gradient import NaturalGradient
from pinnkit.optimizers.nncg import NNCG
from pinnkit.optimizers.optimizer import Optimizer, Step
from pinnkit.optimizers.sketched_gauss_newton import SketchedGaussNewton
from pinnkit.optimizers.soap import SOAP
from pinnkit.optimizers.ssbfgs import SSBFGS
from pinnkit.optimizers.ssbroyden import SSBroyden
from pinnkit.optimizers.sven import Sven
from pinnkit.registry import Registry

OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    Optimizer,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "auto": Auto,
        "adam": Adam,
        "soap": SOAP,
        "muon": Muon,
        "m_config": MConFIG,
        "multi_adam": MultiAdam,
        "lbfgs": LBFGS,
        "bfgs": BFGS,
        "ssbfgs": SSBFGS,
        "ssbroyden": SSBroyden,
        "levenberg_marquardt": LevenbergMarquardt,
        "sketched_gauss_newton": SketchedGaussNewton,
        "natural_gradient": NaturalGradient,
        "sven": Sven,
        "nncg": NNCG,
    },
)

__all__ = [
    "BFGS",
    "LBFGS",
    "NNCG",
    "OPTIMIZERS",
    "SOAP",
    "SSBFGS",
    "Adam",
    "Auto",
    "LevenbergMarquardt",
    "MConFIG",
    "MultiAdam",
    "Muon",
    "NaturalGradient",
    "Optimizer",
    "SSBroyden",
    "SketchedGaussNewton",
    "Step",
    "Sven",
]
