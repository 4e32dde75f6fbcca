"""Samplers whose points follow from those of the draw before: what each keeps, adds and releases.

Satisfied, over the registry: a first draw is uniform; points lie in the domain and number what was promised; memories
of two runs or two parts do not meet; a few draws are kept to be looked at. `rar` adds exactly the worst candidates,
`rar_d` follows its density, both keep all that they had and stop at their end; `r3` keeps exactly the points above the
mean, gathers and releases them.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import kstest

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.errors import SolveError, UserError
from pinnkit.geometry import Box
from pinnkit.networks import MLP
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Adam
from pinnkit.points import R3, RAR, RARD, SAMPLERS, Chebyshev, Following, PointMemory, Sobol
from pinnkit.points.flowing import Flowing
from pinnkit.problem.define import define
from pinnkit.training import train

PLANE = Box(("x", "t"), np.array([-1.0, 0.0]), np.array([1.0, 0.5]))
FOLLOWING = [name for name in SAMPLERS.names() if issubclass(SAMPLERS.get(name), Following)]
Residual = Callable[[np.ndarray], np.ndarray]


def at(centre: float) -> Residual:
    """A residual with a peak of width 0.1 in x."""
    return lambda points: 1e-3 + np.exp(-50.0 * (points[:, 0] - centre) ** 2)


@pytest.fixture(params=FOLLOWING)
def sampler(request: pytest.FixtureRequest) -> Following:
    """Every sampler with a memory in turn."""
    flowing = issubclass(SAMPLERS.get(request.param), Flowing)
    small = {"layers": 2, "width": 16, "bins": 8, "steps": 20, "lr": 1e-2, "batch": 400} if flowing else {}
    found = SAMPLERS.build({"name": request.param, "count": 400, **small})
    assert isinstance(found, Following)
    return found


def draws(
    sampler: Following, residual: Residual, count: int, memory: PointMemory | None = None, seed: int = 4
) -> list[np.ndarray]:
    own, generator = memory or PointMemory(), np.random.default_rng(seed)
    return [own.drawn(sampler, PLANE, generator, residual).coordinates for _ in range(count)]


def test_a_first_draw_is_uniform(sampler: Following) -> None:
    (first,) = draws(sampler, at(0.3), 1)
    assert len(first) == 400
    for column in PLANE.to_unit(first).T:
        assert kstest(column, "uniform").pvalue > 1e-3


def test_points_stay_in_the_domain_and_number_what_was_promised(sampler: Following) -> None:
    found = draws(sampler, at(0.3), 3 if isinstance(sampler, Flowing) else 40)
    for points in found:
        assert PLANE.inside(points).all()
    assert len(found[-1]) == sampler.expected(PLANE)


def test_points_gather_at_a_peak(sampler: Following) -> None:
    first, *_, last = draws(sampler, at(0.3), 15 if isinstance(sampler, Flowing) else 40)
    near = [float(np.mean(np.abs(points[:, 0] - 0.3) < 0.2)) for points in (first, last)]
    assert near[1] > 2 * near[0]


def test_memories_do_not_meet(sampler: Following) -> None:
    """Two parts of a domain in one memory, and two memories, are as each by itself."""
    alone = draws(sampler, at(0.3), 3)
    generator, memory = np.random.default_rng(4), PointMemory()
    other = np.random.default_rng(9)
    for expected in alone:
        found = memory.drawn(sampler, PLANE, generator, at(0.3), "left").coordinates
        np.testing.assert_array_equal(found, expected)
        memory.drawn(sampler, PLANE, other, at(-0.3), "right")
    np.testing.assert_array_equal(draws(sampler, at(0.3), 3)[-1], alone[-1])


def test_a_residual_that_is_no_number_is_told(sampler: Following) -> None:
    with pytest.raises(SolveError, match="the residual is not finite at some of the points"):
        draws(sampler, lambda points: np.full(len(points), np.nan), 2)


def test_a_single_point_and_no_residual_are_no_obstacle(sampler: Following) -> None:
    face, generator = Box(("t",), np.zeros(1), np.ones(1)).face("t", "lower"), np.random.default_rng(0)
    points, memory = sampler.follow(face, generator, None, None)
    assert points.coordinates.tolist() == [[0.0]]
    assert sampler.follow(face, generator, at(0.0), memory)[0].coordinates.tolist() == [[0.0]]


@pytest.mark.parametrize("rule", [RAR(100, added=30, most=180), RARD(100, added=30, most=180)])
def test_growing_points_keep_all_and_stop_at_their_end(rule: RAR | RARD) -> None:
    found = draws(rule, at(0.3), 6)
    assert [len(points) for points in found] == [100, 130, 160, 180, 180, 180]
    for before, after in pairwise(found):
        np.testing.assert_array_equal(after[: len(before)], before)


def test_rar_adds_the_worst_candidates() -> None:
    rule, generator = RAR(100, added=7, candidates=500), np.random.default_rng(4)
    first, after = draws(rule, at(0.3), 2)
    generator.random((100, 2))
    tried = PLANE.from_unit(generator.random((500, 2)))
    worst = tried[np.argsort(-at(0.3)(tried))[:7]]
    np.testing.assert_array_equal(after[len(first) :], worst)


@pytest.mark.parametrize(("k", "c"), [(1.0, 0.0), (2.0, 0.0), (1.0, 1.0)])
def test_rar_d_follows_its_density(k: float, c: float) -> None:
    rule = RARD(10, added=4000, most=4010, k=k, c=c, candidates=200_000)
    first, after = draws(rule, at(0.3), 2)
    x = np.linspace(-1, 1, 4001)
    size = at(0.3)(x[:, None]) ** k
    density = size / size.mean() + c
    cumulated = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    added = np.sort(after[len(first) :, 0])
    assert kstest(np.interp(added, x, cumulated / cumulated[-1]), "uniform").pvalue > 1e-3


def test_r3_keeps_what_is_above_the_mean_and_releases_it_later() -> None:
    memory = PointMemory()
    first, second = draws(R3(500), at(0.3), 2, memory)
    kept = at(0.3)(first) > at(0.3)(first).mean()
    np.testing.assert_array_equal(second[kept], first[kept])
    assert not np.any(second[~kept] == first[~kept])
    # A flat residual has nothing above its mean.
    (flat,) = draws(R3(500), lambda points: np.ones(len(points)), 1, memory, seed=5)
    assert len(set(map(tuple, flat)) & set(map(tuple, second))) == 0


@pytest.mark.parametrize("name", ["rar", "rar_d"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"added": 0}, "`added` of sampler `NAME` is 0; it needs at least 1"),
        ({"count": 50, "most": 40}, "`most` of sampler `NAME` is 40; it needs at least 50"),
        ({"added": 30, "candidates": 20}, "`candidates` of sampler `NAME` is 20; it needs at least 30"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(name: str, options: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said.replace("NAME", name)):
        SAMPLERS.build({"name": name, **options})


def test_training_hands_on_what_samplers_remember() -> None:
    problem = define(
        name="line", coordinates={"x": [0, 1]}, fields=["u"], equations=["u_xx = exp(x)"], conditions={}, accept=[]
    )
    config = Config(
        network=MLP(4, 1), points=RAR(20, added=5, most=40), condition_points=Sobol(4), balance=False, device="cpu"
    )
    run = build_run(problem, replace(config, phases=(Adam(steps=12),), renew=2))
    seen: list[int] = []

    class Watched:
        """The assembly of the run, with the number of rows of every draw."""

        def draw(self, *arguments: object) -> Objective:
            found = run.assembly.draw(*arguments)  # type: ignore[arg-type]  # handed on as they come
            seen.append(found.count)
            return found

    theta = run.trial.layout.start(run.trial.network)
    trained = train(Watched(), theta, [("adam", Adam(steps=12))], 2, np.random.default_rng(0))
    assert seen[:6] == [20, 25, 30, 35, 40, 40]
    assert trained.memory.last[""].count == 40


@pytest.mark.parametrize("count", [1, 2, 9, 10, 37, 200])
def test_some_draws_are_kept_to_be_looked_at(count: int) -> None:
    """The first and the last, ten at most, none much further from its neighbour than the others."""
    sampler, memory = RAR(100), PointMemory()
    drawn = draws(sampler, at(0.3), count, memory)
    numbers = [number for number, _ in memory.course()]
    assert numbers[0] == 1
    assert numbers[-1] == count
    assert len(numbers) <= 10
    assert all(np.array_equal(points.coordinates, drawn[number - 1]) for number, points in memory.course())
    steps = np.diff(numbers)
    assert len(steps) == 0 or max(steps) <= max(1, count // 4)


def test_points_that_do_not_follow_are_not_kept() -> None:
    memory, generator = PointMemory(), np.random.default_rng(0)
    for sampler in (Sobol(50), Chebyshev(50)):
        for _ in range(3):
            memory.drawn(sampler, PLANE, generator, at(0.3))
    assert memory.course() == []
    memory.drawn(SAMPLERS.build({"name": "rad", "count": 50}), PLANE, generator, at(0.3))
    assert [number for number, _ in memory.course()] == [1]
