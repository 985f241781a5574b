"""How a chain's agents are taught: what they see, may do, are paid for, and PPO's numbers."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from inventory_env.frozen import Fraction, Frozen, NonNegative, Positive

Tier = Literal["stores", "warehouse", "supplier"]
Extra = Literal[
    "projected-stock",
    "pipeline",
    "rule",
    "warehouse",
    "calendar",
    "store",
    "history",
    "estimates",
    "chain",
    "orders",
    "role",
    "arrival",
    "problem",
    "shared-stock",
]


class RewardWeights(Frozen):
    """Reward of a site = weighted sum of its reconciled metrics, mixed with the team's mean."""

    preset: Literal["cost", "original"] = "cost"
    """"cost": minus the site's money cost; "original": the weighted sum below. Both are shifted
    and scaled by what the start rule earns."""
    service_level: NonNegative = 10.0
    """Weight of units served on time / units demanded, per period (preset "original")."""
    holding: NonNegative = 0.01
    """Weight of the holding cost, per unit of money (preset "original")."""
    stockout: NonNegative = 0.1
    """Weight of the shortage cost, per unit of money (preset "original")."""
    ordering: NonNegative = 0.0
    """Weight of the ordering cost, per unit of money (preset "original")."""
    team_share: Fraction | Literal["auto"] = "auto"
    """Share of the chain's mean in a store's reward, 0 to 1; "auto", under preset "cost" where
    stores share a stock: 1 over the number of stores if they pay rent for it, 0.1 where chains are
    drawn, and 1 without rent; everywhere else 0."""
    credit: Literal["auto", "now"] = "auto"
    """What pays a store's order: the store's business in the period it is made in ("now"), or in
    the period it can arrive in at the earliest, by expected cost where that is known ("auto").
    With "auto" stores also pay rent for a stock that they share, under preset "cost" where they
    alone learn and an echelon rule orders for the warehouse."""


class RuleOffset(Frozen):
    """A bounded offset added to the start rule's order: any, rounded where units are whole, or one
    of a list where an action that orders nothing is needed, or a mask."""

    scheme: Literal["rule-offset"] = "rule-offset"
    reach: Positive | Literal["auto"] = "auto"
    """Largest offset in standard deviations of one period's demand, above 0, or "auto"."""
    least: NonNegative = 1.0
    """Units that the largest offset has at least, where offsets are any number and units whole."""
    steps: Annotated[int, Field(ge=1, le=20)] | Literal["auto"] = "auto"
    """Offsets on either side of 0, 1 to 20, where they are listed; "auto": one a unit, 10 at most,
    and 10 where units are continuous, if there must be a list."""
    zero_order: bool | Literal["auto"] = "auto"
    """A further action that orders nothing; "auto": where an order has a fixed cost or minimum."""


class OrderQuantity(Frozen):
    """One of a few fixed quantities."""

    scheme: Literal["order-quantity"]
    quantities: Annotated[tuple[NonNegative, ...], Field(min_length=2)] | None = None
    """Units that can be ordered, at least two; left out, 0, 0.5, 1 and 2 times the mean demand."""


class OrderUpTo(Frozen):
    """One of a range of order-up-to levels."""

    scheme: Literal["order-up-to"]
    levels: Annotated[int, Field(ge=2, le=201)] = 21
    """How many levels, 2 to 201, spread evenly over mean x cover +- 4 standard deviations."""


class Continuous(Frozen):
    """A real number from -1 to 1, mapped onto 0 to a largest order."""

    scheme: Literal["continuous"]
    largest: Positive = 3.0
    """Largest order in multiples of the mean demand of a period, above 0."""


ActionScheme = Annotated[
    RuleOffset | OrderQuantity | OrderUpTo | Continuous, Field(discriminator="scheme")
]


