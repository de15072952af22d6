"""The process that looks at the policy (`look`), asked by one page: the newest question wins.

A question that is no longer the newest is not answered further. The process stays, since starting one takes seconds; when it is
busy with an old question for too long, another one takes its place. Its first answer it may finish: that is when the engine is
loaded, and on a new machine compiled.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from typing import Any

from nbadsl import child
from nbadsl.browser.bridge import end

_PATIENCE = 3.0  # seconds that a newer question waits for an older one
_LONGEST = 1 << 26  # bytes of a part of an answer

Tell = Callable[[dict[str, Any]], Awaitable[None]]


class Worker:
    """`tell`: is given the parts of answers."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._next: dict[str, Any] | None = None
        self._news = asyncio.Event()
        self._process: Process | None = None
        self._is_warm = False

    def ask(self, question: dict[str, Any]) -> None:
        self._next = question
        self._news.set()

    async def run(self) -> None:
        """Answer questions until this is cancelled."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                question, self._next = self._next, None
                if question is not None:
                    await self._answer(question)
        finally:
            if self._process is not None:
                self._process.kill()
                await end(self._process)

    async def _answer(self, question: dict[str, Any]) -> None:
        process = await self._running()
        assert process.stdin is not None
        process.stdin.write(json.dumps(question).encode() + b"\n")
        answering = asyncio.ensure_future(self._read(process, question["id"]))
        newer = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait((answering, newer), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                await asyncio.wait((answering,), timeout=_PATIENCE if self._is_warm else None)
            self._is_warm = answering.done() and answering.result()
            if not self._is_warm:
                self._process = None
                process.kill()
                await process.wait()
        finally:
            newer.cancel()
            answering.cancel()

    async def _read(self, process: Process, id: int) -> bool:
        """Pass on an answer; whether it came to its end."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            part = json.loads(line)
            if part["what"] == "done":
                return True
            if self._next is None:
                await self._tell(part)
        await self._tell(
            {
                "what": "mistakes",
                "id": id,
                "errors": 0,
                "error": "the process that looks at the policy has ended",
            }
        )
        return False

    async def _running(self) -> Process:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *child.command("-m", "nbadsl.browser.look"),
                env=child.environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                limit=_LONGEST,
            )
        return self._process
