"""A slow simulator of one world in plain Python, written from the text of the model.

It shares nothing with the arithmetic under test: sites are dicts, goods on the way are a list of
(period of arrival, units), scarce stock is shared by bisection. It reads a tape's numbers only.
"""

import math
from collections.abc import Sequence
from typing import Any

from inventory_env.description.rules import OrderConstraints
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.tape import Tape

Record = dict[str, Any]


def possible_order(
    wish: float, limits: OrderConstraints, whole: bool, stock: float, period: int
) -> float:
    """The order that comes of a wish under a site's order constraints."""
    if period % limits.review or wish <= 1e-9:
        return 0.0
    order = float(math.floor(wish + 0.5)) if whole else wish
    if order == 0:
        return 0.0
    order = max(order, limits.minimum)
    most = math.inf if limits.maximum is None else limits.maximum
    if limits.storage_limit is not None:
        most = min(most, max(limits.storage_limit - stock, 0.0))
    pack = limits.pack_size or (1.0 if whole else None)
    if pack is None:
        order = min(order, most)
    else:
        packs = math.ceil(order / pack - 1e-9)
        if most < math.inf:
            packs = min(packs, math.floor(most / pack + 1e-9))
        order = packs * pack
    return order if order >= max(limits.minimum - 1e-9, 1e-9) else 0.0


def share(
    rule: str,
    stock: float,
    *,
    requests: list[float],
    positions: list[float],
    means: list[float],
    ranks: list[float],
    whole: bool,
) -> list[float]:
    """What each store gets of a stock that may not suffice."""
    stores = range(len(requests))
    if sum(requests) <= max(stock, 0.0):  # rounding may leave a little less than nothing
        return list(requests)
    if rule in ("priority", "random"):
        shipped, left = [0.0 for _ in stores], stock
        for i in sorted(stores, key=lambda i: ranks[i]):
            shipped[i] = min(requests[i], left)
            left -= shipped[i]
        return shipped
    if rule == "proportional":
        shares = [r * stock / sum(requests) for r in requests]
    else:

        def at(cover: float) -> list[float]:
            return [min(max(cover * means[i] - positions[i], 0.0), requests[i]) for i in stores]

        low = min(positions[i] / means[i] for i in stores)
        high = max((positions[i] + requests[i]) / means[i] for i in stores)
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if sum(at(middle)) < stock else (low, middle)
        shares = at(high)
    if not whole:
        return shares
    shipped = [float(math.floor(s + 1e-9)) for s in shares]
    largest_first = sorted(stores, key=lambda i: -round(shares[i] - shipped[i], 9))
    for i in [i for i in largest_first if shipped[i] < requests[i]]:
        if sum(shipped) < stock:
            shipped[i] += 1.0
    return shipped


def rule_order(rule: Any, levels: dict[str, float], position: float, factor: float = 1.0) -> float:
    """What a kind of rule with these levels orders; rates and caps follow the factor."""
    kind = rule if isinstance(rule, str) else rule.kind
    gap = levels.get("level", 0.0) - position
    if kind == "base-stock":
        return max(gap, 0.0)
    if kind == "capped-base-stock":
        return min(max(gap, 0.0), levels["cap"] * factor)
    if kind == "reorder-point":
        position -= 1e-9  # rounding in a forecast does not decide
        return (math.floor((levels["point"] - position) / levels["quantity"]) + 1) * (
            levels["quantity"] if position <= levels["point"] else 0.0
        )
    if kind in ("min-max", "capped-min-max"):
        up_to = levels["point"] + levels["span"] - position
        reached = position - 1e-9 <= levels["point"]
        return min(up_to, levels.get("cap", math.inf) * factor) if reached else 0.0
    assert kind == "constant-order"
    return float(levels["quantity"]) * factor


def levels_of(config: Any) -> dict[str, float]:
    """The levels that a rule's table in a scenario gives."""
    names = ("level", "cap", "point", "quantity", "span")
    return {name: float(getattr(config, name)) for name in names if hasattr(config, name)}


