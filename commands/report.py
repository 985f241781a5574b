"""`hmarl report`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import Runs
from commands.output import new_console, teller

if TYPE_CHECKING:
    from benchmarks.html.page import Page


def report(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A run, an evaluation, a study, or a morning's orders.",
            show_default="the newest run",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The page.", show_default="FOLDER/report.html")
    ] = None,
    runs: Runs = Path("runs"),
) -> None:
    """One HTML page to hand on: verdict, figures, tables, how it was measured."""
    from benchmarks.html.page import PAGE, write_page
    from inventory_env.errors import InputError, argument
    from policies.runs.run_folder import newest_run

    found = newest_run(runs) if folder is None else folder
    file = found / PAGE if out is None else out
    if not file.parent.is_dir():
        raise InputError(f"{argument('out')} {file}: there is no folder {file.parent}")
    write_page(file, page_of(found))
    teller(new_console())(f"Page: {file}")


def page_of(folder: Path) -> "Page":
    """The page of a folder, whatever it is of.

    Raises:
        InputError: if it is of nothing that has a page.
    """
    from benchmarks.html.evaluation_page import SUMMARY, evaluation_page
    from benchmarks.html.orders_page import orders_page
    from benchmarks.html.run_page import run_page
    from inventory_env.errors import InputError
    from policies.orders.folder import ORDERS_CSV
    from policies.runs.run_folder import MANIFEST
    from tuning.results import CONFIRMED
    from tuning.study_page import study_page

    kinds = {
        MANIFEST: run_page,
        SUMMARY: evaluation_page,
        ORDERS_CSV: orders_page,
        CONFIRMED: study_page,
    }
    for name, page in kinds.items():
        if (folder / name).is_file():
            return page(folder)
    raise InputError(
        f"{folder}: no finished run, evaluation, study or orders; a page needs one of "
        f"{', '.join(kinds)} there"
    )
