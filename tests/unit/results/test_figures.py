import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

from pinnkit.errors import UserError
from pinnkit.results.fields import GridFields, at_points, on_grid
from pinnkit.results.figures import volume
from pinnkit.results.figures.causal import draw_causal
from pinnkit.results.figures.conflicts import draw_conflicts
from pinnkit.results.figures.curves import draw_curves
from pinnkit.results.figures.gallery import draw_fields, draw_history, draw_march
from pinnkit.results.figures.losses import draw_losses
from pinnkit.results.figures.middles import draw_middles
from pinnkit.results.figures.moving import draw_moving
from pinnkit.results.figures.parameters import draw_parameters
from pinnkit.results.figures.planes import draw_planes
from pinnkit.results.figures.points import draw_points
from pinnkit.results.figures.residuals import draw_residuals
from pinnkit.results.figures.slices import draw_slices, quarters
from pinnkit.results.figures.spectra import draw_spectrum, spectrum
from pinnkit.results.figures.style import DPI, colour_scale
from pinnkit.results.figures.volume import draw_volume, render_window
from pinnkit.results.figures.windows import draw_windows
from pinnkit.results.render import SIZE


def truth(points: np.ndarray) -> np.ndarray:
    return np.prod(np.sin(1 + 2 * points), axis=1)[:, None]


def a_grid(names: str, time: str | None = None, reference: bool = True, count: int = 21) -> GridFields:
    axes = [np.linspace(0, 1, count)] * len(names)
    return on_grid(lambda p: truth(p) + 1e-4 * p[:, :1], ["u"], names, axes, time, truth if reference else None)


def count_colours(pixels: np.ndarray) -> int:
    levels = np.rint(pixels * 255).astype(np.int32)
    return len(np.unique(levels @ np.array([1, 256, 65536], dtype=np.int32)))


def check(path: Path, width: float | None = None, height: float | None = None, colours: int = 40) -> np.ndarray:
    """The picture has the size in inches that was asked for, and is more than an empty page."""
    pixels = imread(path)[..., :3]
    if width is not None and height is not None:
        assert pixels.shape[:2] == (round(height * DPI), round(width * DPI))
    assert count_colours(pixels) > colours
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border > 0.98).all(), "something is drawn over the edge of the page"
    return pixels


@pytest.mark.parametrize("names", ["xt", "tx", "xy"])
def test_a_plane_stands_beside_its_reference_and_its_error(names: str, tmp_path: Path) -> None:
    picture = draw_planes(tmp_path / "u.png", a_grid(names, "t" if "t" in names else None), "u")
    pixels = check(picture.path, 13.2, 4.0 if "t" in names else 4.1, colours=300)
    for third in np.array_split(pixels, 3, axis=1):
        assert count_colours(third) > 100
    alone = draw_planes(tmp_path / "alone.png", a_grid(names, None, reference=False), "u")
    assert "no reference" in alone.caption
    check(alone.path)


def test_time_runs_to_the_right_whatever_its_place_in_the_file(tmp_path: Path) -> None:
    one = draw_planes(tmp_path / "xt.png", a_grid("xt", "t"), "u").path
    grid = a_grid("tx", "t")
    turned = GridFields(
        grid.names, grid.axes, {"u": a_grid("xt").predicted["u"].T}, {"u": a_grid("xt").reference["u"].T}, "t"
    )
    other = draw_planes(tmp_path / "tx.png", turned, "u").path
    body = np.s_[150:450, 150:500]
    np.testing.assert_allclose(imread(one)[body], imread(other)[body], atol=0.02)


@pytest.mark.parametrize(("names", "height"), [("xt", 3.0), ("xyt", 7.4)])
def test_slices_over_time(names: str, height: float, tmp_path: Path) -> None:
    path = draw_slices(tmp_path / "slices.png", a_grid(names, "t"), "u").path
    check(path, 13.5 if names == "xt" else 13.4, height)


@pytest.mark.parametrize(
    ("count", "found"), [(1, [0]), (2, [0, 1]), (5, [0, 1, 2, 3, 4]), (1001, [0, 250, 500, 750, 1000])]
)
def test_quarters_are_inside_and_different(count: int, found: list[int]) -> None:
    assert quarters(count) == found


