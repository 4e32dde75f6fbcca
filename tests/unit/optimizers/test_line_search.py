"""Strong Wolfe conditions on the functions of J. J. Moré, D. J. Thuente, ACM Trans. Math. Softw. 20 (1994), sec. 5."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Evaluation
from pinnkit.optimizers.line_search import strong_wolfe

Curve = Callable[[Tensor], Tensor]


def first(a: Tensor) -> Tensor:
    return -a / (a * a + 2.0)


def second(a: Tensor) -> Tensor:
    return (a + 0.004) ** 5 - 2.0 * (a + 0.004) ** 4


def third(a: Tensor) -> Tensor:
    """A kink rounded off, with ripples on it: near its minimum its slope has many signs."""
    beta, waves = 0.01, 39
    kink = torch.where(
        a <= 1.0 - beta,
        1.0 - a,
        torch.where(a >= 1.0 + beta, a - 1.0, (a - 1.0) ** 2 / (2.0 * beta) + beta / 2.0),
    )
    return kink + 2.0 * (1.0 - beta) / (waves * math.pi) * torch.sin(waves * math.pi / 2.0 * a)


def hyperbolas(b1: float, b2: float) -> Curve:
    def gamma(b: float) -> float:
        return math.sqrt(1.0 + b * b) - b

    def curve(a: Tensor) -> Tensor:
        return gamma(b1) * torch.sqrt((1.0 - a) ** 2 + b2**2) + gamma(b2) * torch.sqrt(a**2 + b1**2)

    return curve


CURVES = {
    "1": first,
    "2": second,
    "3": third,
    "4": hyperbolas(1e-3, 1e-3),
    "5": hyperbolas(1e-2, 1e-3),
    "6": hyperbolas(1e-3, 1e-2),
}


def evaluation(curve: Curve) -> Callable[[Tensor], Evaluation]:
    def evaluate(at: Tensor) -> Evaluation:
        leaf = at.detach().requires_grad_()
        loss = curve(leaf[0])
        return Evaluation(float(loss.detach()), {}, torch.autograd.grad(loss, leaf)[0])

    return evaluate


ZERO, ALONG = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)


@pytest.mark.parametrize("length", [1e-3, 1e-1, 1.0, 1e1, 1e3])
@pytest.mark.parametrize(
    ("name", "curvature"),
    # The slope of 2 at zero is so small that a tenth of it, at the bottom, is below the rounding of the values.
    [*((name, 0.9) for name in CURVES), *((name, 0.1) for name in CURVES if name != "2")],
)
def test_the_strong_wolfe_conditions_hold(name: str, length: float, curvature: float) -> None:
    evaluate = evaluation(CURVES[name])
    zero = evaluate(ZERO)
    slope = float(zero.gradient[0])
    trial = strong_wolfe(evaluate, ZERO, ALONG, zero, length, curvature=curvature)
    assert trial is not None
    there = evaluate(ZERO + trial.length * ALONG)
    assert trial.length > 0
    assert (trial.loss, trial.slope) == (there.loss, float(there.gradient[0]))
    assert there.loss <= zero.loss + 1e-4 * trial.length * slope
    assert abs(trial.slope) <= -curvature * slope


def test_a_direction_is_taken_as_it_is() -> None:
    direction = torch.tensor([-2.0, 1.0], dtype=torch.float64)
    theta = torch.tensor([1.0, 1.0], dtype=torch.float64)

    def evaluate(at: Tensor) -> Evaluation:
        scale = torch.tensor([1.0, 10.0], dtype=torch.float64)
        return Evaluation(0.5 * float(scale @ at**2), {}, scale * at)

    # Along this direction phi(a) = (1 - 2 a)^2/2 + 5 (1 + a)^2 rises: 10 - 2 > 0.
    assert strong_wolfe(evaluate, theta, direction, evaluate(theta)) is None
    trial = strong_wolfe(evaluate, theta, -direction, evaluate(theta), curvature=1e-6)
    assert trial is not None
    assert trial.length == pytest.approx(8.0 / 14.0, rel=1e-5)


@pytest.mark.parametrize(
    "curve", [lambda a: a, lambda a: 0.0 * a, lambda a: a * float("nan")], ids=["uphill", "flat", "no number"]
)
def test_nothing_is_found_where_nothing_descends(curve: Curve) -> None:
    evaluate = evaluation(curve)
    assert strong_wolfe(evaluate, ZERO, ALONG, evaluate(ZERO)) is None


def test_a_length_that_leads_out_of_the_domain_is_shortened() -> None:
    evaluate = evaluation(lambda a: -a - torch.log(1.0 - a) * 0.1)
    trial = strong_wolfe(evaluate, ZERO, ALONG, evaluate(ZERO), length=8.0)
    assert trial is not None
    assert 0 < trial.length < 1
    assert abs(trial.slope) <= 0.9 * 0.9


def test_the_best_is_given_where_there_is_no_bottom() -> None:
    evaluate = evaluation(lambda a: -a)
    trial = strong_wolfe(evaluate, ZERO, ALONG, evaluate(ZERO), most=5)
    assert trial is not None
    assert trial.length == 16.0
