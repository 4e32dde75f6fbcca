"""The arguments and options that commands share."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

ProblemFile = Annotated[str, typer.Argument(metavar="PROBLEM", help="A problem file, or the name of a shipped one.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", metavar="NAME=VALUE", help="Another value of a parameter, as `nu=0.02/pi`. Repeatable."
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="NAME=VALUES",
        help="A run for each value, as `c=0.2,0.5,1` or `nu=0.01:0.05:5`. Repeatable: all combinations.",
    ),
]
ConfigFile = Annotated[
    str | None, typer.Option("--config", help="A config file or the name of a shipped one; else the problem's own.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change the config, as `phases.0.steps=50`. Repeatable."),
]
NewFolder = Annotated[Path | None, typer.Option("--out", help="The run folder; else runs/<problem>/<time>.")]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE", help="Run a Python file and call its `register()`. Repeatable."),
]


class File(str, Enum):
    """The files that a person writes."""

    problem = "problem"
    config = "config"


class Against(str, Enum):
    """What a network is compared with."""

    reference = "reference"
    deepxde = "deepxde"


class Where(str, Enum):
    """Where the members of a sweep run."""

    local = "local"
    ray = "ray"
