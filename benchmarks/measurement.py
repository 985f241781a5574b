"""What all measurements share: the seed of the test demand, and who is told of progress."""

from collections.abc import Callable

EVALUATION_SEED = 1_000_003
Tell = Callable[[str], None]
"""Called with a line of words."""
