"""Levels of rules: from formulas, or found by simulation on tuning tapes.

A search looks for each store's levels in standard units (standard deviations of demand over the
cover, shares of a lot), so that one box of bounds serves every chain. All candidates of a
generation face the same demand, one world each, in one simulation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import differential_evolution

from inventory_env.description.need import Need
from inventory_env.description.population import needs
from inventory_env.description.rules import OrderRule, rule_of
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from inventory_env.simulation.worlds import laid_out
from policies.rollout import mean_costs
from policies.rules.rule_based import RulePolicy

SHARED_SEARCH_PERIODS = 24_000  # store-periods a candidate is judged on
JOINT_SEARCH_STORES = 6  # the levels of more stores are searched in turn, not together
TURN_STEPS = (0.04, 0.015)  # shares of a level's bounds


@dataclass(frozen=True)
class _Level:
    """One level of a rule in standard units: bounds, the start, and its value in units."""

    low: float
    high: float
    auto: Callable[[Need], Array]
    units: Callable[[Need, Array], Array]


def _stock(periods: Callable[[Need], Array]) -> _Level:
    return _Level(
        -3.0,
        4.0,
        lambda need: need.safety_factor,
        lambda need, x: np.maximum(need.mean * periods(need) + x * need.cover_sd, 0.0),
    )


def _zero(need: Need) -> Array:
    return np.zeros_like(need.mean)


_UP_TO = _stock(lambda need: need.cover)
_POINT = _stock(lambda need: need.lead_time)
_CAP = _Level(-0.5, 5.0, lambda need: _zero(need) + 0.5, lambda need, x: need.cap(x))
_LOT = _Level(-2.0, 1.5, _zero, lambda need, x: np.exp(x) * need.lot)
_RATE = _Level(-0.9, 0.6, _zero, lambda need, x: need.mean * need.review * (1 + x))

SEARCHED: dict[str, dict[str, _Level]] = {
    "reorder-point": {"point": _POINT, "quantity": _LOT},
    "min-max": {"point": _POINT, "span": _LOT},
    "base-stock": {"level": _UP_TO},
    "capped-base-stock": {"level": _UP_TO, "cap": _CAP},
    "capped-min-max": {"point": _POINT, "span": _LOT, "cap": _CAP},
    "constant-order": {"quantity": _RATE},
}


def standard_levels(kind: str) -> list[_Level]:
    """The levels of a kind of rule in standard units, in order."""
    return list(SEARCHED[kind].values())


BASELINES = (
    "reorder-point",
    "min-max",
    "base-stock",
    "capped-base-stock",
    "constant-order",
    "random",
)


def baseline_names(asked: Sequence[str], scenario: Scenario) -> list[str]:
    """The baselines asked for, each once; "all" is every one that the scenario has.

    Raises:
        InputError: if there is no such baseline.
    """
    known = [*BASELINES, *(["current"] if scenario.store_rule else [])]
    for name in asked:
        if name not in [*known, "all"]:
            allowed = ", ".join([*known, "all"])
            raise InputError(f"baseline {name!r} is unknown; allowed: {allowed}")
    return known if "all" in asked else list(dict.fromkeys(asked))


def current_rule(scenario: Scenario) -> OrderRule:
    """The rule that the stores use today."""
    assert scenario.store_rule is not None
    return scenario.store_rule.build(_store_needs(scenario))


def formula_rule(kind: str, scenario: Scenario) -> OrderRule:
    """A rule of this kind with "auto" levels."""
    need = _store_needs(scenario)
    return _rule(kind, scenario, np.stack([level.auto(need).T for level in standard_levels(kind)]))


def start_kind(scenario: Scenario) -> str:
    """The rule that learning starts from: capped base-stock, or capped (s, S) where an order
    itself costs money or has a minimum."""
    lumpy = any(store.order_cost or store.orders.minimum for store in scenario.stores)
    return "capped-min-max" if lumpy else "capped-base-stock"


def _store_needs(scenario: Scenario) -> Need:
    """(1, store) what the stores cover."""
    return needs(scenario, echelon=False).at(slice(0, len(scenario.stores)))


def _rule(kind: str, scenario: Scenario, point: Array) -> OrderRule:
    """The rule at a point in standard units, shape (level, store, candidate).

    Its levels have shape (candidate, store), in whole units where stock is whole.
    """
    need, values = _store_needs(scenario), {}
    for (name, level), x in zip(SEARCHED[kind].items(), point, strict=True):
        units = level.units(need, x.T)
        if scenario.whole:
            units = np.rint(units)
        if name == "quantity" and kind == "reorder-point":
            units = np.maximum(units, 1.0 if scenario.whole else 1e-6)
        values[name] = units
    return rule_of(kind, values)


def tuned_rule(kind: str, scenario: Scenario, *, seed: int) -> OrderRule:
    """The best rule of this kind on tuning tapes: first one set of standard units for all stores,
    then one for each."""
    levels = standard_levels(kind)
    stores = len(scenario.stores)
    worlds = max(16, SHARED_SEARCH_PERIODS // (scenario.periods * stores))
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=worlds)
    lows = np.array([level.low for level in levels])
    highs = np.array([level.high for level in levels])
    # Shared coordinates shift each store's own formula, so that unlike stores stay unlike.
    need = _store_needs(scenario)
    centre = np.concatenate([level.auto(need) for level in levels])

    def shared(shift: Array) -> Array:
        spread = centre[:, :, None] + shift[:, None, :]
        return np.clip(spread, lows[:, None, None], highs[:, None, None])

    shifts = minimise(
        lambda x: _costs(kind, scenario, shared(x), tape),
        list(zip(lows - centre.max(axis=1), highs - centre.min(axis=1), strict=True)),
        start=np.zeros(len(levels)),
        seed=seed,
    )
    best = shared(shifts[:, None])
    if stores > JOINT_SEARCH_STORES:
        own = _in_turn(lambda x: _costs(kind, scenario, x, tape), best, lows, highs)
        fresh = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=4 * worlds, episode=1)
        both = np.concatenate([best, own], axis=2)
        best = both[:, :, [int(np.argmin(_costs(kind, scenario, both, fresh)))]]
    elif stores > 1:
        shape = (len(levels), stores)
        width = 0.15 * (highs - lows)[:, None]
        middle = best[:, :, 0]
        low = np.maximum(middle - width, lows[:, None]).reshape(-1)
        high = np.minimum(middle + width, highs[:, None]).reshape(-1)
        found = minimise(
            lambda x: _costs(kind, scenario, x.reshape(*shape, -1), tape),
            list(zip(low, np.maximum(high, low + 1e-6), strict=True)),
            start=np.clip(middle.reshape(-1), low, high),
            seed=seed,
        )
        best = found.reshape(*shape, 1)
    return _rule(kind, scenario, best)


def _costs(kind: str, scenario: Scenario, points: Array, tape: Tape) -> Array:
    """(candidate,) mean cost per period of each candidate on the same tape."""
    candidates = points.shape[2]
    rule = _rule(kind, scenario, points)
    tiled = replace(
        rule,  # type: ignore[type-var]
        **{
            name: laid_out(np.tile(levels, (tape.worlds, 1))) for name, levels in vars(rule).items()
        },
    )
    costs = mean_costs(RulePolicy(kind, tiled), scenario, tape.repeated(candidates))
    return costs.reshape(tape.worlds, candidates).mean(axis=0)


def _in_turn(cost: Callable[[Array], Array], point: Array, lows: Array, highs: Array) -> Array:
    """Improve one level of one store after the other; `point` is (level, store, 1)."""
    for share in TURN_STEPS:
        for store in range(point.shape[1]):
            for level, (low, high) in enumerate(zip(lows, highs, strict=True)):
                moves = share * (high - low) * np.arange(-2, 3)
                tried = np.repeat(point, len(moves), axis=2)
                tried[level, store] = np.clip(tried[level, store] + moves, low, high)
                point = tried[:, :, [int(np.argmin(cost(tried)))]]
    return point


def minimise(
    cost: Callable[[Array], Array], bounds: Sequence[tuple[float, float]], start: Array, seed: int
) -> Array:
    """Differential evolution over a box; `cost` takes (dimension, candidate)."""
    result: Any = differential_evolution(
        cost,  # type: ignore[arg-type]  # vectorised: many points in, many costs out
        bounds,  # type: ignore[arg-type]
        x0=start,
        rng=np.random.default_rng(seed),
        vectorized=True,
        updating="deferred",
        polish=False,
        popsize=max(32 // len(bounds), 6),
        maxiter=24 + 6 * len(bounds),
        init="sobol",
        tol=1e-4,
        mutation=(0.4, 0.9),
    )
    return np.asarray(result.x, dtype=np.float64)
