"""Sets of series unlike the past: their kinds, and the table of what was measured."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.recorded.series import SETS, Facts
from benchmarks.recorded.unlike_page import unlike_table

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results/recorded/unlike-the-past.json"


def test_facts_are_those_of_the_dates_before_the_test() -> None:
    steady, rising = [2.0, 4.0, 0.0, 2.0], [1.0, 1.0, 1.0, 3.0]
    found = Facts.of(pd.DataFrame({"steady": steady, "rising": rising}))
    np.testing.assert_allclose(found.variation, [np.std([2, 4, 0]) / 2, 0])
    np.testing.assert_allclose(found.without, [1 / 3, 0])
    np.testing.assert_allclose(found.moved, [1, 3])


@pytest.mark.parametrize("series", [each for each in SETS if each.jump != 1], ids=lambda s: s.name)
def test_a_jump_multiplies_the_test_dates_alone(series) -> None:  # type: ignore[no-untyped-def]
    dates = pd.date_range("2024-01-01", periods=80)
    columns = {f"item-{k}": np.full(80, 10.0 + k) for k in range(5)}
    table = series.table(pd.DataFrame(columns, index=dates).rename_axis("date"))
    one = table[table["store"] == "store-1"]["demand"].to_numpy()
    assert len(table) == 240 and len(set(one[:60])) == 1
    np.testing.assert_array_equal(one[60:], np.rint(series.jump * one[0]))


def test_the_table_is_of_means_and_spreads_over_seeds() -> None:
    def row(cost: float, kept: bool) -> dict[str, object]:
        return {"recommended": cost, "network": cost + 1, "start": 0.5, "kept_rule": kept}

    rows = {"one": {"0": row(-1.0, False), "1": row(-3.0, True)}, "two": {"0": row(0.0, True)}}
    lines = unlike_table({"rows": rows}).splitlines()
    assert lines[2] == "| one | -2.00 +- 1.41 | -1.00 +- 1.41 | +0.50 | 1 of 2 |"
    assert lines[4].startswith("| mean over 2 sets | -1.00 [")


def test_the_docs_have_the_table_of_the_results() -> None:
    text = (ROOT / "docs/recorded-demand.md").read_text(encoding="utf-8")
    assert unlike_table(json.loads(RESULTS.read_text(encoding="utf-8"))).strip() in text
