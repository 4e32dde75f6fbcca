"""Pseudo-time.

Satisfied: the rows are those of the formula and their Jacobian is that of differences; where nothing has moved they
are the plain ones, so that a solution stays one; tau is the quotient of the norms; signs are those of a stable motion;
reported losses are the plain ones; and a growth that plain training misses is found.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import Run, build_run
from pinnkit.config import Config, dump_config, load_config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.objective.causal import Causal
from pinnkit.objective.objective import Objective
from pinnkit.objective.pairing import pair_up
from pinnkit.objective.pseudo_time import PseudoTime, PseudoTimeSteps
from pinnkit.objective.residual_gradients import ResidualGradients
from pinnkit.optimizers import LBFGS, Adam, LevenbergMarquardt, Optimizer, Step
from pinnkit.points import Sobol, Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve
from pinnkit.stage import Stage
from pinnkit.training import train


def flow(**changes: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "flow",
        "coordinates": {"x": [0, 3], "t": [0, 1]},
        "time": "t",
        "fields": ["u", "v"],
        "equations": {"first": "u_t + u*v_x = u_xx", "second": "u_x + v_xx = v**3"},
        "conditions": {"start": {"on": "t = 0", "equation": "u = x"}, "ends": {"on": "x = 0", "equation": "v = t"}},
    }
    return define(**{**keys, **changes})


def growth() -> Problem:
    """u = a exp(t)/(1 - a + a exp(t)); u = 0 solves the equation too, and any move away from it grows."""
    return define(
        name="growth",
        coordinates={"t": [0, 20]},
        time="t",
        fields=["u"],
        parameters={"a": 0.01},
        equations={"growth": "u_t = u*(1 - u)"},
        conditions={"start": {"on": "t = 0", "equation": "u = a"}},
        reference={"exact": {"u": "a*exp(t)/(1 - a + a*exp(t))"}},
    )


def run(problem: Problem, **options: Any) -> Run:
    given = {"points": Uniform(20), "condition_points": Uniform(6), "chunk": 4096, "network": MLP(6, 2), **options}
    return build_run(problem, Config(**{"hard": "none", "balance": False, **given}))


def start(own: Run, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    theta = own.trial.layout.start(own.trial.network)
    return theta + 0.3 * torch.randn(len(theta), dtype=theta.dtype, generator=generator)


def drawn(own: Run, seed: int = 1) -> Objective:
    return own.assembly.draw(own.trial.layout.start(own.trial.network), np.random.default_rng(seed))


def points_of(objective: Objective) -> np.ndarray:
    return np.asarray(objective.chunks[0].prepared.points.numpy())  # type: ignore[attr-defined]


@pytest.mark.parametrize("engine", ["jet", "autograd"])
def test_rows_are_those_of_the_formula(engine: str) -> None:
    own = run(flow(), derivatives=engine, weights={"first": 4.0})
    before, theta = start(own, 1), start(own, 2)
    objective = drawn(own)
    steps = PseudoTimeSteps.of(PseudoTime(first=2.5), own.problem)
    steps.stepped(objective, objective, before)
    held = steps.stepped(objective, objective, theta)
    x = points_of(objective)
    move = own.trial.derivative(x, (0, 0), theta) - own.trial.derivative(x, (0, 0), before)
    plain = own.assembly.residuals(x, theta)
    first = 2.0 * (plain["first"] + 2.5 * move[:, 0])
    second = plain["second"] - 2.5 * move[:, 1]  # + v_xx is stable with the sign -
    expected = np.concatenate([first, second]) / np.sqrt(len(x))
    assert np.allclose(held.rows(theta).numpy()[: 2 * len(x)], expected, rtol=1e-10)
    assert torch.equal(held.rows(theta)[2 * len(x) :], objective.rows(theta)[2 * len(x) :])
    assert held.draw is objective.draw


def test_gradient_and_jacobian_are_those_of_the_rows() -> None:
    own = run(flow())
    objective = drawn(own)
    steps = PseudoTimeSteps.of(PseudoTime(), own.problem)
    steps.stepped(objective, objective, start(own, 1))
    theta = start(own, 2)
    held = steps.stepped(objective, objective, theta)
    linear, found = held.linearize(theta), held.evaluate(theta)
    torch.testing.assert_close(found.gradient, linear.transposed_times(linear.rows), rtol=1e-9, atol=1e-12)
    slope, h = torch.randn(len(theta), dtype=theta.dtype, generator=torch.Generator().manual_seed(1)), 1e-6
    change = (held.rows(theta + h * slope) - held.rows(theta - h * slope)) / (2 * h)
    torch.testing.assert_close(linear.times(slope), change, rtol=1e-6, atol=1e-7)


def test_where_nothing_has_moved_the_rows_are_the_plain_ones() -> None:
    """So a solution stays one. But what is stationary for the plain rows alone is not: the gradient is another."""
    own = run(flow())
    theta, objective = start(own, 1), drawn(own)
    held = PseudoTimeSteps.of(PseudoTime(), own.problem).stepped(objective, objective, theta)
    torch.testing.assert_close(held.rows(theta), objective.rows(theta), rtol=1e-12, atol=1e-12)
    assert (held.evaluate(theta).gradient - objective.evaluate(theta).gradient).norm() > 1e-2


def test_tau_is_how_strongly_an_equation_answers() -> None:
    own = run(flow(), weights={"first": 9.0})
    objective, (before, theta) = drawn(own), (start(own, 1), start(own, 2))
    x = points_of(objective)
    moved = np.linalg.norm(own.trial.derivative(x, (0, 0), theta) - own.trial.derivative(x, (0, 0), before), axis=0)
    now, then = (own.assembly.residuals(x, at) for at in (theta, before))
    wanted = {n: np.linalg.norm(now[n] - then[n]) / moved[k] for k, n in enumerate(("first", "second"))}
    for least, most in ((0.0, 1e6), (1e3, 1e4), (1e-3, 1e-2)):
        steps = PseudoTimeSteps.of(PseudoTime(every=3, first=0.5, least=least, most=most), own.problem)
        found = []
        for _ in range(3):
            steps.stepped(objective, objective, before)
            found.append(steps.report())
        assert found == [{"first": 0.5, "second": 0.5}, None, None]
        steps.stepped(objective, objective, theta)
        assert steps.report() == pytest.approx({n: min(max(rate, least), most) for n, rate in wanted.items()})


def test_fresh_points_and_changed_factors_keep_the_fields_of_the_renewal() -> None:
    own = run(flow())
    before, theta = start(own, 1), start(own, 2)
    steps = PseudoTimeSteps.of(PseudoTime(first=2.0), own.problem)
    steps.stepped(drawn(own), drawn(own), before)
    for seed in (2, 3):
        objective = drawn(own, seed)
        half = objective.scaled(lambda x: torch.full_like(x[:, 0], 0.5))
        held, less = (steps.stepped(one, objective, theta) for one in (objective, half))
        torch.testing.assert_close(less.rows(theta), 0.5 * held.rows(theta))
        x = points_of(objective)
        move = own.trial.derivative(x, (0, 0), theta)[:, 0] - own.trial.derivative(x, (0, 0), before)[:, 0]
        got = (held.rows(theta) - objective.rows(theta))[: len(x)] * np.sqrt(len(x))
        assert np.allclose(got, 2.0 * move)


def test_derivatives_of_residuals_get_the_derivatives_of_the_terms() -> None:
    own = run(flow(), residual_gradients=ResidualGradients())
    before, theta, objective = start(own, 1), start(own, 2), drawn(own)
    steps = PseudoTimeSteps.of(PseudoTime(), own.problem, own.assembly.further)
    steps.stepped(objective, objective, before)
    held, x = steps.stepped(objective, objective, theta), points_of(objective)
    block, plain = held.chunks[0], objective.chunks[0]
    change = block.by_term(block.values(theta) - plain.values(theta))["second_x"]
    moved = (own.trial.derivative(x, (1, 0), theta) - own.trial.derivative(x, (1, 0), before))[:, 1]
    assert np.allclose(change, -1.5 * moved * 0.1 / np.sqrt(len(x)))


@pytest.mark.parametrize(
    ("equation", "sign"),
    [
        ("u_t = u_xx + u - u**3", 1),
        ("u_xx + u_yy = 0", -1),
        ("-2*u_xx - u_yy + u = 0", 1),
        ("u_xxxx + u_xx = 0", 1),
        ("0 = a*u_xx + u - u**3", 1),
        ("b*u_xx = u", 1),
        ("(1 + x**2)*u_xx = u", -1),
        ("u = x", 1),
        ("x - u**3 = 2*u", -1),
        ("u_tt = u_xx", None),
        ("u_xx = u_yy", None),
        ("u_x = u", None),
        ("sin(u)*u_xx = 1", None),
    ],
)
def test_signs_are_those_of_a_stable_motion(equation: str, sign: int | None) -> None:
    parameters = {"a": 2.0, "b": -1.0}
    box = {"x": [0, 1], "y": [0, 1], "t": [0, 1]}
    problem = define(
        name="p", coordinates=box, time="t", fields=["u"], parameters=parameters, equations={"e": equation}
    )
    (pair,) = pair_up(problem)
    assert (pair.sign, pair.known) == (sign or 1, sign is not None)


def test_an_equation_is_paired_by_its_place_or_by_what_it_differentiates_most() -> None:
    assert [(p.equation, p.field) for p in pair_up(flow())] == [("first", "u"), ("second", "v")]
    single = flow(equations={"only": "u_t + v_xx = u"})
    assert [(p.equation, p.field, p.sign) for p in pair_up(single)] == [("only", "v", -1)]
    notes = run(single, pseudo_time=PseudoTime(every=5, signs={"only": 1})).notes
    assert notes == ("pseudo-time: `only` moves `v` (+)",)
    (guess,) = run(flow(equations={"only": "u_tt = u_xx + v"}), pseudo_time=PseudoTime(every=5)).notes
    assert "`only` moves `u` (+); nothing in `only` says which sign is stable" in guess


@pytest.mark.parametrize("seed", [0, 1])
def test_a_growth_that_plain_training_misses_is_found(seed: int) -> None:
    """Plain training ends where the field has fallen back to u = 0, with an error of 1 and a small loss."""
    found = {}
    for rule in (None, PseudoTime(every=5)):
        phases = (LevenbergMarquardt(steps=100),)
        config = Config(network=MLP(10, 2), points=Sobol(300), phases=phases, pseudo_time=rule, seed=seed)
        found[rule is not None] = solve(growth(), config).errors()["u"]["relative_l2"]
    assert found[False] > 0.5
    assert found[True] < 1e-3


@pytest.mark.parametrize("optimizer", [Adam(steps=6), LBFGS(steps=6), LevenbergMarquardt(steps=6)])
@pytest.mark.parametrize("causal", [None, Causal(epsilons=(0.1,), slices=4, stop=False)])
def test_losses_that_are_told_are_those_of_the_equations(optimizer: Optimizer, causal: Causal | None) -> None:
    problem = growth()
    thetas: list[Tensor] = []
    made: list[dict[str, Any]] = []
    rule = PseudoTime(every=3)
    config = Config(network=MLP(6, 2), points=Uniform(30), renew=0, pseudo_time=rule, causal=causal, chunk=4096)
    own = build_run(problem, config)
    theta = own.trial.layout.start(own.trial.network)

    def note(record: dict[str, Any], after: Tensor) -> None:
        made.append(record)
        thetas.append(after)

    steps = PseudoTimeSteps.of(rule, problem)
    trained = train(own.assembly, theta, [("one", optimizer)], 0, np.random.default_rng(4), note, pseudo=steps)
    objective = own.assembly.draw(theta, np.random.default_rng(4))
    for record, at in zip(made, [theta, *thetas], strict=False):
        assert record["losses"]["growth"] == pytest.approx(objective.evaluate(at).losses["growth"], rel=1e-9)
    assert [record["step"] for record in made if "pseudo_time" in record] == [1, 4]
    assert trained.failure is None
    assert len(solve(problem, replace(config, phases=(optimizer,))).history) == 6


@dataclass(frozen=True)
class Ending(Optimizer):
    """Changes nothing, and has come to its end after `life` steps."""

    life: int = 3

    def start(self, theta: Tensor) -> int:
        """How many steps were made."""
        return 0

    def step(self, objective: Objective, theta: Tensor, state: int) -> Step:
        """One step."""
        found = objective.evaluate(theta)
        return Step(theta, state + 1, found.loss, found.losses, finished="done" if state + 1 == self.life else None)


@pytest.mark.parametrize(("life", "count", "renewed"), [(3, 8, [1, 4, 7]), (1, 1, [1]), (9, 8, [1, 6])])
def test_an_optimizer_that_has_come_to_its_end_goes_on_after_a_renewal(
    life: int, count: int, renewed: list[int]
) -> None:
    """But where it ends at the first step behind a renewal, there is nothing to go on with."""
    own = run(flow())
    steps, records = PseudoTimeSteps.of(PseudoTime(every=5), own.problem), []
    phases = [("one", Ending(steps=8, life=life))]
    draws = own.assembly, start(own, 1)
    trained = train(*draws, phases, 0, np.random.default_rng(0), lambda r, theta: records.append(r), pseudo=steps)
    assert trained.steps == count
    assert [record["step"] for record in records if "pseudo_time" in record] == renewed


def test_a_run_too_short_for_a_renewal_is_told_of() -> None:
    phases = (Adam(steps=30), LBFGS(steps=20))
    (short,) = run(flow(), pseudo_time=PseudoTime(every=50), phases=phases).notes
    assert short.endswith("; all phases together make 50 steps, and a renewal comes every 50, so there is none")
    (enough,) = run(flow(), pseudo_time=PseudoTime(every=49), phases=phases).notes
    assert enough == "pseudo-time: `first` moves `u` (+), `second` moves `v` (-)"


def test_after_the_given_steps_the_rows_are_the_plain_ones() -> None:
    own = run(flow())
    objective, theta = drawn(own), start(own, 1)
    steps = PseudoTimeSteps.of(PseudoTime(steps=2), own.problem)
    assert [steps.stepped(objective, objective, theta) is objective for _ in range(4)] == [False, False, True, True]
    assert not steps.goes_on()


def test_a_run_of_stages_and_precisions_is_saved_and_loaded(tmp_path: Path) -> None:
    stages = (Stage(phases=(LevenbergMarquardt(steps=3),)),)
    phases = (Adam(steps=3, precision="float32"), LevenbergMarquardt(steps=3))
    config = Config(network=MLP(6, 2), points=Sobol(40), phases=phases, stages=stages, pseudo_time=PseudoTime(every=2))
    made = solve(growth(), config)
    made.save(tmp_path)
    again = Solution.load(tmp_path)
    x = np.linspace(0, 20, 7)[:, None]
    assert np.array_equal(made(x), again(x))
    assert again.config.pseudo_time == PseudoTime(every=2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pseudo_time: {every: 0}", "`every` of `pseudo_time` is 0; it needs at least 1"),
        ("pseudo_time: {least: 2, most: 1}", "`least` and `most` of `pseudo_time` are 2 and 1"),
        ("pseudo_time: {first: -1}", "`first` of `pseudo_time` is -1"),
        ("pseudo_time: {steps: 0}", "`steps` of `pseudo_time` is 0"),
        ("pseudo_time: {signs: {first: 2}}", "the sign of `first` in `pseudo_time` is 2; it is 1 or -1"),
        ("pseudo_time: on", "`pseudo_time` is a mapping of options, such as `every: 1000`"),
        ("pseudo_time: {evry: 2}", "Did you mean `every`?"),
        ("pseudo_time: {}\ncompile: true", "`compile: true` and `pseudo_time` do not go together"),
    ],
)
def test_bad_options_are_refused(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        load_config(file)
    assert sentence in str(caught.value)


def test_options_go_through_a_file_and_signs_need_equations(tmp_path: Path) -> None:
    config = Config(pseudo_time=PseudoTime(every=7, signs={"first": -1}))
    (tmp_path / "config.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "config.yaml") == config
    with pytest.raises(UserError, match=r"unknown equation `frst` in `signs` of `pseudo_time`\n  Did you mean `first`"):
        run(flow(), pseudo_time=PseudoTime(signs={"frst": 1}))
