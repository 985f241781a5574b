"""What training on recorded demand is worth where demand is unlike the past.

    python -m benchmarks.recorded.unlike_the_past FOLDER --seeds 3 --steps 1000000

On twelve sets of series (`series`) the chain of `three-stores` is trained with the default recipe;
the policy that the run recommends is set against every tuned rule of the kinds that learning may
start from, on the test dates. Results are kept set by set, so that a stopped measurement goes on.
"""

import json
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from benchmarks.recorded.series import SETS, SeriesSet, read_sources
from benchmarks.recorded.unlike_page import unlike_table
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario import Scenario, Supplier
from inventory_env.description.scenario_files import load_scenario
from inventory_env.files import write_json
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.baselines import start_kinds
from policies.rules.rule_based import RulePolicy
from policies.rules.rule_book import RuleBook
from policies.runs.certificate import certificate
from policies.runs.training import train

RESULTS = Path("benchmarks/results/recorded/unlike-the-past.json")
EVALUATION_SEED = 1000
EPISODES = 512


def chain_of(series: SeriesSet, sources: dict[str, Any], folder: Path) -> Scenario:
    """The chain that plays a set: `three-stores`, with a supplier that never runs out."""
    file = folder / f"{series.name}.csv"
    series.table(sources[series.source]).to_csv(file, index=False)
    base = load_scenario("three-stores")
    supplied = base.model_copy(update={"supplier": Supplier()})
    return scenario_with_demand(supplied, DemandFile(path=file))[0]


def measured(chain: Scenario, seed: int, steps: int, folder: Path) -> dict[str, Any]:
    """One training's costs on the test dates, beside the rules'."""
    scenario = chain.with_training(chain.training.model_copy(update={"steps": steps}))
    book = RuleBook(scenario, seed)
    run = train(scenario, seed=seed, folder=folder, book=book)
    rules = {kind: RulePolicy(kind, book.rule(kind)) for kind in start_kinds(scenario)}
    tape = draw_tape(scenario, seed=EVALUATION_SEED, purpose=Purpose.TEST, worlds=EPISODES)
    costs = {kind: mean_costs(rule, scenario, tape).mean() for kind, rule in rules.items()}
    best = min(costs.values())

    def over(policy: Policy) -> float:
        return float(100 * (mean_costs(policy, scenario, tape).mean() / best - 1))

    return {
        "kept_rule": run.manifest["kept_rule"],
        "recommended": over(run.policy),
        "network": over(run.learned),
        "start": over(run.start_rule),
        "gain": run.manifest["gain_over_start_rule"]["mean"],
        "shifted_gain": run.manifest["shifted_gain"]["mean"],
        "cost": float(best),
    }


def main(arguments: list[str]) -> None:
    """Measure what is not measured yet, and write the results."""
    parser = ArgumentParser(description="Recorded demand unlike the past.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1_000_000)
    asked = parser.parse_args(arguments)
    sources = read_sources(asked.data)
    found: dict[str, Any] = {"rows": {}}
    if RESULTS.exists():
        found = json.loads(RESULTS.read_text(encoding="utf-8"))
    for seed in range(asked.seeds):
        for series in SETS:
            rows = found["rows"].setdefault(series.name, {})
            if str(seed) in rows:
                continue
            with tempfile.TemporaryDirectory() as folder:
                chain, own = chain_of(series, sources, Path(folder)), Path(folder) / "run"
                own.mkdir()
                rows[str(seed)] = measured(chain, seed, asked.steps, own)
            found |= {**certificate(), "steps": asked.steps, "episodes": EPISODES}
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            write_json(RESULTS, found)
            print(series.name, seed, rows[str(seed)], flush=True)
    print(unlike_table(found))


if __name__ == "__main__":
    main(sys.argv[1:])
