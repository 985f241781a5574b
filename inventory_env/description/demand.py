"""Customer demand of one store: the distributions, their moments, and how they are drawn.

Every kind takes a season. A season multiplies the mean of a period by a factor; how the spread
follows is said by each kind. Two ways to draw: `draw` uses the generator's own samplers,
`from_normal_score` turns normal scores into demand, which correlation between stores needs.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy import stats
from scipy.special import ndtr

from inventory_env.frozen import Array, Fraction, Frozen, NonNegative, Positive

PERIODS_PER_YEAR = {"day": 365.25, "week": 52.18}


class Season(Frozen):
    """Known pattern of the mean: factor = weekday or cycle x yearly x trend."""

    weekday: tuple[NonNegative, ...] = ()
    """Seven factors, first day of the calendar first; their mean is 1. Empty: no weekly pattern."""
    cycle: Annotated[tuple[NonNegative, ...], Field(max_length=60)] = ()
    """In place of weekday, the factors of a cycle of 2 to 60 periods, that of calendar period 0
    first; their mean is 1. Empty: no such cycle."""
    yearly_amplitude: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Height of a yearly sine wave as a share of the mean, 0 to below 1."""
    yearly_peak: Fraction = 0.0
    """Where in the year the wave is highest, as a share of the year, 0 to 1."""
    trend_per_year: Annotated[float, Field(gt=-1, le=10)] = 0.0
    """Linear growth over a year of an episode, as a share of the mean; 0.1 is +10 % a year."""

    @model_validator(mode="after")
    def _factors_around_one(self) -> Self:
        if self.weekday and len(self.weekday) != 7:
            raise ValueError(f"weekday needs 7 factors, got {len(self.weekday)}")
        if self.weekday and abs(np.mean(self.weekday) - 1) > 0.005:
            raise ValueError(f"weekday factors must average 1, got {np.mean(self.weekday):.3f}")
        if self.cycle and self.weekday:
            raise ValueError("cycle stands in place of weekday; leave one of them out")
        if len(self.cycle) == 1:
            raise ValueError("cycle needs 2 to 60 factors, got 1")
        if self.cycle and abs(np.mean(self.cycle) - 1) > 0.005:
            raise ValueError(f"cycle factors must average 1, got {np.mean(self.cycle):.3f}")
        return self

    @property
    def slots(self) -> tuple[float, ...]:
        """The factors of the week or cycle; empty where there is neither."""
        return self.weekday or self.cycle

    def factors(self, day: Array, elapsed: Array, periods_per_year: float) -> Array:
        """Factor on the mean demand.

        Args:
            day: calendar period number, any shape.
            elapsed: periods since the start of the episode, same shape.
            periods_per_year: how many periods make a year.

        Half the weekly mean on day 0 and 1.5 times it on day 6; a tenth more after a year:

        >>> season = Season(weekday=(0.5, 1, 1, 1, 1, 1, 1.5), trend_per_year=0.1)
        >>> season.factors(np.array([0, 6, 364]), np.array([0, 0, 364]), 364)
        array([0.5 , 1.5 , 0.55])
        >>> Season(cycle=(0.4, 1.6)).factors(np.array([0, 1, 4]), np.zeros(3), 364)
        array([0.4, 1.6, 0.4])
        """
        factor = np.ones(np.broadcast(day, elapsed).shape)
        if self.slots:
            slot = np.asarray(day, dtype=np.int64) % len(self.slots)
            factor = factor * np.asarray(self.slots)[slot]
        if self.yearly_amplitude:
            angle = 2 * np.pi * (day / periods_per_year - self.yearly_peak)
            factor = factor * (1 + self.yearly_amplitude * np.cos(angle))
        if self.trend_per_year:
            factor = factor * np.maximum(1 + self.trend_per_year * elapsed / periods_per_year, 0)
        return factor


class _Demand(Frozen):
    """What every kind of demand offers. All moments are those of one period with factor 1."""

    season: Season | None = None
    """Known pattern of the mean over the week and the year, and a trend."""

    @property
    @abstractmethod
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation of one period's demand, in units."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        """Demand in units, one value for each season factor."""

    @abstractmethod
    def distribution(self, factor: float) -> Any:
        """The scipy distribution of one period's demand before clipping and rounding."""

    def from_normal_score(self, score: Array, factor: Array) -> Array:
        """Demand at the probability of a standard normal `score`, elementwise, in units."""
        return self.quantile(ndtr(score), factor)

    def quantile(self, uniform: Array, factor: Array) -> Array:
        """Demand whose distribution function has the value `uniform`, elementwise, in units.

        Factors are taken to three digits, so that few tables serve many periods.
        """
        demand = np.empty_like(uniform)
        keys = np.round(np.broadcast_to(factor, uniform.shape), 3)
        for key in np.unique(keys):
            here = keys == key
            demand[here] = _fast_quantile(self.distribution(float(key)))(uniform[here])
        return np.maximum(demand, 0.0)


