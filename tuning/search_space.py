"""What is searched: parameters, and the training settings that a trial's values mean.

Ranges are wide around the scenario's own settings, which always lie inside, so that the default
is a point of the space and trial 0 trains exactly the scenario's settings. In the reward only the
ratios of the weights matter (rewards are scaled by what the start rule earns), so the weight of
holding stays and the others move. Where money is the reward, weighted metrics are an alternative;
where weights are, they are searched.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from inventory_env.decision.agents import Agents, learning_tiers
from inventory_env.decision.resolve import ROWS, resolve
from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import TrainingSettings
from inventory_env.errors import InputError, argument

Value = float | int | str
Values = Mapping[str, Value]
GROUPS = ("ppo", "reward", "actions")
NO_LIMIT = 0.0  # value of target_kl that stands for none
UPDATES = 10  # a trial makes at least about as many, unless the default makes fewer


class Suggester(Protocol):
    """The part of an Optuna trial that draws values."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


@dataclass(frozen=True)
class Real:
    """A real number in a range."""

    name: str
    low: float
    high: float
    default: float
    log: bool = False

    def draw(self, trial: Suggester) -> Value:
        """A value for a trial."""
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Whole:
    """A whole number in a range, drawn by its logarithm."""

    name: str
    low: int
    high: int
    default: int

    def draw(self, trial: Suggester) -> Value:
        """A value for a trial."""
        return trial.suggest_int(self.name, self.low, self.high, log=True)


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    name: str
    choices: tuple[Value, ...]
    default: Value

    def draw(self, trial: Suggester) -> Value:
        """A value for a trial."""
        value: Value = trial.suggest_categorical(self.name, self.choices)
        return value


Parameter = Real | Whole | Choice


@dataclass(frozen=True)
class SearchSpace:
    """The parameters of the searched groups, around a scenario's training settings."""

    scenario: Scenario
    groups: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    experiences: int  # most between two updates

    @property
    def defaults(self) -> dict[str, Value]:
        """The values that mean the scenario's own settings."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def draw(self, trial: Suggester) -> dict[str, Value]:
        """Values for a trial."""
        return {parameter.name: parameter.draw(trial) for parameter in self.parameters}

    def settings(self, values: Values) -> TrainingSettings:
        """The training settings that values mean; the scenario's own where all are defaults."""
        base = self.scenario.training
        if values == self.defaults:
            return base
        changes: dict[str, Any] = {}
        for group in self.groups:
            changes |= _SETTINGS[group](self, values)
        return TrainingSettings.model_validate({**base.model_dump(), **changes})


