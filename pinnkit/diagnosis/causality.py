"""Whether causal weights let all of time train."""

from collections.abc import Iterator

from pinnkit.diagnosis.finding import Case, Finding

_SHUT = 0.1


def causality(case: Case) -> Iterator[Finding]:
    """Times whose weight was still small at the end."""
    known = [record["causal"] for record in case.history if record.get("causal")]
    causal = case.solution.run.config.causal
    if not known or causal is None:
        return
    weights, epsilon = known[-1]["weights"], float(known[-1]["epsilon"])
    shut = next((k for k, weight in enumerate(weights) if weight < _SHUT), None)
    if shut is None:
        return
    time = case.solution.run.problem.coordinate(str(case.solution.run.problem.time))
    start = time.lower + (time.upper - time.lower) * shut / len(weights)
    sentence = (
        f"Causal weights at epsilon {epsilon:g} are below {_SHUT:g} from {time.name} = {start:.3g} on, "
        "so that later times were hardly trained."
    )
    smaller = ", ".join(f"{0.1 * value:g}" for value in causal.epsilons)
    yield Finding("held back", sentence, f"causal.epsilons=[{smaller}]")
