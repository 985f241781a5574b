"""Any policy on given tapes: the one way policies are run outside of training."""

from collections.abc import Callable

from inventory_env.decision.resolve import team_share
from inventory_env.decision.reward import site_rewards
from inventory_env.description.population import Population, shape_of
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.kpis import Tally
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Tape
from inventory_env.simulation.worlds import over_sites, zeros
from policies.policy import OfNetwork, Policy

Watcher = Callable[[Situation, Ledger, Money], None]


def mean_costs(
    policy: Policy, population: Population, tape: Tape, warm_up: int | None = None
) -> Array:
    """(world,) money per counted period of the whole chain: the yardstick, quickly."""
    return over_sites(site_costs(policy, population, tape, warm_up))


def site_costs(
    policy: Policy, population: Population, tape: Tape, warm_up: int | None = None
) -> Array:
    """(world, site) money per counted period."""
    chain = Chain(population)
    skipped = shape_of(population).warm_up if warm_up is None else warm_up
    chain.reset(tape)
    total = zeros(tape.worlds, chain.params.shape.sites)
    while not chain.ended:
        counted = chain.situation.period >= skipped
        ledger = chain.step(policy.wishes(chain.situation))
        if counted:
            total += Money.of(chain.params, ledger).site
    return total / (tape.periods - skipped)


def run_episodes(
    policy: Policy, population: Population, tape: Tape, watch: Watcher | None = None
) -> Tally:
    """Run every world of a tape to its end and count all KPIs after the warm-up.

    Args:
        policy: who decides.
        population: the chain, or several.
        tape: its randomness.
        watch: called after every period, warm-up included, with what the policy saw and what came.
    """
    chain, shape, first = Chain(population), shape_of(population), population.members[0]
    chain.reset(tape)
    weights = first.training.reward
    share = team_share(first, first.training)
    tally = Tally(shape, tape.worlds)
    network = policy if isinstance(policy, OfNetwork) else None
    while not chain.ended:
        seen = chain.situation
        ledger = chain.step(policy.wishes(seen))
        money = Money.of(chain.params, ledger)
        if seen.period >= shape.warm_up:
            rewards = site_rewards(weights, share, shape, ledger, money)
            by_rule = None if network is None else network.share_of_rule(seen)
            tally.add(ledger, money, rewards[:, : shape.stores], by_rule)
        if watch is not None:
            watch(seen, ledger, money)
    return tally
