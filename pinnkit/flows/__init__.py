"""Bijections of the unit cube that are trained: a density on a box that can be evaluated and drawn from."""

from pinnkit.flows.bounded import BoundedFlow
from pinnkit.flows.spline import monotone_spline

__all__ = ["BoundedFlow", "monotone_spline"]
