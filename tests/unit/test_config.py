"""Config files: defaults, overrides, every mistake with its place, and a dump that loads back."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pinnkit.config import Config, config_schema, dump_config, load_config
from pinnkit.errors import UserError
from pinnkit.networks import MLP, Fourier, Network
from pinnkit.optimizers import LBFGS, OPTIMIZERS, Adam, LevenbergMarquardt
from pinnkit.points import RAD, Grid, Sobol, Uniform
from pinnkit.shipped import shipped_configs


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def load(file: Path, text: str, overrides: Sequence[str] = ()) -> Config:
    file.write_text(text)
    return load_config(file, overrides)


def test_an_empty_file_is_the_default(file: Path) -> None:
    assert load(file, "") == Config()
    assert load(file, "# only a comment\n") == Config()


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("network: mlp", {"network": MLP()}),
        ("network: {name: mlp, width: 64, activation: sin}", {"network": MLP(width=64, activation="sin")}),
        ("network: {width: 64}", {"network": MLP(width=64)}),
        ("embedding: {name: fourier, count: 8}", {"embedding": Fourier(count=8)}),
        ("points: {count: 1e3, k: 2}", {"points": RAD(count=1000, k=2.0)}),
        (
            "points: {name: grid, count: 9}\ncondition_points: uniform",
            {"points": Grid(9), "condition_points": Uniform()},
        ),
        ("phases: [{name: adam, lr: 1e-3, steps: 5}, lbfgs]", {"phases": (Adam(lr=1e-3, steps=5), LBFGS())}),
        ("hard: [walls, initial]", {"hard": ("walls", "initial")}),
        ("hard: none\nthreads: 2\nchunk: auto\ncompile: true", {"hard": "none", "threads": 2, "compile": True}),
        ("weights: {initial: 100}", {"weights": {"initial": 100.0}}),
    ],
)
def test_what_a_file_says_replaces_the_default(file: Path, text: str, changes: dict[str, Any]) -> None:
    assert load(file, text) == dataclasses.replace(Config(), **changes)


@pytest.mark.parametrize(
    ("text", "overrides", "changes"),
    [
        ("", ["seed=7"], {"seed": 7}),
        ("seed: 1", ["seed=7", "seed=8"], {"seed": 8}),
        ("", ["points.count=50"], {"points": RAD(count=50)}),
        ("points: sobol", ["points.count=50"], {"points": Sobol(count=50)}),
        ("", ["network.width=8", "network.depth=1"], {"network": MLP(width=8, depth=1)}),
        ("", ["phases.0.steps=5"], {"phases": (LevenbergMarquardt(steps=5, seconds=120.0),)}),
        (
            "phases: [adam, {name: lbfgs}]",
            ["phases.0.lr=1e-4", "phases.1.steps=3"],
            {"phases": (Adam(lr=1e-4), LBFGS(steps=3))},
        ),
        ("", ["phases=[{name: adam, steps: 2}]"], {"phases": (Adam(steps=2),)}),
        ("", ["weights.walls=10"], {"weights": {"walls": 10.0}}),
        ("", ["network={name: mlp, width: 5}"], {"network": MLP(width=5)}),
    ],
)
def test_overrides_change_the_file(file: Path, text: str, overrides: list[str], changes: dict[str, Any]) -> None:
    assert load(file, text, overrides) == dataclasses.replace(Config(), **changes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "netwrk: mlp",
            ":1:9: unknown key `netwrk` of a config\n  Did you mean `network`? Known: aggregator, balance, causal,",
        ),
        (
            "network: {name: mpl}",
            ":1:17: unknown network `mpl`\n"
            "  Did you mean `mlp`? Known: mlp, modified_mlp, pirate_net, separable, siren.",
        ),
        ("network: {name: mlp, widht: 3}", ":1:29: unknown option `widht` of network `mlp`\n  Did you mean `width`?"),
        ("network: {name: mlp, width: a}", "option `width` of network `mlp` must be a whole number; `'a'` was given"),
        ("network: {name: mlp, width: 0}", ":1:10: `width` of network `mlp` is 0"),
        ("points: [rad]", "a sampler is a name, or a mapping of `name` and options; a list was given"),
        ("points:", "`null` was given"),
        ("phases: adam", "`phases` is a list of optimizers"),
        ("phases: []", "`phases` is empty; it needs at least one optimizer"),
        ("phases: [adm]", "unknown optimizer `adm`\n  Did you mean `adam`?"),
        ("precision: float16", "`precision` must be one of `float64`, `float32`; `'float16'` was given"),
        ("seed: -1", "`seed` is -1; it needs at least 0"),
        ("seed: 1.5", "`seed` must be a whole number; `1.5` was given"),
        ("seed: true", "`seed` must be a whole number; `true` was given"),
        ("threads: 0", "`threads` is 0; it needs at least 1"),
        ("threads: many", "`threads` must be a whole number or `auto`; `'many'` was given\n  Known: auto."),
        ("chunk: 0", "`chunk` is 0; it needs at least 1"),
        ("hard: maybe", "`hard` must be one of `auto`, `all`, `none` or a list (each entry text)"),
        ("weights: {walls: 0}", "the weight of `walls` is 0.0; it needs a finite number above 0"),
        ("weights: {walls: -.inf}", "the weight of `walls` is -inf"),
        ("weights: 3", "`weights` must be a mapping (each value a number)"),
        ("network: {python: Mine}", "network `Mine` was made in Python and cannot be built from a file"),
        ("- seed: 1", "a config is a mapping such as"),
        ("just words", "a config is a mapping such as"),
    ],
)
def test_what_is_wrong_is_said(file: Path, text: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        load(file, text + "\n")
    assert sentence in str(caught.value)


def test_all_mistakes_come_together_each_with_its_line(file: Path) -> None:
    lines = [
        "seed: x",
        "network: {name: mlp, wdth: 1, depth: a}",
        "phases:",
        "  - {name: adam, lr: -1}",
        "  - {nam: lbfgs}",
    ]
    text = "\n".join([*lines, "renw: 3"])
    with pytest.raises(UserError) as caught:
        load(file, text)
    found = sorted(mistake.place.line or 0 for mistake in caught.value.mistakes if mistake.place)
    assert found == [1, 2, 2, 4, 5, 6]


def test_a_mistake_in_an_override_is_placed_there(file: Path) -> None:
    with pytest.raises(UserError, match="^`network.widht=3`: unknown option `widht`"):
        load(file, "network: mlp\n", ["network.widht=3"])
    with pytest.raises(UserError, match="not of the form"):
        load(file, "", ["seed"])


def test_a_config_made_in_python_is_checked_too() -> None:
    with pytest.raises(UserError, match="`seed` is -2"):
        Config(seed=-2)
    with pytest.raises(UserError, match="`phases` is empty"):
        Config(phases=())


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(
            phases=(Adam(lr=1e-4, target=1e-8), LBFGS()), precision="float32", hard=("walls",), threads=2, chunk=100
        ),
        Config(
            weights={"walls": 1e-3}, points=RAD(candidates=5000), embedding=Fourier(), network=MLP(activation="gelu")
        ),
    ],
)
def test_a_dump_loads_back(file: Path, config: Config) -> None:
    text = dump_config(config)
    assert load(file, text) == config
    assert all(f"\n{field.name}:" in f"\n{text}" for field in dataclasses.fields(Config))
    assert " \n" not in text


def test_a_network_of_the_users_own_is_dumped_by_its_class() -> None:
    class Own(Network):
        """In no table."""

        build = None  # type: ignore[assignment]

    assert "python: test_a_network" in dump_config(Config(network=Own()))


@pytest.mark.parametrize("name", shipped_configs())
def test_every_shipped_config_loads_and_says_what_it_is(name: str) -> None:
    path = shipped_configs()[name]
    assert path.read_text().startswith("# ")
    assert load_config(path).phases


def test_the_json_schema_has_every_key() -> None:
    schema = config_schema()
    assert set(schema["properties"]) == {field.name for field in dataclasses.fields(Config)}
    assert schema["properties"]["precision"] == {"enum": ["float64", "float32"]}
    assert {"enum": list(OPTIMIZERS.names())} in schema["properties"]["phases"]["items"]["anyOf"]
