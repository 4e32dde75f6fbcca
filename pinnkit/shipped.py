"""The problems and configs that come with pinnkit, found from any folder.

In an installed package they lie inside it; in a checkout they lie beside it, where a person reads and edits them.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pinnkit.errors import Mistake, UserError, unknown

_PACKAGE = Path(__file__).resolve().parent


def shipped_problems() -> Mapping[str, Path]:
    """Every shipped problem by name (`burgers`, `record/burgers`)."""
    return _shipped("problems")


def shipped_configs() -> Mapping[str, Path]:
    """Every shipped config by name."""
    return _shipped("configs")


def problem_path(name_or_path: str | Path) -> Path:
    """The file of a problem: an existing file, or else the shipped problem of that name.

    Raises:
        UserError: there is neither.
    """
    return _found("problem", str(name_or_path), None, shipped_problems)


def config_path(name_or_path: str | Path, beside: Path | None = None) -> Path:
    """The file of a config: an existing file, or else the shipped config of that name.

    Args:
        name_or_path: a path, or a name such as `levenberg_marquardt`.
        beside: the file that names the config; a path is looked for in its folder as well.

    Raises:
        UserError: there is neither.
    """
    return _found("config", str(name_or_path), beside, shipped_configs)


def _shipped(folder: str) -> Mapping[str, Path]:
    for root in (_PACKAGE / "shipped" / folder, _PACKAGE.parent / folder):
        if root.is_dir():
            files = sorted(root.rglob("*.yaml"))
            return MappingProxyType({path.relative_to(root).with_suffix("").as_posix(): path for path in files})
    return MappingProxyType({})


def _found(kind: str, given: str, beside: Path | None, shipped: Callable[[], Mapping[str, Path]]) -> Path:
    folders = (Path(), beside.parent) if beside is not None else (Path(),)
    for folder in folders:
        path = folder / given
        if _is_file(path):
            return path
    named = given.removesuffix(".yaml").removeprefix("./").removeprefix(f"{kind}s/")
    known = shipped()
    if named in known:
        return known[named]
    if _is_folder(Path(given)):
        raise UserError(f"`{given}` is a folder; a {kind} is a file")
    message, hint = unknown(kind, _shortened(given), known)
    raise UserError(Mistake(f"{message}: no such file, and none of that name comes with pinnkit", hint=hint))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a null character
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _shortened(given: str) -> str:
    return given if len(given) <= 120 else given[:120] + "…"
