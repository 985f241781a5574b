"""Rules whose levels were tuned on drawn laws, by promised lead time and profit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.inventorybench.arrivals import Arrivals, LearnedArrivals, WrittenOff
from benchmarks.inventorybench.forecasts import Following, Forecaster, Smoothing
from benchmarks.inventorybench.mixture import Mixture
from benchmarks.inventorybench.play import Morning
from benchmarks.inventorybench.rules import Levels, capped_order, position
from inventory_env.frozen import Array

FILE = Path(__file__).with_name("levels.json")
TRUE_CHANCES = (3 / 4, 2 / 3, 1 / 2)  # where 1, 2, 3 periods or never are equally likely

# For each promised lead time, levels by profit per unit of holding cost, in rising order.
Book = Mapping[int, Mapping[float, Levels]]


def tunable() -> dict[str, tuple[Forecaster, Arrivals]]:
    """What tuned rules forecast with, and how they count open orders, by the rule's name."""
    told = WrittenOff(TRUE_CHANCES)
    return {
        "tuned-smoothing": (Smoothing(0.3, 0.1), told),
        "tuned-mixture": (Mixture(), told),
        "tuned-mixture-learned-arrivals": (Mixture(), LearnedArrivals()),
    }


@dataclass
class TunedRule:
    """A capped order-up-to rule with levels from a book."""

    forecaster: Forecaster
    arrivals: Arrivals
    book: Book

    def __post_init__(self) -> None:
        self._following = Following(self.forecaster)

    def orders(self, morning: Morning) -> Array:
        forecast = self._following.forecast(morning.demand)
        levels = levels_for(self.book[morning.promised], morning.profit / morning.holding)
        has = position(morning, self.arrivals.chances(morning))
        return capped_order(has, forecast, morning.promised, levels)


def levels_for(tuned: Mapping[float, Levels], ratio: Array) -> Levels:
    """Levels for (instance,) profits per unit of holding cost, in between those that were tuned.

    >>> tuned = {1.0: Levels(0, 0, 1, 0), 4.0: Levels(1, 0, 1, 0)}
    >>> levels_for(tuned, np.array([0.5, 2.0, 4.0])).safety
    array([0. , 0.5, 1. ])
    """
    known = np.log(list(tuned))
    return Levels(*(np.interp(np.log(ratio), known, x) for x in zip(*tuned.values(), strict=True)))


def shipped_rule(name: str) -> TunedRule:
    """One of the rules of `tunable`, with the shipped levels."""
    forecaster, arrivals = tunable()[name]
    return TunedRule(forecaster, arrivals, read_books(FILE)[name])


def read_books(file: Path) -> dict[str, Book]:
    """Every rule's book, as `benchmarks.inventorybench.tuning` wrote them."""
    kept = json.loads(file.read_text(encoding="utf-8"))["rules"]
    return {
        rule: {
            int(promised): {float(ratio): Levels(*levels) for ratio, levels in by_ratio.items()}
            for promised, by_ratio in book.items()
        }
        for rule, book in kept.items()
    }
