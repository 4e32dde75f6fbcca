"""The command line: every command reads its arguments and calls the package; this file reports what went wrong.

Everything heavy is imported inside a command, so that `pinnkit --help` answers at once.
"""

import io
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from pinnkit import __version__
from pinnkit.arguments import (
    Against,
    Changes,
    ConfigFile,
    File,
    NewFolder,
    Parameters,
    Plugins,
    ProblemFile,
    Values,
    Where,
)
from pinnkit.errors import LostProcess, Mistake, SolveError, UserError

if TYPE_CHECKING:
    from pinnkit.config import Config
    from pinnkit.engines import Engine
    from pinnkit.plugins import Plugin
    from pinnkit.problem.problem import Problem


class _Interrupted(Exception):  # noqa: N818 (an interruption is no error)
    """Ctrl-C, in a form that typer leaves to `main`."""


class _Commands(TyperGroup):
    """The group of all commands; typer would answer Ctrl-C without a word."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _Interrupted from None


app = typer.Typer(
    cls=_Commands,
    help="Differential equations from a file to a verified neural field.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0, 2 for a mistake of the user, 1 for a run that failed, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks `ν` shows `?`
    given = list(sys.argv[1:] if arguments is None else arguments)
    wants_traceback = "--traceback" in given
    command = next((word for word in given if not word.startswith("-")), "")
    if os.environ.get("WORLD_SIZE", "1") != "1" and command not in _SHARED:
        ways = " or ".join(f"`{name}`" for name in _SHARED)
        _stop(f"`pinnkit {command}` is the work of one process; torchrun is for {ways}", 2)
    try:
        app([argument for argument in given if argument != "--traceback"], prog_name="pinnkit")
    except UserError as error:
        _stop(str(error), 2)
    except (SolveError, LostProcess) as error:
        _stop(f"the run could not go on: {error}", 1)
    except _Interrupted:
        _stop("interrupted: what was written so far is kept", 130)
    except Exception as error:
        if wants_traceback:
            traceback.print_exc()
        name = f"{type(error).__name__}: {error}".rstrip(": ")
        _stop(f"this is a bug in pinnkit ({name}); `--traceback` shows where. Please report it.", 1)


_SHARED = ("solve", "resume")
"""The commands that several processes can do together."""


def _stop(message: str, status: int) -> None:
    if os.environ.get("RANK", "0") == "0":  # of the processes that torchrun starts, one says it
        typer.echo(message, err=True)
    sys.exit(status)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pinnkit {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
    show_traceback: Annotated[
        bool, typer.Option("--traceback", help="Show where an unexpected error comes from (before or after a command).")
    ] = False,
) -> None:
    """Differential equations from a file to a verified neural field."""


@app.command()
def check(
    problem: ProblemFile,
    parameter: Parameters = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print the equations as LaTeX.")] = False,
) -> None:
    """Check a problem as mathematics and print it back as it was understood."""
    understood = _load(problem, parameter)
    from pinnkit.problem.checks import check_problem
    from pinnkit.problem.summary import summary

    findings = check_problem(understood)
    typer.echo(summary(understood, findings, as_latex=latex))
    if any(finding.fatal for finding in findings):
        raise typer.Exit(2)


@app.command()
def solve(
    problem: ProblemFile,
    config: ConfigFile = None,
    set_: Changes = None,
    parameter: Parameters = None,
    seed: Annotated[int | None, typer.Option(help="The seed of every random number.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of the arithmetic on a CPU.")] = None,
    compile_: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Compile the residual first, which takes some seconds."),
    ] = None,
    out: NewFolder = None,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="RUN", help="Begin with the trained parameters of a run folder.")
    ] = None,
    confirm: Annotated[
        bool,
        typer.Option("--confirm", help="Solve it twice, differently, and take the difference to estimate the error."),
    ] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Solve the linearised equation for the error.")] = False,
    plugin: Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Solve a problem and write a run folder with fields, figures and a verdict."""
    plugins = _load_plugins(plugin)
    understood = _load(problem, parameter)
    flags = {"seed": seed, "device": device, "threads": threads, "compile": compile_}
    overrides = [*(set_ or []), *(f"{key}={str(value).lower()}" for key, value in flags.items() if value is not None)]
    chosen = _load_config(understood, config, overrides)
    paths = [p.path for p in plugins]
    from pinnkit.processes import joined
    from pinnkit.solving import solve_to_folder  # last, so that a mistake in the config is told before more is loaded

    with joined():
        solve_to_folder(
            understood, chosen, out, quiet=quiet, plugins=paths, start=from_, confirmed=confirm, estimated=estimate
        )


