"""The front door: what `import pinnkit` offers, and that it costs nothing before it is used."""

import os
import subprocess
import sys
from importlib import metadata

import pytest

import pinnkit


def test_every_public_name_is_there_and_stays() -> None:
    code = (
        "import pinnkit\n"
        "for name in pinnkit.__all__:\n"
        "    first, second = getattr(pinnkit, name), getattr(pinnkit, name)\n"
        "    assert callable(first) and first is second, name\n"
        "assert set(pinnkit.__all__) <= set(dir(pinnkit))\n"
    )
    subprocess.run([sys.executable, "-W", os.environ.get("PINNKIT_TEST_WARNINGS", "error"), "-c", code], check=True)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module `pinnkit` has no attribute `slove`"):
        pinnkit.slove  # noqa: B018 (the access is what is tested)


def test_the_installed_version_is_the_packages_own() -> None:
    try:
        installed = metadata.version("pinnkit")
    except metadata.PackageNotFoundError:
        pytest.skip("not installed, only on the path")
    assert installed == pinnkit.__version__
