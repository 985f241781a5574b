"""The files of a morning: read what planners filled in, write what is to be ordered.

| file | content |
|---|---|
| orders.csv | a line for each site, as `policies.orders.lines` says; orders.parquet beside many |
| exceptions.csv | what needs an eye, most urgent first |
| morning.json | who proposed, from which files, how many futures, totals |
| inputs/ | copies of the files that were read |

Beside the folder of a morning, overrides-log.csv keeps every override that was honoured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.files import write_bytes, write_json, write_text
from inventory_env.simulation.facts import DAYS, site_names
from policies.orders.exceptions import exception_lines
from policies.orders.futures import FUTURES, Outcomes, play_futures
from policies.orders.lines import order_lines
from policies.orders.morning import (
    MORNING_COLUMNS,
    OPEN_ORDERS,
    OVERRIDES,
    STOCK,
    Morning,
    item_of,
)
from policies.orders.proposal import Decider, Proposal, propose
from policies.orders.recent_demand import DEMAND
from policies.orders.sheet import safe

ORDERS_CSV, EXCEPTIONS_CSV, MORNING_JSON, OVERRIDES_LOG = (
    "orders.csv",
    "exceptions.csv",
    "morning.json",
    "overrides-log.csv",
)
MANY = 1000  # lines from which a Parquet file is written too
DECIMALS = 6


@dataclass(frozen=True)
class Orders:
    """A morning's orders, as they stand in its folder."""

    proposal: Proposal
    outcomes: Outcomes
    lines: pd.DataFrame
    exceptions: pd.DataFrame

    @property
    def summary(self) -> dict[str, Any]:
        """Totals and where they come from."""
        decider, morning = self.proposal.decider, self.proposal.morning
        horizon = self.outcomes.horizon
        cost = {name: round(value, DECIMALS) for name, value in self.outcomes.chain_cost.items()}
        return {
            "date": morning.day.isoformat(),
            "item": morning.item,
            "run": decider.run,
            "policy": decider.policy.name,
            "rule": decider.rule.name,
            "lines": len(self.lines),
            "lines_with_an_order": int((self.lines["quantity"] > 0).sum()),
            "units": round(float(self.lines["quantity"].sum()), DECIMALS),
            "exceptions": len(self.exceptions),
            "overrides": len(morning.overrides),
            "futures": self.outcomes.futures,
            "seed": decider.seed,
            "horizon_days": horizon * DAYS[decider.scenario.period],
            "expected_cost": cost,
            "read": list(morning.told),
            "left_out": list(morning.left_out),
        }


def make_orders(decider: Decider, morning: Morning, *, futures: int = FUTURES) -> Orders:
    """Propose, play the futures, and say why.

    Args:
        decider: who proposes.
        morning: what the files say.
        futures: how many, the same for all variants.
    """
    proposal = propose(decider, morning)
    outcomes = play_futures(proposal, futures=futures)
    return Orders(
        proposal, outcomes, order_lines(proposal, outcomes), exception_lines(proposal, outcomes)
    )


def write_orders(orders: Orders, folder: Path, inputs: Mapping[str, Path]) -> None:
    """Write a morning's folder; the same morning again gives the same bytes.

    Args:
        orders: of the morning.
        folder: made if need be, files of the same name are replaced.
        inputs: the files that were read, by the name under which a copy is kept.
    """
    kept = folder / "inputs"
    kept.mkdir(parents=True, exist_ok=True)
    for name, file in inputs.items():
        if file.resolve() != (kept / name).resolve():
            write_bytes(kept / name, file.read_bytes())
    lines = orders.lines.round(DECIMALS)
    write_table(folder / ORDERS_CSV, lines)
    if len(lines) >= MANY and find_spec("pyarrow"):
        buffer = BytesIO()
        lines.to_parquet(buffer, index=False)
        write_bytes(folder / "orders.parquet", buffer.getvalue())
    write_table(folder / EXCEPTIONS_CSV, orders.exceptions)
    write_json(folder / MORNING_JSON, orders.summary)
    _log(orders, folder.parent / OVERRIDES_LOG)


def write_table(file: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all."""
    write_text(file, _csv(table.round(DECIMALS)))


def _csv(table: pd.DataFrame) -> str:
    text = table.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    return str(text)


def _log(orders: Orders, file: Path) -> None:
    """Put the morning's overrides into the log, in place of those of the same morning."""
    overrides = orders.lines[orders.lines["override"] != ""]
    columns = ["date", "item", "to", "proposed_quantity", "quantity", "override"]
    columns += ["override_who", "override_cost"]
    own = overrides[columns].round(DECIMALS)
    reasons = {safe(o.site): safe(o.reason) for o in orders.proposal.morning.overrides.values()}
    own = own.assign(reason=own["to"].map(reasons))
    day = orders.proposal.morning.day.isoformat()
    if file.exists():
        before = pd.read_csv(file, dtype={"date": str}, keep_default_na=False)
        before = before[before["date"] != day]
    elif not len(own):
        return
    else:
        before = own.iloc[:0]
    text = _csv(before) + _csv(own).split("\n", 1)[1]
    head, *rows = text.splitlines()
    write_text(file, "\n".join([head, *sorted(rows)]) + "\n")


def write_template(scenario: Scenario, folder: Path, day: str) -> list[Path]:
    """The files of a morning to fill in, a stock row for each site.

    Args:
        scenario: the chain.
        folder: made if need be.
        day: the morning, YYYY-MM-DD.

    Raises:
        InputError: if one of the files is there already.
    """
    item, names = safe(item_of(scenario)), site_names(scenario)
    rows = {
        STOCK: [{"date": day, "item": item, "site": safe(name), "backorders": 0} for name in names],
        OPEN_ORDERS: [],
        DEMAND: [],
        OVERRIDES: [],
    }
    files = [folder / name for name in rows]
    for file in files:
        if file.exists():
            raise InputError(f"{file}: is there already; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in rows.items():
        write_text(folder / name, _csv(pd.DataFrame(table, columns=MORNING_COLUMNS[name])))
    return files
