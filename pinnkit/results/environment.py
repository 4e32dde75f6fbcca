"""What a result was made with: versions, machine, device and precision, so that a number can be judged later."""

import hashlib
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("pinnkit", "torch", "numpy", "scipy", "sympy", "pyvista", "vtk", "matplotlib", "pydantic", "ruamel.yaml")
"""The distributions whose versions are recorded."""


def environment(
    device: str,
    precision: str,
    matmul_precision: str,
    threads: int,
    plugins: Sequence[Path] = (),
    processes: int = 1,
) -> dict[str, Any]:
    """The content of `environment.json`; nothing heavy is imported for it.

    Args:
        device: the device in words, such as `cpu` or `cuda:0 (name of the card)`.
        precision: `float32` or `float64`.
        matmul_precision: how exactly float32 matrix products are formed; anything but `highest` changes digits.
        threads: how many threads the arithmetic used.
        plugins: the files of the user's own Python that took part, recorded with their SHA-256.
        processes: how many share the points, on which the order of all sums depends.
    """
    return {
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "processor": processor(),
        "cpu_count": cpu_count(),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "threads": threads,
        "processes": processes,
        "device": device,
        "precision": precision,
        "matmul_precision": matmul_precision,
        "plugins": {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in plugins},
    }


def version(distribution: str) -> str | None:
    """The installed version of a distribution, or None where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def cpu_count() -> int:
    """How many processors this process may use, which in a container is fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """The processor's name as the system gives it, or the architecture where it gives none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
