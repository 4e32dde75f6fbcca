"""What a check has to say about a problem."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, final

from pinnkit.errors import Mistake, Place
from pinnkit.problem.problem import Problem

Severity = Literal["error", "warning"]


@final
@dataclass(frozen=True)
class Finding:
    """One thing that is impossible (`error`) or suspect (`warning`) in a problem, under the name of its check."""

    name: str
    severity: Severity
    message: str
    place: Place | None = field(default=None, compare=False)
    accepted: bool = False
    hint: str | None = None

    @property
    def fatal(self) -> bool:
        """Whether the problem must not be solved as it stands."""
        return self.severity == "error" and not self.accepted

    @property
    def mistake(self) -> Mistake:
        """The finding as an entry of an error report."""
        return Mistake(f"{self.message} [{self.name}]", self.place, hint=self.hint)


@final
@dataclass(frozen=True)
class Remark:
    """What a check found, before it is known whether the problem accepts it."""

    message: str
    place: Place | None = None
    hint: str | None = None


@final
@dataclass(frozen=True)
class Check:
    """A check: what it looks for, how bad a finding is, and whether a problem may accept it by name."""

    function: Callable[[Problem], Iterable[Remark]]
    severity: Severity
    acceptable: bool = True
