"""The processes that make one run together, started by torchrun or by anything else that forms torch's process group.

All of them go the same way: each has the whole problem and all parameters, draws the same points, and computes the rows
of its own share of them. What is summed over all rows (losses, gradients, Gram matrices) is summed over the processes,
and every process goes on with the same sum, to the last bit.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import final

import torch
import torch.distributed as dist
from torch import Tensor

from pinnkit.errors import LostProcess, UserError

_WAIT = timedelta(minutes=30)
"""How long one process waits for another, which may be compiling, or making a reference."""


@final
@dataclass(frozen=True)
class Team:
    """The processes of a run, as one of them sees them.

    Args:
        number: of this process, from 0.
        count: of all of them.
    """

    number: int = 0
    count: int = 1

    @classmethod
    def here(cls) -> "Team":
        """The processes of torch's process group; this one alone where there is none."""
        if dist.is_available() and dist.is_initialized():
            return cls(dist.get_rank(), dist.get_world_size())
        return cls()

    @property
    def first(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.number == 0

    def mine(self, part: int) -> bool:
        """Whether this process computes the part of that number."""
        return part % self.count == self.number

    def total(self, own: Tensor) -> Tensor:
        """The sum over all processes, in place and with the same bits everywhere.

        Raises:
            LostProcess: another one has ended.
        """
        if self.count > 1:
            # Adding up at one place and handing that out leaves no doubt about the order of the sum.
            _together(lambda: dist.reduce(own, 0))
            _together(lambda: dist.broadcast(own, 0))
        return own

    def of_first(self, own: Tensor) -> Tensor:
        """The tensor of the first process.

        Raises:
            LostProcess: another one has ended.
        """
        if self.count > 1:
            own = own.contiguous()
            _together(lambda: dist.broadcast(own, 0))
        return own

    def told(self, number: int) -> int:
        """The number of the first process."""
        return int(self.of_first(torch.tensor(number))) if self.count > 1 else number

    def told_text(self, text: str) -> str:
        """The text of the first process."""
        if self.count == 1:
            return text
        raw = text.encode()
        letters = torch.zeros(self.told(len(raw)), dtype=torch.uint8)
        if self.first:
            letters = torch.tensor(list(raw), dtype=torch.uint8)
        return bytes(self.of_first(letters).tolist()).decode()

    def wait(self) -> None:
        """Go on once all processes are here."""
        self.total(torch.zeros(1))


ALONE = Team()
"""One process, by itself."""


def _together(action: Callable[[], object]) -> None:
    """What all processes do at once."""
    try:
        action()
    except RuntimeError as error:
        raise LostProcess(f"another process of the run has ended ({str(error).splitlines()[0]})") from error


@contextmanager
def joined() -> Iterator[Team]:
    """Form the group that torchrun asks for, and leave it at the end; alone where nothing asks for one.

    Every process takes the GPU of its own number on its machine.

    Raises:
        UserError: torch was built without what it takes.
    """
    count = os.environ.get("WORLD_SIZE", "1")
    if count == "1" or dist.is_initialized():
        yield Team.here()
        return
    if not dist.is_available() or not dist.is_gloo_available():
        raise UserError(f"{count} processes are asked for, and this build of torch has no `gloo` to join them")
    gpus = torch.cuda.device_count()
    if gpus:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % gpus)
    several = bool(gpus) and dist.is_nccl_available()
    dist.init_process_group("cpu:gloo,cuda:nccl" if several else "gloo", timeout=_WAIT)
    try:
        yield Team.here()
    finally:
        leave()


def leave() -> None:
    """Leave the group; what follows is done by each process alone."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def on_this_machine() -> int:
    """How many processes of the run share this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if Team.here().count > 1 else 1
