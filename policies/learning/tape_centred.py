"""Rollout buffers that take the common luck of demand out of the advantages.

Worlds in a group face the same demand, so what they gained or lost together says nothing about
their actions. With A the advantage and G its mean over the group (same period, same site):

    advantage    := A - G
    value target := V + (A - G) + share x G

This needs demand that does not depend on actions. Standard SB3 buffers otherwise.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sb3_contrib.common.maskable.buffers import MaskableRolloutBuffer
from sb3_contrib.common.recurrent.buffers import RecurrentRolloutBuffer
from stable_baselines3.common.buffers import RolloutBuffer


class _TapeCentred(RolloutBuffer):
    """Centres advantages over tape groups after SB3 has computed them.

    Args:
        parts: rows, and learning sites in a world, of each kind of chain; their rows follow one
            another.
        worlds_per_tape: neighbouring worlds that face the same demand; 1 leaves all as SB3 does it.
        group_value_share: share of the group's mean left in the value target.
    """

    def __init__(
        self,
        *args: Any,
        parts: Sequence[tuple[int, int]],
        worlds_per_tape: int,
        group_value_share: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._parts, self._worlds_per_tape = tuple(parts), worlds_per_tape
        self._share = group_value_share

    def compute_returns_and_advantage(self, last_values: torch.Tensor, dones: np.ndarray) -> None:
        super().compute_returns_and_advantage(last_values, dones)
        if self._worlds_per_tape == 1:
            return
        common = np.empty_like(self.advantages)
        first = 0
        for rows, agents in self._parts:
            own = slice(first, first + rows)
            shape = (self.buffer_size, -1, self._worlds_per_tape, agents)
            grouped = self.advantages[:, own].reshape(shape)
            mean = grouped.mean(axis=2, keepdims=True)
            common[:, own] = np.broadcast_to(mean, grouped.shape).reshape(self.buffer_size, rows)
            first += rows
        self.advantages = self.advantages - common
        self.returns = self.values + self.advantages + self._share * common


class TapeCentredBuffer(_TapeCentred):
    """For PPO."""


class TapeCentredMaskableBuffer(_TapeCentred, MaskableRolloutBuffer):
    """For maskable PPO."""


class TapeCentredRecurrentBuffer(_TapeCentred, RecurrentRolloutBuffer):
    """For recurrent PPO."""
