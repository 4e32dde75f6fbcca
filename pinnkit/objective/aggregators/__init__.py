"""Rules that make one direction of several gradients."""

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.aligned_mtl import AlignedMTL
from pinnkit.objective.aggregators.bloop import Bloop
from pinnkit.objective.aggregators.cagrad import CAGrad
from pinnkit.objective.aggregators.config import ConFIG
from pinnkit.objective.aggregators.dual_cone import DualCone
from pinnkit.objective.aggregators.imtl_g import IMTLG
from pinnkit.objective.aggregators.mgda import MGDA
from pinnkit.objective.aggregators.nash_mtl import NashMTL
from pinnkit.objective.aggregators.pcgrad import PCGrad
from pinnkit.objective.aggregators.sum import Sum
from pinnkit.objective.aggregators.upgrad import UPGrad
from pinnkit.registry import Registry

AGGREGATORS: Registry[Aggregator] = Registry(
    "aggregator",
    Aggregator,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "sum": Sum,
        "config": ConFIG,
        "pcgrad": PCGrad,
        "imtl_g": IMTLG,
        "mgda": MGDA,
        "upgrad": UPGrad,
        "cagrad": CAGrad,
        "nash_mtl": NashMTL,
        "aligned_mtl": AlignedMTL,
        "dual_cone": DualCone,
        "bloop": Bloop,
    },
)

__all__ = [
    "AGGREGATORS",
    "IMTLG",
    "MGDA",
    "Aggregator",
    "AlignedMTL",
    "Bloop",
    "CAGrad",
    "Combined",
    "ConFIG",
    "DualCone",
    "NashMTL",
    "PCGrad",
    "Sum",
    "UPGrad",
]
