"""What a browser may ask of us: the page and its parts, from this machine, with the token.

Every address begins with the token, which nobody else knows. The names that a request may call us are those of the loopback,
so that a page elsewhere cannot reach us under a name of its own (DNS rebinding); a WebSocket must come from our own page.
The page may load and reach nothing but us.
"""

from __future__ import annotations

import hmac
import mimetypes
from dataclasses import dataclass
from http import HTTPStatus
from secrets import token_urlsafe
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from nbadsl.resources import folder

SOCKETS = ("lsp", "desk")
_PAGE = "index.html"
_ASSETS = (_PAGE, "page.js", "page.css", "icon.svg", "LICENSES.txt")


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in who has the token. `port`: ours."""

    token: str
    port: int

    @property
    def hosts(self) -> tuple[str, ...]:
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.hosts[0]}/{self.token}/"

    def answer(self, request: Request) -> Response | None:
        """What is answered; None for a WebSocket, which `socket_of` names."""
        name = self.name_of(request)
        if name is None:
            return _plain(HTTPStatus.FORBIDDEN, "Open the address that `nba edit` has printed.\n")
        if name in SOCKETS:
            return None
        if request.method not in ("GET", "HEAD"):
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "")
        name = name or _PAGE
        if name not in _ASSETS:
            return _plain(HTTPStatus.NOT_FOUND, "There is no such page.\n")
        return self._asset(name)

    def name_of(self, request: Request) -> str | None:
        """What is asked for, behind the token; None for who may not ask."""
        token, slash, name = urlsplit(request.path).path.removeprefix("/").partition("/")
        known = hmac.compare_digest(token.encode(), self.token.encode())
        ours = request.headers.get_all("Host") in [[host] for host in self.hosts]
        origins = request.headers.get_all("Origin")
        own = origins in [[f"http://{host}"] for host in self.hosts]
        return name if known and ours and slash and (own or (not origins and name not in SOCKETS)) else None

    def _asset(self, name: str) -> Response:
        data = (folder("browser/assets") / name).read_bytes()
        nonce = token_urlsafe(16)
        if name == _PAGE:
            data = data.replace(b"NONCE", nonce.encode())
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return _response(HTTPStatus.OK, data, f"{kind}; charset=utf-8", self._policy(nonce))

    def _policy(self, nonce: str) -> str:
        sockets = " ".join(f"ws://{host}" for host in self.hosts)
        return (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
            f"connect-src {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )


def _plain(status: HTTPStatus, text: str) -> Response:
    return _response(status, text.encode(), "text/plain; charset=utf-8", "default-src 'none'")


def _response(status: HTTPStatus, data: bytes, kind: str, policy: str) -> Response:
    headers = {
        "Content-Type": kind,
        "Content-Length": str(len(data)),
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    return Response(status.value, status.phrase, Headers(headers), data)
