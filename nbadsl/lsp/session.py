"""The texts that are open, and the checks of their policies, beside the loop that answers.

Every change makes a new picture of the workspace and raises the generation. A check starts when nothing has changed
for a moment, in a thread; one whose generation has passed is given up between two policies, and its findings are never
shown. After a longer pause the linter reads what was checked; until then its hints for declarations that did not change
stay. Questions about names are answered at once from what was understood last; those whose answer is about the text
as it is (`fresh`) wait for the check of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from nbadsl.ide.snapshot import Snapshot
from nbadsl.lsp.outcomes import Outcomes, outcomes
from nbadsl.lsp.project import lint_options_of
from nbadsl.workspace import Checked, Workspace

DEBOUNCE = 0.02  # seconds without a change, after which a check begins
PAUSE = 0.25  # the same for the linter, which a keystroke would have to wait for
log = logging.getLogger("nbadsl.lsp")


class Session:
    """`done`: called on the loop after a check of the texts as they are; `hinted`: when the linter finds other things in
    them than were shown."""

    def __init__(self, done: Callable[[], None], hinted: Callable[[], None]) -> None:
        self.workspace = Workspace()
        self.checked: dict[str, Checked] = {}
        self.outcomes: dict[str, Outcomes] = {}
        self._missing: dict[str, Mapping[str, float]] = {}
        self._stale: set[str] = set()
        self.generation = 0
        self.checked_generation = 0
        self.linted_generation = 0
        self._done, self._hinted = done, hinted
        self._thread, self._lint_thread = ThreadPoolExecutor(1, "check"), ThreadPoolExecutor(1, "lint")
        self._linting: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._reading: set[asyncio.Task[None]] = set()

    @property
    def snapshot(self) -> Snapshot:
        """What can be answered from now."""
        return Snapshot(self.workspace, self.checked, outcomes=self.outcomes)

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

    async def linted(self) -> Snapshot:
        """The same when the linter has read them as well."""
        while self.linted_generation != self.generation:
            await self.fresh()
            if self._linting is not None:
                await asyncio.wait([self._linting])
        return self.snapshot

    def change(self, workspace: Workspace) -> None:
        """Another picture: check it soon."""
        self.workspace = workspace
        self.generation += 1
        self._news.clear()
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
            now = self.workspace  # in which texts may have been opened meanwhile
            cut = (*now.cut, path) if path in read.cut else now.cut
            files = {**now.files, **read.files}
            self.change(replace(now, folders=(*now.folders, path), cut=cut, files=files))

    def sampled(self, policy: str, missing: Mapping[str, float]) -> None:
        """Who of a policy's sample lacks a field: where that is news, the linter reads the policy anew."""
        if self._missing.get(policy, {}) != missing:
            self._missing[policy] = missing
            self._stale.add(policy)
            self._lint_again()

    def close(self) -> None:
        """End without waiting for a check."""
        self.generation += 1
        for thread in (self._thread, self._lint_thread):
            thread.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        if self._task is None or self._task.done():
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
        self._lint_again()
        self._news.set()
        self._done()

    def _lint_again(self) -> None:
        if self._linting is not None:
            self._linting.cancel()
        self._linting = asyncio.ensure_future(self._lint_soon(self.generation))

    async def _lint_soon(self, goal: int) -> None:
        await asyncio.sleep(PAUSE)
        if goal != self.generation:
            return
        loop = asyncio.get_running_loop()
        linted, tried = await loop.run_in_executor(self._lint_thread, self._lint, self.workspace, goal)
        if goal == self.generation:
            same = all(
                linted[policy].diagnostics == known.diagnostics for policy, known in self.checked.items()
            )
            same = same and tried == self.outcomes
            self.checked, self.outcomes, self.linted_generation = linted, tried, goal
            if not same:
                self._hinted()

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
                checked = known if same else workspace.check(policy, known)
            except Exception:
                log.exception("checking %s", policy)
                checked = known
            if checked is not None:
                found[policy] = checked
        return found

    def _lint(self, workspace: Workspace, goal: int) -> tuple[dict[str, Checked], dict[str, Outcomes]]:
        """The same policies with what the linter finds in them, and what becomes of their tests."""
        found, tried = dict(self.checked), {p: o for p, o in self.outcomes.items() if p in self.checked}
        for policy, checked in self.checked.items():
            if goal != self.generation:
                break
            if (not checked.linted or policy in self._stale) and workspace.is_current(checked):
                try:
                    options = replace(lint_options_of(policy), unknown_shares=self._missing.get(policy, {}))
                    found[policy] = workspace.lint(checked, options)
                    self._stale.discard(policy)
                    tried[policy] = outcomes(checked)
                except Exception:
                    log.exception("linting %s", policy)
        return found, tried
