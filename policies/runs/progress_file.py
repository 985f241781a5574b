"""progress.csv: SB3's log of a run, which survives a kill and continues after a resume."""

import csv
import io
from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import KVWriter

from inventory_env.files import write_text


class ProgressFile(KVWriter):
    """Writes a row for each update; columns may come later."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows: list[dict[str, Any]] = []
        self._columns: list[str] = []

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        """Add a row; the file is written anew only when a column is new."""
        row = {"steps": step, **key_values}
        self._rows.append(row)
        if set(row) <= set(self._columns):
            with self._file.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, self._columns).writerow(row)
        else:
            self._rewrite()

    def keep_until(self, steps: int) -> None:
        """Take up an earlier file, without what came after the checkpoint."""
        if self._file.exists():
            with self._file.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if None not in row.values()]
            self._rows = [row for row in rows if int(row["steps"]) <= steps]
            self._rewrite()

    def close(self) -> None:
        """Nothing is kept open."""

    def _rewrite(self) -> None:
        self._columns = ["steps", *sorted({key for row in self._rows for key in row} - {"steps"})]
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns)
        writer.writeheader()
        writer.writerows(self._rows)
        write_text(self._file, text.getvalue())
