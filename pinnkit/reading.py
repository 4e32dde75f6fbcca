"""YAML files as plain data whose every value remembers its line and column.

The rules are YAML 1.2's core schema: `1e-3` is a float, `on`, `yes` and `12:30` are words, `010` is ten. Duplicate keys
and tags (`!!python/object`) are refused, and size, depth and the expansion of aliases are bounded, so that no file can
run code or exhaust the machine.
"""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pinnkit.errors import Mistake, Place, UserError

KeyPath = tuple[str | int, ...]

_MOST_BYTES = 2_000_000
_LONGEST_LINE = 20_000
_MOST_LINES = 100_000
_DEEPEST = 40
_MOST_VALUES = 10_000


@final
@dataclass(frozen=True)
class Document:
    """What a YAML file holds, where each value stands, and the comment that opens it."""

    data: Any
    file: str | None = None
    comment: str = ""
    places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False)
    key_places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False)

    def place(self, *keys: str | int) -> Place:
        r"""Where the value at a path of keys starts; for a path that the file lacks, its nearest part that exists.

        Example:
            >>> str(parse_yaml("a:\n  b: 1e-3", "f.yaml").place("a", "b"))
            'f.yaml:2:6'
        """
        return self._nearest(self.places, keys)

    def key_place(self, *keys: str | int) -> Place:
        """Where the last key of a path is written (for a list's entry, where the entry starts)."""
        return self.key_places.get(keys) or self._nearest(self.places, keys)

    def _nearest(self, places: Mapping[KeyPath, Place], keys: KeyPath) -> Place:
        for length in range(len(keys), -1, -1):
            if keys[:length] in places:
                return places[keys[:length]]
        return Place(self.file)


