"""DeepXDE as a peer: the same problem, handed over whole.

1. The residuals that it is given vanish for the exact solution, equations and conditions alike, normals included.
2. A point of the boundary is on the face whose condition it gets, and on no other.
3. A run of both gives a table of errors on the same points, and pictures.
4. What it cannot treat is refused with the reason before anything is trained.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import pinnkit
from pinnkit import cli, deepxde_peer
from pinnkit.equations import compile_tree
from pinnkit.errors import UserError
from pinnkit.geometry.body import domain_of, domain_of_face
from pinnkit.points import Uniform
from pinnkit.problem.problem import Problem


def jacobian(y: Tensor, x: Tensor, i: int, j: int) -> Tensor:
    """A column of the slope, as DeepXDE has it."""
    slope = torch.autograd.grad(y.sum(), x, create_graph=True, allow_unused=True, materialize_grads=True)[0]
    return slope[:, j : j + 1]


PEER: Any = SimpleNamespace(grad=SimpleNamespace(jacobian=jacobian))
EXACT = ("heat", "poisson_2d", "poisson_3d", "wave", "kovasznay", "plate_with_hole", "taylor_green", "eikonal")


def truth(problem: Problem, x: Tensor) -> Tensor:
    """The exact fields (n, f) as a function of the points."""
    assert problem.reference is not None
    values: dict[Any, Any] = {name: x[:, k : k + 1] for k, name in enumerate(problem.scope.coordinates)}
    values.update(problem.values)
    trees = [problem.reference.exact[name].tree for name in problem.fields]
    return torch.cat([compile_tree(tree, problem.scope).broadcast(values, x[:, :1]) for tree in trees], dim=1)


@pytest.mark.parametrize("name", EXACT)
def test_residuals_vanish_for_the_exact_solution(name: str) -> None:
    problem, generator = pinnkit.load_problem(name), np.random.default_rng(0)
    deepxde_peer.require_peer(problem)
    x = torch.tensor(Uniform(50).draw(domain_of(problem), generator).coordinates, requires_grad=True)
    y = truth(problem, x)
    for equation in problem.equations:
        tree = equation.residual.tree  # type: ignore[union-attr]
        assert float(deepxde_peer._value(PEER, problem, tree, x, y, {}).detach().abs().max()) < 1e-8
    for condition in problem.conditions:
        for face in condition.faces:
            there = Uniform(20).draw(domain_of_face(problem, face), generator).coordinates
            x = torch.tensor(there, requires_grad=True)
            y = truth(problem, x)
            tree = condition.tree_on(face, problem.scope)
            more = deepxde_peer._normals(problem, face, there, y)
            assert float(deepxde_peer._value(PEER, problem, tree, x, y, more).detach().abs().max()) < 1e-8


@pytest.mark.parametrize("name", ["heat", "plate_with_hole", "poisson_3d"])
def test_points_belong_to_their_own_faces(name: str) -> None:
    problem, generator = pinnkit.load_problem(name), np.random.default_rng(1)
    faces = list(dict.fromkeys(face for condition in problem.conditions for face in condition.faces))
    for face in faces:
        there = Uniform(20).draw(domain_of_face(problem, face), generator).coordinates
        found = {other: all(deepxde_peer._on(problem, other)(x, True) for x in there) for other in faces}
        assert found == {other: other == face for other in faces}


def test_both_are_set_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    command = ["compare", "oscillator", "--against", "deepxde", "--set", "phases.0.steps=40", "--set", "threads=1"]
    with pytest.raises(SystemExit) as stopped:
        cli.main([*command, "--quiet", "--out", str(out)])
    assert stopped.value.code in (0, None)
    lines = capsys.readouterr().out.splitlines()
    table = [line.split() for line in lines if line.startswith(("network", "DeepXDE"))]
    assert [row[0] for row in table] == ["network", "DeepXDE"]
    assert float(table[0][-1]) < float(table[1][-1])
    assert any(path.suffix == ".png" for path in (out / "deepxde").iterdir())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("infinite_well", "it has conditions that are integrals|it asks for eigenstates|it has unknown"),
        ("two_material_heat", "divided into regions"),
        ("lorenz_inverse", "unknown parameters or observations"),
        ("burgers_family", "it is a family"),
        ("stl_potential", "no shape for `mesh`"),
    ],
)
def test_what_it_cannot_treat_is_refused(name: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        deepxde_peer.require_peer(pinnkit.load_problem(name))


def test_a_classical_method_is_not_named_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["compare", "heat", "--against", "deepxde", "--method", "method_of_lines"])
    assert stopped.value.code == 2
    assert "`--against deepxde` asks for none" in capsys.readouterr().err
