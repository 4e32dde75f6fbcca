"""The command line: what it prints, the status it exits with, and what it does not load."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pinnkit import __version__, cli
from pinnkit.errors import SolveError, UserError

HEAVY = ("torch", "sympy", "numpy", "scipy", "pyvista", "matplotlib", "deepxde")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> "Run":
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    return Run(capfd)


class Run:
    """Runs a command in this process and keeps what it left."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            cli.main(list(arguments))
        out, err = self.capture.readouterr()
        status = stopped.value.code
        assert "Traceback" not in err
        return (0 if status is None else int(status)), out, err


@pytest.mark.parametrize("module", ["pinnkit", "pinnkit.cli"])
def test_nothing_heavy_is_loaded_and_nothing_printed(module: str) -> None:
    code = f"import sys, {module}; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_checking_a_problem_loads_no_torch() -> None:
    code = (
        "import sys, pinnkit.cli\n"
        "try: pinnkit.cli.main(['check', 'burgers'])\n"
        "finally: print('torch' in sys.modules, 'matplotlib' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"


def test_python_m_pinnkit_is_pinnkit() -> None:
    done = subprocess.run([sys.executable, "-m", "pinnkit", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"pinnkit {__version__}\n"


def test_the_help_names_every_command(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert all(
        word in out for word in ("check", "solve", "resume", "predict", "list", "schema", "--version", "--traceback")
    )


@pytest.mark.parametrize(
    "arguments", [["solv", "burgers"], ["solve"], ["solve", "burgers", "--sed", "1"], ["schema", "x"]]
)
def test_a_command_written_wrongly_is_status_2(run: Run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert "Usage: pinnkit" in err


def test_check_prints_the_problem_back(run: Run) -> None:
    status, out, err = run("check", "burgers", "--parameter", "nu=0.02/pi")
    assert (status, err) == (0, "")
    assert out.startswith("burgers: ")
    for line in (
        "  x in [-1, 1], t in [0, 1] (time)",
        "  unknown: u(x, t)",
        "  u is odd in x",
        "equation momentum",
        "condition initial on t = 0",
        "    fixes u = -sin(pi*x)",
        "condition walls on x = -1, x = 1",
        "    fixes u = 0",
        "reference: cole_hopf",
        "OK",
    ):
        assert line in out.splitlines(), line
    assert "  nu = 0.00636619772368" in out


def test_check_prints_latex(run: Run) -> None:
    status, out, _ = run("check", "burgers", "--latex")
    assert status == 0
    assert "\\nu" in out


HEAT = """\
name: heat
coordinates: {x: [0, 1], t: [0, 1]}
time: t
fields: [u]
equations: {heat: "u_t = u_xx"}
conditions:
  initial: {on: "t = 0", equation: "u = sin(pi*x)"}
"""


def test_a_problem_that_makes_no_sense_is_status_2(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "heat.yaml"
    file.write_text(HEAT)
    status, out, _ = run("check", str(file))
    assert status == 2
    assert "error" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "burger"], "unknown problem `burger`"),
        (["check", "absent.yaml"], "unknown problem `absent.yaml`: no such file"),
        (["check", "burgers", "--parameter", "mu=1"], "unknown parameter `mu`"),
        (["check", "burgers", "--parameter", "nu"], "`--parameter nu` is not of the form `name=value`"),
        (["check", "burgers", "--parameter", "nu=a"], "`a`"),
        (["solve", "burgers", "--config", "adm"], "unknown config `adm`"),
        (["solve", "burgers", "--set", "sed=1"], "`sed=1`: unknown key `sed` of a config"),
        (["solve", "burgers", "--set", "seed"], "`seed` is not of the form `key=value`"),
        (["solve", "burgers", "--seed=-1"], "`seed` is -1"),
        (["solve", "burgers", "--plugin", "absent.py"], "plugin `absent.py` cannot be read"),
        (["predict", "absent", "--at", "points.csv"], "absent"),
        (["list", "sampler"], "unknown kind `sampler`\n  Did you mean `samplers`?"),
    ],
)
def test_a_mistake_of_the_user_is_a_sentence_and_status_2(run: Run, arguments: list[str], sentence: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert sentence in err


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (UserError("one", "two"), 2, "one\ntwo\n"),
        (
            SolveError("the loss of `walls` is not a number"),
            1,
            "could not go on: the loss of `walls` is not a number\n",
        ),
        (KeyboardInterrupt(), 130, "interrupted: what was written so far is kept\n"),
        (ZeroDivisionError("division by zero"), 1, "a bug in pinnkit (ZeroDivisionError: division by zero)"),
        (AssertionError(), 1, "a bug in pinnkit (AssertionError)"),
    ],
)
def test_every_way_to_fail_has_its_status(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, sentence: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "_load", fail)
    found, out, err = run("check", "burgers")
    assert (found, out) == (status, "")
    assert sentence in err


@pytest.mark.parametrize("arguments", [["--traceback", "check", "x"], ["check", "x", "--traceback"]])
def test_a_bug_shows_where_it_is_on_demand(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "_load", fail)
    with pytest.raises(SystemExit):
        cli.main(arguments)
    assert "in fail" in capfd.readouterr().err


QUICK = [f"--set={text}" for text in ("network.width=5", "points.count=32", "phases.0.steps=4", "test_points=50")]


def test_a_run_of_windows_is_started_from_another_and_resumed(run: Run, tmp_path: Path) -> None:
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    few = ["solve", "oscillator", *QUICK, "--threads=1", "--device=cpu"]
    status, out, err = run(*few, "--set", "windows.count=2", "--out", first)
    assert status == 0, err
    assert "window 2/2: t from " in err
    assert out.startswith("oscillator: ")
    status, out, err = run("resume", first)
    assert (status, out) == (0, f"oscillator: the run in {first} has come to its end.\n")
    status, _, err = run(*few, "--from", first, "--quiet", "--out", second)
    assert (status, err) == (0, "")
    for arguments, sentence in (
        ([*few, "--set", "network.width=6", "--from", first], "its parameters mean nothing in another network"),
        ([*few, "--from", str(tmp_path / "none")], "does not exist"),
        (["resume", str(tmp_path / "none")], "does not exist"),
        ([*few, "--set", "windows.edges=[0, 1]"], "the windows must tile it"),
        ([*few, "--set", "windows.cout=2"], "Did you mean `count`?"),
        ([*few, "--set", "causal.epsilons=[2, 1]"], "`epsilons` of `causal` must rise"),
        (["solve", "poisson_2d", "--set", "windows.count=2"], "has no `time`, and `windows` divide it"),
        (["solve", "poisson_2d", "--set", "causal.slices=9"], "has no `time`, and `causal` weights follow it"),
    ):
        status, out, err = run(*arguments)
        assert (status, out) == (2, ""), arguments
        assert sentence in err


KINDS = ["problems", "configs", "networks", "embeddings", "samplers", "optimizers", "references"]


@pytest.mark.parametrize("kind", KINDS)
def test_list_shows_names(run: Run, kind: str) -> None:
    status, out, _ = run("list", kind)
    expected = {"problems": "burgers", "configs": "adam_lbfgs", "networks": "mlp", "embeddings": "fourier"}
    assert status == 0
    assert expected.get(kind, {"samplers": "sobol", "optimizers": "adam"}.get(kind, "")) in out
    assert run("list")[1].count(out) == 1


PLUGIN = """
from dataclasses import dataclass
from pinnkit.points import SAMPLERS, Sampler

@dataclass(frozen=True)
class Corner(Sampler):
    "Points in one corner."

    count: int = 7

    def draw(self, domain, generator, residual=None):
        raise NotImplementedError

def register() -> None:
    SAMPLERS.add("corner", Corner)
"""


def test_a_plugin_adds_a_name_visibly(tmp_path: Path) -> None:
    (tmp_path / "corner.py").write_text(PLUGIN)
    command = [sys.executable, "-m", "pinnkit", "list", "samplers", "--plugin", "corner.py"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
    assert "corner: Points in one corner.\n      count = 7" in done.stdout
    assert done.stderr.startswith("plugin corner.py (sha256 ")


@pytest.mark.parametrize(("file", "key"), [("problem", "equations"), ("config", "phases")])
def test_schema_prints_json(run: Run, file: str, key: str) -> None:
    status, out, _ = run("schema", file)
    assert status == 0
    assert key in json.loads(out)["properties"]


def test_what_is_the_work_of_one_process_is_not_begun_by_several(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for number, told in (("0", "is the work of one process; torchrun is for `solve` or `resume`"), ("1", "")):
        monkeypatch.setenv("RANK", number)
        with pytest.raises(SystemExit) as stopped:
            cli.main(["sweep", "heat", "--seeds", "0,1"])
        assert stopped.value.code == 2
        assert told in capsys.readouterr().err