class _Site:
    """Stock, goods on the way to it, and what its upstream site owes it."""

    def __init__(self, on_hand: float, slots: list[float]) -> None:
        self.on_hand = on_hand
        self.on_the_way = [(k + 1, float(units)) for k, units in enumerate(slots)]
        self.owed = 0.0
        self.received = 0.0
        self.opening = on_hand

    def open(self, period: int) -> None:
        """Step 1: what is due arrives."""
        self.opening = self.on_hand
        self.received = 0.0
        self._arrive(period)

    def _arrive(self, period: int) -> None:
        due = sum(units for when, units in self.on_the_way if when == period)
        self.on_the_way = [item for item in self.on_the_way if item[0] != period]
        self.received += due
        self.on_hand += due

    def send(self, units: float, period: int, lead_time: int) -> None:
        """A shipment to this site leaves now; without a lead time it arrives at once."""
        self.on_the_way.append((period + lead_time, units))
        if lead_time == 0:
            self._arrive(period)

    def coming(self, period: int, slots: int) -> list[float]:
        """Units that arrive 1, 2, ... periods from now."""
        return [
            sum(units for when, units in self.on_the_way if when == period + k + 1)
            for k in range(slots)
        ]

    @property
    def under_way(self) -> float:
        return sum(units for _, units in self.on_the_way)


class _Belief:
    """What a store makes of the demand it has seen, one number at a time."""

    def __init__(self, by_mean: float, by_square: float, *, whole: bool) -> None:
        self.whole, self.by_mean, self.by_square = whole, by_mean, by_square
        self.seen = 0
        self.slow = self.medium = self.fast = 0.0
        self.spread = 1.0

    def expected(self, mean: float) -> float:
        """Variance of a period's demand at such a level."""
        return self.by_mean * mean + self.by_square * mean**2

    @property
    def mean(self) -> float:
        found = self.slow
        for faster, weight, clear in ((self.medium, 0.06, 2), (self.fast, 0.2, 6)):
            error = self.expected(found) * self.spread * weight / (2 - weight)
            z = (faster - found) ** 2 / (error + 1e-12)
            found += z**2 / (z**2 + clear**2) * (faster - found)
        return max(found, 0.05 * self.slow, 0.5 / (self.seen + 1) if self.whole else 1e-3)

    @property
    def sd(self) -> float:
        known = min(max(self.seen - 1, 0), 1 / 0.03)
        share = min(max((known * self.spread + 8) / (known + 8), 0.1), 10)
        return math.sqrt(self.expected(self.mean) * share)

    def see(self, demand: float, factor: float) -> None:
        demand /= max(factor, 0.05)
        surprise = min((demand - self.mean) ** 2 / (self.expected(self.mean) + 1e-12), 50)
        if self.seen > 0:
            self.spread += max(0.03, 1 / self.seen) * (surprise - self.spread)
        self.slow += max(0.02, 1 / (self.seen + 1)) * (demand - self.slow)
        self.medium += max(0.06, 1 / (self.seen + 1)) * (demand - self.medium)
        self.fast += max(0.2, 1 / (self.seen + 1)) * (demand - self.fast)
        self.seen += 1


