"""What every kind of lead time owes. Another kind needs a line in EXAMPLES, and fails without."""

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from union_members import assert_reads_back, kinds

from inventory_env.description.lead_time import LeadTime

SAMPLES = 40_000

# kind -> [(what a file says, probability of each possible number of periods, mean, variance)]
EXAMPLES: dict[str, list[tuple[Any, dict[int, float], float, float]]] = {
    "constant": [
        ({"kind": "constant", "periods": 3}, {3: 1.0}, 3, 0),
        (0, {0: 1.0}, 0, 0),  # a bare number
    ],
    "uniform": [
        ({"kind": "uniform", "low": 1, "high": 3}, {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}, 2, 2 / 3),
        ({"kind": "uniform", "low": 0, "high": 1}, {0: 0.5, 1: 0.5}, 0.5, 0.25),
        ({"kind": "uniform", "low": 4, "high": 4}, {4: 1.0}, 4, 0),
        # In sequence: 0 needs the one before to take at most 1, 1/3 x 2/3; at most 1 is 2/3
        (
            {"kind": "uniform", "low": 0, "high": 2, "crossing": False},
            {0: 2 / 9, 1: 4 / 9, 2: 3 / 9},
            10 / 9,
            4 / 9 + 4 * 3 / 9 - (10 / 9) ** 2,
        ),
    ],
    "discrete": [
        # 0.25 x 4 = 1 and 0.25 x 4^2 - 1^2 = 3
        (
            {"kind": "discrete", "periods": [4, 0], "weights": [0.25, 0.75]},
            {0: 0.75, 4: 0.25},
            1,
            3,
        ),
        # 0.7 + 2 x 0.3 = 1.3 and 0.7 + 4 x 0.3 - 1.3^2 = 0.21; never 5
        (
            {"kind": "discrete", "periods": [1, 2, 5], "weights": [0.7, 0.3, 0.0]},
            {1: 0.7, 2: 0.3},
            1.3,
            0.21,
        ),
    ],
}

all_kinds = pytest.mark.parametrize(
    ("lead_time", "shares", "mean", "variance"),
    [
        pytest.param(TypeAdapter(LeadTime).validate_python(given), *example, id=kind)
        for kind, examples in EXAMPLES.items()
        for given, *example in examples
    ],
)


def test_every_kind_has_an_example():
    assert kinds(LeadTime) == set(EXAMPLES)
    for kind, examples in EXAMPLES.items():
        assert {TypeAdapter(LeadTime).validate_python(given).kind for given, *_ in examples} == {
            kind
        }


@all_kinds
def test_probabilities_bounds_and_moments_are_those_of_the_parameters(
    lead_time, shares, mean, variance
):
    expected = [shares.get(periods, 0.0) for periods in range(max(shares) + 1)]
    np.testing.assert_allclose(lead_time.probabilities, expected)
    assert lead_time.probabilities.sum() == pytest.approx(1.0, abs=1e-12)
    assert (lead_time.minimum, lead_time.maximum) == (min(shares), max(shares))
    found_mean, sd = lead_time.moments
    assert (found_mean, sd**2) == pytest.approx((mean, variance), abs=1e-9)


@all_kinds
def test_draws_come_as_often_as_their_probability(lead_time, shares, mean, variance):
    """Within four standard errors, and never an impossible one."""
    drawn = lead_time.draw(np.random.default_rng(3), (SAMPLES // 100, 100))
    assert drawn.shape == (SAMPLES // 100, 100)
    drawn = drawn[:, 3:]  # those in sequence have an earlier shipment to wait for by then
    assert drawn.dtype == np.int64
    assert set(np.unique(drawn)) == set(shares)
    for periods, share in shares.items():
        error = (share * (1 - share) / SAMPLES) ** 0.5
        assert (drawn == periods).mean() == pytest.approx(share, abs=4 * error + 1e-12)


def test_shipments_in_sequence_never_overtake():
    read = TypeAdapter(LeadTime).validate_python
    lead_time = read({"kind": "uniform", "low": 0, "high": 9, "crossing": False})
    arrivals = lead_time.draw(np.random.default_rng(3), (50, 200)) + np.arange(200)
    assert (np.diff(arrivals, axis=1) >= 0).all()
    crossing = read({"kind": "uniform", "low": 0, "high": 9})
    free = crossing.draw(np.random.default_rng(3), (50, 200)) + np.arange(200)
    np.testing.assert_array_equal(arrivals, np.maximum.accumulate(free, axis=1))


@all_kinds
def test_a_generator_decides_alone(lead_time, shares, mean, variance):
    first, again, other = (
        lead_time.draw(np.random.default_rng(seed), (6, 50)) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any() == (variance > 0)


@all_kinds
def test_it_reads_back_as_written(lead_time, shares, mean, variance):
    assert_reads_back(LeadTime, lead_time)
