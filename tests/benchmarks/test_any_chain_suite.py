"""The suite of one network for any chain: its sums are right, its chains are inside training."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.published.any_chain import (
    CHAINS,
    NETWORKS,
    OWN,
    AnyChainResult,
    OwnTrainings,
    share_of,
)
from benchmarks.published.any_chain_page import (
    any_chain_section,
    any_chain_table,
    any_chain_targets,
    read_any_chain,
)
from benchmarks.result_files import write_result
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError

MADE = {"versions": {"hmarl": "1"}, "machine": {"cpu": "x", "cores": 2}}
MADE_BY = MADE | {"command": "hmarl bench", "commit": "abc", "written": "now"}


def results(folder: Path) -> None:
    """One chain, two networks: 1.0 and 0.5 of a gain of 2 on a rule of 100."""
    levels = {"kind": "projected-inventory", "levels": {"level": [4.0]}}
    own = {"chain": "three-stores", "rule": levels, "rule_cost": 100.0, "seeds": [0, 1]}
    own |= {"differences": [-1.0, -3.0], "by_world": [-2.0, -2.0]}
    table = {"chains": [own], "made_by": MADE_BY}
    write_result(folder / f"{OWN}.json", OwnTrainings.model_validate(table))
    for seed, share in ((0, 1.0), (1, 0.5)):
        row = {"chain": "three-stores", "kept_rule": False, "difference": -2.0 * share}
        row |= {"error": 0.1, "share": share, "share_error": 0.05}
        found = {"run": "r", "training_seed": seed, "training_seconds": 60.0, "rows": [row]}
        result = AnyChainResult.model_validate(found | {"made_by": MADE_BY})
        write_result(folder / f"{NETWORKS}-{seed}.json", result)


def test_a_share_and_its_error_against_resampling() -> None:
    rng = np.random.default_rng(0)
    own = rng.normal(-2.0, 1.0, 400)
    saved = 0.6 * own + rng.normal(0.0, 0.5, 400)
    share, error = share_of(saved, own)
    assert share == pytest.approx(0.6, abs=3 * error)
    drawn = rng.integers(0, 400, (3000, 400))
    spread = (saved[drawn].mean(axis=1) / own[drawn].mean(axis=1)).std()
    assert error == pytest.approx(spread, rel=0.1)


def test_the_section_worked_by_hand(tmp_path: Path) -> None:
    assert any_chain_section(tmp_path) == [] and any_chain_targets(tmp_path) == []
    results(tmp_path)
    (section,) = any_chain_section(tmp_path)
    (line,) = [line for line in section.splitlines() if line.startswith("| three-stores")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == "100 (projected-inventory)"
    assert cells[2].startswith("-2.00") and cells[3].startswith("-1.50")
    assert cells[4] == "0.75 [0.65, 0.85]"  # 0.75 -+ 1.96 x 0.05
    (target,) = any_chain_targets(tmp_path)
    assert target[1:] == ["0.75", "met"]
    own, found = read_any_chain(tmp_path)
    assert own is not None and any_chain_table(own, found).row_count == 1


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{OWN}.json").write_text("{}")
    with pytest.raises(InputError, match=r"not written by hmarl bench published"):
        read_any_chain(tmp_path)


def test_the_chains_are_those_that_were_named() -> None:
    stores = {name: len(load_scenario(file).stores) for name, file in CHAINS.items()}
    assert stores == {
        "three-stores": 3,
        "fifty-stores": 50,
        "one-warehouse-3": 3,
        "one-warehouse-10": 10,
        "web-shop": 5,
    }
