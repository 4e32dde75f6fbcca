"""Sums of second derivatives as one entry of a jet.

Satisfied: the sum is that of the plain entries to rounding, through every activation, every network of the table,
products, reciprocals and lifts, and that of nested reverse mode; so are the gradients of it and the Jacobian of rows;
equations that depend on second derivatives through a sum alone are found, nonlinear ones too, and no others; a set has
d + 2 entries in place of 2 d + 1.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives import jet
from pinnkit.derivatives.autograd import differentiate
from pinnkit.derivatives.indices import IndexSet, second_derivatives
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.networks import NETWORKS
from pinnkit.networks.activations import ACTIVATIONS
from pinnkit.objective.assembly import Assembly
from pinnkit.objective.sums import summed_residuals
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

F64, CPU = torch.float64, torch.device("cpu")
ALL = second_derivatives([True] * 4)
SUMMED = IndexSet.closure([ALL], 4)
PLAIN = IndexSet.closure([tuple(2 * int(i == d) for i in range(4)) for d in range(4)], 4)
FUNCTIONS = {**ACTIVATIONS, "cos": jet.cos, "reciprocal": jet.reciprocal, "algebraic": jet.algebraic}


def points() -> Tensor:
    return torch.rand(5, 4, generator=torch.Generator().manual_seed(0), dtype=F64) + 0.2


def laplacian(found: Jet) -> Tensor:
    """The sum of the plain entries, or the one entry."""
    if ALL in found.indices.position:
        return found.derivative(ALL)
    return sum((found.derivative(k) for k in PLAIN.indices if max(k) == 2), torch.zeros_like(found.value))


def test_a_set_has_two_entries_more_than_coordinates() -> None:
    assert len(SUMMED) == 6
    assert len(PLAIN) == 9
    assert SUMMED.indices[-1] == ALL
    assert [level.stop - level.start for level in SUMMED.levels] == [1, 4, 1]
    assert SUMMED.factorials[-1] == 2.0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_products_has_the_same_laplacian_and_gradients(name: str) -> None:
    """f(x y + z/2), times w, with respect to the values of all entries that go in."""
    slopes = []
    for indices in (PLAIN, SUMMED):
        at = points().requires_grad_()
        x, y, z, w = (jet.coordinates(at, indices).channel(d) for d in range(4))
        inner = Jet(jet.multiply(x, y).coefficients + 0.5 * z.coefficients, indices)
        found = laplacian(jet.multiply(FUNCTIONS[name](inner), w))
        (slope,) = torch.autograd.grad((found**2).sum(), at)
        slopes.append((found, slope))
    torch.testing.assert_close(slopes[1][0], slopes[0][0], rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(slopes[1][1], slopes[0][1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", NETWORKS.names())
def test_a_network_has_the_same_laplacian_and_gradients(name: str) -> None:
    """By plain entries, by the sum, and by nested reverse mode."""
    module = NETWORKS.build({"name": name, "width": 6, **({"depth": 2} if name != "pirate_net" else {})}).build(
        4, 2, torch.Generator().manual_seed(0), F64, CPU
    )
    layout, theta = Layout.of(module), Layout.start(module)
    theta = theta + 0.2 * torch.randn(theta.shape, generator=torch.Generator().manual_seed(1), dtype=F64)
    found = []
    for indices, reverse in ((PLAIN, False), (SUMMED, False), (SUMMED, True)):
        leaf = theta.clone().requires_grad_()

        def network(features: Jet, leaf: Tensor = leaf) -> Jet:
            outputs: Jet = functional_call(module, layout.split(leaf), (features,))
            return outputs

        own = differentiate(network, points(), indices) if reverse else network(jet.coordinates(points(), indices))
        value = laplacian(own)
        (slope,) = torch.autograd.grad((value**2).sum(), leaf)
        found.append((value.detach(), slope))
    for value, slope in found[1:]:
        torch.testing.assert_close(value, found[0][0], rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(slope, found[0][1], rtol=1e-10, atol=1e-12)


def box(equation: str, dimension: int = 3, **more: Any) -> Problem:
    """A field in a box, with time where the equation has it."""
    names = ["x", "y", "z", "v", "w"][:dimension]
    coordinates: dict[str, Any] = {name: [0, 1] for name in names} | ({"t": [0, 1]} if "u_t" in equation else {})
    keys: dict[str, Any] = {
        "name": "box",
        "coordinates": coordinates,
        "fields": ["u"],
        "equations": {"e": equation},
        "conditions": {"walls": {"on": "boundary", "equation": "u = x*y"}},
        "parameters": {"k": 3},
    }
    if "u_t" in equation:
        keys |= {"time": "t"}
        keys["conditions"] |= {"start": {"on": "t = 0", "equation": "u = x*y"}}
    return define(**{**keys, **more})


FOUND = {
    "laplace(u) = 1": box("laplace(u) = 1"),
    "k*(u_xx + u_yy + u_zz) + u^3 = sin(x)": box("k*(u_xx + u_yy + u_zz) + u^3 = sin(x)"),
    "u_t = (1 + u^2)*laplace(u) + u_x": box("u_t = (1 + u^2)*laplace(u) + u_x"),
    "laplace(u)^2 + exp(laplace(u)) = 1": box("laplace(u)^2 + exp(laplace(u)) = 1"),
    "five": box("laplace(u) + u = 1", 5),
    "u_zz alone is not there": box("u_xx + u_yy + u_vv = u_z", 4),
    "two fields": box(
        "",
        fields=["u", "q"],
        equations={"a": "laplace(u) = q", "b": "laplace(q) + u*laplace(u) = 1"},
        conditions={"walls": {"on": "boundary", "equation": "u = 0"}, "more": {"on": "boundary", "equation": "q = 0"}},
    ),
}

LEFT = {
    "two coordinates": box("laplace(u) = 1", 2),
    "not isotropic": box("u_xx + 2*u_yy + u_zz = 1"),
    "one of them alone": box("laplace(u) + u*u_xx = 1"),
    "mixed": box("laplace(u) + d(u_x, y) = 1"),
    "higher": box("laplace(u) + d(u, x, 4) = 1"),
    "another equation needs one": box(
        "",
        fields=["u", "q"],
        equations={"a": "laplace(u) = q", "b": "q = u_xx"},
        conditions={"walls": {"on": "boundary", "equation": "u = 0"}},
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_equations_by_sums_are_found_and_are_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Residuals, rows, their Jacobian and the gradient, with every condition exact that can be."""
    problem = FOUND[name]
    assert set(summed_residuals(problem)) == {e.name for e in problem.equations}
    config = Config(points=Uniform(6), condition_points=Uniform(2), balance=False, device="cpu", threads=1, hard="all")
    found = []
    for on in (True, False):
        monkeypatch.setattr(Assembly, "_sums", on)
        run = build_run(problem, config)
        theta = run.trial.layout.start(run.trial.network)
        objective = run.assembly.draw(theta, np.random.default_rng(0))
        residuals = run.assembly.residuals(np.random.default_rng(1).random((4, len(problem.coordinates))), theta)
        jacobian = objective.linearize(theta).jacobian
        found.append((objective.rows(theta), objective.evaluate(theta).gradient, residuals, jacobian))
    for one, other in zip(*found, strict=True):
        if isinstance(one, dict):
            one, other = (torch.from_numpy(np.stack(list(r.values()))) for r in (one, other))
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", LEFT)
def test_equations_that_need_more_are_left_alone(name: str) -> None:
    assert summed_residuals(LEFT[name]) == {}


def _run(problem: Problem, **more: Any) -> Run:
    return build_run(problem, Config(points=Uniform(5), balance=False, device="cpu", threads=1, **more))


def test_further_stages_and_symmetries_have_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    centred = {name: [-1, 1] for name in "xyz"}
    problem = box(
        "laplace(u) = 1",
        coordinates=centred,
        symmetry={"u": "even in x"},
        conditions={"walls": {"on": "boundary", "equation": "u = x^2"}},
    )
    found = []
    for on in (True, False):
        monkeypatch.setattr(Assembly, "_sums", on)
        run = _run(problem, hard="all")
        theta = run.trial.layout.start(run.trial.network)
        found.append(run.assembly.draw(theta, np.random.default_rng(0)).rows(theta))
    torch.testing.assert_close(*found, rtol=1e-11, atol=1e-12)
