"""What is expected at each site without simulating: demand, and stock when an order arrives."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from inventory_env.frozen import Array
from policies.orders.futures import Outcomes
from policies.orders.proposal import Proposal


@dataclass(frozen=True)
class Expected:
    """(site,) units."""

    this_period: Array  # demand forecast
    demand: Array  # forecast until the next order would arrive
    held: Array  # on hand and on the way now
    stock_at_arrival: Array  # on hand and what comes until then, less the forecast until then

    @classmethod
    def of(cls, proposal: Proposal, outcomes: Outcomes) -> Self:
        """By the forecasts of a morning."""
        situation = proposal.situation
        scenario, state = proposal.decider.scenario, situation.state
        columns = np.arange(len(proposal.sites))
        longest = int(outcomes.window.max())
        ahead = np.zeros((longest + 1, len(columns)))
        for periods in range(1, longest + 1):
            ahead[periods] = situation.forecast(periods)[0]
        coming = np.zeros((longest + 1, len(columns)))
        slots = min(len(state.pipeline), longest)
        coming[1 : slots + 1] = np.cumsum(state.pipeline[:slots, 0], axis=0)
        coming[slots + 1 :] = coming[slots]
        arrival = outcomes.arrival
        left = state.on_hand[0] + coming[arrival, columns] - ahead[arrival, columns]
        return cls(
            this_period=ahead[1],
            demand=ahead[outcomes.window, columns],
            held=state.holdings[0],
            stock_at_arrival=np.maximum(left, 0.0) if scenario.unmet_demand == "lost" else left,
        )
