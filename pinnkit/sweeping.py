"""One problem for several values of its parameters, configs and seeds: a run each, one table and one picture of all."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any, final

import numpy as np

from pinnkit.config import Config
from pinnkit.engines import Engine
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

_NEEDED = "Such as `--parameter c=0.2,0.5,1`, `--seeds 0,1,2`, or `--config` twice."

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


@final
@dataclass(frozen=True, eq=False)
class Choice:
    """One member of a sweep: its values, the problem and the config that they make, and the words that choose it."""

    values: dict[str, float | str]
    problem: Problem
    config: Config
    words: tuple[str, ...] = ()


def choices_of(
    problem: Problem,
    values: Mapping[str, Sequence[float]],
    configs: Mapping[str, Config],
    seeds: Sequence[int] = (),
) -> list[Choice]:
    """Every combination of configs, values of the parameters and seeds, the seed changing fastest.

    Args:
        problem: the equations and conditions.
        values: the values of every parameter by its name.
        configs: how to solve them, by the words that name each.
        seeds: of the random numbers; that of the config where none are given.

    Raises:
        UserError: everything that is wrong with the values; nothing that changes; too many members.
    """
    members = members_of(problem, values) if values or (len(configs) < 2 and not seeds) else [({}, problem)]
    total = len(configs) * len(members) * max(1, len(seeds))
    if total > MOST_MEMBERS:
        raise UserError(f"the sweep has {total:,} members, and {MOST_MEMBERS:,} is the most")
    found = []
    for name, config in configs.items():
        for given, own in members:
            for seed in seeds or (None,):
                chosen: dict[str, float | str] = {"config": name} if len(configs) > 1 else {}
                chosen |= given | ({"seed": seed} if seed is not None else {})
                words = ["--config", name] if name else []
                words += [word for n, v in given.items() for word in ("--parameter", f"{n}={v!r}")]
                words += ["--seed", str(seed)] if seed is not None else []
                changed = replace(config, seed=seed) if seed is not None else config
                found.append(Choice(chosen, own, changed, tuple(words)))
    return found


def sweep_to_folder(
    choices: Sequence[Choice],
    out: Path | None = None,
    quiet: bool = False,
    plugins: Sequence[Path] = (),
    start: Path | None = None,
    engine: Engine | None = None,
    words: Sequence[str] = (),
) -> Sweep:
    """Run every member into a run folder of its own, and write what came of all.

    A member that fails does not end the sweep; Ctrl-C ends the members that are being trained, and then the sweep.

    Args:
        choices: the members.
        out: the folder of the sweep; a new one below `runs` where not given.
        quiet: whether no course is printed.
        plugins: the files of parts that the configs name.
        start: the folder of a run with the same network, from whose parameters every member begins.
        engine: what runs the members side by side; one after the other in this process where not given.
        words: the command that solves the problem, for an engine; what chooses a member comes behind.

    Raises:
        UserError: a problem or config of a member or the folder is at fault, before anything is run.
    """
    for own in {id(choice.problem): choice.problem for choice in choices}.values():
        require_sound(own)
    begin = start_from(Solution.load(start).windows) if start is not None else None
    for first in {choice.values.get("config"): choice for choice in reversed(choices)}.values():
        require_runs(first.problem, first.config, begin)
    problem = choices[0].problem
    names = [",".join(f"{n}={_in_a_name(v)}" for n, v in choice.values.items()) for choice in choices]
    if len(set(names)) < len(names):
        raise UserError(Mistake("two configs of the sweep have one name", hint="Copy one under another name."))
    folder = new_run_folder(problem.name, out, datetime.now())
    places = [folder / name for name in names]
    listed = {name: list(dict.fromkeys(choice.values[name] for choice in choices)) for name in choices[0].values}
    if engine is None:
        ended = _one_by_one(choices, places, quiet, plugins, start)
    else:
        commands = [[*words, *c.words, "--out", str(place)] for c, place in zip(choices, places, strict=True)]
        ended = _side_by_side(engine, commands, choices)
    done: dict[int, Member] = {}
    for number, failure in ended:
        done[number] = Member(choices[number].values, places[number], _result(places[number]), failure)
        found = Sweep(problem.name, listed, tuple(done[k] for k in sorted(done)), folder)
        write_tables(found)  # after every member, so that a sweep that is cut has a table
    _draw(found, problem)
    return found


def _one_by_one(
    choices: Sequence[Choice], places: Sequence[Path], quiet: bool, plugins: Sequence[Path], start: Path | None
) -> Iterator[tuple[int, str | None]]:
    """The number of every member, once it has been run in this process, and why it failed, if it did."""
    for number, (choice, place) in enumerate(zip(choices, places, strict=True)):
        failure = None
        print(f"{named(choice.values)} ({number + 1} of {len(choices)})", flush=True)
        try:
            solve_to_folder(choice.problem, choice.config, place, quiet=quiet, plugins=plugins, start=start)
        except (SolveError, UserError) as error:
            failure = str(error)
            print(f"{named(choice.values)} failed: {failure}", flush=True)
        yield number, failure
        if _result(place).get("stopped_because") == "interrupted":
            break


def _side_by_side(
    engine: Engine, commands: Sequence[Sequence[str]], choices: Sequence[Choice]
) -> Iterator[tuple[int, str | None]]:
    """The number of every member as it ends in a process of its own, and why it failed, if it did."""
    for count, ended in enumerate(engine.run(commands), 1):
        lines = ended.told.strip().splitlines() or [f"exit status {ended.status}"]
        failure = None if ended.status == 0 else "\n".join(lines)
        told = lines[-1] if failure is None else f"failed: {lines[-1]}"
        print(f"{named(choices[ended.number].values)} ({count} of {len(commands)}): {told}", flush=True)
        yield ended.number, failure


def _in_a_name(value: float | str) -> str:
    """A value in the name of a folder; of a path its last part, without the ending."""
    return Path(value).stem if isinstance(value, str) else as_text(value)


def members_of(problem: Problem, values: Mapping[str, Sequence[float]]) -> list[tuple[dict[str, float], Problem]]:
    """Every combination of values with the problem that it makes, the last parameter changing fastest.

    Raises:
        UserError: everything that is wrong with the values.
    """
    known: dict[str, list[float]] = {}
    mistakes = [] if values else [Mistake("a sweep needs a parameter, seeds or configs", hint=_NEEDED)]
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


def read_sweeps(texts: Sequence[str], option: str = "--parameter") -> dict[str, list[float]]:
    """The values that texts give: `c=0.2,0.5,1` one by one, or `nu=0.01:0.05:5` from, to, and how many, evenly spaced.

    Args:
        texts: one a parameter.
        option: of the command line that gives them.

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
                raise UserError(f"`{option} {short(text)}` is not of the form `name=value,value,...`")
            if name in found:
                raise UserError(f"`{option}` names `{name}` twice; give all of its values at once")
            found[name] = _values(listed, f"`{option} {short(text)}`")
        except UserError as error:
            mistakes += error.mistakes
    if mistakes:
        raise UserError(*mistakes)
    return found


