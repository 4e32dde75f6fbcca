"""Shapes, their booleans, and their boundaries.

Satisfied by every shape of the list below, primitives and booleans in one, two and three dimensions:

1. The measure is that by Monte Carlo, within five of its deviations, and the closed form where there is one.
2. Points that are drawn are inside, exactly as many as asked, uniform: halves of the box have their shares.
3. Every point of an outline is on the boundary: `inside` changes across it along the normal, which has length one, and
   is the direction in which the depth falls, by finite differences.
4. Points of an outline are even: shares of its elements are those of their measures, within chance, and the divergence
   theorem holds for them: the mean of x.n times the perimeter is d times the measure.
5. The polynomial of a shape that has one is positive inside, vanishes on the boundary, is negative outside where the
   shape is `rounded`, and is the same of numbers as of symbols.
6. The depth has the sign of `inside`, is never more than the distance to the boundary, and is that for primitives.
"""

import itertools
import time

import numpy as np
import pytest
import sympy

from pinnkit.errors import UserError
from pinnkit.shapes import SHAPES as SHAPES_BY_NAME
from pinnkit.shapes import Ball, Boolean, Box, Cylinder, Ellipse, MeshShape, Outline, Polygon, Shape, meshed
from pinnkit.shapes.cells import of_surface, of_volume

SQUARE, CORNER = Box([0, 0], [2, 2], "square"), Box([1, 1], [2, 2], "corner")
HOLE = Ball([0.5, 0.5], 0.2, "hole")
STAR = Polygon([[0, 0], [2, 0.5], [1, 1], [2, 2], [0.5, 1.5]], "star")
CUBE = Box([0, 0, 0], [1, 2, 1], "cube")
TOUCHING = Boolean("union", Box([0, 0], [1, 1], "one"), Box([1, 0], [2, 1], "two"))
CROSS = Boolean("union", Box([0, 1], [3, 2], "flat"), Box([1, 0], [2, 3], "tall"))


def as_mesh(shape: Shape, spacing: float) -> MeshShape:
    """A shape as the mesh of its cells."""
    mesh = meshed(shape, spacing)
    return MeshShape(data=of_volume(mesh.points, mesh.cells, {}).as_text())


