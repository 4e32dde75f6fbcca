"""What the singular values of the Jacobian say: whether the network can lower what is left, and by which method."""

from collections.abc import Iterator

import numpy as np

from pinnkit.diagnosis.finding import Case, Finding

_FEW_ROWS = 1.5
"""Rows a parameter below which points are fitted, not the field."""

_NOISE = 1e-12
"""Singular values below this share of the largest are rounding."""

_CANNOT, _CAN = 0.2, 0.8


def spectrum(case: Case) -> Iterator[Finding]:
    """Which part of the rows lies in directions that parameters can change, and how steep these are.

    A gradient step lowers the part along a singular vector by a factor of about 1 - (s/s_1)^2, so that it takes
    (s_1/s)^2 steps. Where none of the rows is in reach, no optimizer helps.
    """
    found = case.spectrum
    if found is None or not len(found.values) or found.values[0] == 0.0:
        return
    if found.rows < _FEW_ROWS * found.parameters:
        ratio = found.rows / found.parameters
        sentence = (
            f"There are {found.rows} rows for {found.parameters} parameters, {ratio:.2g} each: "
            "points can be fitted without the field being right between them."
        )
        count = int(getattr(case.solution.run.config.points, "count", 1000))
        yield Finding("few points", sentence, f"points.count={int(np.ceil(2 * _FEW_ROWS / ratio)) * count}")
        return
    real = found.values > _NOISE * found.values[0]
    reach = float(found.parts[real].sum())
    if reach < _CANNOT:
        sentence = (
            f"Only {100 * reach:.2g} % of the squared rows lie in directions that the network's parameters can change: "
            "it cannot express what is left, and more steps will not help."
        )
        yield Finding("too small", sentence, "stages=[{network: {width: 40}}]")
    elif case.first_order:
        ratio = _middle(found.values[real], found.parts[real]) / float(found.values[0])
        if ratio**-2 > case.last_phase[1].steps:
            sentence = (
                f"Half of what is in reach lies along singular values below {ratio:.1e} of the largest: "
                f"it takes about {ratio**-2:.0e} steps along a gradient, and there were {case.last_phase[1].steps}."
            )
            yield Finding("ill-conditioned", sentence, "phases=[{name: levenberg_marquardt, steps: 300}]")
    elif reach > _CAN:
        sentence = (
            f"{100 * reach:.3g} % of the squared rows lie in directions that parameters can change: "
            "the network can do better, as a linear problem in what it has learnt."
        )
        yield Finding("room left", sentence, "stages=[{start: trained, phases: [{name: levenberg_marquardt}]}]")


def _middle(values: np.ndarray, parts: np.ndarray) -> float:
    """The singular value that halves the parts."""
    total = np.cumsum(parts)
    return float(values[int(np.searchsorted(total, 0.5 * total[-1]))])
