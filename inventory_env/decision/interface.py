"""What the learning sites see and may do: the one object between situations and a network.

The VecEnv, the learned policy, and the PettingZoo and Gymnasium views all use it; it is made of a
recipe and of nothing else.
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from inventory_env.decision.actions import DiscreteActions, make_actions
from inventory_env.decision.agents import Agents
from inventory_env.decision.feature import Feature, View, Yardstick
from inventory_env.decision.recipe import Column, Recipe, scale_arrays
from inventory_env.decision.region import outside
from inventory_env.description.population import Shape
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation

CLIP = 6.0

Observations = npt.NDArray[np.float32]


class Interface:
    """Observations and actions of the learning sites, as a recipe has them.

    Args:
        recipe: of the run.
        shape: of the chains it is used on.

    Raises:
        InputError: if the recipe names values that this version of hmarl does not have, or has
            numbers of another count of agents.
    """

    def __init__(self, recipe: Recipe, shape: Shape) -> None:
        self.recipe = recipe
        self.agents = Agents(shape, recipe.learns)
        self.names = _names(recipe.features, shape)
        critic_names = _names(recipe.critic_features, shape)
        self._features = (*recipe.features, *recipe.critic_features)
        self._all_names = (*self.names, *critic_names)
        if recipe.columns is not None:
            kept = tuple(column.name for column in recipe.columns)
            if kept != self._all_names:
                raise InputError(
                    "recipe: columns: this version of hmarl observes "
                    f"{_difference(self._all_names, kept)}"
                )
        _check_rows(recipe, self.agents.count)
        self.actions = make_actions(
            recipe.settings.actions, recipe.offsets, self.agents, shared=recipe.shared
        )
        self.action_space = self.actions.space
        self._of: tuple[Params | Situation, Array, Array, Array, Yardstick] | None = None
        self._strange: tuple[Params, npt.NDArray[np.bool_] | None] | None = None

    @cached_property
    def of_today(self) -> list[int]:
        """Numbers of the values that tell of the present, not of what a site always is."""
        always = [
            feature.constant
            for feature in self.recipe.features
            for _ in feature.names(self.agents.shape)
        ]
        return [value for value, constant in enumerate(always) if not constant]

    @cached_property
    def observation_space(self) -> spaces.Box:
        """One site's observation, and behind it what only a central critic sees."""
        return spaces.Box(-CLIP, CLIP, (len(self._all_names),), dtype=np.float32)

    def observe(self, situation: Situation, start_wishes: Array) -> Observations:
        """(world x agent, value) what the acting sites see; row w x agents + a is agent a of world
        w.

        Args:
            situation: the present.
            start_wishes: (world, site) of the policy that training starts from, units.
        """
        return self._observed(situation, start_wishes, len(self.recipe.features), len(self.names))

    def observe_all(self, situation: Situation, start_wishes: Array) -> Observations:
        """The same, and behind it what only a central critic sees."""
        width = len(self._all_names)
        return self._observed(situation, start_wishes, len(self._features), width)

    def _observed(
        self, situation: Situation, start_wishes: Array, features: int, width: int
    ) -> Observations:
        centre, scale, _, yardstick = self._numbers(situation)
        view = View(situation, start_wishes, yardstick)
        table = np.empty((width, self.agents.count, situation.worlds))
        row = 0
        for feature in self._features[:features]:
            for values in feature.values(view):
                seen = values if values.shape[1] == 1 else values[:, self.agents.columns]
                table[row] = seen.T
                row += 1
        table -= centre[:width]
        table /= scale[:width]
        np.clip(table, -CLIP, CLIP, out=table)
        rows = np.ascontiguousarray(table.transpose(2, 1, 0), dtype=np.float32)
        return rows.reshape(-1, width)

    def wishes(
        self,
        actions: npt.NDArray[np.generic],
        situation: Situation,
        start_wishes: Array,
    ) -> Array:
        """(world, site) wishes in which the agents' are what their actions mean.

        Args:
            actions: one for each row of an observation.
            situation: the present.
            start_wishes: (world, site) of the policy that training starts from, units.
        """
        rule = self.agents.of(start_wishes)
        sizes = self._numbers(situation)[2]
        by_agent = actions.reshape(*rule.shape, *actions.shape[1:])
        decided = self.actions.wishes(by_agent, rule, sizes, situation)
        return self.agents.into(start_wishes, decided)

    def strange(self, params: Params) -> npt.NDArray[np.bool_] | None:
        """(world or 1, site) stores unlike all that the network was trained on; None: there are
        none, or it was trained on these very chains."""
        region = self.recipe.region
        if region is None:
            return None
        if self._strange is None or self._strange[0] is not params:
            far = np.zeros((len(params.capacity), params.shape.sites), dtype=bool)
            for each in outside(region, params).values():
                far[:, : params.stores] |= each > 0
            self._strange = params, far if far.any() else None
        return self._strange[1]

    def masks(self, situation: Situation, start_wishes: Array) -> npt.NDArray[np.bool_]:
        """(row, action) actions that stand for different possible orders.

        Raises:
            TypeError: if actions are not one of a list.
        """
        if not isinstance(self.actions, DiscreteActions):
            raise TypeError("only discrete action schemes have masks")
        sizes = self._numbers(situation)[2]
        masks = self.actions.mask(self.agents.of(start_wishes), sizes, situation)
        return masks.reshape(-1, masks.shape[2])

    # --- numbers of the chain that is played ---------------------------------------------------

    def columns(self, params: Params) -> tuple[Column, ...]:
        """Names and scales of all values on one chain, for a recipe."""
        centre, scale = self._scales(Yardstick.of_law(params, self.recipe.shared))
        return tuple(
            Column(name=name, centre=tuple(c[:, 0].tolist()), scale=tuple(s[:, 0].tolist()))
            for name, c, s in zip(self._all_names, centre, scale, strict=True)
        )

    def sizes(self, params: Params) -> tuple[tuple[float, ...], ...]:
        """Units that orders are made of on one chain, for a recipe."""
        sizes = self.actions.sizes_of(Yardstick.of_law(params, self.recipe.shared))[0]
        return tuple(tuple(row) for row in sizes.tolist())

    def _numbers(self, situation: Situation) -> tuple[Array, Array, Array, Yardstick]:
        """(column, agent, world or 1) centre and scale, (world or 1, agent, number) sizes: of the
        chain, or of the moment where demand is learned."""
        of = situation if situation.params.learns_demand else situation.params
        if self._of is None or self._of[0] is not of:
            by = Yardstick.of_present(situation, self.recipe.shared)
            if self.recipe.columns is None:
                centre, scale = self._scales(by)
            else:
                kept = scale_arrays(self.recipe.columns)
                centre, scale = (np.ascontiguousarray(each.transpose(2, 1, 0)) for each in kept)
            if self.recipe.sizes is None:
                sizes = self.actions.sizes_of(by)
            else:
                sizes = np.array(self.recipe.sizes)[None]
            self._of = (of, centre, scale, sizes, by)
        return self._of[1:]

    def _scales(self, by: Yardstick) -> tuple[Array, Array]:
        """(column, agent, world or 1) centre and scale from the chain's numbers."""
        scales = [scale for feature in self._features for scale in feature.scales(by)]
        rows, sites = by.mean.shape

        def table(place: int) -> Array:
            found = np.empty((len(scales), self.agents.count, rows))
            for row, scale in zip(found, scales, strict=True):
                row[:] = np.broadcast_to(scale[place], (rows, sites))[:, self.agents.columns].T
            return found

        return table(0), table(1)


def _names(features: tuple[Feature, ...], shape: Shape) -> tuple[str, ...]:
    return tuple(name for feature in features for name in feature.names(shape))


def _check_rows(recipe: Recipe, agents: int) -> None:
    """Every number that is kept by agent is there for each of them."""
    rows = {f"columns: {column.name}": column.centre for column in recipe.columns or ()}
    rows |= {f"columns: {column.name}: scale": column.scale for column in recipe.columns or ()}
    kept = {name: len(row) for name, row in rows.items()}
    if recipe.sizes is not None:
        kept["sizes"] = len(recipe.sizes)
    for name, count in kept.items():
        if count != agents:
            raise InputError(f"recipe: {name}: {agents} sites learn, got numbers of {count}")


def _difference(ours: tuple[str, ...], kept: tuple[str, ...]) -> str:
    """Where two lists of names part, in a few words."""
    for place, (own, other) in enumerate(zip(ours, kept, strict=False)):
        if own != other:
            return f"{own!r} at place {place}, the run {other!r}"
    return f"{len(ours)} values, the run {len(kept)}"