@pytest.mark.parametrize("reference", [True, False])
def test_curves_of_one_coordinate(reference: bool, tmp_path: Path) -> None:
    path = draw_curves(tmp_path / "curves.png", a_grid("t", "t", reference)).path
    check(path, 8.0, 5.6 if reference else 4.0)


@pytest.mark.parametrize(
    ("names", "time", "value"),
    [
        *((names, time, np.nan) for names, time in [("x", None), ("xt", "t"), ("xyt", "t"), ("abcde", None)]),
        *((names, None, 7.0) for names in ("x", "xy", "xyz", "abcde")),
        ("xt", "t", 0.0),
        ("xy", None, -1e300),
    ],
)
def test_constant_exact_and_undefined_fields_are_drawn_too(
    names: str, time: str | None, value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "render_window", lambda: None)

    def constant(points: np.ndarray) -> np.ndarray:
        return np.full((len(points), 1), value)

    if len(names) > 4:
        pictures = draw_fields(
            tmp_path, at_points(constant, ["u"], list(names), np.random.default_rng(0).random((30, 5)), constant)
        )
    else:
        axes = [np.linspace(0, 1, 9)] * len(names)
        pictures = draw_fields(tmp_path, on_grid(constant, ["u"], names, axes, time, constant))
    assert pictures
    assert all(picture.path.stat().st_size > 5000 for picture in pictures)


@pytest.mark.parametrize(
    ("values", "colours", "lower", "upper"),
    [([-1.0, 2.0], "RdBu_r", -2, 2), ([0.0, 5.0], "viridis", 0, 5), ([-0.01, 5.0, np.nan], "viridis", -0.01, 5)],
)
def test_colours_are_two_sided_only_where_both_signs_matter(
    values: list[float], colours: str, lower: float, upper: float
) -> None:
    found, limits = colour_scale(np.array(values))
    assert (found, limits.vmin, limits.vmax) == (colours, lower, upper)


def history(count: int) -> list[dict[str, object]]:
    return [
        {
            "step": k,
            "phase": "adam" if k < count // 2 else "lbfgs",
            "loss": 1.0 / k if k != 3 else float("nan"),
            "losses": {"momentum": 0.9 / k, "walls": 0.0},
            "relative_l2": 0.1 / k if k % 5 == 0 else None,
        }
        for k in range(1, count + 1)
    ]


def test_losses_with_gaps_zeros_and_phases(tmp_path: Path) -> None:
    check(draw_losses(tmp_path / "losses.png", history(40)).path, 8.6, 6.0)
    check(draw_losses(tmp_path / "one.png", history(1)).path, 8.6, 4.2)
    lost = {"step": 1, "phase": "adam", "loss": float("nan"), "losses": {"momentum": float("inf"), "walls": 0.0}}
    check(draw_losses(tmp_path / "lost.png", [lost, {**lost, "step": 2}]).path, 8.6, 4.2)
    assert draw_history(tmp_path, []) == ()


def test_the_course_of_parameters_with_gaps_and_a_reference(tmp_path: Path) -> None:
    records = [
        {**record, "parameters": {"nu": 1.0 / record["step"], "E": None if record["step"] == 7 else 2.0}}
        for record in history(40)
    ]
    both = draw_parameters(tmp_path / "both.png", records, {"nu": 0.0})
    assert both.caption == "nu, E as training went on; dashed, the reference."
    check(both.path, 8.6, 4.2)
    assert draw_parameters(tmp_path / "one.png", records[:1], {}).caption == "nu, E as training went on."
    drawn = [picture.path.name for picture in draw_history(tmp_path, [*history(3), *records])]
    assert drawn == ["losses.png", "parameters.png"]
    with pytest.raises(ValueError, match="without parameters"):
        draw_parameters(tmp_path / "none.png", history(3), {})


