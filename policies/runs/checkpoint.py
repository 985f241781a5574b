"""All that a learner needs to go on exactly where it stood, beyond what SB3 keeps."""

from typing import Any

import numpy as np
import torch
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from inventory_env.envs.rows import Rows
from policies.runs.run_folder import Tensors, load_weights, network_tensors


def learner_state(model: Any, env: Rows) -> tuple[Tensors, dict[str, Any]]:
    """Arrays and notes of a learner between two updates.

    Weights, optimiser, random states of numpy and torch, the worlds, and an LSTM's memory.
    """
    kind, keys, position, has_gauss, cached = np.random.get_state()
    tensors: Tensors = network_tensors(model.policy)
    for i, values in model.policy.optimizer.state_dict()["state"].items():
        for name, value in values.items():
            tensors[f"optimizer.{i}.{name}"] = value.numpy()
    tensors |= {f"env.{name}": value for name, value in env.snapshot().items()}
    tensors["random.torch"] = torch.get_rng_state().numpy()
    tensors["random.numpy"] = np.asarray(keys)
    tensors["episode_starts"] = np.asarray(model._last_episode_starts)
    lstm: RNNStates | None = getattr(model, "_last_lstm_states", None)
    if lstm is not None:
        for i, state in enumerate([*lstm.pi, *lstm.vf]):
            tensors[f"lstm.{i}"] = state.numpy()
    notes = {
        "steps": model.num_timesteps,
        "n_updates": model._n_updates,
        "numpy": [kind, position, has_gauss, cached],
    }
    return tensors, notes


def restore_learner(model: Any, env: Rows, tensors: Tensors, notes: dict[str, Any]) -> None:
    """Bring an equal learner and environment to a kept state.

    Raises:
        KeyError, ValueError, TypeError, RuntimeError: if the state is of another learner.
    """
    load_weights(model.policy, tensors)
    optimizer = model.policy.optimizer
    whole = optimizer.state_dict()
    for i in range(len(whole["param_groups"][0]["params"])):
        kept = _below(f"optimizer.{i}.", tensors)
        if kept:  # a parameter that is not learned has no state
            whole["state"][i] = {
                name: torch.from_numpy(value.copy()) for name, value in kept.items()
            }
    optimizer.load_state_dict(whole)
    model._last_obs = env.restore(_below("env.", tensors))
    model._last_episode_starts = tensors["episode_starts"]
    lstm = [torch.from_numpy(value.copy()) for value in _below("lstm.", tensors).values()]
    if lstm:
        model._last_lstm_states = RNNStates((lstm[0], lstm[1]), (lstm[2], lstm[3]))
    kind, position, has_gauss, cached = notes["numpy"]
    np.random.set_state((kind, tensors["random.numpy"], position, has_gauss, cached))
    torch.set_rng_state(torch.from_numpy(tensors["random.torch"].copy()))
    model.num_timesteps = notes["steps"]
    model._n_updates = notes["n_updates"]


def _below(prefix: str, tensors: Tensors) -> Tensors:
    """The arrays whose names start so, without that start, in order of their names."""
    return {
        name.removeprefix(prefix): tensors[name]
        for name in sorted(tensors)
        if name.startswith(prefix)
    }
