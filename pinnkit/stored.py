"""Values with state as plain data, and back: what a checkpoint holds of a run that is cut between two steps.

Plain data are numbers, texts, None, tensors, and lists and mappings of them, which are read without running any code.
A value of pinnkit is the name of its class and its fields; only classes that are loaded already are made again, and
none of their code runs. Objects that are told apart by being themselves, as a draw of points is, are named in `known`.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinnkit.errors import Mistake, UserError

_KIND, _VALUE = "kind", "value"


def stored(value: Any, known: Mapping[str, object] | None = None, apart: tuple[type, ...] = ()) -> Any:
    """A value as plain data.

    Args:
        value: made of numbers, texts, arrays, tensors, containers, dataclasses of pinnkit, and objects that say by
            `stored()` what they hold.
        known: objects that get a name, being themselves and no copy.
        apart: classes of such objects; those of them that have no name become None.

    Raises:
        TypeError: anything else.

    Example:
        >>> stored((1, 2.5)) == {"kind": "tuple", "value": [1, 2.5]}
        True
        >>> restored(stored({"a": (1, None)}))
        {'a': (1, None)}
    """
    known = known or {}
    for name, own in known.items():
        if value is own:
            return {_KIND: "known", _VALUE: name}
    if isinstance(value, apart):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return {_KIND: "array", _VALUE: torch.from_numpy(np.ascontiguousarray(value).copy())}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        pairs = [[stored(k), stored(v, known, apart)] for k, v in value.items()]
        return {_KIND: "mapping", _VALUE: pairs}
    for kind, of in (("tuple", tuple), ("list", list), ("set", set), ("frozenset", frozenset)):
        if isinstance(value, of):
            return {_KIND: kind, _VALUE: [stored(entry, known, apart) for entry in value]}
    name = f"{type(value).__module__}:{type(value).__qualname__}"
    if name.startswith("pinnkit.") and hasattr(value, "stored"):
        return {_KIND: "object", "class": name, _VALUE: stored(value.stored(), known, apart)}
    if name.startswith("pinnkit.") and is_dataclass(value):
        held = {f.name: stored(getattr(value, f.name), known, apart) for f in fields(value)}
        return {_KIND: "object", "class": name, "fields": held}
    raise TypeError(f"{name} cannot be stored")


def restored(data: Any, known: Mapping[str, object] | None = None) -> Any:
    """The value that plain data stand for.

    Args:
        data: what `stored` gave.
        known: the objects by name; one that is not among them is None.

    Raises:
        UserError: data that `stored` did not make.
    """
    known = known or {}
    if not isinstance(data, dict):
        return data
    kind, value = data.get(_KIND), data.get(_VALUE)
    if kind == "known":
        return known.get(str(value))
    if kind == "array" and isinstance(value, Tensor):
        return value.numpy().copy()
    if kind == "mapping" and isinstance(value, list):
        return {restored(k, known): restored(v, known) for k, v in value}
    makers = {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset}
    if kind in makers and isinstance(value, list):
        return makers[str(kind)](restored(entry, known) for entry in value)
    if kind == "object":
        return _object(data, known)
    raise UserError("a checkpoint holds what pinnkit does not know")


@contextmanager
def doubted(untried: Callable[[], bool]) -> Iterator[None]:
    """While what was restored has not been used yet, take whatever goes wrong as its fault.

    Args:
        untried: whether that is so still.

    Raises:
        UserError: it does not fit.
    """
    try:
        yield
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        if not untried():
            raise
        why = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        hint = "Remove `checkpoint/state.pt` and `checkpoint/state_before.pt`, and what they stood for is made anew."
        raise UserError(Mistake(f"the checkpoint does not say where this run stood ({why})", hint=hint)) from error


def numbers_of(generator: np.random.Generator) -> dict[str, Any]:
    """What a generator is made of again: its state, and its seed with how often that was spawned, as scipy does it."""
    seed = generator.bit_generator.seed_seq
    assert isinstance(seed, np.random.SeedSequence)
    origin = {name: getattr(seed, name) for name in ("entropy", "spawn_key", "pool_size", "n_children_spawned")}
    return {"state": generator.bit_generator.state, "seed": origin}


def generator_of(numbers: Mapping[str, Any]) -> np.random.Generator:
    """The generator that `numbers_of` told of.

    Example:
        >>> one = np.random.default_rng(3)
        >>> _ = one.random(), one.spawn(2)
        >>> other = generator_of(numbers_of(one))
        >>> bool(one.random() == other.random()), bool(one.spawn(1)[0].random() == other.spawn(1)[0].random())
        (True, True)
    """
    made = np.random.default_rng(np.random.SeedSequence(**numbers["seed"]))
    made.bit_generator.state = numbers["state"]
    return made


def _object(data: Mapping[str, Any], known: Mapping[str, object]) -> Any:
    """An instance of a class of pinnkit, by its fields or by what it made of itself."""
    module, _, name = str(data.get("class")).partition(":")
    own = getattr(sys.modules.get(module), name, None) if module.startswith("pinnkit.") else None
    if not isinstance(own, type) or own.__module__ != module:
        raise UserError(f"a checkpoint holds a `{name[:80]}`, which pinnkit does not know")
    if _VALUE in data and hasattr(own, "restored"):
        return own.restored(restored(data[_VALUE], known))
    held = data.get("fields")
    if not is_dataclass(own) or not isinstance(held, dict) or set(held) != {f.name for f in fields(own)}:
        raise UserError(f"a checkpoint holds a `{name[:80]}` of another version of pinnkit")
    made = object.__new__(own)
    for field, value in held.items():
        object.__setattr__(made, field, restored(value, known))
    return made
