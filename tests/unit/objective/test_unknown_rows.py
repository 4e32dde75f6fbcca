"""Rows that depend on unknown parameters.

Satisfied: their Jacobian is the one of differences, of one reverse sweep a row, of the other engine and of copies of
the parameters, with exact conditions, mirrored copies, fields without divergence and earlier stages alike; equations as
trees and as Python functions, conditions and global rows take the same values; compiled rows are the plain ones.
"""

import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives.copies import row_jacobian_by_copies
from pinnkit.derivatives.rows import covers
from pinnkit.formulation.trial import Base, Trial
from pinnkit.networks import MLP
from pinnkit.objective.assembly import Assembly
from pinnkit.objective.residuals import indices_of, of_equation, output_indices_of
from pinnkit.objective.rows import GlobalRows, PointwiseRows, Rows
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

FLOAT64 = torch.float64
UNKNOWNS = {"k": {"start": 2, "bounds": [1, 4]}, "E": {"start": 0.5, "positive": True}, "c": {"start": 0}}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "lifted": {"conditions": {"walls": {"on": ["x = -1", "x = 1"], "equation": "u = y"}}},
    "symmetric": {"symmetry": {"u": ["odd in x", "even in y"], "v": "even in x"}},
    "solenoidal": {"divergence_free": ["u", "v"]},
}


def problem(kind: str, **more: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "two",
        "coordinates": {"x": [-1, 1], "y": [-1, 1]},
        "fields": ["u", "v"],
        "parameters": UNKNOWNS,
        "equations": {"one": "u_xx + k*v*u_y = E*sin(x)", "two": "v_yy + exp(E)*u = c*k*y", "three": "sqrt(k)*c = E"},
    }
    return define(**{**keys, **KINDS[kind], **more})


def assembly(of: Problem, **more: Any) -> Assembly:
    config: dict[str, Any] = {
        "network": MLP(4, 2),
        "device": "cpu",
        "points": Uniform(7),
        "condition_points": Uniform(3),
    }
    return build_run(of, Config(**{**config, "threads": 1, "balance": False, **more})).assembly


