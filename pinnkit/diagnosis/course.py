"""How the loss went: broken, cut while it fell, or at rest."""

from collections.abc import Iterator
from statistics import median

from pinnkit.diagnosis.finding import Case, Finding
from pinnkit.optimizers.schedule import Scheduled

_FALLING = 1.5
"""A loss that fell by more than this over the last quarter of the steps is still falling."""

_LOW, _WRONG = 1e-3, 0.1
"""A residual below the first, beside an error above the second, is a wrong answer that satisfies the equations."""


def course(case: Case) -> Iterator[Finding]:
    """What the losses over the steps say."""
    losses = [float(record["loss"]) for record in case.history if record.get("loss") is not None]
    why = str(case.result.get("stopped_because", ""))
    if "no longer finite" in why:
        option = _calmer(case) or ("precision=float64" if case.result.get("precision") == "float32" else None)
        yield Finding("broken", f"Training ended since {why}.", option)
        return
    quarter = _last_stage(case)[-max(1, len(losses) // 4) :]
    if len(quarter) >= 8 and min(quarter) > 0:
        fell = median(quarter[: len(quarter) // 4]) / median(quarter[-(len(quarter) // 4) :])
        if fell > _FALLING and ("steps made" in why or "s are over" in why):
            place, phase = case.last_phase
            limit, given = ("steps", phase.steps) if "steps made" in why else ("seconds", phase.seconds)
            sentence = f"The loss still fell {fell:.2g}-fold over the last {len(quarter)} steps when {why}."
            yield Finding("cut short", sentence, f"{place}.{limit}={4 * (given or 1):g}")
        elif fell < 1.0 / _FALLING:
            sentence = f"The loss rose {1.0 / fell:.2g}-fold over the last {len(quarter)} steps."
            yield Finding("rising", sentence, _calmer(case))
    yield from _wrong(case)


def _calmer(case: Case) -> str | None:
    """A tenth of the learning rate, where there is one."""
    place, phase = case.last_phase
    return f"{place}.lr={0.1 * phase.lr:g}" if isinstance(phase, Scheduled) else None


def _last_stage(case: Case) -> list[float]:
    """The losses of the last phase, which are comparable with each other."""
    last = case.history[-1].get("phase") if case.history else None
    window = case.history[-1].get("window") if case.history else None
    return [
        float(record["loss"])
        for record in case.history
        if record.get("phase") == last and record.get("window") == window
    ]


def _wrong(case: Case) -> Iterator[Finding]:
    """A small residual beside a large error."""
    errors = [float(own["relative_l2"]) for own in case.result.get("errors", {}).values()]
    residuals = [float(value) for value in case.result.get("residuals", {}).values()]
    if errors and residuals and max(errors) > _WRONG and max(residuals) < _LOW:
        sentence = (
            f"The equations are satisfied to {max(residuals):.1e}, and yet the error is {max(errors):.1e}: "
            "a field that satisfies them without being the answer."
        )
        timed = case.solution.problem.time is not None
        yield Finding("wrong minimum", sentence, "windows={count: 8}" if timed else "pseudo_time={}")
