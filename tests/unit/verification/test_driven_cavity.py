"""The lid-driven cavity.

- The corner flow is biharmonic, still at the wall, and slides with the lid; what inertia adds to it solves the next
  order of the equation and vanishes at the wall and the lid, with its derivatives those of differences.
- The whole flow is still at the walls, slides with the lid, and has no divergence.
- It agrees with published extrema at Re = 100, and a creeping flow is symmetric.
- Twice the sides of the equation, and fields in another order, change nothing.
- What is another problem is refused, and why.
"""

from pathlib import Path

import numpy as np
import pytest
import sympy

from pinnkit.errors import UserError
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.verification import ReferenceSolution, reference_for
from pinnkit.verification.driven_cavity import DrivenCavity
from pinnkit.verification.lid_driven import LidDriven, scraper, second

TEXT = """
name: cavity
coordinates: {x: [0, 1], y: [0, 1]}
fields: [u, v]
parameters: {Re: 100}
equations:
  vorticity: "u*d(v_x - u_y, x) + v*d(v_x - u_y, y) = laplace(v_x - u_y)/Re"
  continuity: "u_x + v_y = 0"
conditions:
  lid: {on: "y = 1", equation: "u = 1"}
  still_u: {on: ["x = 0", "x = 1", "y = 0"], equation: "u = 0"}
  still_v: {on: boundary, equation: "v = 0"}
reference: {method: driven_cavity, most: 48}
"""


def cavity(folder: Path, *changes: tuple[str, str]) -> Problem:
    text = TEXT
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folder / "cavity.yaml").write_text(text, encoding="utf-8")
    return load_problem(folder / "cavity.yaml")


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> ReferenceSolution:
    found = reference_for(cavity(tmp_path_factory.mktemp("cavity")))
    assert found is not None
    return found


def test_the_corner_flow_solves_its_equation_and_its_walls() -> None:
    x, y = sympy.symbols("x y", positive=True)
    d = 2 * sympy.pi / (sympy.pi**2 - 4)
    psi = -d * sympy.pi / 2 * y + (2 * d / sympy.pi * x + d * y) * sympy.atan2(y, x)
    omega = sympy.simplify(psi.diff(x, 2) + psi.diff(y, 2))
    assert sympy.simplify(omega.diff(x, 2) + omega.diff(y, 2)) == 0
    exact = sympy.lambdify((x, y), [psi, psi.diff(x), psi.diff(y), omega, omega.diff(x), omega.diff(y)])
    at = np.random.default_rng(0).uniform(0.1, 1.0, (2, 20))
    for own, known in zip(scraper(*at), exact(*at), strict=True):
        np.testing.assert_allclose(own, known, rtol=1e-12, atol=1e-12)
    some, zero = np.linspace(0.1, 1, 9), np.zeros(9)
    lid, wall = scraper(some, zero), scraper(zero, some)
    np.testing.assert_allclose([lid[0], lid[1], lid[2] + 1, wall[0], wall[1], wall[2]], 0, atol=1e-14)
    corner = scraper(np.zeros(1), np.zeros(1))
    np.testing.assert_allclose([corner[0], corner[1], corner[2] + 1], 0, atol=1e-11)


def test_what_inertia_adds_solves_the_next_order() -> None:
    """laplace omega_2 = -(psi_Y omega_X - psi_X omega_Y) of the scraper, for a wall on the left."""
    x, y = at = np.random.default_rng(0).uniform(0.2, 1.0, (2, 20))
    _, psi_x, psi_y, _, omega_x, omega_y = scraper(*at)
    found = second(*at)
    np.testing.assert_allclose(found[6], -(psi_y * omega_x - psi_x * omega_y), rtol=1e-12)
    h = 1e-4
    for number, of in ((1, 0), (4, 3)):
        along = (second(x + h, y)[of] - second(x - h, y)[of]) / (2 * h)
        across = (second(x, y + h)[of] - second(x, y - h)[of]) / (2 * h)
        np.testing.assert_allclose((found[number], found[number + 1]), (along, across), atol=1e-7)
    for value, slopes in ((0, (1, 2)), (3, (4, 5))):
        around = sum(second(x + a, y + b)[value] for a, b in ((h, 0), (-h, 0), (0, h), (0, -h)))
        laplace = (around - 4 * found[value]) / h**2
        np.testing.assert_allclose(laplace, found[3] if value == 0 else found[6], atol=1e-5)
        assert np.abs(np.stack([found[s] for s in slopes])).max() > 1e-3
    some, zero = np.linspace(0.1, 1, 9), np.zeros(9)
    for wall in (second(some, zero), second(zero, some)):
        np.testing.assert_allclose(wall[:3], 0, atol=1e-16)


