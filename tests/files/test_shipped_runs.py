"""Every shipped problem with its own config is read, checked, built and trained for some steps; so is every config."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pinnkit import verification
from pinnkit.building import build_run
from pinnkit.config import Config, dump_config, load_config
from pinnkit.problem.checks import require_sound
from pinnkit.problem.load import load_problem
from pinnkit.reading import read_yaml
from pinnkit.shipped import config_path, shipped_configs, shipped_problems
from pinnkit.training import Record, Trained, train

ROOT = Path(__file__).parents[2]
PROBLEMS = sorted((ROOT / "problems").rglob("*.yaml"))
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
PUBLISHED = sorted((ROOT / "tests" / "benchmarks" / "papers").glob("*.yaml"))


ROUNDING = 1e-20
"""A loss, half a mean square of residuals, below which a few rounding errors of them are all there is."""


def names(files: list[Path], folder: str) -> list[str]:
    return [path.relative_to(ROOT / folder).with_suffix("").as_posix() for path in files]


PROBLEM_NAMES, CONFIG_NAMES = names(PROBLEMS, "problems"), names(CONFIGS, "configs")
RECOMMENDED_FOR = {load_problem(path).config: path for path in [*PUBLISHED, *PROBLEMS]}


def small(config: Config) -> Config:
    """The same ways on fewer points."""
    phases = tuple(replace(phase, steps=3) for phase in config.phases)
    few = {key: replace(getattr(config, key), count=n) for key, n in (("points", 150), ("condition_points", 20))}
    return replace(config, phases=phases, device="cpu", threads=1, test_points=50, **few)


def course(problem: Path, config: Config) -> tuple[list[Record], Trained]:
    """The records of some steps, and how they ended."""
    run = build_run(load_problem(problem), config)
    theta, records = run.trial.layout.start(run.trial.network), []
    phases = [(str(number), phase) for number, phase in enumerate(config.phases)]
    trained = train(run.assembly, theta, phases, 0, np.random.default_rng(0), lambda record, _: records.append(record))
    assert trained.failure is None
    return records, trained


def test_all_files_are_looked_at() -> None:
    assert len(PROBLEMS) >= 8
    assert len(CONFIGS) >= 2
    assert list(shipped_problems()) == PROBLEM_NAMES
    assert list(shipped_configs()) == CONFIG_NAMES


@pytest.mark.parametrize("path", PROBLEMS, ids=PROBLEM_NAMES)
def test_a_problem_is_trained_with_its_config(path: Path) -> None:
    problem = load_problem(path)
    require_sound(problem)
    config = small(load_config(config_path(problem.config, path)))
    records, trained = course(path, config)
    losses = [record["loss"] for record in records]
    assert all(np.isfinite(losses))
    if losses[0] < ROUNDING:  # a linear problem whose output layer is solved for begins where there is nothing to gain
        assert config.linear_start
        assert max(losses) < ROUNDING
    else:
        assert len(records) >= 3, trained.stops
        assert min(losses[1:]) < losses[0]


@pytest.mark.parametrize("path", PROBLEMS, ids=PROBLEM_NAMES)
def test_a_problem_s_reference_is_more_accurate_than_what_it_shall_judge(path: Path) -> None:
    problem = load_problem(path)
    reference = verification.reference_for(problem)
    known = problem.reference.outputs if problem.reference is not None else {}
    assert all(output.accuracy <= 0.1 * problem.tolerance for output in known.values())
    if reference is None:
        assert known, "neither fields nor outputs are known"
        return
    assert reference.accuracy <= 0.1 * problem.tolerance
    _, points = verification.test_grid(problem)
    some = points[:: max(1, len(points) // 200)]
    assert reference.values(some).shape == (len(some), len(problem.fields))


@pytest.mark.parametrize("path", CONFIGS, ids=CONFIG_NAMES)
def test_a_config_is_what_it_says(path: Path) -> None:
    assert len(read_yaml(path).comment.splitlines()[0]) > 20
    assert all(phase.steps > 0 for phase in load_config(path).phases)


@pytest.mark.parametrize("path", CONFIGS, ids=CONFIG_NAMES)
def test_a_config_spelt_out_is_the_same_config(path: Path, tmp_path: Path) -> None:
    config = load_config(path)
    (tmp_path / "resolved.yaml").write_text(dump_config(config), encoding="utf-8")
    assert load_config(tmp_path / "resolved.yaml") == config


@pytest.mark.parametrize("name", CONFIG_NAMES)
def test_a_config_runs(name: str) -> None:
    """On a problem that recommends it, where there is one."""
    config = load_config(config_path(name))
    records, _ = course(RECOMMENDED_FOR.get(name, ROOT / "problems" / "heat.yaml"), small(config))
    phases = [record["phase"] for record in records]
    assert set(phases) == {str(number) for number in range(len(config.phases))}
