"""Outputs beside the values that are known of them: |q - q*| / |q*|, or |q| where q* is zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from pinnkit.problem.reference import Reference


@final
@dataclass(frozen=True)
class OutputError:
    """An output and its known value.

    Args:
        name: of the output.
        found: by the run; None where the output has no value.
        known: by other means.
        accuracy: the relative error of the known value.
    """

    name: str
    found: float | None
    known: float
    accuracy: float

    @property
    def relative(self) -> float:
        """The error over the known value's magnitude; the error itself where that is zero; infinite without a value."""
        if self.found is None:
            return float("inf")
        return abs(self.found - self.known) / (abs(self.known) or 1.0)


def output_errors(reference: Reference | None, found: Mapping[str, object]) -> tuple[OutputError, ...]:
    """The outputs of which the reference knows the value.

    Args:
        reference: of the problem.
        found: every output's value, by name; a list, as roots are, has no known value.
    """
    known = reference.outputs if reference is not None else {}
    values = {name: value if isinstance(value := found.get(name), float) else None for name in known}
    return tuple(OutputError(name, values[name], k.value, k.accuracy) for name, k in known.items())


def in_a_sentence(outputs: Sequence[OutputError], tolerance: float) -> str:
    """How far the outputs are off, all of them within the tolerance."""
    listed = ", ".join(f"`{o.name}` by {o.relative:.2g}" for o in outputs)
    worst = max(o.accuracy for o in outputs)
    return (
        f"Known outputs are off by a share of their value: {listed}; that is within the tolerance {tolerance:.2g}, "
        f"and the known values are accurate to {worst:.1g}."
    )


def failures(outputs: Sequence[OutputError], tolerance: float, margin: float) -> list[str]:
    """A sentence for every output that is off, has no value, or is not known well enough to judge by."""
    sentences = []
    for o in outputs:
        if o.found is None:
            sentences.append(f"The output `{o.name}`, whose value is known to be {o.known:.10g}, was not found.")
        elif not o.relative <= tolerance:
            sentences.append(
                f"The output `{o.name}` is {o.found:.10g}, and known to be {o.known:.10g}: off by {o.relative:.2g}, "
                f"above the tolerance {tolerance:.2g}."
            )
        if not o.accuracy * margin <= tolerance:
            sentences.append(
                f"The known value of `{o.name}` is accurate to {o.accuracy:.2g}; the tolerance {tolerance:.2g} needs "
                f"{tolerance / margin:.2g} or better."
            )
    return sentences
