"""What every sampler must keep, over the whole table, and what single samplers promise beyond it."""

import numpy as np
import pytest
from scipy.stats import kstest, qmc

from pinnkit.errors import SolveError, UserError
from pinnkit.geometry import Box, BoxFace
from pinnkit.points import RAD, SAMPLERS, Chebyshev, Grid, LatinHypercube, Sampler, Sobol, Uniform

LINE = Box(("t",), np.array([1.0]), np.array([3.0]))
PLANE = Box(("x", "t"), np.array([-1.0, 0.0]), np.array([1.0, 0.5]))
SPACE = Box(("x", "y", "z"), np.array([0.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0]))
DOMAINS: dict[str, Box | BoxFace] = {
    "line": LINE,
    "plane": PLANE,
    "space": SPACE,
    "edge": PLANE.face("x", "upper"),
    "side": SPACE.face("y", "lower"),
}
COUNT = 729


@pytest.fixture(params=SAMPLERS.names())
def sampler(request: pytest.FixtureRequest) -> Sampler:
    """Every sampler of the table in turn."""
    return SAMPLERS.build({"name": request.param, "count": COUNT})


@pytest.fixture(params=DOMAINS, ids=list(DOMAINS))
def domain(request: pytest.FixtureRequest) -> Box | BoxFace:
    """Every domain in turn."""
    return DOMAINS[request.param]


def peaked(points: np.ndarray) -> np.ndarray:
    """A residual that is a hundred times larger in the middle of the first coordinate of `PLANE`."""
    return 0.02 + np.exp(-20.0 * points[:, 0] ** 2)


def test_points_lie_in_the_domain_with_positive_density(sampler: Sampler, domain: Box | BoxFace) -> None:
    points = sampler.draw(domain, np.random.default_rng(0), lambda at: 1.0 + at[:, 0] ** 2)
    box = domain.box if isinstance(domain, BoxFace) else domain
    assert points.coordinates.dtype == np.float64
    assert points.coordinates.shape == (points.count, box.dimension)
    assert points.density.shape == (points.count,)
    assert box.inside(points.coordinates).all()
    assert np.all(points.density > 0)
    assert points.count == COUNT
    if isinstance(domain, BoxFace):
        assert np.all(points.coordinates[:, domain.axis] == domain.value)


def test_same_seed_gives_same_points(sampler: Sampler) -> None:
    one, two = (sampler.draw(PLANE, np.random.default_rng(7), peaked) for _ in range(2))
    assert np.array_equal(one.coordinates, two.coordinates)
    assert np.array_equal(one.density, two.density)


def test_second_draw_gives_other_points_unless_fixed(sampler: Sampler) -> None:
    generator = np.random.default_rng(7)
    one, two = (sampler.draw(PLANE, generator, peaked).coordinates for _ in range(2))
    shared = len(set(map(tuple, one)) & set(map(tuple, two)))
    assert shared == (COUNT if sampler.fixed else 0)


def test_single_point_is_given_once_whatever_the_count(sampler: Sampler) -> None:
    points = sampler.draw(LINE.face("t", "lower"), np.random.default_rng(0), lambda at: at[:, 0])
    assert np.array_equal(points.coordinates, [[1.0]])
    assert np.array_equal(points.density, [1.0])


def test_weighted_mean_is_the_integral(sampler: Sampler) -> None:
    """The mean of x^2 t over the rectangle is 1/3 * 1/4."""
    generator = np.random.default_rng(3)
    means = []
    for _ in range(40):
        points = sampler.draw(PLANE, generator, peaked)
        x, t = points.coordinates.T
        means.append(np.mean(x**2 * t / points.density))
    # A grid counts its ends in full, which is an error of its own of first order in the spacing.
    # Chebyshev points integrate a polynomial to rounding, and always alike.
    bias = 0.08 * 1 / 12 if isinstance(sampler, Grid) else 1e-15 if isinstance(sampler, Chebyshev) else 0.0
    error = np.std(means) / np.sqrt(len(means))
    assert abs(np.mean(means) - 1 / 12) <= 4 * error + bias
    assert error < 2e-2 / 12


