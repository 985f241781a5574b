"""The present without the future: what is drawn after now changes nothing that is decided now."""

from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
import pytest

from inventory_env.decision.formula_start import FormulaStart
from inventory_env.description.demand import Demand
from inventory_env.description.rules import KINDS, rule_of
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.recorded.history import History
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rules.baselines import formula_rule, start_kinds
from policies.rules.rule_based import ChainPolicy, RandomOrders, RulePolicy
from policies.rules.rule_book import START, RuleBook
from policies.runs.training import train

NOW = 6  # the last period before the tapes part
DEMANDS: dict[str, dict[str, Any]] = {
    "poisson": {"mean": 6.0},
    "negative-binomial": {"mean": 6.0, "sd": 5.0},
    "binomial": {"trials": 20, "probability": 0.3},
    "geometric": {"mean": 6.0},
    "normal": {"mean": 6.0, "sd": 2.0},
    "gamma": {"mean": 6.0, "sd": 4.0},
    "uniform": {"low": 2, "high": 9},
    "discrete-uniform": {"low": 2, "high": 9},
    "deterministic": {"mean": 6.0},
    "intermittent": {"probability": 0.4, "mean_size": 9.0},
    "trace": {"mean": 6.0, "sd": 3.0},
}
SEASON = {"weekday": [0.4, 0.7, 1.0, 1.0, 1.2, 1.5, 1.2], "yearly_amplitude": 0.3}
SETTINGS = {
    "worlds": 8,
    "worlds_per_tape": 4,
    "n_steps": 4,
    "batch_size": 32,
    "epochs": 1,
    "steps": 200,
    "validations": 1,
    "validation_worlds": 2,
    "hidden": [4],
}


def chain(kind: str, information: str) -> Scenario:
    """Everything that can be random is: lead times, disruptions, sharing, who waits."""
    season = {} if kind == "trace" else {"season": SEASON}
    stores = [
        {
            "name": f"s{i}",
            "demand": {"kind": kind, **DEMANDS[kind], **season},
            "lead_time": {"kind": "uniform", "low": 1, "high": 2 + i},
            "holding_cost": 1.0,
            "shortage_cost": 9.0,
        }
        for i in range(2)
    ]
    disruptions: dict[str, Any] = {"kind": "markov", "mean_up": 5, "mean_down": 2}
    if kind in ("poisson", "trace"):
        disruptions = {"kind": "calendar", "down": [[NOW + 2, NOW + 4]]}
    table = {
        "name": "open-ended",
        "periods": 20,
        "unmet_demand": "partial",
        "information": information,
        "stores": stores,
        "warehouse": {"lead_time": 2, "holding_cost": 0.5, "rationing": "random"},
        "supplier": {"unlimited": False, "disruptions": disruptions},
        "training": {**SETTINGS, "learn": "all" if kind == "geometric" else ["stores"]},
    }
    if kind == "trace":
        demand = np.rint(np.random.default_rng(1).gamma(4.0, 1.5, (120, 2)))
        dates = tuple(date(2024, 1, 1) + timedelta(days=i) for i in range(120))
        table["history"] = History(dates, ("s0", "s1"), demand, validate_from=60, test_from=90)
    return Scenario.model_validate(table)


def two_futures(scenario: Scenario) -> tuple[Tape, Tape]:
    """Two tapes that are alike until now; what is announced is the same in both."""
    one, other = (draw_tape(scenario, seed=s, purpose=Purpose.TUNE, worlds=3) for s in (1, 2))
    drawn = {}
    for name in ("demand", "lead_time", "supplier_up", "rationing", "waiting"):
        first, second = getattr(one, name), getattr(other, name)
        if first is not None and (name != "supplier_up" or one.known_down is None):
            drawn[name] = np.concatenate([first[:NOW], second[NOW:]])
    assert (drawn["lead_time"][NOW:] != one.lead_time[NOW:]).any()
    return one, replace(one, **drawn)


@cache
def learned(kind: str, information: str) -> Policy:
    scenario = chain(kind, information)
    book = RuleBook(scenario, 0)
    book.add(START, formula_rule(start_kinds(scenario)[0], scenario))
    with TemporaryDirectory() as folder:
        return train(scenario, seed=0, folder=Path(folder), book=book).learned


def policies(kind: str, information: str) -> list[Policy | FormulaStart]:
    """Every kind of rule, rules for every tier, and what a network learned."""
    scenario = chain(kind, information)
    stores = [RulePolicy(name, rule_of(name, levels(name))) for name in KINDS]
    tiers = ChainPolicy("tiers", stores[1], Params.of(scenario).rules)
    start = FormulaStart(shared=information == "shared")
    return [*stores, tiers, start, RandomOrders(3), learned(kind, information)]


def levels(kind: str) -> dict[str, Array]:
    given = {"level": 25.0, "cap": 9.0, "point": 15.0, "quantity": 8.0, "span": 10.0}
    return {name: np.array([[given[name], given[name] + 2]]) for name in KINDS[kind][1]}


def test_every_kind_of_demand_is_tried() -> None:
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in members()}
    assert kinds == set(DEMANDS)


def members() -> tuple[Any, ...]:
    return get_args(get_args(Demand)[0])


@pytest.mark.parametrize("information", ["shared", "local"])
@pytest.mark.parametrize("kind", DEMANDS)
def test_wishes_know_nothing_of_what_comes(kind: str, information: str) -> None:
    scenario = chain(kind, information)
    for policy in policies(kind, information):
        futures, chains = two_futures(scenario), (Chain(scenario), Chain(scenario))
        for world, tape in zip(chains, futures, strict=True):
            world.reset(tape)
        for period in range(NOW + 2):
            now, then = (policy.wishes(world.situation) for world in chains)
            if period <= NOW:
                np.testing.assert_array_equal(now, then, err_msg=f"{policy}, period {period}")
            for world, wishes in zip(chains, (now, then), strict=True):
                world.step(wishes)
        ends = [world.situation.state.on_hand for world in chains]
        assert (ends[0] != ends[1]).any()  # the futures did differ


def test_a_situation_holds_no_tape() -> None:
    scenario = chain("poisson", "shared")
    world, tape = Chain(scenario), two_futures(scenario)[0]
    world.reset(tape)

    def arrays(value: Any) -> list[Array]:
        if isinstance(value, np.ndarray):
            return [value]
        if is_dataclass(value):
            assert not isinstance(value, Tape)
            return [x for f in fields(value) for x in arrays(getattr(value, f.name))]
        return []

    drawn = [tape.demand, tape.lead_time, tape.supplier_up, tape.rationing, tape.waiting]
    for held in arrays(world.situation):
        assert not any(np.shares_memory(held, each) for each in drawn if each is not None)
