"""`hmarl bench check`: this checkout beside `reference.json`.

**Model.** A rule's KPIs on a fixed test tape must be the reference's to rounding, neither higher
nor lower. Where the tape's demand is another (numpy draws otherwise in another version) only the
mean cost is compared, within the 99.9 % interval of the difference of two samples.

**Learning.** Training is chaotic: other rounding on another machine gives another policy. So means
over training seeds are compared. Losses are those of the network itself, not of the rule that a run
keeps where learning did not pay; they are counted from a rule that nothing searches or learns, on
one test tape for all. A check with k seeds fails if its mean loss exceeds the mean of the
reference's n seeds, of standard deviation s, by more than

    margin = t(0.999, n - 1) x s x sqrt(1/n + 1/k),    LEAST_MARGIN at least

the one-sided 99.9 % prediction bound for a mean of k further seeds: an unchanged checkout exceeds
it once in a thousand comparisons, by chance alone. Tuned rules are compared likewise.

**Speed.** Times are ratios to plain numpy work in the same run. The same bound for one further
measurement, on a logarithmic scale, gives the allowed factor, LEAST_FACTOR at least, as machines
differ. A ratio above it is measured twice more at most, and the lowest counts: noise only ever adds
time.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple, TypeVar

from rich import box
from rich.table import Table
from scipy import stats

from benchmarks.gate.cases import CASES, Cases
from benchmarks.gate.measure import measure_learning, measure_model, measure_ratio
from benchmarks.gate.reference import (
    Part,
    Reference,
    Simulated,
    Taught,
    Training,
    read_reference,
    write_reference,
)
from benchmarks.measurement import Tell
from inventory_env.errors import InputError, argument
from policies.runs.certificate import certificate

SURE = 0.999  # one-sided, of every comparison with a spread
ROUNDING = 1e-6  # of a KPI on the same demand
LEAST_MARGIN = 0.1  # %
LEAST_FACTOR = 1.5
REFERENCE_SEEDS = 6
QUICK_SEEDS, SEEDS = 2, 3
REFERENCE_TIMES = 5  # measurements of each ratio
TRIES = 3

_Entry = TypeVar("_Entry")


class GateLine(NamedTuple):
    """One comparison, in words."""

    what: str
    reference: str
    measured: str
    allowed: str
    verdict: str  # "pass", or what is wrong

    @property
    def passed(self) -> bool:
        """Whether the checkout is no worse here."""
        return self.verdict == "pass"


# --- comparing ----------------------------------------------------------------------------------


def margin(values: Sequence[float], further: int) -> float:
    """How far above the mean of `values` a mean of so many further ones may lie.

    Hahn & Meeker (1991), "Statistical Intervals", chapter 4: the mean of future normal values.

    >>> round(margin([1.0, 2.0, 3.0, 4.0], further=2), 2)
    11.42
    """
    n = len(values)
    quantile = float(stats.t.ppf(SURE, n - 1))
    return quantile * stdev(values) * math.sqrt(1 / n + 1 / further)


def compare_model(name: str, was: Simulated, now: Simulated) -> GateLine:
    """Every KPI where demand is the same, else the mean cost.

    Args:
        name: of the case.
        was: in the reference.
        now: in this checkout.
    """
    before, cost = was.kpis["cost_per_period"], now.kpis["cost_per_period"]
    if was.demand == now.demand:
        shifts = {kpi: _shift(value, now.kpis.get(kpi)) for kpi, value in was.kpis.items()}
        worst = max(shifts, key=lambda kpi: abs(shifts[kpi]))
        same = abs(shifts[worst]) <= ROUNDING
        verdict = "pass" if same else f"model changed: {worst} {100 * shifts[worst]:+.3g} %"
        allowed = "the same"
    else:
        error = math.hypot(was.cost_sd, now.cost_sd) / math.sqrt(now.worlds)
        half = float(stats.norm.ppf((1 + SURE) / 2)) * error
        same = abs(cost - before) <= half
        verdict = "pass" if same else f"model changed: {100 * (cost / before - 1):+.3g} %"
        allowed = f"± {half:.3g}, other demand"
    return GateLine(f"model: {name}", f"{before:.6g}", f"{cost:.6g}", allowed, verdict)


def _shift(before: float, now: float | None) -> float:
    """Relative change of a KPI; infinite if it is gone."""
    if now is None:
        return math.inf
    return 0.0 if now == before else (now - before) / max(abs(before), 1e-12)


def compare_learning(name: str, was: Training, now: Sequence[Taught]) -> list[GateLine]:
    """The tuned start rule, then what was learned.

    Args:
        name: of the case.
        was: in the reference, several training seeds.
        now: in this checkout, one entry a training seed.
    """
    return [
        _compare_losses(f"tuned rule: {name}", [r.tuned for r in was.runs], [r.tuned for r in now]),
        _compare_losses(
            f"learned: {name}", [r.learned for r in was.runs], [r.learned for r in now]
        ),
    ]


def _compare_losses(what: str, was: Sequence[float], now: Sequence[float]) -> GateLine:
    most = mean(was) + max(margin(was, len(now)), LEAST_MARGIN)
    return GateLine(
        what,
        f"{mean(was):+.2f} %",
        f"{mean(now):+.2f} %",
        f"up to {most:+.2f} %",
        "pass" if mean(now) <= most else "worse",
    )


def slowest(was: Sequence[float]) -> float:
    """The largest ratio that counts as no slower."""
    logs = [math.log(ratio) for ratio in was]
    return math.exp(mean(logs) + max(margin(logs, 1), math.log(LEAST_FACTOR)))


def compare_speed(name: str, was: Sequence[float], now: float) -> GateLine:
    """A time over plain work's."""
    usual, most = math.exp(mean(map(math.log, was))), slowest(was)
    verdict = "pass" if now <= most else f"slower: {now / usual:.2f} times"
    return GateLine(f"time: {name}", f"{usual:.3g}", f"{now:.3g}", f"up to {most:.3g}", verdict)


