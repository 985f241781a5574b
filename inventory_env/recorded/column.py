"""A column of a CSV as text: its whole content decides how its values are written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from inventory_env.errors import InputError

Way = Callable[[str], str | None]  # a value in standard form, None where it is not written this way


@dataclass(frozen=True)
class Column:
    """One column, and where it is from."""

    file: Path
    name: str
    text: "pd.Series[str]"  # the index is the row's number in the file

    def refuse(self, wrong: "pd.Series[bool]", reason: str) -> None:
        """An error that names the first wrong value, if there is any."""
        if wrong.any():
            row = wrong.index[wrong][0]
            more = f" ({int(wrong.sum())} such rows)" if wrong.sum() > 1 else ""
            raise InputError(f"{self._value(row)} {reason}{more}")

    def read(
        self, ways: Mapping[str, Way], *, kind: str, otherwise: str, undecided: str
    ) -> tuple["pd.Series[str]", list[str]]:
        """The values in standard form, and a line for people if any was written otherwise.

        Args:
            ways: how the values may be written; one of them must hold for all values.
            kind: what a value is, for messages.
            otherwise: advice where no way reads any value.
            undecided: advice where several ways read all values, and not as the same.

        Raises:
            InputError: if no way reads all values, or several do and disagree.
        """
        readings = {
            name: self.text.map({value: way(value) for value in self.text.unique()})
            for name, way in ways.items()
        }
        best = max(readings, key=lambda name: readings[name].notna().sum())  # the first of equals
        found = readings[best]
        advice = f", read like others ({best})" if found.notna().any() else f"; {otherwise}"
        self.refuse(found.isna(), f"is not {kind}{advice}")
        for name, reading in readings.items():
            differs = reading != found
            if reading.notna().all() and differs.any():
                row = differs.index[differs][0]
                raise InputError(
                    f"{self._value(row)} may be {found[row]} ({best}) or {reading[row]} ({name}), "
                    f"and no row decides; {undecided}"
                )
        other = found.index[found != self.text]
        told = [
            f"{self.name} {self.text[row]!r} is read as {found[row]} ({best})" for row in other[:1]
        ]
        return found, told

    def _value(self, row: int) -> str:
        return f"{self.file}: row {row}: {self.name} {self.text[row]!r}"
