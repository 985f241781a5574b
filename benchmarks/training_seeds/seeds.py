"""What a training is worth over several training seeds: never a single one."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.evaluation.evaluation import run_policies
from benchmarks.measurement import Tell
from inventory_env.description.scenario import Scenario
from policies.rules.baselines import BASELINES
from policies.rules.rule_book import RuleBook
from policies.runs.certificate import certificate
from policies.runs.training import train


def judge_seeds(
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    episodes: int,
    evaluation_seed: int,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Train once a seed and compare each policy with all tuned rules on the same test episodes.

    Args:
        scenario: the chain.
        seeds: training seeds.
        episodes: joint test episodes.
        evaluation_seed: of the test tape.
        tell: called with a line after each seed.

    Returns:
        Results ready for JSON, with their certificate.
    """
    book = RuleBook(scenario, seeds[0])
    rules = [book.baseline(name) for name in BASELINES]
    runs = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            run = train(scenario, seed=seed, folder=Path(folder))
        evaluation = run_policies(
            scenario,
            [run.policy, *rules],
            episodes=episodes,
            seed=evaluation_seed,
            learned=run.policy.name,
        )
        judged = evaluation.outcomes[run.policy.name]
        comparisons = [
            {
                "baseline": c.baseline,
                "percent": c.percent,
                "ci95": list(c.percent_ci95),
                "verdict": c.verdict,
            }
            for c in evaluation.comparisons
            if c.metric == "cost_per_period"
        ]
        seconds = run.manifest["training_seconds"]
        runs.append(
            {
                "seed": seed,
                "training_seconds": seconds,
                "kept_rule": run.manifest["kept_rule"],
                "cost": judged.mean("cost_per_period"),
                "fill_rate": judged.mean("fill_rate"),
                "reward_per_episode": judged.mean("reward_per_episode"),
                "policies": {
                    name: {
                        kpi: outcome.mean(kpi)
                        for kpi in ("cost_per_period", "fill_rate", "reward_per_episode")
                    }
                    for name, outcome in evaluation.outcomes.items()
                },
                "comparisons": comparisons,
            }
        )
        against = ", ".join(f"{c['baseline']} {c['percent']:+.2f} %" for c in comparisons)
        tell(f"seed {seed}: {seconds:.0f} s, cost {runs[-1]['cost']:.4f}; {against}")
    return {
        "scenario": scenario.name,
        "seeds": list(seeds),
        "steps": scenario.training.steps,
        "episodes": episodes,
        "evaluation_seed": evaluation_seed,
        "published_optimum": scenario.optimal_cost,
        "runs": runs,
        "made_by": certificate(),
    }
