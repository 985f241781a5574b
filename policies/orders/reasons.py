"""Why a quantity: the rule's arithmetic, what the network adds, what bound, what it buys."""

from typing import Any

import numpy as np

from inventory_env.description.rules import levels_of
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation
from policies.orders.futures import Outcomes
from policies.orders.proposal import Proposal, rules_of

MOST_REASONS = 3  # values of the network that are named
LEAST_SHARE = 0.1  # of the largest; what moves less is not named


def units(value: float) -> str:
    """A quantity for people: two decimals where they matter.

    >>> units(28.0), units(3.14159), units(-0.0)
    ('28', '3.14', '0')
    """
    return f"{round(float(value), 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def signed(value: float) -> str:
    """A change for people.

    >>> signed(4.0), signed(-1.5)
    ('+4', '-1.5')
    """
    return ("+" if value >= 0 else "-") + units(abs(value))


def arithmetic(kind: str, levels: dict[str, float], position: float, factor: float = 1.0) -> str:
    """A rule's order, to be checked by hand; `position` is the stock that the rule looks at.

    >>> arithmetic("base-stock", {"level": 80.0}, 52.0)
    'target 80 less position 52 = 28'
    >>> arithmetic("capped-base-stock", {"level": 80.0, "cap": 20.0}, 52.0)
    'target 80 less position 52 = 28, at most 20'
    >>> arithmetic("reorder-point", {"point": 60.0, "quantity": 25.0}, 52.0)
    'position 52 is at or below 60: 1 lot of 25'
    >>> arithmetic("min-max", {"point": 40.0, "span": 30.0}, 52.0)
    'position 52 is above 40: nothing'
    >>> arithmetic("projected-inventory", {"level": 7.0}, 2.4)
    'target 7 less 2.4 expected on arrival = 4.6'
    """
    held = units(position)
    if kind == "projected-inventory":
        short, target = levels["level"] - position, units(levels["level"])
        return (
            f"target {target} less {held} expected on arrival = {units(short)}"
            if short > 0
            else f"{held} expected on arrival reach the target {target}: nothing"
        )
    if kind == "constant-order":
        return f"{units(levels['quantity'] * factor)} every period"
    point = levels.get("point", np.inf)
    if position > point:
        return f"position {held} is above {units(point)}: nothing"
    if kind == "reorder-point":
        lot = levels["quantity"]
        lots = int(np.floor((point - position) / lot)) + 1
        many = "lot" if lots == 1 else "lots"
        return f"position {held} is at or below {units(point)}: {lots} {many} of {units(lot)}"
    level = levels["level"] if "level" in levels else point + levels["span"]
    short, cap = level - position, levels.get("cap", np.inf) * factor
    if short <= 0:
        return f"position {held} has reached the target {units(level)}: nothing"
    bound = f", at most {units(cap)}" if short > cap else ""
    return f"target {units(level)} less position {held} = {units(short)}{bound}"


def rule_words(proposal: Proposal) -> list[str]:
    """Each site's rule, with the stock it looks at."""
    situation = proposal.situation
    factor = situation.arrival_factor
    words = []
    for site, found in enumerate(rules_of(proposal.decider, situation)):
        if found is None:
            words.append(f"the run below orders {units(proposal.rule_wishes[site])}")
            continue
        rule, echelon = found
        rule = situation.present(rule, slice(site, site + 1), echelon=echelon)
        kind, levels = levels_of(rule)
        own = {name: _at(values, site, situation) for name, values in levels.items()}
        if rule.looks_at == "arrival":
            words.append(_arrival_words(situation, site, own))
            continue
        position = situation.adjusted_position(echelon=echelon)[0, site]
        plain = situation.echelon_position if echelon else situation.position
        text = arithmetic(kind, own, position, _factor(factor, site))
        if echelon:
            text = text.replace("position", "echelon position", 1)
        swing = plain[0, site] - position
        if abs(swing) > 0.005:
            text += f" (position {units(plain[0, site])}, forecast {signed(swing)} over the usual)"
        words.append(text)
    return words


