"""Going on from the network for any store: its instances exist, its sums and verdicts are right."""

from pathlib import Path

import pytest

from benchmarks.published.fine_tuning import (
    FILE,
    INSTANCES,
    FineTuned,
    FineTuningResult,
    measure_fine_tuning,
)
from benchmarks.published.fine_tuning_page import (
    fine_tuning_section,
    fine_tuning_targets,
    table_row,
)
from benchmarks.published.instances import cells_of
from benchmarks.result_files import write_result
from inventory_env.errors import InputError
from policies.runs.certificate import certificate


def tuned(*, on: tuple[float, ...], nothing: tuple[float, ...], seconds: float) -> FineTuned:
    return FineTuned(
        instance="poisson-p4-l4",
        zero_shot=-0.1,
        tuned=on,
        core_seconds=tuple(seconds for _ in on),
        from_nothing=nothing,
        nothing_seconds=(40.0, 44.0),
    )


def test_instances_are_published_ones() -> None:
    assert set(INSTANCES) <= {cell.instance.name for cell in cells_of("lost-sales")}


@pytest.mark.parametrize(
    ("on", "seconds", "verdicts"),
    [((-0.40, -0.50), 4.0, [True, True]), ((-0.40, -0.38), 6.0, [False, False])],
)
def test_targets_compare_means(
    tmp_path: Path, on: tuple[float, ...], seconds: float, verdicts: list[bool]
) -> None:
    """-0.45 is within 0.05 of -0.50 + 0.00; -0.39 is 0.09 behind -0.48."""
    found = tuned(on=on, nothing=(-0.46, -0.50), seconds=seconds)
    write_result(tmp_path / FILE, FineTuningResult(instances=(found,), made_by=certificate()))
    assert [met for _, _, met in fine_tuning_targets(tmp_path)] == verdicts
    assert table_row(found)[0] == "poisson-p4-l4" and table_row(found)[5] == "42"
    assert fine_tuning_section(tmp_path)[0].count("| poisson-p4-l4 |") == 1
    assert not fine_tuning_targets(tmp_path / "none") and not fine_tuning_section(tmp_path / "none")


def test_what_was_not_measured_from_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"poisson-p4-l4.json: not there; run hmarl bench"):
        measure_fine_tuning(tmp_path, tmp_path / "out", seeds=1, workers=1)
    assert not (tmp_path / "out").exists()
