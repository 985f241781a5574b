"""A morning from files: stock, open orders, recent demand and overrides of one chain."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from inventory_env.description.population import needs, sites_of
from inventory_env.description.scenario import CalendarDisruptions, Scenario
from inventory_env.errors import InputError, argument
from inventory_env.frozen import Array
from inventory_env.simulation.facts import DAYS, Facts, Shipment, day_of, site_names
from inventory_env.simulation.memory import RECENT
from policies.orders.recent_demand import DEMAND, DEMAND_COLUMNS, headings, recent_demand
from policies.orders.sheet import Sheet

STOCK, OPEN_ORDERS, OVERRIDES = "stock.csv", "open-orders.csv", "overrides.csv"
MORNING_COLUMNS = {
    STOCK: ["date", "item", "site", "on_hand", "backorders"],
    OPEN_ORDERS: ["item", "to", "quantity", "due_date", "status", "order_date"],
    DEMAND: DEMAND_COLUMNS,
    OVERRIDES: ["item", "site", "from", "until", "quantity", "factor", "freeze", "who", "reason"],
}
ON_THE_WAY, OWED = "on-the-way", "owed"
LEAST_REASON = 10  # characters of an override's reason


@dataclass(frozen=True)
class Override:
    """What a planner wants for a site, in place of the proposal."""

    site: str
    first: date
    last: date
    quantity: float | None  # units, as typed
    factor: float | None  # on the proposal
    freeze: bool  # nothing is ordered
    who: str
    reason: str

    @property
    def words(self) -> str:
        """What it does."""
        if self.quantity is not None:
            return f"quantity {self.quantity:g}"
        return "freeze" if self.freeze else f"factor {self.factor:g}"


@dataclass(frozen=True)
class Morning:
    """What the files say."""

    day: date
    item: str
    facts: Facts
    overrides: dict[str, Override] = field(default_factory=dict)  # by site, those of the date
    overdue: dict[str, tuple[float, date]] = field(default_factory=dict)  # units, oldest due date
    missing: tuple[str, ...] = ()  # sites without a stock row
    past: Array | None = None  # (period, store) all recorded demand before it, where there is any
    behind: int = 0  # periods just before the morning of which no demand is known
    old: dict[str, str] = field(default_factory=dict)  # what is older than a period, in words
    left_out: tuple[str, ...] = ()  # wrong rows, under lenient
    told: tuple[str, ...] = ()  # what was read, for people


def item_of(scenario: Scenario) -> str:
    """Name of the chain's item: that of its demand file, else the scenario's."""
    file = scenario.demand_file
    return scenario.name if file is None or file.item is None else file.item


def read_morning(
    scenario: Scenario,
    stock: Path,
    *,
    open_orders: Path | None = None,
    demand: Path | None = None,
    overrides: Path | None = None,
    today: date | None = None,
    plan_start: date | None = None,
    lenient: bool = False,
) -> Morning:
    """The morning that files describe.

    Args:
        scenario: the chain.
        stock: on hand by site, on one date.
        open_orders: what is on the way, and what is owed; left out, nothing is.
        demand: of the last periods by site; left out, what the chain's own record has.
        overrides: of planners; left out, none.
        today: the morning; left out, the newest date in the stock file.
        plan_start: first day of the plan, for reviews, trends and announced disruptions.
        lenient: leave wrong rows out and list them.

    Raises:
        InputError: naming file, row and value.
    """
    item, names = item_of(scenario), site_names(scenario)
    sheets: list[Sheet] = []

    def sheet(file: Path, kind: str, needed: list[str], **more: dict[str, str]) -> Sheet:
        allowed = [name for name in MORNING_COLUMNS[kind] if name not in needed]
        found = Sheet(file, needed, allowed, lenient=lenient, **more)
        blank = found.rows["item"] == ""
        found.rows.loc[blank, "item"] = item
        found.one_of("item", [item])
        sheets.append(found)
        return found

    held = sheet(stock, STOCK, ["date", "site", "on_hand"])
    on_hand, backorders, counted = _stock(held, names, scenario, today)
    morning = counted if today is None else today
    missing = tuple(name for name in names if name not in on_hand)
    if missing and not lenient:
        more = f" ({len(missing)} such sites)" if len(missing) > 1 else ""
        raise InputError(f"{stock}: no row for site {missing[0]!r} on {counted}{more}")
    told = [f"{stock}: {len(on_hand)} sites on {counted}"]
    on_hand |= _enough(scenario, missing)
    on_the_way: list[Shipment] = []
    owed: dict[str, float] = {}
    overdue: dict[str, tuple[float, date]] = {}
    if open_orders is not None:
        lines = sheet(open_orders, OPEN_ORDERS, ["to", "quantity", "due_date", "status"])
        step = timedelta(days=DAYS[scenario.period])
        on_the_way, owed, overdue = _open_orders(lines, names, morning, step)
        told.append(f"{open_orders}: {len(on_the_way)} shipments, {len(owed)} sites are owed")
    recent = None
    if demand is not None:
        recent = sheet(demand, DEMAND, ["date", "site", "demand"], names=headings(scenario))
    known = recent_demand(scenario, recent, morning)
    if recent is not None:
        last = f"demand until {known.newest}" if known.given else "no demand before today"
        told.append(f"{demand}: {last}")
    seen = len(known.tables.get("demand", ()))
    if scenario.seen_before and seen < RECENT:
        raise InputError(
            f"{stock if demand is None else demand}: {scenario.name} needs at least {RECENT} "
            f"periods of demand before {morning}, got {seen}"
        )
    wanted = {}
    if overrides is not None:
        rows = sheet(overrides, OVERRIDES, ["site", "from", "until", "who", "reason"])
        wanted = _overrides(rows, names, morning)
        told.append(f"{overrides}: {len(wanted)} of today, {morning}")
    facts = Facts(
        date=morning,
        on_hand=on_hand,
        on_the_way=on_the_way,
        owed=owed,
        backorders=backorders,
        period=_plan_period(scenario, morning, plan_start),
        **known.tables,
    )
    return Morning(
        day=morning,
        item=item,
        facts=facts,
        overrides=wanted,
        overdue=overdue,
        missing=missing,
        past=known.past,
        behind=_behind(scenario, morning, known.newest),
        old=_old(scenario, morning, stock=counted, demand=known.newest),
        left_out=tuple(line for each in sheets for line in each.left_out),
        told=tuple(told),
    )


def _enough(scenario: Scenario, missing: tuple[str, ...]) -> dict[str, float]:
    """Stock with which sites that nobody counted want about nothing, so that they disturb no other:
    their order-up-to level."""
    level = needs(scenario, echelon=False).level()[0]
    units = np.rint(level) if scenario.whole else level
    names = site_names(scenario)
    return {site: float(units[names.index(site)]) for site in missing}


def _stock(
    sheet: Sheet, names: list[str], scenario: Scenario, today: date | None
) -> tuple[dict[str, float], dict[str, float], date]:
    """On hand and backorders by site, and the date they were counted."""
    sheet.one_of("site", names)
    sheet.dates("date")
    if today is not None:
        late = sheet.rows["date"] > pd.Timestamp(today)
        sheet.refuse(late, "date", f"is after {today}, the morning that is asked for")
    if not len(sheet.rows):
        raise InputError(f"{sheet.file}: no stock; it needs a row for each of {', '.join(names)}")
    newest = sheet.rows["date"].max()
    sheet.rows = sheet.rows[sheet.rows["date"] == newest]
    sheet.unique("date", "site")
    sheet.numbers("on_hand", least=0 if scenario.unmet_demand == "lost" else -np.inf)
    sheet.numbers("backorders", empty=0, least=0)
    if scenario.unmet_demand == "lost":
        waits = sheet.rows["backorders"] > 0
        sheet.refuse(waits, "backorders", "must be 0, as nobody waits where sales are lost")
    sheet.whole("on_hand", scenario.whole)
    rows = sheet.rows.set_index("site")
    owed = np.maximum(-rows["on_hand"], 0.0) + rows["backorders"]
    stores = {store.name for store in scenario.stores}
    waiting = {str(site): float(units) for site, units in owed.items() if site in stores}
    held = {str(site): max(float(units), 0.0) for site, units in rows["on_hand"].items()}
    return held, waiting, newest.date()


def _open_orders(
    sheet: Sheet, names: list[str], morning: date, step: timedelta
) -> tuple[list[Shipment], dict[str, float], dict[str, tuple[float, date]]]:
    """What is on the way, what is owed by site, and what should have arrived."""
    sheet.one_of("to", names)
    sheet.one_of("status", [ON_THE_WAY, OWED])
    sheet.numbers("quantity", least=0)
    sheet.dates("due_date", needed=False)
    sheet.dates("order_date", needed=False)
    rows = sheet.rows
    undated = rows["due_date"].isna() & (rows["status"] == ON_THE_WAY)
    sheet.refuse(undated, "due_date", "is empty; what is on the way has a date")
    rows = sheet.rows
    sheet.refuse(rows["due_date"] < rows["order_date"], "due_date", "is before its order_date")
    rows = sheet.rows
    sheet.refuse(rows["order_date"] > pd.Timestamp(morning), "order_date", f"is after {morning}")
    sheet.refuse(sheet.rows.duplicated(), "to", "stands in two rows that are the same")
    on_the_way, overdue = [], dict[str, tuple[float, date]]()
    owed: dict[str, float] = {}
    for row in sheet.rows.to_dict("records"):
        site, units = row["to"], row["quantity"]
        if row["status"] == OWED:
            owed[site] = owed.get(site, 0.0) + units
            continue
        due: date = row["due_date"].date()
        if due <= morning:
            before = overdue.get(site, (0.0, due))
            overdue[site] = (before[0] + units, min(before[1], due))
            due = morning + step
        on_the_way.append(Shipment(site, units, due))
    return on_the_way, owed, overdue


def _overrides(sheet: Sheet, names: list[str], morning: date) -> dict[str, Override]:
    """Those of the morning, by site."""
    sheet.one_of("site", names)
    sheet.dates("from")
    sheet.dates("until")
    sheet.refuse(sheet.rows["until"] < sheet.rows["from"], "until", "is before from")
    for name in ("quantity", "factor"):
        sheet.numbers(name, empty=np.nan, least=0)
    yes = sheet.rows["freeze"].str.lower()
    sheet.refuse(~yes.isin(["", "yes", "no"]), "freeze", "must be yes, no or empty")
    frozen = sheet.rows["freeze"].str.lower() == "yes"
    asked = sheet.rows["quantity"].notna().astype(int) + sheet.rows["factor"].notna() + frozen
    sheet.refuse(asked != 1, "site", "needs one of quantity, factor and freeze")
    sheet.refuse(sheet.rows["who"] == "", "who", "is empty; say who decided")
    short = sheet.rows["reason"].str.len() < LEAST_REASON
    sheet.refuse(short, "reason", f"is too short; give at least {LEAST_REASON} characters")
    now = pd.Timestamp(morning)
    sheet.rows = sheet.rows[(sheet.rows["from"] <= now) & (sheet.rows["until"] >= now)]
    sheet.unique("site")
    found = {}
    for row in sheet.rows.to_dict("records"):
        found[row["site"]] = Override(
            site=row["site"],
            first=row["from"].date(),
            last=row["until"].date(),
            quantity=None if np.isnan(row["quantity"]) else row["quantity"],
            factor=None if np.isnan(row["factor"]) else row["factor"],
            freeze=row["freeze"].lower() == "yes",
            who=row["who"],
            reason=row["reason"],
        )
    return found


def _plan_period(scenario: Scenario, morning: date, plan_start: date | None) -> int:
    """Periods of the plan that are over.

    Raises:
        InputError: if it matters and nobody says when the plan began.
    """
    if plan_start is not None:
        if plan_start > morning:
            raise InputError(f"{argument('plan_start')}: is after {morning}, got {plan_start}")
        return (morning - plan_start).days // DAYS[scenario.period]
    reasons = []
    if any(site.orders.review > 1 for site in sites_of(scenario)):
        reasons.append("reviews")
    if any(store.demand.season and store.demand.season.trend_per_year for store in scenario.stores):
        reasons.append("a trend")
    if isinstance(scenario.supplier.disruptions, CalendarDisruptions):
        reasons.append("announced disruptions")
    if reasons:
        raise InputError(
            f"{argument('plan_start')} is missing: {scenario.name} has {' and '.join(reasons)}, "
            "which count from the first day of the plan; give its date"
        )
    return 0


def _behind(scenario: Scenario, morning: date, newest: date | None) -> int:
    """Periods between the newest demand and the morning."""
    return 0 if newest is None else day_of(scenario, morning) - day_of(scenario, newest) - 1


def _old(scenario: Scenario, morning: date, *, stock: date, demand: date | None) -> dict[str, str]:
    """What is older than it should be, in words: stock is counted within the morning's period,
    demand is known until the one before."""
    step = timedelta(days=DAYS[scenario.period])
    found = {}
    if stock <= morning - step:
        found["stock"] = f"the newest stock is of {stock}"
    if demand is not None and demand < morning - step:
        found["demand"] = f"the newest demand is of {demand}"
    return found
