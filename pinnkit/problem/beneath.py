"""Files that a problem file may name: those beneath its own folder, and no others."""

from pathlib import Path

from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.names import short


def beneath(path: str, folder: Path, place: Place) -> Path:
    """The file that a relative path names in a folder, links followed.

    Raises:
        UserError: a path that leads elsewhere, or to no file.
    """
    needed = f"`{short(path)}` must be a file beneath the problem's own folder"
    hint = "A relative path without `..`, such as data/start.csv."
    try:
        given = Path(path)
        outside = given.is_absolute() or given.drive != "" or ".." in given.parts
        found = (folder / given).resolve()
        if outside or not found.is_relative_to(folder.resolve()):
            raise UserError(Mistake(needed, place, hint=hint))
        if not found.is_file():
            raise UserError(Mistake(f"there is no file `{short(path)}` beside the problem", place, hint=hint))
    except (OSError, ValueError):  # a name that no file can have
        raise UserError(Mistake(needed, place, hint=hint)) from None
    return found


def text_beneath(path: str, folder: Path, place: Place, most_bytes: int) -> tuple[Path, str]:
    """The file that a relative path names in a folder, and its text in UTF-8.

    Raises:
        UserError: a path that leads elsewhere, a file that cannot be read, or one larger than the bytes allowed.
    """
    file = beneath(path, folder, place)
    try:
        size = file.stat().st_size
        text = file.read_text(encoding="utf-8-sig") if size <= most_bytes else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(Mistake(f"`{short(path)}` cannot be read: {type(error).__name__}", place)) from None
    if size > most_bytes:
        raise UserError(Mistake(f"`{short(path)}` is larger than {most_bytes // 1_000_000} MB", place))
    return file, text
