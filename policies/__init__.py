"""Who decides: rules, what was learned, and the runs that keep it.

Names are found when they are first asked for, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policies.policy import Policy as Policy
    from policies.rules.rule_book import RuleBook as RuleBook
    from policies.rules.search import baseline_names as baseline_names
    from policies.runs.run_folder import Run as Run
    from policies.runs.run_folder import load_run as load_run
    from policies.runs.run_folder import rule_book as rule_book
    from policies.runs.training import train as train_run

_HOMES = {
    "Policy": ("policy", "Policy"),
    "RuleBook": ("rules.rule_book", "RuleBook"),
    "Run": ("runs.run_folder", "Run"),
    "baseline_names": ("rules.search", "baseline_names"),
    "load_run": ("runs.run_folder", "load_run"),
    "rule_book": ("runs.run_folder", "rule_book"),
    "train_run": ("runs.training", "train"),
}
__all__ = ["Policy", "RuleBook", "Run", "baseline_names", "load_run", "rule_book", "train_run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), own)