def test_the_flow_holds_at_the_walls_and_has_no_divergence(flow: ReferenceSolution) -> None:
    s, zero, one = np.linspace(0.02, 0.98, 49), np.zeros(49), np.ones(49)
    for x, y, u in ((zero, s, 0), (one, s, 0), (s, zero, 0), (s, one, 1)):
        np.testing.assert_allclose(flow.values(np.stack([x, y], axis=1)) - [u, 0], 0, atol=1e-10)
    at, h = np.random.default_rng(1).uniform(0.1, 0.9, (40, 2)), 1e-4
    step = np.array([h, 0.0])
    along = flow.values(at + step)[:, 0] - flow.values(at - step)[:, 0]
    across = flow.values(at + step[::-1])[:, 1] - flow.values(at - step[::-1])[:, 1]
    np.testing.assert_allclose((along + across) / (2 * h), 0, atol=1e-5)


def test_the_extrema_on_the_centre_lines_are_the_published_ones(flow: ReferenceSolution) -> None:
    """Botella and Peyret, Computers & Fluids 27 (1998) 421, at Re = 100."""
    s = np.linspace(0, 1, 4001)
    u = flow.values(np.stack([0 * s + 0.5, s], axis=1))[:, 0]
    v = flow.values(np.stack([s, 0 * s + 0.5], axis=1))[:, 1]
    assert [u.min(), v.min(), v.max()] == pytest.approx([-0.2140424, -0.2538030, 0.1795728], abs=3e-6)
    assert flow.accuracy < 2e-4


def test_creeping_flow_is_symmetric_about_the_middle() -> None:
    creeping = LidDriven(1e6, 32)
    assert creeping.solve() == ""
    x, y = np.random.default_rng(2).uniform(0.05, 0.95, (2, 50))
    mirrored = creeping.values(1 - x, y) * [1, -1]
    np.testing.assert_allclose(creeping.values(x, y), mirrored, atol=1e-5)


def test_the_form_of_the_equation_and_the_order_of_the_fields_do_not_matter(
    flow: ReferenceSolution, tmp_path: Path
) -> None:
    same = (
        ('"u*d(', '"(2 + x*exp(y))*u*d('),
        ("+ v*d(", "+ (2 + x*exp(y))*v*d("),
        ("= laplace(v_x - u_y)/Re", "- (2 + x*exp(y))*laplace(v_x - u_y)/Re = 0"),
        ('  continuity: "u_x + v_y = 0"\n', ""),
        ("fields: [u, v]", "fields: [v, u]\ndivergence_free: [u, v]"),
    )
    other = reference_for(cavity(tmp_path, *same))
    assert other is not None
    at = np.random.default_rng(3).uniform(0, 1, (20, 2))
    np.testing.assert_allclose(other.values(at)[:, ::-1], flow.values(at), atol=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("u = 1", "u = 2"), "`u` must be 1 at the upper end of `y`"),
        (("v = 0", "v = x"), "`v` must be 0"),
        (("Re: 100", "Re: -100"), "is not u\\*d"),
        (("/Re", "/Re + u"), "is not u\\*d"),
        (("= laplace", "= (1 + x)*laplace"), "is not u\\*d"),
        (("u*d(", "x*u*d("), "is not u\\*d"),
        (("u_x + v_y = 0", "u_x - v_y = 0"), "is not u\\*d"),
    ],
)
def test_another_problem_is_refused(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        reference_for(cavity(tmp_path, change))


def test_another_box_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="`x` must go from 0 to 1"):
        reference_for(cavity(tmp_path, ("x: [0, 1]", "x: [0, 2]"), ("x = 1", "x = 2")))


def test_options_that_are_none_are_refused() -> None:
    with pytest.raises(UserError, match="`accuracy`"):
        DrivenCavity(accuracy=0.0)
    with pytest.raises(UserError, match="`most`"):
        DrivenCavity(most=20)
