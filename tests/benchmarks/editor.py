"""How long an editor waits for `nba lsp` over a workspace of some 2,000 lines.

Takes numbers of lines and keystrokes; gives seconds as a client on the other end of the pipe sees them, and the peak of
the server's memory. The client is some lines of its own, so that its work does not count: it writes and reads the
protocol's frames and knows no types.

A keystroke changes a rule, and its time ends with the findings of the new text, which the client asks for at once.
Hover and completion are asked at a random moment after a keystroke whose check may be running, and while the colours of
the whole file are asked for, in the rule that is being written and elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

FIELDS = """  customer_id: text
  age: integer in 0..120
  plan: one of basic, plus, unlimited
  interests: any of sport, film, travel
  monthly_fee: money in 0 EUR..500 EUR
  income: money optional
  churn_risk: probability
  last_complaint: time or never
  consent_email: flag
"""
ACTION = """
# What number {i} is for.
action a{i} in promotional {{
  title "Action {i}"
  eligible when d{d} and plan is one of basic, plus
  exclude when income < {i} EUR, unknown keeps because "affordability {i}"
  via email {{ content "long"  content "short" when age < 30 }}
  via push
  propensity (1 - churn_risk) * f{f} / 100
  value monthly_fee * 12 - {v} EUR
  boost 1.2 when channel is push
}}
"""


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds: of five starts up to the answer of `initialize`, and of every question. `peak`: bytes of memory."""

    lines: int
    start: tuple[float, ...]
    keystroke: tuple[float, ...]
    hover: tuple[float, ...]
    completion: tuple[float, ...]
    peak: int


