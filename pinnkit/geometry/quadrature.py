"""What a quadrature is: a rule for integrals over an interval, which is taken along every coordinate of a box."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pinnkit.errors import UserError
from pinnkit.problem.nodes import Nodes, Rule, nodes_of
from pinnkit.problem.problem import Problem

_AUTOMATIC = (40, 24, 12)
"""Nodes along each coordinate by the number of coordinates; with more of them, as many as with three."""


@dataclass(frozen=True)
class Quadrature(ABC):
    """A rule for integrals.

    Args:
        nodes: how many nodes there are along each coordinate, between two breaks; by their number where not given.
    """

    nodes: int | None = None

    def __post_init__(self) -> None:
        if self.nodes is not None and self.nodes < self.least:
            raise UserError(f"`nodes` of `quadrature` is {self.nodes}; it needs at least {self.least}")

    @property
    def least(self) -> int:
        """The fewest nodes that make a rule."""
        return 1

    @abstractmethod
    def rule(self, count: int) -> Rule:
        """Nodes and weights, (count,) each, on the interval from -1 to 1."""

    def on(
        self, problem: Problem, along: Sequence[str], held: Mapping[str, float], finer: bool = False, part: str = ""
    ) -> Nodes:
        """The nodes of integrals along coordinates of a problem's box, at fixed values or at nodes of the others.

        Args:
            problem: its coordinates, with their breaks.
            along: the coordinates that are integrated.
            held: those that have one value.
            finer: whether there are half as many nodes again along each coordinate.
            part: of the domain, to which the integrals are confined.
        """
        free = len(problem.coordinates) - len(held)
        count = self.nodes if self.nodes is not None else _AUTOMATIC[min(max(free, 1), len(_AUTOMATIC)) - 1]
        return nodes_of(problem.coordinates_in(part), along, held, self.rule(count + finer * (count + 1) // 2))