def _arrival_words(situation: Situation, site: int, levels: dict[str, float]) -> str:
    """The rule that looks at the stock expected when an order made now arrives."""
    seen = float(situation.stock_at_arrival[0, site])
    expected = situation.projection.arrival_mean[0, site] + situation.state.owed[0, site]
    text = arithmetic("projected-inventory", levels, seen)
    swing = expected - seen
    if abs(swing) > 0.005:
        text += f" ({units(expected)} expected, forecast {signed(swing)} over the usual after it)"
    return text


def _at(values: Array, site: int, situation: Situation) -> float:
    row = np.atleast_2d(values)[0]
    stores = situation.params.stores
    return float(row[site] if site < stores and len(row) > 1 else row[0])


def _factor(factor: Array | float, site: int) -> float:
    if isinstance(factor, float):
        return factor
    return float(factor[0, site]) if site < factor.shape[1] else 1.0


def network_words(proposal: Proposal) -> dict[int, str]:
    """By site, the learned offset and the values that move it most."""
    explanation = proposal.explanation
    if explanation is None:
        return {}
    words = {}
    for row, site in enumerate(explanation.sites):
        if proposal.outside[site]:
            words[int(site)] = "beyond what the policy was trained on, so the rule orders"
            continue
        if proposal.untrusted[site]:
            words[int(site)] = "the policy should save nothing here, so the rule orders"
            continue
        offset = proposal.wishes[site] - proposal.rule_wishes[site]
        text = f"learned offset {signed(offset)}"
        moved = explanation.moved[row]
        strongest = np.argsort(-np.abs(moved), kind="stable")[:MOST_REASONS]
        least = max(0.005, LEAST_SHARE * float(np.abs(moved).max(initial=0.0)))
        named = [
            f"{explanation.names[value].replace('_', ' ')} "
            f"{signed(explanation.seen[row, value])} sd: {signed(moved[value])}"
            for value in strongest
            if abs(moved[value]) >= least
        ]
        words[int(site)] = f"{text} ({'; '.join(named)})" if named else text
    return words


def constraint_words(proposal: Proposal) -> list[tuple[str, str]]:
    """For each site which order constraint bound, as a code and in words; empty where none did."""
    situation = proposal.situation
    limits = situation.params.limits
    found = []
    for site, (wish, order) in enumerate(zip(proposal.wishes, proposal.proposed, strict=True)):

        def limit(values: Any, absent: float, site: int = site) -> float:
            return absent if values is None else float(values[0, site])

        rounded = max(np.floor(wish + 0.5), 0.0) if limits.whole else max(wish, 0.0)
        code, words = "", ""
        review, pack = limit(limits.review, 1), limit(limits.pack_size, 0.0)
        minimum, maximum = limit(limits.minimum, 0.0), limit(limits.maximum, np.inf)
        storage = limit(limits.storage_limit, np.inf)
        if abs(order - rounded) > 1e-9:
            if situation.period % review:
                left = int(review - situation.period % review)
                code, words = "review", f"not a day of review, the next is in {left} periods"
            elif order < rounded:
                kind = (
                    "storage" if storage < np.inf and order < min(rounded, maximum) else "maximum"
                )
                size = storage if kind == "storage" else maximum
                code, words = kind, f"cut to {units(order)} by the {kind} of {units(size)}"
            elif rounded < minimum and order - minimum < max(pack, 1e-9):
                code, words = "minimum", f"raised to {units(order)} by the minimum {units(minimum)}"
            else:
                code, words = "pack", f"raised to {units(order)}, full packs of {units(pack)}"
        found.append((code, words))
    return found


def worth_words(outcomes: Outcomes, site: int) -> str:
    """What the order buys, against none."""
    saved = outcomes.nothing.cost[site] - outcomes.orders.cost[site]
    before, after = outcomes.nothing.stockout_after[site], outcomes.orders.stockout_after[site]
    worth = "saves" if saved >= 0 else "costs"
    return (
        f"{worth} {units(abs(saved))} in {outcomes.horizon} periods against no order, chance of a "
        f"stock-out {after:.0%}, else {before:.0%}"
    )