@pytest.mark.parametrize(
    ("names", "size"), [("t", (8.2, 4.6)), ("xt", (8.2, 4.6)), ("xyt", (13.2, 4.4)), ("abcde", (13.2, 4.4))]
)
def test_points_are_coloured_by_density_and_condition(names: str, size: tuple[float, float], tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    points = generator.random((200, len(names)))
    density = 1.0 + points[:, 0]
    time = "t" if "t" in names else None
    picture = draw_points(tmp_path / "p.png", names, points, density, {"walls": points[:20]}, time)
    check(picture.path, *size, colours=60)
    assert picture.caption == "200 points for the equations, 20 for `walls`."
    plain = draw_points(tmp_path / "q.png", names, points, np.ones(200), None, time)
    check(plain.path, *size, colours=5)


def test_many_coordinates_are_compared_point_by_point(tmp_path: Path) -> None:
    points = np.random.default_rng(0).random((300, 6))
    fields = at_points(lambda p: truth(p) * (1 + 1e-3 * p[:, :1]), ["u"], list("abcdef"), points, truth)
    (picture,) = draw_fields(tmp_path, fields)
    check(picture.path, 10.4, 4.4)


def test_many_coordinates_are_cut_through_the_middle_and_the_caption_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "render_window", lambda: None)
    axes = [np.linspace(0, 1, 9)] * 5
    grid = on_grid(truth, ["u"], "abcd", axes[:4], None, truth).cut("d", 4)
    scattered = at_points(truth, ["u"], list("abcde"), np.random.default_rng(0).random((30, 5)), truth)
    pictures = draw_fields(tmp_path, replace(scattered, middle=grid))
    assert [picture.path.name for picture in pictures] == ["field_u.png", "field_u_middle.png", "field_u_volume.png"]
    assert all(picture.caption.endswith(", at d = 0.5.") for picture in pictures[1:])


def test_global_settings_are_as_they_were_and_pyplot_is_not_used(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    had_pyplot = "matplotlib.pyplot" in sys.modules
    draw_planes(tmp_path / "u.png", a_grid("xy"), "u")
    draw_losses(tmp_path / "l.png", history(10))
    assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == had_pyplot


@pytest.mark.skipif(render_window() is None, reason="neither libEGL nor libOSMesa is installed")
def test_a_volume_is_rendered_by_a_child_process(tmp_path: Path) -> None:
    picture = draw_volume(tmp_path / "u.png", a_grid("xyt", "t"), "u")
    pixels = check(picture.path)
    assert picture.remark is None
    assert pixels.shape[:2] == SIZE[::-1]


def a_child(folder: Path, body: str) -> str:
    """A program that stands in for the interpreter of the drawing process."""
    program = folder / "child"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("kill -SEGV $$", "ended by signal 11"),
        ("exit 3", "ended with status 3"),
        ("exit 0", "left no picture"),
        ("exec sleep 20", "took longer than"),
    ],
)
def test_a_child_that_fails_leaves_flat_pictures_and_a_sentence(
    body: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "render_window", lambda: "vtkEGLRenderWindow")
    monkeypatch.setattr(volume, "PATIENCE", 0.5)
    picture = draw_volume(tmp_path / "u.png", a_grid("xyz"), "u", python=a_child(tmp_path, body))
    assert picture.remark is not None
    assert reason in picture.remark
    check(picture.path, 11.4, 3.6)


def test_a_scene_that_can_be_turned_stands_beside_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("trame_pyvista", reason="the extra `html` is not installed")
    picture = draw_volume(tmp_path / "u.png", a_grid("xyz"), "u")
    if picture.remark is not None:
        pytest.skip(picture.remark)
    assert picture.scene == tmp_path / "u.html"
    assert "vtk" in picture.scene.read_text("utf-8")


def test_without_a_library_or_an_interpreter_no_child_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "render_window", lambda: "vtkEGLRenderWindow")
    picture = draw_volume(tmp_path / "u.png", a_grid("xyz"), "u", python=str(tmp_path / "nowhere"))
    assert picture.remark is not None
    assert "could not be started" in picture.remark
    monkeypatch.setattr(volume, "render_window", lambda: None)
    picture = draw_volume(tmp_path / "u.png", a_grid("xyz"), "u")
    assert picture.remark is not None
    assert "libEGL" in picture.remark


