"""Unknown parameters in trial fields.

Satisfied: every transform starts at the start with the slope that was asked for, stays within its bounds, and has the
derivative that differences show; the channels behind the fields are these values, whatever is built into the fields;
and a problem without unknown parameters has no trace of them.
"""

import math
from typing import Any

import pytest
import torch

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.errors import UserError
from pinnkit.formulation.trial import Base, Trial
from pinnkit.formulation.unknowns import Transform, WithUnknowns
from pinnkit.marching import edges_of
from pinnkit.networks import MLP
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.problem.unknown import Unknown
from pinnkit.windows import Windows

FLOAT64 = torch.float64
CPU = torch.device("cpu")
CASES = {
    "free": Unknown(3.0),
    "free from zero": Unknown(0.0),
    "scaled": Unknown(-3.0, scale=0.2),
    "positive": Unknown(0.01, 0.0),
    "positive, scaled": Unknown(0.01, 0.0, scale=0.3),
    "above": Unknown(-1.0, -1.5),
    "below": Unknown(2.0, upper=2.5),
    "between": Unknown(0.1, 0.01, 1.0),
    "between, scaled": Unknown(0.1, 0.01, 1.0, 0.5),
    "between, in the middle": Unknown(1.0, -1.0, 3.0),
}


def transform(unknown: Unknown) -> Transform:
    return Transform([unknown], FLOAT64, CPU)


@pytest.mark.parametrize("unknown", CASES.values(), ids=CASES)
def test_a_transform_starts_at_the_start_with_its_slope(unknown: Unknown) -> None:
    z = torch.zeros(1, dtype=FLOAT64, requires_grad=True)
    p = transform(unknown)(z)
    assert float(p.detach()) == pytest.approx(unknown.start, rel=1e-14, abs=1e-15)
    (slope,) = torch.autograd.grad(p.sum(), z)
    assert float(slope) == pytest.approx(unknown.step, rel=1e-13)


@pytest.mark.parametrize("unknown", CASES.values(), ids=CASES)
def test_a_transform_rises_within_its_bounds_and_can_be_undone(unknown: Unknown) -> None:
    z = torch.linspace(-3, 3, 61, dtype=FLOAT64, requires_grad=True)
    p = transform(unknown)(z[:, None])[:, 0]
    (slope,) = torch.autograd.grad(p.sum(), z)
    step = 1e-5
    with torch.no_grad():
        ahead, behind = (transform(unknown)((z + h)[:, None])[:, 0] for h in (step, -step))
    torch.testing.assert_close(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-9)
    assert bool((slope >= 0).all())
    assert float(p.detach().min()) >= unknown.lower
    assert float(p.detach().max()) <= unknown.upper
    torch.testing.assert_close(undone(unknown, p.detach()), z.detach(), rtol=1e-6, atol=1e-6)


def undone(unknown: Unknown, p: torch.Tensor) -> torch.Tensor:
    """z of p, from the formulas solved for it."""
    p0, a, b, c = unknown.start, unknown.lower, unknown.upper, unknown.step
    if math.isinf(a) and math.isinf(b):
        return (p - p0) / c
    if math.isinf(b):
        return torch.log((p - a) / (p0 - a)) * (p0 - a) / c
    if math.isinf(a):
        return -torch.log((b - p) / (b - p0)) * (b - p0) / c
    start = math.log((p0 - a) / (b - p0))
    return (torch.log((p - a) / (b - p)) - start) * (p0 - a) * (b - p0) / (c * (b - a))


def test_the_scale_goes_no_farther_than_the_nearer_bound() -> None:
    """Else the first step of training would run into it."""
    assert Unknown(1e-3, 1e-4, 1.0).step == pytest.approx(9e-4)
    assert Unknown(1.0, 0.9).step == pytest.approx(0.1)


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "lifted": {"conditions": {"walls": {"on": ["x = -1", "x = 1"], "equation": "u = y"}}},
    "symmetric": {"symmetry": {"u": ["odd in x", "even in y"], "v": "even in x"}},
    "solenoidal": {"divergence_free": ["u", "v"], "fields": ["u", "v", "w"]},
    "solenoidal and symmetric": {
        "divergence_free": ["u", "v"], "fields": ["u", "v", "w"], "symmetry": {"w": "even in x"},
    },
}  # fmt: skip
UNKNOWNS = {"k": {"start": 2, "bounds": [1, 4]}, "E": {"start": 0, "scale": 3}}


def problem(kind: str, parameters: dict[str, Any] | None = None) -> Problem:
    keys: dict[str, Any] = {
        "name": "two",
        "coordinates": {"x": [-1, 1], "y": [-1, 1]},
        "fields": ["u", "v"],
        "parameters": UNKNOWNS if parameters is None else parameters,
        "equations": {"one": "u_xx + k*v = E", "two": "v_y + u = k"},
    }
    return define(**{**keys, **KINDS[kind]})


