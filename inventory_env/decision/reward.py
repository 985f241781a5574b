"""What a site is paid for a period: a weighted sum of its reconciled metrics."""

import numpy as np

from inventory_env.decision.agents import Agents
from inventory_env.description.settings import RewardWeights
from inventory_env.frozen import Array, over_stores
from inventory_env.simulation.ledger import Ledger, Money


def store_rewards(weights: RewardWeights, team_share: float, ledger: Ledger, money: Money) -> Array:
    """(world, store) reward of a period.

    Preset "cost": minus the store's money. Preset "original": service_level x units served on time
    / units demanded (1 without demand) - holding x holding cost - stockout x shortage cost -
    ordering x ordering cost. A `team_share` of it is replaced by the mean over the stores, which
    under "cost" includes the cost of warehouse and supplier.
    """
    if weights.preset == "cost":
        own = -money.store
        if not team_share:
            return own
        team = -money.chain[:, None] / own.shape[1]
    else:
        service = np.divide(
            ledger.served, ledger.demand, out=np.ones_like(ledger.demand), where=ledger.demand > 0
        )
        own = (
            weights.service_level * service
            - weights.holding * money.store_holding
            - weights.stockout * money.store_shortage
            - weights.ordering * money.store_ordering
        )
        if not team_share:
            return own
        team = own.mean(axis=1, keepdims=True)
    return (1 - team_share) * own + team_share * team


def agent_rewards(
    weights: RewardWeights, team_share: float, agents: Agents, ledger: Ledger, money: Money
) -> Array:
    """(world, agent) reward of a period; a store's is `store_rewards`.

    Upstream, preset "cost": minus the site's money. Preset "original": service_level x units
    shipped / units asked (1 if none were, at most 1) - holding x holding cost - ordering x ordering
    cost. The team's mean is the stores'.
    """
    stores = store_rewards(weights, team_share, ledger, money)
    if not agents.upstream:
        return stores
    cost = weights.preset == "cost"
    if cost:
        team = -money.chain / stores.shape[1]
    else:
        team = store_rewards(weights, 0.0, ledger, money).mean(axis=1)
    columns = [stores] if agents.stores_learn else []
    for tier in agents.upstream:
        warehouse = tier == "warehouse"
        holding = money.warehouse_holding if warehouse else money.supplier_holding
        ordering = money.warehouse_ordering if warehouse else money.supplier_ordering
        if cost:
            own = -(holding + ordering)
        else:
            asked = over_stores(ledger.store_ordered) if warehouse else ledger.warehouse_ordered
            shipped = ledger.warehouse_shipped if warehouse else ledger.supplier_shipped
            service = np.divide(shipped, asked, out=np.ones_like(asked), where=asked > 0)
            own = (
                weights.service_level * np.minimum(service, 1.0)
                - weights.holding * holding
                - weights.ordering * ordering
            )
        columns.append(((1 - team_share) * own + team_share * team)[:, None])
    return np.concatenate(columns, axis=1)
