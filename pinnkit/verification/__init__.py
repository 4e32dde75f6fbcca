"""What makes an answer trustworthy: independent references, errors against them, and a verdict in plain words."""

from pinnkit.verification.errors import Field, max_abs, relative_l2
from pinnkit.verification.grids import test_grid
from pinnkit.verification.measured_at import measured_at
from pinnkit.verification.members import by_members
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution
from pinnkit.verification.output_errors import output_errors
from pinnkit.verification.reference import REFERENCES, reference_for
from pinnkit.verification.verdict import Verdict, judge

__all__ = [
    "REFERENCES",
    "Field",
    "ReferenceMethod",
    "ReferenceSolution",
    "Verdict",
    "by_members",
    "judge",
    "max_abs",
    "measured_at",
    "output_errors",
    "reference_for",
    "relative_l2",
    "test_grid",
]