class TrainingSettings(Frozen):
    """Everything `hmarl train --config` reads. The defaults are one recipe for every chain."""

    algorithm: Literal["ppo", "recurrent-ppo", "maskable-ppo"] = "ppo"
    """Learner: PPO, or sb3-contrib's recurrent or maskable PPO."""
    learn: Annotated[tuple[Tier, ...], Field(min_length=1)] | Literal["all"] = ("stores",)
    """Tiers whose sites learn, one network for all of them: "stores", "warehouse", "supplier";
    "all": every one that decides anything in the scenario. The others follow their rules."""
    critic: Literal["own", "central", "auto"] = "auto"
    """What the value network sees in training: what the acting site sees, or the whole chain too
    (algorithm "ppo" only); "auto": the whole chain where several tiers learn from local
    information."""
    steps: Annotated[int, Field(ge=1)] = Field(
        default_factory=lambda given: _steps(given.get("learn", "all"))
    )
    """Experiences to learn from: periods x worlds x learning sites; left out, 2,500,000, and twice
    as many where several tiers learn together."""
    worlds: Annotated[int, Field(ge=1, le=65536)] | Literal["auto"] = "auto"
    """Chains simulated side by side; "auto": about 1024 learning sites in all, but 128 chains where
    a site upstream learns; whole groups."""
    worlds_per_tape: Annotated[int, Field(ge=1, le=1024)] = 8
    """Worlds that face the same demand; their mean advantage is taken out (1: no centring)."""
    continuing: bool | Literal["auto"] = "auto"
    """Training worlds never end; "auto": where one chain has a warm-up and nothing in it depends on
    the period of an episode."""
    n_steps: Annotated[int, Field(ge=1, le=4096)] = 16
    """Periods of each world between two updates."""
    batch_size: Annotated[int, Field(ge=2)] = 4096
    """Experiences in one gradient step."""
    epochs: Annotated[int, Field(ge=1, le=100)] = 4
    """Passes over the experiences of an update."""
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.98
    """Discount per period, above 0 to 1."""
    gae_lambda: Fraction = 0.9
    """Lambda of generalised advantage estimation, 0 to 1."""
    clip_range: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """PPO's clip on the probability ratio, between 0 and 1."""
    learning_rate: Positive = 3e-3
    """Adam's learning rate at the start."""
    final_learning_rate: Positive = 1e-5
    """Adam's learning rate at the end; falls linearly with the steps."""
    entropy: NonNegative = 0.02
    """Weight of the entropy bonus at the start."""
    final_entropy: NonNegative = 0.001
    """Weight of the entropy bonus at the end; falls linearly with the steps."""
    exploration: Positive = 1 / 3
    """Standard deviation of the offsets tried at the start, of the largest, where offsets are any
    number."""
    final_exploration: Positive = 0.06
    """The same at the end; falls geometrically with the steps."""
    value_coefficient: NonNegative = 0.5
    """Weight of the value loss."""
    max_grad_norm: Positive = 0.5
    """Largest gradient norm."""
    target_kl: Positive | None = None
    """Stop an update's passes beyond this divergence; left out, no limit."""
    hidden: Annotated[tuple[Annotated[int, Field(ge=1, le=1024)], ...], Field(min_length=1)] = (
        64,
        64,
    )
    """Units in each hidden layer, of the policy and of the value network."""
    activation: Literal["tanh", "relu"] = "tanh"
    """Activation function."""
    group_value_share: Fraction = 0.1
    """Share of the group's mean advantage left in the value target, 0 to 1."""
    problems: Annotated[int, Field(ge=2, le=100_000)] = 4096
    """Chains drawn to learn from, where a problem distribution describes them."""
    validations: Annotated[int, Field(ge=1, le=1000)] = 10
    """How often, evenly over training, the policy is judged on validation worlds."""
    validation_worlds: Annotated[int, Field(ge=1)] = 256
    """Chains in a validation."""
    reward: RewardWeights = RewardWeights()
    """What a store is paid for."""
    actions: ActionScheme = RuleOffset()
    """What a store may do."""
    observe: tuple[Extra, ...] | Literal["auto"] = "auto"
    """Named extras beside the seven features; "auto": those that tell something in the scenario."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.algorithm == "maskable-ppo" and self.actions.scheme == "continuous":
            raise ValueError('algorithm "maskable-ppo" cannot have actions.scheme = "continuous"')
        if self.critic == "central" and self.algorithm != "ppo":
            raise ValueError(f'critic "central" needs algorithm "ppo", got {self.algorithm!r}')
        if self.learn != "all" and len(set(self.learn)) < len(self.learn):
            raise ValueError(f"learn must name each tier once, got {', '.join(self.learn)}")
        if self.final_learning_rate > self.learning_rate:
            raise ValueError(
                f"final_learning_rate must not exceed learning_rate = {self.learning_rate:g}, "
                f"got {self.final_learning_rate:g}"
            )
        if self.final_exploration > self.exploration:
            raise ValueError(
                f"final_exploration must not exceed exploration = {self.exploration:g}, "
                f"got {self.final_exploration:g}"
            )
        if isinstance(self.worlds, int) and self.worlds % self.worlds_per_tape:
            raise ValueError(
                f"worlds must be a multiple of worlds_per_tape = {self.worlds_per_tape}, "
                f"got {self.worlds}"
            )
        return self


def _steps(learn: tuple[Tier, ...] | Literal["all"]) -> int:
    """Experiences where none are asked for: several tiers' merits take longer to tell apart."""
    return 2_500_000 if learn != "all" and len(learn) == 1 else 5_000_000