def theta_of(of: Trial, seed: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return of.layout.start(of.network) + 0.3 * torch.randn(of.layout.size, generator=generator, dtype=FLOAT64)


def pointwise(of: Trial) -> PointwiseRows:
    """All equations on the same seven points."""
    x = 2 * torch.rand(7, 2, generator=torch.Generator().manual_seed(1), dtype=FLOAT64) - 1
    residuals = [of_equation(equation, of.problem) for equation in of.problem.equations]
    prepared = of.prepare(x, indices_of(residuals, of.problem), output_indices_of(residuals, of.problem))
    names = tuple(equation.name for equation in of.problem.equations)
    return PointwiseRows(of, prepared, names, tuple(residuals), torch.ones(len(residuals), 7, dtype=FLOAT64))


def by_differences(rows: Rows, theta: Tensor, columns: Sequence[int]) -> Tensor:
    step = 1e-5
    units = [torch.eye(len(theta), dtype=FLOAT64)[column] for column in columns]
    with torch.no_grad():
        found = [(rows.values(theta + step * e) - rows.values(theta - step * e)) / (2 * step) for e in units]
    return torch.stack(found, dim=1)


def by_sweeps(rows: Rows, theta: Tensor) -> Tensor:
    leaf = theta.clone().requires_grad_()
    return torch.stack([torch.autograd.grad(row, leaf, retain_graph=True)[0] for row in rows.values(leaf)])


def close(found: Tensor, truth: Tensor, tolerance: float = 1e-12) -> None:
    torch.testing.assert_close(found, truth, rtol=0.0, atol=tolerance * float(truth.abs().max()))


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_jacobian_of_pointwise_rows(kind: str, staged: bool) -> None:
    of = assembly(problem(kind)).trial
    if staged:
        of = of.on(Base(of, theta_of(of, 5), 0.1, theta_of(of, 6)))
    rows, theta = pointwise(of), theta_of(of)
    assert covers(of.network)
    values, jacobian = rows.jacobian(theta)
    close(values, rows.values(theta).detach())
    assert bool((jacobian[:, -3:].abs().amax(0) > 1e-3).all())
    close(jacobian, by_sweeps(rows, theta))
    close(jacobian[:, -3:], by_differences(rows, theta, range(-3, 0)), 1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_and_copies_agree(kind: str) -> None:
    of, other = (assembly(problem(kind), derivatives=engine).trial for engine in ("jet", "autograd"))
    rows, checked, theta = pointwise(of), pointwise(other), theta_of(of)
    values, jacobian = rows.jacobian(theta)
    again, by_copies = checked.jacobian(theta)
    close(again, values)
    close(by_copies, jacobian)
    rows_again, direct = row_jacobian_by_copies(other.network, other.layout, theta, 7, checked._rows)
    close(rows_again, values)
    close(direct, jacobian)


def test_parts_laid_together_are_the_whole() -> None:
    of = assembly(problem("lifted")).trial
    rows, theta = pointwise(of), theta_of(of)
    parts = [part.jacobian(theta)[1].chunk(3) for part in rows.parts(3)]
    assert len(parts) == 3
    whole = rows.jacobian(theta)[1].chunk(3)
    for term in range(3):
        close(torch.cat([part[term] for part in parts]), whole[term])


def test_a_python_function_takes_the_same_values() -> None:
    def heat(u_xx: Tensor, v: Tensor, k: Tensor, x: Tensor, E: Tensor) -> Tensor:
        return u_xx + k * v - E * torch.sin(x)

    texts = {"one": "u_xx + k*v = E*sin(x)", "two": "v_yy + u = c"}
    written = pointwise(assembly(problem("plain", equations=texts)).trial)
    called = pointwise(assembly(problem("plain", equations={**texts, "one": heat})).trial)
    theta = theta_of(written.trial)
    for found, truth in zip(called.jacobian(theta), written.jacobian(theta), strict=True):
        close(found, truth)


def test_conditions_and_their_violations_take_the_same_values() -> None:
    made = assembly(problem("plain", conditions={"wall": {"on": "x = 1", "equation": "u = k*y"}}))
    theta = theta_of(made.trial)
    (rows,) = made.draw(theta, np.random.default_rng(0)).chunks[1:]
    _, jacobian = rows.jacobian(theta)
    close(jacobian[:, -3:], by_differences(rows, theta, range(-3, 0)), 1e-8)
    assert float(jacobian[:, -3].abs().max()) > 0
    other = theta.clone()
    other[-3] += 1.0
    before, after = (made.violations(np.random.default_rng(1), 50, at)["wall"] for at in (theta, other))
    assert before != after


def test_global_rows_see_the_channels() -> None:
    of = assembly(problem("lifted")).trial
    inner = pointwise(of)

    def mean(network: Any) -> Tensor:
        fields = of.evaluate(inner.prepared, network)
        return torch.stack([residual(fields, inner.prepared.points).mean() for residual in inner.residuals])

    rows, theta = GlobalRows(of, ("one", "two", "three"), mean), theta_of(of)
    _, jacobian = rows.jacobian(theta)
    close(jacobian, inner.jacobian(theta)[1].reshape(3, 7, -1).mean(1))


@pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="no C++ compiler")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the compiler warns of what it does itself
def test_compiled_rows_are_the_plain_ones() -> None:
    plain, compiled = (assembly(problem("lifted"), compile=chosen) for chosen in (False, True))
    theta = theta_of(plain.trial)
    one, other = (made.draw(theta, np.random.default_rng(0)).evaluate(theta) for made in (plain, compiled))
    assert other.loss == pytest.approx(one.loss, rel=1e-12)
    close(other.gradient, one.gradient)
