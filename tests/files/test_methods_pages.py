"""The pages of the documentation: every part has one, every option is on it, and what they show is true."""

import doctest
import inspect
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import build_run
from pinnkit.cli import main
from pinnkit.config import Config, load_config
from pinnkit.curriculum import Curriculum
from pinnkit.formulation.lagrangian import Lagrangian
from pinnkit.geometry import QUADRATURES
from pinnkit.networks import EMBEDDINGS, NETWORKS, TorchModule
from pinnkit.objective.aggregators import AGGREGATORS
from pinnkit.objective.causal import Causal
from pinnkit.objective.pseudo_time import PseudoTime
from pinnkit.objective.residual_gradients import ResidualGradients
from pinnkit.objective.weightings import WEIGHTINGS
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.options import plain
from pinnkit.points import SAMPLERS
from pinnkit.problem.load import load_problem
from pinnkit.reading import parse_yaml
from pinnkit.registry import Registry
from pinnkit.shipped import config_path, problem_path
from pinnkit.verification import REFERENCES
from pinnkit.windows import Windows

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {str(path.relative_to(DOCS)): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
METHODS = {name: text for name, text in PAGES.items() if name.startswith("methods/")}
TABLES: tuple[Registry[Any], ...] = (
    *(SAMPLERS, QUADRATURES, OPTIMIZERS, WEIGHTINGS, AGGREGATORS),
    *(NETWORKS, EMBEDDINGS, REFERENCES),
)
ENTRIES = [(table, name) for table in TABLES for name in table.names()]
IDS = [name for _, name in ENTRIES]
BESIDE_TABLES = (
    *(
        "torch_module",
        "jet",
        "autograd",
        "exact_conditions",
        "symmetry",
        "divergence_free",
        "sizes",
        "balance",
        "stages",
    ),
    *(
        "windows",
        "curriculum",
        "causal",
        "residual_gradients",
        "pseudo_time",
        "observations",
        "unknown_parameters",
        "outputs",
    ),
    *(
        "lagrangian",
        "groups",
        "ansatz",
        "regions",
        "eigenproblems",
        "linear_start",
        "identifiability",
        "shapes",
        "sizes",
    ),
    "directions",
)
SINGLE = {
    "windows": Windows,
    "lagrangian": Lagrangian,
    "curriculum": Curriculum,
    "causal": Causal,
    "residual_gradients": ResidualGradients,
    "pseudo_time": PseudoTime,
}


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a page in one language, with exactly this heading."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def rows(text: str, heading: str) -> set[str]:
    """The names in the first column of the table below a heading."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    first = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return {name for cell in first for name in re.findall(r"`([^`]+)`", cell)}


def anchors(text: str) -> set[str]:
    """The places in a page that a link can name, by the rule that code hosts use."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def links() -> Iterator[tuple[str, str]]:
    """Every relative link of every page."""
    for page, text in PAGES.items():
        prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not re.match(r"[a-z]+:", target):
                yield page, target


@pytest.mark.parametrize(("table", "name"), ENTRIES, ids=IDS)
def test_every_part_has_its_page_with_every_option(table: Registry[Any], name: str) -> None:
    text = PAGES[f"methods/{name}.md"]
    assert text.startswith(f"# {name}\n")
    options = set(inspect.signature(table.get(name)).parameters)
    assert rows(text, "Options") == options


@pytest.mark.parametrize(("table", "name"), ENTRIES, ids=IDS)
def test_stated_defaults_are_those_of_the_code(table: Registry[Any], name: str) -> None:
    stated = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGES[f"methods/{name}.md"], re.MULTILINE))
    known = table.entry(table.build(name))
    assert {option: parse_yaml(text).data for option, text in stated.items()} == {
        option: value for option, value in known.items() if option != "name"
    }


@pytest.mark.parametrize("name", SINGLE)
def test_a_part_that_is_the_only_one_of_its_kind_has_every_option_on_its_page(name: str, tmp_path: Path) -> None:
    text = PAGES[f"methods/{name}.md"]
    stated = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", text, re.MULTILINE))
    default = SINGLE[name]()
    assert {option: parse_yaml(value).data for option, value in stated.items()} == {
        field.name: plain(getattr(default, field.name)) for field in fields(default)
    }
    for block in blocks(text, "yaml"):
        (tmp_path / "config.yaml").write_text(block, encoding="utf-8")
        assert isinstance(getattr(load_config(tmp_path / "config.yaml"), name), SINGLE[name])


@pytest.mark.parametrize(("table", "name"), [(t, n) for t, n in ENTRIES if t is not REFERENCES])
def test_a_page_shows_the_line_that_selects_its_part(table: Registry[Any], name: str, tmp_path: Path) -> None:
    part = table.get(name)
    chosen: list[object] = []
    for text in blocks(METHODS[f"methods/{name}.md"], "yaml"):
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        config = load_config(tmp_path / "config.yaml")
        chosen += [config.network, config.embedding, config.points, config.condition_points, *config.phases]
        chosen += [config.quadrature, config.weighting, config.aggregator]
    assert any(type(found) is part for found in chosen)


