"""`hmarl bench published --suite generalist --run any-chain`: one network on chains that it was not
trained for, beside a training for each of them.

A chain's own trainings, with the default recipe and several seeds, are done once and kept;
networks are then judged on the same test demand. Costs are differences to the chain's tuned start
rule in the same worlds. A share of the gain is the network's mean difference over that of the own
trainings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydantic import Field

from benchmarks.measurement import EVALUATION_SEED, Tell
from benchmarks.published.generalist import OfNetwork
from benchmarks.published.instances import PROBLEMS
from benchmarks.result_files import read_result, write_result
from inventory_env.decision.recipe import RuleLevels
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.description.settings import TrainingSettings
from inventory_env.frozen import Array, Frozen
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.rollout import mean_costs
from policies.rules.rule_book import START, RuleBook, read_rule, written_rule
from policies.runs.certificate import certificate
from policies.runs.generalist import Generalist
from policies.runs.training import train

CHAINS: dict[str, str | Path] = {
    "three-stores": "three-stores",
    "fifty-stores": "fifty-stores",
    "one-warehouse-3": PROBLEMS / "one-warehouse" / "three-stores.toml",
    "one-warehouse-10": PROBLEMS / "one-warehouse" / "ten-stores.toml",
    "web-shop": PROBLEMS / "any-chain" / "web-shop.toml",
}
OWN, NETWORKS = "any-chain-own", "any-chain-seed"  # files of results
WORLDS = 1000
QUICK_WORLDS, QUICK_STEPS = 16, 20_000
AGAIN = "hmarl bench published --suite generalist --run any-chain; run it again"


class OwnTraining(Frozen):
    """What trainings for one chain alone gain."""

    chain: str
    """The chain."""
    rule: RuleLevels
    """Its tuned start rule."""
    rule_cost: float
    """What that costs per period."""
    seeds: tuple[int, ...] = Field(min_length=1)
    """Training seeds."""
    differences: tuple[float, ...]
    """Cost less the rule's, for each."""
    by_world: tuple[float, ...]
    """Their mean, in each test world."""


class OwnTrainings(Frozen):
    """All chains' own trainings."""

    chains: tuple[OwnTraining, ...]
    """One for each chain."""
    made_by: dict[str, Any]
    """Versions, machine and command."""


class ZeroShot(Frozen):
    """One network on one chain."""

    chain: str
    """The chain."""
    kept_rule: bool
    """Whether the run keeps the chain's tuned rule."""
    difference: float
    """Cost per period less the tuned start rule's."""
    error: float
    """Its standard error."""
    share: float
    """Of the gain of the chain's own trainings."""
    share_error: float
    """Its standard error."""


class AnyChainResult(OfNetwork):
    """One network on all chains."""

    rows: tuple[ZeroShot, ...] = Field(min_length=1)
    """The chains."""


@dataclass(frozen=True)
class Measurement:
    """How long and how often is measured."""

    chains: tuple[str, ...]
    worlds: int
    seeds: int
    steps: int | None  # of an own training; None: the default recipe's

    @classmethod
    def of(cls, *, quick: bool) -> "Measurement":
        """The whole measurement, or a try."""
        if quick:
            return cls(("three-stores",), QUICK_WORLDS, 1, QUICK_STEPS)
        return cls(tuple(CHAINS), WORLDS, 3, None)

    def tape(self, chain: Scenario) -> Tape:
        """Test demand."""
        return draw_tape(chain, seed=EVALUATION_SEED, purpose=Purpose.TEST, worlds=self.worlds)

    def own(self, name: str, tell: Tell) -> OwnTraining:
        """Train for one chain alone, and judge."""
        chain = load_scenario(CHAINS[name])
        settings = TrainingSettings() if self.steps is None else TrainingSettings(steps=self.steps)
        chain, tape = chain.with_training(settings), self.tape(chain)
        rule = RuleBook(chain, 0).start()
        before = mean_costs(rule, chain, tape)
        saved = []
        for seed in range(self.seeds):
            with TemporaryDirectory() as folder:
                book = RuleBook(chain, 0)
                book.add(START, rule.rule)
                run = train(chain, seed=seed, folder=Path(folder), book=book)
            saved.append(mean_costs(run.policy, chain, tape) - before)
            tell(f"{name}, trained for alone, seed {seed}: {_percent(saved[-1], before)}")
        return OwnTraining(
            chain=name,
            rule=written_rule(rule.rule),
            rule_cost=float(before.mean()),
            seeds=tuple(range(self.seeds)),
            differences=tuple(float(each.mean()) for each in saved),
            by_world=tuple(np.mean(saved, axis=0).round(5).tolist()),
        )

    def zero_shot(self, network: Generalist, own: OwnTraining, tell: Tell) -> ZeroShot:
        """The network on a chain."""
        chain = load_scenario(CHAINS[own.chain])
        tape, book = self.tape(chain), RuleBook(chain, 0)
        book.add(START, read_rule(own.rule))
        run = network.on(chain, book)
        before = mean_costs(book.start(), chain, tape)
        saved = mean_costs(run.policy, chain, tape) - before
        tell(f"{own.chain}, {network.folder.name}: {_percent(saved, before)}")
        share, error = share_of(saved, np.array(own.by_world))
        return ZeroShot(
            chain=own.chain,
            kept_rule=bool(run.manifest["kept_rule"]),
            difference=float(saved.mean()),
            error=float(saved.std(ddof=1) / len(saved) ** 0.5),
            share=share,
            share_error=error,
        )


def share_of(saved: Array, own: Array) -> tuple[float, float]:
    """A mean over another in the same worlds, and its standard error (linearised).

    >>> share_of(np.array([-1.0, -2.0, -3.0]), np.array([-2.0, -4.0, -6.0]))
    (0.5, 0.0)
    """
    share = float(saved.mean() / own.mean())
    rest = saved - share * own
    return share, float(rest.std(ddof=1) / len(rest) ** 0.5 / abs(own.mean()))


def measure_any_chain(
    networks: Sequence[Generalist],
    results: Path | None,
    *,
    quick: bool = False,
    again: bool = False,
    tell: Tell = lambda _: None,
) -> tuple[OwnTrainings, list[AnyChainResult]]:
    """Every network on every chain; a file for each, and one for the chains' own trainings.

    Args:
        networks: of runs on chains that share a stock.
        results: folder for the results; None keeps nothing.
        quick: one chain, little training.
        again: do own trainings anew that are there.
        tell: called with a line for everything measured.
    """
    how = Measurement.of(quick=quick)
    file = None if results is None else results / f"{OWN}.json"
    if file is not None and file.exists() and not again:
        own = read_result(OwnTrainings, file, AGAIN)
    else:
        chains = tuple(how.own(name, tell) for name in how.chains)
        own = OwnTrainings(chains=chains, made_by=certificate())
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_result(file, own)
    found = []
    for network in networks:
        rows = tuple(how.zero_shot(network, each, tell) for each in own.chains)
        found.append(
            AnyChainResult(
                run=network.folder.name,
                training_seed=network.seed,
                training_seconds=float(network.manifest["training_seconds"]),
                rows=rows,
                made_by=certificate(),
            )
        )
        if results is not None:
            write_result(results / f"{NETWORKS}-{network.seed}.json", found[-1])
    return own, found


def _percent(saved: Array, before: Array) -> str:
    return f"{100 * saved.mean() / before.mean():+.2f} % against its tuned start rule"
