"""Which terms fight: gradients that oppose each other, and groups that take no part."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pinnkit.diagnosis.finding import Case, Finding
from pinnkit.objective.conflicts import PAIR

_OPPOSED = -0.3
"""A mean cosine below it is a fight."""

_AT_REST = 0.02
"""Where the sum of the gradients is so small beside their sizes, they oppose each other because there is a minimum."""

_UNEQUAL = 100.0
_IDLE = 0.01


def conflict(case: Case) -> Iterator[Finding]:
    """What the gradients of the groups say of a first-order run; second order solves for all rows at once."""
    seen = [record["conflicts"] for record in case.history if record.get("conflicts")]
    seen = seen[len(seen) // 2 :]
    if len(seen) < 3 or not case.first_order:
        return
    moving = [own for own in seen if _rest(own) > _AT_REST]
    pairs = _means(moving, "cosines")
    if pairs and (worst := min(pairs, key=lambda pair: pairs[pair])) and pairs[worst] < _OPPOSED:
        one, other = worst.split(PAIR)
        sentence = (
            f"The gradients of `{one}` and `{other}` oppose each other: over the second half of the steps their cosine "
            f"was {pairs[worst]:.2f} in the mean, so that what lowers one raises the other."
        )
        yield Finding("conflict", sentence, None if case.solution.config.aggregator else "aggregator=config")
    norms, shares = _means(seen, "norms"), _means(seen, "shares")
    large, small = max(norms, key=lambda g: norms[g]), min(norms, key=lambda g: norms[g])
    if norms[small] > 0 and norms[large] > _UNEQUAL * norms[small]:
        ratio = norms[large] / norms[small]
        sentence = f"The gradient of `{large}` is {ratio:.2g} times as large as that of `{small}`."
        yield Finding("imbalance", sentence, None if case.solution.config.weighting else "weighting=grad_norm")
    for group, share in shares.items():
        if share < -_IDLE:
            yield Finding(
                "losing", f"The loss of `{group}` rose at most steps: its share of them was {share:.2f}.", None
            )
        elif share < _IDLE:
            yield Finding("idle", f"`{group}` is not being trained: its share of the steps was {share:.1e}.", None)


def _means(seen: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    """The mean over the records of every number under a key."""
    names = dict.fromkeys(name for own in seen for name in own[key])
    return {name: sum(own[key].get(name, 0.0) for own in seen) / len(seen) for name in names}


def _rest(own: Mapping[str, Any]) -> float:
    """|sum of the gradients| / sum of |gradients|, from norms and cosines."""
    norms = own["norms"]
    square = sum(norm**2 for norm in norms.values())
    for pair, cosine in own["cosines"].items():
        one, other = pair.split(PAIR)
        square += 2.0 * norms[one] * norms[other] * cosine
    total = sum(norms.values())
    return float(max(0.0, square) ** 0.5 / total) if total > 0 else 0.0
