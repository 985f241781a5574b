"""The measured rates beside their targets: on the screen, and as a file with a certificate."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from rich import box
from rich.table import Table

from benchmarks.speed.first_win import LIMIT
from benchmarks.speed.speed import TRAINED, SimulatorSpeed, Speed
from inventory_env.errors import InputError
from inventory_env.files import write_json
from policies.runs.certificate import certificate

SIMULATOR_TARGET = 10e6  # store-periods a second at 1024 worlds x 3 stores
DEMAND_TARGET = 3.0  # times as long as drawing the demand, at most
TRAINING_TARGET = 0.9  # of the rate with a VecEnv that does nothing
EVERY_TIER_TARGET = 0.85  # the same where every tier learns
FIRST_WIN_TARGET = 60.0  # seconds, those for tuning the start rule included
GROWTH_TARGET = 1.0  # times as long as in proportion to the size, at most
GROWTHS = (  # (scenario, worlds) of the smaller and of the larger
    (("three-stores", 1024), ("three-stores", 8192)),
    (("three-stores", 1024), ("fifty-stores", 1024)),
)


class SpeedLine(NamedTuple):
    """A quantity beside its target, in words."""

    quantity: str
    measured: str
    target: str = ""
    verdict: str = ""  # "met", "missed", or empty without a target


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
    table = Table(*SpeedLine._fields, box=box.SIMPLE_HEAD, pad_edge=False)
    for line in speed_lines(speed):
        table.add_row(*line, style="bold red" if line.verdict == "missed" else None)
    return table


def speed_lines(speed: Speed) -> list[SpeedLine]:
    """What was measured beside the targets."""
    lines = []
    for run in speed.simulator:
        where = _where(run)
        rate = run.store_periods_per_second
        judged = (run.worlds, run.stores) == (1024, 3)
        lines.append(
            SpeedLine(
                f"simulator, {where}",
                f"{rate / 1e6:.3g} M store-periods/s",
                *_at_least(rate, SIMULATOR_TARGET, "10 M", judged),
            )
        )
        ratio = run.over_demand_draw
        judged = run.worlds >= 1024
        met = ("<= 3", "met" if ratio <= DEMAND_TARGET else "missed") if judged else ("", "")
        lines.append(SpeedLine(f"time over demand draw, {where}", f"{ratio:.3g}", *met))
    lines += [*_growth_lines(speed), *_peer_lines(speed)]
    training = speed.training
    low, high = training.share_range
    lines += [
        SpeedLine(
            f"VecEnv, {TRAINED}, {speed.vec_env_rows} rows",
            f"{speed.vec_env_rows_per_second / 1e6:.3g} M rows/s",
        ),
        SpeedLine(f"PPO, {training.scenario}", f"{training.rows_per_second:,.0f} rows/s"),
        SpeedLine("PPO, nothing simulated", f"{training.ceiling_rows_per_second:,.0f} rows/s"),
        SpeedLine(
            "share of that ceiling",
            f"{training.share:.3f} ({low:.2f} to {high:.2f})",
            *_at_least(training.share, TRAINING_TARGET, "0.9"),
        ),
    ]
    every = speed.every_tier
    low, high = every.share_range
    lines += [
        SpeedLine(
            f"PPO, {every.scenario}, every tier learns", f"{every.rows_per_second:,.0f} rows/s"
        ),
        SpeedLine(
            f"share of its ceiling, {every.scenario}",
            f"{every.share:.3f} ({low:.2f} to {high:.2f})",
            *_at_least(every.share, EVERY_TIER_TARGET, "0.85"),
        ),
    ]
    lines += _first_win_lines(speed)
    if speed.peak_memory_mb is not None:
        lines.append(SpeedLine("peak memory", f"{speed.peak_memory_mb:,.0f} MB"))
    return lines


def _growth_lines(speed: Speed) -> list[SpeedLine]:
    """Time over size of a larger simulation, in those of a smaller one."""
    rates = {(run.scenario, run.worlds): run for run in speed.simulator}
    lines = []
    for smaller, larger in GROWTHS:
        if smaller in rates and larger in rates:
            small, large = rates[smaller], rates[larger]
            growth = small.store_periods_per_second / large.store_periods_per_second
            met = "met" if growth <= GROWTH_TARGET else "missed"
            lines.append(
                SpeedLine(
                    f"time over size, {_where(large)} against {_where(small)}",
                    f"{growth:.3g}",
                    "<= 1",
                    met,
                )
            )
    return lines


def _peer_lines(speed: Speed) -> list[SpeedLine]:
    """The plain chain here and there."""
    lines = [
        SpeedLine(
            f"simulator, {_where(run)}", f"{run.store_periods_per_second:,.0f} store-periods/s"
        )
        for run in speed.plain_chain
    ]
    for peer in speed.peers:
        rate = peer.store_periods_per_second
        if rate is None:
            lines.append(SpeedLine(f"{peer.package}, plain-chain", "not installed"))
            continue
        name = f"{peer.package} {peer.version}"
        lines.append(SpeedLine(f"{name}, plain-chain, 1 x 3", f"{rate:,.0f} store-periods/s"))
        lines += [
            SpeedLine(
                f"simulator over {peer.package}, {_where(run)}",
                f"{run.store_periods_per_second / rate:,.1f} times",
            )
            for run in speed.plain_chain
        ]
    return lines


def _first_win_lines(speed: Speed) -> list[SpeedLine]:
    """Seconds until rules are beaten, over training seeds."""
    wins = speed.first_wins
    total = [
        None if w.over_reorder_point is None else w.tuning_seconds + w.over_reorder_point
        for w in wins
    ]
    met = all(s is not None and s <= FIRST_WIN_TARGET for s in total)
    return [
        SpeedLine(
            f"tuning the start rule, {TRAINED}, {len(wins)} seeds",
            _span([w.tuning_seconds for w in wins]),
        ),
        SpeedLine(
            "tuning and PPO, until below the tuned reorder point",
            _span(total),
            f"<= {FIRST_WIN_TARGET:g} s",
            "met" if met else "missed",
        ),
        SpeedLine(
            "PPO, until below the tuned reorder point", _span([w.over_reorder_point for w in wins])
        ),
        SpeedLine("PPO, until below its own start rule", _span([w.over_start_rule for w in wins])),
    ]


def _span(seconds: Sequence[float | None]) -> str:
    """Mean and range; None is a win that did not come in time."""
    known = [s for s in seconds if s is not None]
    late = f"{len(seconds) - len(known)} of {len(seconds)} not within {LIMIT:g} s"
    if not known:
        return late
    span = f"{fmean(known):.1f} s ({min(known):.1f} to {max(known):.1f})"
    return span if len(known) == len(seconds) else f"{span}; {late}"


def _where(run: SimulatorSpeed) -> str:
    return f"{run.scenario}, {run.worlds} x {run.stores}"


def _at_least(value: float, least: float, text: str, judged: bool = True) -> tuple[str, str]:
    if not judged:
        return "", ""
    return f">= {text}", "met" if value >= least else "missed"
