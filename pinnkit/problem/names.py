"""The names that a problem declares: allowed ones, each for one thing only."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pinnkit.equations.expression import Scope
from pinnkit.equations.names import check_name
from pinnkit.errors import Mistake, Place

Declared = Mapping[str, Sequence[tuple[str, Place]]]
"""What is declared by kind (`coordinate`, `field`, `parameter`): names and where they stand."""


_LONGEST = 80


def short(text: str, longest: int = _LONGEST) -> str:
    """A text of the user as it is quoted in a message: its first characters where it is long."""
    return text if len(text) <= longest else text[:longest] + "…"


def check_declared(declared: Declared) -> list[Mistake]:
    """Mistakes in the declared names: reserved, given twice, or reading like the derivative of a field."""
    mistakes: list[Mistake] = []
    first: dict[str, str] = {}
    for kind, entries in declared.items():
        for name, place in entries:
            found = check_name(name, kind, place)
            if found is not None:
                mistakes.append(found)
            if name in first:
                other = f"a {first[name]}" if first[name] != kind else f"declared twice as a {kind}"
                message = f"`{name}` is {other}" if first[name] == kind else f"{kind} `{name}` is already {other}"
                mistakes.append(Mistake(message, place, hint="Every name stands for one thing."))
            first.setdefault(name, kind)
    mistakes += _derivative_like(declared)
    return mistakes


def check_label(label: str, kind: str, place: Place) -> Mistake | None:
    """A mistake where a problem's, equation's or condition's own name is not a plain word.

    Such names become folder names and keys of the results.
    """
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", label):
        return None
    hint = "Letters, digits, `_` and `-`, a letter first, at most 64."
    return Mistake(f"`{short(label)}` cannot be the name of {kind}", place, hint=hint)


def _derivative_like(declared: Declared) -> Iterable[Mistake]:
    coordinates = tuple(name for name, _ in declared.get("coordinate", ()))
    fields = tuple(name for name, _ in declared.get("field", ()))
    for kind, entries in declared.items():
        for name, place in entries:
            others = tuple(f for f in fields if f != name)
            partial = Scope(coordinates, others).partial(name)
            if partial is not None and partial.order:
                message = f"{kind} `{name}` reads like a derivative of the field `{partial.field}`"
                yield Mistake(message, place, hint="Choose a name of another form.")
