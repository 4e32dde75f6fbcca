"""How much memory is free: on a CUDA device, or on the machine within the limits set to this process."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import torch

_GROUPS = (
    ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Where control groups of version 2 and 1 say what they allow, what is taken, and what of it is cache."""


def free_memory(device: torch.device) -> int | None:
    """The bytes that can still be allocated on a device; None where nothing says so.

    What torch keeps for itself on a CUDA device is free, as is what the system keeps of files.
    """
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    return machine_memory(Path("/"))


def machine_memory(root: Path) -> int | None:
    """The bytes that the machine and the control groups of this process leave, by the files below `root`."""
    known = [*_available(root), *_left_by_groups(root)]
    return max(0, min(known)) if known else None


def in_words(count: int) -> str:
    """Bytes as a person reads them.

    Example:
        >>> in_words(80_000_000_000)
        '74.5 GiB'
    """
    size = count / 2**20
    for unit in ("MiB", "GiB", "TiB"):
        if size < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} PiB"


def _available(root: Path) -> Iterator[int]:
    """What the system has: by Linux's own account, else the pages in no use at all."""
    found = _numbers(root / "proc/meminfo").get("MemAvailable:")
    if found is not None:
        yield 1024 * found
    elif "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        yield os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _left_by_groups(root: Path) -> Iterator[int]:
    """What every control group of this process leaves, from its own up to the root.

    Inside a container its own path is not there, and the root is the container's.
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        base, limit, taken, cache = _GROUPS[1 if kinds else 0]
        own = PurePosixPath(path.lstrip("/"))
        for group in (own, *own.parents):
            folder = root / base / group
            most, used = _text(folder / limit).strip(), _text(folder / taken).strip()
            if most.isdecimal() and used.isdecimal():
                yield int(most) - int(used) + _numbers(folder / "memory.stat").get(cache, 0)


def _numbers(path: Path) -> dict[str, int]:
    """The lines of a file that are a word and a number."""
    parts = [line.split() for line in _text(path).splitlines()]
    return {part[0]: int(part[1]) for part in parts if len(part) > 1 and part[1].isdecimal()}


def _text(path: Path) -> str:
    """A file's text, empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
