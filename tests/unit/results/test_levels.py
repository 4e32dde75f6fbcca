"""The k-th state has k - 1 nodes, whatever its size and its tails."""

import numpy as np
import pytest

from pinnkit.problem.load import load_problem
from pinnkit.results.levels import in_digits, nodes_of, wrong_levels

X = np.linspace(0, 1, 4001)


@pytest.mark.parametrize("nodes", range(5))
def test_nodes_are_counted(nodes: int) -> None:
    assert nodes_of(1e-8 * np.sin((nodes + 1) * np.pi * X)) == nodes


def test_noise_in_a_tail_is_no_node() -> None:
    generator = np.random.default_rng(0)
    assert nodes_of(np.exp(-(((X - 0.5) / 0.05) ** 2)) + 1e-7 * generator.normal(size=X.size)) == 0


def test_a_state_that_was_passed_over_is_told() -> None:
    problem = load_problem("infinite_well")

    def states(*waves: int):  # noqa: ANN202 (a function of points)
        return lambda points: np.stack([np.sin(k * np.pi * points[:, 0]) for k in waves], axis=1)

    assert wrong_levels(problem, states(1, 2, 3)) == []
    (sentence,) = wrong_levels(problem, states(1, 2, 4))
    assert "`psi_3` has 3 nodes" in sentence


def test_problems_without_levels_are_left_alone() -> None:
    assert wrong_levels(load_problem("oscillator"), lambda points: points) == []


def test_levels_are_written_one_after_the_other() -> None:
    assert in_digits([1.0, 2.5]) == "1, 2.5"
    assert in_digits(1 / 3) == "0.3333333333"
