"""What a file can name: shipped problems and configs, and the parts in the tables, as text."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.reading import read_yaml
from pinnkit.registry import Registry
from pinnkit.shipped import shipped_configs, shipped_problems

# The tables are looked up by name, since importing all of them for one kind takes a second.
_TABLES = {
    "shapes": ("pinnkit.shapes", "SHAPES"),
    "networks": ("pinnkit.networks", "NETWORKS"),
    "embeddings": ("pinnkit.networks", "EMBEDDINGS"),
    "samplers": ("pinnkit.points", "SAMPLERS"),
    "quadratures": ("pinnkit.geometry", "QUADRATURES"),
    "weightings": ("pinnkit.objective.weightings", "WEIGHTINGS"),
    "aggregators": ("pinnkit.objective.aggregators", "AGGREGATORS"),
    "optimizers": ("pinnkit.optimizers", "OPTIMIZERS"),
    "references": ("pinnkit.verification", "REFERENCES"),
}
_FILES: Mapping[str, Callable[[], Mapping[str, Path]]] = {"problems": shipped_problems, "configs": shipped_configs}
KINDS = (*_FILES, *_TABLES)


def listing(kind: str | None = None) -> str:
    """The names of one kind, each with a line about it and its options; every kind if None.

    Raises:
        UserError: there is no such kind.
    """
    if kind is None:
        return "\n\n".join(f"{each}\n{_one(each)}" for each in KINDS)
    if kind not in KINDS:
        message, hint = unknown("kind", kind, KINDS)
        raise UserError(Mistake(message, hint=hint))
    return _one(kind)


def _one(kind: str) -> str:
    if kind in _FILES:
        rows = [(name, _title(path)) for name, path in _FILES[kind]().items()]
        width = max((len(name) for name, _ in rows), default=0)
        return "\n".join(f"  {name:<{width}}  {title}".rstrip() for name, title in rows)
    room, table = _TABLES[kind]
    registry: Registry[object] = getattr(import_module(room), table)
    lines = []
    for row in registry.describe():
        lines += [f"  {row.name}: {row.summary}", f"      {', '.join(row.options) or 'no options'}"]
    return "\n".join(lines)


def _title(path: Path) -> str:
    """The first line of the comment that opens a file."""
    return read_yaml(path).comment.partition("\n")[0]
