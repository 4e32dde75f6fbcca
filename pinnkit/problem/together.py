"""A check of what does not go with regions or with an ansatz, which are put into the equations before training."""

from collections.abc import Iterator

from pinnkit.problem.finding import Remark
from pinnkit.problem.problem import Problem, TorchResidual
from pinnkit.problem.regions import untiled


def not_together(problem: Problem) -> Iterator[Remark]:
    """What is declared beside regions or an ansatz, and cannot be rewritten with them."""
    if not problem.regions and not problem.ansatz:
        return
    what = "regions" if problem.regions else "an ansatz"
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            message = f"the equation `{equation.name}` is a Python function, and {what} must be put into it"
            yield Remark(message, problem.places.get("equations"), "Write it as text or as a sympy expression.")
    if problem.regions:
        yield from _beside_regions(problem)


def _beside_regions(problem: Problem) -> Iterator[Remark]:
    place = problem.places.get("regions")
    # Ends that are numbers stay where they are when parameters move the others.
    for sentence in untiled(problem.regions, problem.coordinates):
        yield Remark(sentence, place)
    for key, declared in (("symmetry", problem.symmetries), ("divergence_free", problem.divergence_free)):
        if declared:
            yield Remark(f"`{key}` and regions do not go together", problem.places.get(key))
    for condition in problem.integrals:
        if condition.faces or condition.along:
            message = f"`{condition.name}` is no integral over the whole domain, and regions allow no other yet"
            yield Remark(message, condition.residual.place)
    fields = [f"{field}_{region.name}" for region in problem.regions for field in problem.fields]
    for name in dict.fromkeys(fields):
        if name in (*problem.scope.coordinates, *problem.scope.parameters) or fields.count(name) > 1:
            yield Remark(f"`{name}` would be the name of a field in a region, and is declared already", place)
