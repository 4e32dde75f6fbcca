import hashlib
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from pinnkit.results.environment import cpu_count, environment, version


def test_environment_records_what_was_used_and_can_be_written_as_json(tmp_path: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text("x = 1\n")
    found = environment("cpu", "float64", "highest", 1, [plugin])
    assert found["versions"]["numpy"] == metadata.version("numpy")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["plugins"] == {str(plugin): hashlib.sha256(b"x = 1\n").hexdigest()}
    assert (found["threads"], found["precision"], found["matmul_precision"]) == (1, "float64", "highest")
    assert 1 <= cpu_count() <= 4096
    assert json.loads(json.dumps(found)) == found


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert version("pinnkit-has-no-such-neighbour") is None


def test_the_light_modules_import_nothing_heavy() -> None:
    program = (
        "import sys, pinnkit.results, pinnkit.results.folder, pinnkit.results.environment, pinnkit.results.progress\n"
        "print(sorted({'torch', 'matplotlib', 'pyvista', 'scipy', 'vtkmodules'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
