"""Random scenarios for Hypothesis: every switch of the model, small numbers, given rule levels."""

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st

from inventory_env.description.scenario import Scenario
from inventory_env.recorded.history import History


def _number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: round(value, 3))


def seasons() -> st.SearchStrategy[dict[str, Any]]:
    """Weekly, yearly and trend patterns."""

    def build(raw: list[float], amplitude: float, peak: float, trend: float) -> dict[str, Any]:
        factors = [value / sum(raw) * len(raw) for value in raw]
        return {
            "weekday" if len(raw) == 7 else "cycle": factors,
            "yearly_amplitude": amplitude,
            "yearly_peak": peak,
            "trend_per_year": trend,
        }

    return st.builds(
        build,
        st.lists(_number(0.1, 3), min_size=2, max_size=7),
        _number(0, 0.9),
        _number(0, 1),
        _number(-0.9, 5),
    )


@st.composite
def demands(draw: st.DrawFn) -> dict[str, Any]:
    """One store's demand of any kind that is drawn."""
    mean = draw(_number(0.5, 8))
    spread = draw(_number(0.1, 6))
    low = draw(st.integers(0, 4))
    high = low + draw(st.integers(1, 6))
    demand: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"kind": "poisson", "mean": mean},
                {"kind": "negative-binomial", "mean": mean, "sd": mean**0.5 + spread},
                {"kind": "geometric", "mean": mean},
                {"kind": "normal", "mean": mean, "sd": spread},
                {"kind": "gamma", "mean": mean, "sd": spread},
                {"kind": "uniform", "low": low, "high": high},
                {"kind": "discrete-uniform", "low": low, "high": high},
                {"kind": "deterministic", "mean": mean},
                {"kind": "intermittent", "probability": 0.3, "mean_size": 1 + spread},
            ]
        )
    )
    if draw(st.booleans()):
        demand["season"] = draw(seasons())
    return demand


def drifts() -> st.SearchStrategy[dict[str, Any] | None]:
    """None, or some parts of a demand that drifts."""
    parts = {
        "level": 0.4,
        "walk": 0.05,
        "jumps": 10,
        "trend": 0.5,
        "season": 0.8,
        "spikes": 10,
        "noise": 0.3,
        "spread": 0.4,
    }
    chosen = st.sets(st.sampled_from(sorted(parts)), min_size=1)
    tables = st.builds(
        lambda names, common: {name: parts[name] for name in names} | {"common": common},
        chosen,
        st.sampled_from([0.0, 0.4, 1.0]),
    )
    return st.one_of(st.none(), tables)


def lead_times() -> st.SearchStrategy[Any]:
    """Constant, uniform and discrete lead times, 0 included, so that shipments may cross."""
    uniform = st.tuples(st.integers(0, 2), st.integers(0, 3)).map(
        lambda ends: {"kind": "uniform", "low": ends[0], "high": sum(ends)}
    )
    discrete = st.sampled_from(
        [
            {"kind": "discrete", "periods": [0, 5], "weights": [0.5, 0.5]},
            {"kind": "discrete", "periods": [4, 1], "weights": [0.25, 0.75]},
        ]
    )
    return st.one_of(st.integers(0, 4), uniform, discrete)


@st.composite
def order_constraints(draw: st.DrawFn, whole: bool, pack: bool) -> dict[str, Any]:
    """Order constraints of one site that leave some order possible."""
    limits: dict[str, Any] = {"review": draw(st.sampled_from([1, 1, 2, 5]))}
    unit = float(draw(st.integers(1, 5))) if whole else draw(_number(0.5, 5))
    if pack:
        limits["pack_size"] = unit
    if draw(st.booleans()):
        limits["minimum"] = unit * draw(st.integers(0, 3))
    least = max(limits.get("minimum", 0.0), unit)
    for name, more in (("maximum", 15), ("storage_limit", 40)):
        if draw(st.integers(0, 2)) == 0:
            limits[name] = least + draw(_number(0, more))
    return limits


def rules(scale: float) -> st.SearchStrategy[dict[str, Any]]:
    """Any order rule with given levels."""
    level = _number(0, 8 * scale)
    position = st.sampled_from(["local", "echelon"])

    def kind(name: str, **levels: st.SearchStrategy[float]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"kind": st.just(name), "position": position, **levels})

    return st.one_of(
        kind("base-stock", level=level),
        kind("capped-base-stock", level=level, cap=_number(0, 2 * scale)),
        kind("reorder-point", point=level, quantity=_number(0.5, 2 * scale)),
        kind("min-max", point=level, span=_number(0, 2 * scale)),
        kind("constant-order", quantity=_number(0, 2 * scale)),
    )


def _starting_stock() -> st.SearchStrategy[Any]:
    return st.sampled_from(["auto", 0, 7, [1, 9]])