@pytest.mark.parametrize("name", SAMPLERS.names())
@pytest.mark.parametrize("count", [0, -3])
def test_no_points_at_all_are_refused(name: str, count: int) -> None:
    with pytest.raises(UserError, match=f"`count` of sampler `{name}` is {count}"):
        SAMPLERS.build({"name": name, "count": count})


@pytest.mark.parametrize("sampler", [Uniform(COUNT), Sobol(COUNT), LatinHypercube(COUNT), RAD(COUNT)], ids=repr)
def test_every_coordinate_is_uniform_without_a_residual(sampler: Sampler) -> None:
    points = sampler.draw(SPACE, np.random.default_rng(5))
    for column in SPACE.to_unit(points.coordinates).T:
        assert kstest(column, "uniform").pvalue > 1e-3
    assert np.all(points.density == 1.0)


def test_sobol_is_more_even_than_chance() -> None:
    unit = Box(("x", "y"), np.zeros(2), np.ones(2))

    def discrepancy(sampler: Sampler, seed: int) -> float:
        points = sampler.draw(unit, np.random.default_rng(seed)).coordinates
        return float(qmc.discrepancy(points, method="L2-star"))

    sobol, chance = (np.mean([discrepancy(s, seed) for seed in range(8)]) for s in (Sobol(256), Uniform(256)))
    assert sobol < 0.15 * chance


@pytest.mark.parametrize("power", [3, 6, 9])
def test_sobol_has_one_point_in_every_dyadic_stratum(power: int) -> None:
    points = Sobol(2**power).draw(SPACE, np.random.default_rng(0)).coordinates
    strata = np.floor(SPACE.to_unit(points) * 2**power).astype(int)
    for column in strata.T:
        assert np.array_equal(np.sort(column), np.arange(2**power))


def test_sobol_of_any_count_begins_alike() -> None:
    long, short = (Sobol(n).draw(PLANE, np.random.default_rng(2)).coordinates for n in (64, 37))
    assert np.array_equal(long[:37], short)


@pytest.mark.parametrize("count", [1, 10, 97])
def test_latin_hypercube_has_one_point_in_every_stratum(count: int) -> None:
    points = LatinHypercube(count).draw(SPACE, np.random.default_rng(0)).coordinates
    strata = np.floor(SPACE.to_unit(points) * count).astype(int)
    for column in strata.T:
        assert np.array_equal(np.sort(column), np.arange(count))


def test_grid_is_regular_and_reaches_the_ends() -> None:
    points = Grid(30).draw(PLANE, np.random.default_rng(0)).coordinates
    for column, low, high in zip(points.T, PLANE.lower, PLANE.upper, strict=True):
        assert np.allclose(np.unique(column), np.linspace(low, high, 5))
    assert len(points) == 25


def test_grid_without_room_for_its_corners_is_refused() -> None:
    with pytest.raises(UserError, match="the corners of a domain of dimension 3 alone need 8"):
        Grid(7).draw(SPACE, np.random.default_rng(0))


@pytest.mark.parametrize("count", [2, 3, 8, 9, 40])
def test_chebyshev_points_integrate_every_polynomial_through_them(count: int) -> None:
    points = Chebyshev(count).draw(LINE, np.random.default_rng(0))
    x = points.coordinates[:, 0] - 2.0
    assert (x[0], x[-1]) == (-1.0, 1.0)
    for degree in range(count):
        mean = np.mean(np.polynomial.chebyshev.chebval(x, np.eye(count)[degree]) / points.density)
        exact = 0.0 if degree % 2 else 1.0 / (1.0 - degree**2)
        assert abs(mean - exact) < 1e-14


