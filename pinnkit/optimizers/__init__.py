"""Ways to make an objective small; each a rule for one step."""

from pinnkit.optimizers.adam import Adam
from pinnkit.optimizers.lbfgs import LBFGS
from pinnkit.optimizers.levenberg_marquardt import LevenbergMarquardt
from pinnkit.optimizers.optimizer import Optimizer, Step
from pinnkit.registry import Registry

OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    Optimizer,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {"adam": Adam, "lbfgs": LBFGS, "levenberg_marquardt": LevenbergMarquardt},
)

__all__ = ["LBFGS", "OPTIMIZERS", "Adam", "LevenbergMarquardt", "Optimizer", "Step"]