def read_yaml(path: Path) -> Document:
    """The content of a YAML file.

    Raises:
        UserError: a file that is missing, unreadable, not UTF-8, too large or not YAML.
    """
    name = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise UserError(f"there is no file `{name}`") from None
    except IsADirectoryError:
        raise UserError(f"`{name}` is a folder, and a YAML file is needed") from None
    except (OSError, ValueError) as error:
        raise UserError(f"`{name}` cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > _MOST_BYTES:
        raise UserError(Mistake(f"the file is larger than {_MOST_BYTES // 1_000_000} MB", Place(name)))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(Mistake("the file is not UTF-8 text", Place(name, line))) from None
    return parse_yaml(text, name)


def parse_yaml(text: str, file: str | None = None) -> Document:
    """The content of a YAML text; `file` is the name that mistakes are reported under.

    Raises:
        UserError: what is not YAML, a duplicate key, a tag, or a text beyond the bounds.
    """
    if len(text) > _MOST_BYTES:
        raise UserError(Mistake(f"the file is larger than {_MOST_BYTES // 1_000_000} MB", Place(file)))
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        raise UserError(Mistake(f"{len(lines)} lines, and {_MOST_LINES} is the most", Place(file)))
    for count, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            message = f"a line of {len(line)} characters, and {_LONGEST_LINE} is the most"
            raise UserError(Mistake(message, Place(file, count)))
    reader = _Reader(file)
    try:
        data = reader.document(iter(YAML(typ="safe", pure=True).parse(text)))
    except YAMLError as error:
        raise UserError(_mistake_of(error, file)) from None
    return Document(data, file, leading_comment(text), reader.places, reader.key_places)


def leading_comment(text: str) -> str:
    r"""The comment lines that open a YAML text, without their `#`.

    Example:
        >>> leading_comment("# Heat.\n#\n# A rod.\nname: heat # short")
        'Heat.\n\nA rod.'
    """
    lines: list[str] = []
    for line in text.lstrip("\ufeff").splitlines():
        bare = line.strip()
        if not bare.startswith("#"):
            if lines or bare not in ("", "---"):
                break
            continue
        lines.append(bare[1:].removeprefix(" ").rstrip())
    return "\n".join(lines).strip()


def scalar(text: str) -> str | int | float | bool | None:
    """An unquoted word as YAML 1.2's core schema reads it.

    Raises:
        ValueError: an integer of more digits than Python converts.

    Example:
        >>> scalar("1e-3"), scalar("on"), scalar("010"), scalar("true"), scalar("~")
        (0.001, 'on', 10, True, None)
    """
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+|0x[0-9a-fA-F]+", text):
        return int(text, 0)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return float(text.replace(".", ""))
    return text


def apply_overrides(data: Any, overrides: Iterable[str]) -> Any:
    """A copy of plain data with `path.to.key=value` applied in order; the value is YAML, list entries are numbered.

    Raises:
        UserError: a text without `=`, an empty key, a value that is not YAML, an entry that a list does not have.

    Example:
        >>> apply_overrides({"phases": [{"steps": 1}]}, ["phases.0.steps=5", "lr=1e-3"])
        {'phases': [{'steps': 5}], 'lr': 0.001}
    """
    changed = copy.deepcopy(data) if data is not None else {}
    for override in overrides:
        path, equals, text = override.partition("=")
        keys = [key.strip() for key in path.split(".")]
        if not equals or not all(keys):
            raise UserError(f"`{override}` is not of the form `key=value` or `part.key=value`")
        _assign(changed, keys, parse_yaml(text.strip(), f"`{override}`").data, override)
    return changed


def _assign(target: Any, keys: list[str], value: Any, override: str) -> None:
    """Put a value at a path of keys, making the mappings that are missing on the way."""
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        where = ".".join(keys[:depth]) or "the file"
        if isinstance(target, list):
            if not key.isdecimal() or int(key) >= len(target):
                entries = f"entries 0 to {len(target) - 1}" if target else "no entries"
                raise UserError(f"`{override}`: `{where}` is a list with {entries}, and `{key}` is not one of them")
            index: Any = int(key)
        elif isinstance(target, dict):
            index = key
        else:
            raise UserError(f"`{override}`: `{where}` is the value `{target}`, and holds no `{key}`")
        if last:
            target[index] = value
        elif isinstance(target, dict) and target.get(index) is None:
            target[index] = {}
        if not last:
            target = target[index]


@final
class _Reader:
    """Builds plain data from the parser's events, keeping positions and refusing what goes beyond the bounds."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.places: dict[KeyPath, Place] = {}
        self.key_places: dict[KeyPath, Place] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0

    def document(self, events: Iterator[Event]) -> Any:
        """The one document of a stream; an empty stream is an empty document."""
        data, documents = None, 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error("a second document starts here (`---`), and a file holds one", event)
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                data = self._value(event, events, ())
        return data

    def _value(self, event: Any, events: Iterator[Event], path: KeyPath) -> Any:
        self.places[path] = self._place(event)
        before = self._count
        self._spend(1, event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                message = f"`*{event.anchor}` refers to no anchor `&{event.anchor}` before it"
                raise self._error(message, event, "A text that starts with `*` must be quoted.")
            data, size = self._anchors[event.anchor]
            self._spend(size, event)
            return data
        if len(path) > _DEEPEST:
            raise self._error(f"values are nested more than {_DEEPEST} deep", event)
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            raise self._error(f"the tag `{tag}` is not allowed: a file holds plain values only", event)
        if isinstance(event, ScalarEvent):
            data = self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            data = self._sequence(events, path)
        else:
            data = self._mapping(events, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = (data, self._count - before)
        return data

    def _scalar(self, event: ScalarEvent) -> Any:
        if event.style is not None and event.style != "":
            return event.value
        try:
            return scalar(event.value)
        except ValueError:
            raise self._error(f"a number of {len(event.value)} digits is too long", event) from None

    def _sequence(self, events: Iterator[Event], path: KeyPath) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._value(event, events, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[Event], path: KeyPath) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent) or event.tag is not None:
                raise self._error("a key must be a plain word", event)
            key = event.value
            here = (*path, key)
            if key in entries:
                raise self._error(f"the key `{key}` is given twice", event, f"First at {self.key_places[here]}.")
            self.key_places[here] = self._place(event)
            entries[key] = self._value(next(events), events, here)
        return entries

    def _spend(self, count: int, event: Event) -> None:
        self._count += count
        if self._count > _MOST_VALUES:
            raise self._error(f"the file holds more than {_MOST_VALUES} values, aliases expanded", event)

    def _place(self, event: Event) -> Place:
        """Where a value starts; for a text, its first character behind the quote, so that columns can be counted on.

        A text that is not written as it reads (over several lines, with escapes) has a line and no column.
        """
        start, end = event.start_mark, event.end_mark
        if isinstance(event, ScalarEvent) and event.value:
            quote = 1 if event.style in ("'", '"') else 0
            verbatim = start.line == end.line and end.column - start.column == len(event.value) + 2 * quote
            return Place(self.file, start.line + 1, start.column + quote + 1 if verbatim else None)
        return Place(self.file, start.line + 1, start.column + 1)

    def _error(self, message: str, event: Event, hint: str | None = None) -> UserError:
        return UserError(Mistake(message, self._place(event), hint=hint))


def _mistake_of(error: YAMLError, file: str | None) -> Mistake:
    """The parser's complaint as one sentence with a place."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file)
        parts = [part for part in (error.context, error.problem) if part]
        hint = "A text that holds `: `, ` #`, or starts with `*`, `&`, `[`, `{` or `!` must be quoted."
        return Mistake(f"not YAML: {', '.join(parts)}", place, hint=hint)
    return Mistake(f"not YAML: {' '.join(str(error).split())[:200]}", Place(file))
