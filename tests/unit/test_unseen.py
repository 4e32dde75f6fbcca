"""What the loss on unseen points tells: falling or stagnated, and the parameters that did best."""

import torch

from pinnkit.unseen import Unseen


def course(losses: list[float]) -> str:
    unseen = Unseen()
    for step, loss in enumerate(losses):
        unseen.note(loss, torch.tensor([loss]), step)
    return unseen.course()


def test_nothing_is_said_of_a_few_draws() -> None:
    assert course([1.0, 0.5, 0.2]) == ""


def test_a_falling_loss_is_measured_over_the_last_third() -> None:
    assert course([2.0**-k for k in range(12)]) == (
        "the loss on unseen points still fell, 16-fold over the last 4 draws"
    )


def test_a_flat_or_noisy_loss_has_stagnated() -> None:
    assert course([1.0, 0.1, *[0.01, 0.012, 0.02, 0.009, 0.011] * 4]).startswith("stagnated: over the last 7 draws")
    assert course([1.0] * 12).startswith("stagnated")


def test_the_best_parameters_are_those_of_the_least_loss() -> None:
    unseen = Unseen()
    for step, loss in enumerate([3.0, 1.0, 2.0]):
        unseen.note(loss, torch.tensor([loss]), 25 * step)
    assert unseen.best is not None
    assert float(unseen.best) == 1.0
    assert unseen.step == 25
