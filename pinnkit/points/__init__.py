"""Where the equations are asked: rules that place points in a domain."""

from pinnkit.points.aas import AAS
from pinnkit.points.chebyshev import Chebyshev
from pinnkit.points.das import DAS
from pinnkit.points.grid import Grid
from pinnkit.points.latin_hypercube import LatinHypercube
from pinnkit.points.memory import PointMemory
from pinnkit.points.r3 import R3
from pinnkit.points.rad import RAD
from pinnkit.points.rar import RAR
from pinnkit.points.rar_d import RARD
from pinnkit.points.sampler import Following, Points, Residual, Sampler, placed_uniformly, uniform_points
from pinnkit.points.sobol import Sobol
from pinnkit.points.uniform import Uniform
from pinnkit.registry import Registry

SAMPLERS: Registry[Sampler] = Registry(
    "sampler",
    Sampler,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {
        "uniform": Uniform,
        "sobol": Sobol,
        "latin_hypercube": LatinHypercube,
        "grid": Grid,
        "chebyshev": Chebyshev,
        "rad": RAD,
        "rar": RAR,
        "rar_d": RARD,
        "r3": R3,
        "das": DAS,
        "aas": AAS,
    },
)

__all__ = [
    "AAS",
    "DAS",
    "R3",
    "RAD",
    "RAR",
    "RARD",
    "SAMPLERS",
    "Chebyshev",
    "Following",
    "Grid",
    "LatinHypercube",
    "PointMemory",
    "Points",
    "Residual",
    "Sampler",
    "Sobol",
    "Uniform",
    "placed_uniformly",
    "uniform_points",
]