def kuhn(count: int) -> MeshShape:
    """The unit cube as cubes of six tetrahedra each, whose long edge is the diagonal (H. W. Kuhn, 1960)."""
    axis = np.arange(count + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    strides = np.array([(count + 1) ** 2, count + 1, 1])
    corners = points[np.all(points < count, axis=1)] @ strides
    ways = [np.cumsum([0, *strides[list(order)]]) for order in itertools.permutations(range(3))]
    cells = np.concatenate([corners[:, None] + way for way in ways])
    return MeshShape(data=of_volume(points / count, cells, {}).as_text())


def octahedron() -> MeshShape:
    """|x| + |y| + |z| <= 1 by its surface alone, whose sides are all turned inwards at first."""
    points = np.concatenate([np.eye(3), -np.eye(3)])
    faces = [[0, 1, 2], [3, 2, 1], [0, 2, 4], [0, 4, 5], [0, 5, 1], [3, 4, 2], [3, 5, 4], [3, 1, 5]]
    return MeshShape(data=of_surface(points, np.array(faces)[:, ::-1]).as_text())


SHAPES: dict[str, tuple[Shape, float | None]] = {
    "interval": (Box([-1], [2]), 3.0),
    "two intervals": (Boolean("difference", Box([0], [3]), Box([1], [2])), 2.0),
    "rectangle": (Box([0, -1], [1, 9]), 10.0),
    "disc": (Ball([1, 2], 0.5), np.pi / 4),
    "ellipse": (Ellipse([1, 0], (2, 1)), 2 * np.pi),
    "turned ellipse": (Ellipse([0, 1], (0.3, 2), 30), 0.6 * np.pi),
    "triangle": (Polygon([[0, 0], [0, 3], [2, 0]]), 3.0),
    "star": (STAR, None),
    "l shape": (Boolean("difference", SQUARE, CORNER), 3.0),
    "holed": (Boolean("difference", SQUARE, HOLE), 4 - 0.04 * np.pi),
    "two holes": (
        Boolean("difference", Boolean("difference", SQUARE, HOLE), Ellipse([1.4, 1.4], (0.4, 0.2), 45)),
        4 - 0.12 * np.pi,
    ),
    "shared edge": (Boolean("union", Box([0, 0], [2, 1], "a"), Box([1, 0], [3, 1], "b")), 3.0),
    "touching": (TOUCHING, 2.0),
    "cross": (CROSS, 5.0),
    "lens": (Boolean("intersection", Ball([0, 0], 1, "a"), Ball([1, 0], 1, "b")), 2 * np.pi / 3 - np.sqrt(3) / 2),
    "ellipse and box": (Boolean("union", Ellipse([0, 0], (2, 1)), Box([1, 0], [1.5, 3])), None),
    "mesh of an l shape": (as_mesh(Boolean("difference", SQUARE, CORNER), 0.25), 3.0),
    "mesh of a holed square": (as_mesh(Boolean("difference", SQUARE, HOLE), 0.1), None),
    "mesh less a disc": (Boolean("difference", as_mesh(SQUARE, 0.5), HOLE), 4 - 0.04 * np.pi),
    "mesh of a cube": (kuhn(3), 1.0),
    "octahedron": (octahedron(), 4 / 3),
    "cube": (CUBE, 2.0),
    "ball": (Ball([0, 1, 2], 0.7), 4 / 3 * np.pi * 0.343),
    "cylinder": (Cylinder([0, 0, 1], [1, 1, 0.5], 0.4), 0.16 * np.pi * 1.5),
    "drilled": (Boolean("difference", CUBE, Cylinder([0.5, 1, -1], [0, 0, 3], 0.25)), 2 - 0.0625 * np.pi),
    "capsule": (Boolean("union", Cylinder([0, 0, 0], [0, 0, 1], 0.5), Ball([0, 0, 1], 0.5)), np.pi / 4 + np.pi / 12),
}
COUNT = 20_000


@pytest.fixture(params=list(SHAPES))
def known(request: pytest.FixtureRequest) -> tuple[Shape, float | None]:
    return SHAPES[request.param]


@pytest.fixture
def shape(known: tuple[Shape, float | None]) -> Shape:
    return known[0]


def outline(shape: Shape, count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    """Points of the whole boundary, and the normals there."""
    whole, generator = Outline(shape.elements), np.random.default_rng(1)
    unit = generator.random((int(1.5 * count / whole.share), whole.dimension_of_unit))
    points = whole.from_unit(unit[whole.kept(unit)])[:count]
    return points, whole.normals(points)


def test_measures(known: tuple[Shape, float | None]) -> None:
    shape, truth = known
    lower, upper = shape.bounds
    volume = float(np.prod(upper - lower))
    points = lower + (upper - lower) * np.random.default_rng(0).random((200_000, shape.dimension))
    share = float(np.mean(shape.inside(points)))
    deviation = np.sqrt(max(share * (1 - share), 1e-12) / len(points))
    assert abs(share * volume - shape.measure) <= 5 * deviation * volume + 2e-4 * volume * (shape.dimension == 3)
    if truth is not None:
        exact = shape.dimension < 3 or not isinstance(shape, Boolean)
        assert shape.measure == pytest.approx(truth, rel=1e-9 if exact else 1e-3)


def test_points_are_drawn_inside(shape: Shape) -> None:
    points = shape.draw(COUNT, np.random.default_rng(2))
    assert points.shape == (COUNT, shape.dimension)
    assert shape.inside(points).all()
    assert np.array_equal(points, shape.draw(COUNT, np.random.default_rng(2)))
    lower, upper = shape.bounds
    middle = 0.5 * (lower + upper)
    even = lower + (upper - lower) * np.random.default_rng(3).random((400_000, shape.dimension))
    even = even[shape.inside(even)]
    for d in range(shape.dimension):
        below, true = np.mean(points[:, d] < middle[d]), np.mean(even[:, d] < middle[d])
        assert abs(below - true) < 5 * np.sqrt(0.25 / COUNT + 0.25 / len(even))


def test_the_outline_is_the_boundary(shape: Shape) -> None:
    points, normals = outline(shape)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, rtol=1e-12)
    step = 2e-6 * shape.size
    within, without = shape.inside(points - step * normals), shape.inside(points + step * normals)
    # Within a step of a corner both sides may be the same.
    assert np.mean(within & ~without) > 1 - 2e-4
    np.testing.assert_allclose(shape.depth(points), 0.0, atol=1e-9 * shape.size)


def test_normals_are_the_slope_of_the_depth(shape: Shape) -> None:
    points, normals = outline(shape, 2000)
    step = 1e-6 * shape.size
    slopes = np.empty_like(points)
    for d in range(shape.dimension):
        ahead, behind = points - step * normals, points - step * normals
        ahead[:, d] += 0.1 * step
        behind[:, d] -= 0.1 * step
        slopes[:, d] = (shape.depth(ahead) - shape.depth(behind)) / (0.2 * step)
    wrong = np.linalg.norm(slopes + normals, axis=1) > 1e-3
    assert np.mean(wrong) < 2e-3  # at corners, and where the depth of a boolean is that of another member


def test_the_divergence_theorem_holds_for_the_points(shape: Shape) -> None:
    points, normals = outline(shape)
    lower, upper = shape.bounds
    flux = np.sum((points - 0.5 * (lower + upper)) * normals, axis=1)
    found = shape.perimeter * float(np.mean(flux)) / shape.dimension
    deviation = shape.perimeter * float(np.std(flux)) / shape.dimension / np.sqrt(COUNT)
    assert abs(found - shape.measure) <= 1e-12 + 5 * deviation + 2e-3 * shape.measure * (shape.dimension == 3)


def test_elements_have_their_shares(shape: Shape) -> None:
    """Counted where no other element's curve or surface runs along, as of two boxes on one line."""
    points, _ = outline(shape)
    nearest = np.argmin([element.gap(points) for element in shape.elements], axis=0)
    counted = 0
    for number, element in enumerate(shape.elements):
        own = element.nodes[0]
        if any(np.allclose(other.gap(own), 0, atol=1e-12) for other in shape.elements if other is not element):
            continue
        share = element.measure / shape.perimeter
        assert abs(np.mean(nearest == number) - share) < 5 * np.sqrt(share * (1 - share) / COUNT) + 2e-3
        counted += 1
    assert counted >= 1


def test_every_primitive_is_tried() -> None:
    kinds = {SHAPES_BY_NAME.get(name) for name in SHAPES_BY_NAME.names()}
    assert kinds <= {type(shape) for shape, _ in SHAPES.values()}


def test_many_holes_are_found_quickly() -> None:
    """A boundary is cut by each further shape alone: a hundred holes take a second, not minutes."""
    centers = np.stack(np.meshgrid(np.arange(10), np.arange(10)), axis=-1).reshape(-1, 2) + 0.5
    shape: Shape = Box([0, 0], [10, 10])
    began = time.process_time()
    for center in centers:
        shape = Boolean("difference", shape, Ball(center.tolist(), 0.3, "hole"))
    assert shape.measure == pytest.approx(100 - 9 * np.pi, rel=1e-9)
    assert len(shape.elements) == 104
    assert time.process_time() - began < 20


def test_the_depth_is_a_signed_distance(shape: Shape) -> None:
    lower, upper = shape.bounds
    pad = 0.2 * (upper - lower)
    points = lower - pad + (upper - lower + 2 * pad) * np.random.default_rng(4).random((400, shape.dimension))
    depth, inside = shape.depth(points), shape.inside(points)
    assert np.array_equal(depth > 0, inside)
    boundary, _ = outline(shape, 4000)
    nearest = np.linalg.norm(points[:, None] - boundary[None], axis=2).min(axis=1)
    spacing = {1: 0.0, 2: shape.perimeter / 400, 3: 3 * np.sqrt(shape.perimeter / 400)}[shape.dimension]
    assert np.all(np.abs(depth) <= nearest + 1e-9)
    if not isinstance(shape, Boolean):
        assert np.all(np.abs(depth) >= nearest - spacing)


def test_polynomials(shape: Shape) -> None:
    lower, upper = shape.bounds
    names = sympy.symbols("x y z")[: shape.dimension]
    tree = shape.factor(names)
    if tree is None:
        assert isinstance(shape, Boolean | MeshShape) or not getattr(shape, "convex", True)
        return
    points = np.random.default_rng(5).uniform(1.5 * lower - 0.5 * upper, 1.5 * upper - 0.5 * lower, (500, len(lower)))
    values, inside = shape.factor(list(points.T)), shape.inside(points)
    assert np.all(values[inside] > 0)
    assert not shape.rounded or np.all(values[~inside] <= 0)
    edge, _ = outline(shape, 500)
    np.testing.assert_allclose(shape.factor(list(edge.T)), 0, atol=1e-12 * shape.size)
    for point, value in zip(points[:20], values[:20], strict=True):
        assert float(tree.subs(dict(zip(names, point, strict=True)))) == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_no_point_on_a_removed_edge() -> None:
    """A boolean's own edges alone have points, each by its length, and the corner's are turned around."""
    points, normals = outline(SHAPES["l shape"][0])
    assert not np.any((points[:, 0] > 1 + 1e-9) & (points[:, 1] > 1 + 1e-9))
    on_corner = (np.abs(points[:, 0] - 1) < 1e-12) & (points[:, 1] > 1)
    assert np.mean(on_corner) == pytest.approx(1 / 8, abs=0.01)
    assert np.all(normals[on_corner] == [1, 0])


def test_a_shared_outer_edge_is_kept_once() -> None:
    """Two overlapping rectangles: the stretch where both have the edge has its share of the points, and no more."""
    points, _ = outline(SHAPES["shared edge"][0])
    shared = (np.abs(points[:, 1]) < 1e-12) & (points[:, 0] > 1) & (points[:, 0] < 2)
    assert np.mean(shared) == pytest.approx(1 / 8, abs=0.01)


def test_where_boxes_touch_there_is_no_boundary() -> None:
    points, _ = outline(TOUCHING)
    assert not np.any((np.abs(points[:, 0] - 1) < 1e-9) & (points[:, 1] > 1e-6) & (points[:, 1] < 1 - 1e-6))
    assert TOUCHING.perimeter == pytest.approx(6.0, rel=1e-9)


def test_a_hole_has_its_share_of_the_points() -> None:
    points, _ = outline(SHAPES["holed"][0])
    on_hole = np.abs(HOLE.depth(points)) < 1e-9
    assert np.mean(on_hole) == pytest.approx(0.4 * np.pi / (8 + 0.4 * np.pi), abs=0.01)


def test_the_box_of_an_ellipse() -> None:
    lower, upper = Ellipse([0, 0], (2, 1)).bounds
    np.testing.assert_allclose([lower, upper], [[-2, -1], [2, 1]], rtol=1e-15)
    turned = Ellipse([0, 0], (2, 1), 90).bounds
    np.testing.assert_allclose(turned, [[-1, -2], [1, 2]], rtol=1e-12)


def test_names_say_where_elements_come_from() -> None:
    names = {element.name for element in SHAPES["holed"][0].elements}
    assert names == {"square.1", "square.2", "square.3", "square.4", "hole"}
    assert [e.name for e in STAR.elements] == [f"star.{k}" for k in range(1, 6)]
    assert [e.name for e in Cylinder([0, 0, 0], [0, 0, 1], 1, "pipe").elements] == [
        "pipe.side",
        "pipe.base",
        "pipe.top",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Box([0, 0], [1, 0]), "the box `box` is empty"),
        (lambda: Box([0, 0], [1, 1, 1]), "needs points of 1 or 2 or 3 coordinates"),
        (lambda: Ball([0, 0], 0.0), "`radius` of the ball `ball` is 0; it needs a finite length above 0"),
        (lambda: Ball([0, float("nan")], 1.0), "not a finite number"),
        (lambda: Ellipse([0, 0], (1, -1)), "`semi_axes` of the ellipse"),
        (lambda: Cylinder([0, 0, 0], [0, 0, 0], 1), "`axis` of the cylinder"),
        (lambda: Polygon([[0, 0], [1, 1]]), "it needs at least 3"),
        (lambda: Polygon([[k, k**2] for k in range(2001)]), "has 2001 corners; 2000 is the most"),
        (lambda: Polygon([[0, 0], [0, 0], [1, 1]]), "are one point"),
        (lambda: Polygon([[0, 0], [1, 1], [1, 0], [0, 1]]), "edges 1 and 3 of the polygon `polygon` cross"),
        (lambda: Polygon([[0, 0], [2, 0], [2, 1], [1, 0], [0, 1]]), "cross"),
        (
            lambda: Boolean("intersection", Ball([0, 0], 1, "a"), Ball([3, 0], 1, "b")),
            "the intersection of `a`, `b` is",
        ),
        (lambda: Boolean("difference", Ball([0, 0], 1, "a"), Ball([0, 0], 2, "b")), "the difference of `a`"),
        (lambda: Boolean("intersection", Box([0, 0], [1, 1], "a"), Box([1, 0], [2, 1], "b")), "is empty"),
        (lambda: Boolean("union", Ball([0, 0], 1), CUBE), "of 2 and of 3 coordinates cannot be combined"),
    ],
)
def test_what_is_no_shape(make: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        make()  # type: ignore[operator]
    assert message in str(caught.value)
