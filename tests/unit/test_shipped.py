"""Problems and configs that come along are found by name from anywhere; a person's own file wins."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pinnkit.errors import UserError
from pinnkit.problem.load import load_problem
from pinnkit.shipped import config_path, problem_path, shipped_configs, shipped_problems


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("given", ["burgers", "burgers.yaml", "problems/burgers.yaml", "./problems/burgers.yaml"])
def test_a_shipped_problem_is_found_from_any_folder(given: str) -> None:
    path = problem_path(given)
    assert path.is_absolute()
    assert path.name == "burgers.yaml"
    assert path == shipped_problems()["burgers"]


def test_every_shipped_file_is_listed_however_deep() -> None:
    for folder, shipped in (("problems", shipped_problems()), ("configs", shipped_configs())):
        root = next(path for path in next(iter(shipped.values())).parents if path.name == folder)
        assert len(shipped) == len(list(root.rglob("*.yaml"))) > 0
        assert all(root / f"{name}.yaml" == path for name, path in shipped.items())


def test_a_file_in_the_working_folder_wins(elsewhere: Path) -> None:
    (elsewhere / "problems").mkdir()
    own = elsewhere / "problems" / "burgers.yaml"
    own.write_text("name: mine\n")
    assert problem_path("problems/burgers.yaml").resolve() == own
    assert problem_path(own) == own
    assert problem_path("burgers") == shipped_problems()["burgers"]


def test_a_config_is_looked_for_beside_the_problem_that_names_it(elsewhere: Path) -> None:
    (elsewhere / "work").mkdir()
    own = elsewhere / "work" / "mine.yaml"
    own.write_text("seed: 1\n")
    assert config_path("mine.yaml", beside=elsewhere / "work" / "problem.yaml") == own
    with pytest.raises(UserError, match="unknown config `mine.yaml`"):
        config_path("mine.yaml")


@pytest.mark.parametrize(
    ("find", "given", "sentence"),
    [
        (problem_path, "burger", "unknown problem `burger`: no such file.*\n  Did you mean `burgers`"),
        (problem_path, "problems/burgrs.yaml", "unknown problem"),
        (config_path, "levenberg", "unknown config `levenberg`.*\n.*levenberg_marquardt"),
        (problem_path, "", "unknown problem|is a folder"),
        (problem_path, ".", "`.` is a folder; a problem is a file"),
        (problem_path, "x" * 5000, "unknown problem `xxx"),
        (problem_path, "a\0b", "unknown problem"),
    ],
)
def test_what_is_not_there_is_an_error_with_a_near_miss(find: Callable[[str], Path], given: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        find(given)


def test_files_that_problems_name_come_along() -> None:
    """They lie beneath the folder that the package ships, from which a problem may read."""
    root = shipped_problems()["burgers"].parent
    assert (root / "data" / "ns_decaying.csv").is_file()
    assert load_problem("ns_decaying").functions[0].series is not None
