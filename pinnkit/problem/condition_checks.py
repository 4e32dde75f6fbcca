"""Checks that count: conditions on each face against the orders of the equations."""

from collections.abc import Iterator

from pinnkit.equations.expression import Partial
from pinnkit.problem.counting import held, implied, lacking, listed, on_face, space, time_faces
from pinnkit.problem.currents import turns
from pinnkit.problem.faces import ends
from pinnkit.problem.finding import Remark
from pinnkit.problem.integral_checks import without_field
from pinnkit.problem.problem import Problem


def open_face(problem: Problem) -> Iterator[Remark]:
    """A face in space without a condition for a field that still needs one along that coordinate.

    Observations may stand in for conditions, of any kind and anywhere, so that nothing is missed where there are some.
    """
    if problem.observations:
        return
    yield from _bare_pieces(problem)
    everything = held(problem)
    for coordinate in space(problem):
        if not lacking(problem, coordinate, everything):
            continue
        for field in problem.fields:
            order = problem.order(field, coordinate.name)
            counts = [len(on_face(face, field, everything)) for face in ends(coordinate)]
            empty = [face for face, count in zip(ends(coordinate), counts, strict=True) if not count]
            if order == 0 or not empty or sum(counts) >= order:
                continue
            where = " and no condition on ".join(f"`{face}`" for face in empty)
            message = f"`{field}` is of order {order} in `{coordinate.name}` and has no condition on {where}"
            hint = "Give one, or write `accept: [open_face]` where none is meant, as at an outflow."
            yield Remark(message, coordinate.place, hint)


def _bare_pieces(problem: Problem) -> Iterator[Remark]:
    """Elements of a shape's boundary on which nothing is said of a field that is differentiated twice in space."""
    if problem.body is None:
        return
    everything = held(problem)
    for field in problem.fields:
        if all(problem.order(field, x) < 2 for x in problem.space):
            continue
        bare = problem.body.bare([h.face.piece for h in everything if h.face.piece and field in h.fields])
        if bare:
            names = ", ".join(f"`{name}`" for name in dict.fromkeys(bare))
            message = f"`{field}` has no condition on {names} of the boundary"
            hint = "Give one, or write `accept: [open_face]` where none is meant, as at an outflow."
            yield Remark(message, problem.places.get("conditions"), hint)


def few_conditions(problem: Problem) -> Iterator[Remark]:
    """Conditions on both faces of a coordinate, but fewer than the order, and no observations instead."""
    if problem.observations:
        return
    everything = held(problem)
    for coordinate in space(problem):
        if not lacking(problem, coordinate, everything):
            continue
        for field in problem.fields:
            order = problem.order(field, coordinate.name)
            counts = [len(on_face(face, field, everything)) for face in ends(coordinate)]
            if all(counts) and sum(counts) < order:
                given = f"{sum(counts)} condition{'s' if sum(counts) > 1 else ''}"
                message = f"`{field}` is of order {order} in `{coordinate.name}` and has {given} along it"
                yield Remark(message, coordinate.place)


def double_condition(problem: Problem) -> Iterator[Remark]:
    """Two conditions for one derivative of one field on one face, or more conditions than the order."""
    everything = tuple(h for h in held(problem) if len(h.fields) == 1)
    doubled = set()
    for coordinate in problem.coordinates:
        for face in ends(coordinate):
            for field in problem.fields:
                here = on_face(face, field, everything)
                for order in sorted({h.normal_order(field, problem) for h in here}):
                    same = tuple(h for h in here if h.normal_order(field, problem) == order)
                    if len(same) > 1:
                        doubled.add(coordinate.name)
                        what = _derivative(problem, field, face.coordinate, order)
                        message = f"{len(same)} conditions for `{what}` on `{face}`: {listed(same)}"
                        yield Remark(message, same[-1].condition.residual.place, "One of them is enough.")
    for coordinate in space(problem):
        orders = sum(problem.order(field, coordinate.name) for field in problem.fields)
        free = len(problem.unknowns)  # each of which one more condition may determine
        along = tuple(h for h in everything if h.face.coordinate == coordinate.name)
        if len(along) > orders + free and coordinate.name not in doubled:
            if len(along) <= orders + free + sum(turns(problem, field, coordinate) for field in problem.fields):
                continue
            message = (
                f"{len(along)} conditions along `{coordinate.name}` ({listed(along)}), and equations of order {orders} "
                f"in it{_beside(free)} take no more than {orders + free}"
            )
            yield Remark(message, along[-1].condition.residual.place)


def _beside(unknowns: int) -> str:
    return f" with {unknowns} unknown parameter{'s' if unknowns > 1 else ''}" if unknowns else ""


def condition_order(problem: Problem) -> Iterator[Remark]:
    """A condition on a normal derivative that the equations themselves determine."""
    for h in held(problem):
        for field in sorted(h.fields) if not h.face.piece else ():
            order, equation = h.normal_order(field, problem), problem.order(field, h.face.coordinate)
            if order < equation or h in implied(problem, field):
                continue
            what = _derivative(problem, field, h.face.coordinate, order)
            message = (
                f"`{h.condition.name}` fixes `{what}` on `{h.face}`, but the equations are of order {equation} "
                f"for `{field}` in `{h.face.coordinate}`"
            )
            hint = f"Conditions there may go up to order {equation - 1}." if equation else None
            yield Remark(message, h.condition.residual.place, hint)


def initial_conditions(problem: Problem) -> Iterator[Remark]:
    """As many conditions at the start of time as the order in time, for every field; fewer beside observations."""
    faces = time_faces(problem)
    if faces is None or problem.time is None:
        return
    start, everything = faces[0], held(problem)
    for field in problem.fields:
        order = problem.order(field, problem.time)
        here = on_face(start, field, everything)
        present = {h.normal_order(field, problem) for h in here}
        missing = [_derivative(problem, field, problem.time, k) for k in range(order) if k not in present]
        need = f"`{field}` is of order {order} in `{problem.time}` and needs {order} at `{start}`"
        if len(here) < order and not problem.observations:
            given = f"has {len(here)}" if here else "has none"
            hint = "Missing: " + ", ".join(f"`{name} = …`" for name in missing) + "." if missing else None
            yield Remark(
                f"too few initial conditions: {need}, and {given}", problem.coordinate(start.coordinate).place, hint
            )
        elif len(here) > max(order, len(implied(problem, field))):
            place = here[-1].condition.residual.place
            yield Remark(f"too many initial conditions: {need}, and has {len(here)}: {listed(here)}", place)


def final_condition(problem: Problem) -> Iterator[Remark]:
    """A condition at the end of time."""
    faces = time_faces(problem)
    for h in held(problem):
        if faces is not None and h.face == faces[1]:
            message = f"`{h.condition.name}` holds at the end of time, `{h.face}`"
            hint = "Write `accept: [final_condition]` where that is meant."
            yield Remark(message, h.condition.residual.place, hint)


def no_field(problem: Problem) -> Iterator[Remark]:
    """A condition that involves no field on one of its faces."""
    for h in held(problem):
        if not h.partials:
            message = f"`{h.condition.name}` says nothing about any field on `{h.face}`"
            yield Remark(message, h.condition.residual.place)
    yield from without_field(problem)


def _derivative(problem: Problem, field: str, coordinate: str, order: int) -> str:
    """How a person writes a derivative along one coordinate."""
    orders = tuple(order if name == coordinate else 0 for name in problem.scope.coordinates)
    return problem.scope.name(Partial(field, orders))
