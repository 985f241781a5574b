"""`hmarl bench published --suite generalist`: one network on problems it was not trained for.

Rows are the lost-sales instances of Temizoz et al. (arXiv 2411.00515), whose one network took
18 000 core-hours, those of Zipkin (2008), and drawn problems with random lead times and demand in
cycles. No row is trained for. A cost is the network's on long common demand, regressed where that
can be done on functions of demand with known means; rules are tuned for each row (`rivals`).
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from benchmarks.measurement import EVALUATION_SEED, Tell
from benchmarks.processes import in_processes
from benchmarks.published.estimates import controlled_mean, demand_controls
from benchmarks.published.exact import optimal_cost
from benchmarks.published.instances import read_problems
from benchmarks.published.rivals import rival_costs
from benchmarks.result_files import write_result
from inventory_env.description.population import Mixture
from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    Stream,
    load_problems,
)
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array, Frozen
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, TapeSource
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.runs.certificate import certificate
from policies.runs.generalist import Generalist, load_generalist

PUBLISHED = Path(__file__).parent / "problems" / "generally-capable.csv"
PERIODS, WARM_UP = 2100, 100
WORLDS = {"zipkin": 384, "all480": 96, "drawn": 96, "wide": 32}  # of a row, by grid
BLOCK = 24  # rows side by side
LONGEST_EXACT = 4  # lead time whose optimum value iteration finds in seconds
WIDE = 1000  # random problems of the shipped distribution


class Row(Frozen):
    """One problem's costs per period."""

    grid: str
    """zipkin, all480, drawn or wide."""
    name: str
    """What the problem is."""
    reference: float | None
    """The optimum, or the best that was trained for the problem alone."""
    gc_lsn: float | None
    """The published network for all problems."""
    capped: float | None
    """The best capped base-stock rule: as published, else as tuned here; with cycles, base-stock
    with levels by slot where that is better."""
    projected: float
    """The tuned projected-inventory rule, with cycles one with levels by slot where that is better;
    for wide problems, the start rule, which is not tuned."""
    projected_error: float
    """Its standard error."""
    difference: float
    """The network's cost less that rule's, on the same demand."""
    error: float
    """Its standard error."""

    @property
    def cost(self) -> float:
        """The network's."""
        return self.projected + self.difference


class OfNetwork(Frozen):
    """What was measured of one network for many problems."""

    run: str
    """The run's folder."""
    training_seed: int
    """Its seed."""
    training_seconds: float
    """Of one core."""
    made_by: dict[str, Any]
    """Versions, machine and command."""


class GeneralistResult(OfNetwork):
    """All rows for one network."""

    rows: tuple[Row, ...] = Field(min_length=1)
    """The problems."""


@dataclass(frozen=True)
class Case:
    """A problem, and what is known of it."""

    grid: str
    chain: Scenario
    reference: float | None = None
    gc_lsn: float | None = None
    capped: float | None = None


def cases(grids: Sequence[str]) -> list[Case]:
    """The problems of some grids."""
    found: list[Case] = []
    if "zipkin" in grids:
        found += _zipkin()
    if "all480" in grids:
        found += [case for row in _rows("all480") for case in [_case("all480", row, None)]]
    if "drawn" in grids:
        found += [Case("drawn", chain) for chain in _drawn()]
    if "wide" in grids:
        problems = load_problems("any-store")
        assert isinstance(problems, ProblemDistribution)
        found += [Case("wide", chain) for chain in problems.draw(WIDE, stream=Stream.SUITE).members]
    return found


def _rows(grid: str) -> list[dict[str, str]]:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["grid"] == grid]


def demand_of(law: str, mean: float) -> dict[str, Any]:
    """The laws of the paper, by their names in its tables."""
    if law == "poisson":
        return {"kind": "poisson", "mean": mean}
    if law == "geometric":
        return {"kind": "geometric", "mean": mean}
    if law == "binom":
        trials = round(mean / 0.3)
        return {"kind": "binomial", "trials": trials, "probability": mean / trials}
    # As computed in floating point by those who published: 0.3 x 7 / 0.7 is a little above 3.
    r = max(2, int(np.ceil(0.3 * mean / 0.7)))
    return {"kind": "negative-binomial", "mean": mean, "dispersion": 1 / r}


