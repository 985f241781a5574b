"""A number's birth certificate: which versions, machine and command made it."""

import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("hmarl", "numpy", "scipy", "torch", "stable-baselines3")


def certificate() -> dict[str, object]:
    """Versions, machine and command of this process, ready for JSON."""
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"cpu": _cpu(), "cores": os.cpu_count()},
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _cpu() -> str:
    """Model name where the system tells it, else the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
