"""Runs that were trained before decide today as they did then."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from policies.runs.run_folder import load_run

GOLDEN = Path(__file__).parent.parent / "golden"
sys.path.insert(0, str(GOLDEN))

from make import rebuilt  # noqa: E402


@pytest.mark.parametrize("units", ["whole", "continuous"])
def test_orders_are_those_of_the_day_it_was_trained(units: str) -> None:
    run = load_run(GOLDEN / units)
    lines = (GOLDEN / units / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 18
    for line in lines:
        record = json.loads(line)
        wishes = run.learned.wishes(rebuilt(run.scenario, record))
        np.testing.assert_allclose(wishes, record["wishes"], rtol=1e-5, atol=1e-6)
    assert len({str(json.loads(line)["wishes"]) for line in lines}) > 12


@pytest.mark.parametrize("units", ["whole", "continuous"])
def test_the_scenarios_settings_are_no_longer_asked(units: str, tmp_path: Path) -> None:
    """What was trained stands in the recipe; the same run with other settings decides the same."""
    for file in (GOLDEN / units).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    scenario = tmp_path / "scenario.toml"
    text = scenario.read_text(encoding="utf-8")
    assert "hidden = [" in text
    changed = text.replace('reach = "auto"', "reach = 3.5").replace(
        'observe = "auto"', 'observe = ["rule"]'
    )
    assert changed.count("3.5") > text.count("3.5")
    scenario.write_text(changed, encoding="utf-8")
    before, after = load_run(GOLDEN / units), load_run(tmp_path)
    record = json.loads((GOLDEN / units / "decisions.jsonl").read_text().splitlines()[0])
    seen = rebuilt(before.scenario, record)
    np.testing.assert_array_equal(before.learned.wishes(seen), after.learned.wishes(seen))
