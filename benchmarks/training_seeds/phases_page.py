"""Phases on the page of results: what each tier's learning added, seed by seed."""

from pathlib import Path
from statistics import mean

from benchmarks.markdown import markdown_table, origin, spread, strong
from benchmarks.training_seeds.phases import Against, PhaseResults, Stage, read_phases

PHASES_WORDS = """\
Phase 1 teaches the stores; phase 2 the warehouse, on top of phase 1's run; phase 3 the supplier, on
top of phase 2's, where it has something to order. *All at once* teaches them together. All are
judged on the same {episodes:,} test episodes, without exploration. *Tuned rules* are what phase 1
starts from: the stores' are tuned, warehouse and supplier follow the scenario's; *tuned rules,
every tier* are what all at once starts from. *Against*: the cost less the other's, in % of the
other's, with its paired 95 % interval; below 0 is cheaper. Phase 1 is set against the tuned rules,
a later phase against the one before, all at once against the last phase.
"""
TARGET = "no phase costs more than the one before, every seed's interval"
HEADS = [
    "stage",
    "seed",
    "learns",
    "steps",
    "training, s",
    "cost",
    "fill rate, %",
    "against tuned rules, %",
    "against the phase before, %",
]


def phases_section(file: Path) -> str:
    """The section of one scenario.

    Raises:
        InputError: if the file is not a result.
    """
    found = read_phases(file)
    target = [[line[0], line[1], strong(line[2])] for line in [phases_target(found)]]
    return "\n".join(
        [
            f"## Phases: {found.scenario}\n",
            PHASES_WORDS.format(episodes=found.episodes),
            markdown_table(HEADS, _rows(found)),
            markdown_table(["target", "measured", "verdict"], target),
            origin(found.made_by),
        ]
    )


def phases_target(found: PhaseResults) -> tuple[str, str, str]:
    """The target, what was measured, and the verdict."""
    phases = [
        stage.against_before
        for entry in found.seeds
        for stage in entry.stages
        if stage.name.startswith("phase") and stage.against_before is not None
    ]
    worse = sum(against.ci95[0] > 0 for against in phases)
    highest = max(against.percent for against in phases)
    measured = f"{worse} of {len(phases)} cost more, differences at most {highest:+.2f} %"
    return f"{found.scenario}: {TARGET}", measured, "missed" if worse else "met"


def _rows(found: PhaseResults) -> list[list[str]]:
    """A stage's seeds, then their mean; of rules only the mean."""
    rows = []
    for stages in zip(*(entry.stages for entry in found.seeds), strict=True):
        if stages[0].learns:
            pairs = zip(found.seeds, stages, strict=True)
            rows += [_row(str(entry.seed), stage) for entry, stage in pairs]
        rows.append(_mean_row(stages))
    return rows


def _row(seed: str, stage: Stage) -> list[str]:
    kept = " (kept its start)" if stage.kept_rule else ""
    return [
        stage.name,
        seed + kept,
        ", ".join(stage.learns),
        f"{stage.steps:,}",
        f"{stage.training_seconds:.0f}",
        f"{stage.cost:.5g}",
        f"{100 * stage.fill_rate:.2f}",
        _told(stage.against_rules),
        _told(stage.against_before),
    ]


def _mean_row(stages: tuple[Stage, ...]) -> list[str]:
    """Means over the seeds; the cost and what it is compared with also with their spread."""
    return [
        stages[0].name,
        "mean ± sd",
        ", ".join(stages[0].learns),
        f"{stages[0].steps:,}" if stages[0].learns else "",
        f"{mean(stage.training_seconds for stage in stages):.0f}" if stages[0].learns else "",
        _mean_sd([stage.cost for stage in stages], ".5g"),
        _mean_sd([100 * stage.fill_rate for stage in stages], ".2f"),
        _mean_sd([stage.against_rules.percent for stage in stages if stage.against_rules], "+.2f"),
        _mean_sd(
            [stage.against_before.percent for stage in stages if stage.against_before], "+.2f"
        ),
    ]


def _mean_sd(values: list[float], form: str) -> str:
    return f"{mean(values):{form}}{spread(values)}" if values else ""


def _told(against: Against | None) -> str:
    if against is None:
        return ""
    low, high = against.ci95
    return f"{against.percent:+.2f} [{low:+.2f}, {high:+.2f}]"
