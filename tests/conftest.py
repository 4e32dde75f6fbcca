"""What every test stands on: one thread a test, and the folder of reference data."""

import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy and torch start their thread pools
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def references() -> Path:
    """The folder of published reference data; a test that needs it is skipped where there is none."""
    folder = Path(os.environ.get("PINNKIT_REFERENCES", "../shared/references"))
    if not folder.is_dir():
        pytest.skip("no reference data: set PINNKIT_REFERENCES to their folder")
    return folder


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    """Every device that tests run on."""
    name: str = request.param
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return name
