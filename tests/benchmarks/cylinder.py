"""Steady flow around a cylinder at Reynolds number 20: drag and lift beside the values of the DFG benchmark.

M. Schaefer, S. Turek, in: Flow Simulation with High-Performance Computers II, Vieweg (1996) 547, case 2D-1, in units of
the cylinder's diameter and the mean speed at the inlet.

.venv/bin/python tests/benchmarks/cylinder.py --write
"""

import argparse

from report import origin, table, write

import pinnkit
from pinnkit.networks import MLP, Scaled
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import RAD, Sobol

PUBLISHED = {"drag": 5.57953523384, "lift": 0.010618948146}

KEYS = {
    "name": "cylinder_flow",
    "coordinates": {"x": [0, 22], "y": [0, 4.1]},
    "fields": ["u", "v", "p"],
    "divergence_free": ["u", "v"],
    "shapes": {
        "channel": {"name": "box", "lower": [0.0, 0.0], "upper": [22.0, 4.1]},
        "cylinder": {"name": "ball", "center": [2.0, 2.0], "radius": 0.5},
    },
    "domain": "channel - cylinder",
    "parameters": {"nu": 0.05},
    "equations": {
        "mass": "u_x + v_y = 0",
        "along": "u*u_x + v*u_y + p_x = nu*laplace(u)",
        "across": "u*v_x + v*v_y + p_y = nu*laplace(v)",
    },
    "conditions": {
        "inflow": {"on": "x = 0", "equation": "u = 6*y*(4.1 - y)/4.1^2"},
        "straight": {"on": "x = 0", "equation": "v = 0"},
        "still_u": {"on": ["y = 0", "y = 4.1", "cylinder"], "equation": "u = 0"},
        "still_v": {"on": ["y = 0", "y = 4.1", "cylinder"], "equation": "v = 0"},
        "free_u": {"on": "x = 22", "equation": "nu*u_x - p = 0"},
        "free_v": {"on": "x = 22", "equation": "nu*v_x = 0"},
    },
    "outputs": {
        "drag": "-2*integral((2*nu*u_x - p)*normal(x) + nu*(u_y + v_x)*normal(y), on = cylinder)",
        "lift": "-2*integral(nu*(u_y + v_x)*normal(x) + (2*nu*v_y - p)*normal(y), on = cylinder)",
    },
}

HEAD = """# Flow around a cylinder

{origin}

{about}

{table}

{seconds:.0f} s and {steps} steps of Levenberg-Marquardt, seed 0, three layers of 28 tanh. Velocities come from a stream
function; all conditions are terms of the loss."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=420.0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/cylinder.md")
    given = arguments.parse_args()
    config = pinnkit.Config(
        network=MLP(28, 3, "tanh"),
        embedding=Scaled(stretch={"x": 5.0}),
        points=RAD(4000),
        condition_points=Sobol(200),
        renew=25,
        phases=(LevenbergMarquardt(steps=3000, seconds=given.seconds),),
    )
    solution = pinnkit.solve(pinnkit.define(**KEYS), config)
    rows = []
    for name, found in solution.outputs().items():
        assert isinstance(found, float)
        true = PUBLISHED[name]
        rows.append([name, f"{found:.6g}", f"{true:.6g}", f"{abs(found / true - 1):.1e}"])
    text = HEAD.format(
        origin=origin(),
        about=(__doc__ or "").split("\n\n")[1],
        table=table(["", "found", "published", "relative error"], rows),
        seconds=solution.result["seconds"],
        steps=solution.result["steps"],
    )
    print(text)
    if given.write:
        print(f"wrote {write('cylinder.md', text)}")


if __name__ == "__main__":
    main()
