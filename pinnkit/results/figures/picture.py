"""A figure as a file: what every drawing function returns and the report shows."""

from dataclasses import dataclass
from pathlib import Path
from typing import final


@final
@dataclass(frozen=True)
class Picture:
    """A figure on disk with the sentence that belongs below it, and a remark where it is not what was wanted.

    ``scene`` is the same as a page that can be turned with the mouse, where one could be made.
    """

    path: Path
    caption: str
    remark: str | None = None
    scene: Path | None = None
