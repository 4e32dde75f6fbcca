"""Networks side by side.

Satisfied: the outputs are those of each network alone; a field depends on the parameters of its own network only; the
rows' Jacobian is that of differences and of one reverse sweep a row; a point outside a part is seen from its middle,
so that features stay finite there, on half-lines too.
"""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.rows import covers
from pinnkit.networks import MLP, Ensemble, EnsembleFeatures
from pinnkit.objective.residuals import indices_of, of_equation, output_indices_of
from pinnkit.objective.rows import PointwiseRows
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

FLOAT64 = torch.float64
CONFIG = Config(
    network=MLP(4, 2), points=Uniform(7), condition_points=Uniform(3), device="cpu", threads=1, balance=False
)


def problem() -> Problem:
    """A finite region beside a half-line."""
    return define(
        name="half",
        coordinates={"x": [0, "inf"]},
        fields=["u"],
        parameters={"k": {"start": 2}},
        regions={"near": {"x": [0, 1]}, "far": {"x": [1, "inf"]}},
        equations={"decay": "u_xx = where(x < 1, 1, k)*u"},
        interfaces={"value": "u", "slope": "dn(u)"},
        conditions={"wall": {"on": "x = 0", "equation": "u = 1"}, "end": {"on": "x = inf", "equation": "u = 0"}},
    )


def theta_of(run: Run) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    layout = run.trial.layout
    return layout.start(run.trial.network) + 0.3 * torch.randn(layout.size, generator=generator, dtype=FLOAT64)


def ensemble_of(run: Run) -> Ensemble:
    return next(module for module in run.trial.network.modules() if isinstance(module, Ensemble))


def pointwise(run: Run, x: Tensor) -> PointwiseRows:
    trial = run.trial
    residuals = [of_equation(equation, trial.problem) for equation in trial.problem.equations]
    prepared = trial.prepare(x, indices_of(residuals, trial.problem), output_indices_of(residuals, trial.problem))
    names = tuple(equation.name for equation in trial.problem.equations)
    return PointwiseRows(trial, prepared, names, tuple(residuals), torch.ones(len(residuals), len(x), dtype=FLOAT64))


def test_outputs_are_those_of_each_network_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    networks = [MLP(3, 2).build(count, 1, generator, FLOAT64, torch.device("cpu")) for count in (2, 3)]
    features = Jet(torch.randn(1, 6, 5, generator=generator, dtype=FLOAT64), IndexSet(((0,),)))
    both = Ensemble(networks, [2, 3])(features)
    for i, (network, columns) in enumerate(zip(networks, (slice(0, 2), slice(2, 5)), strict=True)):
        alone = network(Jet(features.coefficients[:, :, columns], features.indices))
        assert torch.equal(both.coefficients[:, :, i : i + 1], alone.coefficients)


def test_a_field_depends_on_its_own_network_alone() -> None:
    run = build_run(problem(), CONFIG)
    trial, theta = run.trial, theta_of(run)
    x = torch.tensor([[0.2], [0.7]], dtype=FLOAT64)
    indices = IndexSet(((0,),))
    prepared = trial.prepare(x, indices, indices)

    def near(at: Tensor) -> Tensor:
        parameters = trial.layout.split(at)
        fields = trial.evaluate(prepared, lambda jet: functional_call(trial.network, parameters, (jet,)))
        return fields.coefficients[0, :, 0].sum()

    slope = torch.autograd.functional.jacobian(near, theta)
    assert isinstance(slope, Tensor)
    changed = {name: bool(part.any()) for name, part in trial.layout.split(slope).items()}
    own = {name: ".networks.0." in f".{name}" for name in changed}
    assert any(own.values())
    assert all(own[name] for name, moved in changed.items() if moved)


def test_the_jacobian_is_that_of_differences_and_of_a_sweep_a_row() -> None:
    run = build_run(problem(), CONFIG)
    theta = theta_of(run)
    x = torch.tensor([[0.1], [0.6], [1.5], [3.0], [40.0]], dtype=FLOAT64)
    rows = pointwise(run, x)
    assert covers(run.trial.network)
    values, jacobian = rows.jacobian(theta)
    assert torch.allclose(values, rows.values(theta), rtol=1e-12, atol=1e-14)
    assert torch.allclose(jacobian, _by_differences(rows, theta), rtol=1e-5, atol=1e-6 * float(jacobian.abs().max()))
    reverse = torch.autograd.functional.jacobian(rows.values, theta)
    assert isinstance(reverse, Tensor)
    assert torch.allclose(jacobian, reverse, rtol=1e-10, atol=1e-12 * float(reverse.abs().max()))


def _by_differences(rows: PointwiseRows, theta: Tensor) -> Tensor:
    step, units = 1e-5, torch.eye(len(theta), dtype=FLOAT64)
    with torch.no_grad():
        found = [(rows.values(theta + step * e) - rows.values(theta - step * e)) / (2 * step) for e in units]
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0, 1.0 + 1e-9, 2.0, 1e6])
def test_features_are_finite_everywhere_with_all_derivatives(at: float) -> None:
    run = build_run(problem(), CONFIG)
    features = run.trial.features
    assert isinstance(features, EnsembleFeatures)
    indices = IndexSet(((0,), (1,), (2,)))
    coefficients = torch.zeros(3, 1, 1, dtype=FLOAT64)
    coefficients[0], coefficients[1] = at, 1.0
    assert torch.isfinite(features(Jet(coefficients, indices)).coefficients).all()


def test_a_point_outside_a_part_is_seen_from_its_middle() -> None:
    run = build_run(problem(), CONFIG)
    features, first = run.trial.features, None
    assert isinstance(features, EnsembleFeatures)
    near = slice(0, features.counts[0])
    for at in (1.5, 7.0, 1e5):
        seen = features(Jet(torch.tensor([[[at]]], dtype=FLOAT64), IndexSet(((0,),)))).coefficients[0, 0, near]
        middle = features(Jet(torch.tensor([[[0.5]]], dtype=FLOAT64), IndexSet(((0,),)))).coefficients[0, 0, near]
        assert torch.equal(seen, middle if first is None else first)
        first = seen


def test_every_network_has_its_own_start() -> None:
    networks = ensemble_of(build_run(problem(), CONFIG)).networks
    starts = [np.concatenate([p.detach().numpy().ravel() for p in network.parameters()]) for network in networks]
    assert len(starts) == 2
    assert not np.allclose(starts[0], starts[1])