def _fast_quantile(distribution: Any) -> Callable[[Array], Array]:
    """Quantiles from a table of the distribution function where demand is whole."""
    if not hasattr(distribution.dist, "pmf"):
        return lambda uniform: np.asarray(distribution.ppf(uniform))
    table = distribution.cdf(np.arange(int(distribution.ppf(1 - 1e-9)) + 2))
    return lambda uniform: np.searchsorted(table, uniform).astype(np.float64)


class Poisson(_Demand):
    """Poisson demand; under a season the variance follows the mean.

    >>> Poisson(kind="poisson", mean=4).moments
    (4.0, 2.0)
    """

    kind: Literal["poisson"]
    mean: Positive
    """Mean demand, units per period, above 0."""

    @property
    def moments(self) -> tuple[float, float]:
        return self.mean, self.mean**0.5

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        return rng.poisson(self.mean * factor).astype(np.float64)

    def distribution(self, factor: float) -> Any:
        return stats.poisson(self.mean * factor)


class NegativeBinomial(_Demand):
    """Overdispersed whole demand; a season keeps the dispersion r = mean^2 / (sd^2 - mean).

    Here r = 36 / (9 - 6) = 12, so that no demand has the probability (12 / 18)^12 = 0.0077:

    >>> demand = NegativeBinomial(kind="negative-binomial", mean=6, sd=3)
    >>> round(float(demand.distribution(1.0).pmf(0)), 4)
    0.0077

    Given by its dispersion 1 / r instead, the variance is mean + dispersion x mean^2:

    >>> mean, sd = NegativeBinomial(kind="negative-binomial", mean=6, dispersion=1 / 12).moments
    >>> round(sd, 9)
    3.0
    """

    kind: Literal["negative-binomial"]
    mean: Positive
    """Mean demand, units per period, above 0."""
    sd: Positive | None = None
    """Standard deviation, units per period; its square must exceed the mean."""
    dispersion: Positive | None = None
    """Instead of sd: (variance - mean) / mean^2, above 0; 1 makes demand geometric."""

    @model_validator(mode="after")
    def _overdispersed(self) -> Self:
        if (self.sd is None) == (self.dispersion is None):
            raise ValueError("negative-binomial demand needs sd or dispersion, and not both")
        if self.sd is not None and self.sd**2 <= self.mean:
            raise ValueError(
                f"sd must exceed sqrt(mean) = {self.mean**0.5:.3g} for negative-binomial demand, "
                f"got {self.sd:g} (use kind = 'poisson' for sd = sqrt(mean))"
            )
        return self

    @property
    def moments(self) -> tuple[float, float]:
        if self.sd is not None:
            return self.mean, self.sd
        return self.mean, (self.mean + self.mean**2 / self._dispersion) ** 0.5

    @property
    def _dispersion(self) -> float:
        """r, the number of failures."""
        if self.sd is None:
            assert self.dispersion is not None
            return 1 / self.dispersion
        return self.mean**2 / (self.sd**2 - self.mean)

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        r = self._dispersion
        return rng.negative_binomial(r, r / (r + self.mean * factor)).astype(np.float64)

    def distribution(self, factor: float) -> Any:
        r = self._dispersion
        return stats.nbinom(r, r / (r + self.mean * factor))


class Binomial(_Demand):
    """So many customers, each of whom buys one unit or none: whole demand that varies less than
    Poisson's. A season scales the probability, up to 1.

    >>> mean, sd = Binomial(kind="binomial", trials=10, probability=0.3).moments
    >>> mean, round(sd**2, 9)
    (3.0, 2.1)
    """

    kind: Literal["binomial"]
    trials: Annotated[int, Field(ge=1)]
    """Customers a period, at least 1."""
    probability: Annotated[float, Field(gt=0, le=1)]
    """Probability that one buys, above 0 to 1."""

    @property
    def moments(self) -> tuple[float, float]:
        mean = self.trials * self.probability
        return mean, (mean * (1 - self.probability)) ** 0.5

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        chance = np.minimum(self.probability * factor, 1.0)
        return rng.binomial(self.trials, chance).astype(np.float64)

    def distribution(self, factor: float) -> Any:
        return stats.binom(self.trials, min(self.probability * factor, 1.0))