def _chain(name: str, **store: Any) -> Scenario:
    table = {
        "name": name,
        "periods": PERIODS,
        "warm_up": WARM_UP,
        "stores": [{"name": "store", "holding_cost": 1.0, **store}],
        "warehouse": {"unlimited": True},
    }
    return Scenario.model_validate(table)


def _case(grid: str, row: dict[str, str], reference: float | None) -> Case:
    law, mean, shortage, lead_time = row["dist"], float(row["mean"]), row["p"], int(row["L"])
    name = f"{law}-m{mean:g}-p{float(shortage):g}-l{lead_time}".replace("_", "-")
    chain = _chain(
        f"{grid}-{name}",
        demand=demand_of(law, mean),
        shortage_cost=float(shortage),
        lead_time=lead_time,
    )
    known = {key: float(row[key]) for key in ("gc_lsn", "best_capped_base_stock")}
    return Case(grid, chain, reference, known["gc_lsn"], known["best_capped_base_stock"])


def _zipkin() -> list[Case]:
    """The 40-cell grid's published rows, and the other cells with a published optimum."""
    references = {
        instance.name: instance.reference
        for table in ("lost-sales", "lost-sales-long")
        for instance in read_problems(table).instances
    }
    found, seen = [], set()
    for row in _rows("zipkin40"):
        name = f"{row['dist']}-p{float(row['p']):g}-l{row['L']}"
        seen.add(name)
        found.append(_case("zipkin", row, references.get(name)))
    for name, reference in references.items():
        if name not in seen:
            law, shortage, lead_time = name.split("-")
            chain = _chain(
                f"zipkin-{law}-m5-{shortage}-{lead_time}",
                demand=demand_of(law, 5.0),
                shortage_cost=float(shortage[1:]),
                lead_time=int(lead_time[1:]),
            )
            found.append(Case("zipkin", chain, reference))
    return found


