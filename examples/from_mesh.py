"""Solve Laplace's equation in an egg whose surface is a mesh, and estimate the error by a second run."""

import argparse

import pyvista

import pinnkit
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol


def main(steps: int) -> float:
    """The relative L2 difference of two runs, with other seeds, points and widths."""
    egg = pyvista.Sphere(radius=1.0, theta_resolution=24, phi_resolution=24).scale([1.0, 0.7, 0.5])
    problem = pinnkit.define(
        name="egg",
        coordinates={"x": [-1, 1], "y": [-0.7, 0.7], "z": [-0.5, 0.5]},
        fields=["u"],
        **pinnkit.from_mesh(egg, "egg"),  # a path of a .stl, .ply, .vtu or .msh file does as well
        equations=["laplace(u) = 0"],
        conditions={"shell": {"on": "egg", "equation": "u = exp(x)*cos(y)"}},
    )
    config = pinnkit.Config(
        network=MLP(12, 2, "tanh"),
        points=Sobol(400),
        condition_points=Sobol(400),
        phases=(LevenbergMarquardt(steps=steps),),
        threads=1,
    )
    solution = pinnkit.solve(problem, config)
    return pinnkit.confirm(solution, config).relative_l2["u"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    print(main(parser.parse_args().steps))
