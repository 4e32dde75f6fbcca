"""Where the members of a sweep are run: some at a time on this machine, or on the machines of a Ray cluster."""

import os
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import sleep
from typing import IO, Any, final

from pinnkit.errors import Mistake, UserError
from pinnkit.results.environment import cpu_count

_LOOK = 0.05
"""Seconds between two looks at what has ended."""

_INTERRUPTED = 130


@final
@dataclass(frozen=True)
class Ended:
    """How a command ended: its number among those given, its exit status, and what it printed."""

    number: int
    status: int
    told: str


class Engine(ABC):
    """Runs commands side by side."""

    @abstractmethod
    def run(self, commands: Sequence[Sequence[str]]) -> Iterator[Ended]:
        """Run them all, and give each one as it ends; none is begun after Ctrl-C."""


@final
@dataclass(frozen=True)
class Local(Engine):
    """Processes on this machine, each with its share of the cores.

    Args:
        jobs: how many at a time.

    Raises:
        UserError: fewer than one.
    """

    jobs: int

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise UserError(f"`--jobs` is {self.jobs}; it needs 1 or more")

    def run(self, commands: Sequence[Sequence[str]]) -> Iterator[Ended]:
        """Begin a command whenever one has ended."""
        waiting, interrupted = list(enumerate(commands)), False
        going: list[_Going] = []
        try:
            while going or (waiting and not interrupted):
                try:
                    while waiting and len(going) < self.jobs and not interrupted:
                        going.append(self._begun(*waiting.pop(0)))
                    sleep(_LOOK)
                except KeyboardInterrupt:  # it has reached those that are going as well
                    interrupted = True
                for one in [one for one in going if one.process.poll() is not None]:
                    going.remove(one)
                    yield one.ended()
        finally:
            for one in going:
                one.process.terminate()
            for one in going:
                one.process.wait()
                one.told.close()

    def _begun(self, number: int, command: Sequence[str]) -> "_Going":
        share = {"OMP_NUM_THREADS": str(max(1, cpu_count() // self.jobs))}
        told = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (closed where it is read)
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT, env={**os.environ, **share})
        return _Going(number, process, told)


@final
@dataclass(frozen=True, eq=False)
class _Going:
    """A command that is being run."""

    number: int
    process: subprocess.Popen[bytes]
    told: IO[str]

    def ended(self) -> Ended:
        """How it ended."""
        with self.told as told:
            told.seek(0)
            return Ended(self.number, self.process.returncode, told.read())


@final
@dataclass(frozen=True)
class Ray(Engine):
    """Tasks of Ray: those of the cluster that `RAY_ADDRESS` names, else of one that begins and ends with the sweep.

    Every machine needs pinnkit, and the folder of the sweep under the same path.

    Args:
        cores: of every task.

    Raises:
        UserError: Ray is not installed.
    """

    cores: int = 1

    def __post_init__(self) -> None:
        try:
            import ray  # noqa: F401 (whether it is there is told before anything is made)
        except ImportError:
            hint = "`pip install ray` installs it."
            raise UserError(Mistake("`--engine ray` needs the package `ray`", hint=hint)) from None

    def run(self, commands: Sequence[Sequence[str]]) -> Iterator[Ended]:
        """Hand all commands to Ray, which begins them as cores become free."""
        import ray

        begun = not ray.is_initialized()
        if begun:
            ray.init(log_to_driver=False, include_dashboard=False)
        task = ray.remote(num_cpus=self.cores)(_ran)
        folder, going = os.getcwd(), {}
        try:
            going = {task.remote(list(command), folder, self.cores): k for k, command in enumerate(commands)}
            while going:
                for ready in ray.wait(list(going), num_returns=1)[0]:
                    status, told = ray.get(ready)
                    yield Ended(going.pop(ready), status, told)
        except KeyboardInterrupt:
            for left, number in going.items():
                with suppress(Exception):
                    ray.cancel(left, force=True)
                yield Ended(number, _INTERRUPTED, "interrupted")
        finally:
            if begun:
                ray.shutdown()


def _ran(command: list[str], folder: str, cores: int) -> tuple[int, str]:
    """A command run in a folder: its exit status and what it printed."""
    own: dict[str, Any] = {"env": {**os.environ, "OMP_NUM_THREADS": str(cores)}, "cwd": folder}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **own)
    return done.returncode, done.stdout.decode(errors="replace")
