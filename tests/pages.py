"""`nba edit` for tests: started in a folder, asked over HTTP and WebSockets, ended by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parent.parent
NBA = (sys.executable, "-c", "from nbadsl.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Edit:
    """A running `nba edit`. `url`: ends with its token and a slash."""

    process: subprocess.Popen[str]
    url: str

    @property
    def origin(self) -> str:
        return self.url.rstrip("/").rpartition("/")[0]

    def get(self, path: str = "", method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body of a path behind the token."""
        request = Request(self.url + path, headers=headers, method=method)
        try:
            with urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except HTTPError as error:
            return error.code, error.headers, error.read()

    def connect(self, name: str, origin: str | None = None) -> ClientConnection:
        return connect(f"ws{self.url[4:]}{name}", origin=origin or self.origin, max_size=None)


@contextmanager
def editing(folder: Path, *arguments: str, browser: Path | None = None) -> Iterator[Edit]:
    """`nba edit` in a folder. Unless a test ends it otherwise, it must end with 0, and silently. `browser`: a command."""
    command = [*NBA, "edit", "--now", "2026-11-10 09:00", *arguments]
    settings = {"PYTHONPATH": str(ROOT), "DISPLAY": ":0", "BROWSER": str(browser)}
    process = subprocess.Popen(
        command if browser is not None else [*command, "--no-browser"],
        cwd=folder,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "http://127.0.0.1:" in first, process.communicate(timeout=10)
        yield Edit(process, first.split()[-1])
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
            assert (process.returncode, said) == (0, "")
    finally:
        process.kill()
        process.communicate()


class Desk:
    """The socket `desk`, as the page uses it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.hello = self.hear("hello")

    def say(self, **message: object) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, *what: str, timeout: float = 60) -> dict[str, Any]:
        """The next message of one of these kinds; notes are passed over."""
        while True:
            message: dict[str, Any] = json.loads(self.socket.recv(timeout=timeout))
            if message["what"] in what:
                return message
            assert message["what"] == "note", message

    def open(self, name: str = "policy.nba") -> dict[str, Any]:
        self.say(do="open", name=name)
        return self.hear("file", "refused")

    def save(self, name: str, text: str, tag: str) -> dict[str, Any]:
        self.say(do="save", name=name, text=text, tag=tag)
        return self.hear("saved", "conflict", "refused")

    def look(self, id: int, texts: dict[str, str], customer: str | None = None) -> None:
        self.say(do="look", id=id, texts=texts, customer=customer)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that run, on Linux."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in tasks.read_text().split()]


def runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
