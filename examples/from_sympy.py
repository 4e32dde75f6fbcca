"""A boundary layer, eps u'' + u' = 1, written with sympy; its layer at x = 0 is eps wide."""

import argparse

import sympy

import pinnkit
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import RAD

x, eps = sympy.symbols("x eps")
u = sympy.Function("u")(x)


def main(steps: int) -> float:
    """The relative L2 error."""
    problem = pinnkit.define(
        name="boundary_layer",
        coordinates={"x": [0, 1]},
        fields=["u"],
        parameters={"eps": 0.02},
        equations={"transport": sympy.Eq(eps * u.diff(x, 2) + u.diff(x), 1)},
        conditions={"ends": {"on": ["x = 0", "x = 1"], "equation": "u = 0"}},
        reference={"exact": {"u": x - (1 - sympy.exp(-x / eps)) / (1 - sympy.exp(-1 / eps))}},
        tolerance=1e-6,
    )
    config = pinnkit.Config(
        network=MLP(width=12, depth=2), points=RAD(count=200), phases=(LevenbergMarquardt(steps=steps),), threads=1
    )
    return pinnkit.solve(problem, config).errors()["u"]["relative_l2"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    print(main(parser.parse_args().steps))
