"""Norms, cosines and shares of the gradients of groups.

1. They are those of the formulas; sizes of shares add up to one; a zero gradient has cosine and share zero.
2. A run reports them every `conflict_every` steps, of the weighted rows, for every optimizer.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.objective.conflicts import conflicts
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Adam, LevenbergMarquardt, Optimizer
from pinnkit.points import PointMemory
from pinnkit.training import Record, train

F64 = torch.float64


def test_formulas() -> None:
    generator = torch.Generator().manual_seed(0)
    gradients = {name: torch.randn(7, generator=generator, dtype=F64) for name in "abc"}
    move = torch.randn(7, generator=generator, dtype=F64)
    found = conflicts(gradients, move)
    assert set(found["cosines"]) == {"a | b", "a | c", "b | c"}
    cosine = torch.nn.functional.cosine_similarity(gradients["a"], gradients["c"], dim=0)
    assert found["cosines"]["a | c"] == pytest.approx(float(cosine), rel=1e-14)
    assert sum(map(abs, found["shares"].values())) == pytest.approx(1.0, rel=1e-14)
    assert (found["shares"]["b"] > 0) == (float(gradients["b"] @ move) < 0)
    assert found["norms"]["b"] == pytest.approx(float(gradients["b"].norm()))


def test_what_is_zero_has_no_part() -> None:
    found = conflicts({"a": torch.zeros(3), "b": torch.ones(3)}, torch.zeros(3))
    assert found["cosines"] == {"a | b": 0.0}
    assert found["shares"] == {"a": 0.0, "b": 0.0}


def rows(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((3.0 * (y - x * x), 1.0 - x, torch.sin(y - 1.0), x + y))


@pytest.mark.parametrize("optimizer", [Adam(steps=7), LevenbergMarquardt(steps=7)], ids=["adam", "lm"])
def test_a_run_reports_them(objective_of: Any, optimizer: Optimizer) -> None:
    theta = torch.tensor([-0.5, 1.5], dtype=F64)

    class Drawn:
        def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
            made: Objective = objective_of(rows, theta, blocks=2)
            return made

    records: list[tuple[Record, Tensor]] = []
    at = [theta]

    def note(record: Record, after: Tensor) -> None:
        records.append((record, at[-1]))
        at.append(after)

    train(Drawn(), theta, [("one", optimizer)], 0, np.random.default_rng(0), note, conflict_every=3)
    assert [("conflicts" in record) for record, _ in records] == [True, False, False, True, False, False, True]
    for number, (record, before) in enumerate(records):
        if "conflicts" in record:
            gradients = objective_of(rows, before, blocks=2).gradients(before)
            expected = conflicts(gradients, at[number + 1] - before)
            for key in ("norms", "cosines", "shares"):
                assert record["conflicts"][key] == pytest.approx(expected[key], rel=1e-12)
