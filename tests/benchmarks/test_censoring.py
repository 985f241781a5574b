"""Rules tuned on demand completed from sales cost what rules tuned on demand cost."""

import pytest

from benchmarks.recorded.censoring import TRUTHS, judged, summarised


@pytest.mark.slow
def test_completed_demand_is_as_good_as_demand_and_sales_are_not() -> None:
    rows = [row for seed in range(3) for row in judged("week", TRUTHS["week"], seed, steps=0)]
    for row in rows:
        assert 0.2 < row["sold_out"] < 0.4
    for row in summarised(rows):
        assert row["completed"] < 1
        assert row["completed"] < row["sales"]