def read_seeds(text: str) -> list[int]:
    """The seeds that a text gives, in the way of `read_sweeps`.

    Raises:
        UserError: one that is no whole number from 0, or stands there twice.

    Example:
        >>> read_seeds("0:4:5")
        [0, 1, 2, 3, 4]
    """
    given = _values(text, f"`--seeds {short(text)}`")
    if any(not value.is_integer() or value < 0 for value in given) or len(set(given)) < len(given):
        raise UserError(f"`--seeds {short(text)}` needs whole numbers from 0, each of them once")
    return [int(value) for value in given]


def _values(listed: str, where: str) -> list[float]:
    """The numbers of a list, or those evenly spaced between two."""
    parts, place = [part.strip() for part in listed.split(":")], Place(where)
    if len(parts) > 1:
        count = int(parts[-1]) if len(parts) == _SPACED and parts[-1].isdecimal() and len(parts[-1]) < 9 else 0
        if not 2 <= count <= MOST_MEMBERS:
            message = f"{where} needs three numbers, the last one whole and from 2 to {MOST_MEMBERS}"
            raise UserError(Mistake(message, hint="From, to, and how many values, such as `nu=0.01:0.05:5`."))
        lower, upper = parse_number(parts[0], place), parse_number(parts[1], place)
        # Values are names of folders as well: 0.15 and not 0.15000000000000002.
        inner = (float(f"{value:.12g}") for value in np.linspace(lower, upper, count)[1:-1])
        return [lower, *inner, upper]
    given = [part.strip() for part in listed.split(",")]
    if not all(given):
        hint = "Such as `c=0.2,0.5,1`." if not any(given) else "Is there a comma too many?"
        raise UserError(Mistake(f"{where} lacks a value", hint=hint))
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
