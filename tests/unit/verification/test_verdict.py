"""The verdict: what it takes to be verified, and the sentence for everything that prevents it."""

from typing import Any

import numpy as np
import pytest

from pinnkit.verification import ReferenceSolution, Verdict, judge
from pinnkit.verification.output_errors import OutputError


def reference(accuracy: float) -> ReferenceSolution:
    """A reference of which only the accuracy matters here."""
    return ReferenceSolution(lambda points: points[:, :1], "a finite-difference run", accuracy)


GOOD: dict[str, Any] = {
    "errors": {"u": {"relative_l2": 2e-4, "max_abs": 1e-3}},
    "tolerance": 1e-3,
    "reference": reference(1e-9),
    "residuals": {"momentum": 1e-2},
    "conditions": {"walls": 1e-4},
}


def judged(**changes: Any) -> Verdict:
    """The verdict on an answer that is good but for the changes."""
    return judge(**{**GOOD, **changes})


def test_small_error_against_a_good_reference_is_verified() -> None:
    verdict = judged()
    assert verdict.verified
    assert str(verdict).startswith("verified: The relative L2 error is 0.0002 in `u`, within the tolerance 0.001")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference": None, "errors": {}}, "has no reference solution, so the error is not known"),
        ({"reference": None, "errors": {}}, "root mean square 0.01 in `momentum`"),
        ({"reference": None, "errors": {}}, "largest violation of the conditions is 0.0001 in `walls`"),
        ({"reference": reference(2e-4)}, "is itself accurate only to 0.0002; the tolerance 0.001 needs one of 0.0001"),
        ({"reference": reference(np.nan)}, "is itself accurate only to nan"),
        ({"errors": {"u": {"relative_l2": 2e-3, "max_abs": 1.0}}}, "of `u` is 0.002, above the tolerance 0.001"),
        ({"errors": {"u": {"relative_l2": np.nan, "max_abs": 1.0}}}, "not finite were found in the field `u`"),
        ({"errors": {"u": {"relative_l2": 1e-5, "max_abs": np.inf}}}, "not finite were found in the field `u`"),
        ({"errors": {}}, "No field was compared with the reference"),
        ({"residuals": {"momentum": np.nan}}, "not finite were found in the residual of `momentum`"),
        ({"conditions": {"walls": np.nan}}, "not finite were found in the condition `walls`"),
        ({"conditions": {"walls": 0.02}}, "`walls` is violated by 0.02, where at most 0.01 is accepted"),
    ],
)
def test_whatever_prevents_verification_is_said(changes: dict[str, Any], words: str) -> None:
    verdict = judged(**changes)
    assert not verdict.verified
    assert verdict.word == "not verified"
    assert any(words in reason for reason in verdict.reasons)


def known(found: float | None, accuracy: float = 1e-9) -> OutputError:
    return OutputError("drag", found, 5.0, accuracy)


def test_known_outputs_alone_verify_and_the_fields_are_said_to_be_compared_with_nothing() -> None:
    verdict = judged(reference=None, errors={}, outputs=(known(5.001),))
    assert verdict.verified
    assert "`drag` by 0.0002" in verdict.reasons[0]
    assert verdict.reasons[1] == "The fields themselves were compared with nothing."


def test_known_outputs_are_judged_beside_fields() -> None:
    assert judged(outputs=(known(5.001),)).verified
    assert not judged(outputs=(known(5.1),)).verified


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (known(5.1), "`drag` is 5.1, and known to be 5: off by 0.02, above the tolerance 0.001"),
        (known(None), "`drag`, whose value is known to be 5, was not found"),
        (known(np.nan), "`drag` is nan, and known to be 5"),
        (known(5.0, 2e-4), "known value of `drag` is accurate to 0.0002; the tolerance 0.001 needs 0.0001"),
    ],
)
def test_a_known_output_that_is_off_prevents_verification(output: OutputError, words: str) -> None:
    verdict = judged(reference=None, errors={}, outputs=(output,))
    assert not verdict.verified
    assert any(words in reason for reason in verdict.reasons)


def test_the_error_of_an_output_known_to_be_zero_is_absolute() -> None:
    assert OutputError("lift", 1e-3, 0.0, 1e-9).relative == 1e-3


def test_one_bad_field_among_good_ones_is_named_alone() -> None:
    good, bad = {"relative_l2": 1e-5, "max_abs": 1e-4}, {"relative_l2": 0.5, "max_abs": 1.0}
    verdict = judged(errors={"u": good, "p": bad})
    assert len(verdict.reasons) == 1
    assert "`p`" in verdict.reasons[0]


def test_every_reason_is_given_at_once() -> None:
    verdict = judged(
        errors={"u": {"relative_l2": 0.5, "max_abs": 1.0}}, reference=reference(0.1), conditions={"walls": 1.0}
    )
    assert len(verdict.reasons) == 3


def test_violation_is_measured_in_the_scale_of_the_fields() -> None:
    assert judged(conditions={"walls": 5.0}, scale=1000.0).verified
