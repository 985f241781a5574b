"""One self-contained HTML page: a verdict, figures, tables that sort and filter, a glossary.

A page needs no network and no JavaScript to be read; with JavaScript its tables sort and filter.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from benchmarks.evaluation.results import drawn
from inventory_env.errors import InputError
from inventory_env.files import write_text

MOST_BYTES = 1_000_000
PAGE = "report.html"
LONG = 40  # characters of a cell that is a sentence


@dataclass(frozen=True)
class Cell:
    """A value of a table, what it is sorted by, and the page of a live server that it leads to."""

    text: str
    key: float | str
    link: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under headings; numbers stand to the right."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers."""
        return tuple(
            all(isinstance(row[place].key, float) for row in self.rows) and bool(self.rows)
            for place in range(len(self.headings))
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """How each column is set: n for numbers, long for sentences."""
        longest = [
            max((len(row[place].text) for row in self.rows), default=0)
            for place in range(len(self.headings))
        ]
        return tuple(
            "n" if numeric else "long" if length > LONG else ""
            for numeric, length in zip(self.numeric, longest, strict=True)
        )


@dataclass(frozen=True)
class Picture:
    """A drawn figure."""

    svg: str  # made by matplotlib, which escapes its texts
    alt: str


@dataclass(frozen=True)
class Section:
    """A part of a page."""

    title: str
    words: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()  # a word and what it means
    player: Mapping[str, Any] | None = None  # an episode to be played, see `benchmarks.html.twin`


@dataclass(frozen=True)
class Page:
    """What stands on a page, first things first."""

    title: str
    verdict: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def plays(self) -> bool:
        """Whether there is an episode to play."""
        return any(section.player for section in self.sections)


def text(value: str) -> Cell:
    """A cell with words."""
    return Cell(value, value.casefold())


def number(value: float, written: str) -> Cell:
    """A cell with a number."""
    return Cell(written, float(value))


def read_picture(file: Path, alt: str) -> Picture:
    """A figure that stands in a folder as SVG.

    Args:
        file: the SVG.
        alt: what it shows, for those who cannot see it.

    Raises:
        InputError: if the file cannot be read.
    """
    try:
        return Picture(_inline(file.read_text(encoding="utf-8"), alt), alt)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None


def draw(figure: Figure, alt: str) -> str:
    """A figure as part of a page."""
    return _inline(drawn(figure), alt)


def _inline(svg: str, alt: str) -> str:
    """The svg element alone, with names of its own so that several fit on a page."""
    body = svg[svg.index("<svg") :]
    mark = re.sub(r"\W+", "-", alt)[:24]
    body = re.sub(r'id="([^"]+)"', rf'id="{mark}-\1"', body)
    body = re.sub(r'="#([^"]+)"', rf'="#{mark}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}-\1)", body)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) xmlns(:xlink)?="[^"]*"', r"\1", body)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    return body.strip()


def render(page: Page, *, live: bool = False) -> str:
    """The page as HTML.

    Args:
        page: what stands on it.
        live: whether it asks its server for news.
    """
    templates = Environment(
        loader=PackageLoader("benchmarks.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("page.html.j2").render(page=page, live=live)


def size_of(page: Page) -> int:
    """Bytes that a page has."""
    return len(render(page).encode("utf-8"))


def write_page(file: Path, page: Page) -> None:
    """Write a page in one go.

    Raises:
        InputError: if it is above a megabyte.
    """
    size = size_of(page)
    if size > MOST_BYTES:
        raise InputError(f"{file}: the page would have {size:,} bytes, at most {MOST_BYTES:,}")
    write_text(file, render(page))


def glossary(terms: Sequence[tuple[str, str]]) -> Section:
    """What the words of a page mean."""
    return Section("Glossary", terms=tuple(terms))
