"""What a scenario describes, in a few lines for people."""

from inventory_env.description.lead_time import LeadTime
from inventory_env.description.population import Shape, needs
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import Tier


def scenario_lines(scenario: Scenario) -> list[str]:
    """The episode, each store with the levels its formulas give, the warehouse, the supplier."""
    warm_up = f", the first {scenario.warm_up} not counted" if scenario.warm_up else ""
    lines = [
        f"{scenario.name}: {scenario.description}",
        f"episode: {scenario.periods} {scenario.period}s{warm_up}; {scenario.units} units; "
        f"unmet demand {scenario.unmet_demand}; unshipped orders {scenario.unshipped_orders}",
    ]
    if scenario.drift is not None:
        where = "" if scenario.history is None else " in training"
        parts = (f"{name} {value:g}" for name, value in scenario.drift.parts.items())
        lines.append(f"demand drifts{where}: {', '.join(parts)}")
    need = needs(scenario, echelon=False)
    for place, store in enumerate(scenario.stores):
        mean, sd = store.demand.moments
        lines.append(
            f"store {store.name}: {store.demand.kind} demand {mean:.4g} +- {sd:.4g} a "
            f"{scenario.period}; lead time {_span(store.lead_time)}; holding "
            f"{store.holding_cost:g}, shortage {store.shortage_cost:g}; order up to "
            f"{need.level()[0, place]:.1f} units, lot {need.lot[0, place]:.1f}"
        )
    warehouse, supplier = scenario.warehouse, scenario.supplier
    if warehouse.unlimited:
        return [*lines, "warehouse: unlimited"]
    limited = scenario.capacity < float("inf")
    stock = "unlimited" if supplier.unlimited else _levels(scenario, "supplier")
    return [
        *lines,
        f"warehouse: {_levels(scenario, 'warehouse')}, {warehouse.rule.position}; lead time "
        f"{_span(warehouse.lead_time)}; holding {warehouse.holding_cost:g}; "
        f"{warehouse.rationing} rationing",
        f"supplier: {stock}; capacity "
        + (f"{scenario.capacity:,.4g} units a {scenario.period}" if limited else "unlimited")
        + f"; disruptions: {supplier.disruptions.kind if supplier.disruptions else 'none'}",
    ]


def _span(lead_time: LeadTime) -> str:
    mean = f"{lead_time.moments[0]:.4g}"
    return mean if lead_time.kind == "constant" else f"{mean} (up to {lead_time.maximum})"


def _levels(scenario: Scenario, tier: Tier) -> str:
    """The rule of a site upstream, with its levels in units."""
    config = getattr(scenario, tier).rule
    need = needs(scenario, echelon=config.position == "echelon")
    rule = config.build(need.at(Shape.of(scenario).columns(tier)))
    levels = [f"{name} {value.item():,.1f}" for name, value in vars(rule).items()]
    return f"{rule.kind} ({', '.join(levels)} units)"
