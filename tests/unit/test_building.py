"""From a problem and a config to the parts of a run.

Satisfied: every automatic choice is made once and is a plain value in the run's config; what the machine or the method
cannot do is refused before anything is trained; a seed is a start.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pinnkit import building
from pinnkit.building import Run, build_run
from pinnkit.capacity import optimizer_name
from pinnkit.config import Config, dump_config, load_config
from pinnkit.derivatives.layout import Layout
from pinnkit.errors import UserError
from pinnkit.networks import MLP, Fourier, Scaled, TorchModule
from pinnkit.optimizers import LBFGS, Adam, Auto, LevenbergMarquardt
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem


@pytest.fixture
def heat() -> Problem:
    return define(
        name="heat",
        coordinates={"x": {"range": [0, 1], "periodic": True}, "t": [0, 1]},
        time="t",
        fields=["u", "v"],
        equations=["u_t = u_xx", "v_t = v_xx + u"],
        conditions={"start": {"on": "t = 0", "equation": "u = sin(2*pi*x)"}, "v": {"on": "t = 0", "equation": "v = 0"}},
    )


def run(problem: Problem, trains: bool = True, **options: Any) -> Run:
    given = {"network": MLP(5, 2), "points": Uniform(10), "device": "cpu", **options}
    return build_run(problem, Config(**given), trains)


def test_the_parts_fit_together(heat: Problem) -> None:
    one = run(heat)
    sizes = [tuple(p.shape) for name, p in one.trial.network.named_parameters() if name.endswith("weight")]
    # A periodic coordinate has two features, and the other one.
    assert sizes == [(5, 3), (5, 5), (2, 5)]
    assert one.assembly.trial is one.trial
    assert one.formulation is one.trial.formulation
    assert one.problem is heat


def test_automatic_choices_are_integers(heat: Problem, device: str) -> None:
    one = run(heat, device=device)
    assert (one.config.threads, one.config.chunk) != ("auto", "auto")
    assert type(one.config.threads) is int
    assert type(one.config.chunk) is int
    assert 1 <= one.config.threads <= 4
    assert 256 <= one.config.chunk <= 65536
    assert one.config.chunk & (one.config.chunk - 1) == 0
    assert one.assembly.chunk == one.config.chunk
    assert torch.device(one.config.device).type == device


def test_choices_that_were_made_stand(heat: Problem) -> None:
    one = run(heat, threads=3, chunk=100)
    assert (one.config.threads, one.config.chunk, one.config.device) == (3, 100, "cpu")
    again = build_run(heat, one.config)
    assert again.config == one.config


def test_the_device_is_cuda_where_there_is_one(heat: Problem) -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert torch.device(run(heat, device="auto").config.device).type == expected


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("gpu", "unknown device `gpu`; known: auto, cpu, cuda"),
        ("cuda:99", "device `cuda:99` is not there; torch finds"),
        ("meta", "device `meta` is not supported; known: auto, cpu"),
    ],
)
def test_devices_that_are_not_there(heat: Problem, device: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        run(heat, device=device)


def test_mps_has_no_float64(heat: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(UserError, match="device `mps` has no float64; set `precision: float32`"):
        run(heat, device="mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match="device `mps` is not there"):
        run(heat, device="mps")


def test_levenberg_marquardt_needs_float64(heat: Problem) -> None:
    phases = (Adam(steps=5), LevenbergMarquardt(steps=5))
    with pytest.raises(UserError, match="loses its digits in float32; set `precision: float64`"):
        run(heat, precision="float32", phases=phases)
    assert run(heat, precision="float32", phases=(Adam(steps=5), LBFGS(steps=5))).trial.dtype == torch.float32
    assert run(heat, phases=phases).trial.dtype == torch.float64


@pytest.mark.parametrize("free", [0, 10**6, 10**9, 10**15])
def test_the_chunk_follows_the_free_memory(heat: Problem, free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of it for the Jacobian, within bounds."""
    monkeypatch.setattr(building, "free_memory", lambda device: free)
    one = run(heat, trains=False)
    chunk, size = one.assembly.chunk, 8 * one.trial.layout.size
    assert chunk == 1 or chunk * size <= free / 4
    assert chunk == 65536 or 2 * chunk * size > free / 4


def test_the_chunk_where_free_memory_is_unknown(heat: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "free_memory", lambda device: None)
    assert run(heat).config.chunk == 65536