@app.command()
def sweep(
    problem: ProblemFile,
    parameter: Values = None,
    seeds: Annotated[str | None, typer.Option(help="A run for each seed, as `0,1,2` or `0:9:10`.")] = None,
    config: Annotated[
        list[str] | None, typer.Option("--config", help="A config; several are compared. Else the problem's own.")
    ] = None,
    set_: Changes = None,
    jobs: Annotated[int, typer.Option(help="How many runs at a time, each in a process of its own.")] = 1,
    engine: Annotated[
        Where, typer.Option(help="Where they run: on this machine, or on the Ray cluster of `RAY_ADDRESS`.")
    ] = Where.local,
    out: NewFolder = None,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="RUN", help="Begin with the trained parameters of a run folder.")
    ] = None,
    plugin: Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print one line a run and the table only.")] = False,
) -> None:
    """Solve a problem for many values of its parameters, seeds or configs, and put all into one table."""
    plugins = _load_plugins(plugin)
    understood = _load(problem, None)
    from pinnkit.sweeping import choices_of, read_seeds, read_sweeps, sweep_to_folder

    configs = {name: _load_config(understood, name or None, set_ or []) for name in config or [""]}
    values = read_sweeps(parameter or [])
    choices = choices_of(understood, values, configs, read_seeds(seeds) if seeds is not None else ())
    words = [sys.executable, "-m", "pinnkit", "solve", problem, "--quiet", *(["--from", str(from_)] if from_ else [])]
    for option, given in (("--set", set_ or []), ("--plugin", [str(p.path) for p in plugins])):
        words += [word for each in given for word in (option, each)]
    side = _engine(jobs, engine)
    found = sweep_to_folder(choices, out, quiet, [p.path for p in plugins], from_, side, words)
    typer.echo(str(found))
    found.require_whole()


