"""What the linearised equation is worth: of every shipped problem that is solved in two minutes, estimate over error.

.venv/bin/python tests/benchmarks/estimating.py --write
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from confirming import WITHIN, asked, config_of
from report import origin, table, write

import pinnkit
from pinnkit.errors import UserError
from pinnkit.estimating import require_estimable

HEAD = """# The linearised equation

{origin}

`pinnkit solve NAME --estimate` for every shipped problem of known fields whose config ends within {seconds:.0f} s and
that it does not refuse, seed 0, one thread a run, two at a time; the second network has as long as the first. Both
errors are the largest of all fields; `left` is the share of the residual that the second network left over.

{table}

It speaks of {count} problems, and of {good} of them within a factor of {within:.0f} of the true error ({share:.0%});
the ratios lie between {least:.2g} and {most:.2g}. It is silent on {silent}, {low} of which have an error above the
tolerance. It refuses {refused}."""


def main() -> None:
    given = asked("estimating.md")
    names = given.problems
    refused = [name for name in names if barred(name)]
    rows, ratios, silent, low = [], [], 0, 0
    with ProcessPoolExecutor(2) as pool:
        for name, error, tolerance, told, left, silence in pool.map(estimated, [n for n in names if n not in refused]):
            silent += told is None
            low += told is None and error > tolerance
            shown = ["", ""]
            if told is not None:
                ratios.append(told / error)
                shown = [f"{told:.1e}", f"{told / error:.2g}"]
            rows.append([name, f"{error:.1e}", *shown, f"{left:.1%}", silence or ""])
            print(" ".join(rows[-1]), flush=True)
    good = sum(1 / WITHIN <= ratio <= WITHIN for ratio in ratios)
    text = HEAD.format(
        origin=origin(),
        seconds=given.seconds,
        table=table(["problem", "true error", "estimate", "estimate / error", "left", "why it is silent"], rows),
        count=len(ratios),
        good=good,
        within=WITHIN,
        share=good / max(1, len(ratios)),
        least=min(ratios, default=0.0),
        most=max(ratios, default=0.0),
        silent=silent,
        low=low,
        refused=", ".join(f"`{name}`" for name in refused) or "none",
    )
    print(text)
    if given.write:
        print(f"wrote {write('estimating.md', text)}")


def barred(name: str) -> bool:
    """Whether a problem is refused."""
    problem = pinnkit.load_problem(name)
    try:
        require_estimable(problem, config_of(problem))
    except UserError:
        return True
    return False


def estimated(name: str) -> tuple[str, float, float, float | None, float, str | None]:
    """The true error of a run, the tolerance, the estimate, what it leaves of the residual, and why it is silent."""
    problem = pinnkit.load_problem(name)
    config = replace(config_of(problem), threads=1)
    solution = pinnkit.solve(problem, config)
    told = pinnkit.estimate(solution, config)
    error = max(found["relative_l2"] for found in solution.errors().values())
    size = max(told.relative_l2.values()) if told.relative_l2 else None
    return name, error, problem.tolerance, size, told.left, told.silence


if __name__ == "__main__":
    main()
