"""Numbers of an evaluation as text."""

from collections.abc import Mapping

import numpy as np

NO_NUMBER = "–"  # noqa: RUF001  # the dash that stands where there is no number


def columns(rows: list[tuple[str, ...]]) -> str:
    """Rows under each other, the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def share(value: float, unit: str = " %") -> str:
    """A share in percent; a dash where there is none."""
    return f"{100 * value:.1f}{unit}" if np.isfinite(value) else NO_NUMBER


def clipped_words(clipped: Mapping[str, float]) -> str:
    """How often values were cut off, by name."""
    return ", ".join(f"{name} {share(part)}" for name, part in clipped.items())


def number(value: float) -> str:
    """A number in as many digits as a chart needs."""
    if not np.isfinite(value):
        return NO_NUMBER
    size = abs(value)
    if size == 0:
        return "0"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}"


def signed(value: float) -> str:
    """A number with its sign."""
    sign = "+" if value > 0 else "−" if value < 0 else ""  # noqa: RUF001
    size = abs(value)
    return sign + (f"{size:.2f}" if 0.095 <= size < 99.995 else number(size))


def with_margin(mean: float, half: float) -> str:
    """A mean and the half-width of its interval, in as many digits as the latter supports."""
    if not half > 0:
        return number(mean)
    digits = min(max(1 - int(np.floor(np.log10(half))), 0), 4)
    return f"{mean:,.{digits}f} ± {half:,.{digits}f}"
