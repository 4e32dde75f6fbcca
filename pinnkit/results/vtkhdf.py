"""The fields of a run as one VTKHDF file, all times of a series in it, for ParaView 5.12 and later."""

from pathlib import Path
from typing import Any, final

import pyvista
from vtkmodules.util.vtkAlgorithm import VTKPythonAlgorithmBase
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as Pipeline
from vtkmodules.vtkIOHDF import vtkHDFWriter

from pinnkit.errors import Mistake, UserError
from pinnkit.results.folder import open_run_folder
from pinnkit.results.writing import cannot_write


def write_vtkhdf(run: Path, out: Path | None = None) -> Path:
    """Write the VTK files of a run as one in the format of VTKHDF.

    Args:
        run: a run folder.
        out: the file; `solution.vtkhdf` in the run folder where not given.

    Raises:
        UserError: there is no run, it has no VTK files, or the file cannot be written.
    """
    files = open_run_folder(run)
    target = out if out is not None else files.path / "solution.vtkhdf"
    frames = _frames(files.path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    except OSError as error:
        raise cannot_write(target, error) from None
    writer = vtkHDFWriter()
    writer.SetFileName(str(target))
    writer.SetCompressionLevel(4)
    series = _Series(frames)
    writer.SetInputConnection(series.GetOutputPort())
    writer.SetWriteAllTimeSteps(len(frames) > 1)
    if not writer.Write():
        raise UserError(f"cannot write `{target}`: VTK gave it up")
    return target


def _frames(folder: Path) -> list[tuple[float, Any]]:
    """Every time with its mesh; one without time is at 0."""
    series = folder / "solution.pvd"
    if series.is_file():
        reader: Any = pyvista.PVDReader(str(series))
        found = []
        for time in reader.time_values:
            reader.set_active_time_value(time)
            found.append((float(time), reader.read()[0].cast_to_unstructured_grid()))
        return found
    single = [folder / f"solution{suffix}" for suffix in (".vtu", ".vti", ".vtp")]
    known = next((path for path in single if path.is_file()), None)
    if known is None:
        raise UserError(Mistake(f"the run in `{folder}` has no VTK files", hint="It has, once it was solved."))
    mesh: Any = pyvista.read(known)
    return [(0.0, mesh.cast_to_unstructured_grid())]


@final
class _Series(VTKPythonAlgorithmBase):
    """A source that tells VTK of all times, and gives the mesh of each."""

    def __init__(self, frames: list[tuple[float, Any]]) -> None:
        super().__init__(nInputPorts=0, nOutputPorts=1, outputType="vtkUnstructuredGrid")
        self._times, self._meshes = [time for time, _ in frames], [mesh for _, mesh in frames]

    def RequestInformation(self, request: Any, given: Any, made: Any) -> int:  # noqa: N802 (VTK's name)
        """The times."""
        times = self._times
        if len(times) > 1:
            made.GetInformationObject(0).Set(Pipeline.TIME_STEPS(), times, len(times))
            made.GetInformationObject(0).Set(Pipeline.TIME_RANGE(), [times[0], times[-1]], 2)
        return 1

    def RequestData(self, request: Any, given: Any, made: Any) -> int:  # noqa: N802 (VTK's name)
        """The mesh at the time that is asked for."""
        info, step = made.GetInformationObject(0), Pipeline.UPDATE_TIME_STEP()
        time = info.Get(step) if info.Has(step) else self._times[0]
        nearest = min(range(len(self._times)), key=lambda k: abs(self._times[k] - time))
        self.GetOutputData(made, 0).ShallowCopy(self._meshes[nearest])
        return 1
