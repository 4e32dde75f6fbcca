"""From a problem to a solution and a run folder, in Python and on the command line, and what goes wrong on the way."""

import csv
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
import sympy
import torch

import pinnkit
from pinnkit import cli
from pinnkit.config import Config, load_config
from pinnkit.errors import SolveError, UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import LBFGS, Adam, Auto, LevenbergMarquardt
from pinnkit.points import RAD, Sobol
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve_to_folder
from pinnkit.training import Record

STRICT = [sys.executable, "-W", os.environ.get("PINNKIT_TEST_WARNINGS", "error")]
"""Python that makes an error of what it would warn of, as these tests do themselves."""

ROOT = Path(__file__).parents[2]

QUICK = Config(
    network=MLP(width=8, depth=2),
    points=Sobol(count=32),
    condition_points=Sobol(count=16),
    phases=(LevenbergMarquardt(steps=25),),
    device="cpu",
    threads=1,
    test_points=100,
)


def decay(equation: Any = "u_t + k*u*u = 0", **more: Any) -> Problem:
    """u' = -k u^2 from u(0) = 1: u = 1/(1 + k t)."""
    keys = {
        "name": "decay",
        "coordinates": {"t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"k": 2.0},
        "equations": {"rate": equation},
        "conditions": {"start": {"on": "t = 0", "equation": "u = 1"}},
        "reference": {"exact": {"u": "1/(1 + k*t)"}},
        "tolerance": 1e-4,
    }
    return pinnkit.define(**{**keys, **more})


def by_function(u_t: torch.Tensor, u: torch.Tensor, k: float) -> torch.Tensor:
    return u_t + k * u * u


def by_sympy() -> sympy.Eq:
    t, k = sympy.symbols("t k")
    u = sympy.Function("u")(t)
    return sympy.Eq(u.diff(t), -k * u**2)


T = np.linspace(0, 1, 11)[:, None]


@pytest.fixture(scope="module")
def solved() -> Solution:
    return pinnkit.solve(decay(), QUICK)


def test_a_solution_is_verified(solved: Solution) -> None:
    np.testing.assert_allclose(solved(T)[:, 0], 1 / (1 + 2 * T[:, 0]), atol=1e-5)
    assert solved.result["verdict"] == "verified"
    assert solved.result["errors"] == solved.errors()
    assert solved.result["residuals"]["rate"] < 1e-3
    assert solved.result["conditions"] == {"start": pytest.approx(0.0, abs=1e-12)}
    assert solved.result["exact"] == ["start"]


@pytest.mark.parametrize("equation", [by_sympy(), by_function], ids=["sympy", "function"])
def test_all_ways_to_write_an_equation_agree(solved: Solution, equation: Any) -> None:
    again = pinnkit.solve(decay(equation), QUICK)
    np.testing.assert_allclose(again(T), solved(T), rtol=0, atol=1e-7)
    np.testing.assert_allclose(again.derivative("u_t", T), solved.derivative("u_t", T), rtol=0, atol=1e-6)


def test_a_seed_decides_everything(solved: Solution) -> None:
    again, other = pinnkit.solve(decay(), QUICK), pinnkit.solve(decay(), replace(QUICK, seed=1))
    assert torch.equal(again.theta, solved.theta)
    assert not torch.equal(other.theta, solved.theta)


def test_every_step_is_told() -> None:
    told: list[Record] = []
    phases = (Adam(steps=3), LBFGS(steps=2), Adam(steps=1))
    solution = pinnkit.solve(decay(), replace(QUICK, phases=phases, hard="none"), told.append)
    assert [record["step"] for record in told] == [1, 2, 3, 4, 5, 6]
    assert [record["phase"] for record in told] == ["adam 1"] * 3 + ["lbfgs"] * 2 + ["adam 2"]
    assert all(set(record["losses"]) == {"rate", "start"} for record in told)
    assert told[0]["relative_l2"] > 1e-3
    assert told[-1]["eta"] == 0.0
    assert told == solution.history
    assert [stop["steps"] for stop in solution.result["stops"]] == [3, 2, 1]


def test_parameters_are_the_problem_s_own() -> None:
    slow = pinnkit.solve(decay().with_parameters(k=0.5), QUICK)
    np.testing.assert_allclose(slow(T)[:, 0], 1 / (1 + 0.5 * T[:, 0]), atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"precision": "float32"}, "`levenberg_marquardt` loses its digits in float32"),
        ({"device": "cuda:99"}, "device `cuda:99` is not there"),
        ({"device": "gpu"}, "unknown device `gpu`"),
        ({"hard": ("strt",)}, "Did you mean `start`?"),
        ({"weights": {"rat": 2.0}}, "Did you mean `rate`?"),
        ({"weights": {"start": 2.0}}, "`start` is built into the field"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        pinnkit.solve(decay(), replace(QUICK, **changes))
    assert sentence in str(refused.value)


def test_an_unsound_problem_is_not_solved() -> None:
    with pytest.raises(UserError, match="`u`"):
        pinnkit.solve(decay(conditions={}), QUICK)


@pytest.mark.parametrize("sampler", [Sobol(count=32), RAD(count=32)], ids=["sobol", "rad"])
@pytest.mark.parametrize("hard", ["auto", "none"])
@pytest.mark.parametrize("equation", ["u_t = log(u)", "u_t = exp(1000*abs(u) + 1000)"], ids=["nan", "inf"])
def test_a_loss_that_is_no_number_names_its_term(equation: str, hard: Any, sampler: Any) -> None:
    problem = decay(
        equation, conditions={"start": {"on": "t = 0", "equation": "u = -1"}}, parameters={}, reference=None
    )
    with pytest.raises(SolveError, match="not finite: rate$"):
        pinnkit.solve(problem, replace(QUICK, hard=hard, points=sampler))


def test_a_function_must_give_one_number_a_point() -> None:
    def wrong(u_t: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        return (u_t + u).sum()

    with pytest.raises(SolveError, match=r"`wrong` gave \(\); it needs one number a point"):
        pinnkit.solve(decay(wrong), QUICK)


KEYS = {
    "problem", "verdict", "reasons", "errors", "reference", "residuals", "conditions", "parameters", "outputs",
    "seconds", "steps", "stopped_because", "seed", "precision", "device", "version",
}  # fmt: skip


def heat() -> Problem:
    return pinnkit.define(
        name="heat",
        title="A rod that cools",
        coordinates={"x": [0, 1], "t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"heat": "u_t = 0.1*u_xx"},
        conditions={
            "initial": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "ends": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
        },
        reference={"exact": {"u": "exp(-0.1*pi**2*t)*sin(pi*x)"}},
        tolerance=1e-12,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of a problem in one coordinate and time."""
    out = tmp_path_factory.mktemp("runs") / "heat"
    return solve_to_folder(heat(), replace(QUICK, phases=(LevenbergMarquardt(steps=3),)), out, quiet=True)


def test_a_run_leaves_its_files(folder: Path) -> None:
    result = json.loads((folder / "result.json").read_text())
    assert set(result) >= KEYS
    assert result["problem"] == "heat"
    assert result["verdict"] == "not verified"
    assert result["errors"]["u"]["relative_l2"] > 1e-12
    assert (result["steps"], result["stopped_because"]) == (3, "all 3 steps made")
    assert (result["seed"], result["precision"], result["device"]) == (0, "float64", "cpu")
    assert result["version"] == pinnkit.__version__
    records = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2, 3]
    environment = json.loads((folder / "environment.json").read_text())
    assert torch.__version__ in json.dumps(environment)
    report = (folder / "report.html").read_text()
    assert "A rod that cools" in report
    assert "not verified" in report.lower()
    assert list((folder / "figures").glob("*.png"))


def test_its_problem_and_config_read_back(folder: Path) -> None:
    assert pinnkit.load_problem(folder / "problem.yaml") == heat()
    config = pinnkit.load_config(folder / "config.yaml")
    assert config.network == QUICK.network
    assert (config.device, config.threads) == ("cpu", 1)
    assert isinstance(config.chunk, int)


def test_its_fields_are_those_of_the_solution(folder: Path) -> None:
    solution = Solution.load(folder)
    with np.load(folder / "fields.npz") as arrays:
        x, t, u = arrays["x"], arrays["t"], arrays["u"]
    points = np.stack(np.meshgrid(x, t, indexing="ij"), axis=-1)
    assert u.shape == (len(x), len(t))
    np.testing.assert_allclose(u.ravel(), solution(points.reshape(-1, 2))[:, 0], rtol=0, atol=1e-12)


def test_its_fields_open_in_pyvista(folder: Path) -> None:
    series = list(folder.glob("**/*.pvd"))
    frames = sorted(folder.glob("**/*.vt[iup]"))
    assert series
    assert frames
    reader = pyvista.get_reader(series[0])
    assert reader.number_time_points >= 2
    reader.set_active_time_point(reader.number_time_points - 1)
    mesh = reader.read()
    mesh = mesh[0] if isinstance(mesh, pyvista.MultiBlock) else mesh
    last = Solution.load(folder)(np.column_stack([mesh.points[:, 0], np.ones(mesh.n_points)]))[:, 0]
    np.testing.assert_allclose(np.asarray(mesh.point_data["u"]), last, atol=1e-6)


def test_a_run_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(UserError, match="is not empty"):
        solve_to_folder(heat(), QUICK, folder, quiet=True)


def test_the_course_and_the_verdict_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solve_to_folder(decay(), replace(QUICK, phases=(LBFGS(steps=3), Auto(steps=1))), tmp_path / "run")
    out, err = capsys.readouterr()
    assert out.startswith("decay: not verified. ")
    assert out.endswith(f"Results: {tmp_path / 'run'}\n")
    assert out.count("\n") == 1
    assert "condition start: exact (built into the field)" in err
    assert "lbfgs ended after 3 steps" in err
    assert "auto: levenberg_marquardt (" in err
    assert "levenberg_marquardt ended after 1 steps" in err
    assert load_config(tmp_path / "run" / "config.yaml").phases[1] == LevenbergMarquardt(steps=1, seconds=120.0)


def test_a_run_that_begins_in_float32_ends_in_float64(tmp_path: Path) -> None:
    phases = (Adam(steps=20, precision="float32"), LevenbergMarquardt(steps=100))
    solution = pinnkit.solve(decay(), replace(QUICK, phases=phases))
    assert solution.theta.dtype == torch.float64
    # Fields of size one in float32 have residuals of its round-off at best.
    assert solution.history[-1]["loss"] < 0.5 * torch.finfo(torch.float32).eps ** 2
    first = pinnkit.solve(decay(), replace(QUICK, phases=phases[:1]))
    assert torch.equal(first.theta, first.theta.float().double())
    solution.save(tmp_path)
    assert torch.equal(Solution.load(tmp_path).theta, solution.theta)


def test_a_run_that_breaks_leaves_the_last_good_state(tmp_path: Path) -> None:
    broken = replace(QUICK, phases=(LevenbergMarquardt(steps=2), Adam(steps=9, lr=1e200)))
    with pytest.raises(SolveError, match="not finite: rate. The state before it is kept in"):
        solve_to_folder(decay(), broken, tmp_path / "run", quiet=True)
    kept = Solution.load(tmp_path / "run")
    good = pinnkit.solve(decay(), replace(QUICK, phases=(LevenbergMarquardt(steps=2),)))
    assert torch.equal(kept.theta, good.theta)
    assert kept.result["stopped_because"] == "the loss is no longer finite; not finite: rate"
    assert all(math.isfinite(value) for value in kept.result["residuals"].values())


def test_ctrl_c_leaves_a_folder_and_a_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = LBFGS.step

    def interrupted(self: LBFGS, objective: Any, theta: Any, state: Any) -> Any:
        if len(state.pairs) == 2:
            raise KeyboardInterrupt
        return step(self, objective, theta, state)

    monkeypatch.setattr(LBFGS, "step", interrupted)
    solve_to_folder(decay(), replace(QUICK, phases=(LBFGS(steps=9), LBFGS(steps=9))), tmp_path / "run", quiet=True)
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (result["steps"], result["stopped_because"]) == (2, "interrupted")
    assert Solution.load(tmp_path / "run")(T).shape == (11, 1)


# The command line, each in a process of its own, where warnings are errors too.

FILE = """\
# A decay.
name: decay
coordinates: {t: [0, 1]}
time: t
fields: [u]
parameters: {k: 2}
equations: {rate: "u_t = -k*u"}
conditions: {start: {on: "t = 0", equation: "u = 1"}}
reference: {exact: {u: "exp(-k*t)"}}
tolerance: 1e-12
"""

SETTINGS = """\
# Short.
network: {name: mlp, width: 6, depth: 1}
points: {name: sobol, count: 16}
phases: [{name: adam, steps: 2, lr: 1e-3}]
test_points: 50
device: cpu
threads: 1
"""


def pinnkit_command(folder: Path, *arguments: str, seconds: float = 120) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [*STRICT, "-m", "pinnkit", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=seconds,
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert "bug in pinnkit" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_solve_and_predict_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "decay.yaml").write_text(FILE)
    (tmp_path / "short.yaml").write_text(SETTINGS)
    changes = ["--set", "phases.0.lr=2e-3", "--parameter", "k=3/2", "--seed", "5", "--out", "run"]
    status, out, err = pinnkit_command(tmp_path, "solve", "decay.yaml", "--config", "short.yaml", *changes)
    assert status == 0, err
    assert out.splitlines()[-1].startswith("decay: not verified.")
    assert "step 1/2" in err
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (result["verdict"], result["seed"]) == ("not verified", 5)
    assert pinnkit.load_problem(tmp_path / "run" / "problem.yaml").values == {"k": 1.5}
    (phase,) = pinnkit.load_config(tmp_path / "run" / "config.yaml").phases
    assert phase == Adam(steps=2, lr=2e-3)

    for name in ("decay.yaml", "short.yaml"):
        (tmp_path / name).unlink()
    (tmp_path / "points.csv").write_text("note,t\nfirst,0\nlast,0.75\n")
    status, out, err = pinnkit_command(tmp_path, "predict", "run", "--at", "points.csv", "--out", "values.csv")
    assert (status, err) == (0, "")
    with (tmp_path / "values.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    expected = Solution.load(tmp_path / "run")([[0.0], [0.75]])[:, 0]
    assert [float(row["t"]) for row in rows] == [0.0, 0.75]
    assert [float(row["u"]) for row in rows] == expected.tolist()


def test_a_loss_that_is_no_number_is_status_1(tmp_path: Path) -> None:
    (tmp_path / "log.yaml").write_text(
        "# Its start is where the logarithm has no value.\n"
        "name: log\ncoordinates: {t: [0, 1]}\ntime: t\nfields: [u]\n"
        'equations: {rate: "u_t = log(u)"}\n'
        'conditions: {start: {on: "t = 0", equation: "u = -1"}}\n'
    )
    (tmp_path / "short.yaml").write_text(SETTINGS)
    status, out, err = pinnkit_command(tmp_path, "solve", "log.yaml", "--config", "short.yaml", "--out", "run")
    assert status == 1
    assert "not finite: rate. The state before it is kept in run" in err.splitlines()[-1]
    assert out.startswith("log: not verified.")
    assert json.loads((tmp_path / "run" / "result.json").read_text())["residuals"] == {"rate": None}
    assert (tmp_path / "run" / "checkpoint" / "parameters.pt").is_file()


@pytest.mark.parametrize("out", ["file/run", "file"])
def test_a_folder_that_cannot_be_written_is_status_2(tmp_path: Path, out: str) -> None:
    (tmp_path / "decay.yaml").write_text(FILE)
    (tmp_path / "short.yaml").write_text(SETTINGS)
    (tmp_path / "file").write_text("")
    status, said, err = pinnkit_command(tmp_path, "solve", "decay.yaml", "--config", "short.yaml", "--out", out)
    assert (status, said) == (2, "")
    assert err.startswith(f"cannot write `{out}`")


@pytest.mark.parametrize(
    ("arguments", "problem", "config", "sentence"),
    [
        (["--device", "cuda:77"], FILE, SETTINGS, "device `cuda:77` is not there"),
        (["--set", "phases.0.stps=3"], FILE, SETTINGS, "unknown option `stps` of optimizer `adam`"),
        (["--parameter", "q=1"], FILE, SETTINGS, "unknown parameter `q`"),
        ([], FILE, SETTINGS + "renw: 3\n", "short.yaml:8:7: unknown key `renw` of a config\n  Did you mean `renew`?"),
        (
            [],
            FILE,
            SETTINGS.replace("steps:", "stps:"),
            "unknown option `stps` of optimizer `adam`\n  Did you mean `st",
        ),
        ([], FILE, SETTINGS.replace("1e-3", "fast"), "option `lr` of optimizer `adam` must be a number"),
        ([], FILE, SETTINGS + "seed: 1\nseed: 2\n", "short.yaml:9"),
        ([], FILE, None, "unknown config `short.yaml`"),
        ([], None, SETTINGS, "`decay.yaml`: no such file"),
        ([], "name: [\n", SETTINGS, "decay.yaml:"),
        ([], FILE + "name: again\n", SETTINGS, "decay.yaml:11"),
        ([], FILE.replace("fields:", "feilds:"), SETTINGS, "unknown key `feilds`\n  Did you mean `fields`?"),
        ([], "\x00\x01", SETTINGS, "decay.yaml"),
    ],
)
def test_a_mistake_is_status_2_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    problem: str | None,
    config: str | None,
    sentence: str,
) -> None:
    for name, text in (("decay.yaml", problem), ("short.yaml", config)):
        if text is not None:
            (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["solve", "decay.yaml", "--config", "short.yaml", *arguments])
    out, err = capsys.readouterr()
    assert (stopped.value.code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


HOSTILE = [
    "().__class__.__bases__", "u.tree", "sin(u)(t)", "(lambda: 1)()", "[v for v in u]", "u[0]", "'os'", "u if t else 1",
    "9**9**9", "2**10**10", "1e400", "__import__('os').system('touch hacked')", "open('hacked', 'w')", "f'{u}'",
    "(" * 3000 + "u" + ")" * 3000, "-" * 3000 + "u", "u" + " + u" * 250_000, "u :=  1", "u; t", "u == t == 1",
]  # fmt: skip


def test_hostile_expressions_are_answered_within_seconds(tmp_path: Path) -> None:
    """Each is an equation of a file of its own; one process reads them all, so five seconds are for the slowest."""
    names = []
    for number, text in enumerate(HOSTILE):
        quoted = json.dumps(text)
        (tmp_path / f"hostile_{number}.yaml").write_text(FILE.replace('"u_t = -k*u"', quoted))
        names.append(f"hostile_{number}.yaml")
    code = (
        "import sys, time, pinnkit.cli as cli\n"
        "for name in sys.argv[1:]:\n"
        "    start = time.perf_counter()\n"
        "    try: cli.main(['check', name])\n"
        "    except SystemExit as stopped: print(name, stopped.code, time.perf_counter() - start)\n"
    )
    done = subprocess.run(
        [*STRICT, "-c", code, *names],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    assert "bug in pinnkit" not in done.stderr
    answers = [line.split() for line in done.stdout.splitlines()]
    assert [(name, status) for name, status, _ in answers] == [(name, "2") for name in names]
    assert max(float(seconds) for _, _, seconds in answers) < 5.0
    assert not (tmp_path / "hacked").exists()
