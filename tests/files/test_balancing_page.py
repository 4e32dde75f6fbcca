"""The page on ways to balance losses: what is run next, which rate is taken, and the set-ups of the papers."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from pinnkit.config import load_config
from pinnkit.optimizers.schedule import Scheduled
from pinnkit.shipped import config_path

STEPS = 5000
ROOT = Path(__file__).parents[2]


@pytest.fixture
def balancing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, which is run from the root of the repository."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))
    return importlib.import_module("balancing")


def ran(error: float, seconds: float = 10.0, steps: int = 5000, failure: str | None = None) -> dict[str, Any]:
    known = {"errors": {"u": error, "p": 9.0}, "mse": error**2, "failure": failure, "origin": "made: `so`"}
    return {**known, "seconds": seconds, "steps": steps}


def all_run(balancing: Any) -> dict[str, Any]:
    """A store to which every job is added as it is asked for; M-ConFIG's steps cost half of Adam's."""
    store: dict[str, Any] = {}
    while jobs := balancing.next_jobs(["kovasznay"], ["sum", "m_config"], store, STEPS):
        job = jobs[0]
        seconds = job.steps * (1e-3 if job.method == "m_config" else 2e-3)
        store[job.key] = ran(job.rate if job.method == "sum" else 1.0 / job.rate, seconds, job.steps)
    return store


def test_every_method_goes_on_at_its_own_best_rate(balancing: Any) -> None:
    store = all_run(balancing)
    assert balancing.best_rate("kovasznay", "sum", store) == min(balancing.RATES)
    assert balancing.best_rate("kovasznay", "m_config", store) == max(balancing.RATES)
    # Three rates and two more seeds for both; three seeds in equal time for one.
    assert len(store) == 2 * (3 + 2) + 3


def test_in_equal_time_a_method_of_half_the_cost_makes_twice_the_steps(balancing: Any) -> None:
    runs = balancing.by_method(all_run(balancing))["kovasznay", "m_config", "seconds", None]
    assert [run["steps"] for run in runs] == [2 * STEPS] * 3


def test_a_run_that_failed_is_never_the_best(balancing: Any) -> None:
    jobs = [balancing.Job("burgers", "sum", rate, 0, STEPS) for rate in balancing.RATES]
    store = {job.key: ran(1e-9, failure="not finite") for job in jobs}
    store[jobs[1].key] = ran(0.5)
    assert balancing.best_rate("burgers", "sum", store) == balancing.RATES[1]


def test_runs_that_try_the_command_are_short_and_never_kept(balancing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {job.steps for job in balancing.scaled(7)} == {7}
    monkeypatch.setattr("sys.argv", ["balancing.py", "--steps", "7", "--write"])
    with pytest.raises(SystemExit):
        balancing.main()


def test_the_page_has_what_was_run(balancing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []
    monkeypatch.setattr(balancing.balancing_page, "write", lambda _, text: pages.append(text))
    kinds = (balancing.SETUPS, balancing.SEEDS, balancing.SIZES)
    balancing.balancing_page.write_page(balancing.by_method(all_run(balancing)), *kinds)
    adam = f"| `sum` | 0.0005 | 5.0e-04 ± 0.0e+00 | {5e-4**2:.1e} | 1.00 | 5.0e-04 ± 0.0e+00 | {5e-4**2:.1e} | 5000 |"
    assert adam in pages[0]
    assert "| `m_config` | 0.002 | 5.0e+02 ± 0.0e+00 | 2.5e+05 | 0.50 |" in pages[0]
    assert "Burgers, nu" not in pages[0].split("## Published")[0]


@pytest.mark.parametrize("name", ["config", "m_config"])
def test_the_published_set_up_is_that_of_the_comparison(balancing: Any, name: str) -> None:
    shipped = load_config(config_path(f"papers/liu_{name}"))
    made = balancing.config_of(balancing.Job("notebook", name, 1e-3, 0, STEPS))
    for key in ("network", "points", "condition_points", "renew", "hard", "balance", "groups", "aggregator", "phases"):
        assert getattr(shipped, key) == getattr(made, key), key


def test_the_rate_of_the_paper_falls_to_a_tenth_by_half_a_wave() -> None:
    (phase,) = load_config(config_path("papers/liu_config")).phases
    assert isinstance(phase, Scheduled)
    assert phase.rate(0) == pytest.approx(1e-3 / 50)
    assert phase.rate(2500) == pytest.approx(5.5e-4)
    assert phase.rate(4999) == pytest.approx(1e-4, rel=1e-4)
