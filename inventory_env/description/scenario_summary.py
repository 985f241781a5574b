"""What a scenario describes, in a few lines for people."""

from inventory_env.description.lead_time import LeadTime
from inventory_env.description.rules import OrderRule
from inventory_env.description.scenario import Scenario


def scenario_lines(scenario: Scenario) -> list[str]:
    """The episode, each store with the levels its formulas give, the warehouse, the supplier."""
    warm_up = f", the first {scenario.warm_up} not counted" if scenario.warm_up else ""
    lines = [
        f"{scenario.name}: {scenario.description}",
        f"episode: {scenario.periods} {scenario.period}s{warm_up}; {scenario.units} units; "
        f"unmet demand {scenario.unmet_demand}; unshipped orders {scenario.unshipped_orders}",
    ]
    for store, need in zip(scenario.stores, scenario.store_needs(), strict=True):
        mean, sd = store.demand.moments
        lines.append(
            f"store {store.name}: {store.demand.kind} demand {mean:.4g} +- {sd:.4g} a "
            f"{scenario.period}; lead time {_span(store.lead_time)}; holding "
            f"{store.holding_cost:g}, shortage {store.shortage_cost:g}; order up to "
            f"{need.level():.1f} units, lot {need.lot:.1f}"
        )
    warehouse, supplier = scenario.warehouse, scenario.supplier
    if warehouse.unlimited:
        return [*lines, "warehouse: unlimited"]
    limited = scenario.capacity < float("inf")
    stock = "unlimited" if supplier.unlimited else _levels(scenario.supplier_rule)
    return [
        *lines,
        f"warehouse: {_levels(scenario.warehouse_rule)}, {warehouse.rule.position}; lead time "
        f"{_span(warehouse.lead_time)}; holding {warehouse.holding_cost:g}; "
        f"{warehouse.rationing} rationing",
        f"supplier: {stock}; capacity "
        + (f"{scenario.capacity:,.4g} units a {scenario.period}" if limited else "unlimited")
        + f"; disruptions: {supplier.disruptions.kind if supplier.disruptions else 'none'}",
    ]


def _span(lead_time: LeadTime) -> str:
    mean = f"{lead_time.moments[0]:.4g}"
    return mean if lead_time.kind == "constant" else f"{mean} (up to {lead_time.maximum})"


def _levels(rule: OrderRule) -> str:
    levels = [f"{name} {float(value):,.1f}" for name, value in vars(rule).items()]
    return f"{rule.kind} ({', '.join(levels)} units)"
