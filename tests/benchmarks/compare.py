"""All ways side by side on one policy and the same people: checks that they agree, then measures them in turns.

Takes a number of actions and people; gives a `Comparison`. In each round every way runs once with one thread and once with all
of them, one after the other, so that noise of the machine hits all alike. What counts is the median over
rounds; of ratios, the median of each round's ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from policy import make_policy
from ways import EXACT, REFERENCE, WAYS, Entry

TOLERANCE = 1e-12


class Disagreement(AssertionError):
    """A way found other decisions than the engine."""


@dataclass(slots=True)
class Times:
    """What a way took, round by round: `seconds` on the clock, `cpu` seconds of processors."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Measured:
    """A way with some number of threads. `evaluations`: people times actions that it decided in a run."""

    way: str
    title: str
    version: str
    threads: int
    evaluations: int
    times: Times

    @property
    def seconds(self) -> float:
        return median(self.times.seconds)

    @property
    def rate(self) -> float:
        """Millions of evaluations a second."""
        return self.evaluations / self.seconds / 1e6

    @property
    def spread(self) -> float:
        """Half of the distance between quartiles, as a share of the median."""
        low, high = np.quantile(self.times.seconds, [0.25, 0.75])
        return float(high - low) / 2 / self.seconds


@dataclass(slots=True)
class Comparison:
    """One policy. `decided`: share of people for whom there is something. `waited`: of one thread's time, the share in
    which the machine did something else."""

    actions: int
    rows: int
    distinct_tests: int
    decided: float
    measured: list[Measured]
    rounds: int
    waited: float

    def of(self, way: str, threads: int) -> Measured | None:
        return next((m for m in self.measured if m.way == way and m.threads == threads), None)

    def ratio(self, way: Measured, to: str = REFERENCE) -> float | None:
        """How much faster a way is than another with as many threads, per evaluation."""
        other = self.of(to, way.threads)
        if other is None:
            return None
        scale = way.evaluations / other.evaluations
        pairs = zip(way.times.seconds, other.times.seconds, strict=True)
        return median(scale * theirs / ours for ours, theirs in pairs)


class _Worker:
    """A process of a way, see `worker`."""

    def __init__(self, entry: Entry, threads: tuple[int, ...], actions: int, rows: int, folder: Path) -> None:
        self.entry, self.threads = entry, threads
        self.rows = min(rows, entry.few or rows)
        self.evaluations = self.rows * actions
        environment = dict(os.environ)
        if entry.own_process:
            environment["POLARS_MAX_THREADS"] = str(threads[0])
        command = [sys.executable, str(Path(__file__).with_name("worker.py")), entry.name]
        self._process = subprocess.Popen(
            [*command, str(actions), str(rows), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._version: str | None = None

    @property
    def version(self) -> str:
        """What the way runs on; waits until it is ready."""
        if self._version is None:
            self._version = self._read()["version"]
        return self._version

    def tell(self, line: str) -> dict[str, Any]:
        assert self.version and self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {self.entry.title} ended with {self._process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def answer(self, folder: Path) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        path = folder / "answer.npz"
        self.tell(f"answer {path}")
        with np.load(path) as found:
            return found["chosen"], found["score"]

    def end(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def compare(actions: int, rows: int, rounds: int, folder: Path) -> Comparison:
    """Measure all ways that are installed. Raises Disagreement."""
    workers: list[_Worker] = []
    try:
        for entry in WAYS:
            if not entry.missing:
                for threads in _threads(entry):
                    workers.append(_Worker(entry, threads, actions, rows, folder))
                    assert workers[0].version  # the first one fills the cache of machine code for the others
        decided = _agree(workers, folder)
        times = {(worker.entry.name, some): Times() for worker in workers for some in worker.threads}
        for _ in range(rounds):
            for worker in workers:
                for some in worker.threads:
                    took = worker.tell(f"run {some}")
                    times[worker.entry.name, some].seconds.append(took["seconds"])
                    times[worker.entry.name, some].cpu.append(took["cpu"])
    finally:
        for worker in workers:
            worker.end()
    measured = [
        Measured(w.entry.name, w.entry.title, w.version, some, w.evaluations, times[w.entry.name, some])
        for w in workers
        for some in w.threads
    ]
    measured.sort(key=lambda m: m.threads)  # the order of ways stays
    alone = [m.times for m in measured if m.threads == 1]
    waited = max(0.0, 1 - sum(sum(t.cpu) for t in alone) / sum(sum(t.seconds) for t in alone))
    distinct = make_policy(actions).distinct_tests
    return Comparison(actions, rows, distinct, decided, measured, rounds, waited)


def _threads(entry: Entry) -> list[tuple[int, ...]]:
    """The numbers of threads that each of a way's processes runs with."""
    both = (1,) if entry.one_thread_only else tuple(dict.fromkeys((1, os.cpu_count() or 1)))
    return [(some,) for some in both] if entry.own_process else [both]


def _agree(workers: list[_Worker], folder: Path) -> float:
    """Warm every way up, and hold its decisions against the engine's. Gives the share of people decided something."""
    wanted: tuple[NDArray[np.int32], NDArray[np.float64]] | None = None
    for worker in workers:
        for some in worker.threads:
            worker.tell(f"run {some}")
            found = worker.answer(folder)
            if wanted is None:
                wanted = found
            check(worker.entry.title, worker.entry.name in EXACT, wanted, found)
    assert wanted is not None
    return float((wanted[0] >= 0).mean())


def check(
    title: str,
    exact: bool,
    wanted: tuple[NDArray[np.int32], NDArray[np.float64]],
    found: tuple[NDArray[np.int32], NDArray[np.float64]],
) -> None:
    """Raise Disagreement unless decisions are equal.

    With `exact`, scores have the same bits. Otherwise they may differ by 1e-12, and so may a decision, where the two actions'
    scores do not differ by more.
    """
    chosen, score = wanted[0][: len(found[0])], wanted[1][: len(found[1])]
    nobody = (chosen < 0) != (found[0] < 0)
    near = np.isclose(score, found[1], rtol=0, atol=TOLERANCE, equal_nan=True)
    same = (score.view(np.int64) == found[1].view(np.int64)) & (chosen == found[0])
    bad = nobody | (~same if exact else ~near)
    if bad.any():
        row = int(np.argmax(bad))
        raise Disagreement(
            f"{title}: {bad.sum()} of {len(chosen)} people are decided otherwise; person {row}: "
            f"action {found[0][row]} with {found[1][row]!r} instead of {chosen[row]} with {score[row]!r}"
        )
