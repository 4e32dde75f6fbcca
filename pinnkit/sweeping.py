"""One problem for several values of its parameters: a run each, one table and one picture of them all."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from pinnkit.config import Config
from pinnkit.equations import parse_number
from pinnkit.errors import Mistake, Place, SolveError, UserError, unknown
from pinnkit.marching import start_from
from pinnkit.problem.checks import require_sound
from pinnkit.problem.names import short
from pinnkit.problem.problem import Problem
from pinnkit.results.figures.sweeps import Swept, draw_sweep
from pinnkit.results.folder import RunFolder, new_run_folder
from pinnkit.results.solution import Solution
from pinnkit.results.sweeps import Member, Sweep, as_text, named, write_tables
from pinnkit.solving import require_runs, solve, solve_to_folder

MOST_MEMBERS = 1000
"""Each is a run of its own."""

_SPACED = 3
"""The parts of a text such as `0.01:0.05:5`."""


def sweep(
    problem: Problem, values: Mapping[str, Sequence[float]], config: Config | None = None
) -> list[tuple[dict[str, float], Solution]]:
    """Solve a problem for every value of its parameters, and for every combination where several are given.

    Args:
        problem: the equations and conditions.
        values: the values of every parameter by its name.
        config: how to solve them; the default config where not given.

    Raises:
        UserError: a name that is no parameter, no values, or one that is no number; what `solve` refuses.
        SolveError: the loss of a member stopped being finite.

    Example:
        >>> pinnkit.sweep(problem, {"c": [0.2, 0.5, 1]}, config)  # doctest: +SKIP
    """
    members = members_of(problem, values)
    for _, own in members:
        require_sound(own)
    return [(given, solve(own, config)) for given, own in members]


def sweep_to_folder(
    problem: Problem,
    values: Mapping[str, Sequence[float]],
    config: Config,
    out: Path | None = None,
    quiet: bool = False,
    plugins: Sequence[Path] = (),
    start: Path | None = None,
) -> Sweep:
    """Solve a problem for every combination of values, each into a run folder of its own, and write what came of all.

    A member that fails does not end the sweep; Ctrl-C ends the member that is being trained, and then the sweep.

    Args:
        problem: the equations and conditions.
        values: the values of every parameter by its name.
        config: how to solve them.
        out: the folder of the sweep; a new one below `runs` where not given.
        quiet: whether no course is printed.
        plugins: the files of parts that the config names.
        start: the folder of a run with the same network, from whose parameters every member begins.

    Raises:
        UserError: the values, a problem that they make, the config or the folder is at fault, before anything is run.
    """
    members = members_of(problem, values)
    for _, own in members:
        require_sound(own)
    require_runs(members[0][1], config, start_from(Solution.load(start).windows) if start is not None else None)
    folder = new_run_folder(problem.name, out, datetime.now())
    done: list[Member] = []
    for number, (given, own) in enumerate(members, 1):
        place = folder / ",".join(f"{name}={as_text(value)}" for name, value in given.items())
        failure = None
        print(f"{named(given)} ({number} of {len(members)})", flush=True)
        try:
            solve_to_folder(own, config, place, quiet=quiet, plugins=plugins, start=start)
        except (SolveError, UserError) as error:
            failure = str(error)
            print(f"{named(given)} failed: {failure}", flush=True)
        member = Member(given, place, _result(place), failure)
        done.append(member)
        listed = {name: list(dict.fromkeys(chosen[name] for chosen, _ in members)) for name in values}
        found = Sweep(problem.name, listed, tuple(done), folder)
        write_tables(found)  # after every member, so that a sweep that is cut has a table
        if member.result.get("stopped_because") == "interrupted":
            break
    _draw(found, problem)
    return found


def members_of(problem: Problem, values: Mapping[str, Sequence[float]]) -> list[tuple[dict[str, float], Problem]]:
    """Every combination of values with the problem that it makes, the last parameter changing fastest.

    Raises:
        UserError: everything that is wrong with the values.
    """
    known: dict[str, list[float]] = {}
    mistakes = [] if values else [Mistake("a sweep needs a parameter", hint="Such as `c=0.2,0.5,1`.")]
    for name, given in values.items():
        if name not in problem.values:
            message, hint = unknown("parameter", name, problem.values)
            mistakes.append(Mistake(message, hint=hint))
        if not len(given):
            mistakes.append(Mistake(f"no values are given for `{name}`", hint=f"Such as `{name}=0.2,0.5,1`."))
        try:
            known[name] = [parse_number(value if isinstance(value, str) else float(value)) for value in given]
        except (UserError, TypeError, ValueError):
            mistakes.append(Mistake(f"the values of `{name}` must be finite numbers, not {short(str(list(given)))}"))
            continue
        twice = sorted({value for value in known[name] if known[name].count(value) > 1})
        mistakes += [Mistake(f"the value {as_text(value)} of `{name}` is given twice") for value in twice]
    if mistakes:
        raise UserError(*mistakes)
    total = int(np.prod([len(given) for given in known.values()]))
    if total > MOST_MEMBERS:
        raise UserError(f"the sweep has {total:,} members, and {MOST_MEMBERS:,} is the most")
    combinations = [dict(zip(known, chosen, strict=True)) for chosen in product(*known.values())]
    return [(chosen, problem.with_parameters(**chosen)) for chosen in combinations]


def read_sweeps(texts: Sequence[str], fixed: Sequence[str] = ()) -> dict[str, list[float]]:
    """The values that texts give: `c=0.2,0.5,1` one by one, or `nu=0.01:0.05:5` from, to, and how many, evenly spaced.

    Args:
        texts: one a parameter.
        fixed: texts such as `c=0.2` that give a parameter one value, which can then have no others.

    Raises:
        UserError: everything that is wrong with the texts.

    Example:
        >>> read_sweeps(["c=1,2*pi", "nu=0:1:3"])
        {'c': [1.0, 6.283185307179586], 'nu': [0.0, 0.5, 1.0]}
    """
    found: dict[str, list[float]] = {}
    mistakes: list[Mistake] = []
    for text in texts:
        name, equals, listed = (part.strip() for part in text.partition("="))
        try:
            if not (name and equals):
                raise UserError(f"`--sweep {short(text)}` is not of the form `name=value,value,...`")
            if name in found:
                raise UserError(f"`--sweep` names `{name}` twice; give all of its values at once")
            if any(other.partition("=")[0].strip() == name for other in fixed):
                raise UserError(f"`{name}` has a value by `--parameter` and others by `--sweep`; one of them is enough")
            found[name] = _values(listed, text)
        except UserError as error:
            mistakes += error.mistakes
    if mistakes:
        raise UserError(*mistakes)
    return found


def _values(listed: str, text: str) -> list[float]:
    """The numbers of a list, or those evenly spaced between two."""
    parts, place = [part.strip() for part in listed.split(":")], Place(f"`--sweep {short(text)}`")
    if len(parts) > 1:
        count = int(parts[-1]) if len(parts) == _SPACED and parts[-1].isdecimal() and len(parts[-1]) < 9 else 0
        if not 2 <= count <= MOST_MEMBERS:
            message = f"`--sweep {short(text)}` needs three numbers, the last one whole and from 2 to {MOST_MEMBERS}"
            raise UserError(Mistake(message, hint="From, to, and how many values, such as `nu=0.01:0.05:5`."))
        lower, upper = parse_number(parts[0], place), parse_number(parts[1], place)
        # Values are names of folders as well: 0.15 and not 0.15000000000000002.
        inner = (float(f"{value:.12g}") for value in np.linspace(lower, upper, count)[1:-1])
        return [lower, *inner, upper]
    given = [part.strip() for part in listed.split(",")]
    if not all(given):
        hint = "Such as `c=0.2,0.5,1`." if not any(given) else "Is there a comma too many?"
        raise UserError(Mistake(f"`--sweep {short(text)}` lacks a value", hint=hint))
    return [parse_number(value, place) for value in given]


def _draw(found: Sweep, problem: Problem) -> None:
    """One picture of all members that left fields; none where there are none."""
    drawn = []
    for m in found.members:
        if m.failure is not None or not m.result:
            continue
        curves = None
        if len(problem.coordinates) == 1:
            with np.load(RunFolder(m.folder).fields) as arrays:
                curves = arrays[problem.coordinates[0].name], {name: arrays[name] for name in problem.fields}
        residuals = {f"residual {name}": value for name, value in (m.result.get("residuals") or {}).items()}
        errors = {f"error {name}": value for name, value in m.errors().items()}
        drawn.append(Swept(m.values, errors or residuals, m.found(), curves))
    if drawn:
        draw_sweep(found.folder / "sweep.png", drawn, problem.coordinates[0].name)


def _result(folder: Path) -> dict[str, Any]:
    """What a run left, or nothing."""
    path = RunFolder(folder).result
    result: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return result
