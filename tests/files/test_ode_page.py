"""The page on singular equations, wells and unknown parameters: its exact values, its set-ups, and how it is made."""

import dataclasses
import importlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy

from pinnkit.building import build_run
from pinnkit.config import load_config
from pinnkit.problem.checks import check_problem
from pinnkit.problem.load import load_problem
from pinnkit.shipped import config_path
from pinnkit.training import Record, train

ROOT = Path(__file__).parents[2]
PAPERS = sorted((ROOT / "tests" / "benchmarks" / "papers").glob("*.yaml"))


@pytest.fixture
def ode(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, which is run from the root of the repository."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))
    return importlib.import_module("ode")


def test_levels_are_the_published_ones(ode: Any) -> None:
    assert ode.exact.finite_well() == pytest.approx([6.827141982, 26.951445478, 58.904615174], rel=1e-10)
    assert ode.exact.finite_well(1, depth=10) == pytest.approx([3.5097768724], rel=1e-10)
    assert ode.exact.double_well() == pytest.approx([2.76240593, 2.76242182], abs=5e-9)
    assert ode.exact.infinite_well() == pytest.approx([9.8696044011, 39.4784176, 88.8264396], rel=1e-9)


@pytest.mark.parametrize("height", [1e-9, 20.0, 50.0])
def test_levels_of_the_barrier_are_those_of_a_matrix(ode: Any, height: float) -> None:
    """Sines of the empty box as a basis; a low barrier leaves the levels of the box."""
    n = np.arange(1, 301)

    def inner(k: np.ndarray) -> np.ndarray:
        """The integral of cos(k pi x) over the barrier."""
        safe = np.where(k == 0, 1, k) * np.pi
        return np.where(k == 0, 0.2, (np.sin(0.6 * safe) - np.sin(0.4 * safe)) / safe)

    matrix = np.diag((n * np.pi) ** 2) + height * (inner(n[:, None] - n) - inner(n[:, None] + n))
    assert ode.exact.barrier(3, height) == pytest.approx(np.linalg.eigvalsh(matrix)[:3], rel=2e-6)


def test_the_flow_has_its_integrals_and_passes_the_sonic_point(ode: Any, references: Path) -> None:
    table = np.load(references / "michel.npz", allow_pickle=False)
    radii = np.linspace(20.0, 140.5, 40)
    found = ode.exact.michel(radii)
    known = np.stack([np.interp(radii, table["r"], table[name]) for name in ("rho", "v")], axis=1)
    # The table is 0.01 apart, and values between are interpolated.
    np.testing.assert_allclose(found, known, rtol=1e-7)
    rho, v = found.T
    assert np.array_equal(v**2 > ode.exact.sound(rho), radii < ode.exact.SONIC_RADIUS)
    assert np.isnan(ode.exact.michel(np.array([40.5]))).all()
    assert ode.exact.sound(1e-3) == pytest.approx(1 / 78)


def test_horizons_are_the_published_ones(ode: Any, references: Path) -> None:
    table = np.load(references / "khronon.npz", allow_pickle=False)
    published = {0.2: 1.62736372, 0.5: 1.48387769, 1.0: 1.40934337, 2.0: 1.36673094}
    assert dict(ode.exact.HORIZONS) == pytest.approx(published, abs=5e-9)
    for c, horizon in ode.exact.HORIZONS.items():
        x, y = table["x"], table[f"y_c{c:g}"]
        near = np.argsort(np.abs(x - horizon))[:8]
        assert np.polyval(np.polyfit(y[near], x[near] - horizon, 6), 0.0) == pytest.approx(0.0, abs=1e-8)


def test_every_row_has_what_it_names(ode: Any) -> None:
    keys = [row.key for row in ode.ROWS]
    assert len(set(keys)) == len(keys)
    assert {row.paper for row in ode.ROWS} - {None} == {path.stem for path in PAPERS}
    assert not set(ode.missing()) & {"legendre", "hypergeometric", "bessel", "khronon", "burgers_family"}


@pytest.mark.parametrize("path", PAPERS, ids=[path.stem for path in PAPERS])
def test_a_published_set_up_is_sound_and_descends(path: Path) -> None:
    problem = load_problem(path)
    assert [f.message for f in check_problem(problem) if not f.accepted] == []
    config = load_config(config_path(problem.config))
    assert config.precision == "float32"
    few = dataclasses.replace(config.points, count=40)  # type: ignore[call-arg]
    (phase,) = config.phases
    run = build_run(problem, dataclasses.replace(config, points=few, device="cpu"))
    assert all(choice.exact for choice in run.formulation.choices if choice.condition != "norm")
    theta = run.trial.layout.start(run.trial.network)
    records: list[Record] = []
    trained = train(
        run.assembly,
        theta,
        [("adam", dataclasses.replace(phase, steps=30))],
        0,
        np.random.default_rng(0),
        lambda record, _: records.append(record),
    )
    assert trained.failure is None
    losses = [record["loss"] for record in records]
    assert np.isfinite(losses).all()
    assert min(losses[1:]) < losses[0]


def test_the_published_khronon_equation_is_the_shipped_one_before_it_is_divided() -> None:
    x = sympy.Symbol("x", positive=True)
    trees = []
    for problem in (load_problem(ROOT / "tests" / "benchmarks" / "papers" / "khronon.yaml"), load_problem("khronon")):
        own = problem.scope.symbols["x"]
        trees.append(problem.equations[0].residual.tree.subs(own, x).doit())
    power = sympy.simplify(trees[0] / trees[1])
    assert power.is_Pow
    assert power.base == x


def measured(what: str, errors: dict[str, float | None], **more: Any) -> dict[str, Any]:
    return {"what": what, "errors": errors, **more}


def ran(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = {"seconds": 12.4, "steps": 1500, "planned": 25000, "limit": None, "tolerance": 1e-7, "origin": "made: `so`"}
    return {"measured": list(parts), **known, **more}


def test_the_page_is_made_of_what_was_run(ode: Any, tmp_path: Path) -> None:
    horizon = measured("horizon", {"x": 2.5e-8}, values={"x": 1.40934340}, exact={"x": 1.4093433692})
    lost = measured("horizon", {"x": None}, values={"x": None}, exact={"x": 1.4093433692})
    rate = measured("parameter", {"D": 1e-2}, values={"D": 0.101}, exact={"D": 0.1}, intervals={"D": [0.098, 0.104]})
    levels = measured("energy", {"E1": 0.0, "E2": 2e-9}, values={"E1": 1.0, "E2": 3.0}, exact={"E1": 1.0, "E2": 3.0})
    seeds = {"count": 2, "inside": {"D": 1}, "errors": {"D": [1e-2, 3e-2]}, "seconds": 8.0, "limit": None}
    store = {
        "khronon --parameter c=1": {"ours": ran(horizon), "theirs": ran(lost, limit=5.0)},
        "diffusivity_inverse": {"ours": ran(rate), "seeds": {**seeds, "origin": "made: `so`"}},
        "infinite_well": {"ours": ran(levels), "theirs": ran(measured("L2", {"psi": 3e-4}), origin="made: `later`")},
    }
    ode.ode_page.write_page(ode.ROWS, json.loads(json.dumps(store)), ["barrier"], tmp_path)
    text = (tmp_path / "ode.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    khronon, wells, inverse = lines[:3]
    assert khronon == (
        "| `khronon --parameter c=1` | horizon | 1e-06 | 1e-09 | 2.5e-08 | 12 | not found | 12 | 1,500 of 25,000 |"
    )
    assert "| energy; theirs: L2 | 1e-08 | 1e-12 | E1 below 1e-16, E2 2.0e-09 | 12 | 3.0e-04 |" in wells
    assert "| (1e-07) |  | 1.0e-02 | 12 | - | - |" in inverse
    assert "| `diffusivity_inverse` | parameter D | 0.1 | 0.101 (0.098 to 0.104) | - |" in text
    assert "| `diffusivity_inverse` | D | 1 of 2 | 16 of 20 | 3.0e-02 | 4 |" in text
    assert "No problem file yet: `barrier`." in text
    assert "Not run yet: `legendre`, " in text
    assert "made: `so`: khronon --parameter c=1, ours; khronon --parameter c=1, theirs (at most 5 s a phase);" in text
    assert (tmp_path / "ode.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_of_nothing_says_so(ode: Any, tmp_path: Path) -> None:
    ode.ode_page.write_page(ode.ROWS, {}, [], tmp_path)
    assert "Nothing has been run." in (tmp_path / "ode.md").read_text(encoding="utf-8")


def test_a_limit_reaches_every_phase_of_every_stage(ode: Any) -> None:
    ode_run = importlib.import_module("ode_run")
    limits = ode_run.limits("problems/legendre.yaml", 7.0)
    config = load_config(config_path(load_problem("legendre").config), limits)
    phases = [*config.phases, *(phase for stage in config.stages for phase in stage.phases or ())]
    assert len(phases) == len(limits) > 1
    assert all(phase.seconds is not None and phase.seconds <= 7.0 for phase in phases)


def test_a_number_that_is_not_found_has_no_error(ode: Any) -> None:
    found = ode.numbers("energy", {"E1": 2.0, "E2": None}, {"E1": 1.0, "E2": 4.0})
    assert found["errors"] == {"E1": 1.0, "E2": None}
    assert ode.ode_page.largest(ran(found)) == 1.0
    assert ode.ode_page.largest(None) is None


@pytest.mark.parametrize("known", [{"E": [1.0, 3.0]}, {"E_1": 1.0, "E_2": 3.0}, {"E": 1.0}])
def test_levels_are_found_however_they_are_told(ode: Any, known: dict[str, Any]) -> None:
    found = ode.levels(ode.exact.harmonic_well, 2, SimpleNamespace(result={"parameters": known}))
    second = 0.0 if len(known) == 2 or known["E"] != 1.0 else None
    assert found["errors"] == {"E1": 0.0, "E2": second}
