"""Rules that make weights of losses or of rows."""

from pinnkit.objective.weightings.constant import Constant
from pinnkit.objective.weightings.grad_norm import GradNorm
from pinnkit.objective.weightings.igb import IGB
from pinnkit.objective.weightings.inverse_dirichlet import InverseDirichlet
from pinnkit.objective.weightings.lr_annealing import LRAnnealing
from pinnkit.objective.weightings.ntk import NTK
from pinnkit.objective.weightings.rba import RBA
from pinnkit.objective.weightings.relobralo import ReLoBRaLo
from pinnkit.objective.weightings.self_adaptive import SelfAdaptive
from pinnkit.objective.weightings.softadapt import SoftAdapt
from pinnkit.objective.weightings.uncertainty import Uncertainty
from pinnkit.objective.weightings.vrba import VRBA
from pinnkit.objective.weightings.weighting import Weighting, Weights
from pinnkit.registry import Registry

WEIGHTINGS: Registry[Weighting] = Registry(
    "weighting",
    Weighting,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "constant": Constant,
        "lr_annealing": LRAnnealing,
        "grad_norm": GradNorm,
        "ntk": NTK,
        "uncertainty": Uncertainty,
        "softadapt": SoftAdapt,
        "relobralo": ReLoBRaLo,
        "inverse_dirichlet": InverseDirichlet,
        "igb": IGB,
        "self_adaptive": SelfAdaptive,
        "rba": RBA,
        "vrba": VRBA,
    },
)

__all__ = [
    "IGB",
    "NTK",
    "RBA",
    "VRBA",
    "WEIGHTINGS",
    "Constant",
    "GradNorm",
    "InverseDirichlet",
    "LRAnnealing",
    "ReLoBRaLo",
    "SelfAdaptive",
    "SoftAdapt",
    "Uncertainty",
    "Weighting",
    "Weights",
]
