"""DeepXDE's own Burgers example, in a process of its own: prints its training seconds and saves its field.

The recipe is the one of its documentation: 2540 points inside, 80 on the walls, 160 at the start, three layers of 20
tanh, Adam with rate 1e-3 for 15000 steps, then L-BFGS to its own end, in float32.

.venv/bin/python tests/benchmarks/deepxde_burgers.py GRID.npy FIELD.npy --adam 15000 --threads 2
"""

import argparse
import contextlib
import io
import os
import time

import numpy as np


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("grid")
    arguments.add_argument("field")
    arguments.add_argument("--adam", type=int, default=15000)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    os.environ["DDE_BACKEND"] = "pytorch"
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        import deepxde as dde
        import torch

        torch.set_num_threads(given.threads)
        dde.config.set_random_seed(given.seed)
        model = example(dde)
        began = time.perf_counter()
        model.compile("adam", lr=1e-3)
        model.train(iterations=given.adam)
        model.compile("L-BFGS")
        model.train()
        seconds = time.perf_counter() - began
        np.save(given.field, model.predict(np.load(given.grid).astype(np.float32))[:, 0])
    print(f"{dde.__version__} {seconds:.3f}")


def example(dde):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 (a module that exists only in this process)
    """The problem and the network as the example has them."""
    interval, clock = dde.geometry.Interval(-1, 1), dde.geometry.TimeDomain(0, 0.99)
    domain = dde.geometry.GeometryXTime(interval, clock)

    def residual(x, y):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        y_x = dde.grad.jacobian(y, x, i=0, j=0)
        y_t = dde.grad.jacobian(y, x, i=0, j=1)
        y_xx = dde.grad.hessian(y, x, i=0, j=0)
        return y_t + y * y_x - 0.01 / np.pi * y_xx

    walls = dde.icbc.DirichletBC(domain, lambda x: 0, lambda _, on_boundary: on_boundary)
    start = dde.icbc.IC(domain, lambda x: -np.sin(np.pi * x[:, 0:1]), lambda _, on_initial: on_initial)
    data = dde.data.TimePDE(domain, residual, [walls, start], num_domain=2540, num_boundary=80, num_initial=160)
    network = dde.nn.FNN([2, 20, 20, 20, 1], "tanh", "Glorot normal")
    return dde.Model(data, network)


if __name__ == "__main__":
    main()
