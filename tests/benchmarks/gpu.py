"""A step of Levenberg-Marquardt on a GPU in float64, and how far the GPU and the CPU agree.

Burgers' equation without exact conditions on a network 4x80 tanh (some 20,000 parameters) at some 50,000 rows, of which
J is kept whole (8 GB). The operations of a step are counted as N P^2 for J^T J and P^3/3 for its factor, each as often
as it was made, and nothing else; the peak is that of `torch.mm` of two large matrices in float64 on the same device,
measured in the same run. Loss, gradient and J v are compared on a tenth of the points with those of the CPU.

.venv/bin/python tests/benchmarks/gpu.py --write
.venv/bin/python tests/benchmarks/gpu.py --device cpu --width 12 --points 2000
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from report import origin, table, write
from torch import Tensor

import pinnkit
from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.optimizers.damped import damped_system
from pinnkit.points import Sobol

HEAD = """# A GPU

{origin}, on {device}

{about}

{table}"""


def waited(device: torch.device) -> float:
    """The time, once the device has done all that it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def best(action: Callable[[], object], device: torch.device, rounds: int = 5) -> float:
    """The least seconds of some rounds."""
    taken = []
    for _ in range(rounds):
        began = waited(device)
        action()
        taken.append(waited(device) - began)
    return min(taken)


def built(device: str, width: int, points: int) -> tuple[Run, Objective, Tensor]:
    """A run, its objective and its start."""
    faces = max(10, points // 50)
    config = Config(
        network=MLP(width, 4, "tanh"),
        points=Sobol(points),
        condition_points=Sobol(faces),
        hard="none",
        device=device,
        chunk=1 << 20,
    )
    run = build_run(pinnkit.load_problem("burgers"), config)
    theta = run.trial.layout.start(run.trial.network)
    return run, run.assembly.draw(theta, np.random.default_rng(0)), theta


def difference(device: str, width: int, points: int) -> float:
    """The largest relative difference of loss, gradient and J v from those of the CPU."""
    answers = []
    for own in ("cpu", device):
        _, objective, theta = built(own, width, points)
        found, there = objective.evaluate(theta), objective.linearize(theta)
        answers.append([torch.tensor(found.loss), found.gradient.cpu(), there.times(torch.ones_like(theta)).cpu()])
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(*answers, strict=True))


def peak(device: torch.device) -> float:
    """Operations a second of a product of matrices in float64, a product and a sum being one each."""
    size = 8192 if device.type == "cuda" else 1024
    left, right = (torch.rand(size, size, dtype=torch.float64, device=device) for _ in range(2))
    return 2.0 * size**3 / best(lambda: left @ right, device)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--device", default="cuda")
    arguments.add_argument("--width", type=int, default=80)
    arguments.add_argument("--points", type=int, default=48_000)
    arguments.add_argument("--steps", type=int, default=8)
    arguments.add_argument("--write", action="store_true", help="write docs/results/gpu.md")
    given = arguments.parse_args()
    if given.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("no CUDA device is here; `--device cpu --width 12 --points 2000` tries the script")
    torch.set_float32_matmul_precision("highest")
    device = torch.device(given.device)
    run, objective, theta = built(given.device, given.width, given.points)
    rows, size = objective.count, run.trial.layout.size
    optimizer = replace(LevenbergMarquardt(), steps=given.steps)
    state, seconds = optimizer.start(theta), []
    for _ in range(given.steps):
        began = waited(device)
        made = optimizer.step(objective, theta, state)
        theta, state = made.theta, made.state
        seconds.append(waited(device) - began)
    there = objective.linearize(theta)
    whole = best(lambda: damped_system(there, size).solve(1e-3), device, 3)
    most = peak(device)
    operations = 2.0 * rows * size**2 / 2 + size**3 / 3
    figures = [
        ("parameters, rows", f"{size:,}, {rows:,}"),
        ("a step, median of some, s", f"{float(np.median(seconds[1:])):.2f}"),
        ("J^T J and its factor, s", f"{whole:.2f}"),
        ("peak of float64, Tflop/s", f"{most / 1e12:.2f}"),
        ("share of the peak: J^T J and its factor", f"{operations / whole / most:.0%}"),
        ("share of the peak: a step", f"{operations / float(np.median(seconds[1:])) / most:.0%}"),
        ("largest difference from the CPU", f"{difference(given.device, given.width, given.points // 10):.1e}"),
    ]
    if device.type == "cuda":
        figures.append(("memory, GiB", f"{torch.cuda.max_memory_allocated(device) / 2**30:.1f}"))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU"
    about = (__doc__ or "").split("\n\n")[1]
    text = HEAD.format(origin=origin(), device=name, about=about, table=table(["what", "value"], figures))
    print(text)
    if given.write:
        print(f"wrote {write('gpu.md', text)}")


if __name__ == "__main__":
    main()
