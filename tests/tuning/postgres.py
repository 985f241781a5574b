"""A PostgreSQL of one's own, from Debian's package, in a folder that goes away."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a running server; the test is skipped where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    # It refuses to run as root; the package made it a user of its own.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        subprocess.run(
            [programs / "initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-D", data],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            user=user,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = f"-p {port} -h 127.0.0.1 -k {folder} -F".split()
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *settings],
                stdout=log,
                stderr=log,
                cwd=folder,
                user=user,
            )
        try:
            for _ in range(300):
                if server.poll() is not None:
                    raise AssertionError((folder / "log").read_text())
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.kill()
            server.wait()


def _programs() -> Path | None:
    """Folder of initdb and postgres; Debian keeps it off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    onpath = shutil.which("initdb")
    if onpath is not None:
        folders.append(Path(onpath).parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)