@pytest.mark.parametrize(
    ("names", "time", "files"),
    [
        ("t", "t", ["curves.png"]),
        ("xy", None, ["field_u.png"]),
        ("xt", "t", ["field_u.png", "field_u_slices.png", "field_u.gif"]),
        ("xyz", None, ["field_u.png", "field_u_volume.png"]),
        ("xyt", "t", ["field_u.png", "field_u_volume.png", "field_u.gif"]),
        ("xyzt", "t", ["field_u.png", "field_u_volume.png"]),
        ("abcd", None, ["field_u.png", "field_u_volume.png"]),
    ],
)
def test_the_gallery_chooses_by_the_number_of_coordinates(
    names: str, time: str | None, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "render_window", lambda: None)
    pictures = draw_fields(tmp_path, a_grid(names, time, count=9))
    assert [picture.path.name for picture in pictures] == files
    for picture in pictures:
        if picture.path.suffix == ".png":
            check(picture.path)


def test_wrong_dimensions_and_unwritable_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one coordinate"):
        draw_curves(tmp_path / "x.png", a_grid("xy"))
    with pytest.raises(ValueError, match="three coordinates"):
        draw_middles(tmp_path / "x.png", a_grid("xy"), "u")
    with pytest.raises(ValueError, match="a time"):
        draw_slices(tmp_path / "x.png", a_grid("xy"), "u")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        draw_planes(tmp_path / "file" / "x.png", a_grid("xy"), "u")