def test_a_seed_is_a_start(heat: Problem, device: str) -> None:
    def start(**options: Any) -> torch.Tensor:
        return Layout.start(run(heat, embedding=Fourier(count=4), **options).trial.network)

    double = start(seed=5)
    assert torch.equal(double, start(seed=5, device=device).cpu())
    assert torch.equal(double.to(torch.float32), start(seed=5, precision="float32", phases=(Adam(),)))
    assert not torch.equal(double, start(seed=6))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weights": {"equation_3": 1.0}}, "unknown term `equation_3` in `weights`"),
        ({"hard": ("begin",)}, "unknown condition `begin` in `hard`"),
    ],
)
def test_names_that_do_not_fit(heat: Problem, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        run(heat, **options)


def test_balanced_terms_are_equally_fast_to_learn_at_the_start(heat: Problem) -> None:
    """w_m tr K_m is the same for all terms, as far as traces are estimated; weights that are given stand."""
    one = run(heat, hard="none", weights={"v": 17.0})
    weights = one.config.weights
    assert set(weights) == set(one.assembly.terms)
    assert weights["v"] == 17.0
    many = replace(one.assembly, interior=Uniform(2000), faces=Uniform(2000), weights={})
    traces = many.traces(Layout.start(one.trial.network), building.np.random.default_rng(9))
    shares = [weights[term] * traces[term] for term in one.assembly.terms if term != "v"]
    assert max(shares) <= 2.0 * min(shares)
    assert not one.config.balance
    assert dict(run(heat, hard="none", balance=False).config.weights) == {}


def test_auto_becomes_the_optimizer_that_it_chose(heat: Problem, tmp_path: Path) -> None:
    phases = (Auto(steps=3, seconds=9.0, target=1e-3, precision="float32"), Auto(seconds=4.0))
    one = run(heat, phases=phases)
    first, second = one.config.phases
    assert second == LevenbergMarquardt(steps=Auto().steps, seconds=4.0)
    assert not isinstance(first, Auto)
    assert (first.steps, first.seconds, first.target, first.precision) == (3, 9.0, 1e-3, "float32")
    assert [note.split(" (")[0] for note in one.notes] == [
        f"auto: {optimizer_name(first)}",
        "auto: levenberg_marquardt",
    ]
    (tmp_path / "config.yaml").write_text(dump_config(one.config))
    assert load_config(tmp_path / "config.yaml").phases == one.config.phases


@pytest.mark.parametrize(
    ("precision", "own", "said"),
    [
        ("float64", "float32", "loses its digits in float32; set `precision: float64` of the phase"),
        ("float32", None, "loses its digits in float32; set `precision: float64`$"),
        ("float32", "float64", None),
        ("float64", None, None),
    ],
)
def test_a_phase_in_a_precision_in_which_its_method_is_not_sound(
    heat: Problem, precision: str, own: Any, said: str | None
) -> None:
    phases = (Adam(steps=5), LevenbergMarquardt(steps=5, precision=own))
    if said is None:
        assert run(heat, precision=precision, phases=phases).config.phases == phases
    else:
        with pytest.raises(UserError, match=said):
            run(heat, precision=precision, phases=phases)


def test_mps_has_no_phase_in_float64(heat: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(UserError, match="device `mps` has no float64"):
        run(heat, device="mps", precision="float32", phases=(Adam(precision="float64"),))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("embedding", [Scaled(), Fourier(count=4)], ids=["scaled", "fourier"])
@pytest.mark.parametrize("derivatives", ["jet", "autograd"])
def test_both_precisions_have_the_same_rows(
    heat: Problem, precision: str, embedding: Any, derivatives: str, device: str
) -> None:
    """From the same start and seed, to float32's round-off; the first objective is as it was without the second."""
    options = {"embedding": embedding, "derivatives": derivatives, "device": device, "hard": "none", "balance": False}
    one = run(heat, precision=precision, phases=(Adam(),), **options)
    start = Layout.start(one.trial.network)
    other = torch.float32 if precision == "float64" else torch.float64
    own, converted = (one.assembly.draw(theta, building.np.random.default_rng(3)) for theta in (start, start.to(other)))
    assert own.rows(start).dtype == start.dtype
    assert converted.rows(start.to(other)).dtype == other
    exact, near = own.linearize(start), converted.linearize(start.to(other))
    assert torch.allclose(exact.rows.double(), near.rows.double(), rtol=1e-4, atol=1e-5)
    assert exact.jacobian is not None
    assert near.jacobian is not None
    assert near.jacobian.dtype == other
    assert torch.allclose(exact.jacobian.double(), near.jacobian.double(), rtol=1e-3, atol=1e-4)
    assert not torch.equal(exact.rows.double(), near.rows.double())
    again = one.assembly.draw(start, building.np.random.default_rng(3))
    assert torch.equal(again.rows(start), own.rows(start))


def test_a_torch_module_is_copied_for_the_other_precision(heat: Problem) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    one = run(heat, network=TorchModule(module), derivatives="autograd")
    start = Layout.start(one.trial.network)
    one.assembly.draw(start.float(), building.np.random.default_rng(0))
    assert {p.dtype for p in module.parameters()} == {torch.float64}
    assert torch.equal(Layout.start(one.trial.network), start)
