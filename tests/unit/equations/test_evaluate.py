"""Programs: the same numbers from NumPy, torch and plain floats, in few steps, with finite gradients."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from pinnkit.equations import Partial, Program, Scope, compile_tree, parse, parse_equation
from pinnkit.errors import UserError

SCOPE = Scope(("x", "t"), ("u",), ("nu", "k"), time="t")
U, U_X, U_T, U_XX = (Partial("u", orders) for orders in ((0, 0), (1, 0), (0, 1), (2, 0)))


def program(text: str) -> Program:
    return compile_tree(parse_equation(text, SCOPE, special=True).tree, SCOPE)


def operations(text: str) -> list[str]:
    """The operations on arrays: those on numbers and parameters alone are done on floats."""
    compiled = program(text)
    arrays = {i for i, s in enumerate(compiled.steps) if s.operation == "given" and s.value not in ("nu", "k")}
    found = []
    for i, step in enumerate(compiled.steps):
        if arrays & set(step.operands):
            arrays.add(i)
            found.append(step.operation)
    return sorted(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("u_t + u*u_x = nu*u_xx", ["add", "multiply", "multiply", "subtract"]),
        ("u_t + u*u_x = 0.01/pi*u_xx", ["add", "multiply", "multiply", "subtract"]),
        ("u_t - 2*nu*k^2*u_xx", ["multiply", "subtract"]),
        ("u^5", ["multiply"] * 3),
        ("u^4 + u^2", ["add", "multiply", "multiply"]),
        ("u/nu", ["multiply"]),
        ("1/u", ["divide"]),
        ("u_x/(u*nu)", ["divide", "multiply"]),
        ("sin(u)*sin(u)*cos(u)", ["cos", "multiply", "multiply", "sin"]),
        ("exp(u*u_x) + 2*exp(u*u_x) + log(u*u_x)", ["add", "exp", "log", "multiply", "multiply"]),
        ("sqrt(u)", ["sqrt"]),
        ("-u", ["negative"]),
        ("-u - u_x", ["add", "negative"]),
    ],
)
def test_few_operations_on_arrays(text: str, expected: list[str]) -> None:
    assert operations(text) == expected


def test_what_is_needed_is_known_beforehand() -> None:
    compiled = program("u_t + u*u_x = nu*u_xx + x")
    assert compiled.partials == {U, U_X, U_T, U_XX}
    assert compiled.names == {"x", "nu"}


@pytest.mark.parametrize("text", ["1/3 + pi/4", "sqrt(2)", "exp(1)*2^0.3", "min(pi, 3)", "0", "besselj(0, 1)"])
def test_a_constant_is_a_float(text: str) -> None:
    compiled = program(text)
    assert type(compiled({})) is float
    assert compiled({}) == pytest.approx(float(parse(text, SCOPE, special=True).tree.evalf()), rel=1e-15)
    assert len(compiled.steps) == 1


def test_floats_give_a_float() -> None:
    result = program("nu*sin(x)/k")({"nu": 2, "x": np.float32(0.5), "k": np.array(4.0)})
    assert type(result) is float
    assert result == pytest.approx(np.sin(0.5) / 2)


def test_division_by_a_zero_parameter_is_infinite() -> None:
    assert program("1/nu")({"nu": 0.0}) == np.inf
    assert torch.isinf(program("u/nu")({U: torch.ones(2), "nu": 0.0})).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "text",
    [
        "u_t + u*u_x = nu*u_xx",
        "where(x < 0.5, 1, 0)",
        "where(nu < 1, u, 0)",
        "where(x < nu, u, nu)",
        "max(u, 0.5, nu)",
        "min(nu, u)",
        "atan2(u, 1)",
        "atan2(nu, u)",
        "heaviside(u - 0.5)",
        "sign(u) + abs(u)",
        "2^u + u^0.3 + u^nu",
        "1/u + nu/u_x",
        "exp(nu)*u + sin(nu) + max(nu, 1)",
        "erf(u)",
    ],
)
def test_tensors_keep_their_precision_and_device(text: str, dtype: torch.dtype, device: str) -> None:
    generator = torch.Generator().manual_seed(3)
    values = {key: torch.rand(7, generator=generator).to(device, dtype) for key in ("x", "t", U, U_X, U_T, U_XX)}
    result = program(text)({**values, "nu": 0.4, "k": 2.0})
    assert result.dtype == dtype
    assert result.device.type == device
    arrays = {key: value.cpu().double().numpy() for key, value in values.items()}
    expected = program(text)({**arrays, "nu": 0.4, "k": 2.0})
    tolerance = 1e-13 if dtype == torch.float64 else 2e-5
    np.testing.assert_allclose(result.cpu().numpy(), expected, rtol=tolerance, atol=tolerance)


def test_arrays_keep_their_precision() -> None:
    x = np.linspace(0, 1, 5, dtype=np.float32)
    for text in ("nu*sin(x)", "where(x < 0.5, 1, 0)", "max(x, 0.5)", "x/3 + pi", "heaviside(x - 0.5)"):
        assert program(text)({"x": x, "nu": 0.1}).dtype == np.float32, text


def test_a_parameter_may_be_a_tensor_that_is_learned() -> None:
    nu = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    u = torch.linspace(0, 1, 5, dtype=torch.float64)
    result = program("nu^2*u + sin(nu)")({"nu": nu, U: u})
    (slope,) = torch.autograd.grad(result.sum(), nu)
    torch.testing.assert_close(slope, (2 * nu * u + torch.cos(nu)).sum())


def test_values_broadcast() -> None:
    result = program("x + t")({"x": np.ones((3, 1)), "t": np.ones((1, 4))})
    assert result.shape == (3, 4)


@pytest.mark.parametrize("text", ["2", "nu", "x", "x + t"])
def test_broadcast_gives_the_shape_asked_for(text: str) -> None:
    x = np.linspace(0, 1, 6).reshape(6, 1)
    values = {"x": x, "t": x, "nu": 2.0}
    array = program(text).broadcast(values, x)
    tensor = program(text).broadcast({k: torch.as_tensor(v) for k, v in values.items()}, torch.as_tensor(x))
    assert array.shape == tensor.shape == (6, 1)
    np.testing.assert_allclose(tensor.numpy(), array)


def test_a_missing_value_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        program("u + x")({"x": 1.0})


def test_special_functions_are_for_arrays() -> None:
    with pytest.raises(UserError, match="`besselj` is evaluated on NumPy arrays only"):
        program("besselj(0, x)")({"x": torch.ones(2)})


def test_the_value_of_a_step_at_its_jump_is_one_half() -> None:
    x = np.array([-1.0, 0.0, 1.0])
    np.testing.assert_array_equal(program("heaviside(x)")({"x": x}), [0, 0.5, 1])
    np.testing.assert_array_equal(program("heaviside(x)")({"x": torch.as_tensor(x)}), [0, 0.5, 1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where(x < 0, 1, 0)", [1, 0, 0]),
        ("where(x <= 0, 1, 0)", [1, 1, 0]),
        ("where(x > 0, 1, 0)", [0, 0, 1]),
        ("where(x >= 0, 1, 0)", [0, 1, 1]),
        ("where(x < 0, 1, where(x > 0, 2, 3))", [1, 3, 2]),
    ],
)
def test_comparisons_at_equality(text: str, expected: list[int]) -> None:
    x = np.array([-1.0, 0.0, 1.0])
    np.testing.assert_array_equal(program(text)({"x": x}), expected)
    np.testing.assert_array_equal(program(text)({"x": torch.as_tensor(x)}), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where(x > 0, sqrt(x), 0)", [0, 0, 0.25]),
        ("where(x > 0, log(x), x)", [1, 1, 0.25]),
        ("where(x == 0, 1, sin(x)/x)".replace("==", "<="), [0, 0, (4 * np.cos(4) - np.sin(4)) / 16]),
        ("where(x < 0, 0, where(x < 1, x^2, 1/x))", [0, 0, -1 / 16]),
        ("where(x > 0, x^0.3, 0)", [0, 0, 0.3 * 4**-0.7]),
        ("where(x > 0, where(x > 1, sqrt(x - 1), x), 0)", [0, 0, 0.5 * 3**-0.5]),
        ("where(x < 3, 1, asin(1/x))", [0, 0, -1 / (4 * np.sqrt(15))]),
        ("where(x < 1, exp(1000*(x - 1)), 1)", [0, 0, 0]),
    ],
)
def test_the_branch_not_taken_spoils_no_gradient(text: str, expected: list[float]) -> None:
    x = torch.tensor([-4.0, 0.0, 4.0], dtype=torch.float64, requires_grad=True)
    result = program(text)({"x": x})
    assert torch.isfinite(result).all()
    (slope,) = torch.autograd.grad(result.sum(), x)
    np.testing.assert_allclose(slope.numpy(), expected, atol=1e-14)


def test_second_derivatives_pass_through() -> None:
    x = torch.linspace(0.1, 1, 5, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(program("x^3 + tanh(x)")({"x": x}).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    th = torch.tanh(x)
    torch.testing.assert_close(second, 6 * x - 2 * th * (1 - th**2))


def test_the_room_does_without_torch() -> None:
    code = (
        "import sys; from pinnkit.equations import *; "
        "s = Scope(('x',), ('u',)); e = parse_equation('u_x = sin(x)', s); "
        "import numpy; compile_tree(e.sides[1], s)({'x': numpy.ones(3)}); "
        "sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
