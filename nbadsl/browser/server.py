"""The server of `nba edit`, on this machine only."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from secrets import token_urlsafe

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from nbadsl.browser.bridge import bridge
from nbadsl.browser.desk import Desk
from nbadsl.browser.requests import Door
from nbadsl.browser.settings import Settings

_LARGEST = 1 << 24  # bytes of a message
_quiet = logging.getLogger("nbadsl.browser")  # of connections that browsers open and never use
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


def run(settings: Settings, port: int, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. `port`: 0 for a free one. `ready`: is told the address. Raises OSError where the port is taken."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(settings, port, ready))


async def _run(settings: Settings, port: int, ready: Callable[[str], None]) -> None:
    listening = socket.create_server(("127.0.0.1", port))
    door = Door(token_urlsafe(24), listening.getsockname()[1])

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        return door.answer(request)

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        if door.name_of(connection.request) == "lsp":
            await bridge(connection)
        else:
            await Desk(connection, settings).serve()

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C is a KeyboardInterrupt there
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(
        handle,
        sock=listening,
        process_request=answer,
        max_size=_LARGEST,
        compression=None,
        server_header=None,
        logger=_quiet,
    ):
        ready(door.url)
        await stop.wait()