def percentile(seconds: tuple[float, ...], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def workspace(lines: int) -> dict[str, str]:
    """The files of a policy with so many lines: customers and definitions apart from actions."""
    fields = FIELDS + "".join(f"  f{i}: number in 0..100\n" for i in range(60))
    customer = f"profile customer key customer_id {{\n{fields}}}\n"
    defines = "".join(
        f"# Definition {i}.\ndefine d{i} = f{i % 60} > {i % 90} and churn_risk > {i % 100}%\n"
        for i in range(100)
    )
    head = (
        'import "customer.nba"\nimport "definitions.nba"\n\npolicy big { currency EUR  purposes marketing }\n'
    )
    head += 'channel email { require consent_email because "no"  cost 0.01 EUR }\nchannel push { }\n'
    head += 'group promotional { purpose marketing  require age >= 18 because "no minors" }\n'
    files = {"customer.nba": customer, "definitions.nba": defines}
    left = lines - customer.count("\n") - defines.count("\n") - head.count("\n") - 1
    each = ACTION.count("\n")
    actions = "".join(ACTION.format(i=i, d=i % 100, f=i % 60, v=i % 15) for i in range(left // each))
    end = "arbitrate { score propensity * value * boost  nothing below 0.50 EUR }\n"
    return files | {"policy.nba": head + actions + end}


class Client:
    """Writes and reads frames. Answers are taken by number; notifications are dropped."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.process, self.out, self.into = process, process.stdout, process.stdin
        self.number = 0
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.reading = asyncio.ensure_future(self._read())

    def notify(self, method: str, params: Any) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    async def ask(self, method: str, params: Any) -> Any:
        self.number += 1
        future = self.waiting[self.number] = asyncio.get_running_loop().create_future()
        self._write({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        answer = await future
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def _write(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self.into.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        while head := await self.out.readline():
            size = int(head.split(b":")[1])
            while (await self.out.readline()).strip():
                pass
            message = json.loads(await self.out.readexactly(size))
            if "method" not in message:
                self.waiting.pop(message["id"]).set_result(message)
            elif "id" in message:
                self._write({"jsonrpc": "2.0", "id": message["id"], "result": None})


async def started(folder: Path) -> tuple[Client, float]:
    """A server that has answered `initialize`, and how long that took from before its process."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nbadsl.cli", "lsp"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    client = Client(process)
    folders = [{"uri": folder.as_uri(), "name": "big"}]
    capabilities = {
        "textDocument": {"diagnostic": {}, "completion": {"completionItem": {"snippetSupport": True}}},
        "general": {"positionEncodings": ["utf-16"]},
    }
    params = {"processId": None, "rootUri": None, "workspaceFolders": folders, "capabilities": capabilities}
    await client.ask("initialize", params)
    return client, time.perf_counter() - start


async def ended(client: Client) -> None:
    await client.ask("shutdown", None)
    client.notify("exit", None)
    await client.process.wait()


class Writer:
    """Somebody who writes in one file: types at the end of a rule, and takes it back."""

    def __init__(self, client: Client, path: Path) -> None:
        self.client, self.uri, self.text = client, path.as_uri(), path.read_text(encoding="utf-8")
        self.version = 1
        item = {"uri": self.uri, "languageId": "nba", "version": 1, "text": self.text}
        client.notify("textDocument/didOpen", {"textDocument": item})

    @property
    def named(self) -> dict[str, Any]:
        return {"textDocument": {"uri": self.uri}}

    def write(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        document = {"uri": self.uri, "version": self.version}
        self.client.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]}
        )

    async def timed(self, method: str, offset: int | None = None) -> float:
        """Seconds until a question is answered."""
        params = dict(self.named)
        if offset is not None:
            line = self.text.count("\n", 0, offset)
            params["position"] = {"line": line, "character": offset - self.text.rfind("\n", 0, offset) - 1}
        start = time.perf_counter()
        answer = await self.client.ask(f"textDocument/{method}", params)
        waited = time.perf_counter() - start
        assert answer is not None, method
        return waited


async def measure(lines: int, keystrokes: int, starts: int, folder: Path) -> Waited:
    files = workspace(lines)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    began = []
    for _ in range(starts):
        client, seconds = await started(folder)
        began.append(seconds)
        await ended(client)
    client, _ = await started(folder)
    client.notify("initialized", {})
    writer, chance = Writer(client, folder / "policy.nba"), random.Random(20261122)
    await writer.timed("diagnostic")
    keys: list[float] = []
    hovers: list[float] = []
    completions: list[float] = []
    whole, place = writer.text, 0
    places = [i for i in range(len(whole)) if whole.startswith(" and plan is", i)]
    for number in range(keystrokes):
        typed = " and age > 30"[: number % 13 + 1]
        place = chance.choice(places) if number % 13 == 0 else place
        writer.write(whole[:place] + typed + whole[place:])
        keys.append(await writer.timed("diagnostic"))
        for method, waits in (("hover", hovers), ("completion", completions)):
            writer.write(whole[:place] + typed + " " * (method == "hover") + whole[place:])
            colours = asyncio.ensure_future(writer.timed("semanticTokens/full"))
            await asyncio.sleep(chance.random() * 0.08)
            elsewhere = chance.choice(places) + 8
            here = place + len(typed)
            waits.append(await writer.timed(method, elsewhere if method == "hover" else here))
            await colours
        await writer.timed("diagnostic")
    peak = _peak(client.process.pid)
    await ended(client)
    size = sum(text.count("\n") for text in files.values())
    return Waited(size, tuple(began), tuple(keys), tuple(hovers), tuple(completions), peak)


def _peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def measure_editor(lines: int, keystrokes: int, starts: int, folder: Path) -> Waited:
    """The figures over a workspace of so many lines, in a folder that is made for it."""
    inside = folder / "editor"
    inside.mkdir(exist_ok=True)
    return asyncio.run(measure(lines, keystrokes, starts, inside))


def rows(found: Waited) -> list[list[str]]:
    """What an editor waits for, the median and the 95th percentile in milliseconds."""
    named = (
        ("start, to the answer of `initialize`", found.start),
        ("keystroke to findings", found.keystroke),
        ("hover, while a check may run", found.hover),
        ("completion, while a check may run", found.completion),
    )
    return [[name, f"{median(s) * 1e3:.0f} ms", f"{percentile(s, 0.95) * 1e3:.0f} ms"] for name, s in named]
