"""The lowest versions that pyproject.toml allows are those that `make test-lowest` installs."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
TOOLS = ("mypy", "ruff")  # look at the source, not run with it


def test_lowest_versions_are_the_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = [project["dependencies"], *project["optional-dependencies"].values()]
    bounds = {
        canonicalize_name(requirement.name): Version(bound.version)
        for requirement in (Requirement(line) for part in parts for line in part)
        if requirement.name not in TOOLS
        for bound in requirement.specifier
        if bound.operator == ">="
    }
    head = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").split("\n# ")[0]
    lines = [line.split("==") for line in head.splitlines()[1:]]
    pins = {name: Version(version) for name, version in lines}
    assert pins == bounds