def test_chebyshev_points_of_the_plane_are_a_product() -> None:
    points = Chebyshev(26).draw(PLANE, np.random.default_rng(0))
    along = Chebyshev(5).draw(LINE, np.random.default_rng(0))
    unit = (along.coordinates[:, 0] - 1) / 2
    assert np.allclose(PLANE.to_unit(points.coordinates).reshape(5, 5, 2)[:, 3, 0], unit, atol=1e-15)
    assert np.allclose(points.density.reshape(5, 5), np.outer(along.density, along.density))


def test_chebyshev_points_without_room_for_the_corners_are_refused() -> None:
    with pytest.raises(UserError, match="the corners of a domain of dimension 3 alone need 8"):
        Chebyshev(7).draw(SPACE, np.random.default_rng(0))


@pytest.mark.parametrize("k", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("c", [0.0, 1.0])
def test_rad_follows_its_density(k: float, c: float) -> None:
    """Of many candidates, those kept have the density p = |r|^k / E|r|^k + c over its mean, 1 + c."""
    points = RAD(2000, k=k, c=c, candidates=200_000).draw(PLANE, np.random.default_rng(4), peaked)
    x = np.linspace(-1, 1, 20_001)
    power = peaked(x[:, None]) ** k
    density = (power / np.mean(power) + c) / (1 + c)
    expected = np.interp(points.coordinates[:, 0], x, density)
    assert np.allclose(points.density, expected, rtol=0.1)
    distribution = np.cumsum(density) / np.sum(density)
    assert kstest(points.coordinates[:, 0], lambda at: np.interp(at, x, distribution)).pvalue > 1e-3


def test_rad_keeps_no_candidate_twice() -> None:
    points = RAD(500, k=3.0, c=0.0, candidates=1000).draw(PLANE, np.random.default_rng(4), peaked)
    assert len(np.unique(points.coordinates, axis=0)) == 500


def test_rad_correction_is_right_even_where_most_candidates_are_kept() -> None:
    generator = np.random.default_rng(8)
    sums = []
    for _ in range(400):
        points = RAD(60, k=2.0, c=0.0, candidates=80).draw(PLANE, generator, peaked)
        sums.append(np.mean(1.0 / points.density))
    assert abs(np.mean(sums) - 1.0) <= 4 * np.std(sums) / np.sqrt(len(sums))


def test_rad_with_all_candidates_kept_is_uniform() -> None:
    points = RAD(50, candidates=50).draw(PLANE, np.random.default_rng(0), peaked)
    assert np.array_equal(points.density, np.ones(50))


@pytest.mark.parametrize("size", [0.0, 1e-300, 1e300])
def test_rad_does_not_depend_on_the_size_of_the_residual(size: float) -> None:
    one = RAD(100, k=2.0).draw(PLANE, np.random.default_rng(0), lambda at: np.ones(len(at)))
    other = RAD(100, k=2.0).draw(PLANE, np.random.default_rng(0), lambda at: np.full(len(at), size))
    assert np.array_equal(one.coordinates, other.coordinates)
    assert np.all(np.isfinite(other.density))


def test_rad_finds_points_where_the_residual_vanishes_almost_everywhere() -> None:
    points = RAD(100, c=0.0).draw(PLANE, np.random.default_rng(0), lambda at: (at[:, 0] > 0.99).astype(float))
    assert points.count == 100
    assert np.all(points.density > 0)


def test_rad_refuses_a_residual_that_is_not_finite() -> None:
    with pytest.raises(SolveError, match="not finite"):
        RAD(10).draw(PLANE, np.random.default_rng(0), lambda at: np.where(at[:, 0] > 0, np.nan, 1.0))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"candidates": 9}, "`candidates` of sampler `rad` is 9; it needs at least 10"),
        ({"k": -1.0}, "`k` of sampler `rad` is -1.0"),
        ({"c": np.inf}, "`c` of sampler `rad` is inf"),
    ],
)
def test_rad_refuses_options_without_meaning(options: dict[str, float], words: str) -> None:
    with pytest.raises(UserError, match=words):
        RAD(10, **options)  # type: ignore[arg-type]
