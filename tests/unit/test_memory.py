"""How many bytes are free: the machine's own account, within the limits of its control groups."""

from pathlib import Path

import pytest
import torch

from pinnkit import memory
from pinnkit.memory import free_memory, in_words, machine_memory

GIB = 2**30


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MACHINE = {"proc/meminfo": f"MemTotal: 99999 kB\nMemAvailable:   {8 * 2**20} kB\n"}


def version_2(path: str, most: str, taken: int, cache: int) -> dict[str, str]:
    base = f"sys/fs/cgroup{path}/memory"
    return {
        f"{base}.max": f"{most}\n",
        f"{base}.current": f"{taken}\n",
        f"{base}.stat": f"anon 7\ninactive_file {cache}\n",
    }


def test_without_limits_the_machine_counts(tmp_path: Path) -> None:
    assert machine_memory(tree(tmp_path, MACHINE)) == 8 * GIB


@pytest.mark.parametrize(
    ("own", "above", "left"),
    [
        (("max", GIB, 0), ("max", GIB, 0), 8 * GIB),
        ((str(3 * GIB), GIB, GIB // 2), ("max", GIB, 0), 5 * GIB // 2),
        (("max", GIB, 0), (str(2 * GIB), GIB, 0), GIB),
        ((str(3 * GIB), GIB, 0), (str(64 * GIB), GIB, 0), 2 * GIB),
        ((str(GIB), 2 * GIB, 0), ("max", 0, 0), 0),
    ],
)
def test_the_tightest_group_above_a_process_counts(
    tmp_path: Path, own: tuple[str, int, int], above: tuple[str, int, int], left: int
) -> None:
    files = {**MACHINE, "proc/self/cgroup": "0::/a/b\n", **version_2("/a/b", *own), **version_2("/a", *above)}
    assert machine_memory(tree(tmp_path, files)) == left


def test_inside_a_container_the_root_is_its_own(tmp_path: Path) -> None:
    files = {**MACHINE, "proc/self/cgroup": "0::/not/there\n", **version_2("", str(2 * GIB), GIB, 0)}
    assert machine_memory(tree(tmp_path, files)) == GIB


def test_groups_of_the_first_version(tmp_path: Path) -> None:
    base = "sys/fs/cgroup/memory/job/memory"
    files = {
        **MACHINE,
        "proc/self/cgroup": "9:cpu,cpuacct:/other\n4:memory:/job\n0::/\n",
        f"{base}.limit_in_bytes": str(4 * GIB),
        f"{base}.usage_in_bytes": str(3 * GIB),
        f"{base}.stat": f"inactive_file 5\ntotal_inactive_file {GIB}\n",
    }
    assert machine_memory(tree(tmp_path, files)) == 2 * GIB


def test_where_nothing_says_so_it_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(memory.os, "sysconf_names", raising=False)
    assert machine_memory(tmp_path) is None


def test_a_tensor_takes_what_is_free(device: str) -> None:
    """64 MiB that are written to are no longer free, up to what other processes do meanwhile."""
    before = free_memory(torch.device(device))
    assert before is not None
    assert before > 0
    if device == "cuda":
        kept = torch.ones(2**26, dtype=torch.uint8, device=device)
        after = free_memory(torch.device(device))
        assert after is not None
        assert before - after >= kept.numel()


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0.0 MiB"), (3 * 2**19, "1.5 MiB"), (2**40, "1.0 TiB"), (2**61, "2,048.0 PiB")]
)
def test_bytes_in_words(count: int, words: str) -> None:
    assert in_words(count) == words
