"""Meshes of files and of other libraries.

1. A mesh that is written by meshio in any format that is known here and read back has the same measure and boundary.
2. Physical groups are pieces of the boundary with their own measures; without any, pieces are the smooth parts.
3. `from_text` undoes `as_text`, and refuses whatever `as_text` does not write.
4. Inside is what the cells fill: the middles of all cells, and no point beyond.
5. Whatever bytes a file holds, it is read or refused with a sentence.
"""

import base64
import contextlib
import io
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import meshio
import numpy as np
import pytest
import pyvista
from hypothesis import given, settings
from hypothesis import strategies as st

import pinnkit
from pinnkit.errors import UserError
from pinnkit.problem.foreign_shapes import from_mesh
from pinnkit.shapes import MeshShape
from pinnkit.shapes.cells import Cells, from_text, of_surface, of_volume
from pinnkit.shapes.mesh_file import of_meshio, read_mesh

SQUARE = np.array([[0, 0], [2, 0], [2, 1], [0, 1], [1, 0.5]], dtype=float)
FANS = np.array([[0, 1, 4], [2, 1, 4], [2, 3, 4], [3, 0, 4]])  # the second one is turned
TETRA = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float)


def shape_of(cells: Cells) -> MeshShape:
    return MeshShape(data=cells.as_text(), label="part")


def gmsh() -> meshio.Mesh:
    """A rectangle with groups `in flow`, which needs another name, and `wände`."""
    lines = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    tags = [np.array([2, 2, 2, 1]), np.full(4, 7)]
    return meshio.Mesh(
        np.column_stack([SQUARE, np.zeros(5)]),
        [("line", lines), ("triangle", FANS)],
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data={"in flow": np.array([1, 1]), "wände": np.array([2, 1]), "body": np.array([7, 2])},
    )


def test_groups_of_a_gmsh_file_are_pieces(tmp_path: Path) -> None:
    gmsh().write(tmp_path / "a.msh", file_format="gmsh22", binary=False)
    shape = shape_of(read_mesh(tmp_path / "a.msh"))
    assert {e.name: e.measure for e in shape.elements} == pytest.approx({"part.in_flow": 1.0, "part.wände": 5.0})
    assert shape.measure == pytest.approx(2.0, rel=1e-14)
    inflow = next(e for e in shape.elements if e.name == "part.in_flow")
    np.testing.assert_allclose(inflow.normals(inflow.from_unit(np.array([[0.5]]))), [[-1, 0]])


def test_what_no_group_has_is_the_rest() -> None:
    cells = of_volume(SQUARE, FANS, {"low": np.array([[1, 0]]), "inner": np.array([[0, 4]])})
    assert cells.names == ("low", "rest")
    assert shape_of(cells).perimeter == pytest.approx(6.0)


def test_without_groups_pieces_are_smooth_parts() -> None:
    shape = shape_of(of_volume(SQUARE, FANS, {}))
    assert sorted(e.measure for e in shape.elements) == pytest.approx([1, 1, 2, 2])
    assert {e.name for e in shape.elements} == {f"part.{k}" for k in (1, 2, 3, 4)}
    ball = shape_of(of_meshio(pyvista.to_meshio(pyvista.Sphere(theta_resolution=40, phi_resolution=40))))
    assert len(ball.elements) == 1


@pytest.mark.parametrize("suffix", ["msh", "vtu", "stl", "ply"])
def test_every_format_gives_the_same_body(suffix: str, tmp_path: Path) -> None:
    cube = pyvista.Box((0, 1, 0, 2, 0, 3)).triangulate()
    mesh = pyvista.to_meshio(cube)
    plain = meshio.Mesh(mesh.points, [("triangle", mesh.cells_dict["triangle"])])
    plain.write(tmp_path / f"a.{suffix}", **({"file_format": "gmsh22"} if suffix == "msh" else {}))
    shape = shape_of(read_mesh(tmp_path / f"a.{suffix}"))
    assert (shape.measure, shape.perimeter) == pytest.approx((6.0, 22.0), rel=1e-6)
    assert sorted(e.measure for e in shape.elements) == pytest.approx([2, 2, 3, 3, 6, 6], rel=1e-6)


