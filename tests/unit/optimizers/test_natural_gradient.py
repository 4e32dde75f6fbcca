"""Natural gradient and SPRING.

Without momentum and with lr = 1 a step is the damped Gauss-Newton step in its Woodbury form; with momentum it is the
formula of SPRING, of which the part of the old direction that the rows determine is replaced; linear rows are solved.
"""

from typing import Any

import pytest
import torch

from pinnkit.errors import UserError
from pinnkit.optimizers import NaturalGradient
from pinnkit.optimizers.natural_gradient import NaturalGradientState

F64 = torch.float64


@pytest.mark.parametrize(("rows", "size"), [(5, 12), (20, 6)])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_the_direction_is_the_formula(objective_of: Any, linear: Any, rows: int, size: int, momentum: float) -> None:
    matrix, right = linear(rows, size)
    theta = torch.linspace(-1, 1, size, dtype=F64)
    last = torch.linspace(0, 1, size, dtype=F64)
    objective = objective_of(lambda at: matrix @ at - right, theta)
    optimizer = NaturalGradient(lr=0.3, damping=1e-3, momentum=momentum, search=False)
    made = optimizer.step(objective, theta, NaturalGradientState(last, 1))
    r = matrix @ theta - right
    kernel = matrix @ matrix.T + 1e-3 * torch.eye(rows, dtype=F64)
    phi = matrix.T @ torch.linalg.solve(kernel, r - momentum * matrix @ last) + momentum * last
    torch.testing.assert_close(made.theta, theta - 0.3 * phi, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(made.state.direction, phi, rtol=1e-8, atol=1e-8)


def test_linear_rows_are_solved_in_one_step(objective_of: Any, linear: Any) -> None:
    matrix, right = linear(5, 12)
    theta = torch.zeros(12, dtype=F64)
    optimizer = NaturalGradient(damping=1e-12)
    made = optimizer.step(objective_of(lambda at: matrix @ at - right, theta), theta, optimizer.start(theta))
    assert float((matrix @ made.theta - right).norm()) < 1e-8
    assert made.report["lr"] == 1.0


def test_the_search_shortens_a_step_that_is_too_long(objective_of: Any) -> None:
    theta = torch.tensor([3.0], dtype=F64)
    objective = objective_of(torch.atan, theta)
    optimizer = NaturalGradient(damping=1e-12)
    made = optimizer.step(objective, theta, optimizer.start(theta))
    assert 0 < made.report["lr"] < 1
    assert float(made.theta.abs()) < 3.0


def test_options_are_checked() -> None:
    with pytest.raises(UserError, match="`momentum` of optimizer `natural_gradient` is 1; it needs 0 or more"):
        NaturalGradient(momentum=1.0)
