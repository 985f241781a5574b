"""The measured rates beside their targets: on the screen, and as a file with a certificate."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from rich import box
from rich.table import Table

from benchmarks.speed import TRAINED, Speed
from inventory_env.errors import InputError
from inventory_env.files import write_json
from policies.certificate import certificate

RESULTS = Path("benchmarks", "results")
SIMULATOR_TARGET = 10e6  # store-periods a second at 1024 worlds x 3 stores
DEMAND_TARGET = 3.0  # times as long as drawing the demand, at most
TRAINING_TARGET = 0.9  # of the rate with a VecEnv that does nothing


class Line(NamedTuple):
    """A quantity beside its target, in words."""

    quantity: str
    measured: str
    target: str
    verdict: str  # "met", "missed", or empty without a target


def results_file(asked: Path | None) -> Path:
    """Where results go: the file asked for, or the checkout's, or one in the current folder.

    Raises:
        InputError: if its folder does not exist.
    """
    if asked is None:
        return (RESULTS if RESULTS.is_dir() else Path()) / "speed.json"
    if not asked.parent.is_dir():
        raise InputError(f"--out {asked}: there is no folder {asked.parent}")
    return asked


def write_speed(path: Path, speed: Speed) -> None:
    """Keep the rates with their certificate."""
    write_json(path, {**asdict(speed), "made_by": certificate()})


def read_speed(path: Path) -> tuple[Speed, dict[str, Any]]:
    """What `write_speed` kept: the rates and their certificate.

    Raises:
        InputError: if the file is not one of those.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made_by = content.pop("made_by")
        return TypeAdapter(Speed).validate_python(content), made_by
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: not written by hmarl bench speed; measure again") from None


def speed_table(speed: Speed) -> Table:
    """The lines as a table for the screen."""
    table = Table(*Line._fields, box=box.SIMPLE_HEAD, pad_edge=False)
    for line in speed_lines(speed):
        table.add_row(*line, style="bold red" if line.verdict == "missed" else None)
    return table


def speed_lines(speed: Speed) -> list[Line]:
    """What was measured beside the targets."""
    lines = []
    for run in speed.simulator:
        where = f"{run.scenario}, {run.worlds} x {run.stores}"
        rate = run.store_periods_per_second
        judged = (run.worlds, run.stores) == (1024, 3)
        lines.append(
            Line(
                f"simulator, {where}",
                f"{rate / 1e6:.3g} M store-periods/s",
                *_at_least(rate, SIMULATOR_TARGET, "10 M", judged),
            )
        )
        ratio = run.over_demand_draw
        judged = run.worlds >= 1024
        met = ("<= 3", "met" if ratio <= DEMAND_TARGET else "missed") if judged else ("", "")
        lines.append(Line(f"time over demand draw, {where}", f"{ratio:.3g}", *met))
    training = speed.training
    low, high = training.share_range
    lines += [
        Line(
            f"VecEnv, {TRAINED}, {speed.vec_env_rows} rows",
            f"{speed.vec_env_rows_per_second / 1e6:.3g} M rows/s",
            "",
            "",
        ),
        Line(f"PPO, {training.scenario}", f"{training.rows_per_second:,.0f} rows/s", "", ""),
        Line("PPO, nothing simulated", f"{training.ceiling_rows_per_second:,.0f} rows/s", "", ""),
        Line(
            "share of that ceiling",
            f"{training.share:.3f} ({low:.2f} to {high:.2f})",
            *_at_least(training.share, TRAINING_TARGET, "0.9"),
        ),
    ]
    if speed.peak_memory_mb is not None:
        lines.append(Line("peak memory", f"{speed.peak_memory_mb:,.0f} MB", "", ""))
    return lines


def _at_least(value: float, least: float, text: str, judged: bool = True) -> tuple[str, str]:
    if not judged:
        return "", ""
    return f">= {text}", "met" if value >= least else "missed"
