"""From coordinates to raw fields, written once on jets."""

from pinnkit.networks.branches import Branches
from pinnkit.networks.ensemble import Ensemble, EnsembleFeatures
from pinnkit.networks.fourier import Fourier
from pinnkit.networks.mlp import MLP
from pinnkit.networks.modified_mlp import ModifiedMLP
from pinnkit.networks.module import TorchModule
from pinnkit.networks.network import Embedding, Features, Network
from pinnkit.networks.pirate_net import PirateNet
from pinnkit.networks.scaled import Scaled
from pinnkit.networks.separable import Separable
from pinnkit.networks.siren import SIREN
from pinnkit.registry import Registry

NETWORKS: Registry[Network] = Registry(
    "network",
    Network,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {"mlp": MLP, "modified_mlp": ModifiedMLP, "pirate_net": PirateNet, "separable": Separable, "siren": SIREN},
)

EMBEDDINGS: Registry[Embedding] = Registry(
    "embedding",
    Embedding,  # type: ignore[type-abstract]  # likewise
    {"scaled": Scaled, "fourier": Fourier},
)

__all__ = [
    "EMBEDDINGS",
    "MLP",
    "NETWORKS",
    "SIREN",
    "Branches",
    "Embedding",
    "Ensemble",
    "EnsembleFeatures",
    "Features",
    "Fourier",
    "ModifiedMLP",
    "Network",
    "PirateNet",
    "Scaled",
    "Separable",
    "TorchModule",
]
