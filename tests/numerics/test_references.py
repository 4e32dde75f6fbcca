"""References that the package makes, against published data that it did not make."""

from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from pinnkit.equations.expression import Scope
from pinnkit.equations.parse import parse_equation
from pinnkit.problem.define import define
from pinnkit.problem.problem import Condition, Coordinate, Equation, Face, Parameter, Problem
from pinnkit.problem.reference import Reference
from pinnkit.verification import ReferenceSolution, reference_for, relative_l2
from pinnkit.verification.dop853 import DOP853
from pinnkit.verification.etdrk4 import ETDRK4
from pinnkit.verification.method_of_lines import MethodOfLines


def burgers(viscosity: float) -> Problem:
    """The sine wave between zero walls that steepens into a layer."""
    scope = Scope(("x", "t"), ("u",), ("nu",), time="t")
    walls = Face("x", "lower", -1.0), Face("x", "upper", 1.0)
    return Problem(
        "burgers",
        (Coordinate("x", -1.0, 1.0), Coordinate("t", 0.0, 1.0)),
        ("u",),
        (Equation("momentum", parse_equation("u_t + u*u_x = nu*u_xx", scope)),),
        (
            Condition("initial", (Face("t", "lower", 0.0),), parse_equation("u = -sin(pi*x)", scope)),
            Condition("walls", walls, parse_equation("u = 0", scope)),
        ),
        (Parameter("nu", viscosity),),
        time="t",
        reference=Reference(method="cole_hopf"),
    )


def solved(viscosity: float) -> ReferenceSolution:
    """The reference of the problem."""
    reference = reference_for(burgers(viscosity))
    assert reference is not None
    return reference


