"""What a decision may be based on: the present, and what may be known of the future."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from inventory_env.description.levels import StandardRule
from inventory_env.description.need import Need
from inventory_env.description.rules import OrderRule, levels_of, rule_of
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.constraints import project
from inventory_env.simulation.estimate import Estimate
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.outlook import Outlook
from inventory_env.simulation.params import Cover, Params
from inventory_env.simulation.projection import Projection
from inventory_env.simulation.site_rule import SiteRule
from inventory_env.simulation.state import State
from inventory_env.simulation.worlds import empty, over_sites


@dataclass(frozen=True)
class Situation:
    """The chain as its agents see it in step 2 of a period; computed when asked for.

    It comes out of a simulation, or is made of the facts of a real morning
    (`inventory_env.simulation.facts`); nothing in it tells which.
    """

    params: Params
    state: State
    memory: Memory
    outlook: Outlook
    period: int  # number of the period in the episode, 0 first; for reviews

    @property
    def worlds(self) -> int:
        """How many worlds."""
        return len(self.state.on_hand)

    @property
    def position(self) -> Array:
        """(world, site) inventory position, units."""
        return self.state.position

    @cached_property
    def echelon_position(self) -> Array:
        """(world, site) inventory position of a site and all downstream of it, units."""
        return self.state.echelon_position(self.params.shape)

    @property
    def forecast_varies(self) -> bool:
        """Whether a forecast ever differs from the present mean."""
        return self.outlook.cumulative_factors is not None

    @cached_property
    def estimate(self) -> Estimate:
        """What stores believe of a demand whose law they are not told."""
        return Estimate(self.params, self.memory.estimates)

    @cached_property
    def _present(self) -> tuple[Need, Need]:
        """What sites cover now, with their own stock and with their echelon's."""
        params = self.params
        if not params.learns_demand:
            return params.need, params.echelon_need
        mean = params.with_upstream(self.estimate.mean)
        own = self.estimate.sd
        sd = params.with_upstream(own)
        if params.shape.upstream:
            known = params.need.sd
            together = np.sqrt(over_sites(known[:, : params.stores] ** 2))[:, None]
            apart = np.sqrt(over_sites(own**2))[:, None]
            above = known[:, params.stores :]
            varies = np.broadcast_to(together > 0, above.shape)
            sd[:, params.stores :] = apart * np.divide(
                above, together, out=np.ones_like(above), where=varies
            )
        return (
            replace(params.need, mean=mean, sd=sd),
            replace(params.echelon_need, mean=mean, sd=sd),
        )

    def needs(self, *, echelon: bool) -> Need:
        """What sites cover as they look at their stock: by the law of demand, or as they now
        believe it is."""
        return self._present[echelon]

    @property
    def mean(self) -> Array:
        """(world or 1, store) demand of a period without its season, units."""
        return self._present[0].mean[:, : self.params.stores]

    def factor(self, ahead: int) -> Array | float:
        """Season's factor, (world, store), of the period that is `ahead` periods from now."""
        cumulative = self.outlook.cumulative_factors
        return 1.0 if cumulative is None else cumulative[ahead + 1] - cumulative[ahead]

    def _means(
        self, first: int | Integers, end: int | Integers, stores: slice | Integers
    ) -> Array | float:
        """(world, store) forecast demand of these periods, 0 being this one, in present means;
        ends are the same everywhere, or (world, 1)."""
        cumulative = self.outlook.cumulative_factors
        if cumulative is None:
            means: Array | float = np.multiply(1.0, end - first)
            return means
        return _before(cumulative, end, stores) - _before(cumulative, first, stores)

    @cached_property
    def _forecasts(self) -> dict[int, Array]:
        return {}

    def forecast(self, periods: int) -> Array:
        """(world or 1, site) expected demand of this and the next `periods` - 1 periods, units;
        of a site upstream, all stores' together."""
        params = self.params
        if not (self.forecast_varies or params.learns_demand):
            return params.mean_demand(periods)
        if periods not in self._forecasts:
            expected = self.mean * self._means(0, periods, params.shape.columns("stores"))
            self._forecasts[periods] = params.with_upstream(expected)
        return self._forecasts[periods]

    def _excess(self, periods: int | Integers, stores: slice | Integers) -> Array:
        """(world, store) forecast demand of so many periods above its mean, units."""
        mean = self.mean[:, stores]
        excess: Array = mean * self._means(0, periods, stores)
        excess -= mean * periods
        return excess

    @cached_property
    def cover_excess(self) -> Array:
        """(world, store) forecast demand of the cover above its long-run mean, units."""
        return self._excess_over(self.params.store_covers)

    @cached_property
    def lead_time_excess(self) -> Array:
        """(world, store) forecast demand of the lead time above its long-run mean, units."""
        return self._excess_over(self.params.store_lead_times)

    def _excess_over(self, covers: tuple[Cover, ...]) -> Array:
        found = empty(self.worlds, self.params.stores)
        for cover in covers:
            found[:, cover.sites] = self._excess(cover.periods, cover.sites)
        return found

    def adjusted_position(self, *, echelon: bool = False) -> Array:
        """(world, site) inventory position less the forecast's excess over the cover, units, so
        that one level serves all seasons."""
        return self._echelon_adjusted if echelon else self._adjusted

    @cached_property
    def _adjusted(self) -> Array:
        if not self.forecast_varies:
            return self.position
        adjusted = self.position.copy(order="K")
        adjusted[:, self.params.shape.columns("stores")] -= self.cover_excess
        self._take_off_excess(adjusted, self.params.upstream_covers)
        return adjusted

    @cached_property
    def _echelon_adjusted(self) -> Array:
        if not self.forecast_varies:
            return self.echelon_position
        adjusted = self.echelon_position.copy(order="K")
        stores = self.params.shape.columns("stores")
        adjusted[:, stores] = self._adjusted[:, stores]
        self._take_off_excess(adjusted, self.params.echelon_covers)
        return adjusted

    def _take_off_excess(self, position: Array, covers: tuple[Cover, ...]) -> None:
        """Take the stores' excess over the cover of sites upstream off their position, units."""
        stores = self.params.shape.columns("stores")
        for cover in covers:
            position[:, cover.sites] -= over_sites(self._excess(cover.periods, stores))[:, None]

    @cached_property
    def arrival_factor(self) -> Array:
        """(world, store) forecast of the last period of the cover, in long-run means."""
        factor = empty(self.worlds, self.params.stores)
        for cover in self.params.store_covers:
            factor[:, cover.sites] = self._means(cover.periods - 1, cover.periods, cover.sites)
        return factor

    def demand_ahead(self, ahead: int) -> tuple[Array, Array]:
        """(world or 1, store) mean and standard deviation of the demand that is forecast for the
        period so far ahead, units.

        Of whole demand, the part of the variance that equals the mean follows the forecast like
        the mean; all else like its square.
        """
        params, mean = self.params, self.mean
        sd = self._present[0].sd[:, : params.stores]
        if not self.forecast_varies:
            return mean, sd
        factor = self._means(ahead, ahead + 1, params.shape.columns("stores"))
        if not params.shape.whole:
            return mean * factor, sd * factor
        plain = np.minimum(mean, sd**2)
        return mean * factor, np.sqrt(factor * (plain + factor * (sd**2 - plain)))

    @cached_property
    def projection(self) -> Projection:
        """What the stores are expected to hold until an order made now arrives."""
        return Projection.of(self)

    @cached_property
    def stock_at_arrival(self) -> Array:
        """(world, store) expected when an order made now arrives, what is owed included, less the
        forecast's excess over the review after it, units, so that one level serves all seasons."""
        stores = self.params.shape.columns("stores")
        expected = self.projection.arrival_mean + self.state.owed[:, stores]
        if not self.forecast_varies:
            return expected
        adjusted = expected + (self.adjusted_position() - self.position)[:, stores]
        adjusted += self.lead_time_excess
        return adjusted

    def store_orders(self, rule: OrderRule) -> Array:
        """(world, store) what a rule wants for the stores, before order constraints, units.

        Where the forecast varies, the rule sees the adjusted position or stock at arrival, and its
        rates follow the factor at the order's arrival. Levels in standard units are those of the
        present; levels in units follow the level of recorded demand.
        """
        factor = self.arrival_factor if self.forecast_varies else 1.0
        stores = self.params.shape.columns("stores")
        rule = self.present(rule, stores)
        if rule.looks_at == "arrival":
            return rule.order(self.stock_at_arrival, factor)
        return rule.order(self.adjusted_position()[:, stores], factor)

    def site_order(self, rule: SiteRule) -> Array:
        """(world, 1) what a rule wants for warehouse or supplier, before constraints, units."""
        column = self.params.shape.columns(rule.tier)
        present = self.present(rule.rule, column, echelon=rule.echelon)
        return present.order(self.adjusted_position(echelon=rule.echelon)[:, column], 1.0)

    def present(self, rule: OrderRule, sites: slice, *, echelon: bool = False) -> OrderRule:
        """The rule with the levels that it has now, in units."""
        need = self.needs(echelon=echelon).at(sites)
        if isinstance(rule, StandardRule):
            return rule.at(need, whole=self.params.shape.whole)
        if not (self.params.learns_demand and self.params.shape.recorded):
            return rule
        level = need.mean / self.params.need.mean[:, sites]
        kind, levels = levels_of(rule)
        return rule_of(kind, {name: values * level for name, values in levels.items()})

    def of_stores(self, wishes: Array) -> Array:
        """(world, site) wishes of all sites: the stores' as given, (world, store); the others want
        what their chain's own rules say."""
        full = empty(self.worlds, self.params.shape.sites)
        full[:, : self.params.stores] = wishes
        for rule in self.params.rules:
            full[:, self.params.shape.columns(rule.tier)] = self.site_order(rule)
        return full

    def ordered(self, wishes: Array) -> Array:
        """(world, site) orders that come of all sites' wishes under their order constraints, units.

        Raises:
            ValueError: if the wishes are not of all sites.
        """
        sites = self.params.shape.sites
        if wishes.shape[1] != sites:
            raise ValueError(
                f"wishes must be of all {sites} sites, got {wishes.shape[1]}; "
                "Situation.of_stores completes the stores'"
            )
        stock = self.position
        if self.params.limits.storage_limit is not None:
            stock = stock + self.state.backorders
        return project(wishes, self.params.limits, stock, self.period)


def _before(cumulative: Array, end: int | Integers, stores: slice | Integers) -> Array:
    """(world, store) season's factors summed up to an end."""
    if isinstance(end, int):
        return cumulative[end][:, stores]
    by_site = cumulative[:, :, stores].swapaxes(1, 2)
    sites, worlds = by_site.shape[1:]
    return np.asarray(by_site[end.T, np.arange(sites)[:, None], np.arange(worlds)].T)
