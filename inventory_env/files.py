"""Writing files whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any


def write_bytes(path: Path, content: bytes) -> None:
    """Put a file in place in one go, so that nobody ever sees half of it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one go."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that every reader accepts, in one go."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")
