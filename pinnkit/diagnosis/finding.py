"""What is looked at, and what is found: a sentence, and the option to try next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import torch

from pinnkit.optimizers import Optimizer
from pinnkit.optimizers.schedule import Scheduled
from pinnkit.results.solution import Solution

_MOST_NUMBERS = 40_000_000
"""Numbers of a Jacobian beyond which its spectrum is not looked at."""


@final
@dataclass(frozen=True)
class Finding:
    """What stands out in a run.

    symptom: its name, in a word or two. sentence: what was seen, with its numbers. option: what to try, as `--set`
    takes it; None where no option helps.
    """

    symptom: str
    sentence: str
    option: str | None = None

    def __str__(self) -> str:
        return f"{self.symptom}: {self.sentence}" + (f" Try `--set '{self.option}'`." if self.option else "")


@final
@dataclass(frozen=True, eq=False)
class Spectrum:
    """The Jacobian of the rows at the end, by its singular values.

    values: (k,), falling. parts: (k,), the share of the squared rows along every left singular vector.
    rows, parameters: N and P.
    """

    values: np.ndarray
    parts: np.ndarray
    rows: int
    parameters: int


@final
@dataclass(frozen=True, eq=False)
class Case:
    """A run that is looked at."""

    solution: Solution

    @property
    def result(self) -> Mapping[str, Any]:
        """What `result.json` says."""
        return self.solution.result

    @property
    def history(self) -> Sequence[Mapping[str, Any]]:
        """The records of the steps."""
        return self.solution.history

    @property
    def last_phase(self) -> tuple[str, Optimizer]:
        """Where in the config the optimizer stands that made the last steps, and the optimizer."""
        config, made = self.solution.run.config, len(self.solution.run.stages)
        own = config.stages[made - 1].phases if 0 < made <= len(config.stages) else ()
        phases = own or config.phases
        place = f"phases.{len(phases) - 1}"
        return f"stages.{made - 1}.{place}" if own else place, phases[-1]

    @property
    def first_order(self) -> bool:
        """Whether the last steps were along a gradient."""
        return isinstance(self.last_phase[1], Scheduled)

    @cached_property
    def spectrum(self) -> Spectrum | None:
        """The spectrum on fresh points of the last window; None where the Jacobian is too large."""
        run, theta = self.solution.run, self.solution.theta
        objective = run.assembly.draw(theta, np.random.default_rng([run.config.seed, 9]))
        if objective.count * objective.size > _MOST_NUMBERS:
            return None
        found = objective.linearize(theta)
        jacobian = torch.cat([block for _, _, block in found.blocks()]).double()
        if not bool(jacobian.isfinite().all()):
            return None
        left, values, _ = torch.linalg.svd(jacobian, full_matrices=False)
        rows = found.rows.double()
        total = float(rows @ rows)
        parts = (left.T @ rows) ** 2 / total if total > 0 else torch.zeros_like(values)
        return Spectrum(values.cpu().numpy(), parts.cpu().numpy(), objective.count, objective.size)
