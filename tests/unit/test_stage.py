"""Further stages in a config file: defaults, overrides, mistakes with their places, dumps, the schema."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from pinnkit.config import Config, config_schema, dump_config, load_config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import LBFGS, OPTIMIZERS, Adam, LevenbergMarquardt
from pinnkit.points import RAD, Sobol
from pinnkit.stage import Found, Stage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def load(file: Path, text: str, *overrides: str) -> tuple[Stage, ...]:
    file.write_text(text)
    return load_config(file, overrides).stages


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("stages: []", ()),
        ("stages: [{}, {}]", (Stage(), Stage())),
        ("stages: [{network: {width: 30}}]", (Stage(network=MLP(30, 2, "sin")),)),
        ("stages: [{network: mlp, points: sobol}]", (Stage(network=MLP(), points=Sobol()),)),
        ("stages: [{points: {count: 50}}, {points: null}]", (Stage(points=RAD(50)), Stage())),
        ("stages: [{phases: [lbfgs, {name: adam, lr: 1e-4}]}]", (Stage(phases=(LBFGS(), Adam(lr=1e-4))),)),
        ("stages: [{start: trained}]", (Stage(start="trained"),)),
        ("stages: [{start: trained, network: null}]", (Stage(start="trained"),)),
        ("stages: [{network: null}]", (Stage(network=MLP(20, 2, "sin")),)),
        ("stages: [{weights: {walls: 10}}]", (Stage(weights={"walls": 10.0}),)),
    ],
)
def test_what_a_file_says(file: Path, text: str, stages: tuple[Stage, ...]) -> None:
    assert load(file, text) == stages


def test_overrides_reach_into_stages(file: Path) -> None:
    text = "stages: [{points: sobol, phases: [lbfgs]}]"
    changed = load(file, text, "stages.0.points.count=9", "stages.0.phases.0.steps=4", "stages.0.network.width=7")
    assert changed == (Stage(network=MLP(7, 2, "sin"), points=Sobol(9), phases=(LBFGS(steps=4),)),)
    assert load(file, "", "stages=[{}]") == (Stage(),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stages: {}", ":1:9: `stages` is a list of stages, such as `- {network: {width: 30}}`"),
        ("stages: [mlp]", ":1:10: a stage is a mapping such as"),
        ("stages: [{netwrk: mlp}]", "unknown key `netwrk` of a stage\n  Did you mean `network`?"),
        ("stages: [{seed: 1}]", "unknown key `seed` of a stage"),
        ("stages: [{}, {network: {widht: 1}}]", ":1:32: unknown option `widht` of network `mlp`"),
        ("stages: [{phases: adam}]", "`phases` is a list of optimizers"),
        ("stages: [{phases: [adm]}]", "unknown optimizer `adm`"),
        ("stages: [{network: [mlp]}]", "a list was given"),
        (
            "stages: [{}, {start: trained, network: {width: 7}}]",
            ":1:40: `network` and `start: trained` are both given; a trained start takes the network of the stage "
            "before\n  Leave out `network`, or write `start: new` for a network of its own.",
        ),
        ("stages: [{start: trained, network: {width: 20}}]", "`network` and `start: trained` are both given"),
        ("stages: [{weights: {walls: 0}}]", "the weight of `walls` is 0.0"),
    ],
)
def test_what_is_wrong_is_said(file: Path, text: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        load(file, text)
    assert sentence in str(caught.value)


def test_an_override_that_gives_a_network_to_a_trained_start_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="`stages.0.network=mlp`: `network` and `start: trained` are both given"):
        load(file, "stages: [{start: trained}]", "stages.0.network=mlp")


def test_a_trained_start_has_no_network_of_its_own() -> None:
    assert Stage(start="trained").network is None
    assert Stage().network == MLP(20, 2, "sin")
    with pytest.raises(UserError, match="`network` and `start: trained` are both given"):
        Stage(network=MLP(7), start="trained")


def test_a_dump_loads_back(file: Path) -> None:
    stages = (
        Stage(),
        Stage(MLP(5), Sobol(3), (LevenbergMarquardt(steps=2), Adam()), {"walls": 2.0}),
        Stage(start="trained"),
    )
    config = Config(stages=stages)
    file.write_text(dump_config(config))
    assert load_config(file) == config


def test_the_schema_knows_the_keys_of_a_stage() -> None:
    entry = config_schema()["properties"]["stages"]["items"]
    assert set(entry["properties"]) == {"network", "points", "phases", "weights", "start"}
    for key in ("network", "points"):
        assert {"type": "null"} in entry["properties"][key]["anyOf"]
    assert {"type": "null"} not in config_schema()["properties"]["network"]["anyOf"]
    assert {"enum": list(OPTIMIZERS.names())} in entry["properties"]["phases"]["items"]["anyOf"]
    assert not entry["additionalProperties"]


def test_every_key_of_a_stage_is_on_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "methods" / "stages.md").read_text(encoding="utf-8")
    for option in fields(Stage):
        assert f"\n| `{option.name}` | " in page


def test_what_was_found_is_told_in_one_line() -> None:
    found = Found(2e-5, {"x": 4.444, "t": 7.0}, {"t": 22.0}, 4, 3e-3, 1.5e-6)
    assert str(found) == (
        "t stretched by 22, 4 harmonics, scale 3.00e-03, "
        "for a residual of 2.00e-05 with 4.44 waves in x, 7 waves in t at a relative L2 error of 1.50e-06"
    )
    assert str(replace(found, trained=True)).startswith("the same network, scale 3.00e-03, for")
    assert "harmonics" not in str(Found(2e-5, {"t": 7.0}, {"t": 22.0}, 1, 3e-3))
    assert "error" not in str(Found(2e-5, {"t": 7.0}, {"t": 22.0}, 1, 3e-3))
