"""The table of trainings on recorded demand unlike the past, from its results."""

from typing import Any

import numpy as np

from benchmarks.markdown import markdown_table
from policies.intervals import student_interval


def unlike_table(found: dict[str, Any]) -> str:
    """A row for each set: cost against the best tuned rule on the test dates, %, mean +- sd over
    training seeds; of what the run recommends, of the network alone, of the rule it started from.

    Args:
        found: the results.
    """
    rows = []
    for name, by_seed in found["rows"].items():
        seeds = list(by_seed.values())
        told = [_mean_sd([row[key] for row in seeds]) for key in ("recommended", "network")]
        start = float(np.mean([row["start"] for row in seeds]))
        kept = sum(row["kept_rule"] for row in seeds)
        rows.append([name, *told, f"{start:+.2f}", f"{kept} of {len(seeds)}"])
    low, high = student_interval(set_means(found))
    mean = set_means(found).mean()
    rows.append(
        [f"mean over {len(rows)} sets", f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]", "", "", ""]
    )
    head = ["set", "recommended, %", "network alone, %", "start rule, %", "kept its rule"]
    return markdown_table(head, rows)


def set_means(found: dict[str, Any]) -> Any:
    """(set,) mean over seeds of what the recommended policy costs against the best rule, %."""
    sets = found["rows"].values()
    return np.array([np.mean([row["recommended"] for row in rows.values()]) for rows in sets])


def _mean_sd(values: list[float]) -> str:
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):+.2f} +- {spread:.2f}"
