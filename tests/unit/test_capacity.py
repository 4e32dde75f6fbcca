"""Whether a run fits into memory: what is counted is what is drawn, and what cannot fit is refused beforehand."""

import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit import building
from pinnkit.building import Run, build_run
from pinnkit.capacity import Size, require_room, size_of
from pinnkit.cli import main
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation.conditions import formulate
from pinnkit.networks import MLP, NETWORKS, Fourier, TorchModule
from pinnkit.optimizers import Adam, Auto, LevenbergMarquardt
from pinnkit.points import SAMPLERS, Sampler, Sobol, Uniform
from pinnkit.points.growing import Growing
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution


@pytest.fixture
def wave() -> Problem:
    """Two equations in two coordinates, with soft conditions on three faces, and a symmetry."""
    return define(
        name="wave",
        coordinates={"x": [-1, 1], "t": [0, 1]},
        time="t",
        fields=["u", "v"],
        symmetry={"u": "odd in x"},
        equations=["u_t = v", "v_t = u_xx"],
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "rest": {"on": "t = 0", "equation": "v = 0"},
            "walls": {"on": ["x = -1", "x = 1"], "equation": "u = 0"},
        },
    )


def run(problem: Problem, trains: bool = True, **options: Any) -> Run:
    given = {"network": MLP(5, 2), "points": Uniform(10), "device": "cpu", "balance": False, **options}
    return build_run(problem, Config(**given), trains)


def measures(problem: Problem, interior: Sampler, faces: Sampler, hard: str, features: int = 2) -> Size:
    return size_of(formulate(problem, hard), 80, 256, (interior, faces), features, "jet")  # type: ignore[arg-type]


@pytest.mark.parametrize("hard", ["none", "auto"])
@pytest.mark.parametrize("name", SAMPLERS.names())
def test_rows_are_counted_as_they_are_drawn(wave: Problem, name: str, hard: str) -> None:
    def built(count: int) -> Sampler:
        # Room is kept for as many as there are in the end, which here are those at first.
        end = {"most": count} if issubclass(SAMPLERS.get(name), Growing) else {}
        return SAMPLERS.build({"name": name, "count": count, **end})

    interior, faces = built(50), built(7)
    one = run(wave, points=interior, condition_points=faces, hard=hard)
    objective = one.assembly.draw(one.trial.layout.start(one.trial.network), np.random.default_rng(0))
    assert measures(wave, interior, faces, hard).rows == objective.count


def test_a_face_that_is_a_point_is_one_row() -> None:
    decay = define(
        name="decay",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u"],
        equations=["u_t = -u"],
        conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
    )
    assert measures(decay, Sobol(30), Sobol(9), "none").rows == 31


@pytest.mark.parametrize("hard", ["none", "all"])
def test_what_the_points_take_is_what_they_hold(wave: Problem, hard: str) -> None:
    one = run(wave, hard=hard, points=Uniform(40), condition_points=Uniform(11))
    objective = one.assembly.draw(one.trial.layout.start(one.trial.network), np.random.default_rng(0))
    held = 0
    for block in objective.chunks:
        prepared = block.prepared  # type: ignore[attr-defined]
        held += prepared.points.numel() + block.factors.numel()  # type: ignore[attr-defined]
        held += sum(t.numel() for t in (prepared.lift, prepared.distance) if t is not None)
        held += prepared.features.coefficients.numel()
    counted = measures(wave, Uniform(40), Uniform(11), hard).held
    # The count has one more number a point, its density, which only the factors remember.
    assert counted - held == sum(b.factors.shape[1] for b in objective.chunks)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 2)])
@pytest.mark.parametrize("name", NETWORKS.names())
def test_parameters_are_counted_before_they_are_made(name: str, inputs: int, outputs: int) -> None:
    network = NETWORKS.build(name)
    built = network.build(inputs, outputs, torch.Generator(), torch.float64, torch.device("cpu"))
    assert network.expected(inputs, outputs) in (None, sum(p.numel() for p in built.parameters()))
    assert MLP(7, 1).expected(inputs, outputs) == (1 + inputs) * 7 + 8 * outputs
    assert TorchModule(torch.nn.Linear(inputs, outputs)).expected(inputs, outputs) == (1 + inputs) * outputs


