"""Where the equations are asked: rules that place points in a domain."""

from pinnkit.points.chebyshev import Chebyshev
from pinnkit.points.grid import Grid
from pinnkit.points.latin_hypercube import LatinHypercube
from pinnkit.points.rad import RAD
from pinnkit.points.sampler import Points, Residual, Sampler
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
    },
)

__all__ = [
    "RAD",
    "SAMPLERS",
    "Chebyshev",
    "Grid",
    "LatinHypercube",
    "Points",
    "Residual",
    "Sampler",
    "Sobol",
    "Uniform",
]
