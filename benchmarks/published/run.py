"""`hmarl bench published`: the simulator, then the learner, against published numbers.

Every instance is learned with the default recipe. A training seed's policy and the reference of
its instance are measured in processes of their own; an instance's file is written when all of its
seeds are there, so that a stopped run goes on with the next instance.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import EVALUATION_SEED, Tell
from benchmarks.processes import in_processes
from benchmarks.published.estimates import (
    FULL,
    QUICK,
    Effort,
    Estimate,
    paired_difference,
    rule_cost,
)
from benchmarks.published.exact import optimal_cost
from benchmarks.published.instances import Cell, KnownRule
from benchmarks.published.results import (
    CellResult,
    Check,
    Learned,
    RuleCost,
    read_cell,
    result_file,
)
from benchmarks.result_files import write_result
from inventory_env.description.population import needs
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.rule_book import RuleBook
from policies.runs.certificate import certificate

QUICK_STEPS = 200_000
QUICK_CELLS = (
    "lost-sales/poisson-p4-l4",
    "lost-sales/geometric-p19-l2",
    "one-warehouse/three-stores",
    "backorder/cv-half",
    "serial/example-6-1",
    "every-tier/three-stores-shared",
)
LONGEST_EXACT = 4  # lead time whose optimum value iteration finds in seconds
PUBLISHED_ROUNDING = 0.006  # of numbers published with two decimals
SHARE = 0.005  # of a published simulated cost
SURE_ERRORS = 3.0  # standard errors


@dataclass(frozen=True)
class CellReference:
    """What an instance is measured against: no learning in it."""

    rule: RuleCost
    optimum: float | None
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class CellTask:
    """One process's work: an instance's reference (no seed), or one training seed."""

    cell: Cell
    seed: int | None
    quick: bool

    def run(self) -> CellReference | Learned:
        """Do the work."""
        effort = QUICK if self.quick else FULL
        if self.seed is None:
            return measure_reference(self.cell, effort)
        return measure_learner(self.cell, self.seed, effort, QUICK_STEPS if self.quick else None)


def run_cells(
    cells: Sequence[Cell],
    *,
    seeds: int,
    results: Path | None,
    workers: int = 1,
    again: bool = False,
    quick: bool = False,
    tell: Tell = lambda _: None,
) -> list[CellResult]:
    """Measure instances, or take what was measured before with as many seeds.

    Args:
        cells: the instances.
        seeds: training seeds 0, 1, ... each.
        results: folder for the results, and of those before; None keeps nothing.
        workers: processes.
        again: measure even what is there.
        quick: short training and simulation, to see that all works.
        tell: called with a line for every instance and seed.
    """
    found: dict[str, CellResult] = {}
    for cell in cells:
        file = result_file(results, cell) if results is not None and not again else None
        if file is not None and file.exists():
            before = read_cell(file)
            if len(before.runs) >= seeds:
                found[cell.name] = before
                tell(f"{cell.name}: measured before, kept (--again measures it anew)")
    missing = [cell for cell in cells if cell.name not in found]
    tasks = [CellTask(cell, seed, quick) for cell in missing for seed in (None, *range(seeds))]
    done = in_processes(CellTask.run, tasks, workers)
    for cell in missing:
        reference = next(done)
        assert isinstance(reference, CellReference)
        tell(_told(cell, reference))
        runs = []
        for _ in range(seeds):
            run = next(done)
            assert isinstance(run, Learned)
            runs.append(run)
            tell(_told_run(cell, reference, run))
        found[cell.name] = CellResult(
            suite=cell.problems.suite,
            instance=cell.instance.name,
            steps=QUICK_STEPS if quick else cell.scenario().training.steps,
            evaluation_seed=EVALUATION_SEED,
            rule=reference.rule,
            optimum=reference.optimum,
            checks=reference.checks,
            runs=tuple(runs),
            made_by=certificate(),
        )
        if results is not None:
            file = result_file(results, cell)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_result(file, found[cell.name])
    return [found[cell.name] for cell in cells]


def quick_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Those that a quick run looks at."""
    return [cell for cell in cells if cell.name in QUICK_CELLS]


# --- the simulator ------------------------------------------------------------------------------


