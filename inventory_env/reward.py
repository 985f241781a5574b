"""What a store is paid for a period: a weighted sum of its reconciled metrics."""

import numpy as np

from inventory_env.frozen import Array
from inventory_env.reconciliation import Ledger, Money
from inventory_env.settings import RewardWeights


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
