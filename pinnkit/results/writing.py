"""Files that are either whole or untouched: written beside the target, flushed to disk, then renamed over it."""

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from pinnkit.errors import Mistake, UserError


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """An open binary file that becomes `path` when the block ends well, and vanishes when it does not.

    Raises:
        UserError: the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise cannot_write(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner may read; results are ordinary files.
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:  # such as a disk that is full
        raise cannot_write(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    with whole(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file so that a reader sees the old content or the new, never a part."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, data: Any) -> None:
    """Write readable, standard JSON atomically; see `plain` for what becomes of arrays and of NaN."""
    write_text(path, json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def plain(data: Any) -> Any:
    """The same data in JSON's own types.

    Arrays become lists, paths become text, and numbers that are not finite become null, for which JSON has no name.

    Example:
        >>> plain({"error": np.float64(0.5), "loss": float("nan")})
        {'error': 0.5, 'loss': None}
    """
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, np.ndarray):
        return plain(data.tolist())
    if isinstance(data, np.generic):
        return plain(data.item())
    if isinstance(data, list | tuple | set | frozenset):
        return [plain(value) for value in data]
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if data is None or isinstance(data, str | int):
        return data
    return str(data)


def cannot_write(path: Path, error: OSError) -> UserError:
    """The user's error for a place that the system will not let us write to."""
    reason = (error.strerror or str(error)).lower()
    return UserError(Mistake(f"cannot write `{path}`: {reason}", hint="Choose another folder with `--out`."))
