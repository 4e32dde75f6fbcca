"""Fields without a time derivative, found wave by wave from those that have one."""

from typing import Any, final

import numpy as np
import sympy

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Partial
from pinnkit.problem.problem import Problem
from pinnkit.verification.evolution import Evolution, cannot_treat, failed
from pinnkit.verification.fourier import Fourier
from pinnkit.verification.slots import slotted

_SINGULAR = 1e-12
"""Singular values below this share of the largest count as zero."""

_CONTRADICTION = 1e-8


@final
class Slaved:
    """The fields d of linear equations C d + E v + s = 0 with numbers as factors, for the evolving fields v.

    At every wave number d = -C^+ (E v + s), with the pseudo-inverse of C: where a wave number leaves a field
    undetermined, as the mean of a potential, it is zero.

    Raises:
        UserError: an equation that is not linear with numbers as factors, or equations that do not determine d.
    """

    def __init__(self, problem: Problem, evolution: Evolution, method: str, fourier: Fourier) -> None:
        self.problem, self.method = problem, method
        self.fields = tuple(name for name in problem.fields if name not in evolution.evolving)
        self._fourier = fourier
        split = [slotted(tree, problem.scope) for tree in evolution.constraints.values()]
        for name, parts in zip(evolution.constraints, split, strict=True):
            if len(parts.linear) != len(parts.slots):
                reason = f"`{name}` has no time derivative and is not linear in the fields with numbers as factors"
                raise cannot_treat(problem, method, reason)
        space = [problem.index(c.name) for c in evolution.space]
        size = len(self.fields)
        own = np.zeros((size, size, *fourier.shape), dtype=complex)
        others = np.zeros((size, len(evolution.evolving), *fourier.shape), dtype=complex)
        for row, parts in enumerate(split):
            for partial, factor in parts.linear.items():
                term = factor * fourier.power(tuple(partial.orders[i] for i in space))
                if partial.field in self.fields:
                    own[row, self.fields.index(partial.field)] += term
                else:
                    others[row, evolution.evolving.index(partial.field)] += term
        self._own, self._others = own, others
        waves = tuple(range(2, 2 + fourier.dimension))
        stacked = own.transpose(*waves, 0, 1)
        self._inverse = np.linalg.pinv(stacked, rcond=_SINGULAR).transpose(-2, -1, *range(fourier.dimension))
        if size and int(np.max(np.linalg.matrix_rank(stacked, rtol=_SINGULAR))) < size:
            listed = ", ".join(f"`{name}`" for name in self.fields)
            reason = f"the equations without a time derivative do not determine {listed}"
            raise cannot_treat(problem, method, reason)
        self.follows = -np.einsum("ij...,jk...->ik...", self._inverse, others)
        self._sources = [compile_tree(parts.source, problem.scope) for parts in split]
        self._sourced = any(parts.source != sympy.S.Zero for parts in split)

    def __call__(self, v: np.ndarray, values: dict[Partial | str, Any]) -> np.ndarray:
        """The coefficients of d from those of v; `values` are the coordinates on the finer grid."""
        d: np.ndarray = np.einsum("ij...,j...->i...", self.follows, v)
        apart = self.apart(values)
        return d if apart is None else d + apart

    def apart(self, values: dict[Partial | str, Any]) -> np.ndarray | None:
        """The part of d that comes from s alone, or None where s is zero."""
        return -np.einsum("ij...,j...->i...", self._inverse, self._source(values)) if self._sourced else None

    def require_consistent(self, v: np.ndarray, values: dict[Partial | str, Any]) -> None:
        """Whether the equations hold at a state at all.

        Raises:
            UserError: no d satisfies them, as where the mean of a Laplacian is not zero.
        """
        if not self.fields:
            return
        given = np.einsum("ij...,j...->i...", self._others, v)
        given = given + self._source(values) if self._sourced else given
        left = given + np.einsum("ij...,j...->i...", self._own, self(v, values))
        if np.max(np.abs(left)) > _CONTRADICTION * np.max(np.abs(given)):
            reason = "the equations without a time derivative cannot hold at the start"
            raise failed(self.problem, self.method, reason, "The mean of a derivative around a ring is zero.")

    def _source(self, values: dict[Partial | str, Any]) -> np.ndarray:
        like = np.empty(self._fourier.fine_shape)
        return self._fourier.from_fine(np.stack([program.broadcast(values, like) for program in self._sources]))
