"""Match rates on the sample that `nba.toml` names, measured while nobody waits.

When the texts have been checked, have no errors, and nothing has changed for a moment, each policy with a sample is
decided by a process (`measure`), which is ended when something changes. Answers never wait for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from nbadsl import child
from nbadsl.ide.rates import Rates
from nbadsl.lsp.project import sample_of
from nbadsl.workspace import Checked, Workspace

IDLE = 0.7  # seconds without a change, after which the sample is decided
log = logging.getLogger("nbadsl.lsp")


class Sampling:
    """`rates`: by policy, the figures measured last. `news`: called on the loop when there are others."""

    def __init__(self, news: Callable[[], None]) -> None:
        self.rates: dict[str, Rates] = {}
        self._news = news
        self._measured: dict[str, tuple[object, ...]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self, workspace: Workspace, checked: Mapping[str, Checked]) -> None:
        """Measure what has changed since it was measured last, in a while."""
        self.stop()
        todo: dict[str, tuple[object, ...]] = {}
        for policy, check in checked.items():
            sample = sample_of(policy)
            known: tuple[object, ...] = (sample, *check.documents.values())
            if sample is None:
                self.rates.pop(policy, None)
            elif self._measured.get(policy) != known and not _has_errors(check):
                todo[policy] = known
        if todo:
            self._task = asyncio.ensure_future(self._run(workspace, todo))

    def stop(self) -> None:
        """End what is being measured: something has changed."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, workspace: Workspace, todo: dict[str, tuple[object, ...]]) -> None:
        await asyncio.sleep(IDLE)
        texts = {path: document.source.text for path, document in workspace.open.items()}
        for policy, known in todo.items():
            found = await _measure({"policy": policy, "sample": str(known[0]), "texts": texts})
            self._measured[policy] = known
            if "error" in found:
                log.warning("%s: %s", known[0], found["error"])
                self.rates.pop(policy, None)
            else:
                self.rates[policy] = _rates(found)
            self._news()


async def _measure(asked: dict[str, Any]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *child.command("-m", "nbadsl.lsp.measure"),
        env=child.environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await process.communicate(json.dumps(asked).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    answer = json.loads(said) if said else {"error": "the sample could not be decided"}
    return answer if isinstance(answer, dict) else {"error": "the sample could not be decided"}


def _rates(found: dict[str, Any]) -> Rates:
    passed = {action: tuple((name, n) for name, n in names) for action, names in found["passed"].items()}
    stopped = {(owner, stage, reason): n for owner, stage, reason, n in found["stopped"]}
    return Rates(found["people"], passed, stopped, found["missing"])


def _has_errors(check: Checked) -> bool:
    return any(d.kind.severity == "error" for d in check.diagnostics)
