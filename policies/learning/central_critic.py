"""A critic that sees the whole chain in training, beside an actor that sees only its own site."""

from typing import Any

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import MlpExtractor


class CentralCriticPolicy(ActorCriticPolicy):
    """SB3's actor-critic in which the actor reads the first features of the observation only.

    Lowe et al. (2017), "Multi-agent actor-critic for mixed cooperative-competitive environments":
    training is central, execution is not.

    Args:
        seen: how many features the actor reads; the critic reads all.
    """

    def __init__(self, *args: Any, seen: int, **kwargs: Any) -> None:
        self._seen = seen
        super().__init__(*args, **kwargs)

    def _build_mlp_extractor(self) -> None:
        assert isinstance(self.net_arch, dict)
        self.mlp_extractor = _TwoViews(
            self.features_dim, self._seen, self.net_arch, self.activation_fn
        )


class _TwoViews(MlpExtractor):
    """Hidden layers of an actor that reads the first features, and of a critic that reads all."""

    def __init__(
        self,
        features: int,
        seen: int,
        layers: dict[str, list[int]],
        activation: type[torch.nn.Module],
    ) -> None:
        super().__init__(features, layers, activation)
        self._seen = seen
        actor = MlpExtractor(seen, {"pi": layers["pi"], "vf": []}, activation)
        self.policy_net = actor.policy_net

    def forward_actor(self, features: torch.Tensor) -> torch.Tensor:
        """What the actor makes of an observation, or of its first features alone."""
        return super().forward_actor(features[:, : self._seen])
