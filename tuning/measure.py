"""What the costs of a study are: money of one chain, or percent of the start rule's over many."""

from dataclasses import dataclass

from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from policies.intervals import Interval


@dataclass(frozen=True)
class Measure:
    """How costs are named and told."""

    suffix: str  # of the columns of CSVs
    heading: str  # of a table
    axis: str  # of a picture
    meaning: str  # for a glossary
    percent: bool  # already; else money per period

    def gain_words(self, gain: float, interval: Interval, default: float) -> str:
        """What a trial saves against the default.

        Args:
            gain: cost of the default less the trial's.
            interval: of the gain, 95 %.
            default: cost of the default.

        >>> PERCENT.gain_words(0.25, (0.1, 0.4), 98.0)
        "saves 0.25 % of the start rule's cost (95 % interval 0.10 to 0.40 %)"
        >>> MONEY.gain_words(-0.5, (-1.0, 0.0), 50.0)
        'costs 0.5 a period, 1.00 % (95 % interval -0.00 to 2.00 %)'
        """
        sign, said = (1, "saves") if gain >= 0 else (-1, "costs")
        of = 1.0 if self.percent else 100 / default
        low, high = sorted(sign * of * end for end in interval)
        size = f"{of * abs(gain):.2f} %"
        amount = (
            f"{size} of the start rule's cost"
            if self.percent
            else f"{abs(gain):.4g} a period, {size}"
        )
        return f"{said} {amount} (95 % interval {low:.2f} to {high:.2f} %)"


MONEY = Measure(
    suffix="per_period",
    heading="cost",
    axis="cost per period",
    meaning="money of all sites a period: on validation demand for trials, on fresh demand and "
    "fresh training seeds for confirmed ones",
    percent=False,
)
PERCENT = Measure(
    suffix="percent",
    heading="cost, %",
    axis="cost, % of the start rule's",
    meaning="in percent of what the start rule costs on the same demand, mean over chains: those "
    "drawn for trials, and fresh ones and fresh training seeds for confirmed ones",
    percent=True,
)


def measure_of(scenario: Scenario | ProblemDistribution) -> Measure:
    """The measure of a study of one chain, or of many."""
    return PERCENT if isinstance(scenario, ProblemDistribution) else MONEY