def test_a_network_that_cannot_fit_is_refused_before_it_is_made(wave: Problem) -> None:
    """Layers that wide would take 600 GB for their weights alone."""
    peak, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(UserError) as refused:
        run(wave, network=MLP(width=200_000, depth=3))
    assert time.process_time() - began < 5.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 200_000  # kB
    said = str(refused.value)
    assert "optimizer `levenberg_marquardt` needs " in said
    assert " PiB for 80,001,400,002 parameters and " in said
    assert " GiB are free" in said
    assert "a smaller `network`" in said


def test_a_width_that_an_optimizer_of_less_would_take(wave: Problem) -> None:
    size = Size(parameters=50_000, rows=20_000, held=10_000, chunk=1_000)
    with pytest.raises(UserError) as refused:
        require_room([(LevenbergMarquardt(), torch.float64)], size, 20 * 2**30)
    # 8 (3 P^2 + 1000 P) bytes.
    assert str(refused.value).startswith(
        "optimizer `levenberg_marquardt` needs 56.3 GiB for 50,000 parameters and 20,000 rows in chunks of 1,000, "
        "and 20.0 GiB are free\n  Take a smaller `network`, or the optimizer `adam`, "
    )
    assert "bfgs" not in str(refused.value).replace("lbfgs", "")
    require_room([(LevenbergMarquardt(), torch.float64)], size, 57 * 2**30)
    require_room([(LevenbergMarquardt(), torch.float64)], size, None)


def test_the_hint_names_what_would_help() -> None:
    rows = Size(parameters=100, rows=10**9, held=10**10, chunk=256)
    with pytest.raises(UserError, match="Take a smaller `count` of `points`\\."):
        require_room([(Adam(), torch.float64)], rows, 2**30)
    pieces = Size(parameters=1_000, rows=10**7, held=10**6, chunk=10**6)
    with pytest.raises(UserError, match="Take a smaller `network`, or a lower `chunk`, or the optimizer `adam`"):
        require_room([(LevenbergMarquardt(), torch.float64)], pieces, 2**30)


def test_every_phase_that_does_not_fit_is_named(wave: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "free_memory", lambda device: 1000)
    phases = (Adam(steps=1), LevenbergMarquardt(steps=1))
    with pytest.raises(UserError) as refused:
        run(wave, phases=phases)
    assert [str(mistake).split("`")[1] for mistake in refused.value.mistakes] == ["adam", "levenberg_marquardt"]


def test_a_network_of_unknown_size_is_counted_once_it_is_made(wave: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MLP, "expected", lambda self, inputs, outputs: None)
    one = run(wave, phases=(Auto(),), embedding=Fourier(count=3))
    assert one.trial.layout.size == 7 * 5 + 6 * 5 + 6 * 2
    assert one.notes == ("auto: levenberg_marquardt (77 parameters, at most 3,000 on this device)",)


def test_a_field_is_loaded_where_it_could_not_be_trained(
    wave: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run(wave, phases=(Adam(steps=1),))
    theta = one.trial.layout.start(one.trial.network)
    (tmp_path / "run" / "checkpoint").mkdir(parents=True)
    saved = Solution.of(replace(one, problem=wave), theta)
    saved.save(tmp_path / "run")
    monkeypatch.setattr(building, "free_memory", lambda device: 1000)
    assert np.array_equal(Solution.load(tmp_path / "run")([[0.5, 0.5]]), saved([[0.5, 0.5]]))


def test_the_command_line_refuses_with_two(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = ["solve", "burgers", "--set", "network.width=100000", "--out", str(tmp_path / "run")]
    with pytest.raises(SystemExit) as end:
        main(given)
    assert end.value.code == 2
    assert "needs" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
