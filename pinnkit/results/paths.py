"""What is to be said of labels that are carried along: whether they met, and conditions that they do not see."""

import numpy as np
from torch import Tensor

from pinnkit.building import Run
from pinnkit.formulation.labels import jacobians, positions_of
from pinnkit.geometry import box_of, face_of
from pinnkit.points import Uniform
from pinnkit.problem.problem import Condition

UNSEEN = "labels carry the values at the start past it; it is measured when training is over"
"""What became of a condition on faces of space."""


def unseen(run: Run) -> tuple[Condition, ...]:
    """The conditions on faces of space, which are not part of what is trained; none without a frame."""
    if run.rewriting.frame is None:
        return ()
    elsewhere = (c for c in run.problem.conditions if any(face.coordinate != run.problem.time for face in c.faces))
    return tuple(elsewhere)


def positions(run: Run, points: np.ndarray, theta: Tensor) -> np.ndarray:
    """Where points (n, d) of the trained problem are in the user's; periodic coordinates in their interval."""
    frame = run.rewriting.frame
    if frame is None:
        return points
    found = positions_of(run.trial, frame, points, theta)
    for column, c in enumerate(run.problem.coordinates):
        if c.periodic:
            found[:, column] = c.lower + np.mod(found[:, column] - c.lower, c.length)
    return found


def crossings(run: Run, theta: Tensor, generator: np.random.Generator, count: int) -> tuple[str, ...]:
    """The sentence that labels have met, where they have at some of `count` random ones; none without a frame."""
    frame = run.rewriting.frame
    if frame is None:
        return ()
    labels = Uniform(count).draw(box_of(run.trial.problem), generator).coordinates
    found = jacobians(run.trial, frame, labels, theta)
    worst = int(np.argmin(found))
    if found[worst] > 0:
        return ()
    time = run.problem.time
    when = labels[found <= 0, run.problem.index(str(time))].min()
    return (
        f"Characteristics cross: at {100 * np.mean(found <= 0):.2g} % of the labels their map to positions is folded, "
        f"first at {time} = {when:.3g}, with the determinant {found[worst]:.2g} at worst; the field there has no "
        "single value.",
    )


def unseen_violations(run: Run, theta: Tensor, generator: np.random.Generator, count: int) -> dict[str, float]:
    """The largest violation of every condition that is not part of what is trained, on its faces of space."""
    problem = run.problem
    found: dict[str, float] = {}
    for condition in unseen(run):
        for face in condition.faces:
            if face.coordinate == problem.time:
                continue
            points = Uniform(count).draw(face_of(problem, face), generator).coordinates
            left = run.evaluate(condition.tree_on(face, problem.scope), points, theta)
            found[condition.name] = max(found.get(condition.name, 0.0), float(np.max(np.abs(left))))
    return found
