"""Complex fields: what a file says of `h` becomes what it says of the real fields `h_re` and `h_im`, and nothing else.

The keys are rewritten before they are read, text to tree to parts to text, so that nothing behind them knows a complex
number. What was written is kept, for the eyes and for the file of a run.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar, final

import sympy

from pinnkit.equations.adopting import from_sympy
from pinnkit.equations.complexes import IMAGINARY, OF_PARTS, components, parts
from pinnkit.equations.expression import Expression, Partial, Scope
from pinnkit.equations.names import check_name
from pinnkit.equations.parse import parse, parse_equation
from pinnkit.equations.partials import partials_in
from pinnkit.equations.text import to_text
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.names import short

Where = Callable[..., Place]
T = TypeVar("T")

_NAME = re.compile(r"[^\W\d]\w*")


@final
@dataclass(frozen=True)
class ComplexFields:
    """The complex fields of a problem, and its equations, conditions and exact fields as they were written, by name.

    ``names`` holds of each h; the problem's own fields are h_re and h_im, and so are the names of its equations and
    conditions, but for those that say one real thing and keep their names.
    """

    names: tuple[str, ...] = ()
    equations: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    exact: Mapping[str, str] = field(default_factory=dict)

    def components(self, fields: tuple[str, ...]) -> dict[str, tuple[int, int]]:
        """Where the two parts of every complex field stand among real fields."""
        pairs = {name: components(name) for name in self.names}
        known = {name: pair for name, pair in pairs.items() if set(pair) <= set(fields)}
        return {name: (fields.index(real), fields.index(other)) for name, (real, other) in known.items()}


def together(entries: Mapping[str, T], whole: Mapping[str, str], written: Callable[[T, str], T]) -> dict[str, T]:
    """Entries by name, those that are parts of a whole as one: the first of them, with the text of the whole."""
    owner = {part: name for name in whole for part in components(name)}
    owner |= {name: name for name in whole}
    found: dict[str, T] = {}
    for name, entry in entries.items():
        known = owner.get(name)
        found.setdefault(known or name, entry if known is None else written(entry, whole[known]))
    return found


def with_complex(
    data: Mapping[str, Any], where: Where, key_where: Where, families: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], Where, Where, ComplexFields | None, list[Mistake]]:
    """The keys without complex fields, what was written of them, and what is wrong with it.

    Args:
        data: the keys of a problem file, the parameters of a family among the coordinates.
        where: the place of a value; it is asked where the value is written.
        key_where: the same of a key.
        families: the parameters that have a range.
    """
    names, fields = data.get("complex"), data.get("fields")
    if not _is_names(names) or not _is_names(fields) or not isinstance(data.get("coordinates"), Mapping):
        return dict(data), where, key_where, None, []
    assert names is not None
    assert fields is not None
    split = _Split(data, tuple(names), tuple(fields), where, key_where, families)
    changed = split.keys()
    return changed, split.asked(where), split.asked(key_where), split.written(), split.mistakes


def hinted(mistake: Mistake, known: ComplexFields | None) -> Mistake:
    """A mistake in a key that takes real fields alone, with the names of those."""
    for name in known.names if known is not None else ():
        if mistake.message.startswith((f"unknown name `{name}`", f"unknown field `{name}`")):
            real, imaginary = components(name)
            return replace(mistake, hint=f"`{name}` is complex; here its parts are named, `{real}` and `{imaginary}`.")
    return mistake


def _is_names(given: Any) -> bool:
    return isinstance(given, list | tuple) and bool(given) and all(isinstance(name, str) for name in given)


@final
class _Split:
    """Rewrites the keys of one problem."""

    def __init__(
        self,
        data: Mapping[str, Any],
        names: tuple[str, ...],
        fields: tuple[str, ...],
        where: Where,
        key_where: Where,
        families: frozenset[str],
    ) -> None:
        self.data, self.names, self.fields = data, names, fields
        self.where, self.key_where, self.families = where, key_where, families
        self.mistakes: list[Mistake] = []
        self.texts: dict[str, dict[str, str]] = {"equations": {}, "conditions": {}, "exact": {}}
        self.owners: dict[tuple[str, str], str] = {}
        self.real = tuple(part for name in fields for part in (components(name) if name in names else (name,)))
        self.functions = tuple(map(str, _mapping(data.get("functions"))))
        self.scope = self._scope()

    def keys(self) -> dict[str, Any]:
        """The keys of the real problem."""
        self._check_names()
        changed: dict[str, Any] = {**self.data, "fields": list(self.real)}
        if "symmetry" in self.data:
            changed["symmetry"] = self._symmetry(self.data["symmetry"])
        if self.mistakes:  # what is not declared well brings forth mistakes in every equation
            return changed
        if "equations" in self.data:
            changed["equations"] = self._equations(_by_name(self.data["equations"]))
        if isinstance(self.data.get("conditions"), Mapping):
            changed["conditions"] = self._conditions(self.data["conditions"])
        reference = self.data.get("reference")
        if isinstance(reference, Mapping) and isinstance(reference.get("exact"), Mapping):
            changed["reference"] = {**reference, "exact": self._exact(reference["exact"])}
        return changed

    def written(self) -> ComplexFields:
        """What the file says."""
        return ComplexFields(self.names, **self.texts)

    def asked(self, ask: Where) -> Where:
        """Where a key of the real problem is written in the file."""

        def at(*keys: str | int) -> Place:
            if keys[:1] == ("fields",) and len(keys) > 1 and isinstance(keys[1], int):
                return ask("fields", self._index(keys[1]))
            path = list(keys)
            for i, key in enumerate(path[1:3], 1):
                path[i] = self.owners.get((str(path[0]), str(key)), key)
            return ask(*path)

        return at

    def _index(self, number: int) -> int:
        """The place in the file of a real field."""
        owner = next(i for i, name in enumerate(self.fields) if self.real[number] in (name, *components(name)))
        return owner

    def _scope(self) -> Scope:
        """All names; functions as if they were fields, so that they are written by their names again."""
        parameters, time = self.data.get("parameters"), self.data.get("time")
        coordinates = tuple(str(name) for name in self.data["coordinates"])
        known = tuple(name for name in self.names if name in self.fields)
        return Scope(
            coordinates,
            (*self.real, *self.functions),
            tuple(str(name) for name in _mapping(parameters)),
            time if time in coordinates else None,
            family=tuple(name for name in coordinates if name in self.families),
            complex=known,
        )

    def _check_names(self) -> None:
        """Complex fields are fields, and what complex numbers need has no other meaning."""
        for i, name in enumerate(self.names):
            if name not in self.fields:
                message, hint = unknown("field", short(name), self.fields)
                self.mistakes.append(Mistake(f"{message} in `complex`", self.where("complex", i), hint=hint))
            elif name in self.names[:i]:
                self.mistakes.append(Mistake(f"`{name}` stands twice in `complex`", self.where("complex", i)))
            elif self.scope.with_fields(name).partial(components(name)[0]) is not None:
                message = f"the real part of `{name}` would be called `{components(name)[0]}`, and so is a derivative"
                self.mistakes.append(Mistake(message, self.where("complex", i), hint="Name the coordinates otherwise."))
        for kind in ("coordinates", "parameters", "functions"):
            for name in _mapping(self.data.get(kind)):
                self._check_free(str(name), kind[:-1], self.key_where(kind, name))
        for i, name in enumerate(self.fields):
            self._check_free(name, "field", self.where("fields", i))
            if name in self.names and check_name(name, "field") is not None:
                self.mistakes += [m for m in [check_name(name, "field", self.where("fields", i))] if m is not None]

    def _check_free(self, name: str, kind: str, place: Place) -> None:
        taken = {part: owner for owner in self.names if owner in self.fields for part in components(owner)}
        meanings = {IMAGINARY: "the imaginary unit", **dict.fromkeys(OF_PARTS, "a function")}
        if name in meanings:
            message = f"{kind} `{name}` has the name of {meanings[name]}, in a problem with complex fields"
            self.mistakes.append(Mistake(message, place, hint=f"`{name}_` would do."))
        elif name in taken:
            message = f"{kind} `{name}` has the name of a part of the complex field `{taken[name]}`"
            self.mistakes.append(Mistake(message, place, hint="Every name stands for one thing."))

    def _symmetry(self, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        found: dict[str, Any] = {}
        for name, texts in given.items():
            for part in components(str(name)) if name in self.names else (str(name),):
                found[part] = texts
                self.owners["symmetry", part] = str(name)
        return found

    def _equations(self, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        found: dict[str, Any] = {}
        for name, equation in given.items():
            path = ("equations", str(name))
            for label, part in self._parts("equations", str(name), equation, parse_equation, path, given):
                found[label] = part
        return found

    def _conditions(self, given: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, keys in given.items():
            if not isinstance(keys, Mapping) or "equation" not in keys:
                found[str(name)] = keys
                continue
            read, path = partial(parse_equation, allow_normal=True, allow_integral=True), ("conditions", str(name))
            for label, part in self._parts("conditions", str(name), keys["equation"], read, (*path, "equation"), given):
                found[label] = {**keys, "equation": part}
        return found

    def _exact(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The two parts of every exact complex field, zero or not."""
        found: dict[str, Any] = {}
        bare = replace(self.scope, fields=self.functions, complex=())
        for name, text in given.items():
            if name not in self.names:
                found[str(name)] = text
                continue
            place = self.where("reference", "exact", name)
            expression = self._read(text, partial(parse, special=True), bare, place)
            if expression is None:
                continue
            self.texts["exact"][name] = expression.text
            for part, tree in zip(components(name), parts(expression.tree), strict=True):
                found[part] = self._text(tree)
                self.owners["reference", part] = str(name)
        return found

    def _parts(
        self,
        kind: str,
        name: str,
        given: Any,
        read: Callable[..., Expression],
        path: tuple[str, ...],
        siblings: Mapping[str, Any],
    ) -> list[tuple[str, Any]]:
        """The real equations that one is, by name; one that names nothing complex is left as it is."""
        if not isinstance(given, str | sympy.Basic) or not self._concerns(given):
            return [(name, given)]
        expression = self._read(given, read, self.scope, self.where(*path))
        if expression is None:
            return []
        sides = [parts(side) for side in expression.sides or (expression.tree,)]
        texts = [" = ".join(self._text(side[k]) for side in sides) for k in (0, 1)]
        said = [sympy.expand(sides[0][k] - (sides[1][k] if len(sides) > 1 else 0)) != 0 for k in (0, 1)]
        self.texts[kind][name] = expression.text
        if not all(said):
            return [(name, texts[1] if said[1] else texts[0])]
        labels = components(name)
        for label in labels:
            self.owners[kind, label] = name
            if label in siblings:
                message = f"`{label}` is the name of a part of `{name}`, which is complex"
                self.mistakes.append(Mistake(message, self.key_where(kind, label), hint="Choose another name."))
        return list(zip(labels, texts, strict=True))

    def _concerns(self, given: str | sympy.Basic) -> bool:
        """Whether something complex is named."""
        if isinstance(given, sympy.Basic):
            return True
        whole = self.scope.with_fields(*(self.scope.complex or ()))
        special = {IMAGINARY, *OF_PARTS}
        return any(name in special or whole.partial(name) is not None for name in _NAME.findall(given))

    def _read(self, given: Any, read: Callable[..., Expression], scope: Scope, place: Place) -> Expression | None:
        """The expression of a text or of a user's own sympy expression, or None with its mistakes noted."""
        try:
            if isinstance(given, sympy.Basic):
                return from_sympy(given, scope)
            return read(str(given), scope, place)
        except UserError as error:
            self.mistakes += [replace(m, place=m.place or place) for m in error.mistakes]
            return None

    def _text(self, tree: sympy.Expr) -> str:
        """A real tree in the language; functions have no derivatives with a name of their own."""
        of_functions = [p for p in partials_in(tree, self.scope) if p.field in self.functions and p.order]
        ordered = sorted(of_functions, key=lambda p: -p.order)
        return to_text(
            tree.xreplace({self.scope.tree(p): sympy.Symbol(self._steps(p), real=True) for p in ordered}), self.scope
        )

    def _steps(self, derivative: Partial) -> str:
        pairs = zip(self.scope.coordinates, derivative.orders, strict=True)
        steps = ", ".join(c if n == 1 else f"{c}, {n}" for c, n in pairs if n)
        return f"d({derivative.field}, {steps})"


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _by_name(given: Any) -> Any:
    """Equations by name, as a list of them is read."""
    if isinstance(given, list | tuple):
        names = ["equation"] if len(given) == 1 else [f"equation_{i}" for i in range(1, len(given) + 1)]
        return dict(zip(names, given, strict=True))
    return given
