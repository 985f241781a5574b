"""What a site is paid for a period: a weighted sum of its reconciled metrics."""

import numpy as np

from inventory_env.description.population import Shape
from inventory_env.description.settings import RewardWeights
from inventory_env.frozen import Array
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.worlds import over_sites


def site_rewards(
    weights: RewardWeights,
    team_share: float,
    shape: Shape,
    ledger: Ledger,
    money: Money,
    *,
    rent: Array | None = None,
) -> Array:
    """(world, site) reward of a period.

    Preset "cost": minus the site's money. Preset "original": service_level x units served on time
    / units demanded (1 without demand) - holding x holding cost - stockout x shortage cost -
    ordering x ordering cost; upstream, demand is what the sites downstream order.

    Args:
        weights: of the metrics.
        team_share: share that is replaced by the mean over the stores, which under "cost" includes
            the cost of warehouse and supplier.
        shape: of the chains.
        ledger: of the period, in units.
        money: the same, priced.
        rent: (world, store) what stores pay for the shared stock they have, under "cost"; part of
            what is their own.
    """
    if weights.preset == "cost":
        own = -money.site
        if rent is not None:
            own[:, : shape.stores] -= rent
        if not team_share:
            return own
        team = -money.chain[:, None] / shape.stores
    else:
        service = np.divide(
            ledger.served, ledger.demand, out=np.ones_like(ledger.demand), where=ledger.demand > 0
        )
        own = (
            weights.service_level * service
            - weights.holding * money.holding
            - weights.stockout * money.shortage
            - weights.ordering * money.ordering
        )
        if not team_share:
            return own
        team = over_sites(own[:, : shape.stores])[:, None] / shape.stores
    return (1 - team_share) * own + team_share * team


def present_level(situation: Situation, team_share: float) -> Array | float:
    """What rewards are divided by, so that worlds of much and of little demand count alike where
    demand is learned from what is seen: the demand that is now believed over the scenario's, which
    of recorded demand is that of the training dates; (world, site), of all stores together where
    they share in the chain's cost; 1 where the law is told."""
    params = situation.params
    if not params.learns_demand:
        return 1.0
    now, usual = situation.needs(echelon=False).mean, params.need.mean
    if team_share:
        stores = params.shape.columns("stores")
        together = over_sites(now[:, stores]) / over_sites(usual[:, stores])
        return np.asarray(together[:, None] + np.zeros_like(now))
    return np.asarray(now / usual)
