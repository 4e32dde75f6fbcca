"""The damped normal equations in both of their forms, against dense algebra."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Linearization
from pinnkit.optimizers.damped import _ParameterSystem, _RowSystem, add_gram, damped_system

F64 = torch.float64


def linearization(objective_of: Any, jacobian: Tensor, right: Tensor, **options: Any) -> Linearization:
    theta = torch.zeros(jacobian.shape[1], dtype=F64)
    made: Linearization = objective_of(lambda at: jacobian @ at + right, theta, **options).linearize(theta)
    return made


def dense(jacobian: Tensor, rows: Tensor, damping: float) -> Tensor:
    """-(J^T J + lambda I)^-1 J^T r by the singular values of J, which loses nothing to a small lambda."""
    left, values, right = torch.linalg.svd(jacobian, full_matrices=False)
    return -(right.T @ (values / (values**2 + damping) * (left.T @ rows)))


SHAPES = [(12, 5), (5, 12), (7, 7), (1, 4), (4, 1)]


@pytest.mark.parametrize("damping", [1e3, 1.0, 1e-6, 1e-12])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_the_step_solves_the_damped_equations(
    objective_of: Any, linear: Any, shape: tuple[int, int], damping: float
) -> None:
    jacobian, rows = linear(*shape)
    system = damped_system(linearization(objective_of, jacobian, rows), shape[1])
    assert type(system) is (_RowSystem if shape[0] < shape[1] else _ParameterSystem)
    torch.testing.assert_close(system.gradient, jacobian.T @ rows)
    solved = system.solve(damping)
    assert solved is not None
    torch.testing.assert_close(solved.step, dense(jacobian, rows, damping), rtol=1e-9, atol=1e-12)
    other = torch.linspace(-1.0, 2.0, shape[0], dtype=F64)
    torch.testing.assert_close(solved.least(other), dense(jacobian, other, damping), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 12), (12, 5), (7, 7)], ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_both_forms_give_the_same(objective_of: Any, linear: Any, shape: tuple[int, int]) -> None:
    jacobian, rows = linear(*shape)
    there = linearization(objective_of, jacobian, rows)
    normal, kernel = _ParameterSystem(there, shape[1]).solve(0.1), _RowSystem(there, jacobian).solve(0.1)
    assert normal is not None
    assert kernel is not None
    torch.testing.assert_close(kernel.step, normal.step, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(kernel.least(2.0 * rows - 1.0), normal.least(2.0 * rows - 1.0), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", [(12, 5), (5, 12)], ids=["normal", "kernel"])
def test_one_system_serves_many_dampings(objective_of: Any, linear: Any, shape: tuple[int, int]) -> None:
    jacobian, rows = linear(*shape)
    system = damped_system(linearization(objective_of, jacobian, rows), shape[1])
    for damping in (1.0, 100.0, 0.01, 1.0):
        solved = system.solve(damping)
        assert solved is not None
        torch.testing.assert_close(solved.step, dense(jacobian, rows, damping), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(13, 5), (5, 13)], ids=["normal", "kernel"])
def test_chunks_that_are_made_again_change_nothing(objective_of: Any, linear: Any, shape: tuple[int, int]) -> None:
    jacobian, rows = linear(*shape)
    kept = damped_system(linearization(objective_of, jacobian, rows), shape[1]).solve(0.3)
    made = damped_system(linearization(objective_of, jacobian, rows, blocks=3, chunk=4), shape[1]).solve(0.3)
    assert kept is not None
    assert made is not None
    torch.testing.assert_close(made.step, kept.step, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(made.least(rows**2), kept.least(rows**2), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6)], ids=["normal", "kernel"])
def test_a_matrix_without_a_factor_gives_no_step(objective_of: Any, shape: tuple[int, int]) -> None:
    there = linearization(objective_of, torch.zeros(shape, dtype=F64), torch.ones(shape[0], dtype=F64))
    system = damped_system(there, shape[1])
    assert system.solve(0.0) is None
    solved = system.solve(1.0)
    assert solved is not None
    assert not solved.step.any()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 17])
@pytest.mark.parametrize("parts", [1, 2, 4, 7])
def test_the_lower_triangle_is_added(linear: Any, size: int, parts: int, device: str) -> None:
    jacobian, _ = linear(9, size)
    jacobian = jacobian.to(device)
    matrix = torch.ones(size, size, dtype=F64, device=device)
    add_gram(matrix, jacobian, parts)
    add_gram(matrix, jacobian[:4], parts)
    expected = 1.0 + jacobian.T @ jacobian + jacobian[:4].T @ jacobian[:4]
    torch.testing.assert_close(matrix.tril(), expected.tril(), rtol=1e-13, atol=1e-13)
