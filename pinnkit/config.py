"""How a problem is solved: network, points, optimizers and precision, as a plain value and as a file.

A config says nothing of mathematics, and no part below reads one: every part gets its own arguments.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, final, get_args, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter

from pinnkit.curriculum import Curriculum
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.formulation.lagrangian import Lagrangian
from pinnkit.geometry import QUADRATURES, GaussLegendre, Quadrature
from pinnkit.networks import EMBEDDINGS, MLP, NETWORKS, Embedding, Network, Scaled
from pinnkit.objective.aggregators import AGGREGATORS, Aggregator
from pinnkit.objective.causal import Causal
from pinnkit.objective.groups import Groups
from pinnkit.objective.pseudo_time import PseudoTime
from pinnkit.objective.residual_gradients import ResidualGradients
from pinnkit.objective.weightings import WEIGHTINGS, Weighting
from pinnkit.optimizers import OPTIMIZERS, LevenbergMarquardt, Optimizer
from pinnkit.options import UnfitError, fit, json_schema, plain
from pinnkit.points import RAD, SAMPLERS, Sampler, Sobol
from pinnkit.reading import Document, apply_overrides, read_yaml
from pinnkit.registry import Places, Registry, unfit
from pinnkit.shipped import config_path
from pinnkit.stage import Stage, network_mistake
from pinnkit.windows import Windows


@final
@dataclass(frozen=True)
class Config:
    """How to solve a problem.

    Args:
        network: the rule that builds the network.
        embedding: the map from coordinates to the network's features.
        points: where the equations are asked.
        condition_points: where each condition is asked.
        quadrature: the rule for the nodes of integrals.
        renew: the number of steps between two draws of points; 0 keeps the first draw.
        weights: a factor of the squared rows by the name of an equation or condition, 1 where not given.
        balance: whether terms without a given weight get one that makes all terms equally fast to learn at the start.
        observation_weight: the share of such a weight that noisy observations get: equations outweigh noise.
        windows: windows of time, each solved with all phases and stages before the next; all of time at once without.
        groups: which terms are one loss for what keeps losses apart: as the problem says (`auto`), those of a `kind`
            (`pde`, `ic`, `bc`, `data`), each `term` alone, or groups by name with their terms.
        weighting: weights of the groups, or of rows, that change while training goes on; none without.
        aggregator: what makes one direction of the gradients of the groups, for first-order phases; their sum without.
        conflict_every: the steps between two looks at how the gradients of the groups conflict; 0 for none.
        lagrangian: points that are carried along with the field, and an equation on each; fixed positions without.
        curriculum: values of one parameter for which the problem is solved first; none without.
        causal: weights of the rows that let later times train once earlier ones are satisfied; none without.
        directions: how many random directions stand for all coordinates in sums of second derivatives; 0 for none.
        residual_gradients: further rows for the derivatives of the residuals; none without.
        pseudo_time: terms that hold every field to where it was, for equations with wrong minima; none without.
        hard: which conditions the network satisfies exactly: those where it helps (`auto`), all that can be (`all`),
            `none`, or those named.
        phases: the optimizers, run in this order.
        stages: further networks, each for what is left after all phases before it.
        precision: of all arithmetic.
        linear_start: whether the weights of the output layer begin as the least-squares solution in them, which suits
            linear problems.
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
    quadrature: Quadrature = GaussLegendre()
    renew: int = 25
    weights: Mapping[str, float] = field(default_factory=dict)
    balance: bool = True
    observation_weight: float = 1e-4
    groups: Groups = "auto"
    weighting: Weighting | None = None
    aggregator: Aggregator | None = None
    conflict_every: int = 100
    windows: Windows | None = None
    lagrangian: Lagrangian | None = None
    curriculum: Curriculum | None = None
    causal: Causal | None = None
    residual_gradients: ResidualGradients | None = None
    pseudo_time: PseudoTime | None = None
    directions: int = 0
    hard: Literal["auto", "all", "none"] | tuple[str, ...] = "auto"
    phases: tuple[Optimizer, ...] = (LevenbergMarquardt(steps=300, seconds=120.0),)
    stages: tuple[Stage, ...] = ()
    precision: Literal["float64", "float32"] = "float64"
    linear_start: bool = False
    seed: int = 0
    device: str = "auto"
    threads: int | Literal["auto"] = "auto"
    chunk: int | Literal["auto"] = "auto"
    derivatives: Literal["jet", "autograd"] = "jet"
    compile: bool = False
    test_points: int = 10_000

    def __post_init__(self) -> None:
        faults = [fault for _, fault in _faults({f.name: getattr(self, f.name) for f in fields(self)})]
        if faults:
            raise UserError(*faults)


