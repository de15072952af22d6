"""All that a page does but language: opening and saving files, hearing of changes on the disk, and asking what the policy does.

Messages are JSON objects. From the page: `{"do": "open", "name"}`, `{"do": "save", "name", "text", "tag"}`,
`{"do": "look", "id", "texts", "customer"}`. To it: `hello` with the folder's files, `file`, `saved`, `conflict` and
`changed` with what is on the disk, `refused` with a `message`, and the parts of answers (see `look`).
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from nbadsl.browser.folder import Conflict, File, Folder, Refused
from nbadsl.browser.settings import Settings
from nbadsl.browser.worker import Worker

_EVERY = 1.0  # seconds between two looks at the disk


class Desk:
    """One page's. `serve` lasts as long as its connection."""

    def __init__(self, socket: ServerConnection, settings: Settings) -> None:
        self._socket, self._settings = socket, settings
        self._folder = Folder(settings.policy.parent)
        self._tags: dict[str, str] = {}
        self._worker = Worker(self._tell)

    async def serve(self) -> None:
        beside = [asyncio.ensure_future(self._worker.run()), asyncio.ensure_future(self._watch())]
        try:
            await self._hello()
            async for message in self._socket:
                await self._do(json.loads(message))
        except ConnectionClosed:
            pass
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(message))

    async def _hello(self) -> None:
        policy, root = self._settings.policy.name, self._folder.root
        names = await asyncio.to_thread(self._folder.names)
        names = [policy, *(name for name in names if name != policy)]
        await self._tell(
            {"what": "hello", "policy": policy, "folder": root.name, "uri": root.as_uri(), "files": names}
        )

    async def _do(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "open", "name": str(name)}:
                    await self._tell_file("file", self._folder.read(name))
                case {"do": "save", "name": str(name), "text": str(text), "tag": str(tag)}:
                    await self._save(name, text, tag)
                case {
                    "do": "look",
                    "id": int(id),
                    "texts": dict(texts),
                    "customer": str() | None as customer,
                }:
                    self._look(id, texts, customer)
        except Refused as refused:
            await self._tell({"what": "refused", "name": message.get("name", ""), "message": str(refused)})

    async def _save(self, name: str, text: str, tag: str) -> None:
        try:
            saved = self._folder.save(name, text, tag)
        except Conflict as conflict:
            await self._tell_file("conflict", conflict.file)
        else:
            self._tags[name] = saved.tag
            await self._tell({"what": "saved", "name": name, "tag": saved.tag})

    async def _tell_file(self, what: str, file: File) -> None:
        self._tags[file.name] = file.tag
        await self._tell({"what": what, **asdict(file)})

    def _look(self, id: int, texts: dict[str, str], customer: str | None) -> None:
        opened = {str(self._folder.path(name)): text for name, text in texts.items()}
        options = {**asdict(self._settings), "policy": str(self._settings.policy)}
        self._worker.ask({"id": id, "texts": opened, "customer": customer, **options})

    async def _watch(self) -> None:
        """Tell of open files that something else has written."""
        while True:
            await asyncio.sleep(_EVERY)
            for name, tag in list(self._tags.items()):
                try:
                    now = await asyncio.to_thread(self._folder.read, name)
                except Refused:
                    continue
                # One that is gone may be on its way to be replaced; saving makes it again.
                if now.tag not in ("", tag) and self._tags[name] == tag:
                    await self._tell_file("changed", now)