def _prices(draw: st.DrawFn) -> dict[str, float]:
    fixed = draw(st.sampled_from([0.0, 2.5]))
    names = ("holding_cost", "unit_cost")
    return {"order_cost": fixed} | {name: draw(_number(0, 3)) for name in names}


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A chain with 1 to 4 stores and episodes of 15 periods."""
    whole = draw(st.booleans())
    periods = 15
    count = draw(st.integers(1, 4))
    packs = draw(st.booleans())
    recorded = draw(st.integers(0, 6)) == 0
    stores = [
        {
            "name": f"store-{i}",
            "demand": {"kind": "trace", "mean": 3.1, "sd": 2.0} if recorded else draw(demands()),
            "lead_time": draw(lead_times()),
            "shortage_cost": draw(_number(0, 20)),
            "priority": draw(st.integers(0, 2)),
            "orders": draw(order_constraints(whole, packs)) if draw(st.booleans()) or packs else {},
            "starting_stock": draw(_starting_stock()),
            "starting_pipeline": draw(_starting_stock()),
            **_prices(draw),
        }
        for i in range(count)
    ]

    def upstream() -> dict[str, Any]:
        pack = draw(st.booleans())
        return {
            "unlimited": draw(st.integers(0, 3)) == 0,
            "lead_time": draw(lead_times()),
            "rule": draw(rules(4.0 * count)),
            "orders": draw(order_constraints(whole, pack)) if draw(st.booleans()) else {},
            "starting_stock": draw(_starting_stock()),
            "starting_pipeline": draw(_starting_stock()),
            **_prices(draw),
        }

    warehouse = upstream() | {
        "rationing": draw(st.sampled_from(["proportional", "fair-share", "priority", "random"]))
    }
    supplier = upstream()
    if draw(st.booleans()):
        supplier["capacity"] = draw(st.integers(1, 12)) if whole else draw(_number(1, 12))
    disruptions: list[dict[str, Any] | None] = [
        None,
        {"kind": "markov", "mean_up": 4, "mean_down": 3},
        {"kind": "calendar", "down": [[2, 4], [9, 9]]},
    ]
    chosen = draw(st.sampled_from(disruptions))
    if chosen is not None:
        supplier["disruptions"] = chosen
    table: dict[str, Any] = {
        "name": "drawn",
        "periods": periods,
        "units": "whole" if whole else "continuous",
        "unmet_demand": draw(st.sampled_from(["lost", "backorder", "partial"])),
        "waiting_share": draw(_number(0, 1)),
        "unshipped_orders": draw(st.sampled_from(["owed", "dropped"])),
        "demand_correlation": 0.0 if recorded else draw(st.sampled_from([0.0, 0.0, 0.6])),
        "demand_drift": draw(drifts()),
        "preceding": "auto" if recorded else draw(st.sampled_from(["auto", 0, 7, 12])),
        "stores": stores,
        "warehouse": warehouse,
        "supplier": supplier,
    }
    if recorded:
        table["history"] = _history(whole, count)
    return Scenario.model_validate(table)


@st.composite
def chains_of_one_shape(draw: st.DrawFn) -> list[Scenario]:
    """Up to twenty chains that differ in every number and law, but not in their shape."""
    whole, packs, count = draw(st.booleans()), draw(st.booleans()), draw(st.integers(1, 4))
    kinds = [draw(rules(4.0 * count)) for _ in range(2)]
    same: dict[str, Any] = {
        "periods": 15,
        "warm_up": 3,
        "units": "whole" if whole else "continuous",
        "unmet_demand": draw(st.sampled_from(["lost", "backorder", "partial"])),
        "unshipped_orders": draw(st.sampled_from(["owed", "dropped"])),
        "preceding": draw(st.sampled_from(["auto", 0, 7, 12])),
    }
    unlimited = draw(st.integers(0, 3)) == 0, draw(st.integers(0, 2)) == 0
    rationing = draw(st.sampled_from(["proportional", "fair-share", "priority", "random"]))

    def site(rule: dict[str, Any] | None, pack: bool) -> dict[str, Any]:
        found: dict[str, Any] = {
            "lead_time": draw(lead_times()),
            "orders": draw(order_constraints(whole, pack)) if draw(st.booleans()) or pack else {},
            "starting_stock": draw(_starting_stock()),
            "starting_pipeline": draw(_starting_stock()),
            **_prices(draw),
        }
        if rule is not None:
            levels = {name: value for name, value in rule.items() if isinstance(value, float)}
            scaled = {name: 1.5 * value + 0.5 for name, value in levels.items()}
            found["rule"] = {**rule, **(scaled if draw(st.booleans()) else {})}
        return found

    chains = []
    for number in range(draw(st.integers(1, 20))):
        stores = [
            {
                **site(None, packs),
                "name": f"store-{i}",
                "demand": draw(demands()),
                "shortage_cost": draw(_number(0, 20)),
                "priority": draw(st.integers(0, 2)),
            }
            for i in range(count)
        ]
        warehouse = {
            **site(kinds[0], pack=False),
            "unlimited": unlimited[0],
            "rationing": rationing,
        }
        supplier = {**site(kinds[1], pack=False), "unlimited": unlimited[1]}
        if draw(st.booleans()):
            supplier["capacity"] = draw(st.integers(1, 12))
        if draw(st.integers(0, 2)) == 0:
            supplier["disruptions"] = draw(
                st.sampled_from(
                    [
                        {"kind": "markov", "mean_up": 4, "mean_down": 3},
                        {"kind": "calendar", "down": [[2, 4], [9, 9]]},
                    ]
                )
            )
        table = {
            **same,
            "name": f"chain-{number}",
            "waiting_share": draw(_number(0, 1)),
            "demand_correlation": draw(st.sampled_from([0.0, 0.6])),
            "demand_drift": draw(drifts()),
            "stores": stores,
            "warehouse": warehouse,
            "supplier": supplier,
        }
        chains.append(Scenario.model_validate(table))
    return chains


def _history(whole: bool, stores: int) -> History:
    demand = np.random.default_rng(5).gamma(2.0, 1.5, (80, stores))
    return History(
        dates=tuple(date(2024, 1, 1) + timedelta(days=i) for i in range(80)),
        stores=tuple(f"store-{i}" for i in range(stores)),
        demand=np.rint(demand) if whole else demand,
        validate_from=40,
        test_from=60,
    )
