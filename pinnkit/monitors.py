"""What a run is watched with from Python: a line in a notebook, scalars for TensorBoard; or any function of a record.

A monitor is called with the record of every step, whose keys are those of `history.jsonl`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, final

from pinnkit.errors import Mistake, UserError
from pinnkit.results.progress import duration
from pinnkit.results.writing import cannot_write

_REFRESH = 0.5
"""Seconds between two lines in a notebook."""

_SILENCE = 10.0
"""Seconds between two lines elsewhere."""


@final
class ShowProgress:
    """One line that stays up to date in a notebook, and a line now and then where there is none.

    Args:
        clock: seconds from an arbitrary start.

    Example:
        >>> from pinnkit.monitors import ShowProgress
        >>> ShowProgress()({"step": 1, "phase": "adam", "loss": 0.25, "seconds": 0.1})
        step 1  adam  loss 2.50e-01  time 0.10 s
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shown_at: float | None = None
        self._handle = _notebook()
        self._error: float | None = None

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Show a step, where the last line is old enough."""
        error = record.get("relative_l2")
        self._error = error if error is not None else self._error
        now = self._clock()
        if self._shown_at is not None and now - self._shown_at < (_SILENCE if self._handle is None else _REFRESH):
            return
        self._shown_at = now
        known = "" if self._error is None else f"  relative L2 {self._error:.2e}"
        spent, left = duration(record.get("seconds")), record.get("eta")
        text = (
            f"step {record['step']}  {record['phase']}  loss {record['loss']:.2e}{known}  time {spent}"
            f"{f'  ETA {duration(left)}' if left is not None else ''}"
        )
        if self._handle is None:
            print(text, flush=True)
        else:
            self._handle.update({"text/plain": text}, raw=True)


def _notebook() -> Any:
    """The place of a line in the notebook that this runs in; None anywhere else."""
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display
    except ImportError:
        return None
    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return display({"text/plain": "…"}, raw=True, display_id=True)


@final
class TensorBoard:
    """Scalars of every step in the files that TensorBoard shows: losses, weights, errors, unknown parameters.

    Args:
        folder: where the files go; `tensorboard --logdir` takes it, or a folder of several.

    Raises:
        UserError: the package `tensorboard` is not installed, or the folder cannot be written to.

    Example:
        >>> with pinnkit.TensorBoard("runs/board") as board:  # doctest: +SKIP
        ...     pinnkit.solve(problem, config, monitor=board)
    """

    def __init__(self, folder: Path | str) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            hint = 'Install it by `pip install "pinnkit[track]"`.'
            raise UserError(Mistake("TensorBoard's files need the package `tensorboard`", hint=hint)) from None
        try:
            self._writer: Any = SummaryWriter(str(folder))
        except OSError as error:
            raise cannot_write(Path(folder), error) from None

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Add the numbers of a step."""
        for name, value in scalars(record):
            self._writer.add_scalar(name, value, record["step"])

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_BESIDE = ("step", "window", "phase", "note", "seconds", "eta")
"""Keys of a record that are no quantities of the step."""


def scalars(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a record by their names; what lies inside of another key stands behind it, `losses/walls`.

    Example:
        >>> list(scalars({"step": 3, "loss": 0.5, "losses": {"walls": 0.1}, "relative_l2": None}))
        [('loss', 0.5), ('losses/walls', 0.1)]
    """
    for key, value in record.items():
        if not before and key in _BESIDE:
            continue
        if isinstance(value, Mapping):
            yield from scalars(value, f"{before}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{before}{key}", float(value)
