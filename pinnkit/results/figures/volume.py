"""A field over three coordinates as a spatial picture, with flat pictures where this machine cannot draw one."""

import json
import os
import subprocess
import sys
import tempfile
from ctypes.util import find_library
from dataclasses import replace
from pathlib import Path

from pinnkit.results import vtk
from pinnkit.results.fields import GridFields
from pinnkit.results.figures.middles import draw_middles
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import colour_scale, label
from pinnkit.results.writing import write_bytes

PATIENCE = 120.0
"""Seconds after which a drawing process is given up: the first picture takes one or two."""


def draw_volume(path: Path, grid: GridFields, name: str, python: str = sys.executable) -> Picture:
    """Draw a field of three coordinates (time may be one) in space, or its middle planes where that fails.

    The picture is made by another process, because VTK without a graphics library ends the process that it runs in.
    Where the extra `html` is installed, a page beside it shows the same to be turned with the mouse.

    Args:
        path: the PNG file to write.
        grid: the field on a grid of three coordinates.
        name: the field's name.
        python: the interpreter of the drawing process.
    """
    window = render_window()
    missing = "neither libEGL nor libOSMesa was found"
    reason = _render(path, grid, name, window, python) if window else missing
    if not reason:
        scene = path.with_suffix(".html")
        caption = f"{name} on the three planes through the middle of the domain."
        return Picture(path, caption, scene=scene if scene.is_file() else None)
    flat = draw_middles(path, grid, name, compare=False)
    return replace(flat, remark=f"Spatial picture of `{name}` drawn as flat planes instead: {reason}.")


def render_window() -> str | None:
    """VTK's name for the kind of off-screen window that this machine's libraries allow, or None.

    Naming it spares the search for an X server and the warning that goes with it.
    """
    if find_library("EGL"):
        return "vtkEGLRenderWindow"
    if find_library("OSMesa"):
        return "vtkOSOpenGLRenderWindow"
    return None


def _render(path: Path, grid: GridFields, name: str, window: str, python: str) -> str:
    """Have a child process draw the picture; the reason why there is none, or nothing."""
    colours, limits = colour_scale(grid.predicted[name])
    with tempfile.TemporaryDirectory() as passing:
        files = ("image.vti", "picture.png", "scene.html", "order.json")
        image, drawn, scene, order = (Path(passing) / file for file in files)
        vtk.image(replace(grid, predicted={name: grid.predicted[name]}, reference={})).save(image)
        specification = {
            "image": str(image),
            "array": name,
            "picture": str(drawn),
            "scene": str(scene),
            "title": label(name, grid.names),
            "names": grid.names,
            "bounds": [(float(axis[0]), float(axis[-1])) for axis in grid.axes],
            "colours": colours,
            "limits": [float(limits.vmin or 0.0), float(limits.vmax or 0.0)],
        }
        order.write_text(json.dumps(specification), encoding="utf-8")
        failure = _child([python, "-m", "pinnkit.results.render", str(order)], window)
        if failure:
            return failure
        if not drawn.is_file() or drawn.stat().st_size == 0:
            return "the drawing process left no picture"
        write_bytes(path, drawn.read_bytes())
        if scene.is_file():
            write_bytes(path.with_suffix(".html"), scene.read_bytes())
    return ""


def _child(command: list[str], window: str) -> str:
    """Run the drawing process; how it failed, or nothing."""
    package = str(Path(__file__).resolve().parents[3])
    known = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ,
        "VTK_DEFAULT_OPENGL_WINDOW": window,
        "PYTHONPATH": package + (os.pathsep + known if known else ""),
    }
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the drawing process took longer than {PATIENCE:.0f} s"
    except OSError as error:
        return f"the drawing process could not be started ({error.strerror or error})"
    if done.returncode < 0:
        return f"the drawing process was ended by signal {-done.returncode}, as happens without a graphics driver"
    if done.returncode:
        return f"the drawing process ended with status {done.returncode}"
    return ""
