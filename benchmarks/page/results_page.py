"""The page of measured results, made from the files in benchmarks/results."""

import json
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.inventorybench import page as inventorybench
from benchmarks.markdown import markdown_table, origin, spread, strong
from benchmarks.published.any_chain_page import any_chain_section, any_chain_targets
from benchmarks.published.fine_tuning_page import fine_tuning_section, fine_tuning_targets
from benchmarks.published.generalist_page import (
    generalist_section,
    read_generalist,
    target_lines,
    write_picture,
)
from benchmarks.published.page import published_sections, published_targets
from benchmarks.published.picture import write_pictures
from benchmarks.speed.speed_report import SpeedLine, read_speed, speed_lines
from benchmarks.training_seeds.many_seeds_page import many_seeds_section
from benchmarks.training_seeds.phases import read_phases
from benchmarks.training_seeds.phases_page import phases_section, phases_target
from inventory_env.errors import InputError
from inventory_env.files import write_text

PUBLISHED = "published"  # folder of published instances' results
GENERALIST = "generalist"  # folder of the results of networks for many problems
INVENTORYBENCH = "inventorybench/scores.json"  # they have a page of their own
HEAD = """\
# Measured results

Measured by the commands named under each table; `hmarl bench page` makes this page from the files
in `benchmarks/results`. Every target stands beside what was measured, misses in bold.
"""
SPEED_WORDS = """\
One run, one thread. Simulator: whole episodes under a base-stock rule, the money of every period
included; median of several. *Time over demand draw* is the simulator's time over the time in
which numpy draws as much demand. *VecEnv*: whole episodes with random actions, the end of each and
the next one's demand included. *PPO*: the scenario's own training settings; its ceiling is the
same learner on a VecEnv that does nothing, taken in turn with the chain; smallest and largest
share in parentheses. *Time over size*: how much longer the larger simulation takes, over how much
larger it is. *plain-chain* is the nearest chain that all simulators have: a supplier that never
runs out, one warehouse, three stores, constant lead times, Poisson demand drawn beforehand,
backorders, base-stock rules with the same levels; gym-invmgmt serves the stores in turn and drops
what it cannot fill, stockpyl orders after demand. They simulate one world at a time. *Until below
a rule*: seconds of training, those for judging left out, until two judgements in a row show the
deterministic policy cheaper with a paired 95 % interval clear of zero, each on 256 fresh
validation episodes; mean, smallest and largest over training seeds. Learning starts from a tuned
capped base-stock rule that is itself below the tuned reorder point, so the first judgement, before
any learning, can show it.
"""
SEEDS_WORDS = """\
{steps:,} training steps a seed; all policies are judged on the same {episodes:,} test episodes,
without exploration. *Against* a tuned rule: the cost less the rule's, in % of the rule's, with its
paired 95 % interval; below 0 is cheaper. Where the scenario's reward is not its cost, what was
taught is the reward.
"""


def write_page(results: Path, page: Path) -> None:
    """Make the page, its pictures and the page of InventoryBench anew.

    Args:
        results: folder of result files.
        page: the Markdown file to write.

    Raises:
        InputError: if there are no results, or a file is not one.
    """
    write_text(page, page_text(results))
    write_pictures(results / PUBLISHED, page.parent / "images")
    write_picture(results / GENERALIST, page.parent / "images")
    if (results / INVENTORYBENCH).exists():
        found = inventorybench.read_scores(results / INVENTORYBENCH)
        write_text(page.parent / "inventorybench.md", inventorybench.page_text(found))


