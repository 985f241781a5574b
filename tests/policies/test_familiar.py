"""Offsets fade where the present is unlike training."""

import numpy as np
import pytest

from policies.learning.familiar import Familiar

LOW, HIGH = np.full((1, 20), -1.0), np.full((1, 20), 2.0)


@pytest.mark.parametrize(
    ("strange", "weight"),
    [(0, 1.0), (1, 1.0), (2, 0.5), (3, 0.0), (9, 0.0)],
)
def test_offsets_fade_with_the_share_of_strange_values(strange: int, weight: float) -> None:
    """Of twenty values one is usually outside its range: with two more the rule decides alone."""
    seen = np.zeros((3, 20), dtype=np.float32)
    seen[1, :strange] = 2.1
    familiar = Familiar(LOW, HIGH, usual=0.05)
    np.testing.assert_allclose(familiar.weight(seen)[:, 0], [1.0, weight, 1.0], atol=1e-12)


def test_a_value_that_is_cut_off_is_strange_whatever_training_saw() -> None:
    familiar = Familiar(np.full((1, 20), -9.0), np.full((1, 20), 9.0), usual=0.0)
    seen = np.zeros((2, 20), dtype=np.float32)
    seen[0, :2] = 6.0
    np.testing.assert_allclose(familiar.weight(seen)[:, 0], [0.0, 1.0])


def test_what_is_written_is_read_again() -> None:
    again = Familiar.read(Familiar(LOW, HIGH, usual=0.05).written())
    np.testing.assert_array_equal(again.low, LOW)
    np.testing.assert_array_equal(again.high, HIGH)
    assert again.usual == 0.05