@pytest.mark.parametrize("names", ["xt", "tx", "xyt"])
def test_an_animation_has_a_frame_a_time_and_its_axes_stand_still(names: str, tmp_path: Path) -> None:
    picture = draw_moving(tmp_path / "u.gif", a_grid(names, "t", count=9), "u")
    with Image.open(picture.path) as moving:
        assert moving.n_frames == 9
        frames = []
        for k in range(9):
            moving.seek(k)
            frames.append(np.asarray(moving.convert("RGB")).astype(int))
    changed = np.any(np.abs(np.diff(frames, axis=0)) > 60, axis=(0, 3))
    assert changed.any()
    height, width = changed.shape
    assert not changed[int(0.93 * height) :].any(), "the names below the axis move"
    assert not changed[height // 10 :, : width // 20].any(), "the names beside the axis move"


@pytest.mark.parametrize("time", [None, "t"])
def test_a_spectrum_is_drawn_beside_the_reference(time: str | None, tmp_path: Path) -> None:
    x, t = np.linspace(0, 1, 33), np.linspace(0, 1, 5)
    wave = np.sin(6 * np.pi * x)[:, None] * (1 + t)
    grid = GridFields(("x", "t"), (x, t), {"u": wave}, {"u": 1.01 * wave}, time=time)
    picture = draw_spectrum(tmp_path / "u.png", grid, "u", "x")
    check(picture.path)
    found = spectrum(wave, 0)
    assert int(np.argmax(found)) == 3
    np.testing.assert_allclose(found[3], 0.5 * np.sqrt(np.mean((1 + t) ** 2)))
    assert np.delete(found, 3).max() < 1e-14


def test_a_map_of_residuals_spans_some_powers_of_ten(tmp_path: Path) -> None:
    spread = GridFields(
        ("x", "y"), (np.linspace(0, 1, 21),) * 2, {n: np.geomspace(1e-9, 1, 441).reshape(21, 21) for n in "abcdefgh"}
    )
    picture = draw_residuals(tmp_path / "two.png", spread)
    check(picture.path, colours=200)
    assert "the largest 6 of 8" in picture.caption
    curve = GridFields(
        ("x",), (np.linspace(0, 1, 21),), {"a": np.zeros(21), "b": np.geomspace(1e-9, 1, 21)}, fixed={"t": 1.0}
    )
    assert draw_residuals(tmp_path / "one.png", curve).caption.endswith("without weights, at t = 1.")
    check(tmp_path / "one.png")
    with pytest.raises(ValueError, match="one or two coordinates"):
        draw_residuals(tmp_path / "three.png", a_grid("xyz"))


def test_many_windows_do_not_flood_the_losses(tmp_path: Path) -> None:
    """Their numbers stay in one line along the top, however long the names of their phases are."""
    records = [{**record, "window": k // 5 + 1, "phase": "stage 2: adam"} for k, record in enumerate(history(400))]
    check(draw_losses(tmp_path / "many.png", records).path, 8.6, 6.0)


def weighed(count: int, windows: int = 0) -> list[dict[str, object]]:
    """Records of which every fifth has weights."""
    records = []
    for k, record in enumerate(history(count)):
        given = {"epsilon": 0.1 * 10 ** (4 * k // count), "weights": list(np.linspace(1, k / count, 8))}
        number = {"window": k * windows // count + 1} if windows else {}
        records.append({**record, **number, **({"causal": given} if k % 5 == 0 else {})})
    return records


@pytest.mark.parametrize("windows", [0, 3, 60])
def test_causal_weights_are_drawn_over_time_and_training(windows: int, tmp_path: Path) -> None:
    edges = np.linspace(0, 2, max(1, windows) + 1)
    spans = list(pairwise(edges))
    picture = draw_causal(tmp_path / "causal.png", weighed(300, windows), "t", spans)
    assert "Causal weights over t" in picture.caption
    check(picture.path, 8.6, 5.0, colours=150)
    check(draw_causal(tmp_path / "one.png", weighed(1, windows), "t", spans).path, 8.6, 5.0)
    with pytest.raises(ValueError, match="has none to draw"):
        draw_causal(tmp_path / "none.png", history(3), "t", spans)


@pytest.mark.parametrize("names", ["t", "xt", "txy"])
@pytest.mark.parametrize("windows", [2, 80])
def test_errors_are_drawn_window_by_window(names: str, windows: int, tmp_path: Path) -> None:
    starts = list(np.linspace(0, 1, windows, endpoint=False))
    picture = draw_windows(tmp_path / "windows.png", a_grid(names, "t", count=11), starts)
    check(picture.path, 8.6, 3.6)
    for grid in (a_grid("xt", None), a_grid("xt", "t", reference=False)):
        with pytest.raises(ValueError, match="need a time and a reference"):
            draw_windows(tmp_path / "none.png", grid, starts)


def test_pictures_of_a_march_are_those_that_there_is_something_for(tmp_path: Path) -> None:
    whole, parts = [(0.0, 1.0)], [(0.0, 0.5), (0.5, 1.0)]
    known, unknown = a_grid("xt", "t"), a_grid("xt", "t", reference=False)
    for fields, records, spans, names in (
        (known, history(9), whole, []),
        (known, history(9), parts, ["windows.png"]),
        (unknown, history(9), parts, []),
        (unknown, weighed(9), whole, ["causal.png"]),
        (known, weighed(9, 2), parts, ["windows.png", "causal.png"]),
    ):
        assert [picture.path.name for picture in draw_march(tmp_path, fields, records, "t", spans)] == names


def fought(count: int, groups: str = "abc") -> list[dict[str, object]]:
    """Records of which every fifth has conflicts of some groups."""
    records = []
    for k, record in enumerate(history(count)):
        pairs = [f"{one} | {other}" for i, one in enumerate(groups) for other in groups[i + 1 :]]
        given = {
            "norms": {group: 10.0 ** (i - k / count) for i, group in enumerate(groups)},
            "cosines": {pair: float(np.cos(i + 3 * k / count)) for i, pair in enumerate(pairs)},
            "shares": {group: (1 - 2 * k / count) / len(groups) for group in groups},
        }
        records.append({**record, **({"conflicts": given} if k % 5 == 0 else {})})
    return records


@pytest.mark.parametrize("groups", ["ab", "abc", "abcdefgh"])
def test_conflicts_are_drawn_over_training(groups: str, tmp_path: Path) -> None:
    picture = draw_conflicts(tmp_path / "conflicts.png", fought(200, groups))
    pixels = check(picture.path, 8.6, 7.6, colours=100)
    for third in np.array_split(pixels, 3, axis=0):
        assert count_colours(third) > 40
    check(draw_conflicts(tmp_path / "one.png", fought(1, groups)).path, 8.6, 7.6)
    with pytest.raises(ValueError, match="has none to draw"):
        draw_conflicts(tmp_path / "none.png", history(3))


def test_conflicts_are_among_the_pictures_where_a_history_has_them(tmp_path: Path) -> None:
    assert [p.path.name for p in draw_history(tmp_path, fought(9))] == ["losses.png", "conflicts.png"]
    assert [p.path.name for p in draw_history(tmp_path, history(9))] == ["losses.png"]
