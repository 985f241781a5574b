"""The Python API: the page of the docs runs, nothing else changes, and errors name arguments."""

import gc
import re
import subprocess
import sys
import warnings
from datetime import date, timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch

import hmarl
from inventory_env import InputError
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.orders.folder import Orders
from policies.rollout import mean_costs

ROOT = Path(__file__).parent.parent
TINY = {"steps": 90, "validations": 1, "validation_worlds": 4}


def test_the_page_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    table = names["table"]
    assert isinstance(table, pd.DataFrame)
    assert set(table.index) > {"base-stock"}
    assert table["cost_per_period"].is_monotonic_increasing
    assert Path("cost.png").stat().st_size > 10_000
    orders = names["orders"]
    assert isinstance(orders, Orders)
    assert orders.lines["reason"].str.startswith(("target", "position")).all()
    wishes = names["wishes"]
    assert isinstance(wishes, np.ndarray) and wishes.shape[1] >= 3 and (wishes >= 0).all()


def test_nothing_else_changes() -> None:
    def outside() -> tuple[object, ...]:
        return torch.get_num_threads(), dict(mpl.rcParams), list(warnings.filters)

    before = outside()
    run = hmarl.train("original", **TINY)
    evaluation = hmarl.evaluate(run, "random", episodes=4)
    evaluation.figure("cost")
    assert outside() == before


def test_a_run_without_a_folder_goes_with_its_object(tmp_path: Path) -> None:
    run = hmarl.train("original", **TINY)
    folder = run.folder
    kept = run.save(tmp_path / "kept")
    tape = draw_tape(run.scenario, seed=1, purpose=Purpose.TEST, worlds=4)
    costs = mean_costs(run.policy, run.scenario, tape)
    np.testing.assert_array_equal(mean_costs(kept.policy, kept.scenario, tape), costs)
    assert folder.is_dir()
    with pytest.raises(InputError, match="is there already"):
        run.save(tmp_path / "kept")
    del run
    gc.collect()
    assert not folder.exists()
    again = hmarl.open_run(tmp_path / "kept")
    np.testing.assert_array_equal(mean_costs(again.policy, again.scenario, tape), costs)


def test_errors_name_arguments(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"folder: .* is not empty"):
        hmarl.train("original", folder=tmp_path)
    with pytest.raises(InputError, match=r"^budget must be above 0, at most 1, got 2$"):
        hmarl.tune("original", folder=tmp_path, budget=2.0)
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(120)]
    rows = "date,store,demand\n" + "".join(f"{day},a,{day.day}.5\n" for day in days)
    (tmp_path / "demand.csv").write_text(rows)
    with pytest.raises(InputError, match="give units continuous"):
        hmarl.from_csv(tmp_path / "demand.csv", "original")
    chain = hmarl.from_csv(tmp_path / "demand.csv", "original", units="continuous")
    assert (chain.units, [store.name for store in chain.stores]) == ("continuous", ["a"])
    with pytest.raises(InputError, match=r"colour: unknown key"):
        hmarl.from_csv(tmp_path / "demand.csv", "original", colour="red")


def test_importing_it_costs_nothing() -> None:
    heavy = {"torch", "numpy", "scipy", "pandas", "matplotlib", "stable_baselines3", "pydantic"}
    code = f"import sys, hmarl; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""