Part = TypeVar("Part", Config, Stage)
Entry = TypeVar("Entry")

_TABLES: Mapping[str, Registry[Any]] = {
    "network": NETWORKS,
    "embedding": EMBEDDINGS,
    "points": SAMPLERS,
    "condition_points": SAMPLERS,
    "quadrature": QUADRATURES,
    "weighting": WEIGHTINGS,
    "aggregator": AGGREGATORS,
}
# Parts of one kind alone, which need no name.
_SINGLE: Mapping[str, Registry[Any]] = {
    "windows": Registry("part", Windows, {"windows": Windows}),
    "lagrangian": Registry("part", Lagrangian, {"lagrangian": Lagrangian}),
    "curriculum": Registry("part", Curriculum, {"curriculum": Curriculum}),
    "causal": Registry("part", Causal, {"causal": Causal}),
    "residual_gradients": Registry("part", ResidualGradients, {"residual_gradients": ResidualGradients}),
    "pseudo_time": Registry("part", PseudoTime, {"pseudo_time": PseudoTime}),
}
_LEAST = {"renew": 0, "conflict_every": 0, "directions": 0, "seed": 0, "threads": 1, "chunk": 1, "test_points": 1}


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
    return _build(data, _places(document, overrides), Config)


def dump_config(config: Config) -> str:
    """The config as the text of a file, every default spelt out, from which an equal config loads.

    A part whose class is in no table is written as ``python: <its class>``, which does not load.
    """
    stream = io.StringIO()
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.dump(_data(config), stream)
    return stream.getvalue()


def _data(config: Config | Stage) -> dict[str, Any]:
    """The plain data that build an equal config or stage."""
    data: dict[str, Any] = {}
    for key in (f.name for f in fields(config)):
        value = getattr(config, key)
        if key in _TABLES and value is not None:
            data[key] = _TABLES[key].entry(value)
        elif key in _SINGLE and value is not None:
            data[key] = {option: given for option, given in _SINGLE[key].entry(value).items() if option != "name"}
        elif key == "phases":
            data[key] = [OPTIMIZERS.entry(phase) for phase in value]
        elif key == "stages":
            data[key] = [_data(stage) for stage in value]
        else:
            data[key] = plain(value)
    return data


class _Representer(RoundTripRepresenter):
    """Writes None as `null`, where ruamel.yaml would leave an empty place."""

    def represent_none(self, data: None) -> Any:
        """A scalar `null`."""
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(type(None), _Representer.represent_none)


