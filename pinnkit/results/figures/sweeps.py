"""All members of a sweep in one picture: their fields over the one coordinate, or their numbers over the parameter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize

from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, colour_bar, dress, figure, label, logarithmic, number, save

_LISTED = 12
"""Members of which a legend can be read; more are told by their colours."""


@final
@dataclass(frozen=True, eq=False)
class Swept:
    """What one member shows.

    Args:
        values: its parameters.
        sizes: errors, or residuals where no errors are known, by name; shown on one logarithmic scale.
        found: unknown parameters and outputs by name.
        curves: positions (k,) along the one coordinate and every field (k,) there; None over more coordinates.
    """

    values: Mapping[str, float | str]
    sizes: Mapping[str, float]
    found: Mapping[str, float]
    curves: tuple[np.ndarray, Mapping[str, np.ndarray]] | None = None


def draw_sweep(path: Path, members: Sequence[Swept], across: str) -> Picture:
    """Draw the fields of all members over `across`, or their numbers over the parameter where there are no curves."""
    if all(member.curves is not None for member in members):
        return _curves(path, members, across)
    return _numbers(path, members)


def _curves(path: Path, members: Sequence[Swept], across: str) -> Picture:
    """One panel a field, one line a member, coloured by its place in the sweep."""
    fields = list(members[0].curves[1]) if members[0].curves is not None else []
    drawn = figure(8.0, 0.6 + 2.9 * len(fields))
    panels = drawn.subplots(len(fields), 1, sharex=True, squeeze=False).ravel()
    scale = _colours(members)
    for axes, name in zip(panels, fields, strict=True):
        for place, member in enumerate(members):
            if member.curves is None:
                continue
            along, values = member.curves
            colour = scale.to_rgba(np.array(_position(members, place)))
            axes.plot(along, values[name], color=colour, linewidth=1.4, label=_named(member.values))
        dress(axes, across if name == fields[-1] else "", label(name, (across,)))
    if len(members) <= _LISTED:
        panels[0].legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        colour_bar(drawn, scale, list(panels))
        panels[0].set_title(_bar_title(members), loc="right", fontsize=9)
    return Picture(save(drawn, path), f"{', '.join(fields)} along {across} for {_names(members)}.")


def _numbers(path: Path, members: Sequence[Swept]) -> Picture:
    """Errors in one panel and each number that was found in its own, over the first parameter with several values."""
    names = list(members[0].values)
    along = next((n for n in names if len({m.values[n] for m in members}) > 1), names[0])
    found = list(dict.fromkeys(name for member in members for name in member.found))
    sizes = list(dict.fromkeys(name for member in members for name in member.sizes))
    count = len(found) + bool(sizes)
    drawn = figure(8.0, 0.6 + 2.7 * count)
    panels = drawn.subplots(count, 1, sharex=True, squeeze=False).ravel()
    for axes, name in zip(panels, found, strict=False):
        _lines(axes, members, along, {name: [m.found.get(name, np.nan) for m in members]})
        dress(axes, "", name)
    if sizes:
        _lines(panels[-1], members, along, {name: [m.sizes.get(name, np.nan) for m in members] for name in sizes})
        logarithmic(panels[-1])
        dress(panels[-1], "", "relative L2 error" if sizes[0].startswith("error ") else "residual")
    panels[-1].set_xlabel(along)
    for axes in panels:
        if len(axes.get_lines()) > 1:
            axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return Picture(save(drawn, path), f"What was found over {along}.")


def _lines(axes: Axes, members: Sequence[Swept], along: str, named: Mapping[str, Sequence[float]]) -> None:
    """A line for every name and every combination of the other parameters."""
    groups: dict[str, list[int]] = {}
    for place, member in enumerate(members):
        groups.setdefault(_named({n: v for n, v in member.values.items() if n != along}), []).append(place)
    for k, (name, values) in enumerate((n, v) for n, v in named.items()):
        for j, (rest, places) in enumerate(groups.items()):
            order = sorted(places, key=lambda place: members[place].values[along])
            told = ", ".join(filter(None, [name if len(named) > 1 or not rest else "", rest]))
            colour = COLOURS[(k * len(groups) + j) % len(COLOURS)]
            horizontal, vertical = [members[i].values[along] for i in order], [values[i] for i in order]
            axes.plot(horizontal, vertical, "o-", markersize=4, linewidth=1.3, color=colour, label=told)


def _colours(members: Sequence[Swept]) -> ScalarMappable:
    """Colours from dark to light: by the value of a single parameter where there are many, else by the place."""
    positions = [_position(members, place) for place in range(len(members))]
    lower, upper = min(positions), max(positions)
    # The lightest colours of the map are not seen on white.
    shades = ListedColormap(colormaps["viridis"](np.linspace(0.0, 0.88, 256)))
    return ScalarMappable(Normalize(lower, upper if upper > lower else lower + 1.0), shades)


def _position(members: Sequence[Swept], place: int) -> float:
    value = next(iter(members[place].values.values()))
    many = len(members) > _LISTED and len(members[0].values) == 1
    return value if many and not isinstance(value, str) else float(place)


def _bar_title(members: Sequence[Swept]) -> str:
    return f"colour: {next(iter(members[0].values))}" if len(members[0].values) == 1 else "colour: number of the member"


def _named(values: Mapping[str, float | str]) -> str:
    return ", ".join(f"{n} = {v if isinstance(v, str) else number(v)}" for n, v in values.items())


def _names(members: Sequence[Swept]) -> str:
    if len(members) > _LISTED:
        return f"{len(members)} values of {', '.join(members[0].values)}"
    return "; ".join(_named(member.values) for member in members)
