"""Pages served live: read-only, from the files they are about, to this machine alone.

With a token they are served to others as well: whoever has the address with the token may look.
"""

import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from benchmarks.html.page import Page, render
from inventory_env.errors import InputError

HERE = "127.0.0.1"
COOKIE = "hmarl"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)

PageOf = Callable[[str, dict[str, str]], Page | None]  # of a path and what is asked behind it


def make_server(page_of: PageOf, *, port: int, token: str | None = None) -> ThreadingHTTPServer:
    """A server that is not running yet.

    Args:
        page_of: the page at a path; None where there is none.
        port: 0 for any that is free.
        token: serve other machines too, but only who has it; left out, this machine alone.

    Raises:
        InputError: if the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
            if not self._allowed(asked):
                self._answer(HTTPStatus.FORBIDDEN, Page("Not allowed", ("Token missing.",), ()))
                return
            try:
                page = page_of(address.path, asked)
            except (InputError, OSError) as error:  # a file may be gone since it was found
                page = Page("Nothing to show", (str(error),), ())
            if page is None:
                nothing = Page("Not found", (f"There is no page {address.path}.",), ())
                self._answer(HTTPStatus.NOT_FOUND, nothing)
            else:
                self._answer(HTTPStatus.OK, page)

        def _allowed(self, asked: dict[str, str]) -> bool:
            if token is None:  # a page of another site must not read ours by a name of its own
                host = self.headers.get("Host", "").rsplit(":", 1)[0]
                return host in (HERE, "localhost")
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
            given = asked.get("token") or ("" if cookie is None else cookie.value)
            return secrets.compare_digest(given.encode(), token.encode())

        def _answer(self, status: HTTPStatus, page: Page) -> None:
            body = render(page, live=True).encode("utf-8")
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Cache-Control", "no-store")
            if token is not None and status is not HTTPStatus.FORBIDDEN:
                self.send_header("Set-Cookie", f"{COOKIE}={token}; HttpOnly; SameSite=Strict")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing: the terminal shows the address alone."""

    try:
        server = ThreadingHTTPServer((HERE if token is None else "0.0.0.0", port), Handler)
    except OSError as error:
        raise InputError(f"port {port}: {error.strerror}; name another one") from None
    server.daemon_threads = True
    return server
