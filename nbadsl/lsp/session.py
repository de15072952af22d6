"""The texts that are open, and the checks of their policies, beside the loop that answers.

Every change makes a new picture of the workspace and raises the generation. A check starts when nothing has changed
for a moment, in a thread; one whose generation has passed is given up between two policies, and its findings are never
shown. Questions about names are answered at once from what was understood last; those whose answer is about the text
as it is (`fresh`) wait for the check of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from nbadsl.ide.snapshot import Snapshot
from nbadsl.lsp.project import lint_options_of
from nbadsl.workspace import Checked, Workspace

DEBOUNCE = 0.02  # seconds without a change, after which a check begins
log = logging.getLogger("nbadsl.lsp")


class Session:
    """`done`: called on the loop after a check of the texts as they are."""

    def __init__(self, done: Callable[[], None]) -> None:
        self.workspace = Workspace()
        self.checked: dict[str, Checked] = {}
        self.generation = 0
        self.checked_generation = 0
        self._done = done
        self._thread = ThreadPoolExecutor(1, "check")
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._reading: set[asyncio.Task[None]] = set()

    @property
    def snapshot(self) -> Snapshot:
        """What can be answered from now."""
        return Snapshot(self.workspace, self.checked)

    @property
    def is_fresh(self) -> bool:
        return self.checked_generation == self.generation

    async def fresh(self) -> Snapshot:
        """What can be answered from when the texts as they are have been checked."""
        while self._reading:
            await asyncio.wait(self._reading)
        while not self.is_fresh:
            self._start()
            await self._news.wait()
        return self.snapshot

    def change(self, workspace: Workspace) -> None:
        """Another picture: check it soon."""
        self.workspace = workspace
        self.generation += 1
        self._start()

    def add_folders(self, paths: Iterable[str]) -> asyncio.Task[None]:
        """Read folders, beside the loop; nothing is fresh until they are read."""
        task = asyncio.ensure_future(self._read(list(paths)))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return task

    async def _read(self, paths: list[str]) -> None:
        for path in paths:
            loop, before = asyncio.get_running_loop(), self.workspace
            read = await loop.run_in_executor(self._thread, before.with_folder, path)
            # Texts may have been opened meanwhile.
            files = {**self.workspace.files, **read.files}
            self.change(Workspace((*self.workspace.folders, path), files, self.workspace.open))

    def close(self) -> None:
        """End without waiting for a check."""
        self.generation += 1
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._news.clear()
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.is_fresh:
            goal = self.generation
            await asyncio.sleep(DEBOUNCE)
            if goal != self.generation:
                continue
            # What an older text means is better known than not, so it is kept; its findings are not shown.
            self.checked = await loop.run_in_executor(self._thread, self._check, self.workspace, goal)
            if goal == self.generation:
                self.checked_generation = goal
        self._news.set()
        self._done()

    def _check(self, workspace: Workspace, goal: int) -> dict[str, Checked]:
        """The policies of the open texts, checked; those whose texts are the same are not checked again."""
        wanted = dict.fromkeys(policy for path in workspace.open for policy in workspace.related(path))
        before = self.checked
        found: dict[str, Checked] = {}
        for policy in wanted:
            known = before.get(policy)
            if goal != self.generation:
                return {**before, **found}
            try:
                same = known is not None and workspace.is_current(known)
                checked = known if same else workspace.check(policy, known, lint_options_of(policy))
            except Exception:
                log.exception("checking %s", policy)
                checked = known
            if checked is not None:
                found[policy] = checked
        return found
