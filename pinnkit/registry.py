"""Names for parts, as a file may write them: one explicit table a kind, whose options are the constructor's arguments.

A name stands for a class only here. Everything past this table, and everything written in Python, takes objects.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, final, get_type_hints

from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.options import UnfitError, choices, fit, json_schema, plain, words

T = TypeVar("T")
Places = Callable[..., Place | None]
"""Where the value under some keys stands: ``places()`` is the entry itself, ``places("count")`` its option."""


@final
@dataclass(frozen=True)
class Row:
    """What a table says about one of its entries: ``options`` are written as `count` or `k = 1.0`."""

    name: str
    summary: str
    options: tuple[str, ...]


@final
class Registry(Generic[T]):
    """The parts of one kind by name.

    Args:
        kind: what a part is called in sentences (`sampler`).
        base: the class that every part is a subclass of.
        entries: the parts by name; their constructors' arguments are the options.
        inner: the names of arguments that no file can hold; `build` is given them.
    """

    def __init__(self, kind: str, base: type[T], entries: Mapping[str, type[T]], inner: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.inner = inner
        self.base = base
        self._entries: dict[str, type[T]] = {}
        for name, part in entries.items():
            self.add(name, part)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """Every name, in the order of the table."""
        return tuple(self._entries)

    def add(self, name: str, part: type[T]) -> None:
        """Give a class a name.

        Raises:
            UserError: the name is taken, or the class is not of this kind.
        """
        if name in self._entries:
            raise UserError(f"{self.kind} `{name}` exists already; give `{part.__name__}` another name")
        if not (isinstance(part, type) and issubclass(part, self.base)):
            raise UserError(f"{self.kind} `{name}` must be a subclass of `{self.base.__name__}`; `{part!r}` was given")
        self._entries[name] = part

    def get(self, name: str, place: Place | None = None) -> type[T]:
        """The class called `name`.

        Raises:
            UserError: there is none.
        """
        if name not in self._entries:
            message, hint = unknown(self.kind, name, self._entries)
            raise UserError(Mistake(message, place, hint=hint))
        return self._entries[name]

    def build(self, entry: object, places: Places | None = None, *positional: Any, **inner: Any) -> T:
        """The part that an entry of a file describes.

        Args:
            entry: a name, or a mapping of `name` and options.
            places: where the entry and its options stand.
            positional: leading arguments that no file can hold.
            inner: others, by name.

        Raises:
            UserError: every mistake of the entry.
        """
        where = places if places is not None else _nowhere
        name, given = self._named(entry, where)
        part = self.get(name, where("name") if isinstance(entry, Mapping) else where())
        title = f"{self.kind} `{name}`"
        options, mistakes = _check(given, self._options(part, len(positional)), title, where)
        if mistakes:
            raise UserError(*mistakes)
        try:
            return part(*positional, **options, **inner)
        except UserError as error:
            raise UserError(*(_placed(mistake, where) for mistake in error.mistakes)) from None
        except ValueError as error:
            raise UserError(Mistake(f"{title}: {error}", where())) from None

    def entry(self, part: T) -> dict[str, Any]:
        """The entry that builds an equal part: its name and every option as a file holds it.

        A part whose class has no name here was made in Python and is written as ``{"python": class name}``.
        """
        for name, known in self._entries.items():
            if type(part) is known:
                options = {o: plain(getattr(part, o)) for o in self._options(known) if hasattr(part, o)}
                return {"name": name, **options}
        return {"python": type(part).__qualname__}

    def describe(self) -> tuple[Row, ...]:
        """Every entry with the first line of its documentation and its options with their defaults."""
        rows = []
        for name, part in self._entries.items():
            summary = (inspect.getdoc(part) or "").partition("\n")[0]
            options = (_written(option) for option in self._options(part).values())
            rows.append(Row(name, summary, tuple(options)))
        return tuple(rows)

    def json_schema(self) -> dict[str, Any]:
        """An entry of a file as a JSON schema."""
        return {"anyOf": [{"enum": list(self._entries)}, *(self._entry_schema(n, p) for n, p in self._entries.items())]}

    def options_schema(self, name: str) -> dict[str, Any]:
        """The options of one entry as a JSON schema, for a key under which its name need not stand."""
        schema = self._entry_schema(name, self._entries[name])
        del schema["properties"]["name"]
        schema["required"].remove("name")
        return schema

    def _options(self, part: type[T], skipped: int = 0) -> dict[str, inspect.Parameter]:
        """What a file may give to a part."""
        return {name: option for name, option in _options(part, skipped).items() if name not in self.inner}

    def _entry_schema(self, name: str, part: type[T]) -> dict[str, Any]:
        options = self._options(part)
        required = [o.name for o in options.values() if o.default is inspect.Parameter.empty]
        return {
            "type": "object",
            "properties": {"name": {"const": name}, **{k: json_schema(o.annotation) for k, o in options.items()}},
            "required": ["name", *required],
            "additionalProperties": False,
        }

    def _named(self, entry: object, where: Places) -> tuple[str, Mapping[Any, object]]:
        """The name and the options of an entry."""
        if isinstance(entry, str):
            return entry, {}
        shape = f"a {self.kind} is a name, or a mapping of `name` and options"
        if not isinstance(entry, Mapping):
            raise UserError(Mistake(f"{shape}; {_shown(entry)} was given", where(), hint=self._known()))
        if "python" in entry:
            sentence = f"{self.kind} `{entry['python']}` was made in Python and cannot be built from a file"
            raise UserError(Mistake(sentence, where("python")))
        if not isinstance(entry.get("name"), str):
            fault = f"`name` is {_shown(entry['name'])}" if "name" in entry else "`name` is missing"
            raise UserError(Mistake(f"{shape}; {fault}", where(), hint=self._known()))
        return entry["name"], {key: value for key, value in entry.items() if key != "name"}

    def _known(self) -> str:
        return f"Known: {', '.join(sorted(self._entries))}."


def _nowhere(*keys: str | int) -> Place | None:
    return None


def _shown(value: object) -> str:
    """A value as a sentence quotes it."""
    if isinstance(value, (Mapping, list, tuple)):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "`null`", True: "`true`", False: "`false`"}[value]
    text = repr(value) if isinstance(value, str) else str(value)
    return f"`{text if len(text) <= 60 else text[:60] + '…'}`"


def _options(part: type[Any], skipped: int) -> dict[str, inspect.Parameter]:
    """The constructor's arguments that a file may give, their annotations resolved."""
    hints = get_type_hints(part.__init__)
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = [p for p in inspect.signature(part).parameters.values() if p.kind not in free][skipped:]
    factories = {f.name: f.default_factory for f in dataclasses.fields(part)} if dataclasses.is_dataclass(part) else {}
    resolved = {}
    for p in parameters:
        make = factories.get(p.name, dataclasses.MISSING)
        default = p.default if make is dataclasses.MISSING else make()
        resolved[p.name] = p.replace(annotation=hints.get(p.name, Any), default=default)
    return resolved


