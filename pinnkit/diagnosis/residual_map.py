"""Where the residual is: spread over the domain, or gathered in a part of it."""

from collections.abc import Iterator

import numpy as np

from pinnkit.diagnosis.finding import Case, Finding
from pinnkit.geometry import domain_of
from pinnkit.points import RAD, Uniform

_POINTS = 4000
_BINS = 10
_GATHERED = 0.8
"""A tenth of the points with this share of the squared residual is a layer."""


def residual_map(case: Case) -> Iterator[Finding]:
    """Equations whose squared residual is gathered in a tenth of the last window's domain."""
    run, theta = case.solution.run, case.solution.theta
    problem = run.trial.problem
    generator = np.random.default_rng([run.config.seed, 10])
    for part in run.assembly.parts:
        points = Uniform(_POINTS).draw(domain_of(problem, part), generator).coordinates
        for name, values in run.assembly.residuals(points, theta, part).items():
            squares = values**2
            total = float(squares.sum())
            if not np.isfinite(total) or total == 0.0:
                continue
            share = float(np.sort(squares)[-_POINTS // 10 :].sum()) / total
            if share < _GATHERED:
                continue
            names = [c.name for c in problem.coordinates_in(part)] if part else problem.scope.coordinates
            sentence = (
                f"A tenth of the points has {100 * share:.0f} % of the squared residual of `{name}`; "
                f"most of it is where {_where(points, squares, names)}."
            )
            yield Finding("layer", sentence, _denser(case))


def _where(points: np.ndarray, squares: np.ndarray, names: "list[str] | tuple[str, ...]") -> str:
    """The tenth of a coordinate's range that has most of it, for the coordinate that tells most."""
    best = (0.0, "")
    for column, name in enumerate(names):
        edges = np.quantile(points[:, column], np.linspace(0, 1, _BINS + 1))
        bins = np.clip(np.searchsorted(edges, points[:, column], side="right") - 1, 0, _BINS - 1)
        sums = np.bincount(bins, squares, minlength=_BINS)
        k = int(np.argmax(sums))
        if sums[k] > best[0]:
            best = (float(sums[k]), f"{name} is from {edges[k]:.3g} to {edges[k + 1]:.3g}")
    return best[1]


def _denser(case: Case) -> str:
    """Points that go where the residual is, or more of them."""
    points = case.solution.run.config.points
    count = 2 * int(getattr(points, "count", 1000))
    return f"points.count={count}" if isinstance(points, RAD) else f"points={{name: rad, count: {count}}}"