def _engine(jobs: int, where: "Where") -> "Engine | None":
    """What runs the members of a sweep; None for this process."""
    from pinnkit.engines import Local, Ray

    if where is Where.ray:
        return Ray()
    return Local(jobs) if jobs != 1 else None


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    plugin: Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Go on with a run where it was cut, as if it had not been."""
    _load_plugins(plugin)
    from pinnkit.processes import joined
    from pinnkit.solving import resume_folder

    with joined():
        resume_folder(run, quiet=quiet)


@app.command()
def rerun(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    out: NewFolder = None,
    plugin: Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict and the comparison only.")] = False,
) -> None:
    """Make a run again with the steps that it made, and say how far both are apart."""
    plugins = _load_plugins(plugin)
    from pinnkit.rerunning import rerun as made_again

    typer.echo(str(made_again(run, out, quiet, [p.path for p in plugins])))


@app.command()
def doctor(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    plugin: Plugins = None,
) -> None:
    """Say what ails a run, and which option to try next."""
    _load_plugins(plugin)
    from pinnkit.diagnosis import diagnose

    typer.echo(str(diagnose(run)))


@app.command()
def compare(
    problem: ProblemFile,
    config: ConfigFile = None,
    set_: Changes = None,
    parameter: Parameters = None,
    method: Annotated[
        str | None, typer.Option(help="The classical method; else the problem's own, or the first that can treat it.")
    ] = None,
    against: Annotated[
        Against, typer.Option(help="A classical method, or DeepXDE for as long as our network is trained.")
    ] = Against.reference,
    out: NewFolder = None,
    plugin: Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict and the table only.")] = False,
) -> None:
    """Solve a problem by a network and by a classical method or DeepXDE, and print both times and both errors."""
    plugins = _load_plugins(plugin)
    understood = _load(problem, parameter)
    chosen = _load_config(understood, config, set_ or [])
    from pinnkit.comparing import compare as compared
    from pinnkit.comparing import compare_with_deepxde

    if against is Against.deepxde:
        if method is not None:
            raise UserError(Mistake("`--method` names a classical method, and `--against deepxde` asks for none"))
        typer.echo(str(compare_with_deepxde(understood, chosen, out, quiet, [p.path for p in plugins])))
        return
    typer.echo(str(compared(understood, chosen, out, method, quiet, [p.path for p in plugins])))


@app.command("show")
def show_(
    problem: ProblemFile,
    config: ConfigFile = None,
    set_: Changes = None,
    parameter: Parameters = None,
    out: Annotated[Path | None, typer.Option("--out", help="The folder; else runs/<problem>/show.")] = None,
    plugin: Plugins = None,
) -> None:
    """Draw domain, boundary, normals, prescribed values and points of a problem before it is trained."""
    _load_plugins(plugin)
    understood = _load(problem, parameter)
    chosen = _load_config(understood, config, set_ or [])
    from pinnkit.showing import show

    typer.echo(f"wrote {show(understood, chosen, out)}")


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    at: Annotated[Path, typer.Option(help="A CSV file with a column for each coordinate.")],
    out: Annotated[Path | None, typer.Option(help="The CSV file to write; else RUN/values.csv.")] = None,
    parameter: Parameters = None,
    plugin: Plugins = None,
) -> None:
    """Write the fields of a run at the points of a CSV file."""
    _load_plugins(plugin)
    from pinnkit.results.prediction import predict_csv

    typer.echo(f"wrote {predict_csv(run, at, out, _values(parameter))}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    out: Annotated[Path | None, typer.Option(help="The file; else RUN/solution.vtkhdf.")] = None,
) -> None:
    """Write the fields of a run as one VTKHDF file, all times in it."""
    from pinnkit.results.vtkhdf import write_vtkhdf

    typer.echo(f"wrote {write_vtkhdf(run, out)}")


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="What to list; else every kind.")] = None,
    plugin: Plugins = None,
) -> None:
    """List the parts that a file can name, with their options."""
    from pinnkit.listing import listing

    _load_plugins(plugin)
    typer.echo(listing(kind))


@app.command()
def schema(
    file: Annotated[File, typer.Argument(metavar="FILE", help="`problem` or `config`.")],
) -> None:
    """Print the JSON schema of a file, for editors that check while one types."""
    import json

    if file is File.problem:
        from pinnkit.problem.schema import problem_schema as made
    else:
        from pinnkit.config import config_schema as made
    typer.echo(json.dumps(made(), indent=2, ensure_ascii=False))


def _load(name: str, parameters: list[str] | None) -> "Problem":
    """The problem of a file, with the parameters that the command line changes."""
    from pinnkit.problem.load import load_problem

    problem = load_problem(name)
    changed = _values(parameters)
    return problem.with_parameters(**changed) if changed else problem


def _values(parameters: list[str] | None) -> dict[str, float]:
    """The values that the command line gives to parameters."""
    from pinnkit.equations import parse_number

    changed = {}
    for text in parameters or []:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not (key and equals and value):
            raise UserError(Mistake(f"`--parameter {text}` is not of the form `name=value`"))
        changed[key] = parse_number(value)
    return changed


def _load_config(problem: "Problem", name: str | None, overrides: list[str]) -> "Config":
    """The config that was asked for, or the problem's own, with the values that the command line changes."""
    from pinnkit.config import load_config
    from pinnkit.shipped import config_path

    beside = Path(problem.source) if problem.source else None
    return load_config(config_path(name or problem.config, None if name else beside), overrides)


def _load_plugins(paths: list[Path] | None) -> "list[Plugin]":
    """Run the plugins, and say so."""
    from pinnkit.plugins import load_plugin

    plugins = [load_plugin(path) for path in paths or []]
    for plugin in plugins:
        typer.echo(str(plugin), err=True)
    return plugins
