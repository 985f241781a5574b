"""Trains the networks of `networks/`, on drawn laws alone.

`python -m benchmarks.inventorybench.training [SEED ...]`

A period of the benchmark can be differentiated: what an order earns is followed back through stock,
open orders and the features of later mornings (hindsight differentiable policy optimisation; Alvo,
Russo, Kanoria & Oh, 2023, arXiv 2306.11246). Orders are not rounded meanwhile. The loss is

    1 - mean score + SHORT x mean shortfall below the ten-line rule on the same problem

so that a gain on one problem does not pay for a loss on another.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.inventorybench.arrivals import AGES, Arrivals
from benchmarks.inventorybench.forecasts import Forecaster
from benchmarks.inventorybench.instances import LONGEST_LEAD_TIME, SETTINGS, Instances
from benchmarks.inventorybench.laws import draw_instances
from benchmarks.inventorybench.network import ANCHOR, FILES, SEEDS, NetworkRule, network
from benchmarks.inventorybench.observation import Known, features, offset_order, rule_order
from benchmarks.inventorybench.play import Morning, play
from benchmarks.inventorybench.recorded import Recorded
from benchmarks.inventorybench.rules import ten_line_rule
from benchmarks.inventorybench.run import MARGIN
from benchmarks.inventorybench.tuned import FILE as LEVELS
from benchmarks.inventorybench.tuned import Book, TunedRule, read_books, tunable
from benchmarks.measurement import Tell
from inventory_env.simulation.tape import Purpose
from policies.runs.run_folder import write_tensors

PROBLEMS = 7200  # of a lead-time setting
BATCH = 720  # of them in a step
STEPS = 700
RATES = (1e-2, 1e-5)  # learning rates, first and last, falling along a cosine
SHORT = 8.0  # weight of the shortfall
JUDGED, JUDGED_SEED = 2880, 1000  # problems of a setting that no training saw


@dataclass(frozen=True)
class TrainingSet:
    """Problems of one setting with all that the periods tell beforehand."""

    mornings: tuple[Known, ...]  # orders count as placed in every period
    demand: Tensor  # (period, instance)
    lead_time: Tensor  # (period, instance)
    profit: Tensor  # (instance,)
    holding: Tensor  # (instance,)
    perfect: Tensor  # (instance,)
    ten_lines: Tensor  # (instance,) scores

    @classmethod
    def of(
        cls, instances: Instances, forecaster: Forecaster, arrivals: Arrivals, book: Book
    ) -> "TrainingSet":
        """Of problems, with the forecasts and levels of a rule."""
        recorded = Recorded.of(forecaster, instances)
        seen = np.concatenate([instances.history, instances.demand])
        periods, count = instances.demand.shape
        told_before = len(instances.history)
        due = np.arange(periods)[:, None] + instances.lead_time
        mornings = []
        for period in range(periods):
            came = due[:period] < period
            morning = Morning(
                period=period,
                periods_left=periods - period,
                promised=instances.promised,
                profit=instances.profit,
                holding=instances.holding,
                stock=np.zeros(count),
                demand=seen[: told_before + period],
                orders=np.ones((period, count)),
                arrived_after=np.where(came, instances.lead_time[:period], np.inf),
            )
            chances = arrivals.chances(morning)
            mornings.append(Known.of(morning, recorded.forecasts[period], chances, book))
        given = (instances.demand, instances.lead_time, instances.profit, instances.holding)
        scores = instances.perfect, instances.score(play(instances, ten_line_rule()))
        tensors = [torch.from_numpy(each.astype(np.float32)) for each in (*given, *scores)]
        return cls(tuple(mornings), *tensors)


def scores(problems: TrainingSet, policy: nn.Sequential, chosen: Tensor) -> Tensor:
    """(chosen,) scores, below 0 too, of orders that are not rounded.

    Args:
        problems: that are played.
        policy: the network.
        chosen: numbers of the problems that are played.
    """
    periods = len(problems.demand)
    nothing = torch.zeros(len(chosen))
    stock, reward, orders = nothing, nothing, [nothing] * (LONGEST_LEAD_TIME + 1)
    lead_time, demand = problems.lead_time[:, chosen], problems.demand[:, chosen]
    profit, holding = problems.profit[chosen], problems.holding[chosen]
    for period in range(periods):
        known = problems.mornings[period].pick(chosen)
        # Of the order placed a periods ago: whether it has not come yet, and whether it comes now.
        ago = [lead_time[max(period - age, 0)] for age in range(AGES + 1)]
        ages = range(1, AGES + 1)
        waiting = torch.stack([orders[-age] * (ago[age] >= age) for age in ages])
        anchor = rule_order(known, stock, waiting)
        seen = features(known, stock, waiting, anchor)
        order = offset_order(known, policy(seen)[:, 0], anchor)
        orders = [*orders[1:], order]
        for age in range(AGES + 1):
            stock = stock + orders[-1 - age] * (ago[age] == age)
        sold = torch.minimum(stock, demand[period])
        stock = stock - sold
        reward = reward + profit * sold - holding * stock
    return reward / problems.perfect[chosen]


def train(seed: int, tell: Tell = lambda _: None) -> nn.Sequential:
    """A network; prints nothing and reads no published instance.

    Args:
        seed: of the problems and of the network.
        tell: called with a line now and then.
    """
    forecaster, arrivals = tunable()[ANCHOR]
    book = read_books(LEVELS)[ANCHOR]
    groups = [
        TrainingSet.of(
            draw_instances(setting, PROBLEMS, seed=seed, purpose=Purpose.TRAIN),
            forecaster,
            arrivals,
            book,
        )
        for setting in SETTINGS
    ]
    torch.manual_seed(seed)
    policy = network()
    optimizer = torch.optim.Adam(policy.parameters(), lr=RATES[0])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS, RATES[1])
    for step in range(STEPS):
        losses, reached = [], []
        for problems in groups:
            chosen = torch.randperm(PROBLEMS)[:BATCH]
            score = scores(problems, policy, chosen)
            short = (problems.ten_lines[chosen] - score).clamp(min=0.0)
            losses.append(1 - score.mean() + SHORT * short.mean())
            reached.append(score.mean().item())
        optimizer.zero_grad()
        torch.autograd.backward(torch.stack(losses).mean())
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            tell(f"step {step + 1}: scores {', '.join(f'{each:.4f}' for each in reached)}")
    return policy


def judged(policies: Sequence[nn.Sequential], tell: Tell) -> None:
    """Tell how a rule and networks on top of it do on drawn problems that no training saw."""
    forecaster, arrivals = tunable()[ANCHOR]
    book = read_books(LEVELS)[ANCHOR]
    for setting in SETTINGS:
        fresh = draw_instances(setting, JUDGED, seed=JUDGED_SEED, purpose=Purpose.VALIDATE)
        recorded = Recorded.of(forecaster, fresh)
        ten = fresh.score(play(fresh, ten_line_rule()))
        rule = fresh.score(play(fresh, TunedRule(recorded, arrivals, book)))
        own = fresh.score(play(fresh, NetworkRule(recorded, arrivals, book, policies)))
        tell(
            f"{setting}: ten lines {ten.mean():.4f}, rule {rule.mean():.4f} (worse than them "
            f"{100 * (rule < ten - MARGIN).mean():.1f} %), network {own.mean():.4f} "
            f"({100 * (own < ten - MARGIN).mean():.1f} %)"
        )


def main(seeds: Sequence[int]) -> None:
    """Train and write networks."""
    FILES.mkdir(exist_ok=True)

    def tell(line: str) -> None:
        print(line, file=sys.stderr)

    for seed in seeds:
        began = time.process_time()
        policy = train(seed, tell)
        notes = {"seed": seed, "seconds": round(time.process_time() - began)}
        tell(f"seed {seed}: {notes['seconds']} s")
        judged([policy], tell)
        tensors = {name: values.numpy() for name, values in policy.state_dict().items()}
        write_tensors(FILES / f"seed-{seed}.safetensors", tensors, notes)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main([int(each) for each in sys.argv[1:]] or SEEDS)
