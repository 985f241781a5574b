"""The suite of one network for all: its rows are the published ones, its sums are right."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from benchmarks.published.generalist import GeneralistResult, Row, cases, demand_of
from benchmarks.published.generalist_page import (
    gap,
    generalist_section,
    summary_table,
    table_rows,
    target_lines,
    write_picture,
)
from benchmarks.result_files import write_result
from inventory_env.description.demand import Demand


def test_rows_are_those_of_the_papers() -> None:
    """20 published rows of the 40-cell grid, the other cells with an optimum, 240 of the 480."""
    zipkin, wide = cases(["zipkin"]), cases(["all480"])
    assert sum(case.gc_lsn is not None for case in zipkin) == 20
    assert len({case.chain.name for case in zipkin}) == len(zipkin) > 30
    assert len(wide) == 240
    one = next(case for case in zipkin if case.chain.name == "zipkin-poisson-m5-p4-l4")
    assert (one.reference, one.gc_lsn, one.capped) == (4.73, 4.73163, 4.7998)
    store = one.chain.stores[0]
    assert (store.lead_time.maximum, store.shortage_cost, store.holding_cost) == (4, 4.0, 1.0)


@pytest.mark.parametrize(
    ("law", "mean", "variance"),
    # n = round(m / 0.3), p = m / n; r = max(2, ceil(0.3 m / 0.7)), variance m + m^2 / r
    [
        ("poisson", 7, 7),
        ("geometric", 5, 30),
        ("binom", 3, 3 * 0.7),
        ("neg_binom", 7, 7 + 49 / 4),  # their 0.3 x 7 / 0.7 is above 3 by rounding
        ("neg_binom", 3, 3 + 9 / 2),
    ],
)
def test_laws_are_those_of_the_paper(law: str, mean: float, variance: float) -> None:
    demand = TypeAdapter(Demand).validate_python(demand_of(law, mean))
    found, sd = demand.moments
    assert (found, sd**2) == pytest.approx((mean, variance))


def row(grid: str, **numbers: float | None) -> Row:
    given = {"reference": None, "gc_lsn": None, "capped": None, "projected": 10.0}
    given |= {"projected_error": 0.01, "difference": 0.0, "error": 0.001}
    return Row.model_validate({"grid": grid, "name": "a", **given, **numbers})


def result(seed: int, *rows: Row) -> GeneralistResult:
    return GeneralistResult(
        run="g", training_seed=seed, training_seconds=300.0, rows=rows, made_by={"written": "now"}
    )


def test_gaps_and_targets_worked_by_hand() -> None:
    published = row("zipkin", reference=9.5, gc_lsn=9.6, capped=9.9, difference=-0.4905)
    assert gap(published, published.cost) == pytest.approx(100 * (9.5095 / 9.5 - 1))
    all480 = row("all480", capped=10.2, gc_lsn=10.1, difference=-0.2)
    worse = row("wide", difference=0.2, error=0.01)
    fine = [row("wide", difference=-0.1) for _ in range(99)]
    found = [result(0, published, all480, worse, *fine), result(1, published)]
    lines = {line[0]: line[1:] for line in target_lines(found)}
    assert lines["Generalist: 40-cell grid, mean gap <= 0.06 %"] == ["+0.100 %", "**missed**"]
    assert lines["Generalist: 40-cell grid, worst gap <= 0.3 %"][1] == "met"
    mean = lines["Generalist: 480 grid, mean against tuned capped base-stock <= -1.0 %"]
    assert mean == [f"{100 * (9.8 / 10.2 - 1):+.3f} %", "met"]
    share = lines["Generalist: random problems significantly worse than the start rule <= 1 %"]
    assert share == ["+1.000 %", "met"]
    worst = lines["Generalist: random problems, worst (less two standard errors) <= 0.5 %"]
    assert worst == ["+1.800 %", "**missed**"]
    table = table_rows(found)
    assert ["zipkin", "1", "GC-LSN", f"{100 * (9.6 / 9.5 - 1):+.3f}", "+1.05"] in table
    assert summary_table(found).row_count == len(table)
    assert target_lines([]) == []


def test_the_section_and_its_picture(tmp_path: Path) -> None:
    assert generalist_section(tmp_path) == []
    rows = [row("zipkin", reference=9.5, gc_lsn=9.6, capped=9.9, difference=-0.49)]
    made = {"versions": {"hmarl": "1"}, "machine": {"cpu": "x", "cores": 2}}
    made |= {"command": "hmarl bench", "commit": "abc", "written": "now"}
    found = result(0, *rows, row("all480", capped=10.2, gc_lsn=10.1, difference=-0.2))
    write_result(tmp_path / "generalist-seed-0.json", found.model_copy(update={"made_by": made}))
    (section,) = generalist_section(tmp_path)
    assert section.startswith("## One network for any store") and "GC-LSN" in section
    write_picture(tmp_path, tmp_path / "images")
    assert (tmp_path / "images" / "generalist.png").stat().st_size > 10_000