def measure_reference(cell: Cell, effort: Effort) -> CellReference:
    """The paired rule's cost, the exact optimum where it is cheap, and the simulator's checks."""
    scenario, instance = cell.scenario(), cell.instance
    paired = paired_rule(cell, scenario)
    cost = _cost(paired, scenario, cell, effort)
    optimum, checks = None, []
    if instance.base_stock is not None:
        lead_time = scenario.stores[0].lead_time.maximum
        if lead_time <= LONGEST_EXACT:
            optimum = optimal_cost(scenario)
            exact = Estimate(optimum, 0.0)
            checks.append(
                _check("optimum by value iteration", instance.reference, exact, PUBLISHED_ROUNDING)
            )
        best = best_base_stock(scenario)
        checks.append(_simulated(best, instance.base_stock, cell, effort))
    if instance.rule is not None and instance.rule.cost is not None:
        published = instance.rule.cost - instance.charge
        checks.append(_check(instance.rule.label, published, cost))
    checks += [
        _simulated(known, known.cost - instance.charge, cell, effort)
        for known in instance.known
        if known.cost is not None
    ]
    return CellReference(
        RuleCost(name=paired.name, cost=cost.mean, error=cost.error), optimum, tuple(checks)
    )


def paired_rule(cell: Cell, scenario: Scenario) -> Policy:
    """The rule that policies are paired with: the known one, or one tuned with seed 0."""
    if cell.instance.rule is not None:
        return cell.instance.rule.policy(scenario)
    return RuleBook(scenario, 0).start()


def best_base_stock(scenario: Scenario) -> KnownRule:
    """The best whole level of a single store, by walking downhill on one tuning tape."""
    tape = draw_tape(scenario, seed=EVALUATION_SEED, purpose=Purpose.TUNE, worlds=2000)

    def rule(level: int) -> KnownRule:
        return KnownRule(label=f"base-stock {level}", level=(level,))

    def cost(level: int) -> float:
        return float(mean_costs(rule(level).policy(scenario), scenario, tape).mean())

    level = round(needs(scenario, echelon=False).level().item())
    here = cost(level)
    for step in (-1, 1):
        while (there := cost(level + step)) < here:
            level, here = level + step, there
    return rule(level)


def _simulated(rule: KnownRule, published: float, cell: Cell, effort: Effort) -> Check:
    """A rule's published cost beside its simulated cost."""
    scenario = cell.scenario()
    cost = _cost(rule.policy(scenario), scenario, cell, effort)
    return _check(rule.label, published, cost)


def _cost(rule: Policy, scenario: Scenario, cell: Cell, effort: Effort) -> Estimate:
    """A rule's cost as its table counts it."""
    cost = rule_cost(rule, scenario, seed=EVALUATION_SEED, effort=effort)
    return cost.times(cell.factor(scenario))


def _check(what: str, published: float, cost: Estimate, allowed: float | None = None) -> Check:
    """Allowed by default: a share of the published cost, or three standard errors."""
    margin = max(SHARE * published, SURE_ERRORS * cost.error) if allowed is None else allowed
    return Check(
        what=what, published=published, measured=cost.mean, error=cost.error, allowed=margin
    )


# --- the learner --------------------------------------------------------------------------------


def measure_learner(cell: Cell, seed: int, effort: Effort, steps: int | None = None) -> Learned:
    """Train with the default recipe, and pair the policy with the instance's rule on test tapes.

    Args:
        cell: the instance.
        seed: of the training.
        effort: how long policy and rule are simulated.
        steps: of training; None is the recipe's.
    """
    from policies.runs.training import train  # torch takes its time

    scenario = cell.scenario()
    if steps is not None:
        training = scenario.training.model_copy(update={"steps": steps})
        scenario = scenario.model_copy(update={"training": training})
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = train(scenario, seed=seed, folder=Path(folder))
    seconds = time.process_time() - started
    difference = paired_difference(
        run.policy, paired_rule(cell, scenario), scenario, seed=EVALUATION_SEED, effort=effort
    ).times(cell.factor(scenario))
    return Learned(
        seed=seed,
        core_seconds=round(seconds, 1),
        kept_rule=run.manifest["kept_rule"],
        difference=difference.mean,
        error=difference.error,
    )


def _told(cell: Cell, reference: CellReference) -> str:
    checks = [
        f"{check.what} {check.measured:.5g} ({check.published:.5g})" for check in reference.checks
    ]
    return f"{cell.name}: {reference.rule.name} {reference.rule.cost:.5g}; " + "; ".join(checks)


def _told_run(cell: Cell, reference: CellReference, run: Learned) -> str:
    percent = 100 * run.difference / reference.rule.cost
    return (
        f"{cell.name}, seed {run.seed}: {run.core_seconds:.0f} s of one core, "
        f"{percent:+.2f} % of the paired rule's cost"
    )