def search_space(scenario: Scenario, groups: Sequence[str], steps: int) -> SearchSpace:
    """The space of these groups around the scenario's training settings.

    Args:
        scenario: the chain, with the settings to search around.
        groups: some of GROUPS.
        steps: training steps of a trial.

    Raises:
        InputError: if there is no such group, or none at all.
    """
    for group in groups:
        if group not in GROUPS:
            raise InputError(f"{argument('search')} {group}: unknown; allowed: {', '.join(GROUPS)}")
    if not groups:
        raise InputError(
            f"{argument('search')}: nothing to search; give some of {', '.join(GROUPS)}"
        )
    recipe = resolve(scenario, scenario.training)
    own = recipe.settings.n_steps * recipe.worlds * agents_of(scenario)
    experiences = max(steps // UPDATES, own)
    ordered = tuple(group for group in GROUPS if group in groups)
    parameters = [
        parameter for group in ordered for parameter in _PARAMETERS[group](scenario, experiences)
    ]
    return SearchSpace(scenario, ordered, tuple(parameters), experiences)


def agents_of(scenario: Scenario) -> int:
    """How many sites of the chain learn."""
    shape = shape_of(scenario)
    return Agents(shape, learning_tiers(scenario.training.learn, shape, scenario.name)).count


# --- parameters of each group -------------------------------------------------------------------


def _ppo(scenario: Scenario, experiences: int) -> list[Parameter]:
    base, agents = scenario.training, agents_of(scenario)
    rows = agents * base.worlds_per_tape
    recipe = max(ROWS // rows, 1)
    own_groups = max(resolve(scenario, base).worlds // base.worlds_per_tape, 1)
    width = "x".join(map(str, base.hidden))
    limits = (0.01, 0.03)  # a limit of the scenario's cannot be lifted by a TOML file
    kl = _choice("target_kl", (NO_LIMIT, *limits), NO_LIMIT)
    if base.target_kl is not None:
        kl = _choice("target_kl", limits, base.target_kl)
    return [
        _real("learning_rate", 3e-4, 1e-2, base.learning_rate, log=True),
        _real(
            "learning_rate_end", 1e-3, 1.0, base.final_learning_rate / base.learning_rate, log=True
        ),
        _whole("n_steps", 8, min(64, max(experiences // rows, 8)), base.n_steps),
        _whole("world_groups", max(recipe // 4, 1), 2 * recipe, own_groups),
        _whole("batch_size", 1024, 16384, base.batch_size),
        _whole("epochs", 2, 6, base.epochs),
        _real("gamma", 0.9, 0.998, base.gamma),
        _real("gae_lambda", 0.6, 1.0, base.gae_lambda),
        _real("clip_range", 0.05, 0.4, base.clip_range),
        _real("entropy", 1e-4, 0.1, base.entropy, log=True),
        _real("entropy_end", 0.0, 1.0, _share(base.final_entropy, base.entropy)),
        _real("value_coefficient", 0.1, 1.0, base.value_coefficient),
        kl,
        _choice("hidden", ("32x32", "64x64", "128x128"), width),
        _choice("activation", ("tanh", "relu"), base.activation),
    ]


def _reward(scenario: Scenario, _: int) -> list[Parameter]:
    weights = scenario.training.reward
    holding = _numeraire(scenario)
    period = sum(s.demand.moments[0] * s.shortage_cost for s in scenario.stores)
    service = holding * max(period / len(scenario.stores), 1e-6)  # all demand of a period, in money
    parameters: list[Parameter] = [
        _real("service_weight", 1e-3 * service, 3 * service, weights.service_level, log=True),
        _real("stockout_weight", 0.3 * holding, 10 * holding, weights.stockout, log=True),
        _real("team_share", 0.0, 1.0, resolve(scenario, scenario.training).team_share),
    ]
    if weights.preset == "cost":
        parameters.insert(0, Choice("reward", ("cost", "original"), "cost"))
    if any(store.order_cost or store.unit_cost for store in scenario.stores):
        parameters.append(
            _real("ordering_weight", 0.1 * holding, 10 * holding, weights.ordering, log=True)
        )
    return parameters


def _actions(scenario: Scenario, _: int) -> list[Parameter]:
    schemes = ["rule-offset", "order-up-to", "order-quantity"]
    if scenario.training.algorithm != "maskable-ppo":
        schemes.append("continuous")
    return [_choice("actions", tuple(schemes), scenario.training.actions.scheme)]


_PARAMETERS: dict[str, Callable[[Scenario, int], list[Parameter]]] = {
    "ppo": _ppo,
    "reward": _reward,
    "actions": _actions,
}


def _real(name: str, low: float, high: float, default: float, *, log: bool = False) -> Real:
    """The range, widened to hold the default; in logarithms, its low end stands for 0."""
    held = low if log and default <= 0 else float(default)
    return Real(name, min(low, held), max(high, held), held, log)


def _whole(name: str, low: int, high: int, default: int) -> Whole:
    return Whole(name, min(low, default), max(high, default), default)


def _choice(name: str, choices: tuple[Value, ...], default: Value) -> Choice:
    return Choice(name, choices if default in choices else (*choices, default), default)


def _share(end: float, start: float) -> float:
    return end / start if start else 1.0


def _numeraire(scenario: Scenario) -> float:
    """The weight of holding, which the others are measured against."""
    return scenario.training.reward.holding or 0.01


# --- settings of each group ---------------------------------------------------------------------


def _ppo_settings(space: SearchSpace, values: Values) -> dict[str, Any]:
    rate = _rounded(values["learning_rate"])
    entropy = _rounded(values["entropy"])
    group = space.scenario.training.worlds_per_tape
    n_steps = int(values["n_steps"])
    fitting = space.experiences // (n_steps * group * agents_of(space.scenario))
    limit = float(values["target_kl"])
    return {
        "learning_rate": rate,
        "final_learning_rate": _rounded(rate * float(values["learning_rate_end"])),
        "n_steps": n_steps,
        "worlds": max(min(int(values["world_groups"]), fitting), 1) * group,
        "batch_size": int(values["batch_size"]),
        "epochs": int(values["epochs"]),
        "gamma": _rounded(values["gamma"]),
        "gae_lambda": _rounded(values["gae_lambda"]),
        "clip_range": _rounded(values["clip_range"]),
        "entropy": entropy,
        "final_entropy": _rounded(entropy * float(values["entropy_end"])),
        "value_coefficient": _rounded(values["value_coefficient"]),
        "target_kl": None if limit == NO_LIMIT else limit,
        "hidden": tuple(int(units) for units in str(values["hidden"]).split("x")),
        "activation": values["activation"],
    }


def _reward_settings(space: SearchSpace, values: Values) -> dict[str, Any]:
    base = space.scenario.training.reward
    ordering = values.get("ordering_weight")
    return {
        "reward": {
            **base.model_dump(),
            "preset": values.get("reward", base.preset),
            "service_level": _rounded(values["service_weight"]),
            "holding": _numeraire(space.scenario),
            "stockout": _rounded(values["stockout_weight"]),
            "ordering": base.ordering if ordering is None else _rounded(ordering),
            "team_share": _rounded(values["team_share"]),
        }
    }


def _action_settings(space: SearchSpace, values: Values) -> dict[str, Any]:
    base = space.scenario.training.actions
    scheme = values["actions"]
    return {"actions": base.model_dump() if scheme == base.scheme else {"scheme": scheme}}


_SETTINGS: dict[str, Callable[[SearchSpace, Values], dict[str, Any]]] = {
    "ppo": _ppo_settings,
    "reward": _reward_settings,
    "actions": _action_settings,
}


def _rounded(value: Value) -> float:
    """Four digits: what is trained is what can be read."""
    return float(f"{float(value):.4g}")