def config_schema() -> dict[str, Any]:
    """The file's format as a JSON schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pinnkit config",
        **_object_schema(Config),
    }


def _object_schema(kind: type[Config] | type[Stage]) -> dict[str, Any]:
    """The keys of a config or of a stage."""
    properties: dict[str, Any] = {}
    for key, annotation in get_type_hints(kind).items():
        if key in _TABLES:
            own = _TABLES[key].json_schema()
            properties[key] = {"anyOf": [own, {"type": "null"}]} if NoneType in get_args(annotation) else own
        elif key in _SINGLE:
            properties[key] = {"anyOf": [_SINGLE[key].options_schema(key), {"type": "null"}]}
        elif key == "phases":
            properties[key] = {"type": "array", "items": OPTIMIZERS.json_schema(), "minItems": int(kind is Config)}
        elif key == "stages":
            properties[key] = {"type": "array", "items": _object_schema(Stage)}
        else:
            properties[key] = json_schema(annotation)
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _faults(values: Mapping[str, Any]) -> Iterator[tuple[str, Mistake]]:
    """The keys of values that are out of range or do not go together, each with what is wrong."""
    for key, least in _LEAST.items():
        value = values.get(key, least)
        if value != "auto" and value < least:
            yield key, Mistake(f"`{key}` is {value}; it needs at least {least}")
    for name, weight in values.get("weights", {}).items():
        if not 0 < weight < float("inf"):
            yield "weights", Mistake(f"the weight of `{name}` is {weight}; it needs a finite number above 0")
    share = values.get("observation_weight", 1.0)
    if not 0 < share < float("inf"):
        yield "observation_weight", Mistake(f"`observation_weight` is {share}; it needs a finite number above 0")
    if "phases" in values and not values["phases"]:
        yield "phases", Mistake("`phases` is empty; it needs at least one optimizer")
    if values.get("compile") and values.get("pseudo_time") is not None:
        yield "compile", Mistake("`compile: true` and `pseudo_time` do not go together; the rows change at renewals")
    if values.get("directions") and (
        other := next((k for k in ("windows", "stages", "compile", "residual_gradients") if values.get(k)), None)
    ):
        yield "directions", Mistake(f"`directions` and `{other}` do not go together")
    if values.get("lagrangian") is not None and values.get("windows") is not None:
        sentence = "`lagrangian` and `windows` do not go together; labels are where points are at the start of all time"
        yield "lagrangian", Mistake(sentence)
    if values.get("curriculum") is not None and values.get("windows") is not None:
        yield "curriculum", Mistake("`curriculum` and `windows` do not go together; each window starts from the last")
    if (twice := network_mistake(values.get("network"), values.get("start", "new"))) is not None:
        yield "network", twice


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
    if isinstance(spelt.get("stages"), list):
        spelt["stages"] = [_spelt_out(stage, ()) if isinstance(stage, Mapping) else stage for stage in spelt["stages"]]
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


def _build(data: Mapping[str, Any], where: Places, kind: type[Part]) -> Part:
    """The config, or the stage, that plain data describes."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for key, value in data.items():
        if key not in hints:
            message, hint = unknown("key", str(key), hints)
            mistakes.append(Mistake(f"{message} of a {kind.__name__.lower()}", where(key), hint=hint))
            continue
        try:
            values[key] = _value(key, value, hints[key], where, kind())
        except UserError as error:
            mistakes += error.mistakes
        except UnfitError:
            mistakes.append(unfit(f"`{key}`", value, hints[key], where(key)))
    # A stage without phases takes those of the config.
    faults = [(key, fault) for key, fault in _faults(values) if kind is Config or key != "phases"]
    mistakes += [replace(fault, place=where(key)) for key, fault in faults]
    if mistakes:
        raise UserError(*mistakes)
    return kind(**values)


def _value(key: str, value: Any, annotation: Any, where: Places, defaults: Config | Stage) -> Any:
    """One value of a config or a stage as its annotation wants it; the parts are built from their tables."""
    if key in _TABLES:
        default = getattr(defaults, key)
        if value is None and NoneType in get_args(annotation):
            return None
        standard = default if default is not None else getattr(Config(), key)
        if isinstance(value, Mapping) and not {"name", "python"} & set(value) and standard is not None:
            value = {**_TABLES[key].entry(standard), **value}
        return _TABLES[key].build(value, lambda *keys: where(key, *keys))
    if key in _SINGLE:
        return _single(key, value, where)
    if key == "phases":
        what = "optimizers, such as `- {name: levenberg_marquardt, steps: 300}`"
        return _all(key, value, what, where, OPTIMIZERS.build)
    if key == "stages":
        return _all(key, value, "stages, such as `- {network: {width: 30}}`", where, _stage)
    return fit(value, annotation)


def _single(key: str, value: Any, where: Places) -> Any:
    """A part that is the only one of its kind, from its options."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise UserError(Mistake(f"`{key}` is a mapping of options, such as `{_EXAMPLES[key]}`", where(key)))
    return _SINGLE[key].build({**value, "name": key}, lambda *keys: where(key, *keys))


_EXAMPLES = {
    "windows": "count: 8",
    "lagrangian": "width: 12",
    "curriculum": "parameter: Re",
    "causal": "epsilons: [0.1, 1, 10]",
    "residual_gradients": "weight: 1e-2",
    "pseudo_time": "every: 1000",
}


def _stage(entry: Any, where: Places) -> Stage:
    """The stage that an entry of a file describes."""
    if not isinstance(entry, Mapping):
        raise UserError(Mistake("a stage is a mapping such as `network: {width: 30}`", where()))
    return _build(entry, where, Stage)


def _all(key: str, entries: Any, what: str, where: Places, build: Callable[[Any, Places], Entry]) -> tuple[Entry, ...]:
    """What a list of entries describes, with the mistakes of all of them."""
    if not isinstance(entries, list):
        raise UserError(Mistake(f"`{key}` is a list of {what}", where(key)))
    built: list[Entry] = []
    mistakes: list[Mistake] = []
    for number, entry in enumerate(entries):

        def place(*keys: str | int, number: int = number) -> Place | None:
            return where(key, number, *keys)

        try:
            built.append(build(entry, place))
        except UserError as error:
            mistakes += error.mistakes
    if mistakes:
        raise UserError(*mistakes)
    return tuple(built)
