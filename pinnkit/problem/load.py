"""A problem from its file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.build import build_problem
from pinnkit.problem.problem import Problem
from pinnkit.reading import Document, read_yaml
from pinnkit.shipped import problem_path


def load_problem(path: Path | str) -> Problem:
    """The problem that a file, or the shipped file of that name, describes.

    Raises:
        UserError: there is no such file; every mistake in it, each with its line and column.

    Example:
        >>> load_problem("burgers").fields
        ('u',)
    """
    found = problem_path(path)
    return problem_of(read_yaml(found), found.parent)


def problem_of(document: Document, folder: Path | None = None) -> Problem:
    """The problem that a YAML document describes; files that it names lie beneath `folder`.

    Raises:
        UserError: every mistake in the document.
    """
    if not isinstance(document.data, Mapping):
        hint = "It starts with `name: ...`, `coordinates: ...`, `fields: ...`."
        raise UserError(Mistake("a problem file holds keys and their values", Place(document.file, 1), hint=hint))
    title = next((line for line in document.comment.splitlines() if line), "")
    built = build_problem(document.data, document.place, title, document.key_place, folder)
    return replace(built, source=document.file)
