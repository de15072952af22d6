"""Writes decisions down as they are made: a line each, at the end of a file.

Which decisions a share is of does not depend on chance or order: it goes by the hash of a decision's id, so the same
run writes the same lines, and a smaller share is part of a larger one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType

from nbadsl.program import chance
from nbadsl.program.decision import DECIDED_BEFORE, RELEASED, Decision, Row
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Value
from nbadsl.replay.record import id_of, recording


class Recorder:
    """A file that decisions are written to. Safe to use from several threads, and from processes on one machine: each
    line is written at once. Use it with `with`, or close it."""

    def __init__(self, path: str | Path, share: float = 1.0) -> None:
        """`share`: of the decisions, from 0 to 1, that are written. Raises ValueError for another number, OSError where
        the file cannot be written."""
        if not 0 <= share <= 1:
            raise ValueError(f"a share is from 0 to 1, not {share}")
        self.share, self.written = share, 0
        self._file, self._lock = open(path, "ab", buffering=0), Lock()

    def add(
        self,
        facts: Facts,
        hash: str,
        row: Row,
        given: Mapping[str, Value],
        seed: int,
        decision: Decision,
        id: str | None = None,
    ) -> None:
        """Write a decision down, if it is among the share; see `recording`. One that was made before is not."""
        if decision.reason in (DECIDED_BEFORE, RELEASED):
            return
        if chance.unit(chance.order(id_of(facts, decision, given))) < self.share:
            self.write(recording(facts, hash, row, given, seed, decision, id).line())

    def write(self, line: str) -> None:
        """Write a line of a recording."""
        with self._lock:
            self._file.write(line.encode("utf-8"))
            self.written += 1

    def close(self) -> None:
        """Everything is on the disk then."""
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