def _drawn() -> list[Scenario]:
    """Random lead times that cross and that do not, and cycles of 2 to 7 periods, drawn once."""
    rng = np.random.default_rng(Stream.SUITE)
    chains = []
    for number in range(36):
        mean, shortage = (
            float(rng.uniform(2, 12)),
            float(np.exp(rng.uniform(np.log(4), np.log(70)))),
        )
        demand: dict[str, Any] = {
            "kind": "negative-binomial",
            "mean": mean,
            "dispersion": float(rng.uniform(0.05, 1)),
        }
        kind = ("crossing", "in-sequence", "cycle")[number % 3]
        lead_time: Any = int(rng.integers(1, 9))
        if kind == "cycle":
            season = rng.uniform(0.4, 1.6, 7)[: 2 + number // 3 % 6]
            demand["season"] = {"cycle": (season / season.mean()).tolist()}
        else:
            low = int(rng.integers(0, 4))
            high = low + int(rng.integers(2, 8))
            crossing = kind == "crossing"
            lead_time = {"kind": "uniform", "low": low, "high": high, "crossing": crossing}
        name = f"drawn-{kind}-{number}"
        chains.append(_chain(name, demand=demand, shortage_cost=shortage, lead_time=lead_time))
    return chains


def measure_generalist(
    run: Generalist, grids: Sequence[str], *, share: float = 1.0, tell: Tell = lambda _: None
) -> GeneralistResult:
    """The network's cost on every row of some grids, beside tuned rules.

    Args:
        run: the network.
        grids: of `WORLDS`.
        share: of the worlds that a row is simulated in.
        tell: called with a line for every block of rows.
    """
    found: list[Row] = []
    for grid in grids:
        own = sorted(cases([grid]), key=lambda case: case.chain.stores[0].lead_time.maximum)
        worlds = max(int(WORLDS[grid] * share), 8)
        for first in range(0, len(own), BLOCK):
            block = own[first : first + BLOCK]
            found += _measured(run, block, worlds)
            tell(f"{grid}: {min(first + BLOCK, len(own))} of {len(own)} rows")
    return GeneralistResult(
        run=run.folder.name,
        training_seed=run.seed,
        training_seconds=float(run.manifest["training_seconds"]),
        rows=tuple(found),
        made_by=certificate(),
    )


def _measured(run: Generalist, block: Sequence[Case], worlds: int) -> list[Row]:
    chains = Mixture(tuple(case.chain for case in block))
    wide, capped = block[0].grid == "wide", None
    tape = TapeSource(chains, Params.of(chains)).draw(
        seed=EVALUATION_SEED, purpose=Purpose.TEST, worlds=worlds * len(block)
    )

    def costs(policy: Policy) -> Array:
        return mean_costs(policy, chains, tape).reshape(len(block), worlds)

    learned = costs(run.policy_for(chains, worlds))
    if wide:
        projected = costs(run.start_rule)
    else:
        projected = rival_costs("projected-inventory", "projected-inventory", chains, tape)
        if any(case.capped is None for case in block):
            capped = rival_costs("capped-base-stock", "base-stock", chains, tape)
    rows = []
    for place, case in enumerate(block):
        here = slice(place * worlds, (place + 1) * worlds)
        controls = np.zeros((worlds, 0))
        if not wide:  # whose laws are too many and too large; differences to the rule tell enough
            controls = demand_controls(case.chain, tape.of_worlds(here))
        rule = controlled_mean(projected[place], controls)
        paired = controlled_mean(learned[place] - projected[place], controls)
        known = case.capped
        if known is None and capped is not None:
            known = controlled_mean(capped[place], controls).mean
        lead_time, reference = case.chain.stores[0].lead_time.maximum, case.reference
        if case.grid == "zipkin" and lead_time <= LONGEST_EXACT:
            reference = optimal_cost(case.chain)
        rows.append(
            Row(
                grid=case.grid,
                name=case.chain.name.removeprefix(f"{case.grid}-"),
                reference=reference,
                gc_lsn=case.gc_lsn,
                capped=known,
                projected=rule.mean,
                projected_error=rule.error,
                difference=paired.mean,
                error=paired.error,
            )
        )
    return rows


GRIDS = ("zipkin", "all480", "drawn", "wide")
QUICK_SHARE = 0.1


@dataclass(frozen=True)
class GeneralistTask:
    """One process's work: one network on one grid."""

    folder: Path
    grid: str
    quick: bool

    def run(self) -> GeneralistResult:
        """Do the work."""
        share = QUICK_SHARE if self.quick else 1.0
        return measure_generalist(load_generalist(self.folder), [self.grid], share=share)


def measure_runs(
    folders: Sequence[Path],
    results: Path | None,
    *,
    workers: int = 1,
    quick: bool = False,
    tell: Tell = lambda _: None,
) -> list[GeneralistResult]:
    """Every network on every grid; a file for each network.

    Args:
        folders: of the networks' runs.
        results: folder for the results; None keeps nothing.
        workers: processes.
        quick: fewer worlds and the published grids alone.
        tell: called with a line for every network and grid.
    """
    grids = GRIDS[:1] if quick else GRIDS
    tasks = [GeneralistTask(folder, grid, quick) for folder in folders for grid in grids]
    done = in_processes(GeneralistTask.run, tasks, workers)
    found = []
    for _ in folders:
        parts = []
        for grid in grids:
            parts.append(next(done))
            tell(f"{parts[-1].run}, seed {parts[-1].training_seed}: {grid} measured")
        rows = tuple(row for part in parts for row in part.rows)
        found.append(parts[0].model_copy(update={"rows": rows, "made_by": certificate()}))
        if results is not None:
            results.mkdir(parents=True, exist_ok=True)
            seed = found[-1].training_seed
            write_result(results / f"generalist-seed-{seed}.json", found[-1])
    return found