def _check(
    given: Mapping[Any, object], known: Mapping[str, inspect.Parameter], title: str, where: Places
) -> tuple[dict[str, Any], list[Mistake]]:
    """The options as the constructor wants them, and everything that is wrong with them."""
    options: dict[str, Any] = {}
    mistakes = []
    for key, value in given.items():
        if key not in known:
            message, hint = unknown("option", str(key), known)
            mistakes.append(Mistake(f"{message} of {title}", where(key), hint=hint))
            continue
        try:
            options[key] = fit(value, known[key].annotation)
        except UnfitError:
            mistakes.append(unfit(f"option `{key}` of {title}", value, known[key].annotation, where(key)))
    for name, option in known.items():
        if option.default is inspect.Parameter.empty and name not in given:
            mistakes.append(Mistake(f"{title} needs the option `{name}` ({words(option.annotation)})", where()))
    return options, mistakes


def unfit(subject: str, value: object, annotation: Any, place: Place | None) -> Mistake:
    """The mistake of a value that is not of the annotated type."""
    hint = None
    if isinstance(value, str) and choices(annotation):
        hint = unknown("word", value, choices(annotation))[1]
    return Mistake(f"{subject} must be {words(annotation)}; {_shown(value)} was given", place, hint=hint)


def _placed(mistake: Mistake, where: Places) -> Mistake:
    return mistake if mistake.place is not None else replace(mistake, place=where())


def _written(option: inspect.Parameter) -> str:
    if option.default is inspect.Parameter.empty:
        return option.name
    default = plain(option.default)
    return f"{option.name} = {_shown(default).strip('`') if default is None or isinstance(default, bool) else default}"
