"""Fields of one stream function.

Satisfied: u_x + v_y vanishes to rounding whatever the parameters are, by both engines, with an exact start and on
earlier stages; other fields are what they were; the rows' Jacobian is that of reverse mode; an exact start stays
exact, and everything that would bring in a divergence is soft, with its reason.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives import jet
from pinnkit.derivatives.indices import IndexSet
from pinnkit.errors import UserError
from pinnkit.formulation.conditions import Formulation, Hard, formulate
from pinnkit.formulation.solenoidal import Outputs, output_indices
from pinnkit.formulation.trial import Base, Engine, Trial
from pinnkit.networks import MLP, Scaled
from pinnkit.objective.assembly import Assembly
from pinnkit.objective.residuals import indices_of, of_equation, output_indices_of
from pinnkit.objective.rows import PointwiseRows
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.solving import _opening, solve

INDICES = IndexSet.closure([(2, 0, 0), (1, 1, 1), (0, 2, 0)], 3)
VORTEX = {
    "u": {"on": "t = 0", "equation": "u = 1 - cos(x)*sin(y)"},
    "v": {"on": "t = 0", "equation": "v = sin(x)*cos(y)"},
    "w": {"on": "t = 0", "equation": "w = 2*cos(x)*cos(y)"},
}


def flow(conditions: Any = VORTEX, walls: bool = False, **more: Any) -> Problem:
    space = [0, "2*pi"] if walls else {"range": [0, "2*pi"], "periodic": True}
    keys = {
        "name": "flow",
        "coordinates": {"x": space, "y": space, "t": [0, 2]},
        "time": "t",
        "fields": ["w", "v", "u"],
        "divergence_free": ["u", "v"],
        "parameters": {"nu": 0.05},
        "equations": {
            "vorticity": "w_t + u*w_x + v*w_y = nu*laplace(w)",
            "definition": "w = v_x - u_y",
            "continuity": "2*u_x + 2*v_y = 0",
        },
        "conditions": conditions,
    }
    return define(**{**keys, **more})


def run(of: Problem, seed: int = 0, **more: Any) -> Run:
    config = Config(network=MLP(6, 2, "tanh"), seed=seed, device="cpu", balance=False, chunk=4096, **more)
    return build_run(of, config)


def theta(of: Trial, seed: int) -> Tensor:
    return torch.randn(of.layout.size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def points(count: int = 20) -> Tensor:
    unit = torch.rand(count, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return unit * torch.tensor([2 * torch.pi, 2 * torch.pi, 2.0], dtype=torch.float64)


def jets(of: Trial, at: Tensor, indices: IndexSet = INDICES, where: Tensor | None = None) -> Tensor:
    return of.fixed(of.prepare(points() if where is None else where, indices), at)


def nested(of: Trial) -> Trial:
    base = replace(of.base, trial=nested(of.base.trial)) if of.base is not None else None
    return Trial(of.formulation, of.network, of.features, "autograd", of.dtype, of.device, base)


def staged(of: Problem) -> Trial:
    """The second of two stages."""
    first, second = run(of).trial, run(of, 1, embedding=Scaled(2)).trial
    return second.on(Base(first, theta(first, 5), 0.1, theta(second, 6)))


def test_the_network_has_one_output_less() -> None:
    formulation = formulate(flow())
    assert formulation.outputs == 2
    found = run(flow()).trial
    assert found.layout.shapes[-1] in ((2,), (2, 6))
    assert formulate(flow(divergence_free=None)).outputs == 3


@pytest.mark.parametrize("engine", ["jet", "autograd"])
@pytest.mark.parametrize("hard", ["all", "none"])
def test_there_is_no_divergence_whatever_the_parameters_are(engine: Engine, hard: Hard) -> None:
    trial = run(flow(), hard=hard, derivatives=engine).trial
    found = jets(trial, theta(trial, 3))
    for k in ((0, 0, 0), (0, 1, 0), (0, 0, 1)):
        u_x, v_y = (k[0] + 1, *k[1:]), (k[0], k[1] + 1, k[2])
        at = [INDICES.position[i] for i in (u_x, v_y)]
        divergence = found[at[0], :, 2] * (k[0] + 1) + found[at[1], :, 1] * (k[1] + 1)
        assert float(found[at[0], :, 2].abs().max()) > 1e-2
        assert float(divergence.abs().max()) < 1e-13


def test_there_is_none_on_earlier_stages() -> None:
    trial = staged(flow())
    found = jets(trial, theta(trial, 7))
    u_x, v_y = found[INDICES.position[1, 0, 0], :, 2], found[INDICES.position[0, 1, 0], :, 1]
    assert float(u_x.abs().max()) > 1e-2
    assert float((u_x + v_y).abs().max()) < 1e-13


@pytest.mark.parametrize("hard", ["all", "none"])
def test_the_fields_are_the_slopes_of_the_output(hard: Hard) -> None:
    """By reverse mode through the values of the network alone."""
    trial = run(flow(), hard=hard).trial
    parameters, where = trial.layout.split(theta(trial, 3)), points().requires_grad_()
    value = IndexSet.closure([], 3)
    features = trial.features(jet.coordinates(where, value))
    raw = functional_call(trial.network, parameters, (features,)).value
    (slope,) = torch.autograd.grad(raw[:, 1].sum(), where)
    x, y, t = where.detach().unbind(1)
    distance = t / 2 if hard == "all" else torch.ones_like(t)
    lift = torch.stack([2 * torch.cos(x) * torch.cos(y), torch.sin(x) * torch.cos(y), 1 - torch.cos(x) * torch.sin(y)])
    lift = lift if hard == "all" else 0 * lift
    expected = lift + distance * torch.stack([raw[:, 0].detach(), -slope[:, 0], slope[:, 1]])
    torch.testing.assert_close(jets(trial, theta(trial, 3), value)[0], expected.T, rtol=0, atol=1e-12)


@pytest.mark.parametrize("hard", ["all", "none"])
def test_both_engines_agree(hard: Hard) -> None:
    trial = run(flow(), hard=hard).trial
    found = jets(trial, theta(trial, 3))
    torch.testing.assert_close(found, jets(nested(trial), theta(trial, 3)), rtol=1e-10, atol=1e-10)
    second = staged(flow())
    found = jets(second, theta(second, 3))
    torch.testing.assert_close(found, jets(nested(second), theta(second, 3)), rtol=1e-9, atol=1e-9)


def rows(trial: Trial) -> PointwiseRows:
    few = Assembly(trial, Uniform(9), Uniform(5), {}, 4096)
    (block,) = [r for r in few.draw(theta(trial, 2), np.random.default_rng(0)).chunks if "vorticity" in r.terms]
    assert isinstance(block, PointwiseRows)
    return block


@pytest.mark.parametrize("base", [False, True])
def test_the_jacobian_of_rows_is_that_of_reverse_mode(base: bool) -> None:
    trial = staged(flow()) if base else run(flow()).trial
    block, at = rows(trial), theta(trial, 2)
    values, jacobian = block.jacobian(at)
    assert block.terms == ("vorticity", "definition")
    leaf = at.clone().requires_grad_()
    again = block.values(leaf)
    expected = torch.stack([torch.autograd.grad(row, leaf, retain_graph=True)[0] for row in again])
    torch.testing.assert_close(values, again.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(jacobian, expected, rtol=1e-10, atol=1e-10)
    other_values, other = rows(nested(trial)).jacobian(at)
    torch.testing.assert_close(values, other_values, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(jacobian, other, rtol=1e-9, atol=1e-9)


def test_no_more_is_carried_than_the_equations_need() -> None:
    """u_y and v_x are psi_yy and -psi_xx, where w is needed too; psi is carried to no third order."""
    problem = flow()
    residuals = [of_equation(e, problem) for e in formulate(problem).equations]
    assert len(indices_of(residuals, problem)) == 6
    assert len(output_indices_of(residuals, problem)) == 6
    assert len(Outputs(problem).indices(indices_of(residuals, problem))) == 13
    trial, few = run(problem).trial, indices_of(residuals, problem)
    prepared = trial.prepare(points(), few, output_indices_of(residuals, problem))
    found, whole = trial.fixed(prepared, theta(trial, 3)), jets(trial, theta(trial, 3), few)
    known = ~torch.isnan(found)
    torch.testing.assert_close(found[known], whole[known], rtol=1e-12, atol=1e-12)
    assert bool(known[:, :, 0].all())
    assert {few.indices[int(k)] for k in known[:, 0, 2].nonzero()} == {(0, 0, 0), (0, 1, 0)}
    assert {few.indices[int(k)] for k in known[:, 0, 1].nonzero()} == {(0, 0, 0), (1, 0, 0)}


def test_without_the_key_outputs_are_fields() -> None:
    problem = flow(divergence_free=None)
    assert Outputs(problem).indices(INDICES) is INDICES
    residuals = [of_equation(e, problem) for e in problem.equations]
    assert output_indices_of(residuals, problem) == indices_of(residuals, problem)
    assert output_indices([], problem).indices == ((0, 0, 0),)
    assert formulate(problem).equations == problem.equations


def words(formulation: Formulation) -> dict[str, str]:
    return {choice.condition: "exact" if choice.exact else choice.reason for choice in formulation.choices}


ALIKE = "a divergence would come in, since the two fields without one are not fixed alike"
GIVEN = "the values that it gives to the fields without divergence have one"
SPACE = "a distance in space would give the fields without divergence one"
EXACT = "exact"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"u": EXACT, "v": EXACT, "w": EXACT}),
        ({"v": None}, {"u": ALIKE, "w": EXACT}),
        ({"v": {"on": "t = 0", "equation": "v = cos(y)"}}, {"u": GIVEN, "v": GIVEN, "w": EXACT}),
        ({"v": {"on": "t = 0", "equation": "v_x = 1"}}, {"u": ALIKE, "w": EXACT}),
    ],
)
def test_a_start_is_exact_where_it_brings_in_no_divergence(changes: Any, expected: dict[str, str]) -> None:
    given = {name: entry for name, entry in {**VORTEX, **changes}.items() if entry is not None}
    found = words(formulate(flow(given)))
    assert {name: found[name] for name in expected} == expected


def test_a_start_without_divergence_that_cannot_be_seen_is_exact() -> None:
    """sin(2 x) and 2 sin x cos x are not told to be the same by looking."""
    given = {
        "u": {"on": "t = 0", "equation": "u = cos(x)^2*cos(y)"},
        "v": {"on": "t = 0", "equation": "v = sin(2*x)*sin(y)"},
    }
    assert words(formulate(flow(given))) == {"u": EXACT, "v": EXACT}


def test_walls_are_soft_and_leave_the_start_exact() -> None:
    walls = {
        "slip": {"on": "x = 0", "equation": "u = 0"},
        "other": {"on": "y = 0", "equation": "w = 0"},
    }
    start = {
        "u": {"on": "t = 0", "equation": "u = sin(x)*cos(y)"},
        "v": {"on": "t = 0", "equation": "v = -cos(x)*sin(y)"},
    }
    found = words(formulate(flow({**walls, **start}, walls=True)))
    assert found == {"slip": SPACE, "other": EXACT, "u": EXACT, "v": EXACT}


def test_what_cannot_be_exact_cannot_be_asked_for() -> None:
    with pytest.raises(UserError, match="condition `u` cannot be exact: a divergence would come in"):
        formulate(flow(), hard=("u",))


def test_an_exact_start_holds() -> None:
    trial = run(flow()).trial
    where = points()
    where[:, 2] = 0.0
    found = jets(trial, theta(trial, 4), IndexSet.closure([], 3), where)[0]
    x, y, _ = where.unbind(1)
    expected = torch.stack(
        [2 * torch.cos(x) * torch.cos(y), torch.sin(x) * torch.cos(y), 1 - torch.cos(x) * torch.sin(y)]
    )
    torch.testing.assert_close(found, expected.T, rtol=0, atol=1e-13)


KNOWN = ["u_x + v_y", "u_x = -v_y", "nu*(u_x + v_y) = 0", "x*u_x + x*v_y"]
OTHERS = ["u_x - v_y", "u_x + v_y = w", "u_x = 0", "d(u_x + v_y, x)"]


@pytest.mark.parametrize("equation", [*KNOWN, *OTHERS])
def test_which_equations_the_fields_satisfy_by_their_form(equation: str) -> None:
    formulation = formulate(flow(equations={"one": "w_t = laplace(w)", "two": "w = v_x - u_y", "three": equation}))
    assert formulation.identities == (("three",) if equation in KNOWN else ())
    assert [e.name for e in formulation.equations] == (["one", "two"] if equation in KNOWN else ["one", "two", "three"])


def test_a_flow_is_solved() -> None:
    """Stokes' flow: the vortex fades at its rate."""
    problem = flow(
        {"w": VORTEX["w"]},
        equations={"decay": "w_t = nu*laplace(w)", "definition": "w = v_x - u_y", "continuity": "u_x + v_y"},
    )
    config = Config(
        network=MLP(16, 1, "sin"),
        points=Uniform(300),
        condition_points=Uniform(100),
        phases=(LevenbergMarquardt(steps=60),),
        device="cpu",
        threads=1,
        renew=0,
    )
    solution = solve(problem, config)
    assert solution.result["residuals"]["continuity"] < 1e-12
    at = points().numpy()
    fading = np.exp(-2 * 0.05 * at[:, 2])
    w, v, u = solution(at).T
    np.testing.assert_allclose(w, 2 * np.cos(at[:, 0]) * np.cos(at[:, 1]) * fading, atol=2e-3)
    np.testing.assert_allclose(u, -np.cos(at[:, 0]) * np.sin(at[:, 1]) * fading, atol=2e-3)
    np.testing.assert_allclose(v, np.sin(at[:, 0]) * np.cos(at[:, 1]) * fading, atol=2e-3)
    np.testing.assert_allclose(solution.derivative("u_x", at) + solution.derivative("v_y", at), 0.0, atol=1e-13)


def test_a_run_says_which_equation_is_exact() -> None:
    said = _opening(run(flow({"start": VORTEX["w"]})))
    assert "equation continuity: exact (built into the field)" in said
    with pytest.raises(
        UserError, match="unknown term `continuity` in `weights`(.|\n)*`continuity` is built into the field"
    ):
        run(flow(), weights={"continuity": 2.0})
