"""What it costs to learn from sales: policies from demand completed from sales, from true demand,
and from sales taken as demand, all played on the same true demand.

    python -m benchmarks.recorded.censoring --seeds 5 --trainings 3 --steps 400000

Each seed draws demand of three stores, lets a lean base-stock rule sell from it, and writes three
CSVs: demand; sales with the stock at the close; sales named as demand. From each, a chain is
imported, rules are tuned and a policy is trained. The test dates of all three have the same demand,
all of it seen.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measurement import EVALUATION_SEED
from benchmarks.result_files import results_place
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.rules import BaseStock
from inventory_env.description.scenario import Scenario
from inventory_env.files import write_json
from inventory_env.frozen import Array
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.intervals import student_interval
from policies.policy import Policy
from policies.rollout import mean_costs, run_episodes
from policies.rules.baselines import start_kinds
from policies.rules.rule_based import RulePolicy
from policies.rules.search import tuned_rules
from policies.runs.certificate import certificate
from policies.runs.training import train

KNOWN, VALIDATE, DATES = 600, 480, 2000  # dates that are learned from, of these validation, all
EPISODES = 400  # of the test
LEAD_TIME = 3
SOLD_OUT = 0.3  # share of known store-days that the lean rule is set for
LEAN = np.arange(0.6, 1.6, 0.05)  # its stock over mean demand until the next arrival
STORES = {"north": 5.0, "centre": 10.0, "south": 20.0}  # mean demand, units a day
WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 0.9])
RESULT = "recorded/censoring.json"


@dataclass(frozen=True)
class Truth:
    """Demand as it really is."""

    phi: float  # variance: mean + phi mean^2
    week: bool  # whether weekdays differ
    shift: float = 1.0  # factor on the mean from the middle of the known dates on

    def draw(self, rng: np.random.Generator) -> Array:
        """(date, store) units."""
        day = np.arange(DATES)
        factor = np.where(day < KNOWN // 2, 1.0, self.shift) * (WEEK[day % 7] if self.week else 1)
        rate = factor[:, None] * np.array(list(STORES.values()))
        if self.phi:
            rate = rng.gamma(1 / self.phi, self.phi * rate)
        return rng.poisson(rate).astype(np.float64)


TRUTHS = {
    "poisson": Truth(phi=0.0, week=False),
    "week": Truth(phi=0.15, week=True),
    "shift": Truth(phi=0.15, week=True, shift=1.5),
}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seeds", type=int, default=5, help="records of each kind of demand")
    parser.add_argument("--trainings", type=int, default=3, help="records that are trained on")
    parser.add_argument("--steps", type=int, default=400_000, help="experiences of a training")
    asked = parser.parse_args()
    place = results_place(asked.out, RESULT)
    rows: list[dict[str, Any]] = []
    for name, truth in TRUTHS.items():
        for seed in range(asked.seeds):
            steps = asked.steps if name == "week" and seed < asked.trainings else 0
            rows += judged(name, truth, seed, steps)
            print(*(f"{key} {value}" for key, value in rows[-1].items()), sep="  ", flush=True)
    summary = summarised(rows)
    print(pd.DataFrame(summary).to_string(index=False))
    place.parent.mkdir(parents=True, exist_ok=True)
    write_json(place, {"summary": summary, "rows": rows, "made_by": certificate()})


def judged(name: str, truth: Truth, seed: int, steps: int) -> list[dict[str, Any]]:
    """A row for each policy: what it costs tuned or trained on each record, on true demand.

    Args:
        name: of the truth.
        truth: how demand is drawn.
        seed: of demand, and of tuning and training.
        steps: of a training; 0: rules alone.
    """
    demand = truth.draw(np.random.default_rng((seed, 1)))
    with tempfile.TemporaryDirectory() as folder:
        chains = imported(demand, seed, Path(folder))
        costs: dict[str, dict[str, float]] = {}
        for record, chain in chains.items():
            tape = draw_tape(chain, seed=EVALUATION_SEED, purpose=Purpose.TEST, worlds=EPISODES)
            for policy, who in policies(chain, seed, steps, Path(folder) / record).items():
                cost = float(mean_costs(who, chain, tape).mean())
                costs.setdefault(policy, {})[record] = cost
    history = chains["completed"].history
    assert history is not None and history.hidden is not None
    known = {
        record: chain.history.demand[:KNOWN] for record, chain in chains.items() if chain.history
    }
    return [
        {
            "demand": name,
            "seed": seed,
            "policy": policy,
            "sold_out": float(history.hidden.where[:KNOWN].mean()),
            **{f"mean_{record}": float(seen.mean()) for record, seen in known.items()},
            **{f"sd_{record}": float(seen.std(axis=0).mean()) for record, seen in known.items()},
            **{f"cost_{record}": cost for record, cost in of.items()},
            **{
                f"percent_{record}": 100 * (of[record] / of["true"] - 1)
                for record in ("completed", "sales")
            },
        }
        for policy, of in costs.items()
    ]


def policies(chain: Scenario, seed: int, steps: int, folder: Path) -> dict[str, Policy]:
    """Tuned rules, and what was learned from the better of them."""
    found: dict[str, Policy] = {
        kind: RulePolicy(kind, tuned_rules(kind, chain, seed=seed)) for kind in start_kinds(chain)
    }
    if steps:
        folder.mkdir()
        training = chain.training.model_copy(update={"steps": steps})
        found["learned"] = train(chain.with_training(training), seed=seed, folder=folder).policy
    return found


def imported(demand: Array, seed: int, folder: Path) -> dict[str, Scenario]:
    """The chains of the three CSVs."""
    plenty = np.full_like(demand, 1e6)
    true = read(folder / "true.csv", demand=demand)
    sold, closing = sold_by(true, LEAN, seed)
    lean = int(np.argmin(np.abs((closing == 0).mean(axis=(0, 2)) - SOLD_OUT)))
    sales = np.concatenate([sold[:, lean], demand[KNOWN:]])
    on_hand = np.concatenate([closing[:, lean], plenty[KNOWN:]])
    return {
        "true": true,
        "completed": read(folder / "completed.csv", sales=sales, on_hand=on_hand),
        "sales": read(folder / "sales.csv", demand=sales),
    }


def sold_by(true: Scenario, lean: Array, seed: int) -> tuple[Array, Array]:
    """(date, lean, store) sales and stock at the close of known dates, under base-stock rules."""
    level = np.rint(lean[:, None] * (LEAD_TIME + 1) * true.demand_mean)
    tape = draw_tape(true, seed=seed, purpose=Purpose.TUNE, worlds=1, periods=KNOWN)
    sold, closing = [], []

    def watch(seen: Situation, ledger: Ledger, money: Money) -> None:
        sold.append(ledger.served.copy())
        closing.append(ledger.closing.copy())

    run_episodes(RulePolicy("lean", BaseStock(level)), true, tape.repeated(len(lean)), watch)
    return np.array(sold), np.array(closing)


def read(path: Path, **columns: Array) -> Scenario:
    """The chain of a CSV with these (date, store) columns."""
    dates = pd.date_range("2020-01-06", periods=DATES)
    rows = pd.DataFrame(
        {
            "date": np.repeat(dates.strftime("%Y-%m-%d"), len(STORES)),
            "store": list(STORES) * DATES,
            **{name: values.astype(np.int64).ravel() for name, values in columns.items()},
        }
    )
    rows.to_csv(path, index=False)
    split = {"validate_from": dates[VALIDATE].date(), "test_from": dates[KNOWN].date()}
    return scenario_with_demand(BASE, DemandFile(path=path, **split))[0]


BASE = Scenario.model_validate(
    {
        "name": "sold-out",
        "period": "day",
        "periods": 50,
        "warm_up": 10,
        "unmet_demand": "lost",
        "store_defaults": {"lead_time": LEAD_TIME, "holding_cost": 1.0, "shortage_cost": 9.0},
        "stores": [
            {
                "name": "any",
                "lead_time": LEAD_TIME,
                "holding_cost": 1.0,
                "shortage_cost": 9.0,
                "demand": {"kind": "poisson", "mean": 10.0},
            }
        ],
        "warehouse": {"unlimited": True},
    }
)


def summarised(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean and 95 % interval over seeds of what a record costs above true demand, in percent."""
    summary = []
    for (demand, policy), group in pd.DataFrame(rows).groupby(["demand", "policy"], sort=False):
        row: dict[str, Any] = {"demand": demand, "policy": policy, "seeds": len(group)}
        for record in ("completed", "sales"):
            percent = group[f"percent_{record}"].to_numpy()
            row[record] = float(percent.mean())
            row[f"{record}_ci95"] = list(student_interval(percent)) if len(group) > 1 else None
        summary.append(row)
    return summary


if __name__ == "__main__":
    main()
