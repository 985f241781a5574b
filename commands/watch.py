"""`hmarl watch`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import new_console, teller

if TYPE_CHECKING:
    from benchmarks.html.page import Page


def watch(
    folder: Annotated[
        Path, typer.Argument(help="All runs, one run, or a study.", file_okay=False)
    ] = Path("runs"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any.")] = 8090,
    open_to_network: Annotated[
        bool,
        typer.Option(
            "--open-to-network",
            help="Serve other machines too: who has the printed address with its token may look.",
        ),
    ] = False,
) -> None:
    """Pages that follow a training, a study or all runs, in a browser; nothing is changed."""
    import secrets

    from benchmarks.html.server import HERE, make_server
    from inventory_env.errors import InputError

    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    token = secrets.token_urlsafe(24) if open_to_network else None
    server = make_server(lambda path, asked: page_at(folder, path, asked), port=port, token=token)
    host = "THIS-MACHINE" if open_to_network else HERE
    address = f"http://{host}:{server.server_address[1]}/"
    teller(new_console())(address if token is None else f"{address}?token={token}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def page_at(root: Path, path: str, asked: dict[str, str]) -> "Page | None":
    """The page at a path of the server; None where there is none.

    Args:
        root: the folder that is watched.
        path: "/", or "/run/NAME" and "/twin/NAME" of runs in the folder, or "/compare".
        asked: behind the path: the runs a and b to compare.

    Raises:
        InputError: if a file cannot be used.
    """
    from urllib.parse import unquote

    from benchmarks.html.live_pages import compared_page, live_run_page, runs_below, runs_page
    from benchmarks.html.twin import twin_page
    from policies.runs.run_folder import CONFIG
    from tuning.live_study_page import DATABASE, live_study_page
    from tuning.results import CONFIRMED

    one_run = (root / CONFIG).is_file()
    if path == "/":
        if one_run:
            return live_run_page(root)
        if (root / CONFIRMED).is_file() or (root / DATABASE).is_file():
            return live_study_page(root)
        return runs_page(root, runs_below(root))
    runs = {folder.name: folder for folder in ([root] if one_run else runs_below(root))}
    if path == "/compare" and asked.get("a") in runs and asked.get("b") in runs:
        return compared_page(runs[asked["a"]], runs[asked["b"]])
    kind, _, name = unquote(path).strip("/").partition("/")
    pages = {"run": live_run_page, "twin": twin_page}
    return pages[kind](runs[name]) if kind in pages and name in runs else None
