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
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.facts import DAYS, Facts, Shipment, day_of, site_names
from inventory_env.simulation.memory import RECENT
from inventory_env.simulation.tape import PRECEDING
from policies.orders.sheet import Sheet

STOCK, OPEN_ORDERS, DEMAND, OVERRIDES = (
    "stock.csv",
    "open-orders.csv",
    "demand.csv",
    "overrides.csv",
)
MORNING_COLUMNS = {
    STOCK: ["date", "item", "site", "on_hand", "backorders"],
    OPEN_ORDERS: ["item", "to", "quantity", "due_date", "status", "order_date"],
    DEMAND: ["date", "item", "site", "demand", "served", "ordered", "shipped"],
    OVERRIDES: ["item", "site", "from", "until", "quantity", "factor", "freeze", "who", "reason"],
}
ON_THE_WAY, OWED = "on-the-way", "owed"
LEAST_REASON = 10  # characters of an override's reason
BUSINESS = ("served", "ordered", "shipped")


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
    on_hand, backorders, morning = _stock(held, names, scenario, today)
    missing = tuple(name for name in names if name not in on_hand)
    if missing and not lenient:
        more = f" ({len(missing)} such sites)" if len(missing) > 1 else ""
        raise InputError(f"{stock}: no row for site {missing[0]!r} on {morning}{more}")
    told = [f"{stock}: {len(on_hand)} sites on {morning}"]
    on_hand |= _enough(scenario, missing)
    on_the_way: list[Shipment] = []
    owed: dict[str, float] = {}
    overdue: dict[str, tuple[float, date]] = {}
    if open_orders is not None:
        lines = sheet(open_orders, OPEN_ORDERS, ["to", "quantity", "due_date", "status"])
        step = timedelta(days=DAYS[scenario.period])
        on_the_way, owed, overdue = _open_orders(lines, names, morning, step)
        told.append(f"{open_orders}: {len(on_the_way)} shipments, {len(owed)} sites are owed")
    tables = _own_record(scenario, morning)
    newest = None
    if tables and scenario.history is not None and len(tables["demand"]):
        newest = scenario.history.dates[len(tables["demand"]) - 1]
    if demand is not None:
        recent = sheet(demand, DEMAND, ["date", "site", "demand"], names=_headings(scenario))
        found, last = _demand(recent, names, scenario, morning)
        told.append(f"{demand}: " + (f"demand until {last}" if last else "no demand before today"))
        if last is not None:
            known = len(found["demand"])
            first = last - (known - 1) * timedelta(days=DAYS[scenario.period])
            before = _record_before(scenario, first, known)
            found["demand"] = np.concatenate([before, found["demand"]])
            tables, newest = found, last
    if scenario.history is not None and len(tables["demand"]) < RECENT:
        where = stock if demand is None else demand
        raise InputError(
            f"{where}: {scenario.name} needs at least {RECENT} periods of demand before {morning}, "
            f"got {len(tables['demand'])}"
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
        **tables,
    )
    return Morning(
        day=morning,
        item=item,
        facts=facts,
        overrides=wanted,
        overdue=overdue,
        missing=missing,
        old=_old(scenario, morning, newest),
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
    """On hand and backorders by site, and the morning."""
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
    _whole(sheet, "on_hand", scenario)
    rows = sheet.rows.set_index("site")
    owed = np.maximum(-rows["on_hand"], 0.0) + rows["backorders"]
    morning = newest.date() if today is None else today
    stores = {store.name for store in scenario.stores}
    waiting = {str(site): float(units) for site, units in owed.items() if site in stores}
    held = {str(site): max(float(units), 0.0) for site, units in rows["on_hand"].items()}
    return held, waiting, morning


def _whole(sheet: Sheet, name: str, scenario: Scenario) -> None:
    if scenario.whole:
        fraction = sheet.rows[name] % 1 != 0
        sheet.refuse(fraction, name, "is not whole, as the units of the run are")


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


def _headings(scenario: Scenario) -> dict[str, str]:
    """Headings that the chain's own demand file has, and what they are called here."""
    file = scenario.demand_file or DemandFile(path=Path(DEMAND))
    own = {
        file.date_column: "date",
        file.store_column: "site",
        "store": "site",
        file.demand_column: "demand",
        file.item_column or "item": "item",
    }
    return {name.lower(): standard for name, standard in own.items()}


def _own_record(scenario: Scenario, morning: date) -> dict[str, Array]:
    """Recorded demand before a morning, where the chain has a record."""
    history = scenario.history
    if history is None:
        return {}
    past = sum(day < morning for day in history.dates)
    return {"demand": history.demand[:past]}


def read_demand_table(
    scenario: Scenario, file: Path, *, lenient: bool = False
) -> tuple[list[date], Array]:
    """All dates of a demand file, and (date, store) demand in units.

    Raises:
        InputError: naming file, row and value.
    """
    allowed = [name for name in MORNING_COLUMNS[DEMAND] if name not in ("date", "site", "demand")]
    sheet = Sheet(
        file, ["date", "site", "demand"], allowed, lenient=lenient, names=_headings(scenario)
    )
    tables, newest = _demand(sheet, site_names(scenario), scenario, date.max)
    demand = tables["demand"]
    if newest is None:
        return [], demand
    step = timedelta(days=DAYS[scenario.period])
    return [newest - k * step for k in range(len(demand) - 1, -1, -1)], demand


def _record_before(scenario: Scenario, first: date, known: int) -> Array:
    """(period, store) what the chain's own record has just before a file that begins on a date and
    has fewer periods than an episode's memory."""
    missing = max(PRECEDING - known, 0)
    history = scenario.history
    place = day_of(scenario, first)
    if history is None or not 0 <= place <= len(history.dates):
        return np.zeros((0, len(scenario.stores)))
    return history.demand[max(place - missing, 0) : place]


def _demand(
    sheet: Sheet, names: list[str], scenario: Scenario, morning: date
) -> tuple[dict[str, Array], date | None]:
    """Tables of the last periods, oldest first, and the newest date with demand."""
    stores = [store.name for store in scenario.stores]
    sheet.one_of("site", names)
    sheet.dates("date")
    sheet.rows = sheet.rows[sheet.rows["date"] < np.datetime64(morning, "s")]
    sheet.unique("date", "site")
    upstream = ~sheet.rows["site"].isin(stores)
    sheet.rows.loc[upstream & (sheet.rows["demand"] == ""), "demand"] = "0"
    sheet.numbers("demand", least=0)
    _whole(sheet, "demand", scenario)
    given = {name: sheet.rows[name] != "" for name in BUSINESS}
    for name in BUSINESS:
        sheet.numbers(name, empty=0, least=0)
    rows = sheet.rows
    if not len(rows):
        return {"demand": np.zeros((0, len(stores)))}, None
    step = f"{DAYS[scenario.period]}D"
    newest = rows["date"].max()
    days = pd.date_range(rows["date"].min(), newest, freq=step)
    off = ~rows["date"].isin(days)
    sheet.refuse(off, "date", f"is not a whole number of {scenario.period}s after {days[0].date()}")
    rows = sheet.rows

    def table(name: str, columns: list[str]) -> pd.DataFrame:
        wide = rows.pivot(index="date", columns="site", values=name)
        return wide.reindex(index=days, columns=columns).fillna(0.0)

    tables = {"demand": table("demand", stores).to_numpy()}
    known = rows["date"][pd.DataFrame(given).reindex(rows.index).any(axis=1)]
    if len(known):
        last = int((days >= known.min()).sum())
        for name in BUSINESS:
            if given[name].any():
                columns = stores if name == "served" else names
                tables[name] = table(name, columns).to_numpy()[-last:]
    return tables, newest.date()


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


def _old(scenario: Scenario, morning: date, newest: date | None) -> dict[str, str]:
    """What is older than a period."""
    step = timedelta(days=DAYS[scenario.period])
    if newest is None:
        return {} if scenario.history is None else {"demand": "no demand before the morning"}
    return {"demand": f"newest demand is of {newest}"} if morning - newest > step else {}
