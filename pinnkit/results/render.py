"""A three-dimensional picture of a VTK image, made in a process of its own: `python -m pinnkit.results.render SPEC`.

On a machine without a working graphics library VTK ends the whole process instead of raising an error, so the one who
asks for the picture (`figures/volume.py`) must not be the one who draws it. SPEC is a JSON file:
``{"image", "array", "picture", "scene", "title", "names", "bounds", "colours", "limits"}``.
"""

import json
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SIZE = (1200, 960)
"""Pixels across and up."""


def render(specification: dict[str, Any]) -> None:
    """Draw the three middle planes of an image with its outline, named axes and a colour bar.

    Every axis is drawn at equal length, since time and space have no common scale; the labels show the true values.
    """
    import pyvista

    mesh = pyvista.read(specification["image"])
    # A cube of side one: the true bounds go to the labels.
    mesh.spacing = [1.0 / max(1, count - 1) for count in mesh.dimensions]
    mesh.origin = (0.0, 0.0, 0.0)
    plotter: Any = pyvista.Plotter(off_screen=True, window_size=list(SIZE), lighting="none")
    plotter.set_background("white")
    bar: Any = {
        "title": specification["title"] + "\n",
        "vertical": True,
        "color": "black",
        "position_x": 0.87,
        "position_y": 0.25,
        "height": 0.5,
        "width": 0.06,
        "n_labels": 5,
        "fmt": "%.3g",
        "title_font_size": 26,
        "label_font_size": 22,
    }
    # Outside of a shape there are no values, and nothing is drawn.
    planes = mesh.slice_orthogonal().combine().threshold(scalars=specification["array"], all_scalars=True)
    plotter.add_mesh(
        planes,
        scalars=specification["array"],
        cmap=specification["colours"],
        clim=specification["limits"],
        lighting=False,
        scalar_bar_args=bar,
    )
    plotter.add_mesh(mesh.outline(), color="black", line_width=1.5, lighting=False)
    across, up, high = specification["names"]
    plotter.show_bounds(
        axes_ranges=[float(end) for pair in specification["bounds"] for end in pair],
        xtitle=across,
        ytitle=up,
        ztitle=high,
        n_xlabels=3,
        n_ylabels=3,
        n_zlabels=3,
        fmt="%.3g",
        font_size=22,
        bold=False,
        color="black",
        location="outer",
        ticks="outside",
        use_3d_text=False,
    )
    plotter.view_isometric()
    plotter.camera.zoom(0.86)
    plotter.screenshot(specification["picture"])
    plotter.close()
    if find_spec("trame_pyvista") is not None:
        _export(planes, mesh.outline(), specification)


def _export(planes: Any, outline: Any, specification: dict[str, Any]) -> None:
    """The planes as one HTML file, in which they can be turned; without numbers at the axes, which it cannot hold."""
    import pyvista

    plotter: Any = pyvista.Plotter(off_screen=True, lighting="none")
    plotter.set_background("white")
    bar: Any = {"title": specification["title"], "vertical": True, "color": "black", "position_x": 0.82, "fmt": "%.3g"}
    shown = {"scalars": specification["array"], "cmap": specification["colours"], "clim": specification["limits"]}
    plotter.add_mesh(planes, lighting=False, scalar_bar_args=bar, **shown)
    plotter.add_mesh(outline, color="black", line_width=1.5, lighting=False)
    plotter.view_isometric()
    plotter.camera.zoom(0.9)
    with warnings.catch_warnings():  # the name of the export is on its way from pyvista to its extension
        warnings.simplefilter("ignore")
        plotter.export_html(specification["scene"])
    plotter.close()


def main(arguments: list[str]) -> int:
    """Read the specification named on the command line and draw it; the exit status says whether that went well."""
    render(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
