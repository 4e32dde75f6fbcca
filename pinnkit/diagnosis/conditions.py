"""Conditions that are violated, and what would enforce them."""

from collections.abc import Iterator

import numpy as np

from pinnkit.diagnosis.finding import Case, Finding
from pinnkit.verification import test_grid

_VIOLATED = 1e-2
"""Of the largest value of any field on the test grid."""


def conditions(case: Case) -> Iterator[Finding]:
    """Soft conditions that are far from satisfied."""
    run = case.solution.run
    soft = {condition.name for condition in run.formulation.soft}
    violated = {name: float(value) for name, value in case.result.get("conditions", {}).items() if name in soft}
    if not violated:
        return
    _, points = test_grid(case.solution.problem)
    scale = float(np.max(np.abs(case.solution(points)))) or 1.0
    for name, value in violated.items():
        if value > _VIOLATED * scale:
            sentence = f"The condition `{name}` is violated by {value:.2g}, where fields are up to {scale:.2g}."
            weight = float(f"{100 * run.config.weights.get(name, 1.0):.2g}")
            yield Finding("violated", sentence, f"weights.{name}={weight:g}")
