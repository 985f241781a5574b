"""Who decides: rules, what was learned, and the runs that keep it.

Names are found when they are first asked for, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

from inventory_env.lazy import found_when_asked

if TYPE_CHECKING:
    from policies.policy import Policy as Policy
    from policies.rules.baselines import baseline_names as baseline_names
    from policies.rules.rule_book import RuleBook as RuleBook
    from policies.runs.run_folder import Run as Run
    from policies.runs.run_folder import load_run as load_run
    from policies.runs.run_folder import rule_book as rule_book
    from policies.runs.training import train as train_run

_HOMES = {
    "Policy": "policy",
    "RuleBook": "rules.rule_book",
    "Run": "runs.run_folder",
    "baseline_names": "rules.baselines",
    "load_run": "runs.run_folder",
    "rule_book": "runs.run_folder",
    "train_run": "runs.training:train",
}
__all__ = ["Policy", "RuleBook", "Run", "baseline_names", "load_run", "rule_book", "train_run"]


__getattr__ = found_when_asked(__name__, _HOMES)
