"""Commands side by side: all are run, so many at a time, and each tells how it ended."""

import sys
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pinnkit.engines import Ended, Local, Ray
from pinnkit.errors import UserError

CODE = "import time; time.sleep({0}); print('said {0}'); exit({0} > 0.4)"
COMMANDS = [[sys.executable, "-c", CODE.format(seconds)] for seconds in (0.5, 0)]


def test_all_are_run_and_tell_how_they_ended() -> None:
    assert sorted(Local(2).run(COMMANDS), key=lambda e: e.number) == [
        Ended(0, 1, "said 0.5\n"),
        Ended(1, 0, "said 0\n"),
    ]


def test_so_many_run_at_a_time() -> None:
    """The quick second one ends first where both are begun at once, and not before the slow first one else."""
    assert [ended.number for ended in Local(2).run(COMMANDS)] == [1, 0]
    assert [ended.number for ended in Local(1).run(COMMANDS)] == [0, 1]


def test_each_has_its_share_of_the_cores() -> None:
    show = [[sys.executable, "-c", "import os; print(os.environ['OMP_NUM_THREADS'])"]]
    assert [ended.told for ended in Local(64).run(show)] == ["1\n"]


def test_what_is_left_ends_with_the_one_who_asked() -> None:
    began = time.monotonic()
    running = Local(2).run([[sys.executable, "-c", ""], [sys.executable, "-c", "import time; time.sleep(60)"]])
    assert next(iter(running)).number == 0
    running.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 30


def test_no_job_is_no_engine() -> None:
    with pytest.raises(UserError, match="`--jobs` is 0"):
        Local(0)


def test_without_ray_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match="needs the package `ray`(.|\n)*pip install ray"):
        Ray()


def test_ray_is_handed_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """What of its interface is used, in its place: tasks are called at once, and the last one is ready first."""
    monkeypatch.setitem(sys.modules, "ray", _ray(begun := []))
    assert [(e.number, e.status, e.told) for e in Ray().run(COMMANDS)] == [(1, 0, "said 0\n"), (0, 1, "said 0.5\n")]
    assert begun == ["init", "cpus 1", "shutdown"]


def _ray(begun: list[str]) -> ModuleType:
    module: Any = ModuleType("ray")

    class Reference:
        def __init__(self, value: Any) -> None:
            self.value = value

    def remote(num_cpus: int) -> Any:
        begun.append(f"cpus {num_cpus}")
        return lambda function: SimpleNamespace(remote=lambda *given: Reference(function(*given)))

    def wait(left: list[Reference], num_returns: int) -> tuple[list[Reference], list[Reference]]:
        return left[-num_returns:], left[:-num_returns]

    module.is_initialized = lambda: False
    module.init = lambda **options: begun.append("init")
    module.shutdown = lambda: begun.append("shutdown")
    module.remote, module.wait, module.get = remote, wait, lambda reference: reference.value
    return module


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 60