def trial(of: Problem, **more: Any) -> Trial:
    config: dict[str, Any] = {"network": MLP(5, 2), "device": "cpu", "points": Uniform(10), "threads": 1}
    return build_run(of, Config(**{**config, **more}), trains=False).trial


def moved(of: Trial, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(of.layout.size, generator=generator, dtype=FLOAT64)
    return of.layout.start(of.network) + 0.3 * drawn.to(of.dtype)


INDICES = IndexSet.closure([(2, 0), (0, 1)], 2)
POINTS = torch.rand(6, 2, generator=torch.Generator().manual_seed(1), dtype=FLOAT64) * 2 - 1


@pytest.mark.parametrize("engine", ["jet", "autograd"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_channels_behind_the_fields_are_the_parameters(kind: str, engine: str) -> None:
    of = trial(problem(kind), derivatives=engine)
    theta, fields = moved(of), len(of.problem.fields)
    found = of.channels(POINTS, INDICES, theta)
    assert found.shape == (len(INDICES), 6, fields + 2)
    k, E = Unknown(2.0, 1.0, 4.0), Unknown(0.0, scale=3.0)
    wanted = Transform([k, E], FLOAT64, CPU)(theta[-2:])
    torch.testing.assert_close(found[0, :, fields:], wanted.expand(6, 2), rtol=1e-14, atol=0.0)
    assert not found[1:, :, fields:].any()
    assert of.parameters(theta) == {"k": float(wanted[0]), "E": float(wanted[1])}
    assert of.parameters(of.layout.start(of.network)) == pytest.approx({"k": 2.0, "E": 0.0}, abs=1e-15)
    assert of.taylor(POINTS, INDICES, theta).shape == (len(INDICES), 6, fields)
    assert of.derivative(POINTS.numpy(), (1, 0), theta).shape == (6, fields)


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_are_those_without_unknown_parameters(kind: str) -> None:
    with_them, without = trial(problem(kind)), trial(problem(kind, {"k": 2, "E": 0}))
    theta = moved(with_them)
    assert with_them.layout.size == without.layout.size + 2
    assert not isinstance(without.network, WithUnknowns)
    assert without.parameters(theta[:-2]) == {}
    own = without.channels(POINTS, INDICES, theta[:-2])
    assert own.shape[2] == len(without.problem.fields)
    torch.testing.assert_close(with_them.taylor(POINTS, INDICES, theta), own, rtol=1e-13, atol=1e-14)


def test_earlier_fields_carry_their_parameters() -> None:
    """p = p_base + s (p_theta - p_start)."""
    first = trial(problem("lifted"))
    theta, scale = moved(first), 1e-2
    start, later = moved(first, 1), moved(first, 2)
    on = first.on(Base(first, theta, scale, start))
    wanted = {
        name: value + scale * (first.parameters(later)[name] - first.parameters(start)[name])
        for name, value in first.parameters(theta).items()
    }
    assert on.parameters(later) == pytest.approx(wanted, rel=1e-13)
    assert on.parameters(start) == pytest.approx(first.parameters(theta), rel=1e-15)


def test_another_precision_and_another_start() -> None:
    of = trial(problem("lifted"))
    theta = moved(of)
    other = of.in_precision(torch.float32)
    assert other.parameters(theta.to(torch.float32)) == pytest.approx(of.parameters(theta), rel=1e-6)
    begun = of.begun(theta)
    assert begun.parameters(begun.layout.start(begun.network)) == of.parameters(theta)


def test_a_condition_with_an_unknown_value_is_soft() -> None:
    walls = {"left": {"on": "x = -1", "equation": "u = k*y"}, "right": {"on": "x = 1", "equation": "k*u = 0"}}
    of = define(
        name="walls", coordinates={"x": [-1, 1], "y": [0, 1]}, fields=["u"], parameters={"k": {"start": 1}},
        equations=["u_xx = k"], conditions=walls,
    )  # fmt: skip
    left, right = trial(of).formulation.choices
    assert str(left) == "left: soft (its value depends on `k`, which is not known before training)"
    assert right.exact
    with pytest.raises(UserError, match="condition `left` cannot be exact: its value depends on `k`"):
        trial(of, hard=("left",))


def test_windows_of_time_are_refused() -> None:
    of = define(
        name="decay", coordinates={"t": [0, 1]}, time="t", fields=["u"], parameters={"k": {"start": 1}},
        equations=["u_t = -k*u"], conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
    )  # fmt: skip
    with pytest.raises(UserError, match="every one of the `windows` would find its own value of `k`"):
        edges_of(of, Config(windows=Windows(count=2), device="cpu"))
