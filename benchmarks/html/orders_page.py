"""The page of a morning's orders, from its folder: exceptions first, then every line."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.evaluation.words import NO_NUMBER, share
from benchmarks.evaluation.words import number as written
from benchmarks.html.page import (
    MOST_BYTES,
    Cell,
    Page,
    Section,
    Table,
    glossary,
    number,
    size_of,
    text,
)
from inventory_env.errors import InputError
from policies.orders.folder import EXCEPTIONS_CSV, MORNING_JSON, ORDERS_CSV
from policies.runs.run_folder import read_json

LINES_SHOWN = 1000  # on a page; the CSV beside it has them all
LINE_COLUMNS = {
    "to": "site",
    "quantity": "order",
    "proposed_quantity": "proposed",
    "rule_quantity": "rule",
    "on_hand": "on hand",
    "on_the_way": "on the way",
    "reason": "why",
    "due_date": "due",
    "expected_demand": "expected demand",
    "p_stockout_before": "out before",
    "p_stockout_after": "out after",
    "p_stockout_after_without": "without",
    "expected_cost": "cost",
    "expected_cost_nothing": "without order",
    "flags": "flags",
}
LINE_MEANINGS = {
    "order": "units to order now",
    "proposed": "what the policy proposed; the order differs where a planner typed something else",
    "rule": "what the rule would order",
    "expected demand": "forecast until the next order would arrive",
    "out before": "chance that customers meet an empty shelf before the order arrives",
    "out after": "the same from its arrival until the next would arrive",
    "without": "the same without the order",
    "cost": "expected money of the site and all that it supplies, over the futures' length",
    "without order": "the same without the order",
}
CHANCES = ("p_stockout_before", "p_stockout_after", "p_stockout_after_without")


def orders_page(folder: Path) -> Page:
    """The page of a morning's folder, with as many of its lines as a page may have.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    shown = LINES_SHOWN
    while size_of(page := _page(folder, shown)) > MOST_BYTES and shown > 1:
        shown //= 2
    return page


def _page(folder: Path, shown: int) -> Page:
    summary = read_json(folder / MORNING_JSON)
    lines, exceptions = _table(folder / ORDERS_CSV), _table(folder / EXCEPTIONS_CSV)
    cost, days = summary["expected_cost"], summary["horizon_days"]
    saved = cost["rule"] - cost["orders"]
    compared = "less" if saved >= 0 else "more"
    verdict = [
        f"{summary['date']}: {summary['lines_with_an_order']} of {summary['lines']} lines order "
        f"{summary['units']:,g} units.",
        f"Expected cost of the next {days} days: {written(cost['orders'])}, "
        f"{written(abs(saved))} {compared} than by the rule.",
    ]
    if summary["overrides"]:
        more = cost["orders"] - cost["proposed"]
        verdict.append(
            f"What planners typed ({summary['overrides']} of the lines) is expected to "
            f"{'cost' if more >= 0 else 'save'} {written(abs(more))} against the proposal."
        )
    urgent = [
        (
            number(row["urgency"], f"{row['urgency']:g}"),
            text(row["kind"]),
            text(row["item"]),
            text(str(row["site"])),
            _cell("money_at_stake", row["money_at_stake"]),
            text(row["words"]),
        )
        for row in exceptions.head(shown).to_dict("records")
    ]
    told = [
        ("policy", f"{summary['policy']} of {summary['run'] or 'no run'}"),
        ("rule beside it", summary["rule"]),
        ("futures", f"{summary['futures']}, the same for every variant, seed {summary['seed']}"),
        *(("read", line) for line in summary["read"]),
        *(("left out", line) for line in summary["left_out"]),
    ]
    return Page(
        f"Orders of {summary['date']}, {summary['item']}",
        tuple(verdict),
        (
            Section(
                "Exceptions",
                () if urgent else ("Nothing needs an eye.",),
                tables=(_exceptions(urgent, len(exceptions)),) if urgent else (),
            ),
            Section("Orders", tables=(_lines(lines, shown),)),
            Section("How it was made", terms=tuple(told)),
            glossary(list(LINE_MEANINGS.items())),
        ),
    )


def _table(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, keep_default_na=False, na_values={"money_at_stake": [""]})
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None


def _exceptions(rows: Sequence[tuple[Cell, ...]], count: int) -> Table:
    return Table(
        "Most urgent first",
        ("urgency", "what", "item", "site", "money at stake", "words"),
        tuple(rows),
        _more(len(rows), count, EXCEPTIONS_CSV),
    )


def _lines(lines: pd.DataFrame, shown: int) -> Table:
    """A row for each line, those that cost most first."""
    ranked = lines.sort_values("expected_cost", ascending=False, kind="stable").head(shown)
    rows = [
        tuple(_cell(name, row[name]) for name in LINE_COLUMNS) for row in ranked.to_dict("records")
    ]
    return Table(
        "Lines, those that cost most first",
        tuple(LINE_COLUMNS.values()),
        tuple(rows),
        _more(len(rows), len(lines), ORDERS_CSV),
    )


def _more(shown: int, count: int, file: str) -> str:
    return f"{count - shown:,} more in {file}." if count > shown else ""


def _cell(name: str, value: Any) -> Cell:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return number(math.nan, NO_NUMBER)
    if name in CHANCES:
        return number(value, share(value))
    return number(value, f"{value:,g}" if float(value).is_integer() else written(value))
