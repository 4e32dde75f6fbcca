"""Where a problem lives: domains, their faces and measures, and rules for integrals over them, as NumPy values."""

from pinnkit.geometry.body import Rim, Within, domain_of, domain_of_face, piece_of
from pinnkit.geometry.box import Box, BoxFace, Domain, box_of, face_of
from pinnkit.geometry.clenshaw_curtis import ClenshawCurtis
from pinnkit.geometry.gauss_legendre import GaussLegendre
from pinnkit.geometry.quadrature import Quadrature
from pinnkit.registry import Registry

QUADRATURES: Registry[Quadrature] = Registry(
    "quadrature",
    Quadrature,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {"gauss_legendre": GaussLegendre, "clenshaw_curtis": ClenshawCurtis},
)

__all__ = [
    "QUADRATURES",
    "Box",
    "BoxFace",
    "ClenshawCurtis",
    "Domain",
    "GaussLegendre",
    "Quadrature",
    "Rim",
    "Within",
    "box_of",
    "domain_of",
    "domain_of_face",
    "face_of",
    "piece_of",
]
