"""The agreement of two runs: the same problem solved again from another seed, with other points and another width.

    d_f = ||u_f - v_f|| / ||u_f||        (relative L2 over the points of the test grid, for every field f)

Two runs that err independently differ by about the larger of their errors, so d estimates that. It is no bound: what
both have in common, such as a wrong minimum that draws every network, a condition that is not the one meant, or a layer
that no point falls into, they agree on.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, final

from pinnkit.apart import apart
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.results.solution import Solution
from pinnkit.running import Listener, Quiet, march

WIDER = 1.15
"""The second network's width over the first one's: another one, of about the same cost a step."""

MORE = 1.25
"""The second run's points over the first one's."""

Part = TypeVar("Part")


@final
@dataclass(frozen=True)
class Confirmation:
    """How far two runs of one problem are apart.

    Args:
        relative_l2: the difference of every field over the first run's; empty where the second run broke.
        parameters: the difference of every unknown parameter that was found, in its own unit.
        outputs: the difference of every output that is a number, in its own unit.
        changes: in what the second run differed.
        seconds: what the second run took.
        failure: why the second run could not go on, if it could not.
    """

    relative_l2: Mapping[str, float]
    parameters: Mapping[str, float]
    outputs: Mapping[str, float]
    changes: str
    seconds: float
    failure: str | None = None

    def __str__(self) -> str:
        if self.failure is not None:
            return (
                f"The second run ({self.changes}) could not go on, so that nothing confirms this one: {self.failure}."
            )
        listed = ", ".join(f"{value:.2g} in `{name}`" for name, value in self.relative_l2.items())
        return (
            f"A second run ({self.changes}) differs from this one by a relative L2 norm of {listed}: "
            "an estimate of the error, and no proof."
        )

    def as_result(self) -> dict[str, Any]:
        """What `result.json` says of it."""
        return asdict(self)


def second_config(config: Config) -> tuple[Config, str]:
    """The config of the second run, and in what it differs.

    The seed is the next one. Points inside and on the boundary are more by a quarter, and networks that have a `width`
    are wider by a seventh, those of further stages as well; what has neither keeps its size.
    """
    points, boundary = more(config.points), more(config.condition_points)
    network = wider(config.network)
    stages = tuple(replace(s, network=wider(s.network)) if s.network is not None else s for s in config.stages)
    second = replace(
        config, seed=config.seed + 1, points=points, condition_points=boundary, network=network, stages=stages
    )
    told = [f"seed {second.seed}"]
    if network != config.network:
        told.append(f"width {_option(network, 'width')}")
    if points != config.points:
        told.append(f"{_option(points, 'count')} points")
    return second, ", ".join(told)


def confirm(solution: Solution, config: Config | None = None, listener: Listener | None = None) -> Confirmation:
    """Solve the problem of a solution again, and measure how far the two are apart.

    Args:
        solution: the first run's.
        config: of the first run as the user gave it; else as it was run.
        listener: who hears of the second run; nobody where not given.

    Example:
        >>> print(pinnkit.confirm(pinnkit.solve(problem, config)))  # doctest: +SKIP
    """
    problem = solution.problem
    second, changes = second_config(config if config is not None else solution.config)
    told = listener if listener is not None else Quiet()
    told.say(f"confirming: the same problem again, with {changes}")
    try:
        marched = march(problem, second, None, told)
    except UserError as error:  # a wider network or more points may not fit where the first ones did
        return Confirmation({}, {}, {}, changes, 0.0, error.mistakes[0].message)
    seconds = marched.trained.seconds
    if marched.trained.failure is not None or not marched.whole or marched.trained.interrupted:
        failure = marched.trained.failure or "it was interrupted"
        return Confirmation({}, {}, {}, changes, seconds, failure.rstrip("."))
    other = Solution(problem, marched.config, marched.windows)
    return Confirmation(*apart(solution, other), changes, seconds)


def _option(part: Any, name: str) -> Any:
    """An option of a part, or None where it has none of that name."""
    return getattr(part, name) if is_dataclass(part) and name in {f.name for f in fields(part)} else None


def wider(part: Part) -> Part:
    """A network that is wider by a seventh, where it has a width."""
    return _scaled(part, "width", WIDER)


def more(part: Part) -> Part:
    """A sampler of a quarter more points, where it has a count."""
    return _scaled(part, "count", MORE)


def _scaled(part: Part, name: str, factor: float) -> Part:
    """A part with a larger whole number as one of its options, where it has that."""
    value = _option(part, name)
    if not isinstance(value, int):
        return part
    return replace(part, **{name: max(value + 1, round(factor * value))})  # type: ignore[type-var]
