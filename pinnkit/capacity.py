"""Whether a run fits into memory, counted before anything of it is made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch

from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.conditions import Formulation
from pinnkit.formulation.symmetry import copies_of
from pinnkit.formulation.trial import Engine
from pinnkit.geometry import Quadrature, domain_of, domain_of_face
from pinnkit.memory import in_words
from pinnkit.objective.integrals import integral_sizes
from pinnkit.objective.residual_gradients import Further
from pinnkit.objective.residuals import indices_of, of_condition, of_equation, of_expression, output_indices_of
from pinnkit.optimizers import OPTIMIZERS, Auto, Optimizer
from pinnkit.points import Sampler


@final
@dataclass(frozen=True)
class Size:
    """The measures of a run.

    Args:
        parameters: P.
        rows: N.
        held: how many numbers are kept of the points of a draw.
        chunk: how many rows of a Jacobian may exist at once.
    """

    parameters: int
    rows: int
    held: int
    chunk: int

    def memory(self, optimizer: Optimizer, dtype: torch.dtype) -> int:
        """About how many bytes a phase holds at once."""
        itemsize = dtype.itemsize
        return optimizer.memory(self.parameters, self.rows, self.chunk, itemsize) + itemsize * self.held


def size_of(
    formulation: Formulation,
    parameters: int,
    chunk: int,
    samplers: tuple[Sampler, Sampler],
    features: int,
    engine: Engine,
    further: Further | None = None,
    quadrature: Quadrature | None = None,
) -> Size:
    """The measures of a run, from the counts of its samplers: that of the equations, that of the conditions.

    Of every point are kept its coordinates, its density, and the Taylor coefficients of `features` features of all its
    mirrored copies, of the lift and of the distance. `further` rows are counted with those of the problem, and so are
    the nodes of integral conditions where a `quadrature` is given.
    """
    problem = formulation.problem
    interior, faces = samplers
    equations = (*formulation.equations, *(further.equations if further is not None else ()))
    conditions = (*formulation.soft, *(further.conditions if further is not None else ()))
    asked = []
    for part in dict.fromkeys(e.part for e in equations):
        own = [of_equation(e, problem) for e in equations if e.part == part]
        asked.append((interior.expected(domain_of(problem, part)), own))
    for condition in conditions:
        for face in condition.faces:
            asked.append((faces.expected(domain_of_face(problem, face)), [of_condition(condition, face, problem)]))
    for observations in problem.observations:
        asked += [(len(observations.points), [of_expression(m.expression, problem)]) for m in observations.measured]
    lifts = 0 if all(lift.trivial for lift in formulation.lifts) else 2 * (len(problem.fields) + len(problem.unknowns))
    inputs = features * len(copies_of(problem)) if engine == "jet" else 0
    rows = sum((count or 0) * len(residuals) for count, residuals in asked)
    if quadrature is not None:
        for integral in problem.integrals:
            values, nodes = integral_sizes(integral, problem, quadrature)
            rows += values
            asked += [(count, [*integrands]) for count, integrands in nodes]
    held = 0
    for count, residuals in asked:
        kept = len(problem.coordinates) + 1 + len(residuals) + lifts * len(indices_of(residuals, problem))
        kept += inputs * len(output_indices_of(residuals, problem))
        held += (count or 0) * kept
    return Size(parameters, rows, held, chunk)


def require_room(phases: Sequence[tuple[Optimizer, torch.dtype]], size: Size, free: int | None) -> None:
    """Refuse phases that need more than the free bytes; None, where nothing says how many are free, refuses nothing.

    Args:
        phases: optimizers, each with the precision of its phase.
        size: the measures of the run.
        free: the free bytes.

    Raises:
        UserError: every phase that does not fit, with the options that would lessen its need.
    """
    if free is None:
        return
    mistakes = [_refusal(phase, dtype, size, free) for phase, dtype in phases if size.memory(phase, dtype) > free]
    if mistakes:
        raise UserError(*mistakes)


def _refusal(phase: Optimizer, dtype: torch.dtype, size: Size, free: int) -> Mistake:
    need = size.memory(phase, dtype)
    sentence = (
        f"optimizer `{optimizer_name(phase)}` needs {in_words(need)} for {size.parameters:,} parameters and "
        f"{size.rows:,} rows in chunks of {size.chunk:,}, and {in_words(free)} are free"
    )
    halved = {
        "a smaller `network`": replace(size, parameters=size.parameters // 2),
        "a smaller `count` of `points`": replace(size, rows=size.rows // 2, held=size.held // 2),
        "a lower `chunk`": replace(size, chunk=max(1, size.chunk // 2)),
    }
    ways = [way for way, less in halved.items() if less.memory(phase, dtype) < _SAVES * need]
    fitting = [f"`{name}`" for name in OPTIMIZERS.names() if _fits(name, dtype, size, free)]
    ways += [f"the optimizer {', '.join(fitting)}"] if fitting else []
    return Mistake(sentence, hint=f"Take {', or '.join(ways)}.")


_SAVES = 0.9
"""An option is named where half of it leaves less than this share of the need."""


def _fits(name: str, dtype: torch.dtype, size: Size, free: int) -> bool:
    """Whether an optimizer of the table, with its default options, could take the phase."""
    if OPTIMIZERS.get(name) is Auto:
        return False
    try:
        optimizer = OPTIMIZERS.build(name)
    except UserError:  # an option without a default
        return False
    return dtype in optimizer.precisions and size.memory(optimizer, dtype) <= free


def optimizer_name(phase: Optimizer) -> str:
    """The name of an optimizer in the table, or of its class."""
    return str(OPTIMIZERS.entry(phase).get("name", type(phase).__name__))
