"""What fitted levels cost on a grid of problems against levels searched for each.

`python -m policies.learning.check_levels` takes 96 stores that no fit has seen as such: Poisson
demand, lost sales, constant lead times. Each is searched on 24 000 periods anywhere within the
bounds; both levels are then compared on 48 000 periods of fresh demand.
"""

from itertools import product

import numpy as np

from inventory_env.description.levels import standard_levels
from inventory_env.description.population import Mixture, needs
from inventory_env.description.scenario import Scenario
from policies.learning.level_costs import Judging, dearer
from policies.rules.fitted_levels import fitted_levels

KINDS = ("projected-inventory", "capped-base-stock")
MEANS, SHORTAGES, LEAD_TIMES = (2, 4, 8, 12), (3, 10, 30, 100), (1, 2, 4, 6, 8, 10)
SEARCHED = {1: Judging(25, 48, 500), 2: Judging(9, 48, 500)}  # by levels of a rule
FRESH = Judging(2, 96, 500)
HIGH = 30  # shortage cost; dearer ones are told apart


def grid() -> Mixture:
    """Poisson demand of 2 to 12 a period, shortage costs of 3 to 100, lead times of 1 to 10."""
    return Mixture(
        tuple(
            Scenario.model_validate(
                {
                    "name": f"poisson-{mean}-{shortage}-{lead_time}",
                    "periods": 190,
                    "warm_up": 62,
                    "stores": [
                        {
                            "name": "store",
                            "demand": {"kind": "poisson", "mean": mean},
                            "lead_time": lead_time,
                            "holding_cost": 1.0,
                            "shortage_cost": shortage,
                        }
                    ],
                    "warehouse": {"unlimited": True},
                }
            )
            for mean, shortage, lead_time in product(MEANS, SHORTAGES, LEAD_TIMES)
        )
    )


def main() -> None:
    """Search, compare, tell."""
    chains = grid()
    high = np.array([chain.stores[0].shortage_cost > HIGH for chain in chains.members])
    for kind in KINDS:
        fitted = fitted_levels(kind, needs(chains, echelon=False).at(0))
        percent = dearer(kind, chains, fitted, SEARCHED[len(standard_levels(kind))], FRESH)
        print(
            f"{kind}: {percent.mean():.2f} % dearer in the mean of {len(percent)} chains, "
            f"{percent[~high].mean():.2f} % at shortage costs up to {HIGH}, "
            f"{percent[high].mean():.2f} % above; {percent.max():.2f} % at most",
            flush=True,
        )


if __name__ == "__main__":
    main()
