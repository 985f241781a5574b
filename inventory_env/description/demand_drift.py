"""How a chain's demand moves away from what is known of it."""

from typing import Annotated

from pydantic import Field

from inventory_env.frozen import Fraction, Frozen

_Sd = Annotated[float, Field(ge=0, le=2)]
_Rate = Annotated[float, Field(ge=0, le=40)]


class DemandDrift(Frozen):
    """Random factors on demand, drawn anew for each episode: nobody is told of them.

    Each part is off at 0, as are all in a table without keys, `demand_drift = {}`.
    """

    level: _Sd = 0.0
    """Standard deviation of the log of a factor that is drawn once for an episode and store."""
    walk: _Sd = 0.0
    """Standard deviation, each period, of the steps in which the log of the level wanders."""
    jumps: _Rate = 0.0
    """Mean number of jumps of the level in 100 periods, at most 40."""
    jump_size: _Sd = 0.3
    """Standard deviation of the log of a jump."""
    trend: _Sd = 0.0
    """Standard deviation of the growth of the log level in 100 periods; the growth changes once in
    100 periods on average."""
    season: Fraction = 0.0
    """Largest amplitude, a share of the mean, of an unannounced cycle of 4 to 60 periods that comes
    and goes."""
    spikes: _Rate = 0.0
    """Mean number of spikes in 100 periods, at most 40: half of them up, half down to 0 at most."""
    spike_size: Annotated[float, Field(ge=0, le=20)] = 1.0
    """Mean size of a spike, in means."""
    spike_length: Annotated[float, Field(ge=1, le=100)] = 2.0
    """Mean length of a spike, periods, at least 1."""
    noise: _Sd = 0.0
    """Standard deviation of the log of each period's own factor, whose mean is 1."""
    autocorrelation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Correlation of a period's noise with the next one's, 0 to below 1."""
    spread: _Sd = 0.0
    """Standard deviation of the log of a factor on the standard deviation of demand, drawn once for
    an episode and store."""
    common: Fraction = 0.0
    """Share of all this that the stores of a chain have in common, 0 to 1."""

    @property
    def parts(self) -> dict[str, float]:
        """The parts that are on, and how much of each."""
        names = ("level", "walk", "jumps", "trend", "season", "spikes", "noise", "spread")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


# What training on recorded demand prepares for; docs/recorded-demand.md says why these numbers.
OF_RECORDED_DEMAND = DemandDrift(
    level=0.4, walk=0.01, jumps=0.5, trend=0.1, spikes=1.0, spread=0.2, common=0.4
)
