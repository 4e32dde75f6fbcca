"""Regions tile the domain, and interfaces say what holds where they meet; what is wrong is told with its place."""

from typing import Any

import pytest

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.problem.regions import contacts, touches, with_breaks
from pinnkit.problem.summary import summary


def plate(regions: Any, interfaces: Any = None, **more: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "plate",
        "coordinates": {"x": [0, 1], "y": [0, 2]},
        "fields": ["u"],
        "parameters": {"a": 0.4},
        "equations": {"e": "laplace(u) = a"},
        "regions": regions,
        "interfaces": {"value": "u"} if interfaces is None else interfaces,
    }
    return define(**{**keys, **more})


def mistakes(*arguments: Any, **more: Any) -> list[str]:
    with pytest.raises(UserError) as caught:
        plate(*arguments, **more)
    return [f"{m.place}: {m.message}" for m in caught.value.mistakes]


HALVES = {"left": {"x": [0, 0.5]}, "right": {"x": [0.5, 1]}}


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ({"l": {"x": [0, 0.4]}, "r": {"x": [0.5, 1]}}, "leave a gap: none has x in [0.4, 0.5], y in [0, 2]"),
        ({"l": {"x": [0, 0.6]}, "r": {"x": [0.5, 1]}}, "`l` and `r` overlap: both have x in [0.5, 0.6], y in [0, 2]"),
        ({"l": {"x": [0, 0.5]}, "r": {"x": [0.5, 1.5]}}, "`r` leaves the domain: `x` runs over [0, 1] only"),
        ({"l": {"x": [0, 0.5]}, "r": {"x": [0.5, 1], "y": [0, 1]}}, "none has x in [0.5, 1], y in [1, 2]"),
        ({"all": {}, "more": {"y": [1, 2]}}, "`all` and `more` overlap"),
    ],
)
def test_what_does_not_tile_the_domain_is_told(regions: Any, said: str) -> None:
    (message,) = mistakes(regions)
    assert message.startswith("regions: ")
    assert said in message


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ({"l": {"z": [0, 1]}}, "regions.l.z: unknown coordinate `z` in a region"),
        ({"l": {"x": [0.5, 0]}, "r": {"x": [0.5, 1]}}, "regions.l.x: the interval of `x` must go from a lower"),
        ({"l": {"x": [0, "b"]}, "r": {"x": [0.5, 1]}}, "regions.l.x: unknown name `b`"),
        ({"l": {"x": [0]}}, "regions.l.x: `regions.l.x` must be the two ends of an interval"),
        ({"1l": {"x": [0, 0.5]}, "r": {"x": [0.5, 1]}}, "regions.1l: "),
    ],
)
def test_what_is_no_region_is_told_with_its_place(regions: Any, said: str) -> None:
    assert any(message.startswith(said) for message in mistakes(regions, interfaces={}))


def test_a_periodic_coordinate_is_not_divided() -> None:
    coordinates = {"x": {"range": [0, 1], "periodic": True}, "y": [0, 2]}
    found = mistakes(HALVES, coordinates=coordinates)
    assert found[0] == "regions.left.x: `x` is periodic, and is not divided into regions"


@pytest.mark.parametrize(
    ("interfaces", "said"),
    [
        ({"v": {"equation": "u", "between": ["left", "rigth"]}}, "unknown region `rigth` in `between`"),
        ({"v": {"equation": "u", "between": ["left"]}}, "`between` names two regions"),
        ({"v": "u = 0"}, "an interface says what `jump(...)` is"),
        ({"v": "w"}, "unknown name `w`"),
        ({"e": "u"}, "the interface `e` has the name of an equation or a condition"),
        ({"v": {"equatoin": "u"}}, "unknown key `equatoin`"),
    ],
)
def test_what_is_no_interface_is_told(interfaces: Any, said: str) -> None:
    assert any(said in message for message in mistakes(HALVES, interfaces))


def test_a_near_miss_of_a_region_is_suggested() -> None:
    with pytest.raises(UserError, match="Did you mean `right`"):
        plate(HALVES, {"v": {"equation": "u", "between": ["left", "rigth"]}})


def test_interfaces_need_regions() -> None:
    assert mistakes({}, {"v": "u"}) == ["interfaces: `interfaces` needs `regions` that meet there"]


def test_a_jump_has_its_place_in_interfaces_alone() -> None:
    for keys in (
        {"equations": {"e": "jump(u) = 0"}},
        {"conditions": {"c": {"on": "x = 0", "equation": "jump(u) = 0"}}},
    ):
        assert any("`jump`" in message for message in mistakes(HALVES, **keys))


def test_contacts_are_the_pieces_that_two_regions_share() -> None:
    problem = plate({"a": {"x": [0, "a"]}, "b": {"x": ["a", 1], "y": [0, 1]}, "c": {"x": ["a", 1], "y": [1, 2]}})
    assert [str(c) for c in contacts(problem)] == [
        "x = 0.4, between a and b",
        "x = 0.4, between a and c",
        "y = 1, between b and c",
    ]
    assert [[(c.lower, c.upper) for c in contact.coordinates][1] for contact in contacts(problem)][:2] == [
        (0, 1),
        (1, 2),
    ]
    assert "interface value on x = 0.4, between a and b; x = 0.4, between a and c; y = 1, between b and c" in summary(
        problem
    )
    named = plate(HALVES, {"v": {"equation": "u", "between": ["right", "left"]}})
    (contact,) = contacts(named)
    assert touches(named.interfaces[0], contact)


def test_corners_are_no_contacts() -> None:
    quarters = {
        "a": {"x": [0, 0.5], "y": [0, 1]},
        "b": {"x": [0.5, 1], "y": [0, 1]},
        "c": {"x": [0, 0.5], "y": [1, 2]},
        "d": {"x": [0.5, 1], "y": [1, 2]},
    }
    assert {c.name for c in contacts(plate(quarters))} == {"a_b", "a_c", "b_d", "c_d"}


def test_ends_that_differ_by_rounding_meet() -> None:
    third = 1 / 3
    (contact,) = contacts(plate({"l": {"x": [0, third]}, "r": {"x": [third * (1 + 1e-15), 1]}}))
    assert contact.value == pytest.approx(third)


def test_half_lines_are_divided_at_finite_places() -> None:
    problem = plate(
        {"near": {"y": [0, 3]}, "far": {"y": [3, "inf"]}},
        coordinates={"x": [0, 1], "y": {"range": [0, "inf"], "scale": 2}},
    )
    near, far = (region.coordinates[1] for region in problem.regions)
    assert (near.lower, near.upper, near.scale) == (0, 3, 1.0)
    assert (far.lower, far.scale, far.axis.kind) == (3, 2.0, "above")
    assert [c.value for c in contacts(problem)] == [3.0]
    assert with_breaks(problem).coordinate("y").breaks == (3.0,)


def test_regions_move_with_their_parameters() -> None:
    problem = plate({"l": {"x": [0, "a"]}, "r": {"x": ["a", 1]}}, coordinates={"x": {"range": [0, 1], "breaks": [0.2]}})
    assert [c.value for c in contacts(problem)] == [0.4]
    moved = problem.with_parameters(a=0.1)
    assert [c.value for c in contacts(moved)] == [0.1]
    assert [r.coordinates[0].breaks for r in problem.regions] == [(0.2,), ()]
    assert [r.coordinates[0].breaks for r in moved.regions] == [(), (0.2,)]
    with pytest.raises(UserError, match="must go from a lower to an upper end"):
        problem.with_parameters(a=1.0)