class Geometric(_Demand):
    """Geometric demand on 0, 1, 2, ...: P(d = k) = q (1 - q)^k with q = 1 / (1 + mean).

    The variance is mean (1 + mean); at mean 5, as in Zipkin (2008), "Old and new methods for
    lost-sales inventory systems", Operations Research 56(5), it is 30:

    >>> mean, sd = Geometric(kind="geometric", mean=5).moments
    >>> mean, round(sd**2, 9)
    (5.0, 30.0)
    """

    kind: Literal["geometric"]
    mean: Positive
    """Mean demand, units per period, above 0."""

    @property
    def moments(self) -> tuple[float, float]:
        return self.mean, (self.mean * (1 + self.mean)) ** 0.5

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        return rng.geometric(1 / (1 + self.mean * factor)).astype(np.float64) - 1

    def distribution(self, factor: float) -> Any:
        return stats.geom(1 / (1 + max(self.mean * factor, 1e-12)), loc=-1)


class Normal(_Demand):
    """Normal demand clipped at 0; a season scales mean and standard deviation alike.

    `moments` are those before clipping, the parameters of the literature.

    The newsvendor's level in Snyder & Shen (2019), Example 4.3, is the demand at the probability
    p / (p + h) = 0.70 / 0.88:

    >>> demand = Normal(kind="normal", mean=50, sd=8)
    >>> demand.quantile(np.array([0.70 / 0.88]), np.array([1.0])).round(2)
    array([56.6])
    """

    kind: Literal["normal"]
    mean: Positive
    """Mean before clipping at 0, units per period, above 0."""
    sd: NonNegative
    """Standard deviation before clipping at 0, units per period."""

    @property
    def moments(self) -> tuple[float, float]:
        return self.mean, self.sd

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        return self.from_normal_score(rng.standard_normal(factor.shape), factor)

    def from_normal_score(self, score: Array, factor: Array) -> Array:
        return np.maximum(factor * (self.mean + self.sd * score), 0.0)

    def distribution(self, factor: float) -> Any:
        return stats.norm(self.mean * factor, max(self.sd * factor, 1e-12))


class Gamma(_Demand):
    """Gamma demand; a season scales mean and standard deviation alike.

    It is exponential if both are equal; its median is mean x ln 2 then:

    >>> demand = Gamma(kind="gamma", mean=5, sd=5)
    >>> demand.quantile(np.array([0.5]), np.array([1.0])).round(4)
    array([3.4657])
    """

    kind: Literal["gamma"]
    mean: Positive
    """Mean demand, units per period, above 0."""
    sd: Positive
    """Standard deviation, units per period, above 0."""

    @property
    def moments(self) -> tuple[float, float]:
        return self.mean, self.sd

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        shape = (self.mean / self.sd) ** 2
        return rng.standard_gamma(shape, factor.shape) * (self.mean / shape) * factor

    def distribution(self, factor: float) -> Any:
        shape = (self.mean / self.sd) ** 2
        return stats.gamma(shape, scale=max(self.mean / shape * factor, 1e-12))


