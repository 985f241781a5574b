"""Which finished trials deserve a second look."""

from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState

from inventory_env.errors import InputError
from tuning.places import DEFAULT, failure, takes_a_place
from tuning.plan import Plan


def complete(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Trials trained and judged to the end, cheapest first."""
    finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return sorted(finished, key=lambda trial: trial.user_attrs["cost"])


def feasible(plan: Plan, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The complete ones that give the service asked for, cheapest first."""
    least = plan.min_fill_rate or 0.0
    return [trial for trial in complete(trials) if trial.user_attrs["fill_rate"] >= least]


def front(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Of trials in order of cost, those that no cheaper one surpasses in service."""
    kept: list[FrozenTrial] = []
    for trial in trials:
        if not kept or trial.user_attrs["fill_rate"] > kept[-1].user_attrs["fill_rate"]:
            kept.append(trial)
    return kept


def pruned(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Trials that were stopped early, best first by the cost of the trainings they had."""
    stopped = [t for t in trials if t.state == TrialState.PRUNED and t.intermediate_values]
    return sorted(stopped, key=cost_so_far)


def cost_so_far(trial: FrozenTrial) -> float:
    """Mean cost of the trainings that a trial had so far."""
    return trial.intermediate_values[max(trial.intermediate_values)]


def candidates(plan: Plan, trials: Sequence[FrozenTrial], count: int) -> list[FrozenTrial]:
    """The trials to confirm, the default left out.

    The cheapest; where service is asked for, the cheapest ends of the front of cost and fill
    rate, as fresh demand may find a little less service; where a front is sought, trials evenly
    along it.

    Args:
        plan: the study's.
        trials: all of its trials.
        count: how many at the most.

    Raises:
        InputError: if no trial was finished.
    """
    if not complete(trials):
        raise InputError(_nothing(trials))
    others = [trial for trial in feasible(plan, trials) if DEFAULT not in trial.user_attrs]
    if plan.several:
        best = front(others)
        if len(best) <= count:
            return best
        return [best[round(i * (len(best) - 1) / max(count - 1, 1))] for i in range(count)]
    return (others if plan.min_fill_rate is None else front(others))[:count]


def _nothing(trials: Sequence[FrozenTrial]) -> str:
    counted = [trial for trial in trials if takes_a_place(trial)]
    pruned = sum(trial.state == TrialState.PRUNED for trial in counted)
    failed = [trial for trial in counted if trial.state == TrialState.FAIL]
    reason = f" (the first: {failure(failed[0])})" if failed else ""
    return f"no trial came to its end: {pruned} pruned, {len(failed)} failed{reason}"
