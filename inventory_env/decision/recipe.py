"""A recipe: the training settings with every "auto" resolved, for good.

It is made once, when a training begins, and written into the run's folder. Whoever loads the run
reads the recipe alone: a later hmarl that would resolve an "auto" in another way, order features
otherwise or scale them by another formula still decides as the run was taught.
"""

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from inventory_env.decision.features import AnyFeature
from inventory_env.description.settings import Tier, TrainingSettings
from inventory_env.frozen import Array, Frozen

FORMAT = 2  # of recipes and run folders; 1 kept "auto" and had no recipe

Offsets = Literal["listed", "real"]
Credit = Literal["now", "arrival", "expected"]
Number = Annotated[float, Field(allow_inf_nan=False)]
Row = tuple[Number, ...]


class Column(Frozen):
    """One value of an observation: (value - centre) / scale, clipped."""

    name: str
    centre: Row  # by agent
    scale: Row  # by agent


class RuleLevels(Frozen):
    """A rule with its levels by site, in units or in standard units of what is now believed of
    demand (`inventory_env.description.levels`); a cap that is left out does not bind.

    Or with levels that a formula gives from the numbers of whatever chain a world plays; the
    formula is named with its fingerprint, and no other will do. Or with levels that are searched
    for each chain.
    """

    kind: str
    levels: dict[str, Row] = Field(default_factory=dict)
    standard: bool = False
    formula: str | None = None
    searched: bool = False


class StartRule(Frozen):
    """A rule that training starts from, of one tier."""

    tier: Tier
    position: Literal["local", "echelon"]
    rule: RuleLevels


class Recipe(Frozen):
    """Everything that must stay as it was for a policy to mean what it meant.

    `columns`, `sizes`, `reward_shift` and `reward_scale` are numbers of one chain; left out, they
    come from the numbers of whatever chain a world plays.
    """

    format: Literal[2] = 2
    settings: TrainingSettings
    """No setting in it is "auto", but for `reward.credit`, which `credit` below resolves."""
    information: Literal["shared", "local"]
    """What a learning site sees of others."""
    credit: Credit
    """What pays an order: the period it is made in, the one it can arrive in at the earliest, or
    that one's expected cost."""
    offsets: Offsets | None
    """Whether `rule-offset` actions are one of a list or any number."""
    rent: bool = False
    """Whether stores pay for the shared stock that they have (`rent`)."""
    features: tuple[AnyFeature, ...]
    """What the acting site observes, in order."""
    critic_features: tuple[AnyFeature, ...]
    """What only the value network observes, behind these."""
    columns: tuple[Column, ...] | None = None
    """Names and scales of all values of an observation."""
    sizes: tuple[Row, ...] | None = None
    """Units that orders are made of, by agent; see `actions`."""
    reward_shift: Row = (0.0,)
    """By agent, added to each reward."""
    reward_scale: Row = (1.0,)
    """By agent, divides the shifted reward."""
    region: dict[str, tuple[Number, Number]] | None = None
    """Least and largest of each of a store's numbers in training (`region`), where it was trained
    on many chains; a store with others follows the start rule."""
    start: tuple[StartRule, ...] = ()
    """Rules that training starts from, downstream first; those of sites that `others` decides for
    are not among them."""

    @model_validator(mode="after")
    def _nothing_is_auto(self) -> Self:
        settings = self.settings
        values: dict[str, Any] = {
            "learn": settings.learn == "all",
            "critic": settings.critic == "auto",
            "worlds": settings.worlds == "auto",
            "continuing": settings.continuing == "auto",
            "observe": settings.observe == "auto",
            "reward.team_share": settings.reward.team_share == "auto",
        }
        if settings.actions.scheme == "rule-offset":
            for name in ("reach", "steps", "zero_order"):
                values[f"actions.{name}"] = getattr(settings.actions, name) == "auto"
        left = [name for name, auto in values.items() if auto]
        if left:
            raise ValueError(f"{', '.join(left)} must be resolved in a recipe")
        return self

    @property
    def learns(self) -> tuple[Tier, ...]:
        """Tiers that learn, downstream first."""
        assert self.settings.learn != "all"
        return self.settings.learn

    @property
    def shared(self) -> bool:
        """Whether sites see every site's stock."""
        return self.information == "shared"

    @property
    def team_share(self) -> float:
        """Share of the chain's mean in a site's reward."""
        assert self.settings.reward.team_share != "auto"
        return self.settings.reward.team_share

    def paid(self, stores: int) -> tuple[float, bool]:
        """The share of the chain's mean in a site's reward, and whether stores pay rent, in chains
        with so many stores.

        Where stores pay rent, a store that has a chain to itself is paid what the chain is.
        """
        return (1.0, False) if self.rent and stores == 1 else (self.team_share, self.rent)

    @property
    def worlds(self) -> int:
        """Chains side by side."""
        assert self.settings.worlds != "auto"
        return self.settings.worlds

    @property
    def central(self) -> bool:
        """Whether the value network sees more than the acting site."""
        return self.settings.critic == "central"


def scale_arrays(columns: tuple[Column, ...]) -> tuple[Array, Array]:
    """(1, agent, column) centres and scales."""
    centre = np.array([column.centre for column in columns]).T[None]
    return centre, np.array([column.scale for column in columns]).T[None]
