"""Python of the user's own: a file named on the command line, whose `register()` adds parts to the tables."""

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import final

from pinnkit.errors import Mistake, Place, UserError

_HINT = "A plugin is a Python file with a function `register()` that adds parts: `SAMPLERS.add('corner', Corner)`."


@final
@dataclass(frozen=True)
class Plugin:
    """A file that was run, with the SHA-256 of its content."""

    path: Path
    sha256: str

    def __str__(self) -> str:
        return f"plugin {self.path} (sha256 {self.sha256[:12]}): register() called"


def load_plugin(path: Path) -> Plugin:
    """Run a Python file and call its `register()` once.

    Only the command line calls this: no problem and no config can name a plugin.

    Raises:
        UserError: no such file, a file that fails, or one without `register()`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(Mistake(f"plugin `{path}` cannot be read: {error.strerror}", hint=_HINT)) from None
    spec = importlib.util.spec_from_file_location(f"pinnkit_plugin_{path.stem}", path)
    if path.suffix != ".py" or spec is None or spec.loader is None:
        raise UserError(Mistake(f"plugin `{path}` is not a Python file (`.py`)", hint=_HINT))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up the module that they are made in
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's code raises is the user's to mend
        raise UserError(_failure(path, "", error)) from None
    register = getattr(module, "register", None)
    if not callable(register):
        raise UserError(Mistake(f"plugin `{path}` has no function `register()`", hint=_HINT))
    try:
        register()
    except UserError as error:
        raise UserError(*(Mistake(f"plugin `{path}`: {mistake}") for mistake in error.mistakes)) from None
    except (Exception, SystemExit) as error:  # as above
        raise UserError(_failure(path, "`register()` of ", error)) from None
    return Plugin(path, hashlib.sha256(content).hexdigest())


def _failure(path: Path, part: str, error: BaseException) -> Mistake:
    """What the user's code raised, with the line of the plugin that it came from."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return Mistake(f"{part}plugin `{path}` failed: {type(error).__name__}: {error}", Place(str(path), line))