def on_grid(reference: ReferenceSolution, x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The field at all x (columns) and t (rows)."""
    times, places = np.meshgrid(t, x, indexing="ij")
    return reference.values(np.stack([places.ravel(), times.ravel()], axis=1)).reshape(times.shape)


def test_cole_hopf_agrees_with_a_spectral_run(references: Path) -> None:
    truth = np.load(references / "burgers.npy", allow_pickle=False)
    reference = solved(0.01 / np.pi)
    began = perf_counter()
    found = on_grid(reference, -1 + 2 * np.arange(512) / 512, np.linspace(0, 1, 201))
    seconds = perf_counter() - began
    # The file is accurate to 2e-11, and so far the two should agree.
    assert relative_l2(found.reshape(-1, 1), truth.reshape(-1, 1))[0] <= 2e-11
    assert reference.accuracy <= 1e-12
    assert seconds < 30, "100 thousand points take about a second on one thread"


def test_cole_hopf_agrees_with_a_gauss_hermite_rule(references: Path) -> None:
    with np.load(references / "burgers_cole_hopf.npz", allow_pickle=False) as data:
        x, t, truth = data["x"], data["t"], data["u"]
    found = on_grid(solved(0.01 / np.pi), x, t)
    assert relative_l2(found.reshape(-1, 1), truth.reshape(-1, 1))[0] <= 1e-10


@pytest.mark.parametrize("viscosity", [1e-4, 1e-3, 0.01, 0.1, 1.0])
def test_cole_hopf_agrees_with_its_series(viscosity: float) -> None:
    """phi = exp(-W / 2 nu) at the start is a Fourier series with Bessel coefficients, each of which decays by itself.

    With a = 1 / (2 pi nu): phi = I_0(a) + 2 sum_n (-1)^n I_n(a) exp(-n^2 pi^2 nu t) cos(n pi x), and
    u = -2 nu phi_x / phi. Source: E. R. Benton, G. W. Platzman, Quart. Appl. Math. 30 (1972) 195. The terms cancel
    where phi is small, by a factor of up to exp(2 a) at early times; the series is asked only where it keeps digits.
    """
    from scipy.special import ive

    a = 1 / (2 * np.pi * viscosity)
    x, t = np.linspace(-0.99, 0.99, 67), np.linspace(0.1, 1.0, 10)
    n = np.arange(0, 60 + int(12 * np.sqrt(a)) + 40)[:, None, None]
    angle = n * np.pi * x
    size = np.where(n == 0, 1.0, 2.0) * (-1.0) ** n * ive(n, a) * np.exp(-((n * np.pi) ** 2) * viscosity * t[:, None])
    phi = np.sum(size * np.cos(angle), axis=0)
    slope = -np.sum(size * n * np.pi * np.sin(angle), axis=0)
    trusted = phi > 1e-4 * np.abs(size).sum(axis=0)
    assert np.mean(trusted) > 0.05
    found = on_grid(solved(viscosity), x, t)
    series = -2 * viscosity * slope / np.where(trusted, phi, 1.0)
    assert np.max(np.abs(found - series)[trusted]) <= 1e-9 * np.max(np.abs(found))


KDV = {
    "name": "kdv",
    "coordinates": {"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]},
    "time": "t",
    "fields": ["u"],
    "equations": {"waves": "u_t + u*u_x + 0.022**2*u_xxx = 0"},
    "conditions": {"initial": {"on": "t = 0", "equation": "u = cos(pi*x)"}},
}
KURAMOTO_SIVASHINSKY = {
    **KDV,
    "name": "ks",
    "coordinates": {"x": {"range": [0, "2*pi"], "periodic": True}, "t": [0, 1]},
    "equations": {"waves": "u_t + 100/16*u*u_x + 100/16**2*u_xx + 100/16**4*u_xxxx = 0"},
    "conditions": {"initial": {"on": "t = 0", "equation": "u = cos(x)*(1 + sin(x))"}},
}


@pytest.mark.parametrize(
    ("keys", "file", "x", "share"),
    [
        (KDV, "kdv.npy", -1 + 2 * np.arange(512) / 512, 1.0),
        (KURAMOTO_SIVASHINSKY, "ks_unit_time.npy", 2 * np.pi * np.arange(512) / 512, 0.5),
    ],
    ids=["kdv", "ks"],
)
def test_etdrk4_agrees_with_other_spectral_runs(
    references: Path, keys: dict[str, Any], file: str, x: np.ndarray, share: float
) -> None:
    """Within the accuracy that it states; up to half of the time where errors grow exponentially."""
    truth = np.load(references / file, allow_pickle=False)
    rows = slice(0, int(share * (len(truth) - 1)) + 1, 10)
    times = np.linspace(0, 1, len(truth))[rows]
    coordinates = {**keys["coordinates"], "t": [0, share]}
    reference = ETDRK4(accuracy=1e-7, waves=128).solve(define(**{**keys, "coordinates": coordinates}))
    found = on_grid(reference, x, times)
    assert relative_l2(found.reshape(-1, 1), truth[rows].reshape(-1, 1))[0] <= reference.accuracy <= 1e-7


def lorenz(end: float) -> Problem:
    """The system of Lorenz from (1, 1, 1)."""
    return define(
        name="lorenz",
        coordinates={"t": [0, end]},
        time="t",
        fields=["x", "y", "z"],
        parameters={"sigma": 10, "rho": 28, "beta": "8/3"},
        equations={"x": "x_t = sigma*(y - x)", "y": "y_t = x*(rho - z) - y", "z": "z_t = x*y - beta*z"},
        conditions={f"{name}0": {"on": "t = 0", "equation": f"{name} = 1"} for name in "xyz"},
    )


@pytest.mark.parametrize("method", [DOP853(), DOP853(digits=20)], ids=["double", "digits"])
def test_dop853_agrees_with_a_taylor_series(references: Path, method: DOP853) -> None:
    """To t = 10. The file departs by 3e-11 at t = 0.4 from three engines that agree to 1e-13, and that grows."""
    truth = np.load(references / "lorenz.npy", allow_pickle=False)
    truth = truth[truth[:, 0] <= 10]
    found = method.solve(lorenz(10.0)).values(np.minimum(truth[:, :1], 10.0))
    assert relative_l2(found, truth[:, 1:]).max() <= 1e-10


def test_method_of_lines_agrees_with_a_spectral_run_where_the_start_has_a_kink(references: Path) -> None:
    """The equation of Allen and Cahn on half of its ring; the file is accurate to 2e-7."""
    problem = define(
        name="allen_cahn",
        coordinates={"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]},
        time="t",
        fields=["u"],
        symmetry={"u": "even in x"},
        equations=["u_t = 0.0001*u_xx - 5*u**3 + 5*u"],
        conditions={"initial": {"on": "t = 0", "equation": "u = x**2*cos(pi*x)"}},
    )
    truth = np.load(references / "allen_cahn.npy", allow_pickle=False)
    reference = MethodOfLines(accuracy=5e-5, integrator="bdf", nodes=512).solve(problem)
    found = on_grid(reference, -1 + 2 * np.arange(512) / 512, np.linspace(0, 1, 201))
    assert relative_l2(found.reshape(-1, 1), truth.reshape(-1, 1))[0] <= 1e-6
    assert reference.accuracy <= 5e-5
