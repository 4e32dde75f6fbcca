"""Fields of a stream function that the problem gives, psi = G + D N.

Satisfied: the fields are the slopes of G + D N, evaluated by another library; they have no divergence to rounding; what
psi satisfies at the walls is exact for any parameters, without a lift; both engines agree, also on earlier stages; the
rows' Jacobian is that of reverse mode, compiled rows have the same values; everything else is soft, with its reason.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.errors import UserError
from pinnkit.formulation.conditions import formulate
from pinnkit.formulation.handover import require_marchable
from pinnkit.formulation.trial import Base, Trial
from pinnkit.networks import MLP, Scaled
from pinnkit.objective.assembly import Assembly
from pinnkit.objective.rows import PointwiseRows
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

INDICES = IndexSet.closure([(3, 0), (2, 1), (1, 2), (0, 3)], 2)


def cavity(**more: Any) -> Problem:
    """A lid whose speed is smooth: u = 16 x^2 (1 - x)^2 at y = 1, still on all other walls."""
    keys: dict[str, Any] = {
        "name": "cavity",
        "coordinates": {"x": [0, 1], "y": [0, 1]},
        "fields": ["u", "v"],
        "divergence_free": ["u", "v"],
        "parameters": {"Re": 10},
        "functions": {"along": "16*x^2*(1 - x)^2"},
        "stream_function": "along*y^2*((y - 1) + (1 - y)^2*N)",
        "equations": {
            "vorticity": "u*d(v_x - u_y, x) + v*d(v_x - u_y, y) = laplace(v_x - u_y)/Re",
            "continuity": "u_x + v_y = 0",
        },
        "conditions": {
            "lid": {"on": "y = 1", "equation": "u = along"},
            "still": {"on": ["x = 0", "x = 1", "y = 0"], "equation": "u = 0"},
            "impermeable": {"on": "boundary", "equation": "v = 0"},
        },
    }
    return define(**{**keys, **more})


def run(of: Problem, seed: int = 0, **more: Any) -> Run:
    config = Config(network=MLP(6, 2, "tanh"), seed=seed, device="cpu", balance=False, chunk=4096, **more)
    return build_run(of, config)


def theta(of: Trial, seed: int = 3) -> Tensor:
    return torch.randn(of.layout.size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def points(count: int = 20) -> Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def nested(of: Trial) -> Trial:
    base = replace(of.base, trial=nested(of.base.trial)) if of.base is not None else None
    return Trial(of.formulation, of.network, of.features, "autograd", of.dtype, of.device, base)


def staged(of: Problem) -> Trial:
    """The second of two stages."""
    first, second = run(of).trial, run(of, 1, embedding=Scaled(2)).trial
    return second.on(Base(first, theta(first, 5), 0.1, theta(second, 6)))


def test_the_fields_are_the_slopes_of_the_stream_function() -> None:
    """Of the same network without G and D, by the product rule written out."""
    trial, bare = run(cavity()).trial, run(cavity(stream_function=None)).trial
    at, where = theta(trial), points()
    x, y = where.unbind(1)
    # u = N_y and v = -N_x of the bare one; N itself by integration of N_y from a wall.
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(40))
    plain = bare.taylor(where, IndexSet.closure([], 2), at)[0]
    n_y, n_x = plain[:, 0], -plain[:, 1]

    def difference(to: Tensor) -> Tensor:
        """N(to) - N(0, 0), along two lines."""
        total = torch.zeros(len(to), dtype=torch.float64)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            below, beside = to * torch.tensor([1.0, 0.0]) * node, torch.stack((to[:, 0], to[:, 1] * node), dim=1)
            slopes = [bare.taylor(p, IndexSet.closure([], 2), at)[0] for p in (below, beside)]
            total += weight * (-slopes[0][:, 1] * to[:, 0] + slopes[1][:, 0] * to[:, 1])
        return total

    along, slope = 16 * x**2 * (1 - x) ** 2, 32 * x * (1 - x) * (1 - 2 * x)
    # N at the origin, which no slope tells, from the u that it makes at one point.
    found = trial.taylor(where, IndexSet.closure([], 2), at)[0]
    change = difference(where)

    def expected(origin: Tensor) -> Tensor:
        n = origin + change
        u = along * (3 * y**2 - 2 * y + (2 * y * (1 - y) ** 2 - 2 * y**2 * (1 - y)) * n + y**2 * (1 - y) ** 2 * n_y)
        v = -slope * y**2 * ((y - 1) + (1 - y) ** 2 * n) - along * y**2 * (1 - y) ** 2 * n_x
        return torch.stack((u, v), dim=1)

    zero, one = expected(torch.tensor(0.0)), expected(torch.tensor(1.0))
    origin = ((found - zero) * (one - zero)).sum() / ((one - zero) ** 2).sum()
    torch.testing.assert_close(found, expected(origin), rtol=0, atol=1e-10)


@pytest.mark.parametrize("base", [False, True])
def test_there_is_no_divergence_and_walls_are_exact(base: bool) -> None:
    trial = staged(cavity()) if base else run(cavity()).trial
    found = trial.taylor(points(), INDICES, theta(trial))
    for k in ((0, 0), (1, 0), (0, 1)):
        at = INDICES.position[k[0] + 1, k[1]], INDICES.position[k[0], k[1] + 1]
        assert float(found[at[0], :, 0].abs().max()) > 1e-2
        divergence = found[at[0], :, 0] * (k[0] + 1) + found[at[1], :, 1] * (k[1] + 1)
        assert float(divergence.abs().max()) < 1e-11
    for column, end, lid in ((0, 0.0, 0.0), (0, 1.0, 0.0), (1, 0.0, 0.0), (1, 1.0, 1.0)):
        where = points()
        where[:, column] = end
        values = trial.taylor(where, IndexSet.closure([], 2), theta(trial))[0]
        speed = lid * 16 * where[:, 0] ** 2 * (1 - where[:, 0]) ** 2
        torch.testing.assert_close(values, torch.stack((speed, 0 * speed), dim=1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("base", [False, True])
def test_both_engines_agree(base: bool) -> None:
    trial = staged(cavity()) if base else run(cavity()).trial
    found = trial.fixed(trial.prepare(points(), INDICES), theta(trial))
    other = nested(trial)
    torch.testing.assert_close(found, other.fixed(other.prepare(points(), INDICES), theta(trial)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("base", [False, True])
def test_the_jacobian_of_rows_is_that_of_reverse_mode(base: bool) -> None:
    trial = staged(cavity()) if base else run(cavity()).trial
    at = theta(trial, 2)
    (block,) = Assembly(trial, Uniform(9), Uniform(5), {}, 4096).draw(at, np.random.default_rng(0)).chunks
    assert isinstance(block, PointwiseRows)
    assert block.terms == ("vorticity",)
    values, jacobian = block.jacobian(at)
    leaf = at.clone().requires_grad_()
    again = block.values(leaf)
    expected = torch.stack([torch.autograd.grad(row, leaf, retain_graph=True)[0] for row in again])
    torch.testing.assert_close(values, again.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(jacobian, expected, rtol=1e-9, atol=1e-9)


def test_points_in_parts_are_those_at_once() -> None:
    trial = run(cavity()).trial
    whole = trial.prepare(points(), INDICES)
    parts = [trial.fixed(whole.part(rows, 1), theta(trial)) for rows in (slice(0, 7), slice(7, 20))]
    torch.testing.assert_close(torch.cat(parts, dim=1), trial.fixed(whole, theta(trial)), rtol=1e-13, atol=1e-13)


def test_lower_precision_has_the_same_fields() -> None:
    trial = run(cavity()).trial
    low = trial.in_precision(torch.float32)
    indices = IndexSet.closure([], 2)
    found = low.taylor(points().float(), indices, theta(trial).float())
    torch.testing.assert_close(found.double(), trial.taylor(points(), indices, theta(trial)), rtol=1e-3, atol=1e-4)


def words(problem: Problem) -> dict[str, str]:
    return {c.condition: "exact" if c.exact else c.reason for c in formulate(problem).choices}


def test_what_the_stream_function_satisfies_is_exact() -> None:
    formulation = formulate(cavity())
    assert words(cavity()) == {"lid": "exact", "still": "exact", "impermeable": "exact"}
    assert formulation.soft == ()
    assert all(lift.trivial for lift in formulation.lifts)
    assert {c.reason for c in formulation.choices} == {"the stream function satisfies it"}


@pytest.mark.parametrize("psi", ["along*y^2*N", "along*y^2*((y - 1)/2 + (1 - y)^2*N)", "along*y^2*(y - 1)*(1 + N)"])
def test_what_it_does_not_satisfy_is_soft(psi: str) -> None:
    assert words(cavity(stream_function=psi))["lid"] == "the stream function is given, and does not satisfy it"
    assert words(cavity(stream_function=psi))["still"] == "exact"


def test_a_condition_on_another_field_keeps_its_lift() -> None:
    more = {
        "fields": ["u", "v", "s"],
        "equations": {"stokes": "laplace(v_x - u_y) = 0", "carried": "u*s_x + v*s_y = laplace(s)"},
        "conditions": {"lid": {"on": "y = 1", "equation": "u = along"}, "s": {"on": "boundary", "equation": "s = x"}},
    }
    formulation = formulate(cavity(**more))
    assert [(c.condition, c.exact, c.lifted) for c in formulation.choices] == [("lid", True, False), ("s", True, True)]


def test_an_unknown_parameter_cannot_stand_in_it() -> None:
    problem = cavity(
        parameters={"Re": 10, "a": {"start": 1}},
        stream_function="a*along*y^2*((y - 1) + (1 - y)^2*N)",
    )
    with pytest.raises(UserError, match="the stream function depends on `a`, which is not known before training"):
        formulate(problem)


def test_a_condition_on_an_unknown_parameter_is_soft_whatever_its_start_is() -> None:
    conditions = {"lid": {"on": "y = 1", "equation": "u = a*along"}, "floor": {"on": "y = 0", "equation": "u = 0"}}
    problem = cavity(parameters={"Re": 10, "a": {"start": 1}}, conditions=conditions)
    assert words(problem)["floor"] == "exact"
    assert words(problem)["lid"] != "exact"


def test_windows_do_not_go_with_it() -> None:
    problem = cavity(
        coordinates={"x": [0, 1], "y": [0, 1], "t": [0, 1]},
        time="t",
        equations={"v": "d(v_x - u_y, t) = laplace(v_x - u_y)"},
        conditions={"start": {"on": "t = 0", "equation": "u = 0"}},
    )
    with pytest.raises(UserError, match="windows of time and a stream function do not go together"):
        require_marchable(problem)
