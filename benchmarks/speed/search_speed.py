"""How many stores a second get levels of their own from the vectorised search.

`python -m benchmarks.speed.search_speed` searches 1 000 stores drawn from any-store, on 1 000
periods a candidate, on one core; seconds are those of the process.
"""

import time

from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    Stream,
    load_problems,
)
from policies.rules.search import tuned_rules

KINDS = ("capped-base-stock", "projected-inventory")
STORES, PERIODS = 1000, 1000


def searches_per_second(kind: str, stores: int = STORES, periods: int = PERIODS) -> float:
    """Searches a second of a core.

    Args:
        kind: of rule.
        stores: how many, drawn from any-store.
        periods: that a candidate is judged on.
    """
    problems = load_problems("any-store")
    assert isinstance(problems, ProblemDistribution)
    chains = problems.draw(stores, stream=Stream.FIT_HELD_OUT)
    started = time.process_time()
    tuned_rules(kind, chains, seed=0, store_periods=periods)
    return stores / (time.process_time() - started)


def main() -> None:
    """Measure each kind and tell."""
    for kind in KINDS:
        rate = searches_per_second(kind)
        print(f"{kind}: {rate:.0f} searches a second, {PERIODS} periods a candidate", flush=True)


if __name__ == "__main__":
    main()
