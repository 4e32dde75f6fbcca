"""What ails a run, in plain sentences, each with the option to try next."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from pinnkit.diagnosis.causality import causality
from pinnkit.diagnosis.conditions import conditions
from pinnkit.diagnosis.conflict import conflict
from pinnkit.diagnosis.course import course
from pinnkit.diagnosis.finding import Case, Finding
from pinnkit.diagnosis.residual_map import residual_map
from pinnkit.diagnosis.spectrum import spectrum
from pinnkit.results.solution import Solution

SYMPTOMS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    course,
    conditions,
    conflict,
    causality,
    residual_map,
    spectrum,
)
"""What is looked at, in this order."""


@final
@dataclass(frozen=True)
class Diagnosis:
    """The verdict of a run, and what stands out."""

    verdict: str
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        if not self.findings:
            return f"{self.verdict}\nNothing stands out."
        return "\n".join([self.verdict, *(f"- {finding}" for finding in self.findings)])


def diagnose(folder: Path | str) -> Diagnosis:
    """Look at a run folder.

    Raises:
        UserError: the folder holds no trained run.
    """
    return diagnosis_of(Solution.load(folder))


def diagnosis_of(solution: Solution) -> Diagnosis:
    """Look at a solution."""
    case = Case(solution)
    reasons = " ".join(solution.result.get("reasons", []))
    verdict = f"{solution.problem.name}: {solution.result.get('verdict', 'no verdict yet')}. {reasons}".rstrip()
    return Diagnosis(verdict, tuple(finding for look in SYMPTOMS for finding in look(case)))


__all__ = ["SYMPTOMS", "Case", "Diagnosis", "Finding", "diagnose", "diagnosis_of"]
