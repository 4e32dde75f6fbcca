"""Constant factors: given ones, and a factor of what is no group is refused."""

import pytest

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import Constant


def test_factors(looks: list[Statistics]) -> None:
    rule = Constant(factors={"b": 4.0})
    rule.start(looks[0])
    assert rule.update(looks[0], None)[0].groups == {"b": 4.0}


def test_mistakes(looks: list[Statistics]) -> None:
    with pytest.raises(UserError, match="unknown group `d` in `factors`"):
        Constant(factors={"d": 1.0}).start(looks[0])
    with pytest.raises(UserError, match="the factor of `b` in weighting `constant` is 0"):
        Constant(factors={"b": 0.0})