class _Bounded(_Demand):
    low: NonNegative
    """Lowest demand, units per period."""
    high: Positive
    """Highest demand, units per period, above low."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high <= self.low:
            raise ValueError(f"high must be above low = {self.low:g}, got {self.high:g}")
        return self


class Uniform(_Bounded):
    """Any demand between two bounds, equally likely, times the season's factor.

    >>> mean, sd = Uniform(kind="uniform", low=0, high=12).moments
    >>> mean, round(sd**2, 9)
    (6.0, 12.0)
    """

    kind: Literal["uniform"]

    @property
    def moments(self) -> tuple[float, float]:
        return (self.low + self.high) / 2, (self.high - self.low) / 12**0.5

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        return factor * rng.uniform(self.low, self.high, factor.shape)

    def distribution(self, factor: float) -> Any:
        return stats.uniform(self.low * factor, max((self.high - self.low) * factor, 1e-12))


class DiscreteUniform(_Bounded):
    """Every whole demand from low to high, both included, times the season's factor.

    A fair die, of variance 35 / 12:

    >>> mean, sd = DiscreteUniform(kind="discrete-uniform", low=1, high=6).moments
    >>> mean, round(sd, 3)
    (3.5, 1.708)
    """

    kind: Literal["discrete-uniform"]

    @model_validator(mode="after")
    def _whole_bounds(self) -> Self:
        for name in ("low", "high"):
            if getattr(self, name) % 1:
                raise ValueError(f"{name} must be a whole number, got {getattr(self, name):g}")
        return self

    @property
    def moments(self) -> tuple[float, float]:
        count = self.high - self.low + 1
        return (self.low + self.high) / 2, ((count**2 - 1) / 12) ** 0.5

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        return factor * rng.integers(int(self.low), int(self.high) + 1, factor.shape)

    def quantile(self, uniform: Array, factor: Array) -> Array:
        count = self.high - self.low + 1
        return factor * (self.low + np.minimum(np.floor(uniform * count), count - 1))

    def distribution(self, factor: float) -> Any:
        raise TypeError("discrete uniform demand has its own quantiles")


class Deterministic(_Demand):
    """The same demand every period, times the season's factor.

    >>> Deterministic(kind="deterministic", mean=4).moments
    (4.0, 0.0)
    """

    kind: Literal["deterministic"]
    mean: Positive
    """Demand, units per period, above 0."""

    @property
    def moments(self) -> tuple[float, float]:
        return self.mean, 0.0

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        return self.mean * factor

    def quantile(self, uniform: Array, factor: Array) -> Array:
        return np.broadcast_to(self.mean * factor, uniform.shape).copy()

    def distribution(self, factor: float) -> Any:
        return stats.uniform(self.mean * factor, 1e-12)


class Intermittent(_Demand):
    """No demand in most periods; else a geometric size of 1, 2, ...

    A season scales the probability of a demand, up to 1; sizes stay. With probability p and sizes
    of mean m and variance m (m - 1), the variance is p m (m - 1) + p (1 - p) m^2; here 6 + 5.76:

    >>> demand = Intermittent(kind="intermittent", probability=0.2, mean_size=6)
    >>> mean, sd = demand.moments
    >>> round(mean, 9), round(sd**2, 9)
    (1.2, 11.76)
    """

    kind: Literal["intermittent"]
    probability: Annotated[float, Field(gt=0, le=1)]
    """Probability that a period has demand, above 0 to 1."""
    mean_size: Annotated[float, Field(ge=1)]
    """Mean size of a demand, units, at least 1."""

    @property
    def moments(self) -> tuple[float, float]:
        mean = self.probability * self.mean_size
        second = self.probability * (self.mean_size * (self.mean_size - 1) + self.mean_size**2)
        return mean, (second - mean**2) ** 0.5

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        return self.quantile(rng.random(factor.shape), factor)

    def quantile(self, uniform: Array, factor: Array) -> Array:
        probability = np.minimum(self.probability * factor, 1.0)
        within = (uniform - (1 - probability)) / np.maximum(probability, 1e-12)
        if self.mean_size == 1:
            return (within > 0).astype(np.float64)
        stop = np.log1p(-1 / self.mean_size)
        size = np.ceil(np.log1p(-np.clip(within, 1e-15, 1 - 1e-15)) / stop)
        return np.where(within > 0, np.maximum(size, 1), 0.0)

    def distribution(self, factor: float) -> Any:
        raise TypeError("intermittent demand has its own quantiles")


class Trace(_Demand):
    """Demand replayed from the scenario's demand file; moments are those of its training dates."""

    kind: Literal["trace"]
    mean: Positive
    """Mean demand on the training dates, units per period; filled in by the importer."""
    sd: NonNegative
    """Standard deviation on the training dates, units per period; filled in by the importer."""

    @model_validator(mode="after")
    def _as_recorded(self) -> Self:
        if self.season is not None:
            raise ValueError("season must be left out for trace demand, which is as recorded")
        return self

    @property
    def moments(self) -> tuple[float, float]:
        return self.mean, self.sd

    def draw(self, rng: np.random.Generator, factor: Array) -> Array:
        raise TypeError("a trace is replayed, not drawn")

    def distribution(self, factor: float) -> Any:
        raise TypeError("a trace is replayed, not drawn")


WHOLE_LAWS = (Poisson, NegativeBinomial, Binomial, Geometric)  # with a scipy law of whole numbers

Demand = Annotated[
    Poisson
    | NegativeBinomial
    | Binomial
    | Geometric
    | Normal
    | Gamma
    | Uniform
    | DiscreteUniform
    | Deterministic
    | Intermittent
    | Trace,
    Field(discriminator="kind"),
]