def test_cells_of_higher_order_keep_their_corners() -> None:
    middles = np.array([[1, 0], [1.5, 0.25], [0.5, 0.25]])
    curved = meshio.Mesh(
        np.concatenate([SQUARE, middles]), [("triangle6", np.array([[0, 1, 4, 5, 6, 7]])), ("triangle", FANS[1:])]
    )
    assert shape_of(of_meshio(curved)).measure == pytest.approx(2.0)
    quads = meshio.Mesh(SQUARE[:4], [("quad", np.array([[0, 1, 2, 3]]))])
    assert shape_of(of_meshio(quads)).measure == pytest.approx(2.0)


def test_tetrahedra_have_their_boundary() -> None:
    shape = shape_of(of_volume(TETRA, np.array([[0, 2, 1, 3]]), {}))
    assert shape.measure == pytest.approx(1 / 6, rel=1e-14)
    assert shape.perimeter == pytest.approx(1.5 + np.sqrt(3) / 2)
    assert shape.inside(np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5]])).tolist() == [True, False]


def test_a_text_is_read_back(tmp_path: Path) -> None:
    cells = of_volume(SQUARE, FANS, {"low": np.array([[0, 1]])})
    again = from_text(cells.as_text())
    for name in ("points", "cells", "facets", "groups"):
        assert np.array_equal(getattr(cells, name), getattr(again, name))
    assert again.names == cells.names
    whole = shape_of(cells)
    middles = whole.cells[0][whole.cells[1]].mean(axis=1) if whole.cells is not None else np.empty((0, 2))
    assert whole.inside(middles).all()
    assert not whole.inside(middles + np.array([3, 0])).any()


def altered(**changes: Any) -> str:
    """The text of a mesh with other arrays."""
    cells = of_volume(SQUARE, FANS, {})
    arrays = {name: getattr(cells, name) for name in ("points", "cells", "facets", "groups")}
    stream = io.BytesIO()
    np.savez_compressed(stream, **{**arrays, "names": np.frombuffer(b"1\n2\n3\n4", dtype=np.uint8), **changes})
    return base64.b64encode(stream.getvalue()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        base64.b64encode(b"PK nothing").decode(),
        altered(facets=np.array([[0, 99]])),
        altered(points=np.full((5, 2), np.nan)),
        altered(points=np.zeros((5, 2), dtype=np.float32)),
        altered(cells=np.zeros((3, 9), dtype=int)),
        altered(groups=np.array([0, 1, 2, 9])),
        altered(points=np.array([{"a": 1}], dtype=object)),
        altered(more=np.zeros(10_000_000)),
    ],
    ids=["text", "zip", "facet", "nan", "kind", "shape", "group", "object", "bomb"],
)
def test_what_pinnkit_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="`data` of a mesh is not what pinnkit writes"):
        from_text(text)


def test_an_unaltered_text_is_not_refused() -> None:
    assert len(from_text(altered()).facets) == 4


