"""Makes `levels.json`: levels of the tuned rules, searched on drawn laws.

`python -m benchmarks.inventorybench.tuning` searches the levels of each rule by lead-time setting
and profit (Nelder and Mead, 1965) for the best mean score on drawn problems, and writes them with
their scores on drawn problems that were not searched on. No published instance is read.
"""

import sys
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from benchmarks.inventorybench.arrivals import Arrivals
from benchmarks.inventorybench.forecasts import Forecaster
from benchmarks.inventorybench.instances import PROFITS, PROMISED, SETTINGS, Instances
from benchmarks.inventorybench.laws import draw_instances
from benchmarks.inventorybench.play import play
from benchmarks.inventorybench.recorded import Recorded
from benchmarks.inventorybench.rules import Levels
from benchmarks.inventorybench.tuned import FILE, Book, TunedRule, tunable
from benchmarks.measurement import Tell
from inventory_env.files import write_json
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose
from policies.runs.certificate import certificate

SEED = 0
PROBLEMS = 2880  # of a lead-time setting, to search on and to judge on
TRIALS = 80  # of a search
STEPS = Levels(0.5, -0.4, -0.3, 0.6)  # of the first simplex


def tune(forecaster: Forecaster, arrivals: Arrivals) -> tuple[Book, dict[str, float]]:
    """Levels of a rule, and its mean score by setting on problems that were not searched on."""
    book: dict[int, dict[float, Levels]] = {}
    scores = {}
    for setting in SETTINGS:
        known, fresh = (
            draw_instances(setting, PROBLEMS, seed=SEED, purpose=purpose)
            for purpose in (Purpose.TUNE, Purpose.VALIDATE)
        )
        recorded = Recorded.of(forecaster, known)
        book[PROMISED[setting]] = {
            profit: _search(known, recorded, arrivals, profit) for profit in PROFITS
        }
        reward = play(fresh, TunedRule(forecaster, arrivals, book))
        scores[setting] = float(fresh.score(reward).mean())
    return book, scores


def _search(instances: Instances, recorded: Recorded, arrivals: Arrivals, profit: float) -> Levels:
    """The best levels for the problems of a profit."""
    own = instances.profit == profit
    problems, forecasts = instances.pick(own), recorded.pick(own)

    def loss(levels: Array) -> float:
        book = {problems.promised: {profit: Levels(*levels)}}
        return -float(problems.score(play(problems, TunedRule(forecasts, arrivals, book))).mean())

    first = np.array([0.8 * norm.ppf(profit / (profit + 1)) - 0.3, 0.0, 1.2, 0.3])
    simplex = np.vstack([first, first + np.diag(np.array(STEPS))])
    found = minimize(
        loss, first, method="Nelder-Mead", options={"maxfev": TRIALS, "initial_simplex": simplex}
    )
    return Levels(*(round(float(x), 3) for x in found.x))


def make_levels(tell: Tell) -> dict[str, Any]:
    """Tune every rule; ready for JSON."""
    books, scores = {}, {}
    for name, (forecaster, arrivals) in tunable().items():
        books[name], scores[name] = tune(forecaster, arrivals)
        tell(f"{name}: {', '.join(f'{s} {score:.4f}' for s, score in scores[name].items())}")
    return {
        "levels": list(Levels._fields),
        "rules": books,
        "scores_on_drawn_problems": scores,
        "problems_of_a_setting": PROBLEMS,
        "seed": SEED,
        "made_by": certificate(),
    }


if __name__ == "__main__":
    write_json(FILE, make_levels(lambda line: print(line, file=sys.stderr)))
