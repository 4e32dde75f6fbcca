"""Properties of whatever can be written: it is read back, and evaluates alike everywhere."""

import numpy as np
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pinnkit.equations import (
    Partial,
    Program,
    Scope,
    compile_tree,
    differentiate,
    from_sympy,
    latex,
    parse,
    to_text,
    unicode,
)
from pinnkit.equations.functions import FUNCTIONS
from pinnkit.errors import UserError

SCOPE = Scope(("x", "t", "theta"), ("u", "v"), ("nu", "lambda_"), time="t")
RANDOM = settings(max_examples=300, deadline=None, derandomize=True, database=None)

FIELDS = ["u", "v", "u_x", "u_xt", "v_tt", "d(u, theta)", "d(v, x, 2, theta)"]
LEAVES = ["x", "t", "theta", "nu", "lambda_", *FIELDS, "0", "1", "2", "3", "0.5", "0.1", "1e-3", "7", "pi"]
ORDINARY = [name for name, row in FUNCTIONS.items() if not row.special and name not in ("where", "min", "max", "atan2")]


def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One operator or function more."""
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("({})^{}".format, inner, st.sampled_from(["2", "3", "-1", "-2", "0.5", "(1/3)", "1.5", "7"])),
        st.builds("({})^({})".format, inner, inner),
        st.builds("-({})".format, inner),
        st.builds("{}({})".format, st.sampled_from(ORDINARY), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max", "atan2"]), inner, inner),
        st.builds(
            "where({} {} {}, {}, {})".format, inner, st.sampled_from(["<", "<=", ">", ">="]), inner, inner, inner
        ),
    )


TEXTS = st.recursive(st.sampled_from(LEAVES), deeper, max_leaves=12)
EXPLICIT = st.recursive(st.sampled_from([leaf for leaf in LEAVES if leaf not in FIELDS]), deeper, max_leaves=6)


def read(text: str) -> sympy.Expr:
    """The tree of a random text; one that divides by zero and the like is left out."""
    try:
        return parse(text, SCOPE).tree
    except UserError:
        assume(False)
        raise


def values_of(tree: sympy.Expr, seed: int) -> dict[Partial | str, np.ndarray]:
    generator = np.random.default_rng(seed)
    program = compile_tree(tree, SCOPE)
    keys = sorted(program.partials) + sorted(program.names)
    return {key: generator.uniform(0.2, 1.8, 5) for key in keys}


@RANDOM
@given(TEXTS)
def test_what_is_written_is_read_back(text: str) -> None:
    tree = read(text)
    assert parse(to_text(tree, SCOPE), SCOPE).tree == tree


@RANDOM
@given(TEXTS)
def test_a_tree_is_its_own_sympy_expression(text: str) -> None:
    tree = read(text)
    assert from_sympy(tree, SCOPE).tree == tree


@RANDOM
@given(TEXTS)
def test_every_tree_can_be_shown(text: str) -> None:
    read(text)
    expression = parse(text, SCOPE)
    assert unicode(expression, SCOPE)
    shown = latex(expression, SCOPE)
    assert shown.count("{") == shown.count("}")
    assert "operatorname{u}" not in shown


@RANDOM
@given(TEXTS, st.integers(0, 10))
def test_torch_numpy_and_sympy_agree(text: str, seed: int) -> None:
    tree = read(text)
    program = compile_tree(tree, SCOPE)
    values = values_of(tree, seed)
    result = np.broadcast_to(program(values), 5)
    tensors = {key: torch.as_tensor(value) for key, value in values.items()}
    on_torch = torch.as_tensor(program(tensors), dtype=torch.float64).expand(5).numpy()
    nodes = {SCOPE.symbols[k] if isinstance(k, str) else SCOPE.tree(k): v for k, v in values.items()}
    # The functions of numbers are rounded before anything else; what follows may amplify that.
    rounded = any(n.is_number and not n.is_Rational and n != sympy.pi for n in sympy.preorder_traversal(tree))
    for i in np.flatnonzero(np.isfinite(result)):
        truth = exact_value(tree, {node: sympy.Float(float(value[i]), 40) for node, value in nodes.items()})
        amplified = amplification(program, values, int(i))
        if truth is None or amplified > 1e3:
            continue
        scale = (1e-10 if rounded else 1e-13) * amplified * max(abs(truth), 1e-30)
        assert abs(result[i] - truth) <= scale, (text, result[i], truth)
        assert abs(on_torch[i] - truth) <= scale, (text, on_torch[i], truth)


def exact_value(tree: sympy.Expr, point: dict[sympy.Expr, sympy.Expr]) -> float | None:
    """What sympy makes of the tree with thirty digits; None where that is not real or of an extreme size."""
    for node in sorted(point, key=lambda node: not isinstance(node, sympy.Derivative)):
        try:
            tree = tree.xreplace({node: point[node]})
        except (TypeError, ValueError):
            return None
    value = sympy.N(tree, 30)
    return float(value) if value.is_Number and value.is_finite and 1e-250 < abs(value) < 1e250 else None


def amplification(program: Program, values: dict[Partial | str, np.ndarray], i: int) -> float:
    """How much larger a relative change of the result is than that of the inputs, at least one."""
    base = float(np.broadcast_to(program(values), 5)[i])
    changes = [
        abs(float(np.broadcast_to(program({**values, key: values[key] * (1 + step)}), 5)[i]) - base)
        for key in values
        for step in (1e-9, -1e-9)
    ]
    return max(1.0, max(changes, default=0.0) / (1e-9 * abs(base)) if base else 1e9)


@RANDOM
@given(EXPLICIT, st.sampled_from(["x", "t", "theta"]))
def test_derivatives_are_the_limit_of_differences(text: str, along: str) -> None:
    tree = read(text)
    try:
        slope = compile_tree(differentiate(tree, along, SCOPE), SCOPE)
    except UserError:
        assume(False)
    program = compile_tree(tree, SCOPE)
    values = {name: np.array([0.41, 0.83, 1.37]) + 0.05 * i for i, name in enumerate(sorted(SCOPE.symbols))}
    differences = []
    for shift in (1e-4, 5e-5):
        ahead, behind = ({**values, along: values[along] + s} for s in (shift, -shift))
        with np.errstate(all="ignore"):
            change = program.broadcast(ahead, values["x"]) - program.broadcast(behind, values["x"])
        differences.append(change / (2 * shift))
    result = slope.broadcast(values, values["x"])
    coarse, fine = differences
    with np.errstate(all="ignore"):
        settled = np.isfinite(result) & (np.abs(coarse - fine) < 1e-6 * (1 + np.abs(fine)))
    np.testing.assert_allclose(result[settled], fine[settled], rtol=1e-5, atol=1e-5)
