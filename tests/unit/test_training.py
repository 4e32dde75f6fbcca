"""The loop: phases in order, why each ended, when points are drawn anew, and what is kept when something breaks."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.errors import SolveError
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Adam, LevenbergMarquardt, Optimizer, Step
from pinnkit.points import PointMemory
from pinnkit.training import Record, Trained, train


@dataclass(frozen=True)
class Walk(Optimizer):
    """Adds one to every parameter."""

    def start(self, theta: Tensor) -> int:
        """How many steps were made."""
        return 0

    def step(self, objective: Objective, theta: Tensor, state: int) -> Step:
        """One step; the loss is that of the objective."""
        found = objective.evaluate(theta)
        return Step(theta + 1.0, state + 1, found.loss, found.losses, {"walked": float(state)})


class Drawn:
    """Makes objectives of one function, or of one function after the other, and counts them."""

    def __init__(self, make: Any, *functions: Any) -> None:
        self.make = make
        self.functions = functions
        self.at: list[float] = []

    def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
        self.at.append(float(theta[0]))
        function = self.functions[min(len(self.at), len(self.functions)) - 1]
        made: Objective = self.make(function, theta, blocks=2)
        return made


ZERO = torch.zeros(2, dtype=torch.float64)


def rows(theta: Tensor) -> Tensor:
    return theta - 100.0


def start(draws: Drawn, *phases: Optimizer, theta: Tensor = ZERO, renew: int = 0, **options: Any) -> Trained:
    named = [(f"phase_{number}", phase) for number, phase in enumerate(phases, 1)]
    return train(draws, theta, named, renew, np.random.default_rng(0), **options)


def test_phases_run_in_order_and_say_why_they_ended(objective_of: Any) -> None:
    drawn = Drawn(objective_of, rows)
    below = 0.5 * 2 * 93.5**2
    trained = start(drawn, Walk(steps=3), Walk(steps=0), Walk(steps=50, target=below), LevenbergMarquardt(steps=99))
    assert [stop.phase for stop in trained.stops] == ["phase_1", "phase_2", "phase_3", "phase_4"]
    assert [stop.reason for stop in trained.stops[:3]] == [
        "all 3 steps made",
        "all 0 steps made",
        f"the loss is below {below:g}",
    ]
    # The loss at 7 is the first below, and the step that measured it is made.
    assert [stop.steps for stop in trained.stops[:3]] == [3, 0, 5]
    ends = ("every residual is zero", "converged: no fall of the loss is foretold beyond rounding")
    assert trained.stops[3].reason in ends
    assert trained.steps == sum(stop.steps for stop in trained.stops)
    torch.testing.assert_close(trained.theta, torch.full((2,), 100.0, dtype=torch.float64))
    assert trained.failure is None
    assert not trained.interrupted
    assert not ZERO.any()


def test_time_ends_a_phase_and_not_the_next(objective_of: Any) -> None:
    drawn = Drawn(objective_of, rows)

    def slow(record: Record, theta: Tensor) -> None:
        time.sleep(0.02)

    trained = start(drawn, Walk(steps=1000, seconds=0.1), Walk(steps=2, seconds=1e3), monitor=slow)
    first, second = trained.stops
    assert first.reason == "its 0.1 s are over"
    assert 1 <= first.steps <= 5
    assert 0.1 <= first.seconds < 1.0
    assert second.reason == "all 2 steps made"
    assert trained.seconds >= first.seconds + second.seconds


@pytest.mark.parametrize(("renew", "at"), [(0, [0.0, 5.0]), (2, [0.0, 2.0, 4.0, 5.0, 7.0, 9.0]), (9, [0.0, 5.0, 9.0])])
def test_points_are_drawn_anew(objective_of: Any, renew: int, at: list[float]) -> None:
    """At the start of each phase, every `renew` steps, and once more at the end to judge what to keep."""
    drawn = Drawn(objective_of, rows)
    start(drawn, Walk(steps=5), Walk(steps=4), renew=renew)
    assert drawn.at == at


def test_a_new_draw_is_what_the_next_step_sees(objective_of: Any) -> None:
    drawn = Drawn(objective_of, rows, lambda theta: 2.0 * rows(theta), lambda theta: 3.0 * rows(theta))
    losses: list[float] = []
    start(drawn, Walk(steps=3), renew=1, monitor=lambda record, theta: losses.append(record["loss"]))
    assert losses == pytest.approx([100.0**2, 4 * 99.0**2, 9 * 98.0**2])


def test_parameters_that_did_better_on_unseen_points_are_kept(objective_of: Any) -> None:
    """From 97 the walk passes the answer, 100, and ends at 104; draws come at 97, 99, 101 and 103."""
    trained = start(Drawn(objective_of, rows), Walk(steps=7), theta=torch.full((2,), 97.0).double(), renew=2)
    torch.testing.assert_close(trained.theta, torch.full((2,), 99.0).double())
    assert trained.stops[-1].reason.endswith("the parameters after step 2 are kept: they do better on unseen points")
    onward = start(Drawn(objective_of, rows), Walk(steps=7), renew=2)
    torch.testing.assert_close(onward.theta, torch.full((2,), 7.0).double())
    assert onward.stops[-1].reason == "all 7 steps made"


def test_a_run_that_stagnates_is_told_from_one_that_goes_on(objective_of: Any) -> None:
    onward = start(Drawn(objective_of, rows), Walk(steps=60), renew=4)
    assert onward.stops[-1].course.startswith("the loss on unseen points still fell")
    stuck = start(Drawn(objective_of, lambda theta: 0.0 * theta + 3.0), Walk(steps=60), renew=4)
    assert stuck.stops[-1].course.startswith("stagnated")
    assert start(Drawn(objective_of, rows), Walk(steps=60), renew=0).stops[-1].course == ""


def test_every_step_is_noted_with_the_parameters_after_it(objective_of: Any) -> None:
    noted: list[tuple[Mapping[str, Any], Tensor]] = []
    start(Drawn(objective_of, rows), Walk(steps=2), Walk(steps=1), monitor=lambda *both: noted.append(both))
    records = [record for record, _ in noted]
    assert [record["step"] for record in records] == [1, 2, 3]
    assert [record["phase"] for record in records] == ["phase_1", "phase_1", "phase_2"]
    assert [float(theta[0]) for _, theta in noted] == [1.0, 2.0, 3.0]
    assert records[1]["loss"] == pytest.approx(99.0**2)
    assert records[1]["losses"] == pytest.approx({"block_0": 99.0**2, "block_1": 99.0**2})
    assert [record["walked"] for record in records] == [0.0, 1.0, 0.0]
    assert all(0 <= record["step_seconds"] <= record["seconds"] for record in records)


def breaking(theta: Tensor) -> Tensor:
    """The second row is no number from 3 on."""
    return torch.stack((theta[0], torch.where(theta[1] < 3.0, theta[1], float("nan"))))


NO_NUMBER = "the loss is no longer finite; not finite: block_0, block_1"


@pytest.mark.parametrize("steps", [3, 4, 50])
def test_a_loss_that_is_no_number_names_its_term_and_keeps_what_was_good(objective_of: Any, steps: int) -> None:
    """The third step leads to 3; also where it is the last step, and no other follows that would see it."""
    trained = start(Drawn(objective_of, breaking), Walk(steps=steps))
    assert trained.failure == "the loss is no longer finite; not finite: block_1"
    assert trained.stops[-1].reason == trained.failure
    assert trained.theta.tolist() == [2.0, 2.0]
    assert trained.steps == 3


def test_what_breaks_ends_the_run_before_later_phases(objective_of: Any) -> None:
    trained = start(Drawn(objective_of, breaking), Walk(steps=3), Walk(steps=1), Walk(steps=1))
    assert [stop.steps for stop in trained.stops] == [3, 0]
    assert trained.failure is not None
    assert trained.theta.tolist() == [2.0, 2.0]


def test_what_is_broken_from_the_start_keeps_the_start(objective_of: Any) -> None:
    trained = start(Drawn(objective_of, lambda theta: torch.log(theta - 1.0)), LevenbergMarquardt(steps=5))
    assert trained.failure == "the loss is no longer finite; not finite: block_0, block_1"
    assert (trained.steps, trained.theta.tolist()) == (0, [0.0, 0.0])


def test_a_rate_beyond_reason_is_told(objective_of: Any) -> None:
    trained = start(Drawn(objective_of, rows), Adam(steps=20, lr=1e300))
    assert trained.failure is not None
    assert math.isfinite(objective_of(rows, ZERO).evaluate(trained.theta).loss)


def test_a_step_too_long_is_taken_back_and_made_shorter(objective_of: Any) -> None:
    def cliff(theta: Tensor) -> Tensor:
        return torch.where(theta < 2.5, theta - 2.4, float("nan"))

    notes: list[str] = []

    def listen(record: Record, theta: Tensor) -> None:
        notes.extend([record["note"]] if "note" in record else [])

    trained = start(Drawn(objective_of, cliff), Adam(steps=200, lr=30.0, decay=0.9, decay_every=10), monitor=listen)
    assert trained.failure is None
    assert notes[0] == f"step 1: {NO_NUMBER}; gone back to before it, with steps a tenth as long"
    assert len(notes) in (2, 3)
    assert objective_of(cliff, ZERO).evaluate(trained.theta).loss < 1e-3


def test_points_that_cannot_be_drawn_are_drawn_from_before(objective_of: Any) -> None:
    class Refusing(Drawn):
        def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
            if theta[0] >= 4.0:
                raise SolveError("not finite: momentum")
            return super().draw(theta, generator)

    trained = start(Refusing(objective_of, lambda theta: theta - 2.0), Adam(steps=50, lr=5.0), renew=1)
    assert trained.failure is None
    assert float(trained.theta[0]) < 4.0


def test_points_that_cannot_be_drawn_end_the_run_with_what_was_good(objective_of: Any) -> None:
    class Refusing(Drawn):
        def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
            if theta[0] >= 4.0:
                raise SolveError("not finite: momentum")
            return super().draw(theta, generator)

    trained = start(Refusing(objective_of, rows), Walk(steps=9), renew=2)
    assert trained.failure == "not finite: momentum"
    assert trained.theta.tolist() == [3.0, 3.0]


def test_ctrl_c_keeps_what_there_is(objective_of: Any) -> None:
    def interrupt(record: Record, theta: Tensor) -> None:
        if record["step"] == 2:
            raise KeyboardInterrupt

    trained = start(Drawn(objective_of, rows), Walk(steps=5), Walk(steps=5), monitor=interrupt)
    assert trained.interrupted
    assert trained.failure is None
    assert [(stop.reason, stop.steps) for stop in trained.stops] == [("interrupted", 2)]
    assert trained.theta.tolist() == [2.0, 2.0]


def test_other_errors_are_not_hidden(objective_of: Any) -> None:
    def wrong(record: Record, theta: Tensor) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        start(Drawn(objective_of, rows), Walk(steps=5), monitor=wrong)


def test_a_run_without_steps_gives_back_its_start(objective_of: Any) -> None:
    assert start(Drawn(objective_of, rows)).stops == ()
    trained = start(Drawn(objective_of, rows), Walk(steps=0))
    assert torch.equal(trained.theta, ZERO)


def test_a_phase_has_a_precision_of_its_own(objective_of: Any) -> None:
    """The loop hands theta over in it; what leaves the loop is in the run's."""
    third = torch.full((2,), 1.0 / 3.0, dtype=torch.float64)
    seen: list[torch.dtype] = []

    class Watching(Drawn):
        def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
            seen.append(theta.dtype)
            return super().draw(theta, generator)

    left: list[torch.dtype] = []
    phases = Walk(steps=2, precision="float32"), Walk(steps=2), Walk(steps=1, precision="float32")
    drawn = Watching(objective_of, rows)
    trained = start(drawn, *phases, theta=third, monitor=lambda record, theta: left.append(theta.dtype))
    assert seen == [torch.float32, torch.float64, torch.float32]
    assert left == [torch.float64] * 5
    assert trained.theta.dtype == torch.float64
    # Rounded once on the way into float32, exactly carried out of it, and rounded again.
    middle = (third.float() + 1.0 + 1.0).double() + 1.0 + 1.0
    assert torch.equal(trained.theta, (middle.float() + 1.0).double())


def test_the_last_good_parameters_are_in_the_precision_of_the_run(objective_of: Any) -> None:
    trained = start(Drawn(objective_of, breaking), Walk(steps=9, precision="float32"))
    assert trained.failure is not None
    assert trained.theta.dtype == torch.float64
    assert trained.theta.tolist() == [2.0, 2.0]
