"""pinnkit: from a differential equation in a file to a field that can be trusted.

The names below are loaded when they are first used, so that `import pinnkit` and `pinnkit --help` answer at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinnkit.config import Config as Config
    from pinnkit.config import load_config as load_config
    from pinnkit.confirming import confirm as confirm
    from pinnkit.estimating import estimate as estimate
    from pinnkit.monitors import ShowProgress as ShowProgress
    from pinnkit.monitors import TensorBoard as TensorBoard
    from pinnkit.problem.define import define as define
    from pinnkit.problem.foreign_shapes import from_deepxde as from_deepxde
    from pinnkit.problem.foreign_shapes import from_geojson as from_geojson
    from pinnkit.problem.foreign_shapes import from_mesh as from_mesh
    from pinnkit.problem.load import load_problem as load_problem
    from pinnkit.problem.problem import Problem as Problem
    from pinnkit.results.solution import Solution as Solution
    from pinnkit.solving import solve as solve
    from pinnkit.sweeping import sweep as sweep

__version__ = "0.1.0"

_ROOMS = {
    "Config": "pinnkit.config",
    "Problem": "pinnkit.problem.problem",
    "ShowProgress": "pinnkit.monitors",
    "Solution": "pinnkit.results.solution",
    "TensorBoard": "pinnkit.monitors",
    "confirm": "pinnkit.confirming",
    "define": "pinnkit.problem.define",
    "estimate": "pinnkit.estimating",
    "from_deepxde": "pinnkit.problem.foreign_shapes",
    "from_geojson": "pinnkit.problem.foreign_shapes",
    "from_mesh": "pinnkit.problem.foreign_shapes",
    "load_config": "pinnkit.config",
    "load_problem": "pinnkit.problem.load",
    "solve": "pinnkit.solving",
    "sweep": "pinnkit.sweeping",
}

__all__ = [
    "Config",
    "Problem",
    "ShowProgress",
    "Solution",
    "TensorBoard",
    "confirm",
    "define",
    "estimate",
    "from_deepxde",
    "from_geojson",
    "from_mesh",
    "load_config",
    "load_problem",
    "solve",
    "sweep",
]


def __getattr__(name: str) -> object:
    """The public name, from the room that it lives in."""
    if name not in _ROOMS:
        raise AttributeError(f"module `pinnkit` has no attribute `{name}`")
    value = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*__all__, "__version__"])
