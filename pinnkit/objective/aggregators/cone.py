"""Directions in the cone that gradients span and in its dual, by non-negative least squares on a small triangle.

With the QR decomposition J^T = Q R of the gradients J (m, P), the norm of J^T w is that of R w, so that all problems
over the m weights are solved on R (m, m) at full precision. A Gram matrix J J^T = R^T R would square its condition.
"""

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor


def triangle(gradients: Tensor) -> np.ndarray:
    """R (min(m, P), m) with |J^T w| = |R w| for all weights w (m,)."""
    return np.asarray(torch.linalg.qr(gradients.T, mode="r").R.cpu().numpy())


def dual_cone_weights(r: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The weights v of the point J^T v nearest to J^T wanted in the dual cone {d: J d >= 0}.

    By Moreau's decomposition the nearest point is J^T (wanted + w) with w >= 0 of least |J^T (wanted + w)|.

    Args:
        r: the triangle of the gradients.
        wanted: (m,).
    """
    scale = float(np.abs(r).max()) or 1.0
    more, _ = nnls(r / scale, -(r / scale) @ wanted)
    return np.asarray(wanted + more)


def least_norm_weights(r: np.ndarray) -> np.ndarray:
    """The weights a >= 0, sum a = 1, of the shortest J^T a.

    With x = s a, |J^T x|^2 + (sum x - 1)^2 is least over s at s = 1/(1 + |J^T a|^2), where it is a rising function of
    |J^T a|: so its minimum over x >= 0 is the shortest point, up to its scale.
    """
    scale = float(np.abs(r).max()) or 1.0
    system = np.vstack([r / scale, np.ones(r.shape[1])])
    found, _ = nnls(system, np.append(np.zeros(len(r)), 1.0))
    return np.asarray(found / found.sum())


def live(gradients: Tensor) -> Tensor:
    """The gradients that are not zero."""
    return gradients[gradients.norm(dim=1) > 0]
