"""What the import of recorded demand found, for people."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from inventory_env.frozen import Array
from inventory_env.recorded.history import History, Part

MOST_LINES = 20


@dataclass(frozen=True)
class StoreReport:
    """One store of the file."""

    name: str
    mean: float  # units per period, training dates
    sd: float  # units, training dates
    zeros: float  # share of all dates without demand
    filled: int  # dates without a row, read as 0
    outliers: int  # demands above Q3 + 3 (Q3 - Q1) of the demands above 0
    largest: float  # units
    hidden: int = 0  # dates on which demand was not seen in full
    sold: tuple[float, float] | None = None  # mean and sd of sales, training dates

    @classmethod
    def of(cls, history: History, store: int, *, filled: int, sold: Array | None) -> Self:
        """Describe one column of a history; `sold` are the (date, store) sales it was made from."""
        demand = history.demand[:, store]
        known = demand[: history.validate_from]
        positive = demand[demand > 0]
        low, high = np.percentile(positive, [25, 75]) if positive.size else (0.0, 0.0)
        return cls(
            name=history.stores[store],
            mean=float(known.mean()),
            sd=float(known.std()),
            zeros=float(np.mean(demand == 0)),
            filled=filled,
            outliers=int(np.sum(demand > high + 3 * (high - low))),
            largest=float(demand.max()),
            hidden=0 if history.hidden is None else int(history.hidden.where[:, store].sum()),
            sold=None if sold is None else _moments(sold[: history.validate_from, store]),
        )

    @property
    def intermittent(self) -> bool:
        """Whether most dates are without demand."""
        return self.zeros > 0.5

    def line(self) -> str:
        """One line for people."""
        facts = [
            f"mean {self.mean:.3g}, sd {self.sd:.3g} on training dates",
            f"zeros {self.zeros:.0%}" + (" (intermittent)" if self.intermittent else ""),
        ]
        if self.hidden:
            facts.append(f"{self.hidden} dates sold out" + self._moved())
        if self.filled:
            facts.append(f"{self.filled} missing dates read as 0")
        if self.outliers:
            word = "outlier" if self.outliers == 1 else "outliers"
            facts.append(f"{self.outliers} {word}, largest {self.largest:g}, kept")
        return f"store {self.name}: {'; '.join(facts)}"

    def _moved(self) -> str:
        """What the estimate of demand changed on training dates."""
        return "" if self.sold is None else ", sales mean {:.3g}, sd {:.3g}".format(*self.sold)


@dataclass(frozen=True)
class ImportReport:
    """What was read from a demand CSV and what was done to it."""

    file: str
    item: str | None
    read_as: tuple[str, ...]  # how dates and demand are written, where that is not the usual
    period: Literal["day", "week"]
    history: History
    repeated: int  # identical rows left out
    summed: int  # further rows of a date and store that were added up
    stores: tuple[StoreReport, ...]
    notes: tuple[str, ...] = ()  # what it means for the scenario

    def lines(self) -> list[str]:
        """The report, one fact a line."""
        dates = self.history.dates
        item = "" if self.item is None else f", item {self.item}"
        lines = [
            f"{self.file}{item}: {len(self.stores)} stores, {len(dates)} {self.period}s, "
            f"{dates[0]} to {dates[-1]}"
        ]
        lines += self.read_as
        lines += [store.line() for store in self.stores[:MOST_LINES]]
        if len(self.stores) > MOST_LINES:
            lines.append(f"and {len(self.stores) - MOST_LINES} more stores")
        lines += self._sold_out()
        if self.repeated:
            lines.append(f"{self.repeated} identical rows left out")
        if self.summed:
            lines.append(f"{self.summed} further rows of a date and store added up")
        if not (self.repeated or self.summed or any(store.filled for store in self.stores)):
            lines.append("no gaps, no duplicates")
        parts: dict[str, Part] = {"train": "train", "validate": "validate", "test": "test"}
        for word, part in parts.items():
            first, end = self.history.bounds(part)
            lines.append(f"{word}: {end - first} {self.period}s from {dates[first]}")
        return [*lines, *self.notes]

    def _sold_out(self) -> list[str]:
        """How much demand was not seen, and what is taken for it."""
        hidden = sum(store.hidden for store in self.stores)
        if not hidden:
            return []
        total = len(self.history.dates) * len(self.stores)
        lines = [
            f"sold out on {hidden} of {total} store-{self.period}s ({hidden / total:.0%}): demand "
            f"is drawn there, anew each time for training, once for validation and test"
        ]
        known = [(store, store.sold) for store in self.stores if store.sold is not None]
        mean, sold = sum(store.mean for store, _ in known), sum(sales[0] for _, sales in known)
        if sold:
            sd = np.mean([store.sd / max(sales[1], 1e-9) for store, sales in known])
            lines.append(
                f"demand over sales on training dates: mean {mean / sold - 1:+.1%}, "
                f"sd {sd - 1:+.1%} (mean of the stores)"
            )
        return lines


def _moments(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(values.std())
