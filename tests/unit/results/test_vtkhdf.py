"""A VTKHDF file holds the meshes and the fields of the other VTK files of a run, at all times."""

from pathlib import Path

import numpy as np
import pytest
import pyvista
from vtkmodules.vtkIOHDF import vtkHDFReader

import pinnkit
from pinnkit import cli
from pinnkit.errors import UserError
from pinnkit.results.vtkhdf import write_vtkhdf
from pinnkit.solving import solve_to_folder

QUICK = ("network.width=4", "phases=[{name: adam, steps: 1}]", "stages=[]", "test_points=50", "threads=1")


def run(name: str, folder: Path) -> Path:
    return solve_to_folder(pinnkit.load_problem(name), pinnkit.load_config("stages", QUICK), folder, quiet=True)


def test_all_times_are_in_it(tmp_path: Path) -> None:
    folder = run("heat", tmp_path / "run")
    target = write_vtkhdf(folder)
    assert target == folder / "solution.vtkhdf"
    reader, series = vtkHDFReader(), pyvista.PVDReader(str(folder / "solution.pvd"))
    reader.SetFileName(str(target))
    reader.UpdateInformation()
    assert reader.GetNumberOfSteps() == len(series.time_values) > 3
    for number, time in enumerate(series.time_values):
        reader.SetStep(number)
        reader.Update()
        series.set_active_time_value(time)
        found, known = pyvista.wrap(reader.GetOutputDataObject(0)), series.read()[0]
        assert reader.GetTimeValue() == pytest.approx(time, rel=1e-6)
        np.testing.assert_allclose(found.points, known.points, rtol=1e-6)
        np.testing.assert_array_equal(found["u"], known["u"])


def test_a_mesh_without_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = run("poisson_l_shape", tmp_path / "run")
    target = tmp_path / "further" / "it.vtkhdf"
    with pytest.raises(SystemExit) as stopped:
        cli.main(["export", str(folder), "--out", str(target)])
    assert not stopped.value.code
    assert f"wrote {target}" in capsys.readouterr().out
    found, known = pyvista.read(target), pyvista.read(folder / "solution.vtu")
    assert (found.n_points, found.n_cells) == (known.n_points, known.n_cells)
    np.testing.assert_array_equal(found["u"], known["u"])


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        write_vtkhdf(tmp_path / "nothing")
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "problem.yaml").write_text("name: bare\n", "utf-8")
    with pytest.raises(UserError, match="has no VTK files"):
        write_vtkhdf(folder)
