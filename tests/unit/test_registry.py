"""Tables of named parts: what they accept, what they refuse, and that an entry and its part are inverse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from pinnkit.errors import Mistake, Place, UserError
from pinnkit.registry import Registry


class Shape:
    """What the parts of these tests share."""


@dataclass(frozen=True)
class Disk(Shape):
    """A disk.

    More is said further down.
    """

    radius: float
    centre: tuple[float, float] = (0.0, 0.0)
    sides: int = 64
    fill: bool = False
    style: Literal["solid", "dashed"] = "solid"
    label: str | None = None
    tags: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.radius < 0:
            raise UserError(Mistake(f"`radius` is {self.radius}"))
        if self.sides < 3:
            raise ValueError(f"`sides` is {self.sides}")


@dataclass(frozen=True)
class Blob(Shape):
    """A blob of a given cloud."""

    cloud: object
    seed: int = 0


class Stranger:
    """A class of another kind."""


@pytest.fixture
def shapes() -> Registry[Shape]:
    return Registry("shape", Shape, {"disk": Disk, "blob": Blob})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"radius": 1}, Disk(1.0)),
        ({"radius": 1.5, "sides": 1e2}, Disk(1.5, sides=100)),
        ({"radius": 1, "centre": [0, 2]}, Disk(1.0, centre=(0.0, 2.0))),
        ({"radius": 1, "fill": True, "style": "dashed"}, Disk(1.0, fill=True, style="dashed")),
        ({"radius": 1, "label": "A", "tags": ["a", "b"]}, Disk(1.0, label="A", tags=("a", "b"))),
        ({"radius": 1, "label": None, "weights": {"a": 2}}, Disk(1.0, weights={"a": 2.0})),
    ],
)
def test_options_reach_the_constructor_in_its_types(
    shapes: Registry[Shape], options: dict[str, Any], expected: Disk
) -> None:
    built = shapes.build({"name": "disk", **options})
    assert built == expected
    assert repr(built) == repr(expected)  # 1 == 1.0 == True, but they are printed differently


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"radius": "a"}, "option `radius` of shape `disk` must be a number; `'a'` was given"),
        ({"radius": True}, "option `radius` of shape `disk` must be a number; `true` was given"),
        ({"radius": float("nan")}, "option `radius` of shape `disk` must be a number; `nan` was given"),
        ({"radius": None}, "option `radius` of shape `disk` must be a number; `null` was given"),
        pytest.param({"radius": 10**400}, "option `radius` of shape `disk` must be a number", id="huge"),
        ({"radius": 1, "sides": 2.5}, "option `sides` of shape `disk` must be a whole number; `2.5` was given"),
        ({"radius": 1, "sides": float("inf")}, "option `sides` of shape `disk` must be a whole number; `inf`"),
        ({"radius": 1, "sides": False}, "must be a whole number; `false` was given"),
        ({"radius": 1, "fill": 1}, "option `fill` of shape `disk` must be true or false; `1` was given"),
        ({"radius": 1, "label": 3}, "option `label` of shape `disk` must be text or null; `3` was given"),
        (
            {"radius": 1, "style": "dashd"},
            "must be one of `solid`, `dashed`; `'dashd'` was given\n  Did you mean `dashed`",
        ),
        ({"radius": 1, "centre": [1]}, "must be a list of 2 entries (a number, a number); a list was given"),
        ({"radius": 1, "centre": 1}, "must be a list of 2 entries"),
        ({"radius": 1, "tags": "a"}, "must be a list (each entry text); `'a'` was given"),
        ({"radius": 1, "tags": [1]}, "must be a list (each entry text); a list was given"),
        ({"radius": 1, "weights": {"a": "b"}}, "must be a mapping (each value a number); a mapping was given"),
        ({"radius": 1, "side": 5}, "unknown option `side` of shape `disk`\n  Did you mean `sides`? Known: centre,"),
        ({"radius": 1, 7: 5}, "unknown option `7` of shape `disk`"),
        ({}, "shape `disk` needs the option `radius` (a number)"),
        ({"radius": -1}, "`radius` is -1.0"),
        ({"radius": 1, "sides": 2}, "shape `disk`: `sides` is 2"),
    ],
)
def test_what_is_wrong_is_said(shapes: Registry[Shape], options: dict[Any, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        shapes.build({"name": "disk", **options})
    assert sentence in str(caught.value)


def test_all_mistakes_come_together_with_their_places(shapes: Registry[Shape]) -> None:
    lines = {"name": 1, "sides": 2, "fil": 3}
    with pytest.raises(UserError) as caught:
        shapes.build(
            {"name": "disk", "sides": "many", "fil": True},
            lambda *keys: Place("f.yaml", lines.get(keys[0], 9) if keys else 8),
        )
    assert [(m.message.split(" of ")[0], m.place and m.place.line) for m in caught.value.mistakes] == [
        ("option `sides`", 2),
        ("unknown option `fil`", 3),
        ("shape `disk` needs the option `radius` (a number)", 8),
    ]


def test_a_mistake_of_the_constructor_gets_the_place_of_the_entry(shapes: Registry[Shape]) -> None:
    with pytest.raises(UserError, match="f.yaml:8: `radius` is -1"):
        shapes.build({"name": "disk", "radius": -1}, lambda *keys: Place("f.yaml", 8))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("dsk", "unknown shape `dsk`\n  Did you mean `disk`? Known: blob, disk."),
        ({"name": "zzzz"}, "unknown shape `zzzz`\n  Known: blob, disk."),
        ({"radius": 1}, "a shape is a name, or a mapping of `name` and options; `name` is missing"),
        ({"name": 3}, "`name` is `3`"),
        ({"name": None}, "`name` is `null`"),
        (["disk"], "a list was given"),
        (None, "`null` was given"),
        ({"python": "Corner"}, "shape `Corner` was made in Python and cannot be built from a file"),
    ],
)
def test_an_entry_must_name_a_part(shapes: Registry[Shape], entry: object, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        shapes.build(entry)
    assert sentence in str(caught.value)


def test_a_bare_name_means_all_defaults() -> None:
    shapes = Registry("shape", Blob, {"blob": Blob})
    assert shapes.build("blob", None, "a cloud") == Blob("a cloud")


def test_positional_arguments_are_no_options(shapes: Registry[Shape]) -> None:
    cloud = object()
    assert shapes.build({"name": "blob", "seed": 2}, None, cloud) == Blob(cloud, 2)
    with pytest.raises(UserError, match="unknown option `cloud` of shape `blob`"):
        shapes.build({"name": "blob", "cloud": 1}, None, cloud)


@pytest.mark.parametrize(
    "part",
    [
        Disk(2.0),
        Disk(1.0, centre=(1.0, 2.0), sides=5, fill=True, style="dashed", label="x", tags=("a",), weights={"b": 1.0}),
    ],
)
def test_an_entry_builds_the_part_that_it_came_from(shapes: Registry[Shape], part: Disk) -> None:
    entry = shapes.entry(part)
    assert shapes.build(entry) == part
    assert not any(isinstance(value, tuple) for value in entry.values())


def test_a_part_of_no_table_is_written_as_python(shapes: Registry[Shape]) -> None:
    class Corner(Shape):
        """Nobody registered it."""

    assert shapes.entry(Corner()) == {"python": Corner.__qualname__}


def test_a_name_is_given_once(shapes: Registry[Shape]) -> None:
    with pytest.raises(UserError, match="shape `disk` exists already; give `Blob` another name"):
        shapes.add("disk", Blob)
    shapes.add("second", Blob)
    assert shapes.names() == ("disk", "blob", "second")
    assert shapes.get("second") is Blob
    assert "second" in shapes


@pytest.mark.parametrize("part", [Stranger, Disk(1.0), "Disk"])
def test_only_classes_of_the_kind_are_added(shapes: Registry[Shape], part: Any) -> None:
    with pytest.raises(UserError, match="must be a subclass of `Shape`"):
        shapes.add("other", part)
    assert "other" not in shapes


def test_two_tables_share_nothing() -> None:
    one: Registry[Disk] = Registry("shape", Disk, {})
    two: Registry[Disk] = Registry("shape", Disk, {})
    one.add("disk", Disk)
    assert two.names() == ()


def test_a_table_describes_itself(shapes: Registry[Shape]) -> None:
    disk, blob = shapes.describe()
    assert (disk.name, disk.summary) == ("disk", "A disk.")
    assert disk.options[:4] == ("radius", "centre = [0.0, 0.0]", "sides = 64", "fill = false")
    assert disk.options[5:] == ("label = null", "tags = []", "weights = {}")
    assert blob.options == ("cloud", "seed = 0")


def test_the_json_schema_says_which_options_there_are(shapes: Registry[Shape]) -> None:
    names, disk, _ = shapes.json_schema()["anyOf"]
    assert names == {"enum": ["disk", "blob"]}
    assert disk["required"] == ["name", "radius"]
    assert disk["properties"]["style"] == {"enum": ["solid", "dashed"]}
    assert disk["properties"]["label"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert disk["properties"]["centre"]["minItems"] == 2
    assert disk["additionalProperties"] is False
