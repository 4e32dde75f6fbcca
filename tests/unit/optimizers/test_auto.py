"""The choice of an optimizer: every line of its table, both sides of every bound, and the limits handed over."""

from typing import Any

import pytest
import torch

from pinnkit.errors import UserError
from pinnkit.optimizers import OPTIMIZERS, Auto, LevenbergMarquardt
from pinnkit.optimizers.auto import AutoState, choose

MANY = 10**15


@pytest.mark.parametrize(
    ("parameters", "dtype", "device", "free", "soap", "name", "why"),
    [
        (921, "float64", "cpu", MANY, True, "levenberg_marquardt", "921 parameters, at most 3,000 on this device"),
        (3_000, "float64", "cpu", None, True, "levenberg_marquardt", "at most 3,000"),
        (3_001, "float64", "cpu", MANY, True, "sketched_gauss_newton", "3,001 parameters, at most 50,000"),
        (50_000, "float64", "cpu", MANY, False, "sketched_gauss_newton", "at most 50,000"),
        (50_001, "float64", "cpu", MANY, True, "soap", "50,001 parameters, more than 50,000 on this device"),
        (50_001, "float64", "cpu", None, False, "adam", "more than 50,000"),
        (10_000, "float64", "cuda", MANY, True, "levenberg_marquardt", "at most 10,000"),
        (10_001, "float64", "cuda", MANY, True, "sketched_gauss_newton", "at most 200,000"),
        (200_001, "float64", "cuda", MANY, True, "soap", "more than 200,000"),
        (
            921,
            "float32",
            "cpu",
            MANY,
            True,
            "soap",
            "921 parameters in float32, in which second order loses its digits",
        ),
        (921, "float32", "cuda", None, False, "adam", "in float32"),
        (921, "float32", "mps", None, False, "adam", "in float32"),
        (2_000, "float64", "cpu", 0, False, "adam", "more exact steps need"),
    ],
)
def test_every_line_of_the_table(
    parameters: int, dtype: str, device: str, free: int | None, soap: bool, name: str, why: str
) -> None:
    chosen, said = choose(parameters, 4_000, 65_536, getattr(torch, dtype), device, free, soap)
    assert chosen == OPTIMIZERS.build(name)
    assert why in said


def test_a_method_is_taken_up_to_half_of_the_free_memory() -> None:
    rows, chunk = 4_000, 256
    need = LevenbergMarquardt().memory(3_000, rows, chunk, 8)
    enough, _ = choose(3_000, rows, chunk, torch.float64, "cpu", 2 * need, True)
    short, why = choose(3_000, rows, chunk, torch.float64, "cpu", 2 * need - 1, True)
    assert enough == LevenbergMarquardt()
    assert short == OPTIMIZERS.build("sketched_gauss_newton")
    assert "above half of the" in why


def test_limits_are_handed_over() -> None:
    auto = Auto(steps=7, seconds=1.5, target=1e-9, precision="float64")
    chosen, _ = auto.resolved(100, 100, 100, torch.float64, torch.device("cpu"))
    assert chosen == LevenbergMarquardt(steps=7, seconds=1.5, target=1e-9, precision="float64")


def test_its_steps_are_those_of_what_it_chose(objective_of: Any) -> None:
    theta = torch.tensor([-0.5, 1.5], dtype=torch.float64)
    objective = objective_of(lambda at: torch.stack((3.0 * (at[1] - at[0] ** 2), 1.0 - at[0])), theta)
    auto, plain = Auto(), LevenbergMarquardt()
    state, own = auto.start(theta), plain.start(theta)
    here = theta
    for _ in range(5):
        made, expected = auto.step(objective, here, state), plain.step(objective, here, own)
        assert torch.equal(made.theta, expected.theta)
        assert made.report == expected.report
        assert isinstance(made.state, AutoState)
        here, state, own = made.theta, made.state, expected.state
    first_order = auto.step(objective_of(lambda at: at, here.float()), here.float(), None)
    assert OPTIMIZERS.entry(first_order.state.optimizer)["name"] in ("soap", "adam")


def test_limits_below_zero_are_refused() -> None:
    with pytest.raises(UserError, match="`seconds` of optimizer `auto` is -1"):
        Auto(seconds=-1.0)
