"""Boxes and their faces: maps, measures, normals and refusals."""

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.geometry import Box, box_of, face_of
from pinnkit.problem.problem import Coordinate, Face, Problem

BOXES = {
    "interval": Box(("t",), np.array([0.5]), np.array([2.0])),
    "rectangle": Box(("x", "t"), np.array([-1.0, 0.0]), np.array([1.0, 3.0])),
    "brick": Box(("x", "y", "z"), np.array([-1.0, 1e-3, -7.0]), np.array([0.1, 0.3, -5.0])),
}


@pytest.fixture(params=BOXES, ids=list(BOXES))
def box(request: pytest.FixtureRequest) -> Box:
    """Every box in turn."""
    return BOXES[request.param]


def test_unit_and_box_are_inverse_to_each_other(box: Box) -> None:
    unit = np.random.default_rng(0).random((50, box.dimension))
    assert np.allclose(box.to_unit(box.from_unit(unit)), unit, atol=1e-14)


def test_corners_of_the_cube_are_corners_of_the_box(box: Box) -> None:
    assert np.array_equal(box.from_unit(np.zeros((1, box.dimension)))[0], box.lower)
    assert np.array_equal(box.from_unit(np.ones((1, box.dimension)))[0], box.upper)


def test_inside_holds_within_and_on_the_faces_only(box: Box) -> None:
    middle = 0.5 * (box.lower + box.upper)
    assert box.inside(np.stack([middle, box.lower, box.upper])).all()
    for axis in range(box.dimension):
        outside = middle.copy()
        outside[axis] = np.nextafter(box.upper[axis], np.inf)
        assert not box.inside(outside[None])[0]


def test_faces_bound_the_box(box: Box) -> None:
    faces = box.faces()
    assert len({(f.coordinate, f.side) for f in faces}) == 2 * box.dimension
    for face in faces:
        points = face.from_unit(np.random.default_rng(1).random((20, face.dimension_of_unit)))
        assert points.shape == (20, box.dimension)
        assert box.inside(points).all()
        assert not box.inside(points + 1e-9 * face.normal).any()
        assert np.all(points[:, face.axis] == face.value)


def test_divergence_theorem_links_the_measures(box: Box) -> None:
    """For the field F = x the flux through the faces is d times the volume."""
    flux = 0.0
    for face in box.faces():
        point = face.from_unit(np.full((1, face.dimension_of_unit), 0.5))[0]
        flux += float(point @ face.normal) * face.measure
    assert flux == pytest.approx(box.dimension * box.measure)


def test_end_of_an_interval_is_one_point_of_measure_one() -> None:
    end = BOXES["interval"].face("t", "upper")
    assert end.dimension_of_unit == 0
    assert end.measure == 1.0
    assert np.array_equal(end.from_unit(np.empty((1, 0))), [[2.0]])


def test_ends_cannot_be_changed() -> None:
    given = np.array([0.0])
    box = Box(("x",), given, np.array([1.0]))
    given[0] = 5.0
    assert box.lower[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        box.lower[0] = 5.0


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (0.0, np.inf), (np.nan, 1.0)])
def test_empty_intervals_are_refused_by_name(low: float, high: float) -> None:
    with pytest.raises(UserError, match="the interval of `y`"):
        Box(("x", "y"), np.array([0.0, low]), np.array([1.0, high]))


def test_ends_of_the_wrong_number_are_refused() -> None:
    with pytest.raises(UserError, match="`upper` of a box"):
        Box(("x", "y"), np.zeros(2), np.ones(3))


def test_unknown_coordinate_of_a_face_is_named_with_those_known() -> None:
    with pytest.raises(UserError, match="unknown coordinate `z`") as caught:
        BOXES["rectangle"].face("z", "lower")
    assert "Known: t, x." in str(caught.value)


def test_box_and_face_of_a_problem_keep_its_order() -> None:
    problem = Problem("p", (Coordinate("x", -1, 1), Coordinate("t", 0, 2)), ("u",), ())
    assert box_of(problem).names == ("x", "t")
    assert np.array_equal(box_of(problem).upper, [1.0, 2.0])
    face = face_of(problem, Face("t", "lower", 0.0))
    assert np.array_equal(face.normal, [0.0, -1.0])
    assert np.array_equal(face.from_unit(np.array([[0.25]])), [[-0.5, 0.0]])
