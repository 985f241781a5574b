"""The twin itself: one episode of a run's chain, policy beside rule, to be played through time."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.html.page import Page, Section
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.facts import site_names
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.runs.generalist import load_generalist
from policies.runs.run_folder import Run, load_run, read_problems

DECIMALS = 1


def twin_page(folder: Path) -> Page:
    """A finished run's chain on one validation episode; of many chains, the first.

    Raises:
        InputError: if the run is not finished.
    """
    problems = read_problems(folder)
    if isinstance(problems, ProblemDistribution):
        run = load_generalist(folder).on(problems.example)
    else:
        run = load_run(folder)
    tape = draw_tape(run.scenario, seed=run.seed, purpose=Purpose.VALIDATE, worlds=1)
    policies = [run.policy, run.start_rule]
    player = {
        "period": run.scenario.period,
        "periods": tape.periods,
        "sites": site_names(run.scenario),
        "supplier_up": None if tape.supplier_up is None else tape.supplier_up[:, 0].tolist(),
        "policies": [_played(run, policy, tape) for policy in policies],
    }
    words = (
        f"{run.policy.name} beside {run.start_rule.name}, the rule it started from, on the same "
        "demand, lead times and disruptions.",
    )
    return Page(
        f"{run.scenario.name}, {run.scenario.period} by {run.scenario.period}",
        words,
        (Section("One episode", player=player),),
    )


def _played(run: Run, policy: Policy, tape: Tape) -> dict[str, Any]:
    """(period, site) demand, what was not served at once, orders, closing stock; cost so far."""
    chain = Chain(run.scenario)
    chain.reset(tape)
    kept: dict[str, list[Array]] = {"demand": [], "unmet": [], "ordered": [], "stock": []}
    cost = []
    while not chain.ended:
        ledger = chain.step(policy.wishes(chain.situation))
        kept["demand"].append(ledger.demand[0])
        kept["unmet"].append(ledger.demand[0] - ledger.served[0])
        kept["ordered"].append(ledger.ordered[0])
        kept["stock"].append(ledger.closing[0])
        cost.append(float(Money.of(chain.params, ledger).chain[0]))
    found = {name: np.round(np.array(rows), DECIMALS).tolist() for name, rows in kept.items()}
    return {"name": policy.name, "cost": np.cumsum(cost).round(DECIMALS).tolist(), **found}
