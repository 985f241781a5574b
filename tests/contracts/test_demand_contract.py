"""What every kind of demand owes. Another kind needs a line in EXAMPLES, and fails without one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy import stats
from union_members import assert_reads_back, kinds

from inventory_env.description.demand import Demand

SAMPLES = 100_000
FACTORS = (0.0, 1.0, 2.0)  # of a season
SEASON = {"weekday": [0.5, 1, 1, 1, 1, 1, 1.5], "yearly_amplitude": 0.2, "trend_per_year": -0.1}


@dataclass(frozen=True)
class Example:
    """One demand with moments worked out by hand from its parameters."""

    moments: tuple[float, float]  # mean and variance, as `moments` says
    doubled: tuple[float, float]  # of draws under a season's factor of 2
    whole: bool  # whether draws are whole units
    drawn: tuple[float, float] | None = None  # of draws, where they differ from `moments`

    @property
    def seasonal(self) -> dict[float, tuple[float, float]]:
        """Mean and variance of draws by factor."""
        return dict(zip(FACTORS, [(0, 0), self.drawn or self.moments, self.doubled], strict=True))


# kind -> [(parameters, what they mean)]
EXAMPLES: dict[str, list[tuple[dict[str, float], Example]]] = {
    "poisson": [({"mean": 4}, Example((4, 4), (8, 8), whole=True))],
    # r = 36 / (25 - 6) = 36 / 19 stays, so that the variance at mean 12 is 12 + 144 x 19 / 36 = 88
    "negative-binomial": [
        ({"mean": 6, "sd": 5}, Example((6, 25), (12, 88), whole=True)),
        ({"mean": 6, "dispersion": 0.5}, Example((6, 24), (12, 84), whole=True)),
    ],
    # 10 x 0.3 x 0.7; at twice the chance 10 x 0.6 x 0.4
    "binomial": [({"trials": 10, "probability": 0.3}, Example((3, 2.1), (6, 2.4), whole=True))],
    "geometric": [({"mean": 5}, Example((5, 30), (10, 110), whole=True))],
    "normal": [
        ({"mean": 20, "sd": 4}, Example((20, 16), (40, 64), whole=False)),
        # Clipped at 0, a standard normal + 1 has mean Phi(1) + phi(1) and second moment
        # 2 Phi(1) + phi(1), where Phi(1) = 0.84134 and phi(1) = 0.24197.
        (
            {"mean": 1, "sd": 1},
            Example((1, 1), (2.16663, 3.00435), whole=False, drawn=(1.08332, 0.75109)),
        ),
    ],
    "gamma": [({"mean": 3, "sd": 4}, Example((3, 16), (6, 64), whole=False))],
    "uniform": [({"low": 2, "high": 8}, Example((5, 3), (10, 12), whole=False))],
    "discrete-uniform": [
        ({"low": 1, "high": 6}, Example((3.5, 35 / 12), (7, 35 / 3), whole=True)),
    ],
    "deterministic": [({"mean": 4}, Example((4, 0), (8, 0), whole=True))],
    # p m (m - 1) + p (1 - p) m^2 at p = 0.2 and 0.4, m = 6
    "intermittent": [
        ({"probability": 0.2, "mean_size": 6}, Example((1.2, 11.76), (2.4, 20.64), whole=True)),
        ({"probability": 0.3, "mean_size": 1}, Example((0.3, 0.21), (0.6, 0.24), whole=True)),
        # A demand every period at most: a factor of 2 adds no more than that.
        ({"probability": 0.8, "mean_size": 2}, Example((1.6, 2.24), (2, 2), whole=True)),
    ],
}
REPLAYED = {"trace"}  # its duties are what it refuses

drawn_kinds = pytest.mark.parametrize(
    ("demand", "example"),
    [
        pytest.param(TypeAdapter(Demand).validate_python({"kind": kind} | given), example, id=kind)
        for kind, examples in EXAMPLES.items()
        for given, example in examples
    ],
)
both_ways = pytest.mark.parametrize("way", ["draw", "from_normal_score"])


def _sample(demand: Any, way: str, factor: np.ndarray, seed: int = 11) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if way == "draw":
        return demand.draw(rng, factor)
    return demand.from_normal_score(rng.standard_normal(factor.shape), factor)


def test_every_kind_has_an_example():
    assert kinds(Demand) == set(EXAMPLES) | REPLAYED


@drawn_kinds
def test_moments_are_those_of_the_parameters(demand, example):
    mean, sd = demand.moments
    assert (mean, sd**2) == pytest.approx(example.moments)


@both_ways
@drawn_kinds
def test_draws_have_the_moments_of_their_own_factor(demand, example, way):
    """Within four standard errors; those of the variance from the draws' fourth moment."""
    drawn = _sample(demand, way, np.tile(FACTORS, (SAMPLES, 1)))
    assert drawn.shape == (SAMPLES, len(FACTORS))
    assert drawn.dtype == np.float64
    assert (drawn >= 0).all()
    assert not example.whole or (drawn % 1 == 0).all()
    for column, (mean, variance) in zip(drawn.T, example.seasonal.values(), strict=True):
        spread = np.mean((column - column.mean()) ** 4) - column.var() ** 2
        assert column.mean() == pytest.approx(mean, abs=4 * (variance / SAMPLES) ** 0.5 + 1e-9)
        assert column.var() == pytest.approx(variance, abs=4 * (spread / SAMPLES) ** 0.5 + 1e-5)


@pytest.mark.parametrize("factor", [0.4, 1.0, 1.7])
@drawn_kinds
def test_both_ways_draw_from_one_distribution(demand, example, factor):
    """Kolmogorov-Smirnov; seeds differ, and so does what both ways make of a generator."""
    factors = np.full(SAMPLES, factor)
    drawn, scored = _sample(demand, "draw", factors), _sample(demand, "from_normal_score", factors)
    grain = 9  # digits; equal demands may be computed in another order
    assert stats.ks_2samp(drawn.round(grain), scored.round(grain), method="asymp").pvalue > 1e-3


@pytest.mark.parametrize("factor", [0.4, 1.0, 1.7])
@drawn_kinds
def test_demand_rises_with_the_score(demand, example, factor):
    score = np.linspace(-8, 8, 4001)
    demands = demand.from_normal_score(score, np.full_like(score, factor))
    assert np.isfinite(demands).all()
    assert (np.diff(demands) >= 0).all()


@both_ways
@drawn_kinds
def test_a_generator_decides_alone(demand, example, way):
    factor = np.ones((6, 50))
    first, again = (_sample(demand, way, factor, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = _sample(demand, way, factor, seed=4)
    assert (first != other).any() == (example.moments[1] > 0)


@drawn_kinds
def test_it_reads_back_as_written(demand, example):
    assert_reads_back(Demand, demand)
    seasonal = TypeAdapter(Demand).validate_python({**demand.model_dump(), "season": SEASON})
    assert_reads_back(Demand, seasonal)


def test_a_trace_is_not_drawn_and_has_no_season():
    table = {"kind": "trace", "mean": 4.0, "sd": 3.0}
    trace = TypeAdapter(Demand).validate_python(table)
    assert_reads_back(Demand, trace)
    assert trace.moments == (4.0, 3.0)
    for way in ("draw", "from_normal_score"):
        with pytest.raises(TypeError, match="replayed, not drawn"):
            _sample(trace, way, np.ones(3))
    with pytest.raises(ValidationError, match="season must be left out"):
        TypeAdapter(Demand).validate_python({**table, "season": SEASON})
