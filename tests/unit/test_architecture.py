"""The rules of the house, kept by reading the source: who imports whom, what is never called, how long things are."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pinnkit

PACKAGE = Path(pinnkit.__file__).parent
MODULES = {
    ".".join(("pinnkit", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# A module imports only from rooms above its own.
ROOMS = (
    "errors",
    "options",
    "registry",
    "reading",
    "shipped",
    "plugins",
    "equations",
    "shapes",
    "problem",
    "geometry",
    "flows",
    "points",
    "memory",
    "processes",
    "derivatives",
    "networks",
    "formulation",
    "objective",
    "optimizers",
    "draws",
    "stored",
    "trained",
    "unseen",
    "training",
    "journal",
    "stage",
    "windows",
    "curriculum",
    "config",
    "capacity",
    "building",
    "staging",
    "marching",
    "verification",
    "results",
    "monitors",
    "running",
    "accompanying",
    "apart",
    "confirming",
    "estimating",
    "outcome",
    "diagnosis",
    "solving",
    "rerunning",
    "showing",
    "deepxde_peer",
    "comparing",
    "engines",
    "sweeping",
    "listing",
    "arguments",
    "cli",
    "__main__",
)

# Rooms in which a module may not import torch at all, since checking a problem must not wait for it.
WITHOUT_TORCH = (
    "errors",
    "options",
    "registry",
    "reading",
    "shipped",
    "plugins",
    "equations",
    "shapes",
    "problem",
    "geometry",
    "points",
)
TORCH_ALLOWED = ("pinnkit.equations.on_torch",)

# Where an import may stand inside a function: it is optional, or so heavy that it must wait until it is needed.
LATE = {
    "pinnkit": "public names are loaded when they are first used",
    "pinnkit.cli": "`pinnkit --help` answers at once",
    "pinnkit.listing": "one kind is listed without loading the others",
    "pinnkit.points.flowing": "torch is loaded once points are drawn from a flow",
    "pinnkit.equations.evaluate": "torch is loaded once a tensor is given",
    "pinnkit.optimizers.soap": "the package is optional",
    "pinnkit.monitors": "the packages are optional",
    "pinnkit.engines": "the package is optional",
    "pinnkit.problem.units": "the package is optional",
}
HEAVY = (
    "torch",
    "pyvista",
    "matplotlib",
    "deepxde",
    "scipy",
    "rich",
    "meshio",
    "vtk",
    "vtkmodules",
    "gmsh",
    "imageio",
    "trame",
    "pint",
    "ray",
)

FORBIDDEN_CALLS = ("eval", "exec", "compile", "sympify", "parse_expr", "lambdify", "__import__")


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def room(module: str) -> str | None:
    """The room of a module, None for the front door and for what is not pinnkit."""
    parts = module.split(".")
    return parts[1] if parts[0] == "pinnkit" and len(parts) > 1 else None


def imports(node: ast.AST) -> Iterator[str]:
    """The modules that a node imports, those only for the type checker left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are written in full"
            for alias in child.names:
                whole = f"{child.module}.{alias.name}"
                yield whole if whole in MODULES else str(child.module)
        else:
            yield from imports(child)


def functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.walk(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child


def test_every_module_belongs_to_a_room() -> None:
    assert len(MODULES) > 30
    assert {room(module) for module in MODULES} - {None} <= set(ROOMS)


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) is not None])
def test_imports_go_one_way(module: str) -> None:
    own = ROOMS.index(str(room(module)))
    below = [name for name in imports(tree(module)) if (other := room(name)) and ROOMS.index(other) > own]
    assert below == []


def test_there_are_no_cycles() -> None:
    graph = {module: {name for name in imports(tree(module)) if name in MODULES} for module in MODULES}
    graph["pinnkit"] = set()  # the front door loads its names when they are used
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for name in sorted(graph[module]):
                walk(name, (*path, module))
            done.add(module)

    for module in MODULES:
        walk(module, ())


@pytest.mark.parametrize("module", [m for m in MODULES if m not in LATE])
def test_imports_stand_at_the_top_unless_heavy(module: str) -> None:
    late = [name for function in functions(tree(module)) for name in imports(function)]
    assert [name for name in late if name.partition(".")[0] not in HEAVY] == []


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) in WITHOUT_TORCH and m not in TORCH_ALLOWED])
def test_checking_a_problem_needs_no_torch(module: str) -> None:
    top = [n for n in tree(module).body if isinstance(n, (ast.Import, ast.ImportFrom))]
    found = [name for n in top for name in imports(ast.Module(body=[n], type_ignores=[]))]
    assert [name for name in found if name.partition(".")[0] == "torch" or name in TORCH_ALLOWED] == []


@pytest.mark.parametrize("module", MODULES)
def test_text_never_becomes_code(module: str) -> None:
    """No call of a function of these names that are Python's or sympy's; methods of other objects may share them."""
    calls = [node.func for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]
    bare = [call.id for call in calls if isinstance(call, ast.Name)]
    dotted = [ast.unparse(call) for call in calls if isinstance(call, ast.Attribute)]
    sources = ("sympy.", "sp.", "builtins.")
    named = [name.rpartition(".")[2] for name in dotted if name.startswith(sources)]
    assert [name for name in (*bare, *named) if name in FORBIDDEN_CALLS] == []


@pytest.mark.parametrize("module", MODULES)
def test_there_are_no_globals(module: str) -> None:
    assert [node.names for node in ast.walk(tree(module)) if isinstance(node, ast.Global)] == []


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_are_short(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= 400
    for function in functions(tree(module)):
        body = function.body[1:] if ast.get_docstring(function) is not None else function.body
        length = body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0
        assert length <= 60, function.name


def test_rooms_are_two_folders_deep_at_most() -> None:
    deep = [path for path in MODULES.values() if len(path.relative_to(PACKAGE).parts) > 3]
    assert deep == []


def test_every_file_says_what_it_is() -> None:
    assert [module for module in MODULES if not ast.get_docstring(tree(module)) and tree(module).body] == []
