"""Decides many people: binds a batch to a plan, runs the kernel over it, counts.

An `Engine` holds what a plan needs to run: its tables as arrays, its time zone, the compiled kernel, and
scratch memory for each thread. Threads take pieces of the rows; each row's decision depends on its
own values alone, so the results are the same for every number of threads and every size of block.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.decisions import Codes, Outcome
from nbadsl.data.rules import BadData
from nbadsl.data.schema import check_schema
from nbadsl.engine import kernel
from nbadsl.engine import settings as at
from nbadsl.engine.choose import BAD_DATA
from nbadsl.engine.columns import Bound, bind
from nbadsl.engine.counters import REASONS, Counters, counted
from nbadsl.engine.fates import INACTIVE, Fates, counted_by
from nbadsl.engine.hashing import bases
from nbadsl.engine.same import concatenated, same
from nbadsl.plan.flags import passes
from nbadsl.plan.ops import WIDTH
from nbadsl.plan.plan import Plan, RunTest
from nbadsl.program.nodes import Value
from nbadsl.zone import zone

BLOCK = 4096
PIECE = 131_072  # rows of a call of the kernel; threads take one piece after the other
SCRATCH = 1 << 26  # bytes for number registers, of a thread
LIST_ROWS = 512  # rows of a block where candidates are put on lists


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Decisions of n people as arrays, and what was counted. `left`: [n], the reason where limits
    leave nothing of somebody's list. `struck`: [n], where people were served, the limit that had no room for the first
    candidate that they proposed, -1 for none. `fates`: [n, candidates], where they were asked for; see `engine.fates`. `losses`:
    as in `allocate.Allocated`, where people were served. `rooms`: of each limit, for everybody or [n], before the run."""

    outcome: Outcome
    counters: Counters
    left: NDArray[np.int32]
    struck: NDArray[np.int32] | None = None
    fates: Fates | None = None
    losses: NDArray[np.int64] | None = None
    rooms: Sequence[int | NDArray[np.int32]] = ()


