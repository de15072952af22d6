"""A language server for each connection: messages of a WebSocket, one a frame, to and from a process's pipes.

On the pipes a message has a header that says its length, as the Language Server Protocol wants it. The process ends with
the connection: when the page goes, or we do.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from nbadsl import child

_SERVER = "from nbadsl.lsp.server import serve; serve()"
_PATIENCE = 2.0  # seconds that a process gets to end by itself


async def bridge(socket: ServerConnection) -> None:
    """Serve one connection until either side ends."""
    process = await started()
    ways = {asyncio.ensure_future(_to(process, socket)), asyncio.ensure_future(_from(process, socket))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await end(process)


async def started() -> Process:
    """A language server."""
    # A session of its own: Ctrl-C in the terminal is for us, who end the process in order.
    return await asyncio.create_subprocess_exec(
        *child.command("-c", _SERVER),
        env=child.environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def end(process: Process) -> None:
    """End a process: politely, then not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except (TimeoutError, asyncio.CancelledError):
        process.kill()
        await process.wait()


async def _to(process: Process, socket: ServerConnection) -> None:
    assert process.stdin is not None
    try:
        async for message in socket:
            data = message.encode() if isinstance(message, str) else message
            process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
            await process.stdin.drain()
    except (ConnectionClosed, ConnectionError):
        pass  # one side is gone, and so is the other soon


async def _from(process: Process, socket: ServerConnection) -> None:
    assert process.stdout is not None
    try:
        while (length := await _length(process.stdout)) is not None:
            await socket.send((await process.stdout.readexactly(length)).decode())
    except (ConnectionClosed, asyncio.IncompleteReadError):
        pass


async def _length(stream: asyncio.StreamReader) -> int | None:
    """The length in the header of the next message; None at the end."""
    found = None
    while (line := await stream.readline()).strip():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            found = int(value)
    return found
