"""Where a linear problem may start: the least-squares solution in the weights of the output layer.

With the other layers as they are drawn, the fields are linear in the weights c of the output layer, and so are the rows
of a linear problem: r = r_0 + J c. The c that makes |r| least is a linear system. Where the channels of the last
hidden layer are rich enough (one layer of random waves, `frequency`), it is near the answer already, and training bends
what is left. For a nonlinear problem it is one step of Gauss and Newton in c.

J. Chen, X. Chi, W. E, Z. Yang, J. Mach. Learn. 1 (2022) 268 (random feature method); S. Dong, Z. Li, Comput. Methods
Appl. Mech. Eng. 387 (2021) 114129.
"""

import numpy as np
import torch
from torch import Tensor

from pinnkit.formulation.trial import Trial
from pinnkit.objective.assembly import Assembly
from pinnkit.objective.output_layers import output_layers

_ROUNDING = 1e-14
"""Singular values below this share of the largest are left out."""


def linear_start(trial: Trial, assembly: Assembly, generator: np.random.Generator) -> Tensor:
    """The parameters (P,) with the output layer solved for on one draw of points.

    Raises:
        SolveError: a network without a linear layer.
    """
    theta = trial.layout.start(trial.network)
    places = torch.cat([output.places for output in output_layers(trial)])
    theta[places] = 0.0
    rows, slopes = [], []
    for _, own, jacobian in assembly.draw(theta, generator).linearize(theta).blocks():
        rows.append(own)
        slopes.append(jacobian[:, places])
    matrix, right = torch.cat(slopes).cpu(), -torch.cat(rows).cpu()
    solved = torch.linalg.lstsq(matrix, right[:, None], rcond=_ROUNDING, driver="gelsd").solution[:, 0]
    theta[places] = solved.to(theta)
    return theta
