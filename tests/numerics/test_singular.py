"""At singular points the regular solution is selected, and the others are not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from pinnkit.config import Config, load_config
from pinnkit.geometry import box_of
from pinnkit.points import Chebyshev
from pinnkit.problem.load import load_problem
from pinnkit.shipped import config_path, problem_path
from pinnkit.solving import solve


def short(config: Config) -> Config:
    """The first phase of a config alone, ended by steps."""
    phase = replace(config.phases[0], steps=100, seconds=None)
    return replace(config, phases=(phase,), stages=(), test_points=200, device="cpu")


def mean_square(values: np.ndarray, density: np.ndarray) -> float:
    return float(np.mean(values**2 / density))


@pytest.mark.parametrize("quadrature", [True, False])
def test_the_singular_solution_of_legendre_s_equation_has_a_large_residual(quadrature: bool) -> None:
    """Polynomials follow P_3 and leave nothing; what they make of Q_3, with its logarithms, is no solution."""
    problem = load_problem(problem_path("legendre"))
    points = Chebyshev(160, quadrature=quadrature).draw(box_of(problem), np.random.default_rng(0))
    x = points.coordinates[:, 0]
    assert (x[0], x[-1]) == (-1.0, 1.0)
    inside = x[1:-1]
    singular = 0.5 * special.eval_legendre(3, inside) * np.log((1 + inside) / (1 - inside)) - 2.5 * inside**2 + 2 / 3
    residuals = {}
    for name, values in (("P", special.eval_legendre(3, inside)), ("Q", singular)):
        followed = np.polynomial.Chebyshev.fit(inside, values, 40, domain=[-1, 1])
        assert np.abs(followed(inside) - values).max() < 0.2 * np.abs(values).max()
        residual = (1 - x**2) * followed.deriv(2)(x) - 2 * x * followed.deriv()(x) + 12 * followed(x)
        residuals[name] = mean_square(residual, points.density)
    assert residuals["P"] < 1e-20
    assert residuals["Q"] > 1e-3


def test_a_network_finds_the_regular_solution_of_legendre_s_equation() -> None:
    problem = load_problem(problem_path("legendre"))
    solution = solve(problem, short(load_config(config_path(problem.config))))
    x = np.linspace(-1, 1, 201)[:, None]
    assert np.abs(solution(x) - special.eval_legendre(3, x)).max() < 1e-5


def test_behind_an_interior_singular_point_smoothness_selects_the_factor() -> None:
    """A (1 - x)^2 for x > 1 satisfies the equation and joins (1 - x)^2 with one derivative, for every A."""
    problem = load_problem(problem_path("hypergeometric"))
    solution = solve(problem, short(load_config(config_path(problem.config))))
    x = np.linspace(1.5, 2, 51)
    factor = solution(x[:, None])[:, 0] / (1 - x) ** 2
    assert np.abs(factor - 1).max() < 1e-3
