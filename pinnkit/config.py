"""How a problem is solved: network, points, optimizers and precision, as a plain value and as a file.

A config says nothing of mathematics, and no part below reads one: every part gets its own arguments.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, final, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter

from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.networks import EMBEDDINGS, MLP, NETWORKS, Embedding, Network, Scaled
from pinnkit.optimizers import OPTIMIZERS, LevenbergMarquardt, Optimizer
from pinnkit.options import UnfitError, fit, json_schema, plain
from pinnkit.points import RAD, SAMPLERS, Sampler, Sobol
from pinnkit.reading import Document, apply_overrides, read_yaml
from pinnkit.registry import Places, Registry, unfit
from pinnkit.shipped import config_path


@final
@dataclass(frozen=True)
class Config:
    """How to solve a problem.

    Args:
        network: the rule that builds the network.
        embedding: the map from coordinates to the network's features.
        points: where the equations are asked.
        condition_points: where each condition is asked.
        renew: the number of steps between two draws of points; 0 keeps the first draw.
        weights: a factor of the squared rows by the name of an equation or condition, 1 where not given.
        balance: whether terms without a given weight get one that makes all terms equally fast to learn at the start.
        hard: which conditions the network satisfies exactly: those where it helps (`auto`), all that can be (`all`),
            `none`, or those named.
        phases: the optimizers, run in this order.
        precision: of all arithmetic.
        seed: of every random number.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        threads: of the arithmetic on a CPU.
        chunk: how many rows of the Jacobian may exist at once, which bounds the memory.
        derivatives: Taylor sweeps (`jet`) or nested reverse mode (`autograd`).
        compile: whether the residual is compiled first, which takes some seconds.
        test_points: the number of points at which the residuals of the result are measured.
    """

    network: Network = MLP(width=20, depth=3, activation="tanh")
    embedding: Embedding = Scaled()
    points: Sampler = RAD(count=2000)
    condition_points: Sampler = Sobol(count=200)
    renew: int = 25
    weights: Mapping[str, float] = field(default_factory=dict)
    balance: bool = True
    hard: Literal["auto", "all", "none"] | tuple[str, ...] = "auto"
    phases: tuple[Optimizer, ...] = (LevenbergMarquardt(steps=300, seconds=120.0),)
    precision: Literal["float64", "float32"] = "float64"
    seed: int = 0
    device: str = "auto"
    threads: int | Literal["auto"] = "auto"
    chunk: int | Literal["auto"] = "auto"
    derivatives: Literal["jet", "autograd"] = "jet"
    compile: bool = False
    test_points: int = 10_000

    def __post_init__(self) -> None:
        faults = [Mistake(sentence) for _, sentence in _faults({f.name: getattr(self, f.name) for f in fields(self)})]
        if faults:
            raise UserError(*faults)


_TABLES: Mapping[str, Registry[Any]] = {
    "network": NETWORKS,
    "embedding": EMBEDDINGS,
    "points": SAMPLERS,
    "condition_points": SAMPLERS,
}
_LEAST = {"renew": 0, "seed": 0, "threads": 1, "chunk": 1, "test_points": 1}


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> Config:
    """The config of a file, or of the shipped file of that name.

    A part without a `name` changes options of the default one: `points: {count: 500}` is `rad` with 500 points.

    Args:
        path: the file.
        overrides: changes such as `points.count=500`, made before anything is checked.

    Raises:
        UserError: every mistake of the file and of the overrides.
    """
    document = read_yaml(config_path(path))
    if document.data is not None and not isinstance(document.data, Mapping):
        raise UserError(Mistake("a config is a mapping such as `network: {name: mlp}`", document.place()))
    data = apply_overrides(_spelt_out(document.data or {}, overrides), overrides)
    return _build(data, _places(document, overrides))


def dump_config(config: Config) -> str:
    """The config as the text of a file, every default spelt out, from which an equal config loads.

    A part whose class is in no table is written as ``python: <its class>``, which does not load.
    """
    data: dict[str, Any] = {}
    for key in (f.name for f in fields(config)):
        value = getattr(config, key)
        if key in _TABLES:
            data[key] = _TABLES[key].entry(value)
        elif key == "phases":
            data[key] = [OPTIMIZERS.entry(phase) for phase in value]
        else:
            data[key] = plain(value)
    stream = io.StringIO()
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.dump(data, stream)
    return stream.getvalue()


class _Representer(RoundTripRepresenter):
    """Writes None as `null`, where ruamel.yaml would leave an empty place."""

    def represent_none(self, data: None) -> Any:
        """A scalar `null`."""
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(type(None), _Representer.represent_none)


def config_schema() -> dict[str, Any]:
    """The file's format as a JSON schema."""
    properties = {}
    for key, annotation in get_type_hints(Config).items():
        if key in _TABLES:
            properties[key] = _TABLES[key].json_schema()
        elif key == "phases":
            properties[key] = {"type": "array", "items": OPTIMIZERS.json_schema(), "minItems": 1}
        else:
            properties[key] = json_schema(annotation)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pinnkit config",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The keys of values that are out of range, each with a sentence."""
    for key, least in _LEAST.items():
        value = values.get(key, least)
        if value != "auto" and value < least:
            yield key, f"`{key}` is {value}; it needs at least {least}"
    for name, weight in values.get("weights", {}).items():
        if not 0 < weight < float("inf"):
            yield "weights", f"the weight of `{name}` is {weight}; it needs a finite number above 0"
    if "phases" in values and not values["phases"]:
        yield "phases", "`phases` is empty; it needs at least one optimizer"


