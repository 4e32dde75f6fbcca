"""Runs that are kept in a store, so that a command can be stopped and given again."""

import json
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol, TypeVar

from report import origin


class Keyed(Protocol):
    """A run that has a name in the store."""

    @property
    def key(self) -> str: ...


Job = TypeVar("Job", bound=Keyed)


def load(path: Path) -> dict[str, Any]:
    """What was run, by name."""
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def keep(path: Path, store: dict[str, Any]) -> None:
    """Write the store, a run a line."""
    lines = (f"{json.dumps(key)}: {json.dumps(found)}" for key, found in store.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def origins(store: dict[str, Any]) -> str:
    """Where and when the runs of a store were made, a line for each time that a command was given."""
    return "\n".join(f"- {line}" for line in dict.fromkeys(found["origin"] for found in store.values()))


def run_all(
    path: Path, wanted: Iterable[Job], done: Callable[[Job], dict[str, Any]], told: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """Run what is not stored yet, two at a time, each in a process of its own; the whole store.

    Args:
        path: the store.
        wanted: the runs.
        done: makes one.
        told: what is printed of it.
    """
    store = load(path)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=2, mp_context=context) as pool:
        pending = {pool.submit(done, job): job for job in wanted if job.key not in store}
        for future in as_completed(pending):
            job, found = pending[future], future.result()
            store[job.key] = {**found, "origin": origin()}
            print(f"{job.key}: {told(found)}", flush=True)
            keep(path, store)
    return store
