"""Makes the golden run anew: `python tests/golden/make.py`, only where a new format needs one.

A tiny trained run and the orders that it gives in fixed situations. `test_golden_run.py` holds
today's code to them: a policy that was trained is a policy that decides the same for good.
"""

import json
import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.outlook import Outlook
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.simulation.worlds import laid_out
from policies.rules.baselines import formula_rule, start_kinds
from policies.rules.rule_book import START, RuleBook
from policies.runs.run_folder import load_run
from policies.runs.training import train

HERE = Path(__file__).parent
FORECASTS = 12  # periods ahead that are written down
PARTS = {"state": State, "memory": Memory, "outlook": Outlook}


def chain(units: str) -> Scenario:
    """Two unlike shops with a season behind a warehouse; shops and warehouse learn."""
    return Scenario.model_validate(
        {
            "name": f"golden-{units}",
            "periods": 40,
            "warm_up": 8,
            "units": units,
            "stores": [
                {
                    "name": name,
                    "demand": {
                        "kind": "gamma",
                        "mean": mean,
                        "sd": sd,
                        "season": {"weekday": [0.5, 0.8, 1.0, 1.0, 1.1, 1.4, 1.2]},
                    },
                    "lead_time": lead_time,
                    "holding_cost": 1.0,
                    "shortage_cost": shortage,
                    "orders": {"maximum": 60.0},
                }
                for name, mean, sd, lead_time, shortage in (
                    ("pier", 6.0, 3.0, 1, 9.0),
                    ("hill", 14.0, 4.0, 3, 19.0),
                )
            ],
            "warehouse": {"lead_time": 2, "holding_cost": 0.4},
            "supplier": {"capacity": 40},
            "training": {
                "learn": ["stores", "warehouse"],
                "worlds": 32,
                "worlds_per_tape": 8,
                "n_steps": 8,
                "batch_size": 256,
                "epochs": 2,
                "steps": 32 * 3 * 8 * 40,
                "validations": 2,
                "validation_worlds": 8,
                "hidden": [8],
            },
        }
    )


def situations(scenario: Scenario, orders: object) -> list[dict[str, object]]:
    """Mornings of a rollout, and the same with empty and with bursting shelves."""
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=11, purpose=Purpose.TEST, worlds=2))
    found = []
    for period in range(12):
        seen = world.situation
        for factor in (1.0, 0.0, 6.0)[: 3 if period % 4 == 0 else 1]:
            record: dict[str, object] = {"period": seen.period}
            for name in PARTS:
                part = getattr(seen, name)
                for field in fields(part):
                    value = getattr(part, field.name)
                    if field.name == "on_hand":
                        value = factor * value
                    if field.name == "cumulative_factors":
                        value = value[: FORECASTS + 1]
                    record[f"{name}.{field.name}"] = None if value is None else value.tolist()
            found.append(record)
        world.step(orders.wishes(seen))  # type: ignore[attr-defined]
    return found


def rebuilt(scenario: Scenario, record: dict[str, object]) -> Situation:
    """A situation from what was written down."""

    def part(name: str) -> object:
        kind, values = PARTS[name], {}
        for field in fields(kind):
            written = record.get(f"{name}.{field.name}", [])  # not all fields are as old
            array = None if written is None else np.array(written, dtype=np.float64)
            if array is not None and array.ndim > 1:
                array = laid_out(array)
            values[field.name] = array
        return kind(**values)

    params = Params.of(scenario)
    found = {name: part(name) for name in PARTS}
    memory = found["memory"]
    if not memory.recent_demand.size:  # JSON forgets the shape of nothing
        empty = np.empty((0, 2, params.stores))
        nothing = {"recent_demand": empty, "estimates": empty}
        found["memory"] = Memory(**{**vars(memory), **nothing})
    return Situation(params=params, period=record["period"], **found)  # type: ignore[arg-type]


def make(units: str) -> None:
    """Train, and write run, situations and orders."""
    folder = HERE / units
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    scenario = chain(units)
    book = RuleBook(scenario, 0)
    book.add(START, formula_rule(start_kinds(scenario)[0], scenario))
    train(scenario, seed=0, folder=folder, book=book)
    for file in ("last.safetensors", "progress.csv"):
        (folder / file).unlink()
    run = load_run(folder)
    written = situations(scenario, run.learned)
    orders = [run.learned.wishes(rebuilt(scenario, each)).tolist() for each in written]
    lines = [json.dumps({**s, "wishes": o}) for s, o in zip(written, orders, strict=True)]
    (folder / "decisions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for each in ("whole", "continuous"):
        make(each)
