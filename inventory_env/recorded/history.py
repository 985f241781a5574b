"""Recorded demand of a chain, split by date into what may be learned from and what may not."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator

from inventory_env.frozen import Array, Frozen, Integers
from inventory_env.recorded.dates import check_date_format

Part = Literal["train", "validate", "known", "test"]


class DemandFile(Frozen):
    """Where recorded demand is, and how it is read and split."""

    path: Path
    """The CSV file; a relative path starts at the scenario's folder."""
    date_column: str = "date"
    """Column with the date, with or without a time of day."""
    date_format: Annotated[str, AfterValidator(check_date_format)] | None = None
    """How dates are written, as in strptime: "%d/%m/%Y"; left out, found where the dates decide."""
    store_column: str = "store"
    """Column with the store's name."""
    demand_column: str = "demand"
    """Column with the demand, units per period, at least 0."""
    sales_column: str | None = None
    """Column with what was sold, where demand was not recorded; left out, "sales" of a file without
    a column of the demand. Needs on_hand or in_stock: a sold-out store had more demand."""
    on_hand_column: str | None = None
    """Column with the stock at the close of the period; sold out at 0. Left out, "on_hand"."""
    in_stock_column: str | None = None
    """Column with the share of the period with stock, or 1 if there always was, else 0. Left out,
    "in_stock"."""
    possible_column: str | None = None
    """Column with what demand may have been where it was not seen, as a run keeps it: equally
    likely values with spaces between, empty where demand was seen."""
    item_column: str | None = None
    """Column with the item, where the file has several; left out, found where it can be."""
    item: str | None = None
    """The item to read."""
    validate_from: date | None = None
    """First date that is not trained on; left out, after 80 % of the dates before test_from."""
    test_from: date | None = None
    """First date kept for evaluation only; left out, after 75 % of the dates."""


@dataclass(frozen=True, eq=False)
class Hidden:
    """Demand of the periods in which something was sold out, so that sales do not tell it."""

    row: Integers  # (date, store) row of `possible`; -1 where demand was seen
    possible: Array  # (row, draw) units, each draw as likely as the others

    def __eq__(self, other: object) -> bool:
        """Same periods and values."""
        if not isinstance(other, Hidden):
            return NotImplemented
        same = np.array_equal(self.row, other.row)
        return same and np.array_equal(self.possible, other.possible)

    def __hash__(self) -> int:
        return hash(self.possible.tobytes())

    @property
    def where(self) -> npt.NDArray[np.bool_]:
        """(date, store) whether demand was not seen."""
        return self.row >= 0


@dataclass(frozen=True, eq=False)
class History:
    """Recorded demand, in units, without gaps."""

    dates: tuple[date, ...]  # one a period, ascending
    stores: tuple[str, ...]
    demand: Array  # (date, store) units
    validate_from: int  # index of the first date for validation
    test_from: int  # index of the first date for evaluation
    hidden: Hidden | None = None  # where `demand` is but one draw of what it may have been

    @property
    def split_dates(self) -> dict[str, date]:
        """The split as a demand file writes it."""
        return {
            "validate_from": self.dates[self.validate_from],
            "test_from": self.dates[self.test_from],
        }

    def __eq__(self, other: object) -> bool:
        """Same dates, stores, split and demand, seen or not."""
        if not isinstance(other, History):
            return NotImplemented
        own = (self.dates, self.stores, self.validate_from, self.test_from, self.hidden)
        others = (other.dates, other.stores, other.validate_from, other.test_from, other.hidden)
        return own == others and np.array_equal(self.demand, other.demand)

    def __hash__(self) -> int:
        return hash((self.dates, self.stores, self.validate_from, self.test_from))

    def bounds(self, part: Part) -> tuple[int, int]:
        """First index and one past the last of a part; "known" is train and validate."""
        ends = {
            "train": (0, self.validate_from),
            "validate": (self.validate_from, self.test_from),
            "known": (0, self.test_from),
            "test": (self.test_from, len(self.dates)),
        }
        return ends[part]

    def unseen(self, part: Part) -> float:
        """Share of a part's demands that were not seen, because something was sold out."""
        first, end = self.bounds(part)
        return 0.0 if self.hidden is None else float(self.hidden.where[first:end].mean())
