"""Which column of a demand CSV is the demand, and what it says of stock where that is sales."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from inventory_env.errors import InputError, argument
from inventory_env.frozen import Array
from inventory_env.recorded.amounts import read_numbers
from inventory_env.recorded.column import Column
from inventory_env.recorded.history import DemandFile

SALES, ON_HAND, IN_STOCK = "sales", "on_hand", "in_stock"
LEAST_SEEN = 14  # periods of a store's training dates


@dataclass(frozen=True)
class AmountColumns:
    """The columns of amounts, by name."""

    amount: str  # demand, or sales
    on_hand: str | None = None  # closing stock
    in_stock: str | None = None  # share of the period with stock
    possible: str | None = None  # what demand may have been where it was not seen

    @classmethod
    def of(cls, file: DemandFile, columns: list[str]) -> "AmountColumns":
        """The columns that a file has.

        Raises:
            InputError: if one is missing, or nothing tells where sales are less than demand.
        """
        found = file.demand_column == "demand" not in columns and SALES in columns
        sales = file.sales_column or (SALES if found else None)
        if sales is None:
            for key in ("on_hand_column", "in_stock_column"):
                if getattr(file, key) is not None:
                    raise InputError(
                        f"{file.path}: {key} says where sales are less than demand, but "
                        f"{file.demand_column!r} is read as demand; name the column of sales with "
                        f"{argument('sales_column')}"
                    )
            return cls(file.demand_column, possible=file.possible_column)
        on_hand = file.on_hand_column or (ON_HAND if ON_HAND in columns else None)
        in_stock = file.in_stock_column or (IN_STOCK if IN_STOCK in columns else None)
        if file.possible_column is not None:
            raise InputError(
                f"{file.path}: possible_column belongs to demand, not to sales ({sales!r})"
            )
        if on_hand is None and in_stock is None:
            raise InputError(
                f"{file.path}: row 1: {sales!r} is less than demand where a store was sold out; "
                f"add a column on_hand (stock at the close) or in_stock (share of the period with "
                f"stock, 0 to 1), or take it as demand with {argument('demand_column')} {sales}"
            )
        return cls(sales, on_hand, in_stock)

    @property
    def stock(self) -> bool:
        """Whether amounts are sales, with columns that say where there was stock."""
        return self.on_hand is not None or self.in_stock is not None

    @property
    def named(self) -> dict[str, str]:
        """The columns by the keys that give them."""
        found = {
            "sales_column" if self.stock else "demand_column": self.amount,
            "on_hand_column": self.on_hand,
            "in_stock_column": self.in_stock,
            "possible_column": self.possible,
        }
        return {key: name for key, name in found.items() if name is not None}


def read_seen(
    on_hand: Column | None, in_stock: Column | None
) -> "tuple[pd.Series[float], list[str]]":
    """Share of each period in which demand was seen, and how the columns were written.

    1 with stock to the end; 0 where all that is known is that demand was at least the sales.

    Raises:
        InputError: naming the first value that is wrong.
    """
    seen, told = None, list[str]()
    if in_stock is not None:
        in_stock.refuse(in_stock.text == "", "is empty; write 1 where there always was stock")
        seen, told = read_numbers(in_stock, whole=False)
        in_stock.refuse((seen < 0) | (seen > 1), "must be 0 to 1")
    if on_hand is not None:
        on_hand.refuse(on_hand.text == "", "is empty; write 0 where nothing was left")
        stock, more = read_numbers(on_hand, whole=False)
        left = (stock > 0).astype(np.float64)
        seen = left if seen is None else seen.where((seen < 1) | (left > 0), 0.0)
        told = [*told, *more]
    assert seen is not None
    return seen, told


def carried_on(seen: pd.DataFrame) -> Array:
    """(date, store) with dates that have no row: nothing was sold, and as much was left as before.

    A store that was sold out stays so, and its demand is not seen.
    """
    left = (seen == 1).astype(np.float64).where(seen.notna())
    return seen.fillna(left.ffill().fillna(1.0)).to_numpy(dtype=np.float64)


def refuse_never_seen(
    seen: Array, stores: tuple[str, ...], validate_from: int, file: DemandFile
) -> None:
    """An error that names the first store of which too little was seen to estimate the rest."""
    known = seen[:validate_from].sum(axis=0)
    for store, periods in zip(stores, known, strict=True):
        if periods < min(LEAST_SEEN, validate_from):
            raise InputError(
                f"{file.path}: store {store!r} had stock to the end on {periods:.3g} of "
                f"{validate_from} training dates, at least {LEAST_SEEN} are needed to estimate "
                f"what was not seen; leave it out"
            )
