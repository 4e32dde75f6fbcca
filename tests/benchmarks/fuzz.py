"""Files that nobody would write, read by everything that reads files.

Each case is a good file of its kind, or two of them crossed, with some bytes, words, lines or numbers changed; words
come from the file itself and from a list of those that trouble readers. A case is good when it is read, or refused by
one sentence for the user, within two seconds. An audit hook of Python counts what the reader does beside that: files
opened outside the folder of the case or for writing, folders changed, programs started, connections made, pickles that
name a class. A process that outgrows its limit of memory counts as a failure.

.venv/bin/python tests/benchmarks/fuzz.py --write
"""

import argparse
import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from report import origin, table, write

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "docs" / "results" / "hostile.json"
LONGEST = 2.0
"""Seconds that a case may take."""
MEMORY = 1_500_000_000
"""Bytes by which a process may grow beyond what it holds when all is imported."""
ROUND = 2_000
"""Cases of a process, so that what one of them leaves behind is not carried on for ever."""
WHOLE = 0.02
"""The share of problem files whose mathematics is checked as well, which takes longer than reading them."""

WORDS: tuple[bytes, ...] = (
    *(b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", "\u202e".encode(), "ﬁ∂²ü".encode(), b"\r", b"\t", b"\n", b"  "),
    *(b"-1", b"0", b"1e999", b"-1e-999", b"nan", b".inf", b"9" * 40, b"1" * 400, b"1_0", b"0x1f", b"1e", b"1e400"),
    *(b"{", b"}", b"[", b"]", b":", b"- ", b"&a ", b"*a ", b"!!python/object/apply:os.system ", b"<<: ", b"|\n", b"? "),
    *(b"../../etc/passwd", b"/etc/passwd", b"file:///etc/passwd", b"C:\\x", b"~/.ssh/id_rsa", b"/dev/zero", b"."),
    *(b"__import__('os').system('true')", b"exec('1')", b"().__class__", b"lambda: 0", b"u.__dict__", b"{{7*7}}"),
    *(b"(" * 300, b"[" * 300, b"-" * 300, b"x**" * 40 + b"x", b"9**9**9**9", b"10**10**10", b"1/0", b"x^x^x^x^x"),
    *(b"sin(", b"cos(x)" * 20, b"d(u, x, 9)", b"u_xxxxxxxxxx", b"laplace(laplace(u))", b"integral(u)", b"sum(u)"),
    *(b"true", b"null", b"python: os.system", b"name: __init__", b"count: 1000000000000", b"steps: -5", b"seed: 1e9"),
    *(b"domain: {", b"periodic", b"boundary", b"exact", b"parameters", b"on: everywhere", b"normal(x)", b"dn(u)"),
    *(b"<!ENTITY a 'aaaaaaaaaa'>", b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>", b"&a;&a;&a;", b"]]>", b"<Piece>"),
    *(
        b"$Nodes",
        b"$EndNodes",
        b"element vertex 99999999999",
        b"format ascii 9.9",
        b"facet normal 0 0 0",
        b"end_header",
    ),
)


MACHINE = ("/proc/meminfo", "/proc/self/statm", "/proc/self/cgroup", "/proc/cpuinfo", "/sys/fs/cgroup/")
"""What says how much memory is free."""

STARTED = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect")
CHANGED = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "shutil.rmtree")


