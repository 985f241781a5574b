"""What a training on a problem distribution is worth, over several training seeds.

Every seed's network is judged on the same drawn chains, which nothing else draws, on test demand
and beside the rule that it started from. Chains are the independent units: a seed's interval is
over them.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from benchmarks.measurement import Tell
from benchmarks.result_files import read_result
from inventory_env.description.problem_distribution import ProblemDistribution, Stream
from inventory_env.frozen import Array, Fraction, Frozen, NonNegative
from inventory_env.simulation.tape import Purpose
from policies.intervals import student_interval
from policies.learning.trust import saves
from policies.runs.certificate import certificate
from policies.runs.training import train_generalist
from policies.savings import Played, savings

CHAINS, EPISODES = 1000, 32  # drawn chains, and test episodes of each


class SeedOnMany(Frozen):
    """One training seed's network on the drawn chains; cost less the start rule's, in % of it."""

    seed: Annotated[int, Field(ge=0)]
    """The training seed."""
    training_seconds: NonNegative
    """Seconds it learned for."""
    percent: float
    """Mean over the chains; below 0 is cheaper."""
    ci95: tuple[float, float]
    """Student's 95 % interval over the chains."""
    worse: Fraction
    """Share of chains whose own paired 95 % interval, over its episodes, lies above 0."""
    worst_chain: str
    """Name of the chain with the largest mean."""
    worst: float
    """That mean."""
    worst_ci95: tuple[float, float]
    """Its paired 95 % interval over the episodes."""


class ManySeeds(Frozen):
    """Everything that was measured on a problem distribution."""

    problems: str
    """Its name."""
    steps: Annotated[int, Field(ge=1)]
    """Training steps of a seed."""
    chains: Annotated[int, Field(ge=2)]
    """Drawn chains."""
    episodes: Annotated[int, Field(ge=2)]
    """Test episodes of each chain."""
    evaluation_seed: Annotated[int, Field(ge=0)]
    """Seed of the test demand."""
    start_rule: str
    """What learning starts from, and is set against."""
    seeds: Annotated[tuple[SeedOnMany, ...], Field(min_length=1)]
    """One entry a training seed."""
    made_by: dict[str, Any]
    """Versions, machine and command."""


def judge_many_seeds(
    problems: ProblemDistribution,
    seeds: Sequence[int],
    *,
    chains: int,
    episodes: int,
    evaluation_seed: int,
    tell: Tell = lambda _: None,
) -> ManySeeds:
    """Train a network once a seed and judge each on the same drawn chains and test demand.

    Args:
        problems: the distribution, training settings included.
        seeds: training seeds.
        chains: how many are drawn to judge on, at least 2.
        episodes: of each chain, at least 2.
        evaluation_seed: of the test demand.
        tell: called with a line after each seed.
    """
    drawn = problems.draw(chains, stream=Stream.SEEDS)
    names = [chain.name for chain in drawn.members]
    found, start_rule = [], ""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            run = train_generalist(problems, seed=seed, folder=Path(folder))
            start_rule = run.start_rule.name
            trusted = np.all(saves(drawn, run.start_rule, run.learned(drawn)), axis=1)
            saved = savings(
                drawn,
                run.start_rule,
                run.learned(drawn),
                Played(evaluation_seed, Purpose.TEST, episodes),
            )
        seconds = run.manifest["training_seconds"]
        # Elsewhere it orders what the rule orders.
        saved = np.where(trusted[:, None], saved, 0.0)
        found.append(_judged(seed, seconds, -saved, names))
        tell(_told(found[-1], chains, start_rule))
    return ManySeeds(
        problems=problems.name,
        steps=problems.training.steps,
        chains=chains,
        episodes=episodes,
        evaluation_seed=evaluation_seed,
        start_rule=start_rule,
        seeds=tuple(found),
        made_by=certificate(),
    )


def _judged(seed: int, seconds: float, difference: Array, names: Sequence[str]) -> SeedOnMany:
    """What (chain, episode) differences to the start rule, in percent, say of a seed."""
    means = difference.mean(axis=1)
    own = [student_interval(row) for row in difference]
    worst = int(means.argmax())
    return SeedOnMany(
        seed=seed,
        training_seconds=seconds,
        percent=float(means.mean()),
        ci95=student_interval(means),
        worse=float(np.mean([low > 0 for low, _ in own])),
        worst_chain=names[worst],
        worst=float(means[worst]),
        worst_ci95=own[worst],
    )


def _told(found: SeedOnMany, chains: int, rule: str) -> str:
    low, high = found.ci95
    return (
        f"seed {found.seed}: {found.training_seconds:.0f} s, {found.percent:+.2f} % "
        f"[{low:+.2f}, {high:+.2f}] against {rule} on {chains:,} chains; {found.worse:.1%} "
        f"significantly worse, worst {found.worst:+.2f} % ({found.worst_chain})"
    )


def read_many_seeds(file: Path) -> ManySeeds:
    """Results from their file.

    Raises:
        InputError: if the file is not one.
    """
    return read_result(ManySeeds, file, "hmarl bench seeds on a problem distribution; run it again")
