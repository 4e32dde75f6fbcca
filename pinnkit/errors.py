"""Every error that a user can cause: where it stands, what was given, what is needed, and the near miss."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import final


@final
@dataclass(frozen=True)
class Place:
    """A position in a file that a person wrote; lines and columns count from one."""

    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@final
@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong, with the text it stands in and the characters that carry it.

    ``span`` counts characters (not bytes) of ``text``, end excluded, and is drawn as a line of carets below it.
    """

    message: str
    place: Place | None = None
    text: str | None = None
    span: tuple[int, int] | None = None
    hint: str | None = None

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}" if self.place is not None and str(self.place) else self.message
        lines = [head]
        if self.text is not None:
            lines += _quotation(self.text, self.span)
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)

    def pinpointed(self, text: object) -> "Mistake":
        """The mistake in a text that stands verbatim on one line of a file, placed at its own column."""
        place = self.place
        if self.span is None or self.text != text or place is None or place.column is None or self.span[0] == 0:
            return self
        return replace(self, place=replace(place, column=place.column + self.span[0]))


@final
class UserError(Exception):
    """One or several mistakes of the user, reported together (exit status 2)."""

    def __init__(self, *mistakes: Mistake | str) -> None:
        self.mistakes = tuple(Mistake(m) if isinstance(m, str) else m for m in mistakes)
        super().__init__("\n".join(str(m) for m in self.mistakes))


@final
class SolveError(Exception):
    """A run that could not go on, through no mistake of the file: a sentence that says why (exit status 1)."""


@final
class LostProcess(Exception):  # noqa: N818 (what it tells is that one was lost)
    """One of the processes that make a run together has ended, so that the others cannot go on (exit status 1)."""


def near_miss(given: str, known: Iterable[str]) -> str | None:
    """The known word that `given` was probably meant to be, or None.

    Example:
        >>> near_miss("sinn", ["cos", "sin", "tan"])
        'sin'
    """
    words = list(known)
    close = difflib.get_close_matches(given, words, n=1, cutoff=0.6)
    if close:
        return close[0]
    # Short words share too little for a measure of likeness: a wrong case, or letters swapped.
    same = [word for word in words if sorted(word.lower()) == sorted(given.lower())]
    return same[0] if same else None


def unknown(kind: str, given: str, known: Iterable[str]) -> tuple[str, str]:
    """The sentence and the hint for a name that is not among those known.

    Example:
        >>> unknown("sampler", "sobl", ["sobol", "grid"])
        ('unknown sampler `sobl`', 'Did you mean `sobol`? Known: grid, sobol.')
    """
    words = sorted(known)
    guess = near_miss(given, words)
    listed = ", ".join(words) if words else "none"
    hint = f"Did you mean `{guess}`? Known: {listed}." if guess else f"Known: {listed}."
    return f"unknown {kind} `{given}`", hint


_WIDEST = 160


def _quotation(text: str, span: tuple[int, int] | None) -> list[str]:
    """The line of `text` that holds `span`, cut to a readable width, with carets below the span."""
    start, end = span if span is not None else (0, 0)
    start = min(max(start, 0), len(text))
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    line = text[first : last if last >= 0 else len(text)]
    start, end = start - first, min(end - first, len(line))
    left = max(0, start - _WIDEST // 2)
    cut = line[left : left + _WIDEST]
    quoted = ("…" if left else "") + cut + ("…" if left + _WIDEST < len(line) else "")
    lines = [f"    {quoted}"]
    if span is not None:
        offset = start - left + (1 if left else 0)
        lines.append("    " + " " * offset + "^" * max(1, min(end, left + _WIDEST) - start))
    return lines