class Engine:
    """Runs one plan. Safe to use from several threads. `leaves`: whether limits may take candidates away."""

    def __init__(self, plan: Plan, leaves: bool = False) -> None:
        self.plan, self.leaves = plan, leaves
        self.code = np.array(plan.code, np.int32).reshape(-1, WIDTH)
        self.lists = np.array(plan.lists or (0,), np.int32)
        self.masks = np.array([m - 2**64 if m >= 2**63 else m for m in plan.masks] or [0], np.int64)
        chosen = plan.chosen
        self.kinds = np.array([chosen.actions, chosen.groups, chosen.channels], np.int32)
        self.sends = np.array(chosen.sends or (-1,), np.int32)
        self.among = np.array(chosen.among or (False,), np.uint8)
        self.listed = chosen.pick > 1 or chosen.explores or leaves
        self.has_tiers = chosen.tiers > 1 or chosen.has_fallback
        self.has_sends = any(register >= 0 for register in chosen.sends)
        self.zone = _zone_table(plan.facts.timezone) if plan.uses_zone else np.zeros((2, 1))
        self.used = plan.fields
        self.counted_by = counted_by(plan)
        self.run_kernel = kernel.run.load()
        self._scratch = threading.local()

    # --- a run ---

    def decide(
        self,
        people: pa.RecordBatch | pa.Table,
        given: Mapping[str, Value],
        seed: int = 0,
        threads: int = 1,
        block: int = BLOCK,
        unreadable: NDArray[np.int32] | None = None,
        fates: bool = False,
    ) -> Results:
        """Decide everybody in a batch or table.

        `given`: as `program.givens` builds it. `seed`: of the run. `block`: rows at a time, rounded up to a multiple of 512.
        `unreadable`: int32 [n], index of an input that could not be read, -1 for none. `fates`: whether they are wanted.
        Raises `data.rules.BadData` for missing columns and wrong types.
        """
        problems = check_schema(people.schema, self.plan.facts.inputs, self.used)
        if problems:
            raise BadData(*map(str, problems))
        constants, forced = self.constants(given)
        if isinstance(people, pa.RecordBatch):
            return self._batch(people, given, constants, forced, seed, threads, block, unreadable, fates)
        found, start = [], 0
        for batch in _batches(people):
            part = None if unreadable is None else unreadable[start : start + batch.num_rows]
            found.append(self._batch(batch, given, constants, forced, seed, threads, block, part, fates))
            start += batch.num_rows
        return joined(found)

    def constants(self, given: Mapping[str, Value]) -> tuple[NDArray[np.float64], bool]:
        """The constants of a run, and whether an operation among them was undefined."""
        constants = np.array(self.plan.constants or (0.0,), np.float64)
        self.fill(constants, given)
        settings = self.settings_of(0, 1, 512, self.plan.parts.once, results=False)
        counters = np.zeros(self.plan.counters + REASONS, np.int64)
        with _alive(self.room(512, settings)):
            born = self.call(settings, constants, _NO_BOUND, counters)
        return constants, bool(born)

    def fill(self, constants: NDArray[np.float64], given: Mapping[str, Value]) -> None:
        """Enter what the run brings into the constants."""
        for slot, name in self.plan.givens:
            value: Any = given[name]
            constants[slot] = np.nan if value is None else value
        for test in self.plan.run_tests:
            constants[test.slot] = _answer(test, given)

    def _batch(
        self,
        batch: pa.RecordBatch,
        given: Mapping[str, Value],
        constants: NDArray[np.float64],
        forced: bool,
        seed: int,
        threads: int,
        block: int,
        unreadable: NDArray[np.int32] | None,
        wants_fates: bool,
    ) -> Results:
        bound = bind(self.plan, batch, given)
        _merge(bound.bad, unreadable)
        outcome = self.outcome(bound.rows, self._holdouts(bound, constants), bound.arms)
        left = np.empty(bound.rows if self.leaves else 0, np.int32)
        fates = np.full((bound.rows, len(self.plan.rules)), INACTIVE, np.int16) if wants_fates else None
        draws = None
        if self.plan.chosen.explores:
            now = given["now"]
            assert isinstance(now, float)
            draws = bases(bound.keys, now, seed, self.plan.facts.name)
        counters = self._run(bound, constants, outcome, left, fates, draws, threads, block, forced)
        if counters[self.plan.counters + BAD_DATA]:
            outcome = replace(outcome, bad=bound.bad.astype(np.int32) - 1)
        return Results(outcome, counted(self.plan, counters, outcome, constants), left, fates=fates)

    def _run(
        self,
        bound: Bound,
        constants: NDArray[np.float64],
        outcome: Outcome,
        left: NDArray[np.int32],
        fates: Fates | None,
        draws: NDArray[np.int64] | None,
        threads: int,
        block: int,
        forced: bool,
    ) -> NDArray[np.int64]:
        block = self._block(block, bound.rows)
        piece = -(-PIECE // block) * block
        recoded = int(bound.recodes[:, at.CODE_BYTES].sum()) * piece + 64 * len(bound.recodes)

        def work(start: int) -> NDArray[np.int64]:
            settings = self.settings_of(start, min(start + piece, bound.rows), block, self.plan.parts.main)
            settings[at.BAD] = bound.bad.ctypes.data
            settings[at.FORCED] = int(forced)
            settings[at.BASES] = 0 if draws is None else draws.ctypes.data
            settings[at.OUT_LEFT] = left.ctypes.data if self.leaves else 0
            if fates is not None:
                settings[at.OUT_FATES] = fates.ctypes.data
                settings[at.COUNTED_BY] = self.counted_by.ctypes.data
            self.write_to(outcome, settings)
            counters = np.zeros(self.plan.counters + REASONS, np.int64)
            with _alive(self.room(block, settings, recoded)):
                self.call(settings, constants, bound, counters)
            return counters

        starts = range(0, bound.rows, piece)
        if len(starts) <= 1 or threads <= 1:
            found = [work(start) for start in starts]
        else:
            with ThreadPoolExecutor(min(threads, len(starts))) as pool:
                found = list(pool.map(work, starts))
        total: NDArray[np.int64] = sum(found, np.zeros(self.plan.counters + REASONS, np.int64))
        return total

    def _block(self, wanted: int, rows: int) -> int:
        """Rows of a block: a multiple of 512, few where there are many registers or lists."""
        most = LIST_ROWS if self.listed else SCRATCH // (8 * self.plan.number_registers)
        return max(-(-min(wanted, rows, most) // 512), 1) * 512

    def call(
        self,
        settings: NDArray[np.int64],
        constants: NDArray[np.float64],
        bound: Bound,
        counters: NDArray[np.int64],
    ) -> int:
        """Run the kernel. Gives 1 if an operation was undefined for somebody."""
        born: int = self.run_kernel(
            settings,
            self.code,
            self.lists,
            constants,
            self.masks,
            bound.table.copy() if len(bound.recodes) else bound.table,
            bound.recodes,
            bound.tests,
            self.zone,
            bound.checks,
            bound.bounds,
            self.kinds,
            self.sends,
            self.among,
            self.plan.chosen.share,
            counters,
        )
        return born

    def settings_of(
        self, start: int, stop: int, block: int, entry: int, results: bool = True
    ) -> NDArray[np.int64]:
        """What a call of the kernel brings, but for addresses."""
        chosen = self.plan.chosen
        settings = np.zeros(at.COUNT, np.int64)
        settings[at.START], settings[at.STOP], settings[at.BLOCK] = start, stop, block
        settings[at.ENTRY], settings[at.AUDIT] = entry, self.plan.parts.audit if results else -1
        settings[at.RESULTS], settings[at.PICK], settings[at.TIERS] = results, chosen.pick, chosen.tiers
        settings[at.LISTED], settings[at.EXPLORES] = self.listed, chosen.explores
        settings[at.CANDIDATES] = len(chosen.actions)
        settings[at.FATE_COUNTERS] = self.plan.rule_counters
        settings[at.REASON_COUNTERS] = self.plan.counters
        settings[at.FALLBACK] = chosen.has_fallback
        settings[at.NUMBER_COUNT] = self.plan.number_registers
        most = (chosen.most_action, chosen.most_group, chosen.most_channel)
        settings[at.MOST_ACTION : at.MOST_ACTION + 3] = most
        return settings

    def room(self, block: int, settings: NDArray[np.int64], recoded: int = 0) -> NDArray[np.uint8]:
        """This thread's scratch memory, its addresses entered into the settings. `recoded`: bytes for codes of words."""
        plan, listed = self.plan, self.listed
        entries = block * len(plan.chosen.actions) if listed else 0
        sizes = {
            at.MASKS: plan.mask_registers * block // 8,
            at.NUMBERS: plan.number_registers * block * 8,
            at.POINTERS: plan.number_registers * 8,
            at.INDEX: block * 4 + 32,  # see `selected.select`
            at.SPARE: block // 8,
            at.RECODED: recoded,
            at.BELOW: block,
            at.STANDING: block * 4,
            at.LIST_COUNT: block * 4,
            at.LIST_SCORE: entries * 8,
            at.LIST_TIER: entries * 4,
            at.LIST_CANDIDATE: entries * 4,
        }
        total = sum(-(-size // 64) * 64 for size in sizes.values()) + 64
        room: NDArray[np.uint8] | None = getattr(self._scratch, "room", None)
        if room is None or len(room) < total:
            room = self._scratch.room = np.empty(total, np.uint8)
        address = -(-room.ctypes.data // 64) * 64
        for place, size in sizes.items():
            settings[place] = address
            address += -(-size // 64) * 64
        return room

    # --- around the kernel ---

    def outcome(self, rows: int, holdout: Codes, arms: Codes) -> Outcome:
        """Memory for what the kernel finds; what is the same for everybody takes none."""
        chosen, shape = self.plan.chosen, (rows, self.plan.chosen.pick)
        return Outcome(
            chosen=np.empty(shape, np.int32),
            tier=np.empty(shape, np.int32) if self.has_tiers else same(0, shape, np.int32),
            score=np.empty(shape),
            probability=np.empty(shape) if chosen.explores else same(1.0, shape),
            send_at=np.empty(shape) if self.has_sends else same(np.nan, shape),
            reason=np.empty(rows, np.uint8),
            holdout=holdout,
            bad=same(-1, rows, np.int32),
            arms=arms,
        )

    def write_to(self, outcome: Outcome, settings: NDArray[np.int64]) -> None:
        """Enter the memory of results into the settings."""
        settings[at.OUT_CHOSEN] = outcome.chosen.ctypes.data
        settings[at.OUT_SCORE] = outcome.score.ctypes.data
        settings[at.OUT_REASON] = outcome.reason.ctypes.data
        if self.has_tiers:
            settings[at.OUT_TIER] = outcome.tier.ctypes.data
        if self.plan.chosen.explores:
            settings[at.OUT_PROBABILITY] = outcome.probability.ctypes.data
        if self.has_sends:
            settings[at.OUT_SEND] = outcome.send_at.ctypes.data

    def _holdouts(self, bound: Bound, constants: NDArray[np.float64]) -> Codes:
        """Index of the first active holdout that each person belongs to, -1 for none."""
        if not self.plan.holdouts:
            return same(-1, bound.rows, np.int32)
        found = np.full(bound.rows, -1, np.int32)
        for number, (holdout, held) in enumerate(zip(self.plan.holdouts, bound.held, strict=True)):
            if holdout.active < 0 or constants[holdout.active] == 1.0:
                found[held & (found < 0)] = number
        return found


class _alive:
    """Keeps memory whose address the kernel uses."""

    def __init__(self, memory: Any) -> None:
        self.memory = memory

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        del self.memory


_NO_BOUND = Bound.of_nobody()


def _zone_table(name: str) -> NDArray[np.float64]:
    table = zone(name)
    return np.array([table.starts, table.offsets], np.float64)


def _answer(test: RunTest, given: Mapping[str, Value]) -> float:
    """1 for yes, 0 for no, NaN for unknown."""
    operand: Value = test.literal if test.operand is None else given[test.operand]
    if test.op == "known":
        return float(operand is not None)
    wanted = test.values
    if test.given is not None:
        pattern = given[test.given]
        if pattern is None:
            return float("nan")
        assert isinstance(pattern, str)
        wanted = (pattern,)
    if operand is None:
        return float("nan")
    if isinstance(operand, frozenset):
        return float(bool(operand & set(wanted)) if test.op == "any" else operand >= set(wanted))
    assert isinstance(operand, str)
    return float(passes(test.op, operand, wanted))


def _merge(bad: NDArray[np.int16], unreadable: NDArray[np.int32] | None) -> None:
    """Add inputs that could not be read to the first bad ones found so far."""
    if unreadable is not None and (unreadable >= 0).any():
        other = (unreadable + 1).astype(np.int16)
        bad[:] = np.where(bad == 0, other, np.where(other == 0, bad, np.minimum(bad, other)))


def _batches(table: pa.Table) -> list[pa.RecordBatch]:
    """A table's chunks; many small ones are joined first."""
    batches: list[pa.RecordBatch] = table.to_batches()
    if len(batches) > 1 and table.num_rows < 65_536 * len(batches):
        batches = table.combine_chunks().to_batches()
    if not batches:
        batches = [pa.RecordBatch.from_pylist([], schema=table.schema)]
    return batches


def joined(found: list[Results]) -> Results:
    if len(found) == 1:
        return found[0]
    parts = [f.outcome for f in found]
    outcome = Outcome(*(concatenated([getattr(p, n) for p in parts]) for n in Outcome.__dataclass_fields__))
    counters = found[0].counters
    for each in found[1:]:
        counters = counters + each.counters
    fates = [f.fates for f in found if f.fates is not None]
    left = np.concatenate([f.left for f in found])
    return Results(outcome, counters, left, fates=np.concatenate(fates) if fates else None)


def decide(
    plan: Plan,
    people: pa.RecordBatch | pa.Table,
    given: Mapping[str, Value],
    seed: int = 0,
    threads: int = 1,
    block: int = BLOCK,
) -> Results:
    """Decide everybody in a batch or table, see `Engine.decide`. An `Engine` saves time where there are many."""
    return Engine(plan).decide(people, given, seed, threads, block)


__all__ = ["BLOCK", "Counters", "Engine", "Results", "decide"]