def _spelt_out(data: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The data with bare names of parts as mappings, so that overrides can reach their options."""
    spelt = dict(data)
    for key in _TABLES:
        if isinstance(spelt.get(key), str):
            spelt[key] = {"name": spelt[key]}
    if "phases" not in spelt and any(override.startswith("phases.") for override in overrides):
        spelt["phases"] = [OPTIMIZERS.entry(phase) for phase in Config().phases]
    if isinstance(spelt.get("phases"), list):
        spelt["phases"] = [{"name": phase} if isinstance(phase, str) else phase for phase in spelt["phases"]]
    return spelt


def _places(document: Document, overrides: Sequence[str]) -> Places:
    """Where the value under some keys was given: in the file, or by an override."""
    given = {tuple(override.partition("=")[0].strip().split(".")): override for override in overrides}

    def where(*keys: str | int) -> Place | None:
        path = tuple(str(key) for key in keys)
        for length in range(len(path), 0, -1):
            if path[:length] in given:
                return Place(f"`{given[path[:length]]}`")
        return document.place(*keys)

    return where


def _build(data: Mapping[str, Any], where: Places) -> Config:
    """The config that plain data describes."""
    hints = get_type_hints(Config)
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for key, value in data.items():
        if key not in hints:
            message, hint = unknown("key", str(key), hints)
            mistakes.append(Mistake(f"{message} of a config", where(key), hint=hint))
            continue
        try:
            values[key] = _value(key, value, hints[key], where)
        except UserError as error:
            mistakes += error.mistakes
        except UnfitError:
            mistakes.append(unfit(f"`{key}`", value, hints[key], where(key)))
    mistakes += [Mistake(sentence, where(key)) for key, sentence in _faults(values)]
    if mistakes:
        raise UserError(*mistakes)
    return Config(**values)


def _value(key: str, value: Any, annotation: Any, where: Places) -> Any:
    """One value of a config as its annotation wants it; the parts are built from their tables."""
    if key in _TABLES:
        if isinstance(value, Mapping) and not {"name", "python"} & set(value):
            value = {**_TABLES[key].entry(getattr(Config(), key)), **value}
        return _TABLES[key].build(value, lambda *keys: where(key, *keys))
    if key == "phases":
        return _phases(value, where)
    return fit(value, annotation)


def _phases(entries: Any, where: Places) -> tuple[Optimizer, ...]:
    """The optimizers of a list of entries, with the mistakes of all of them."""
    if not isinstance(entries, list):
        sentence = "`phases` is a list of optimizers, such as `- {name: levenberg_marquardt, steps: 300}`"
        raise UserError(Mistake(sentence, where("phases")))
    phases: list[Optimizer] = []
    mistakes: list[Mistake] = []
    for number, entry in enumerate(entries):

        def place(*keys: str | int, number: int = number) -> Place | None:
            return where("phases", number, *keys)

        try:
            phases.append(OPTIMIZERS.build(entry, place))
        except UserError as error:
            mistakes += error.mistakes
    if mistakes:
        raise UserError(*mistakes)
    return tuple(phases)