OPEN = [[0, 1, 2], [0, 2, 3], [0, 3, 1]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: of_surface(TETRA, np.array(OPEN)), "the surface is open: 3 of its edges belong to one triangle only"),
        (lambda: of_surface(TETRA, np.array([*OPEN, [1, 2, 3]])), "do not agree on which side is outside"),
        (lambda: of_surface(TETRA, np.array([*OPEN, [1, 3, 2], [1, 3, 0]])), "meets itself|is open"),
        (lambda: of_surface(TETRA, np.empty((0, 3), dtype=int)), "has no cells"),
        (lambda: of_volume(SQUARE, np.array([[0, 1, 1]]), {}), "a cell without area"),
        (lambda: of_volume(SQUARE, np.array([[0, 1, 4], [0, 1, 2], [1, 0, 3]]), {}), "more than two cells"),
        (lambda: of_volume(SQUARE, np.zeros((200_001, 3), dtype=int), {}), "200,001 cells, and 200,000 is the most"),
        (lambda: of_meshio(meshio.Mesh(SQUARE, [("pyramid", np.array([[0, 1, 2, 3, 4]]))])), "kind `pyramid`"),
        (lambda: of_meshio(meshio.Mesh(np.full((3, 2), np.inf), [("triangle", FANS[:1])])), "finite coordinates"),
        (lambda: of_meshio(meshio.Mesh(SQUARE, [("triangle", np.array([[0, 1, 70]]))])), "a point that is not there"),
        (lambda: MeshShape(label="part"), "the mesh `part` holds nothing"),
        (lambda: from_mesh(3), "a `int` is no mesh"),
    ],
)
def test_what_bounds_no_domain(make: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make()


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.step").write_text("")
    with pytest.raises(UserError, match="`a.step` is no mesh that is known here"):
        read_mesh(tmp_path / "a.step")
    with (tmp_path / "large.stl").open("wb") as file:
        file.truncate(64_000_001)
    with pytest.raises(UserError, match="larger than 64 MB"):
        read_mesh(tmp_path / "large.stl")


HEADS = {"msh": b"$MeshFormat\n2.2 0 8\n", "vtu": b"<VTKFile>", "stl": b"solid a\n", "ply": b"ply\nformat ascii 1.0\n"}


@settings(max_examples=100, deadline=2000)
@given(st.sampled_from(sorted(HEADS)), st.booleans(), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_sentence(suffix: str, begun: bool, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"fuzz.{suffix}"
        file.write_bytes((HEADS[suffix] if begun else b"") + raw)
        with contextlib.suppress(UserError):
            read_mesh(file)


def test_meshes_of_other_libraries() -> None:
    ball = pyvista.Sphere(radius=2.0)
    from_pyvista = from_mesh(ball, "ball")
    assert from_pyvista["domain"] == "ball"
    trimesh = SimpleNamespace(vertices=np.asarray(ball.points), faces=ball.regular_faces)
    assert from_mesh(trimesh, "ball")["shapes"] == from_pyvista["shapes"]
    small = MeshShape(**{k: v for k, v in from_mesh(ball, scale=0.5)["shapes"]["body"].items() if k != "name"})
    assert small.measure == pytest.approx(4 / 3 * np.pi, rel=0.02)


def test_a_problem_names_a_file_beneath_its_folder_and_keeps_the_mesh(tmp_path: Path) -> None:
    gmsh().write(tmp_path / "a.msh", file_format="gmsh22", binary=False)
    text = """
name: part
coordinates: {x: [0, 2], y: [0, 1]}
fields: [u]
shapes: {part: {name: mesh, file: FILE}}
equations: {poisson: "laplace(u) = 1"}
conditions:
  inflow: {on: part.PIECE, equation: "u = 0"}
  walls: {on: part.wände, equation: "dn(u) = 0"}
outputs: {flux: "integral(dn(u), on = part.in_flow)"}
"""
    file = tmp_path / "part.yaml"
    file.write_text(text.replace("FILE", "a.msh").replace("PIECE", "in_flow"), encoding="utf-8")
    problem = pinnkit.load_problem(file)
    assert problem.body is not None
    assert problem.body.shape.measure == pytest.approx(2.0)
    assert "file" not in problem.body.given["part"]
    for name, piece, said in (
        ("../a.msh", "in_flow", "must be a file beneath the problem's own folder"),
        ("b.msh", "in_flow", "there is no file `b.msh` beside the problem"),
        ("a.msh", "outflow", "unknown piece of the boundary `part.outflow`"),
    ):
        file.write_text(text.replace("FILE", name).replace("PIECE", piece), encoding="utf-8")
        with pytest.raises(UserError, match=said):
            pinnkit.load_problem(file)


def test_a_number_in_a_file_is_no_claim_to_memory(tmp_path: Path) -> None:
    """A node that calls itself number two thousand million would have meshio fill an array of that length."""
    flat = meshio.Mesh(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), [("triangle", np.array([[0, 1, 2]]))])
    path = tmp_path / "flat.msh"
    meshio.write(path, flat, file_format="gmsh", binary=False)
    text = path.read_text("utf-8")
    assert "\n3\n0" in text
    path.write_text(text.replace("\n3\n0", "\n2000000000\n0"), "utf-8")
    began = time.perf_counter()
    with pytest.raises(UserError, match="cannot be read as a mesh: (MemoryError|_ArrayMemoryError)"):
        read_mesh(path)
    assert time.perf_counter() - began < 10
