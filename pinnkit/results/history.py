"""The history of a run: a record a step, all of them on disk, and in memory no more than a picture can use."""

import gzip
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, final

from pinnkit.results.writing import cannot_write, plain

Record = dict[str, Any]

MOST_RECORDS = 20_000
"""Records in memory."""

MOST_BYTES = 32_000_000
"""Of the file that is written; beyond, it is put aside, compressed."""

_LONGEST = 10_000_000
"""Characters of a line that is read as one."""


@final
class Thinned:
    """Some of the records of a run, evenly spaced and no more than so many, and the last one.

    All of them are kept as long as they are few. Then every other one is left out, of those to come as well, and so on.

    Args:
        records: to begin with.
        most: are kept.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]] = (), most: int = MOST_RECORDS) -> None:
        self._most = most
        self._kept: list[Record] = []
        self._last: Record | None = None
        self._seen = 0
        self._stride = 1
        for record in records:
            self.append(record)

    def append(self, record: Mapping[str, Any]) -> None:
        """See one more."""
        if self._seen % self._stride == 0:
            self._kept.append(dict(record))
            self._last = None
        else:
            self._last = dict(record)
        self._seen += 1
        if len(self._kept) > self._most:
            if len(self._kept) % 2 == 0:
                self._last = self._kept[-1]
            self._kept, self._stride = self._kept[::2], 2 * self._stride

    @property
    def records(self) -> list[Record]:
        """Those that are kept, and the last one."""
        return [*self._kept, self._last] if self._last is not None else list(self._kept)


@final
class HistoryFile:
    """The history of a run, one JSON object a line, on disk as soon as it is appended.

    Opening a file that exists goes on behind its last whole line, so that a resumed run has one history. A file that
    has grown large is put aside, compressed, as `history.1.jsonl.gz`, `history.2.jsonl.gz` and so on; a new one begins.

    Args:
        path: of the file.
        most: bytes of it.

    Raises:
        UserError: the file cannot be opened for writing.
    """

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        self._path, self._most = path, most
        try:
            torn = path.is_file() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
            self._file: TextIO = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise cannot_write(path, error) from None
        if torn:
            self._file.write("\n")

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one record; numbers that are not finite are written as null."""
        self._file.write(json.dumps(plain(record), ensure_ascii=False, allow_nan=False) + "\n")
        self._file.flush()
        if self._file.tell() > self._most:
            self._put_aside()

    def close(self) -> None:
        """Close the file; what was appended is there already."""
        self._file.close()

    def _put_aside(self) -> None:
        """Compress the file, and begin a new one; go on with it where the disk has no room for both."""
        self._file.close()
        aside = _aside(self._path)
        target = self._path.with_name(f"{self._path.stem}.{len(aside) + 1}{self._path.suffix}.gz")
        whole = target.with_suffix(".part")
        try:
            with self._path.open("rb") as full, gzip.open(whole, "wb", compresslevel=5) as file:
                shutil.copyfileobj(full, file)
            whole.replace(target)
            self._path.unlink()
        except OSError:
            self._most *= 2
        self._file = self._path.open("a", encoding="utf-8", newline="\n")

    def __enter__(self) -> "HistoryFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_history(path: Path) -> Iterator[Record]:
    """The records of a history in order, those put aside first; a line torn by a crash is left out."""
    ended = last = -1
    for file in [*_aside(path), *([path] if path.is_file() else [])]:
        for record in _records(file):
            step = record.get("step")
            if isinstance(step, int):
                # A crash between putting aside and beginning anew leaves what was put aside twice.
                if step <= ended:
                    continue
                last = step
            yield record
        ended = last


def trim_history(path: Path, steps: int) -> Thinned:
    """Leave out the records behind a step, which will be made again; those up to it.

    Args:
        path: of the history.
        steps: the last step that stays.
    """
    kept, cut = Thinned(), False
    for record in read_history(path):
        if record["step"] <= steps:
            kept.append(record)
        else:
            cut = True
    if cut:
        _write_up_to(path, steps)
    return kept


def _write_up_to(path: Path, steps: int) -> None:
    """Write the history anew up to a step."""
    whole = path.with_name(f"{path.stem}_whole")
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    with HistoryFile(whole / path.name) as file:
        for record in read_history(path):
            if record["step"] <= steps:
                file.append(record)
    for old in [*_aside(path), path]:
        old.unlink()
    for new in whole.iterdir():
        new.replace(path.with_name(new.name))
    whole.rmdir()


def _aside(path: Path) -> list[Path]:
    """The files that were put aside, in order."""
    found = path.parent.glob(f"{path.stem}.*{path.suffix}.gz")
    numbered = {name.name.split(".")[1]: name for name in found}
    return [numbered[key] for key in sorted((k for k in numbered if k.isdecimal()), key=int)]


def _records(path: Path) -> Iterator[Record]:
    """The records of one file."""
    opened: Any = gzip.open if path.suffix == ".gz" else Path.open
    with opened(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in iter(lambda: file.readline(_LONGEST), ""):
            try:
                record = json.loads(line)
            except (json.JSONDecodeError, RecursionError):
                continue
            if isinstance(record, dict):
                yield record
