"""The output layers of a network: the weights in which its fields are linear."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives.linear import Linear
from pinnkit.errors import SolveError
from pinnkit.formulation.trial import Trial
from pinnkit.networks import Branches, Ensemble


@final
@dataclass(frozen=True)
class Output:
    """Where in theta the weights of one output of a network lie, (width + 1,), and which trained field it makes."""

    field: str
    places: Tensor


def output_layers(trial: Trial) -> list[Output]:
    """The outputs of all networks, in the order of the trained fields.

    Raises:
        SolveError: a network without a linear layer.
    """
    inner = trial.network
    ensemble = next((m for m in inner.modules() if isinstance(m, Branches | Ensemble)), None)
    networks: Sequence[nn.Module] = list(ensemble.networks) if ensemble is not None else [inner]
    starts, position = {}, 0
    for name, shape in zip(trial.layout.names, trial.layout.shapes, strict=True):
        starts[name] = position
        position += shape.numel()
    named = {id(p): starts[name] for name, p in inner.named_parameters()}
    fields = iter(trial.problem.fields)
    found = []
    for network in networks:
        linear = [m for m in network.modules() if isinstance(m, Linear)]
        if not linear:
            raise SolveError("this start needs the last linear layer of a network, and this one has none")
        weight, bias = named[id(linear[-1].weight)], named[id(linear[-1].bias)]
        count, width = linear[-1].weight.shape
        for row in range(count):
            weights = torch.arange(weight + row * width, weight + (row + 1) * width)
            found.append(Output(next(fields), torch.cat([weights, torch.tensor([bias + row])])))
    return found
