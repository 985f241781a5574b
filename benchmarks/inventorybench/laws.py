"""Problems like InventoryBench's, drawn: what policies are tuned and trained on.

Written from the words of Baek, Fu, Ma and Peng (arXiv 2602.12631) and of their benchmark's
description, which name ten patterns of demand; numbers are drawn from ranges of our own that are
wider than any one set of problems, and two more kinds of law are among them. No number here was
fitted to the benchmark's files.

Every number has an address, (seed, purpose, episode, quantity): problem i is the same however many
are drawn. Problem i follows law i modulo their number.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from benchmarks.inventorybench.instances import PROFITS, SETTINGS, TOLD, Instances
from inventory_env.frozen import Array
from inventory_env.simulation.sources import Source
from inventory_env.simulation.tape import Purpose

PERIODS = 50
ARRIVALS = {
    "0": (0.0,),
    "4": (4.0,),
    "stochastic": (1.0, 2.0, 3.0, np.inf),  # equally likely
}
_UNIFORMS = 12  # of a problem: its law's numbers

# A law gives (problem, told + period) means and standard deviations in units of the starting level,
# from (number, problem) uniform numbers, (problem,) a coefficient of variation and (problem, told +
# period) the time, 0 in the first period played.
Law = Callable[[Array, Array, Array], tuple[Array, Array]]


def draw_instances(
    setting: str, count: int, *, seed: int, purpose: Purpose, episode: int = 0
) -> Instances:
    """Problems of drawn laws; laws and profits take turns.

    Args:
        setting: of the lead time.
        count: how many.
        seed: of all draws.
        purpose: what they are for; those of different purposes are independent.
        episode: number of the draw.
    """

    def generator(source: Source) -> np.random.Generator:
        key = (int(purpose), SETTINGS.index(setting), episode, int(source))
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))

    numbers = np.arange(count)
    uniform = generator(Source.START).random((count, _UNIFORMS)).T
    noise = generator(Source.DEMAND).standard_normal((count, TOLD + PERIODS))
    scored = _shaped(noise, uniform[0])
    demand = np.zeros((count, TOLD + PERIODS))
    names = tuple(LAWS)
    for number, (name, law) in enumerate(LAWS.items()):
        own = numbers % len(names) == number
        spread, time = 0.08 + 0.42 * uniform[1, own], _time(uniform[2, own], name)
        mean, sd = law(uniform[3:, own], spread, time)
        if name in _CORRELATED:
            scored[own] = _autocorrelated(noise[own], uniform[3, own], name)
        level = np.exp(np.log(30.0) + np.log(10.0) * uniform[11, own])[:, None]
        drawn = np.exp(sd * scored[own]) if name == "wandering" else mean + sd * scored[own]
        demand[own] = np.rint(level * np.maximum(drawn, 0.0))
        if name == "intermittent":
            silent = ndtr(noise[own][:, ::-1]) < (0.2 + 0.5 * uniform[4, own])[:, None]
            demand[own] *= ~silent
    demand[:, TOLD] += demand[:, TOLD:].sum(axis=1) == 0  # a score is a share of what is asked
    chosen = generator(Source.SUPPLIER_LEAD_TIME).integers(
        0, len(ARRIVALS[setting]), (count, PERIODS)
    )
    profit = np.array(PROFITS)[numbers // len(names) % len(PROFITS)]
    return Instances(
        setting=setting,
        names=tuple(f"{names[i % len(names)]}/{i}" for i in numbers),
        history=np.ascontiguousarray(demand[:, :TOLD].T),
        demand=np.ascontiguousarray(demand[:, TOLD:].T),
        lead_time=np.ascontiguousarray(np.array(ARRIVALS[setting])[chosen].T),
        profit=profit,
        holding=np.ones(count),
    )


def _constant(u: Array, spread: Array, time: Array) -> tuple[Array, Array]:
    return _level(np.ones_like(time), spread)


def _shift(up: bool) -> Law:
    """The level changes once; its spread with it, or not."""

    def law(u: Array, spread: Array, time: Array) -> tuple[Array, Array]:
        factor = np.exp(np.log(3.5) * (0.1 + 0.9 * u[0]) * (1 if up else -1))
        mean = np.where(time < _between(5, 36, u[1])[:, None], 1.0, factor[:, None])
        return _level(mean, spread, proportional=u[2] < 0.5)

    return law


def _trend(up: bool) -> Law:
    """The level moves in a straight line to a multiple or a part of itself."""

    def law(u: Array, spread: Array, time: Array) -> tuple[Array, Array]:
        last = np.exp(np.log(4.0) * (0.15 + 0.85 * u[0]) * (1 if up else -1))
        line = 1 + (last - 1)[:, None] * np.maximum(time, -TOLD) / (PERIODS - 1)
        return _level(np.maximum(line, 0.02), spread, proportional=u[2] < 0.5)

    return law


def _variance(u: Array, spread: Array, time: Array) -> tuple[Array, Array]:
    """The spread grows or shrinks once, the mean stays."""
    factor = np.exp(np.log(4.0) * (2 * u[0] - 1))
    later = np.clip(spread * factor, 0.03, 0.8)
    sd = np.where(time < _between(5, 36, u[1])[:, None], spread[:, None], later[:, None])
    return np.ones_like(time), sd


def _season(u: Array, spread: Array, time: Array) -> tuple[Array, Array]:
    """A sine of 4 to 26 periods."""
    length = np.exp(np.log(4.0) + np.log(26.0 / 4.0) * u[0])
    phase = np.where(u[1] < 0.5, 0.0, u[2])  # half begin at the middle, going up
    wave = np.sin(2 * np.pi * (time / length[:, None] + phase[:, None]))
    return _level(1 + (0.15 + 0.65 * u[3])[:, None] * wave, 0.7 * spread)


def _several_shifts(u: Array, spread: Array, time: Array) -> tuple[Array, Array]:
    """Two changes of level."""
    first = _between(5, 25, u[0])
    second = first + _between(6, 22, u[1])
    levels = [np.exp(np.log(3.5) * (2 * v - 1)) for v in (u[2], u[3])]
    mean = np.where(time < first[:, None], 1.0, levels[0][:, None])
    mean = np.where(time < second[:, None], mean, levels[1][:, None])
    return _level(mean, spread, proportional=u[4] < 0.5)


def _passing(u: Array, spread: Array, time: Array) -> tuple[Array, Array]:
    """A spike or a dip of 1 to 10 periods, then as before."""
    begins, length = _between(5, 40, u[0]), _between(1, 11, u[1])
    factor = np.where(u[2] < 0.5, 1.5 + 2.5 * u[3], 0.05 + 0.6 * u[3])
    within = (time >= begins[:, None]) & (time < (begins + length)[:, None])
    return _level(np.where(within, factor[:, None], 1.0), spread, proportional=u[4] < 0.5)


LAWS: dict[str, Law] = {
    "stationary": _constant,
    "mean-increase": _shift(up=True),
    "mean-decrease": _shift(up=False),
    "increasing-trend": _trend(up=True),
    "decreasing-trend": _trend(up=False),
    "variance-change": _variance,
    "seasonal": _season,
    "several-changes": _several_shifts,
    "spike-or-dip": _passing,
    "autocorrelated": _constant,
    "wandering": _constant,
    "intermittent": _constant,
}
_MOVING = ("increasing-trend", "decreasing-trend", "seasonal")
_CORRELATED = ("autocorrelated", "wandering")


def _time(u: Array, name: str) -> Array:
    """(problem, told + period) 0 in the first period played. The benchmark tells the first five
    values of what moves and then begins again; half of ours do, half go on from there."""
    ahead = np.tile(np.arange(-TOLD, PERIODS, dtype=np.float64), (len(u), 1))
    again = ahead.copy()
    again[:, :TOLD] += TOLD
    return np.where(((u < 0.5) & (name in _MOVING))[:, None], again, ahead)


def _level(mean: Array, spread: Array, proportional: Array | None = None) -> tuple[Array, Array]:
    """Standard deviations in proportion to the mean, or always those of the lowest mean."""
    sd = spread[:, None] * mean
    if proportional is None:
        return mean, sd
    return mean, np.where(proportional[:, None], sd, sd.min(axis=1, keepdims=True))


def _between(low: int, high: int, u: Array) -> Array:
    """Whole numbers from low to high - 1."""
    return np.floor(low + (high - low) * u)


def _shaped(noise: Array, u: Array) -> Array:
    """Of mean 0 and variance 1: normal, uniform or skewed."""
    skewed = (np.exp(0.5 * noise) - np.exp(0.125)) / np.sqrt(np.exp(0.5) - np.exp(0.25))
    even = np.sqrt(12.0) * (ndtr(noise) - 0.5)
    which = u[:, None]
    return np.where(which < 0.6, noise, np.where(which < 0.8, even, skewed))


def _autocorrelated(noise: Array, u: Array, name: str) -> Array:
    """AR(1) scores of variance 1 in the long run that begin at the mean; a random walk wanders."""
    rho = np.ones_like(u) if name == "wandering" else np.where(u < 0.15, -4 * u, 0.1 + u)
    rho = np.minimum(rho, 1.0 if name == "wandering" else 0.97)
    step = np.sqrt(1 - rho**2) if name == "autocorrelated" else np.full_like(u, 0.3)
    scored = np.zeros_like(noise)
    for t in range(noise.shape[1]):
        scored[:, t] = step * noise[:, t] + (rho * scored[:, t - 1] if t else 0.0)
    return scored
