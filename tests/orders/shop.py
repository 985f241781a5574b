"""A chain whose mornings are written down in files, as a planner would, and read back."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.facts import DAYS, date_of, site_names
from inventory_env.simulation.ledger import Ledger
from policies.orders.morning import OPEN_ORDERS, STOCK, item_of
from policies.orders.recent_demand import DEMAND


def write_morning(folder: Path, chain: Chain, ledgers: list[Ledger], scenario: Scenario) -> date:
    """World 0 of a simulation as the three files of a morning."""
    folder.mkdir(parents=True, exist_ok=True)
    seen, names, item = chain.situation, site_names(scenario), item_of(scenario)
    stores = len(scenario.stores)
    today = date_of(scenario, seen.outlook.day[0])
    step = timedelta(days=DAYS[scenario.period])
    state = seen.state
    stock = pd.DataFrame(
        {
            "date": today.isoformat(),
            "item": item,
            "site": names,
            "on_hand": state.on_hand[0],
            "backorders": [*state.backorders[0, :stores], *[0.0] * (len(names) - stores)],
        }
    )
    stock.to_csv(folder / STOCK, index=False)
    rows = [
        [item, name, slot[0, i], (today + (k + 1) * step).isoformat(), "on-the-way"]
        for k, slot in enumerate(state.pipeline)
        for i, name in enumerate(names)
        if slot[0, i]
    ]
    rows += [[item, name, state.owed[0, i], "", "owed"] for i, name in enumerate(names)]
    columns = ["item", "to", "quantity", "due_date", "status"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / OPEN_ORDERS, index=False)
    preceding = chain.tape.preceding
    before = np.zeros((0, stores)) if preceding is None else preceding[:, 0]
    past: list[list[object]] = []
    for t, row in enumerate(before):
        day = (today - (len(ledgers) + len(before) - t) * step).isoformat()
        for name, units in zip(names[:stores], row, strict=True):
            past.append([day, item, name, units, "", "", ""])
    for t, ledger in enumerate(ledgers):
        day = (today - (len(ledgers) - t) * step).isoformat()
        for i, name in enumerate(names):
            of_shop = [ledger.demand[0, i], ledger.served[0, i]] if i < stores else ["", ""]
            business = [ledger.ordered[0, i], ledger.shipped[0, i]]
            past.append([day, item, name, *of_shop, *business])
    columns = ["date", "item", "site", "demand", "served", "ordered", "shipped"]
    pd.DataFrame(past, columns=columns).to_csv(folder / DEMAND, index=False)
    return today


def read_orders(file: Path, scenario: Scenario) -> Array:
    """(1, site) quantities of an orders.csv."""
    lines = pd.read_csv(file).set_index("to")["quantity"]
    return lines.loc[site_names(scenario)].to_numpy(dtype=np.float64)[None]
