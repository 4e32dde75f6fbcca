"""Learning-rate annealing: the published update by hand; the reference keeps weight one."""

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import LRAnnealing


@pytest.mark.parametrize(("reference", "row"), [(None, 0), ("c", 2)])
def test_the_update(reference: str | None, row: int, looks: list[Statistics], gradients: list[Tensor]) -> None:
    rule = LRAnnealing(memory=0.8, reference=reference)
    state, weights = rule.start(looks[0]), torch.ones(3, dtype=torch.float64)
    for found, own in zip(looks, gradients, strict=True):
        made, state = rule.update(found, state)
        hats = own[row].abs().max() / (weights[:, None] * own).abs().mean(1)
        weights = 0.8 * weights + 0.2 * hats
        weights[row] = 1.0
        assert list(made.groups.values()) == pytest.approx(weights.tolist(), rel=1e-12)


def test_a_reference_that_is_not_there(looks: list[Statistics]) -> None:
    rule = LRAnnealing(reference="pdf")
    state = rule.start(looks[0])
    with pytest.raises(UserError, match="unknown group `pdf` as `reference` of weighting `lr_annealing`"):
        rule.update(looks[0], state)