@pytest.mark.parametrize("name", REFERENCES.names())
def test_a_page_shows_a_problem_that_names_its_reference(name: str, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text(blocks(METHODS[f"methods/{name}.md"], "yaml")[0], encoding="utf-8")
    reference = load_problem(tmp_path / "problem.yaml").reference
    assert reference is not None
    assert reference.method == name
    REFERENCES.build({"name": name, **reference.options})


@pytest.mark.parametrize("name", [*IDS, *BESIDE_TABLES])
def test_a_page_says_where_its_method_comes_from_and_what_is_tested(name: str) -> None:
    headings = re.findall(r"^## (.+)$", METHODS[f"methods/{name}.md"], re.MULTILINE)
    assert {"Formula", "Options", "Source", "Tested"} <= set(headings)


def test_no_page_is_left_behind() -> None:
    assert {Path(name).stem for name in METHODS} == {*IDS, *BESIDE_TABLES}
    assert set(inspect.signature(TorchModule).parameters) == rows(METHODS["methods/torch_module.md"], "Options")


WHOLE = [(page, text) for page, text in PAGES.items() if blocks(text, "yaml(?: defaults)?")]


@pytest.mark.parametrize(("page", "text"), WHOLE, ids=[page for page, _ in WHOLE])
def test_yaml_on_a_page_loads(page: str, text: str, tmp_path: Path) -> None:
    """A problem has equations; anything else is a config. Fragments are marked as such and only parsed."""
    for number, block in enumerate(blocks(text, "yaml(?: defaults)?")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        if "equations" in parse_yaml(block, page).data:
            load_problem(path)
        else:
            load_config(path)
    for block in blocks(text, "yaml fragment"):
        assert parse_yaml(block, page).data


@pytest.mark.parametrize("page", [name for name, text in METHODS.items() if ">>> " in text])
def test_python_on_a_page_runs(page: str) -> None:
    assert doctest.testfile(str(DOCS / page), module_relative=False).failed == 0


LINKS = sorted(set(links()))


def test_there_are_links() -> None:
    assert len(LINKS) > 30
    # What stands in a table is found by its name; only what stands in none needs a link.
    assert {f"methods/{name}.md" for name in BESIDE_TABLES} <= {t for page, t in LINKS if page == "index.md"}


@pytest.mark.parametrize(("page", "target"), LINKS, ids=[f"{page} to {target}" for page, target in LINKS])
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = ((DOCS / page).parent / path).resolve() if path else DOCS / page
    assert found.exists()
    if anchor:
        assert anchor in anchors(found.read_text(encoding="utf-8"))


def test_the_config_page_spells_out_the_defaults(tmp_path: Path) -> None:
    page = PAGES["config.md"]
    (block,) = blocks(page, "yaml defaults")
    (tmp_path / "config.yaml").write_text(block, encoding="utf-8")
    assert load_config(tmp_path / "config.yaml") == Config()
    keys = [f.name for f in fields(Config)]
    assert list(parse_yaml(block).data) == keys
    assert re.findall(r"^### `(\w+)`$", page, re.MULTILINE) == keys


def test_weights_are_balanced_as_the_page_says() -> None:
    problem = load_problem(problem_path("wave"))
    config = replace(load_config(config_path("wave")), chunk=4096, weights={"rest": 7.0})
    run = build_run(problem, config)
    weights = dict(run.config.weights)
    assert weights.pop("rest") == 7.0
    assert not run.config.balance
    assert {"wave", "shape"} <= set(weights)
    theta = run.trial.layout.start(run.trial.network)
    plain = replace(run.assembly, weights={})
    traces = [plain.traces(theta, np.random.default_rng(seed)) for seed in range(3)]
    learnt = {name: weight * np.mean([t[name] for t in traces]) for name, weight in weights.items()}
    assert np.allclose(list(learnt.values()), learnt["wave"], rtol=0.15)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every line of the page of commands was run."""
    folder = tmp_path_factory.mktemp("commands")
    page = PAGES["commands.md"]
    (points,) = blocks(page, "csv")
    (folder / "points.csv").write_text(points, encoding="utf-8")
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in "".join(blocks(page, "console")).splitlines():
            name, *arguments = shlex.split(line)
            assert name == "pinnkit"
            with pytest.raises(SystemExit) as end:
                main(arguments)
            assert end.value.code in (0, None), line
    torch.set_num_threads(threads)
    return folder


def test_every_command_is_on_its_page() -> None:
    from typer.main import get_command

    from pinnkit.cli import app

    group: Any = get_command(app)
    assert set(re.findall(r"^## `(\w+)`$", PAGES["commands.md"], re.MULTILINE)) == set(group.commands)
    given = {option for o in group.commands["solve"].params for option in o.opts if option.startswith("-")}
    assert given - {"--help", "-h"} == {text.split()[0] for text in rows(PAGES["commands.md"], "`solve`")}


def test_the_run_folder_holds_what_its_page_says(commands: Path) -> None:
    page = PAGES["run_folder.md"]
    run = commands / "first"
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    again = json.loads((commands / "confirmed" / "result.json").read_text(encoding="utf-8"))
    assert (
        rows(page, "`result.json`") - {"relative_l2", "max_abs"} == set(again) == {*result, "confirmation", "estimate"}
    )
    assert set(result["errors"]["u"]) == {"relative_l2", "max_abs"}
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    assert rows(page, "`environment.json`") == set(environment)
    last = json.loads((run / "history.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert set(last) | {"lr", "length", "causal", "note", "parameters", "conflicts", "weights", "groups"} == rows(
        page, "`history.jsonl`"
    )
    named = rows(page, "Files") | rows(page, "`figures/`") | {"solution.vtp"}
    found = {path for path in run.rglob("*") if path.is_file()}
    assert {p.name for p in found} <= {Path(name).name for name in named}
    for name in ("problem.yaml", "config.yaml", "checkpoint/parameters.pt", "fields.npz", "report.html", "values.csv"):
        assert name in named
        assert (run / name).is_file()


def test_commands_write_what_they_say(commands: Path) -> None:
    assert (commands / "wanted.csv").read_text(encoding="utf-8").splitlines()[0] == "t,u"
    second = json.loads((commands / "second" / "result.json").read_text(encoding="utf-8"))
    assert (second["seed"], second["device"]) == (1, "cpu")
    assert load_problem(commands / "second" / "problem.yaml").values["zeta"] == 0.2