# --- the whole check ----------------------------------------------------------------------------


def check(
    file: Path, *, quick: bool, workers: int, tell: Tell = lambda _: None, cases: Cases = CASES
) -> list[GateLine]:
    """Measure this checkout and compare it with a reference.

    Args:
        file: the reference.
        quick: only the cases marked so, with fewer training seeds.
        workers: processes that train.
        tell: called with what is measured next.
        cases: what is measured.

    Raises:
        InputError: if the reference cannot be used or lacks a case.
    """
    known = _known(file, quick)
    todo = cases.part(quick=True) if quick else cases
    models = [_entry(known.models, case.name, file) for case in todo.models]
    trainings = [_entry(known.learning, case.name, file) for case in todo.learning]
    speeds = [_entry(known.speeds, case.name, file) for case in todo.speeds]
    for model, training in zip(todo.models, models, strict=True):
        _same_setting(file, model.name, "worlds", training.worlds, model.worlds)
    for lesson, entry in zip(todo.learning, trainings, strict=True):
        _same_setting(file, lesson.name, "steps", entry.steps, lesson.steps)

    timed = []
    for speed, ratios in zip(todo.speeds, speeds, strict=True):
        tell(f"time: {speed.name}")
        measured = measure_ratio(speed)
        for _ in range(TRIES - 1):
            if measured > slowest(ratios):
                measured = min(measured, measure_ratio(speed))
        timed.append(compare_speed(speed.name, ratios, measured))
    lines = []
    for case, before in zip(todo.models, models, strict=True):
        tell(f"model: {case.name}")
        lines.append(compare_model(case.name, before, measure_model(case)))
    taught = measure_learning(todo.learning, QUICK_SEEDS if quick else SEEDS, workers, tell)
    for lesson, was, now in zip(todo.learning, trainings, taught, strict=True):
        lines += compare_learning(lesson.name, was, now)
    return lines + timed


def update(
    file: Path,
    reason: str,
    *,
    quick: bool,
    workers: int,
    tell: Tell = lambda _: None,
    cases: Cases = CASES,
) -> None:
    """Measure the reference anew; the part that is not measured is kept.

    Args:
        file: the reference to write.
        reason: why it changes; kept in the file.
        quick: only the cases marked so.
        workers: processes that train.
        tell: called with what is measured next.
        cases: what is measured.

    Raises:
        InputError: if there is no reason, or no place for the file.
    """
    if not reason.strip():
        raise InputError(
            f"{argument('update')}: say why the reference changes, got an empty reason"
        )
    if not file.parent.is_dir():
        raise InputError(f"{argument('reference')} {file}: there is no folder {file.parent}")
    more = read_reference(file).more if quick and file.exists() else None
    parts = [_measured(cases.part(quick=True), reason, workers, tell)]
    if not quick:
        more = _measured(cases.part(quick=False), reason, workers, tell)
    write_reference(file, Reference(quick=parts[0], more=more))


def _measured(cases: Cases, reason: str, workers: int, tell: Tell) -> Part:
    speeds: dict[str, tuple[float, ...]] = {case.name: () for case in cases.speeds}
    for turn in range(REFERENCE_TIMES):
        for case in cases.speeds:
            tell(f"time: {case.name} ({turn + 1} of {REFERENCE_TIMES})")
            speeds[case.name] += (measure_ratio(case),)
    models = {}
    for model in cases.models:
        tell(f"model: {model.name}")
        models[model.name] = measure_model(model)
    taught = measure_learning(cases.learning, REFERENCE_SEEDS, workers, tell)
    learning = {
        case.name: Training(steps=case.steps, runs=runs)
        for case, runs in zip(cases.learning, taught, strict=True)
    }
    return Part(
        reason=reason, made_by=certificate(), models=models, learning=learning, speeds=speeds
    )


def _known(file: Path, quick: bool) -> Part:
    """The parts of the reference that a check looks at, as one."""
    reference = read_reference(file)
    if quick:
        return reference.quick
    if reference.more is None:
        raise InputError(f"{file}: more: only quick cases are in it; {_AGAIN}")
    both = (reference.quick, reference.more)
    return reference.more.model_copy(
        update={
            table: {name: entry for part in both for name, entry in getattr(part, table).items()}
            for table in ("models", "learning", "speeds")
        }
    )


_AGAIN = "measure it with hmarl bench check --update REASON"


def _entry(table: dict[str, _Entry], name: str, file: Path) -> _Entry:
    if name not in table:
        raise InputError(f"{file}: case {name!r} is missing; {_AGAIN}")
    return table[name]


def _same_setting(file: Path, name: str, setting: str, was: int, now: int) -> None:
    if was != now:
        raise InputError(f"{file}: {name}: {setting}: must be {now} as now, got {was}; {_AGAIN}")


def gate_table(lines: Sequence[GateLine]) -> Table:
    """The lines as a table for the screen."""
    table = Table(*GateLine._fields, box=box.SIMPLE_HEAD, pad_edge=False)
    for line in lines:
        table.add_row(*line, style=None if line.passed else "bold red")
    return table