def page_text(results: Path) -> str:
    """The page; it has a section for each result file that exists."""
    sections, targets = [], []
    if (results / "speed.json").exists():
        speed, made_by = read_speed(results / "speed.json")
        lines = speed_lines(speed)
        sections.append(_speed_section(lines, made_by))
        targets += [
            [f"{line.quantity}: {line.target}", line.measured, strong(line.verdict)]
            for line in lines
            if line.verdict
        ]
    sections += [_seeds_section(file) for file in sorted(results.glob("seeds-*.json"))]
    sections += [many_seeds_section(file) for file in sorted(results.glob("many-seeds-*.json"))]
    for file in sorted(results.glob("phases-*.json")):
        sections.append(phases_section(file))
        target, measured, verdict = phases_target(read_phases(file))
        targets.append([target, measured, strong(verdict)])
    sections += generalist_section(results / GENERALIST)
    targets += target_lines(read_generalist(results / GENERALIST))
    sections += fine_tuning_section(results / GENERALIST)
    targets += [
        [target, measured, strong("met" if met else "missed")]
        for target, measured, met in fine_tuning_targets(results / GENERALIST)
    ]
    sections += any_chain_section(results / GENERALIST)
    targets += any_chain_targets(results / GENERALIST)
    sections += published_sections(results / PUBLISHED)
    targets += published_targets(results / PUBLISHED)
    if not sections:
        raise InputError(f"{results}: no results; run hmarl bench speed or hmarl bench seeds first")
    table = markdown_table(["target", "measured", "verdict"], targets)
    return "\n".join([HEAD, *([table] if targets else []), *sections])


def _speed_section(lines: list[SpeedLine], made_by: dict[str, Any]) -> str:
    rows = [[*line[:3], strong(line.verdict)] for line in lines]
    table = markdown_table(list(SpeedLine._fields), rows)
    return "\n".join(["## Speed\n", SPEED_WORDS, table, origin(made_by)])


def _seeds_section(file: Path) -> str:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return "\n".join(
            [
                f"## Training seeds: {found['scenario']}\n",
                SEEDS_WORDS.format(**found),
                _seeds_table(found),
                _rewards(found["runs"]),
                origin(found["made_by"]),
            ]
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{file}: not written by hmarl bench seeds; run it again") from None


def _seeds_table(found: dict[str, Any]) -> str:
    """One row a training seed, then mean and standard deviation over the seeds."""
    runs, optimum = found["runs"], found["published_optimum"]
    rules = [c["baseline"] for c in runs[0]["comparisons"]]
    heads = ["seed", "training, s", "cost", "fill rate, %", *(f"against {rule}" for rule in rules)]
    if optimum is not None:
        heads.append(f"gap to optimum {optimum:g}, %")
    rows, numbers = [], []
    for run in runs:
        values = [run["training_seconds"], run["cost"], 100 * run["fill_rate"]]
        against = {c["baseline"]: c for c in run["comparisons"]}  # each run has its own order
        values += [against[rule]["percent"] for rule in rules]
        cells = [f"{values[0]:.0f}", f"{values[1]:.5g}", f"{values[2]:.2f}"]
        for rule in rules:
            low, high = against[rule]["ci95"]
            cells.append(f"{against[rule]['percent']:+.2f} [{low:+.2f}, {high:+.2f}]")
        if optimum is not None:
            values.append(100 * (run["cost"] / optimum - 1))
            cells.append(f"{values[-1]:+.2f}")
        kept = " (kept its start rule)" if run["kept_rule"] else ""
        rows.append([f"{run['seed']}{kept}", *cells])
        numbers.append(values)
    formats = [".0f", ".5g", ".2f", *["+.2f"] * (len(heads) - 4)]
    summary = [
        f"{mean(column):{form}}{spread(column)}"
        for column, form in zip(zip(*numbers, strict=True), formats, strict=True)
    ]
    rows.append(["mean ± sd", *summary])
    return markdown_table(heads, rows)


def _rewards(runs: list[dict[str, Any]]) -> str:
    """What was taught, which need not be the cost."""
    rewards = {"learned": mean(run["reward_per_episode"] for run in runs)}
    for rule in [c["baseline"] for c in runs[0]["comparisons"]]:
        rewards[rule] = mean(run["policies"][rule]["reward_per_episode"] for run in runs)
    told = ", ".join(f"{name} {value:,.1f}" for name, value in rewards.items())
    return f"Reward an episode, mean over seeds: {told}.\n"
