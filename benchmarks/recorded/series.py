"""Twelve sets of recorded demand, of other kinds each, from three public files of sales.

Items are drawn at random among those of a kind; the last quarter of the dates is the test's. A jump
multiplies the demand of the test dates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from inventory_env.frozen import Array

Flags = npt.NDArray[np.bool_]

SEED = 20
TEST = 0.75  # share of the dates before the first test date
LEAST_MEAN = 0.2  # units a period, in both parts
RETAIL, GROCERY, DAILY = "online-retail-long.csv.gz", "favorita-21", "three-stores-daily-demand.csv"


@dataclass(frozen=True)
class Facts:
    """What kind of series it is; (series,) each."""

    variation: Array  # sd / mean before the test
    without: Array  # share of periods without demand
    moved: Array  # mean of the test dates over the mean before

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Facts":
        """Of a table with a column for each series."""
        values = table.to_numpy(dtype=np.float64)
        before, after = np.split(values, [int(TEST * len(values))])
        mean = np.maximum(before.mean(axis=0), 1e-9)
        return cls(before.std(axis=0) / mean, (before == 0).mean(axis=0), after.mean(axis=0) / mean)


@dataclass(frozen=True)
class SeriesSet:
    """A set of series that are stores of one chain."""

    name: str
    source: str
    kind: Callable[[Facts], Flags]
    jump: float = 1.0
    stores: int = 3

    def table(self, series: pd.DataFrame) -> pd.DataFrame:
        """date, store, demand of the set, drawn from all series of its source."""
        facts = Facts.of(series)
        mean = series.mean().to_numpy()
        places = np.flatnonzero(self.kind(facts) & (mean >= LEAST_MEAN))
        rng = np.random.default_rng([SEED, *self.name.encode()])
        chosen = series.iloc[:, rng.choice(places, self.stores, replace=False)].copy()
        chosen.columns = [f"store-{number + 1}" for number in range(self.stores)]
        later = int(TEST * len(chosen))
        chosen.iloc[later:] = np.rint(self.jump * chosen.iloc[later:])
        long = chosen.rename_axis("date").reset_index()
        return long.melt("date", var_name="store", value_name="demand")


def _steady(facts: Facts) -> Flags:
    return np.asarray(np.abs(np.log(np.maximum(facts.moved, 1e-9))) < 0.2)


SETS = (
    SeriesSet("grocery-smooth", GROCERY, lambda f: _steady(f) & (f.variation < 0.4)),
    SeriesSet("grocery-erratic", GROCERY, lambda f: _steady(f) & (f.variation > 0.8)),
    SeriesSet("grocery-rising", GROCERY, lambda f: f.moved > 1.4),
    SeriesSet("grocery-falling", GROCERY, lambda f: f.moved < 0.7),
    SeriesSet("grocery-half", GROCERY, lambda f: _steady(f) & (f.variation < 0.5), jump=0.5),
    SeriesSet("grocery-double", GROCERY, lambda f: _steady(f) & (f.variation < 0.5), jump=2.0),
    SeriesSet("retail-erratic", RETAIL, lambda f: _steady(f) & (f.without < 0.3)),
    SeriesSet("retail-intermittent", RETAIL, lambda f: (f.without > 0.6) & (f.without < 0.9)),
    SeriesSet("retail-rising", RETAIL, lambda f: (f.moved > 1.4) & (f.without < 0.5)),
    SeriesSet("retail-falling", RETAIL, lambda f: (f.moved < 0.7) & (f.without < 0.5)),
    SeriesSet("daily-half", DAILY, lambda f: f.moved > 0, jump=0.5),
    SeriesSet("daily-double", DAILY, lambda f: f.moved > 0, jump=2.0),
)


def read_sources(folder: Path) -> dict[str, pd.DataFrame]:
    """Each file's series, a column each, by date."""
    retail = pd.read_csv(folder / RETAIL, parse_dates=["date"])
    retail["series"] = retail["store"] + "/" + retail["sku"].astype(str)
    wide = retail.pivot_table("demand", "date", "series", aggfunc="sum", fill_value=0)
    wide = wide.loc[:, (wide > 0).sum() >= len(wide) // 10]
    wide.index = pd.date_range("2010-12-01", periods=len(wide))  # of trading days, side by side
    with np.load(folder / GROCERY / "favorita-21.npz") as stored:
        sales = np.maximum(stored["sales"], 0).astype(np.float64)
    items, stores, weeks = sales.shape
    grocery = pd.DataFrame(
        sales.reshape(items * stores, weeks).T,
        index=pd.date_range("2013-01-07", periods=weeks, freq="W-MON"),
    )
    daily = pd.read_csv(folder / DAILY, parse_dates=["date"])
    return {
        RETAIL: wide,
        GROCERY: grocery.set_axis([str(name) for name in grocery.columns], axis=1),
        DAILY: daily.pivot_table("demand", "date", "store", aggfunc="sum", fill_value=0),
    }