class Reference:
    """One world, period by period."""

    def __init__(self, scenario: Scenario, tape: Tape, world: int) -> None:
        self.scenario, self.tape, self.world = scenario, tape, world
        self.limited = not scenario.warehouse.unlimited
        self.produces = self.limited and not scenario.supplier.unlimited
        self.learns = scenario.history is not None or scenario.preceding not in ("auto", 0)
        count = len(scenario.stores)

        def site(number: int, exists: bool = True) -> _Site:
            if not exists:
                return _Site(0.0, [])
            slots = [float(slot[world, number]) for slot in tape.start.pipeline]
            return _Site(float(tape.start.on_hand[world, number]), slots)

        self.stores = [site(i) for i in range(count)]
        self.waiting = [0.0 for _ in scenario.stores]
        self.period = 0
        self.beliefs = [self._remembered(i) for i in range(count)]
        self.warehouse = site(count, self.limited)
        self.supplier = site(count + 1, self.produces)
        self._open()

    def _remembered(self, i: int) -> "_Belief":
        """What a store believes at the start, after the demand before the first period."""
        chain, (mean, sd) = self.scenario, self.scenario.stores[i].demand.moments
        whole = float(chain.whole)
        if chain.history is None:
            belief = _Belief(whole, 0.3, whole=chain.whole)
            for ahead in range(-int(chain.preceding) if self.learns else 0, 0):
                drawn = self.tape.preceding[ahead, self.world, i]
                belief.see(float(drawn), self._factor(i, ahead))
            return belief
        by_mean = min(1.0, sd**2 / mean) * whole
        by_square = max((sd**2 - by_mean * mean) / mean**2, 1e-4)
        belief = _Belief(by_mean, by_square, whole=chain.whole)
        first = int(self.tape.first_day[self.world])
        for t in range(first - 28, first):
            belief.see(mean if t < 0 else chain.history.demand[t, i], 1.0)
        return belief

    def _lead_time(self, number: int, link: Any) -> int:
        """Of what leaves now for a site."""
        if self.tape.lead_time is None:
            return int(link.lead_time.maximum)
        return int(self.tape.lead_time[self.period, self.world, number])

    def _open(self) -> None:
        for site in self.sites:
            site.open(self.period)

    @property
    def sites(self) -> list[_Site]:
        """The sites that order something, downstream first."""
        upstream = [self.warehouse] * self.limited + [self.supplier] * self.produces
        return [*self.stores, *upstream]

    def _waits(self) -> list[float]:
        """Who waits at each site: customers, or what it owes to the sites it ships to."""
        owed = [sum(store.owed for store in self.stores)] * self.limited
        return [*self.waiting, *owed, *[self.warehouse.owed] * self.produces]

    def state(self) -> Record:
        """Stock at the moment of decision, named like the fields of `State`."""
        slots = len(self.tape.start.pipeline)
        coming = [site.coming(self.period, slots) for site in self.sites]
        return {
            "on_hand": [site.on_hand for site in self.sites],
            "received": [site.received for site in self.sites],
            "pipeline": [[site[k] for site in coming] for k in range(slots)],
            "owed": [site.owed for site in self.sites],
            "backorders": self._waits(),
        }

    def _factor(self, store: int, ahead: int) -> float:
        """The season's factor on a store's mean, some periods from now."""
        chain = self.scenario
        season, year = chain.stores[store].demand.season, chain.periods_per_year
        if season is None:
            return 1.0
        elapsed = self.period + ahead
        day = int(self.tape.first_day[self.world]) + elapsed
        slots = season.weekday or season.cycle
        factor = slots[day % len(slots)] if slots else 1.0
        wave = math.cos(2 * math.pi * (day / year - season.yearly_peak))
        factor *= 1 + season.yearly_amplitude * wave
        return factor * max(1 + season.trend_per_year * elapsed / year, 0.0)

    def _believed(self, store: int) -> tuple[float, float]:
        """Mean and standard deviation of demand, as now believed where its law is not told."""
        if not self.learns:
            mean, sd = self.scenario.stores[store].demand.moments
            return mean, sd
        return self.beliefs[store].mean, self.beliefs[store].sd

    def _at_level(self, levels: dict[str, float], stores: Sequence[int]) -> dict[str, float]:
        """Levels of a rule in units follow recorded demand of these stores together."""
        if self.scenario.history is None:
            return levels
        known = sum(self.scenario.stores[i].demand.moments[0] for i in stores)
        now = sum(self._believed(i)[0] for i in stores)
        return {name: level * now / known for name, level in levels.items()}

    def store_order(self, kind: str, levels: dict[str, float], store: int) -> float:
        """What a store orders by a rule, before order constraints."""
        site, chain = self.stores[store], self.scenario.stores[store]
        mean = self._believed(store)[0]
        levels = self._at_level(levels, [store])
        cover = math.ceil(chain.lead_time.moments[0] + chain.orders.review - 1e-9)
        excess = sum(mean * self._factor(store, ahead) - mean for ahead in range(cover))
        position = site.on_hand + site.under_way + site.owed - self.waiting[store]
        factor = self._factor(store, cover - 1)
        if kind == "projected-inventory":
            lead_time = math.ceil(chain.lead_time.moments[0] - 1e-9)
            after = sum(
                mean * self._factor(store, ahead) - mean for ahead in range(lead_time, cover)
            )
            return max(levels["level"] - (self._on_arrival(store) + site.owed - after), 0.0)
        return rule_order(kind, levels, position - excess, factor)

    def _on_arrival(self, store: int) -> float:
        """Stock expected when an order made now arrives: two moments through the pipeline, what is
        left of each period's demand being that of a normal stock."""
        site, chain = self.stores[store], self.scenario.stores[store]
        mean, sd = self._believed(store)
        chances = [float(p) for p in chain.lead_time.probabilities]
        coming = site.coming(self.period, len(chances))
        waits = {"lost": 0.0, "backorder": 1.0}.get(
            self.scenario.unmet_demand, self.scenario.waiting_share
        )
        stock, variance = site.on_hand - self.waiting[store], 0.0
        expected = chances[0] * stock
        for k, chance in enumerate(chances[1:]):
            f = self._factor(store, k)
            plain = min(mean, sd**2) if self.scenario.whole else 0.0
            spread = f * plain + f**2 * (sd**2 - plain)
            net, deviation = stock - f * mean, math.sqrt(max(variance + spread, 1e-18))
            above = 0.5 * (1 + math.erf(net / deviation / math.sqrt(2)))
            bell = math.exp(-((net / deviation) ** 2) / 2) / math.sqrt(2 * math.pi)
            left = net * above + deviation * bell
            left_squared = (net**2 + deviation**2) * above + net * deviation * bell
            short, short_squared = left - net, net**2 + deviation**2 - left_squared
            stock = left - waits * short
            variance = max(left_squared + waits**2 * short_squared - stock**2, 0.0)
            stock += coming[k]
            expected += chance * stock
        return expected

    def _excess(self, *, supplier: bool) -> float:
        """Demand forecast over a tier's cover above its long-run mean, from the seasons."""
        chain = self.scenario
        site = chain.supplier if supplier else chain.warehouse
        cover = site.lead_time.moments[0] + site.orders.review
        means = [store.demand.moments[0] for store in chain.stores]
        if site.rule.position == "echelon":
            if supplier:
                cover += chain.warehouse.lead_time.moments[0]
            cover += sum(
                mean * store.lead_time.moments[0]
                for mean, store in zip(means, chain.stores, strict=True)
            ) / sum(means)
        return sum(
            self._believed(i)[0] * (self._factor(i, ahead) - 1)
            for i in range(len(means))
            for ahead in range(math.ceil(cover - 1e-9))
        )

    def step(self, wishes: list[float]) -> Record:  # noqa: PLR0912, PLR0915
        """Steps 2 to 5 of this period and step 1 of the next; what happened, like `Ledger`."""
        chain, t, w = self.scenario, self.period, self.world
        stores, warehouse, supplier = self.stores, self.warehouse, self.supplier
        numbers = range(len(stores))
        tape, whole, owed = self.tape, chain.whole, chain.unshipped_orders == "owed"
        openings = [s.opening for s in stores]

        # 2. Decisions, all from the same state.
        own = [s.on_hand + s.under_way for s in stores]
        net = [own[i] - self.waiting[i] for i in numbers]
        ordered = [
            possible_order(wishes[i], chain.stores[i].orders, whole, own[i] + stores[i].owed, t)
            for i in numbers
        ]
        warehouse_ordered = supplier_ordered = 0.0
        at_warehouse = warehouse.on_hand + warehouse.under_way
        if self.limited:
            if chain.warehouse.rule.position == "echelon":
                position = at_warehouse + warehouse.owed + sum(net)
            else:
                position = at_warehouse + warehouse.owed - sum(s.owed for s in stores)
            wish = rule_order(
                chain.warehouse.rule,
                self._at_level(levels_of(chain.warehouse.rule), numbers),
                position - self._excess(supplier=False),
            )
            warehouse_ordered = possible_order(
                wish, chain.warehouse.orders, whole, at_warehouse + warehouse.owed, t
            )
        if self.produces:
            position = own_stock = supplier.on_hand + supplier.under_way
            if chain.supplier.rule.position == "echelon":
                position += at_warehouse + sum(net)
            else:
                position -= warehouse.owed
            wish = rule_order(
                chain.supplier.rule,
                self._at_level(levels_of(chain.supplier.rule), numbers),
                position - self._excess(supplier=True),
            )
            supplier_ordered = possible_order(wish, chain.supplier.orders, whole, own_stock, t)

        # 3. Shipping, upstream first.
        warehouse_shipped = supplier_shipped = 0.0
        shipped = list(ordered)
        if self.limited:
            wanted = warehouse_ordered + warehouse.owed
            can = chain.capacity
            if tape.supplier_up is not None and tape.supplier_up[t, w] == 0:
                can = 0.0
            if self.produces:
                supplier.send(supplier_ordered, t, self._lead_time(-1, chain.supplier))
                can = min(can, supplier.on_hand)
            supplier_shipped = min(wanted, can)
            if self.produces:
                supplier.on_hand -= supplier_shipped
            warehouse.owed = wanted - supplier_shipped if owed else 0.0
            warehouse.send(supplier_shipped, t, self._lead_time(len(stores), chain.warehouse))
            requests = [ordered[i] + stores[i].owed for i in numbers]
            ranks = [float(store.priority) for store in chain.stores]
            if tape.rationing is not None:
                ranks = [float(rank) for rank in tape.rationing[t, w]]
            means = [store.demand.moments[0] for store in chain.stores]
            shipped = share(
                chain.warehouse.rationing,
                warehouse.on_hand,
                requests=requests,
                positions=net,
                means=means,
                ranks=ranks,
                whole=whole,
            )
            warehouse_shipped = sum(shipped)
            warehouse.on_hand -= warehouse_shipped
            for i in numbers:
                stores[i].owed = requests[i] - shipped[i] if owed else 0.0
        for i in numbers:
            stores[i].send(shipped[i], t, self._lead_time(i, chain.stores[i]))

        # 4. Demand: who waits already is served first.
        demand = [float(units) for units in tape.demand[t, w]]
        served, sold, lost = [], [], []
        for i in numbers:
            first = min(stores[i].on_hand, self.waiting[i])
            now = min(stores[i].on_hand - first, demand[i])
            stores[i].on_hand -= first + now
            unmet = demand[i] - now
            waits = {"lost": 0.0, "backorder": unmet, "partial": chain.waiting_share * unmet}[
                chain.unmet_demand
            ]
            if chain.unmet_demand == "partial" and tape.waiting is not None:
                waits = float(math.floor(waits + tape.waiting[t, w, i]))
            self.waiting[i] += waits - first
            served.append(now)
            sold.append(first + now)
            lost.append(unmet - waits)
            self.beliefs[i].see(demand[i], self._factor(i, 0))

        # 5. The ledger. The demand of a site upstream is what was ordered from it.
        upstream = [warehouse] * self.limited + [supplier] * self.produces
        asked = [sum(ordered), warehouse_ordered][: len(upstream)]
        gone = [warehouse_shipped, supplier_shipped][: len(upstream)]
        dropped = [0.0 if owed else asked[i] - gone[i] for i in range(len(upstream))]
        into = [supplier_shipped] * self.limited + [supplier_ordered] * self.produces
        placed = [warehouse_ordered] * self.limited + [supplier_ordered] * self.produces
        record = {
            "opening": [*openings, *(site.opening for site in upstream)],
            "received": [site.received for site in self.sites],
            "ordered": [*ordered, *placed],
            "shipped": [*shipped, *into],
            "demand": [*demand, *asked],
            "served": [*served, *(min(a, g) for a, g in zip(asked, gone, strict=True))],
            "sold": [*sold, *gone],
            "lost": [*lost, *dropped],
            "backorders": self._waits(),
            "closing": [site.on_hand for site in self.sites],
        }

        # 1. Arrivals of the next period.
        self.period += 1
        self._open()
        return record


def money(scenario: Scenario, record: Record) -> float:
    """What a period cost at all sites."""
    total = 0.0
    links = [*scenario.stores, scenario.warehouse, scenario.supplier]
    for i, ordered in enumerate(record["ordered"]):
        total += links[i].holding_cost * record["closing"][i]
        total += links[i].order_cost * (ordered > 0) + links[i].unit_cost * ordered
        if i < len(scenario.stores):
            total += links[i].shortage_cost * (record["lost"][i] + record["backorders"][i])
    return total
