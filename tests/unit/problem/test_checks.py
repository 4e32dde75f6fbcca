"""Every check finds what it is for, and is silent where there is nothing."""

from typing import Any

import pytest

from pinnkit.errors import UserError
from pinnkit.problem.checks import CHECKS, check_problem, require_sound
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary


def _rod(**changes: Any) -> Problem:
    """Heat in a rod, sound, with some keys changed."""
    keys: dict[str, Any] = {
        "name": "rod",
        "coordinates": {"x": [-1, 1], "t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"a": 0.5},
        "equations": {"heat": "u_t = a*u_xx"},
        "conditions": {
            "initial": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "ends": {"on": "boundary", "equation": "u = 0"},
        },
        "reference": {"exact": {"u": "exp(-a*pi^2*t)*sin(pi*x)"}},
    }
    keys.update(changes)
    return define(**{key: value for key, value in keys.items() if value is not None})


FLUX: dict[str, Any] = {
    "fields": ["u", "q"],
    "equations": {"balance": "u_t + q_x = 0", "law": "q = -a*u_x"},
    "reference": None,
}


def _line(equation: str = "u_xx = 1", conditions: Any = None, **more: Any) -> Problem:
    """An ordinary differential equation on [0, 1]."""
    held = {f"c{i}": {"on": on, "equation": text} for i, (on, text) in enumerate(conditions or [])}
    return define(
        **{
            "name": "line",
            "coordinates": {"x": [0, 1]},
            "fields": ["u"],
            "equations": {"e": equation},
            "conditions": held,
            **more,
        }
    )


def _box(conditions: Any, coordinates: Any = None, **more: Any) -> Problem:
    """Poisson's equation on a square."""
    return define(
        **{
            "name": "box",
            "coordinates": coordinates or {"x": [0, 1], "y": [0, 1]},
            "fields": ["u"],
            "equations": {"p": "laplace(u) = 1"},
            "conditions": conditions,
            **more,
        }
    )


def _start(*texts: str, on: str = "t = 0") -> dict[str, Any]:
    """Conditions at the start of time, and fixed ends."""
    held: dict[str, Any] = {f"s{i}": {"on": on, "equation": text} for i, text in enumerate(texts)}
    return held | {"ends": {"on": "boundary", "equation": "u = 0"}}


def _walls(**texts: str) -> dict[str, Any]:
    """Conditions named by their faces: `x0` is `x = 0`."""
    return {name: {"on": f"{name[0]} = {name[1]}", "equation": text} for name, text in texts.items()}


SYSTEM = {
    "fields": ["u", "v"],
    "equations": {"one": "u_t = v_x", "two": "v_t = u_x"},
    "parameters": {},
    "reference": None,
}
ENDS_0 = [("x = 0", "u = 0"), ("x = 1", "u = 0")]
FULL = _walls(x0="u = 0", x1="u = 0", y0="u = 0", y1="u = 0")

SOUND = {
    "heat": _rod(),
    "transport with an inflow": _rod(
        equations={"e": "u_t + u_x = 0"},
        conditions=_walls(t0="u = sin(pi*x)") | {"in": {"on": "x = -1", "equation": "u = sin(pi*(-1 - t))"}},
        parameters={}, reference={"exact": {"u": "sin(pi*(x - t))"}},
    ),
    "a system of first order": _rod(
        **SYSTEM,
        coordinates={"x": [0, 1], "t": [0, 1]},
        conditions=_start("u = sin(pi*x)", "v = 0"),
    ),
    "both conditions at one end": _line("u_xx + u = 0", [("x = 0", "u = 1"), ("x = 0", "u_x = 0")]),
    "a start that the others imply": _rod(**FLUX, conditions=_start("u = sin(pi*x)", "q = -a*pi*cos(pi*x)")),
    "insulated ends": _rod(conditions=_start("u = cos(pi*x)") | {"ends": {"on": "boundary", "equation": "dn(u) = 0"}},
                           reference=None),
    "periodic": _rod(
        coordinates={"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]},
        conditions=_walls(t0="u = sin(pi*x)"),
    ),
    "a clamped beam": _line("d(u, x, 4) = 1", [*ENDS_0, ("x = 0", "u_x = 0"), ("x = 1", "u_x = 0")]),
    "of third order": _line("d(u, x, 3) = 1", [*ENDS_0, ("x = 1", "u_x = 0")]),
    "odd": _rod(symmetry={"u": "odd in x"}),
    "odd, of one end": _rod(symmetry={"u": "odd in x"}, conditions=_walls(t0="u = sin(pi*x)", x1="u = 0"),
                            accept=["open_face"]),
    "an even potential with an odd flux": _line(
        "q_x = 1", [("x = 1", "u = 0"), ("x = -1", "u = 0")], coordinates={"x": [-1, 1]}, fields=["u", "q"],
        symmetry={"u": "even in x", "q": "odd in x"}, equations={"one": "q_x = 1", "two": "u_x = q"},
    ),
    "values given by one expression": _box({"walls": {"on": "boundary", "equation": "u = x*y"}}),
    "an exact special function": _line(
        "x^2*u_xx + x*u_x + x^2*u = 0", [("x = 1", "u = 0.76519768655796655"), ("x = 2", "u = 0.22389077914123567")],
        coordinates={"x": [1, 2]}, reference={"exact": {"u": "besselj(0, x)"}},
    ),
    "only a derivative of the field in the equation": _line("(u_x)^2 = 1", [("x = 0", "u = 0")]),
    "an unknown parameter with one condition more": _line(
        "u_xx = a", [*ENDS_0, ("x = 0", "u_x = -1")], parameters={"a": {"start": 1}},
        reference={"exact": {"u": "x*(x - 1)"}},
    ),
    "an unknown parameter that the reference knows": _line(
        "u_xx = a", [*ENDS_0, ("x = 0", "u_x = -1")], parameters={"a": {"start": 1}},
        reference={"exact": {"u": "a*x*(x - 1)/2"}, "parameters": {"a": 2}},
    ),
    "an unknown value at a corner": _rod(
        parameters={"a": 0.5, "b": {"start": 1}}, reference=None,
        conditions=_walls(t0="u = sin(pi*x)") | {"ends": {"on": "boundary", "equation": "u = b"}},
    ),
    "one condition, and regularity at two singular ends": _line(
        "(1 - x^2)*u_xx - 2*x*u_x + 12*u = 0", [("x = -1", "u = -1")], coordinates={"x": [-1, 1]},
        accept=["singular_point"],
    ),
    "a factor that vanishes at an end whatever the field": _line(
        "x^2*(u^2 + 1)*u_xx + u^3 = 1", [("x = 0", "u = 1")], accept=["singular_point"],
    ),
    "a python residual": _line(conditions=ENDS_0, equations={"e": lambda u_xx, u: u_xx - u}),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_found_in_a_sound_problem(name: str) -> None:
    findings = check_problem(SOUND[name])
    assert [f for f in findings if not f.accepted] == []


FAULTY = [
    # no condition on a face
    ("open_face", _box(_walls(x0="u = 0", x1="u = 0", y0="u = 0")),
     "`u` is of order 2 in `y` and has no condition on `y = 1`"),
    ("open_face", _box(_walls(y0="u = 0", y1="u = 0")), "no condition on `x = 0` and no condition on `x = 1`"),
    ("open_face", _rod(equations={"e": "u_t + a*u_x = 0"}, conditions=_walls(t0="u = 1"), reference=None),
     "`u` is of order 1 in `x` and has no condition on `x = -1` and no condition on `x = 1`"),
    ("open_face", _line(conditions=[("x = 0", "u = 1")]), "has no condition on `x = 1`"),
    ("open_face", _rod(symmetry={"u": "odd in x"}, conditions=_walls(t0="u = sin(pi*x)", x1="u = 0")),
     "no condition on `x = -1`"),
    ("few_conditions", _line("d(u, x, 4) = 1", ENDS_0), "`u` is of order 4 in `x` and has 2 conditions along it"),
    # too many
    ("double_condition", _box(FULL | {"more": {"on": "x = 0", "equation": "u = 1"}}),
     "2 conditions for `u` on `x = 0`: `x0`, `more`"),
    ("double_condition", _box(FULL | {"more": {"on": "x = 0", "equation": "u_x = 1"}}),
     "3 conditions along `x` (`x0`, `x1`, `more`), and equations of order 2 in it take no more than 2"),
    ("double_condition", _rod(conditions=_start("u = sin(pi*x)", "u = 0")), "2 conditions for `u` on `t = 0`"),
    ("double_condition",
     _line("theta_xx = 1", fields=["theta"], conditions=[("x = 0", "dn(theta) = 0"), ("x = 0", "theta_x + theta = 1")]),
     "2 conditions for `theta_x` on `x = 0`"),
    ("double_condition", _line("u_x = 1", [("x = 0", "u = 0"), ("x = 1", "u = 1")]),
     "2 conditions along `x` (`c0`, `c1`), and equations of order 1 in it take no more than 1"),
    # too high an order
    ("condition_order", _box(_walls(x0="u_xx = 0", x1="u = 0", y0="u = 0", y1="u = 0")),
     "`x0` fixes `u_xx` on `x = 0`, but the equations are of order 2 for `u` in `x`"),
    ("condition_order", _rod(conditions=_start("u_t = 0")),
     "`s0` fixes `u_t` on `t = 0`, but the equations are of order 1"),
    ("condition_order", _line("u = x", [("x = 0", "u = 0")]), "the equations are of order 0 for `u` in `x`"),
    # the start and the end of time
    ("initial_conditions", _rod(equations={"w": "u_tt = a*u_xx"}, reference=None),
     "`u` is of order 2 in `t` and needs 2 at `t = 0`, and has 1"),
    ("initial_conditions", _rod(conditions={"ends": {"on": "boundary", "equation": "u = 0"}}),
     "too few initial conditions: `u` is of order 1 in `t` and needs 1 at `t = 0`, and has none"),
    ("initial_conditions", _rod(conditions=_start("u = sin(pi*x)", "u_t = 0")),
     "too many initial conditions: `u` is of order 1 in `t` and needs 1 at `t = 0`, and has 2: `s0`, `s1`"),
    ("initial_conditions", _rod(**SYSTEM, conditions=_start("u = sin(pi*x)")), "`v` is of order 1 in `t` and needs 1"),
    ("final_condition", _rod(conditions=_start("u = sin(pi*x)") | _walls(t1="u = 0")),
     "`t1` holds at the end of time, `t = 1`"),
    ("no_field", _box(FULL | {"more": {"on": "x = 0", "equation": "y = 1"}}),
     "`more` says nothing about any field on `x = 0`"),
    # corners
    ("corner_jump", _rod(conditions=_start("u = cos(pi*x)"), reference=None),
     "`s0` and `ends` give `u` values that differ by 1 where `t = 0` meets `x = -1`"),
    ("corner_jump", _box(_walls(x0="u = 0", x1="u = 0", y0="u = 0", y1="2*u = 6")),
     "`x0` and `y1` give `u` values that differ by 3 where `x = 0` meets `y = 1`"),
    ("corner_jump", _box(_walls(x0="u = z", x1="u = 0", y0="u = 0", y1="u = 0", z0="u = 0", z1="u = 0"),
                         coordinates={"x": [0, 1], "y": [0, 1], "z": [0, 1]}), "where `x = 0` meets `y = 0` at `z = "),
    ("corner_jump", _box({"walls": {"on": "boundary", "equation": "u = normal(x)"}}),
     "`walls` and `walls` give `u` values that differ by 1 where `x = 0` meets `y = 0`"),
    ("corner_jump", _rod(coordinates={"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]},
                         conditions=_walls(t0="u = x"), reference=None),
     "`t0` on `t = 0` jumps by 2 from one end of the periodic `x` to the other"),
    # equations and names
    ("unused_field", _line(conditions=ENDS_0, fields=["u", "w"]), "the field `w` is in no equation"),
    ("unused_field", _line("u - u = 1"), "the field `u` is in no equation"),
    ("count", _line("u_xx = w", ENDS_0, fields=["u", "w"]), "1 equation for 2 fields: too few"),
    ("more_equations", _line(conditions=ENDS_0, equations=["u_xx = 1", "u_x = x - 0.5"]), "2 equations for 1 field"),
    ("unused_parameter", _line(conditions=ENDS_0, parameters={"k": 1}), "the parameter `k` is used nowhere"),
    ("trivial_solution", _line("u_xx + u^3 = 0", ENDS_0), "`u = 0` satisfies all equations and conditions"),
    ("trivial_solution", _line("u_x = v", [("x = 0", "u = 0"), ("x = 0", "v = 0")], fields=["u", "v"],
                               equations=["u_x = v", "v_x = -sin(u)"]), "`u = 0` and `v = 0` satisfies"),
    ("singular_point", _line("x*u_xx + u_x = 1", ENDS_0), "`e` loses its highest derivative of `u` at `x = 0`"),
    ("singular_point", _line("(1 - x^2)*u_xx + u = 1", coordinates={"x": [-1, 1]},
                             conditions=[("x = -1", "u = 0"), ("x = 1", "u = 0")]), "at `x = -1`"),
    ("singular_point", _line("(x - 0.3)*u_x = 1", [("x = 0", "u = 0")]), "at `x = 0.3`"),
    ("singular_point", _line("u_xx + 2/x*u_x = 1", ENDS_0), "`e` is not finite at `x = 0`, the lower end"),
    ("singular_point", _line("(1 - x^2)*u_xx + u = 1", [("x = -1", "u = 0")], coordinates={"x": [-1, 1]}),
     "of `u` at `x = -1` and `x = 1`; regularity at `x = -1` and `x = 1` takes the place of a condition"),
    ("singular_point", _line("x*(1 - x)*u_xx + u_x = 1", [("x = 0", "u = 0")], coordinates={"x": [0, 2]}),
     "of `u` at `x = 0` and `x = 1`; regularity at `x = 0` and `x = 1` takes the place of a condition"),
    ("open_face", _line("(u - x)*u_xx + u_x = 1", [("x = 0", "u = 0")]), "`u` is of order 2 in `x`"),
    # symmetry
    ("symmetry", _rod(symmetry={"u": "even in x"}),
     "`initial` on `t = 0` does not keep its form when `x` changes sign"),
    ("symmetry", _rod(symmetry={"u": "odd in x"}, equations={"e": "u_t = a*u_xx + u_x"}, reference=None),
     "`e` does not keep its form when `x` changes sign, so that the symmetry (`u` odd)"),
    ("symmetry", _rod(symmetry={"u": "odd in x"}, equations={"e": "u_t = a*u_xx + u^2"}, reference=None),
     "`e` does not"),
    ("symmetry", _rod(symmetry={"u": "odd in x"}, reference=None, conditions=_start("u = sin(pi*x)") | {
        "ends": {"on": "x = -1", "equation": "u = 1"}, "end": {"on": "x = 1", "equation": "u = 1"}}),
     "`end` on `x = 1`"),
    ("symmetry", _line("u_xx = 1", ENDS_0, symmetry={"u": "odd in x"}), "the interval [0, 1] is not centred on zero"),
    ("symmetry", _rod(symmetry={"u": "odd in x"}, equations={"e": "u_t = a*u_xx + c*u_x"}, reference=None,
                      parameters={"a": 0.5, "c": {"start": 0}}),
     "`e` does not keep its form when `x` changes sign"),
    # the exact reference
    ("exact_reference", _rod(reference={"exact": {"u": "exp(-a*9.87*t)*sin(pi*x)"}}),
     "the exact reference does not satisfy `heat`: relative residual"),
    ("exact_reference", _rod(reference={"exact": {"u": "2*exp(-a*pi^2*t)*sin(pi*x)"}}),
     "the exact reference does not satisfy `initial` on `t = 0`: relative residual 0.5"),
    ("exact_reference",
     _rod(reference={"exact": {"u": "exp(-a*pi^2*t)*sin(pi*x) + 1e-7*exp(-a*pi^2*t/4)*cos(pi*x/2 + 1)"}}),
     "does not satisfy `ends` on `x = 1`"),
    ("exact_reference", _rod(**SYSTEM | {"reference": {"exact": {"u": "0"}}}), "`reference.exact` lacks the field `v`"),
    ("exact_reference", _rod(symmetry={"u": "odd in x"}, reference={"exact": {"u": "cos(x)"}}),
     "the exact `u` is not odd in `x`"),
    # unknown parameters
    ("unknown_reference", _line("u_xx = a", ENDS_0, parameters={"a": {"start": 1}},
                                reference={"exact": {"u": "a*x*(x - 1)/2"}}),
     "the exact reference depends on the unknown parameter `a`, and `reference` gives no value for it"),
    ("unknown_reference", _line("u_xx = a*u", ENDS_0, parameters={"a": {"start": 1}}, reference={"method": "dop853"}),
     "the method `dop853` solves the equations, which have the unknown parameter `a`"),
    ("unused_parameter", _line("u_xx = 1", ENDS_0, parameters={"a": {"start": 1}}),
     "nothing determines the unknown parameter `a`"),
    ("exact_reference", _line("u_xx = a", ENDS_0, parameters={"a": {"start": 1}},
                              reference={"exact": {"u": "a*x*(x - 1)"}, "parameters": {"a": 2}}),
     "the exact reference does not satisfy `e`: relative residual"),
    ("double_condition",
     _line("u_xx = a", [*ENDS_0, ("x = 0", "u_x = 1"), ("x = 1", "u_x = 2")], parameters={"a": {"start": 1}}),
     "equations of order 2 in it with 1 unknown parameter take no more than 3"),
    # the start of a field without a derivative in time
    ("implied_condition", _rod(**FLUX, conditions=_start("u = sin(pi*x)", "q = a*pi*cos(pi*x)")),
     "`s1` fixes `q` on `t = 0`, of which no equation has a derivative in `t`: `law` does not hold there"),
    ("implied_condition", _rod(**FLUX, conditions=_start("u = q", "q = 0")), "no equation tells whether it agrees"),
    ("initial_conditions", _rod(**FLUX, conditions=_start("u = 0", "q = 0", "q_t = 0")),
     "too many initial conditions: `q` is of order 0 in `t` and needs 0 at `t = 0`, and has 2: `s1`, `s2`"),
    # observations
    ("outside_points", _rod(observations={"seen": {"x": [0, 3], "t": [0, 0], "u": [0, 1]}}),
     "1 of the 2 points of `seen` lie outside the domain, the first at (x = 3, t = 0)"),
    # jumps
    ("silent_jump", _line("u_xx = where(x < 0.3, 1, 2)", ENDS_0), "`e` jumps at `x = 0.3`, inside the domain"),
    ("few_interfaces", _line("u_xx = 1", ENDS_0, regions={"l": {"x": [0, 0.3]}, "r": {"x": [0.3, 1]}}),
     "`u` is of order 2 in `x` and has no interface conditions at x = 0.3, between l and r"),
    # eigenproblems
    ("eigenproblem", _line("-u_xx = E*u", ENDS_0, parameters={"E": "eigenvalue"}),
     "`u = 0` satisfies everything for any `E`: the eigenproblem has no normalisation"),
    # shapes
    ("over_shape", define(
        name="p", coordinates={"x": [-1, 1], "y": [-1, 1]}, fields=["u"], equations={"e": "laplace(u) = 1"},
        shapes={"disc": {"name": "ball", "center": [0, 0], "radius": 1.0}}, domain="disc",
        conditions={"walls": {"on": "boundary", "equation": "u = 0"}}, outputs={"top": "maximum(u, y = 0)"}),
     "`top` needs `maximum` along a part of the coordinates of a shape, and there is none yet"),
    # what is put into the equations
    ("not_together",
     _line("u_xx = 1", ENDS_0, symmetry={"u": "odd in x"}, regions={"l": {"x": [0, 0.3]}, "r": {"x": [0.3, 1]}}),
     "`symmetry` and regions do not go together"),
    # what a problem accepts
    ("accept", _rod(accept=["corner_jmp"]), "unknown finding `corner_jmp` in `accept`"),
    ("accept", _rod(accept=["symmetry"]), "`symmetry` cannot be accepted: it must be mended"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "problem", "said"), FAULTY, ids=[f"{i}-{n}" for i, (n, _, _) in enumerate(FAULTY)])
def test_faults_are_found(name: str, problem: Problem, said: str) -> None:
    findings = {f.message: f for f in check_problem(problem)}
    found = [f for message, f in findings.items() if said in message]
    assert len(found) == 1, "\n".join(f"{f.name}: {m}" for m, f in findings.items())
    assert (found[0].name, found[0].severity) == (name, CHECKS[name].severity)
    assert found[0].place is not None


def test_every_check_is_tried() -> None:
    assert {name for name, _, _ in FAULTY} == set(CHECKS)


@pytest.mark.parametrize(("name", "problem"), [(n, p) for n, p, _ in FAULTY if n != "accept"])
def test_a_finding_is_accepted_by_name_or_not_at_all(name: str, problem: Problem) -> None:
    keys = dict(problem.__dict__)
    accepting = Problem(**{k: v for k, v in keys.items() if k in Problem.__dataclass_fields__} | {"accept": (name,)})
    found = [f for f in check_problem(accepting) if f.name == name]
    assert found
    assert all(f.accepted == CHECKS[name].acceptable for f in found)
    refused = [f for f in check_problem(accepting) if f.name == "accept"]
    assert bool(refused) != CHECKS[name].acceptable


def test_a_near_miss_in_accept_is_suggested() -> None:
    (finding,) = check_problem(_rod(accept=["corner_jmp"]))
    assert finding.hint is not None
    assert "Did you mean `corner_jump`?" in finding.hint


def test_an_equation_that_is_not_finite_at_an_end_is_to_be_multiplied_out() -> None:
    (finding,) = check_problem(_line("u_xx + 2/(1 - x)*u_x = 1", ENDS_0))
    assert "at `x = 1`, the upper end" in finding.message
    assert finding.hint is not None
    assert finding.hint.startswith("Multiply it by what vanishes there")


def test_missing_derivatives_are_named() -> None:
    (finding,) = check_problem(_rod(equations={"w": "u_tt = a*u_xx"}, reference=None))
    assert finding.hint == "Missing: `u_t = …`."


def test_a_sound_problem_may_have_warnings_but_no_errors() -> None:
    warned = _line("u_xx + u^3 = 0", ENDS_0)
    assert [f.name for f in require_sound(warned)] == ["trivial_solution"]
    with pytest.raises(UserError, match=r"conditions\.s0\.equation: .* \[condition_order\]"):
        require_sound(_rod(conditions=_start("u_t = 0")))
    accepted = _rod(conditions=_start("u = sin(pi*x)") | _walls(t1="u = 0"), accept="final_condition", reference=None)
    assert [f.name for f in require_sound(accepted) if f.fatal] == []


def test_unused_parameters_are_looked_for_everywhere() -> None:
    problem = _line(
        "u_xx = a",
        parameters={"a": 1, "b": 1, "c": 1},
        conditions=[("x = 0", "u = b"), ("x = 1", "u = b")],
        reference={"exact": {"u": "c"}},
    )
    assert "unused_parameter" not in {f.name for f in check_problem(problem)}


def test_what_a_person_would_not_read_is_shortened() -> None:
    names = [f"x{k}" for k in range(1, 31)]
    problem = define(
        name="many",
        coordinates={name: [0, 1] for name in names},
        fields=["u"],
        equations={"poisson": "laplace(u) = 0"},
        conditions={"walls": {"on": "boundary", "equation": "u = 1"}},
    )
    text = summary(problem, ())
    assert "x1 in [0, 1], x2 in [0, 1], x3 in [0, 1], ... x30 in [0, 1] (30 in all)" in text
    assert "condition walls on x1 = 0, x1 = 1, x2 = 0, ... x30 = 1 (60 in all)" in text
