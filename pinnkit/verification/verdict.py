"""Whether an answer may be trusted, in plain words and with the numbers that decide it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from pinnkit.verification.method import ReferenceSolution
from pinnkit.verification.output_errors import OutputError, failures, in_a_sentence

MARGIN = 10.0
"""How many times more accurate than the tolerance a reference must be to decide anything."""

Errors = Mapping[str, Mapping[str, float]]
"""By field: `relative_l2` and `max_abs`."""


@final
@dataclass(frozen=True)
class Verdict:
    """`verified` or `not verified`, and the sentences that say why."""

    word: Literal["verified", "not verified"]
    reasons: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Whether the answer was shown to be within the tolerance."""
        return self.word == "verified"

    def __str__(self) -> str:
        return f"{self.word}: {' '.join(self.reasons)}"


def judge(
    errors: Errors,
    tolerance: float,
    reference: ReferenceSolution | None,
    residuals: Mapping[str, float],
    conditions: Mapping[str, float],
    scale: float = 1.0,
    scales: Mapping[str, float] | None = None,
    outputs: Sequence[OutputError] = (),
    conserved: Mapping[str, float] | None = None,
) -> Verdict:
    """Compare an answer with its reference.

    It is verified only where a reference of the fields, or known values of outputs, exist that are at least ten times
    more accurate than the tolerance, every field's relative L2 error and every output's are within the tolerance, every
    number is finite and no condition is violated. A small residual alone verifies nothing: how far it bounds the error
    is not known.

    Args:
        errors: of every field against the reference on points that training never used; empty without a reference.
        tolerance: the largest relative L2 error that is accepted.
        reference: what the errors were measured against.
        residuals: the root mean square of every equation's residual on points that training never used.
        conditions: the largest violation of every condition.
        scale: the magnitude of the fields; a condition counts as violated above ``10 * tolerance * scale``, since the
            largest violation is a maximum over points and lies above the mean that the tolerance speaks of.
        scales: the same for conditions by name that have a magnitude of their own, as those of integrals do.
        outputs: those whose value is known.
        conserved: of what the equations conserve, by how much of its terms it is out of balance.
    """
    unknown = reference is None and not outputs
    wrong = [
        *_not_finite(errors, residuals, conditions),
        *(_without_reference(residuals, conditions, conserved or {}) if unknown else ()),
        *(_against(errors, tolerance, reference) if reference is not None else ()),
        *failures(outputs, tolerance, MARGIN),
        *_violated(conditions, {name: MARGIN * tolerance * (scales or {}).get(name, scale) for name in conditions}),
    ]
    if wrong:
        return Verdict("not verified", tuple(wrong))
    told = [in_a_sentence(outputs, tolerance)] if outputs else []
    if reference is None:
        return Verdict("verified", (*told, "The fields themselves were compared with nothing."))
    found = ", ".join(f"{error['relative_l2']:.2g} in `{name}`" for name, error in errors.items())
    return Verdict(
        "verified",
        (
            f"The relative L2 error is {found}, within the tolerance {tolerance:.2g}, against {reference.method}, "
            f"which is accurate to {reference.accuracy:.1g}.",
            *told,
        ),
    )


def _not_finite(errors: Errors, residuals: Mapping[str, float], conditions: Mapping[str, float]) -> list[str]:
    broken = [f"the field `{name}`" for name, error in errors.items() if not np.all(np.isfinite(list(error.values())))]
    broken += [f"the residual of `{name}`" for name, value in residuals.items() if not np.isfinite(value)]
    broken += [f"the condition `{name}`" for name, value in conditions.items() if not np.isfinite(value)]
    return [f"Values that are not finite were found in {', '.join(broken)}."] if broken else []


def _without_reference(
    residuals: Mapping[str, float], conditions: Mapping[str, float], conserved: Mapping[str, float]
) -> list[str]:
    sentences = ["The problem has no reference solution, so the error is not known."]
    if residuals:
        listed = ", ".join(f"{value:.2g} in `{name}`" for name, value in residuals.items())
        sentences.append(f"On points that training never used, the residual has the root mean square {listed}.")
    if conditions:
        listed = ", ".join(f"{value:.2g} in `{name}`" for name, value in conditions.items())
        sentences.append(f"The largest violation of the conditions is {listed}.")
    if conserved:
        listed = ", ".join(f"{value:.2g} in `{name}`" for name, value in conserved.items())
        sentences.append(
            f"Over the whole domain, what the equations conserve is out of balance by a share of {listed}."
        )
    return sentences


def _against(errors: Errors, tolerance: float, reference: ReferenceSolution) -> list[str]:
    sentences = []
    if not errors:
        sentences.append("No field was compared with the reference.")
    if not reference.accuracy * MARGIN <= tolerance:
        sentences.append(
            f"The reference ({reference.method}) is itself accurate only to {reference.accuracy:.2g}; "
            f"the tolerance {tolerance:.2g} needs one of {tolerance / MARGIN:.2g} or better."
        )
    for name, error in errors.items():
        if np.isfinite(error["relative_l2"]) and error["relative_l2"] > tolerance:
            sentences.append(
                f"The relative L2 error of `{name}` is {error['relative_l2']:.2g}, above the tolerance {tolerance:.2g}."
            )
    return sentences


def _violated(conditions: Mapping[str, float], most: Mapping[str, float]) -> list[str]:
    return [
        f"The condition `{name}` is violated by {value:.2g}, where at most {most[name]:.2g} is accepted."
        for name, value in conditions.items()
        if np.isfinite(value) and value > most[name]
    ]
