"""The pieces of a Markdown page of results."""

from collections.abc import Sequence
from statistics import stdev
from typing import Any


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all but the first column are set to the right."""
    rule = ["---"] + ["---:"] * (len(heads) - 1)
    return "".join("| " + " | ".join(row) + " |\n" for row in [heads, rule, *rows])


def spread(values: Sequence[float]) -> str:
    """The standard deviation to write behind a mean, where there are several values."""
    return f" ± {stdev(values):.2g}" if len(values) > 1 else ""


def strong(verdict: str) -> str:
    """A verdict, in bold where it is a miss."""
    return f"**{verdict}**" if verdict == "missed" else verdict


def origin(made_by: dict[str, Any]) -> str:
    """Command, machine and versions that made a table."""
    machine = made_by["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in made_by["versions"].items())
    commit = f", commit {made_by['commit']}" if made_by["commit"] else ""
    return (
        f"`{made_by['command']}`, {made_by['written'][:10]}{commit}; {machine['cpu']}, "
        f"{machine['cores']} cores; {versions}.\n"
    )