@dataclass
class Watch:
    """What a reader did beside reading its file, told by an audit hook."""

    folder: str = "\0"
    active: bool = False
    seen: list[str] = field(default_factory=list)

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open":
            self._open(*given[:3])
        elif event.startswith(STARTED) or event in CHANGED:
            self.seen.append(f"{event}: {given[0]!r}")
        elif event == "pickle.find_class":
            self.seen.append(f"{event}: {given!r}")

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.path.abspath(os.fsdecode(path))
        writing = isinstance(mode, str) and any(mark in mode for mark in "wax+")
        writing = writing or (isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
        # Python's own files, and those that are loaded late by what a file asks for.
        code = name.startswith((sys.prefix, sys.base_prefix, str(ROOT / "pinnkit"), *MACHINE)) or name == __file__
        if (writing and name != os.devnull) or not (name.startswith(self.folder) or code):
            self.seen.append(f"open {mode or flags}: {name}")


@dataclass(frozen=True)
class Reader:
    """A reader, and the good files that it starts from, by name.

    Args:
        read: takes the path of the case.
        good: content by name.
        at: where in the folder of a case its file lies; under its own name where not given.
        beside: other files that lie there, and what is read in place of the case, if anything.
        sealed: whether the hash of the content stands in front of it.
        change: how half of the cases are made of a good file, where its bytes alone would not lead far.
    """

    read: Callable[[Path], object]
    good: dict[str, bytes]
    at: str = ""
    beside: tuple[str, bytes] | None = None
    sealed: bool = False
    change: Callable[[random.Random, bytes], bytes] | None = None

    def placed(self, folder: Path, case: tuple[str, bytes]) -> Path:
        """The case as a file; what is to be read."""
        path = folder / (self.at or case[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        before = hashlib.sha256(case[1]).hexdigest().encode() + b"\n" if self.sealed else b""
        path.write_bytes(before + case[1])
        if self.beside is not None:
            (folder / self.beside[0]).write_bytes(self.beside[1])
            return folder / self.beside[0]
        return path


def readers(scratch: Path) -> dict[str, Callable[[], Reader]]:
    """All readers; each makes its good files when it is asked for."""
    return {
        "problem file": problems,
        "config file": configs,
        "expression": expressions,
        "table of a problem": tables,
        "points to predict at": points,
        "mesh": lambda: meshes(scratch),
        "geometry as GeoJSON": geojson,
        "checkpoint": lambda: checkpoints(scratch),
        "parameters": lambda: parameters(scratch),
        "history": lambda: histories(scratch),
    }


def problems() -> Reader:
    from pinnkit.problem.checks import check_problem
    from pinnkit.problem.load import load_problem

    def read(path: Path) -> None:
        problem = load_problem(path)
        if int.from_bytes(hashlib.sha256(path.read_bytes()).digest()[:4], "big") < WHOLE * 2**32:
            check_problem(problem)

    heavy = ("poisson_100d", "nonlinear_10d", "poisson_5d")
    good = {p.name: p.read_bytes() for p in sorted((ROOT / "problems").glob("*.yaml")) if p.stem not in heavy}
    page = (ROOT / "docs" / "problem_file.md").read_bytes()
    start = page.index(b"# A steel rod that cools")
    good["units.yaml"] = page[start : page.index(b"```", start)]
    return Reader(read, {name: text for name, text in good.items() if b".csv" not in text and b"file:" not in text})


def configs() -> Reader:
    from pinnkit.config import load_config

    return Reader(load_config, {p.name: p.read_bytes() for p in sorted((ROOT / "configs").glob("*.yaml"))})


def expressions() -> Reader:
    from pinnkit.equations import Scope, parse_equation

    scope = Scope(coordinates=("x", "y", "t"), fields=("u", "v"), parameters=("nu", "k"), time="t")

    def read(path: Path) -> None:
        parse_equation(path.read_text("utf-8", errors="replace"), scope)

    texts = [b"u_t + u*u_x = nu*u_xx", b"laplace(u) + k^2*u = sin(pi*x)*exp(-y)", b"d(u, x, 2) - u^3/(1 + v^2) = 0"]
    texts += [
        b"div(grad(u)) = dot(vec(u, v), grad(v))",
        b"where(x < 0.5, u - 1, v) = max(u, v)",
        b"erf(x)*besselj(2, y) = u",
    ]
    return Reader(read, {f"{k}.txt": text for k, text in enumerate(texts)})


def tables() -> Reader:
    from pinnkit.problem.load import load_problem

    text = (ROOT / "problems/diffusivity_inverse.yaml").read_bytes()
    csv = (ROOT / "problems/data/diffusivity_inverse.csv").read_bytes()
    good = {"data.csv": csv, "few.csv": b"\n".join(csv.splitlines()[:4])}
    return Reader(load_problem, good, at="data/diffusivity_inverse.csv", beside=("problem.yaml", text))


def points() -> Reader:
    from pinnkit.results.prediction import read_points

    def read(path: Path) -> None:
        read_points(path, ("x", "t"))

    return Reader(read, {"a.csv": b"x,t\n0,0\n0.5,1e-3\n1,1\n", "b.csv": b't,"x",z\n 1 , 2,3\n\n4,5,6\n'})


def meshes(scratch: Path) -> Reader:
    import meshio
    import numpy as np

    from pinnkit.shapes.mesh_file import read_mesh

    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    solid = meshio.Mesh(corners, [("tetra", np.array([[0, 1, 2, 3], [1, 2, 3, 4]]))])
    shell = meshio.Mesh(corners[:4], [("triangle", faces)])
    flat = meshio.Mesh(corners[:3, :2], [("triangle", np.array([[0, 1, 2]])), ("line", np.array([[0, 1], [1, 2]]))])
    good: dict[str, bytes] = {}
    kinds = {
        "msh": [("gmsh", False), ("gmsh", True), ("gmsh22", False), ("gmsh22", True)],
        "vtu": [("vtu", False), ("vtu", True)],
        "stl": [("stl", False), ("stl", True)],
        "ply": [("ply", False), ("ply", True)],
    }
    for suffix, written in kinds.items():
        for k, (kind, binary) in enumerate(written):
            for mesh, name in ((solid, "solid"), (shell, "shell"), (flat, "flat")):
                path = scratch / f"{name}{k}.{suffix}"
                with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                    meshio.write(path, mesh, file_format=kind, binary=binary)
                    good[path.name] = path.read_bytes()
    return Reader(read_mesh, good)


def geojson() -> Reader:
    from pinnkit.problem.foreign_shapes import from_geojson

    square = {
        "type": "Polygon",
        "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], [[0.2, 0.2], [0.4, 0.2], [0.3, 0.4], [0.2, 0.2]]],
    }
    several = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": square, "properties": {}}]}

    def read(path: Path) -> None:
        try:
            document = json.loads(path.read_text("utf-8", errors="replace"))
        except (ValueError, RecursionError):
            return
        from_geojson(document)

    return Reader(read, {"a.json": json.dumps(square).encode(), "b.json": json.dumps(several).encode()})


def trained(scratch: Path) -> Path:
    """The folder of a small run that was cut, with parameters and an entry of its journal."""
    import pinnkit
    from pinnkit.solving import solve_to_folder

    folder = scratch / "run"
    if not folder.is_dir():
        words = ["network={name: mlp, width: 3, depth: 1}", "points.count=9", "phases=[{name: adam, steps: 3}]"]
        config = pinnkit.load_config("smooth_ode", [*words, "test_points=20", "threads=1", "stages=[]"])
        solve_to_folder(pinnkit.load_problem("oscillator"), config, folder, quiet=True)
    return folder


def checkpoints(scratch: Path) -> Reader:
    """The entry of a journal with a hash that fits, as a person with a will could make it, and the run resumed."""
    import pinnkit
    from pinnkit.journal import Journal
    from pinnkit.results.checkpoint import load_entry
    from pinnkit.results.folder import RunFolder
    from pinnkit.running import Quiet, march

    own = RunFolder(trained(scratch))
    state, _ = own.states
    problem, config = pinnkit.load_problem(own.problem), pinnkit.load_config(own.config)

    def read(path: Path) -> None:
        entry, _ = load_entry(RunFolder(path.parents[1]))
        if entry is not None:
            march(problem, config, None, Quiet(), journal=Journal(entry=entry))

    good = {state.name: state.read_bytes().partition(b"\n")[2]}
    return Reader(read, good, at=f"checkpoint/{state.name}", sealed=True, change=pickled)


def parameters(scratch: Path) -> Reader:
    import pinnkit
    from pinnkit.results.checkpoint import load_windows
    from pinnkit.results.folder import RunFolder

    folder = trained(scratch)
    own = RunFolder(folder)
    problem, config = pinnkit.load_problem(own.problem), pinnkit.load_config(own.config)

    def read(path: Path) -> None:
        load_windows(RunFolder(path.parents[1]), problem, config)

    name = own.parameters.name
    return Reader(read, {name: own.parameters.read_bytes()}, at=f"checkpoint/{name}", change=pickled)


def histories(scratch: Path) -> Reader:
    from pinnkit.results.folder import RunFolder
    from pinnkit.results.history import read_history

    lines = RunFolder(trained(scratch)).history.read_bytes()
    return Reader(lambda path: list(read_history(path)), {"history.jsonl": lines})


def mutated(numbers: random.Random, good: dict[str, bytes]) -> tuple[str, bytes]:
    """A name and a content that come from good ones by a few changes."""
    name = numbers.choice(list(good))
    data = bytearray(good[name])
    for _ in range(1 + min(8, int(numbers.expovariate(0.6)))):
        at = numbers.randrange(len(data) + 1)
        kind = numbers.randrange(8)
        if kind == 0 and data:
            data[at % len(data)] = numbers.randrange(256)
        elif kind == 1:
            del data[at : at + 1 + int(numbers.expovariate(0.1))]
        elif kind == 2:
            data[at:at] = numbers.choice(WORDS)
        elif kind == 3:
            start, stop = _word(data, at)
            data[start:stop] = numbers.choice(WORDS)
        elif kind == 4:
            other = good[numbers.choice(list(good))]
            start = numbers.randrange(len(other) + 1)
            data[at:at] = other[start : start + 1 + int(numbers.expovariate(0.02))]
        elif kind == 5:
            lines = bytes(data).split(b"\n")
            lines[numbers.randrange(len(lines))] = lines[numbers.randrange(len(lines))]
            data = bytearray(b"\n".join(lines))
        elif kind == 6:
            (a, b), (c, d) = _word(data, at), _word(data, numbers.randrange(len(data) + 1))
            data[a:b] = data[c:d]
        else:
            del data[at:]
        if not data:
            break
    return name, bytes(data)


def pickled(numbers: random.Random, content: bytes) -> bytes:
    """The content of a file of torch with some of its values replaced, left out or repeated."""
    import torch

    data = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    for _ in range(numbers.randrange(1, 4)):
        data = _replaced(numbers, data, 0.15)
    stream = io.BytesIO()
    torch.save(data, stream)
    return stream.getvalue()


def _replaced(numbers: random.Random, value: Any, chance: float) -> Any:
    """A value somewhere in which others stand."""
    import torch

    if numbers.random() < chance * 0.3:
        strange = [
            None,
            True,
            -1,
            10**30,
            float("nan"),
            "",
            "x" * 1000,
            "pinnkit.training:_Loop",
            [],
            {},
            [[[]]],
        ]
        strange += [torch.zeros(0), torch.full((3,), float("nan")), torch.arange(5), torch.zeros(2, 2)]
        strange += [{"kind": "object", "class": "os:system", "fields": {}}, b"bytes", (1, 2)]
        return numbers.choice(strange)
    if isinstance(value, dict) and value:
        kept = {k: _replaced(numbers, v, chance) for k, v in value.items()}
        if numbers.random() < chance:
            kept.pop(numbers.choice(list(kept)))
        return kept
    if isinstance(value, list | tuple) and value:
        found = [_replaced(numbers, v, chance) for v in value]
        if numbers.random() < chance:
            found.append(numbers.choice(found))
        return type(value)(found)
    return value


def _word(data: bytearray, at: int) -> tuple[int, int]:
    """Where the word around a place begins and ends."""
    start = stop = min(at, len(data))
    while start > 0 and (chr(data[start - 1]).isalnum() or data[start - 1] in b"_."):
        start -= 1
    while stop < len(data) and (chr(data[stop]).isalnum() or data[stop] in b"_."):
        stop += 1
    return start, stop


@dataclass
class Found:
    """What came of some cases."""

    cases: int = 0
    read: int = 0
    refused: int = 0
    tracebacks: int = 0
    slow: int = 0
    touched: int = 0
    longest: float = 0.0
    kept: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Count both together."""
        for name in ("cases", "read", "refused", "tracebacks", "slow", "touched"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest, self.kept = max(self.longest, other.longest), self.kept + other.kept


WATCH = Watch()


def round_of(name: str, seed: int, count: int, keep: Path) -> Found:
    """So many cases of a reader; those that fail are kept."""
    from pinnkit.errors import SolveError, UserError

    found = Found()
    with tempfile.TemporaryDirectory() as own:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            reader = readers(Path(own))[name]()
        for content in reader.good.items():
            with contextlib.suppress(Exception):
                reader.read(reader.placed(Path(own), content))  # what is imported late is imported now
        held = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, resource.RLIM_INFINITY))
        if not WATCH.seen and WATCH.folder == "\0":
            sys.addaudithook(WATCH)
        numbers = random.Random(f"{name} {seed}")
        for _ in range(count):
            case = mutated(numbers, reader.good)
            if reader.change is not None and numbers.random() < 0.5:
                name_of = numbers.choice(list(reader.good))
                case = name_of, reader.change(numbers, reader.good[name_of])
            with tempfile.TemporaryDirectory(dir=own) as folder:
                path = reader.placed(Path(folder), case)
                WATCH.folder, WATCH.active = os.path.abspath(folder), True
                WATCH.seen.clear()
                began, why = time.process_time(), ""
                try:
                    reader.read(path)
                    found.read += 1
                except (UserError, SolveError):
                    found.refused += 1
                except BaseException:
                    why = traceback.format_exc()
                    found.tracebacks += 1
                WATCH.active = False
                taken = time.process_time() - began
            touched = list(WATCH.seen)
            found.cases, found.longest = found.cases + 1, max(found.longest, taken)
            found.slow += taken > LONGEST
            found.touched += bool(touched)
            if why or taken > LONGEST or touched:
                label = hashlib.sha256(case[1]).hexdigest()[:12]
                target = keep / name.replace(" ", "_") / f"{label}_{case[0]}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(case[1])
                found.kept.append(f"{target}: {taken:.1f} s {touched} {why.strip().splitlines()[-1:]}")
                target.with_suffix(".txt").write_text(f"{taken} s\n{touched}\n{why}", "utf-8")
    return found


def all_rounds(name: str, count: int, seed: int, processes: int, keep: Path) -> Found:
    """All cases of a reader, in rounds."""
    total = Found()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, max_tasks_per_child=1) as pool:
        starts = range(0, count, ROUND)
        work = [pool.submit(round_of, name, seed + s, min(ROUND, count - s), keep) for s in starts]
        for future in work:
            total.add(future.result())
    print(name, {k: v for k, v in vars(total).items() if k != "kept"}, *total.kept[:5], sep="\n    ", flush=True)
    return total


HEAD = """# Hostile files

{origin}

{about}

{table}

Of problem files, {whole:.0%} are checked as mathematics too, as `pinnkit check` does."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cases", type=int, default=100_000, help="of every reader")
    arguments.add_argument("--readers", nargs="*", default=None)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz", help="where failures go")
    arguments.add_argument(
        "--write", action="store_true", help="write docs/results/hostile.md, readers made before included"
    )
    given = arguments.parse_args()
    found: dict[str, dict[str, Any]] = json.loads(STORE.read_text("utf-8")) if STORE.is_file() else {}
    if not given.write:
        found = {}
    for name in given.readers or readers(Path()):
        whole = all_rounds(name, given.cases, given.seed, given.processes, given.keep)
        found[name] = {key: value for key, value in vars(whole).items() if key != "kept"}
        if given.write:  # what is done is done, however long the rest takes
            STORE.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    head = ["reader", "cases", "read", "refused", "tracebacks", "over 2 s", "touched outside", "longest, s"]
    counts = ("cases", "read", "refused", "tracebacks", "slow", "touched")
    rows = [[name, *(f"{own[key]:,}" for key in counts), f"{own['longest']:.2f}"] for name, own in found.items()]
    about = "\n\n".join((__doc__ or "").split("\n\n")[1:2])
    made = origin(["tests/benchmarks/fuzz.py", "--write"])  # of all readers, whichever were asked for last
    text = HEAD.format(origin=made, about=about, table=table(head, rows), whole=WHOLE)
    print(text)
    if given.write:
        print(f"wrote {write('hostile.md', text)}")


if __name__ == "__main__":
    main()
