"""Named expressions of coordinates and parameters, as values."""

from dataclasses import dataclass
from typing import final

from pinnkit.equations.expression import Expression


@final
@dataclass(frozen=True)
class Series:
    """A real Fourier series: the sum over modes of a cos(k . z) + b sin(k . z), z = 2 pi (x - lower)/length.

    ``waves`` holds the wave numbers k of every mode along the periodic ``coordinates``, ``amplitudes`` its a and b.
    """

    coordinates: tuple[str, ...]
    waves: tuple[tuple[int, ...], ...]
    amplitudes: tuple[tuple[float, float], ...]


@final
@dataclass(frozen=True)
class NamedFunction:
    """A name for an expression of coordinates and parameters, which may be a Fourier series given by its modes."""

    name: str
    expression: Expression
    series: Series | None = None
