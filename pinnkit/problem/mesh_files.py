"""Shapes that are mesh files: read once, when the problem is, and kept in it from then on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinnkit.errors import Mistake, UserError
from pinnkit.problem.beneath import beneath
from pinnkit.problem.breaks import Where
from pinnkit.shapes.mesh_file import read_mesh

KIND = "mesh"


def with_meshes(shapes: Mapping[str, Any], folder: Path | None, where: Where) -> tuple[dict[str, Any], list[Mistake]]:
    """The shapes of a file with the meshes themselves in place of the names of their files, and what is wrong.

    Args:
        shapes: as they were written, by name.
        folder: beneath which files lie; None where the problem is no file.
        where: the place of a value.
    """
    found, mistakes = dict(shapes), []
    for name, given in shapes.items():
        if not (isinstance(given, Mapping) and given.get("name") == KIND and given.get("file") and "data" not in given):
            continue
        place = where("shapes", name, "file")
        try:
            data = read_mesh(beneath(str(given["file"]), folder if folder is not None else Path(), place)).as_text()
        except UserError as error:
            mistakes += [Mistake(m.message, m.place or place, hint=m.hint) for m in error.mistakes]
            continue
        found[name] = {**{key: value for key, value in given.items() if key != "file"}, "data": data}
    return found, mistakes
