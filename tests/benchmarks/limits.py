"""What ten limits cost, four of which people share: batches, single decisions, keeping, memory. See `contacts`.

Every figure is that of a run with limits beside the same run without them: same people, actions, groups, in turns.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from contacts import CALLS, NOW, calls_a_day, limited_source, limits_of, make_history, make_members
from memory import nba_run
from people import PIECE
from policy import make_policy
from starts import probe

import nbadsl
from nbadsl.cli.common import use_system_memory
from nbadsl.data.output import write_table
from nbadsl.history.sqlite import SqliteStore
from nbadsl.run import RunOptions

EVENTS_EACH = 20  # contacts that a person has had, in files
DATABASE_EACH = 10  # the same in databases, which are slower to make
MOST_CALLS = 5_000  # single decisions


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one run: to read the history, to count what limits ask, to decide everybody."""

    read: float
    count: float
    decide: float

    def sum(self, parts: Sequence[str]) -> float:
        """Of some of them, by name."""
        return float(sum(getattr(self, part) for part in parts))


@dataclass(frozen=True, slots=True)
class Turns:
    """Rounds with some number of threads: [rounds] without limits and with them."""

    threads: int
    free: tuple[Took, ...]
    limited: tuple[Took, ...]

    def ratio(self, *parts: str) -> float:
        """How many times as long as without limits some parts take together."""
        pairs = zip(self.free, self.limited, strict=True)
        return median(took.sum(parts) / free.decide for free, took in pairs)

    def seconds(self, *parts: str) -> float:
        return median(took.sum(parts) for took in self.limited)

    @property
    def without(self) -> float:
        return median(took.decide for took in self.free)


@dataclass(frozen=True, slots=True)
class Batches:
    """`turns`: from tables in memory to such; `files`: from Parquet files to such. `decided`, `decided_free`: people with limits and without. `stopped`: people who are not decided what they would
    be without limits; `outdone`: what they would be without the shared ones. `calls`, `wanted`: of the call center, which
    can do `calls`."""

    people: int
    actions: int
    events: int
    turns: tuple[Turns, ...]
    files: tuple[Turns, ...]
    decided: int
    decided_free: int
    stopped: int
    outdone: int
    calls: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """A batch over a database. `make`: seconds to make it. `decide`, `keep`: of a run that keeps nothing, and of one
    that keeps `kept` decisions."""

    people: int
    events: int
    size: int
    make: float
    count: float
    decide: float
    keep: float
    kept: int

    @property
    def each(self) -> float:
        """Seconds for a decision kept."""
        return (self.keep - self.decide) / max(1, self.kept)


@dataclass(frozen=True, slots=True)
class Singles:
    """`seconds`: medians and 99th percentiles (`_p99`) of `free`, `all`, and the parts of `all`, see `probe.kept`."""

    events: int
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Memory:
    """Peaks in bytes of `nba run` from file to file: `free` of limits; `limited` with the history of the batches; `light`
    with one event for each person, so that people count and not events; `fewer` with a tenth of the people over the same."""

    people: int
    events: int
    free: int
    limited: int
    light: int
    fewer: int

    @property
    def each(self) -> float:
        """Bytes for one person more."""
        return (self.light - self.fewer) / (self.people - self.people // 10)


@dataclass(frozen=True, slots=True)
class Limits:
    """All of it."""

    batches: Batches
    keeping: Keeping
    singles: Singles
    memory: Memory


def measure_limits(people: int, actions: int, rounds: int, folder: Path, keeps: Path) -> Limits:
    """The history is that of `people`; databases are of fewer. `keeps`: a folder where its file is, or stays."""
    keeps.mkdir(parents=True, exist_ok=True)
    history = make_history(keeps, make_policy(actions), people, people * EVENTS_EACH)
    return Limits(
        measure_batches(people, actions, rounds, history, folder),
        measure_keeping(max(10, people // 5), actions, folder),
        measure_singles(max(10, people // 10), actions, folder),
        measure_memory(people, actions, history, folder),
    )


def _written(actions: int, people: int, folder: Path, which: str) -> Path:
    """The policy with `all` limits, with `own` ones alone, which nobody shares, or with `none`."""
    policy = make_policy(actions)
    limits = [x for x in limits_of(policy, people) if which == "all" or (which == "own" and not x.shared)]
    path = folder / f"policy_{actions}_{people}_{which}.nba"
    path.write_text(limited_source(policy, people, limits), encoding="utf-8")
    return path


def _loaded(actions: int, people: int, folder: Path, which: str) -> nbadsl.Policy:
    return nbadsl.load(_written(actions, people, folder, which))


def _decide(
    policy: nbadsl.Policy,
    people: pa.Table | Path,
    threads: int,
    history: Path | None,
    keeps: bool = False,
    out: Path | None = None,
) -> tuple[Took, pa.Table]:
    """One run, to the table of decisions, or to a file."""
    start = time.perf_counter()
    store = None if history is None else nbadsl.open_history(str(history), False, policy.program)
    read = time.perf_counter()
    run = policy.run(people, RunOptions(now=NOW, threads=threads, history=store, keeps=keeps))
    counted = time.perf_counter()
    if out is None:
        table = pa.Table.from_batches([step.decisions for step in run], run.schema)
    else:
        with write_table(str(out), run.schema) as file:
            for step in run:
                file.write(step.decisions)
    end = time.perf_counter()
    if store is not None:
        store.close()
    return Took(read - start, counted - read, end - counted), table if out is None else pq.read_table(out)


# --- batches -------------------------------------------------------------------------------------------


def measure_batches(people: int, actions: int, rounds: int, history: Path, folder: Path) -> Batches:
    """Rounds over a table in memory and a history in a Parquet file. Raises RuntimeError when decisions differ with
    the number of threads, or the call center is given more than it can do."""
    free, own, limited = (_loaded(actions, people, folder, which) for which in ("none", "own", "all"))
    table = make_members(people)
    _, without = _decide(free, table, 1, None)
    _, among = _decide(own, table, 1, history)
    _, found = _decide(limited, table, 1, history)
    calls, can = _calls(found), calls_a_day(people)
    if calls > can:
        raise RuntimeError(f"{calls} calls are decided, and the call center can do {can}")

    def in_turns(source: pa.Table | Path, out: Path | None) -> Iterator[Turns]:
        for threads in dict.fromkeys((1, os.cpu_count() or 1)):
            frees, limiteds = [], []
            for _ in range(rounds):
                took, again = _decide(free, source, threads, None, out=out)
                frees.append(took)
                assert again.equals(without)
                took, again = _decide(limited, source, threads, history, out=out)
                limiteds.append(took)
                if not again.equals(found):
                    raise RuntimeError(f"with {threads} threads people are decided otherwise")
            yield Turns(threads, tuple(frees), tuple(limiteds))

    turns, file = tuple(in_turns(table, None)), folder / "members.parquet"
    pq.write_table(table, file, compression="zstd", row_group_size=PIECE)
    use_system_memory()  # as `nba run` does
    return Batches(
        people,
        actions,
        people * EVENTS_EACH,
        turns,
        tuple(in_turns(file, folder / "decisions.parquet")),
        _decided(found),
        _decided(without),
        _differing(without, found),
        _differing(among, found),
        calls,
        _calls(without),
    )


def _decided(table: pa.Table) -> int:
    return table.num_rows - int(table.column("action").null_count)


def _calls(table: pa.Table) -> int:
    return int(pc.sum(pc.equal(table.column("channel").cast(pa.string()), CALLS)).as_py() or 0)


def _differing(one: pa.Table, other: pa.Table) -> int:
    """People who are decided different actions; nothing is one, too."""
    names = [table.column("action").cast(pa.string()).fill_null("") for table in (one, other)]
    return int(pc.sum(pc.not_equal(*names)).as_py())


# --- databases -----------------------------------------------------------------------------------------


def _database(people: int, actions: int, folder: Path) -> tuple[Path, float]:
    """A SQLite file with a history of so many people, and the seconds that it took."""
    path = folder / f"contacts_{actions}_{people}.db"
    policy = _loaded(actions, people, folder, "all")
    events = make_history(folder, make_policy(actions), people, people * DATABASE_EACH)
    start = time.perf_counter()
    store = SqliteStore(path)
    store.add(nbadsl.open_history(str(events), False, policy.program).events())
    store.close()  # which writes its log into the file
    return path, time.perf_counter() - start


def measure_keeping(people: int, actions: int, folder: Path) -> Keeping:
    """One batch with as many threads as there are, that is kept and not kept."""
    path, make = _database(people, actions, folder)
    size, threads = path.stat().st_size, os.cpu_count() or 1
    policy, table = _loaded(actions, people, folder, "all"), make_members(people)
    took, found = _decide(policy, table, threads, path)
    keeping, again = _decide(policy, table, threads, path, keeps=True)
    path.unlink()
    if not again.equals(found):
        raise RuntimeError("what is kept is decided otherwise")
    counted = took.read + took.count
    events = people * DATABASE_EACH
    return Keeping(people, events, size, make, counted, took.decide, keeping.decide, _decided(found))


def measure_singles(people: int, actions: int, folder: Path) -> Singles:
    """Single decisions, in a process of their own."""
    path, _ = _database(people, actions, folder)
    policy, free = (_written(actions, people, folder, which) for which in ("all", "none"))
    seconds = probe("kept", policy, free, path, people, min(MOST_CALLS, people))
    path.unlink()
    return Singles(people * DATABASE_EACH, seconds)


# --- memory --------------------------------------------------------------------------------------------


def measure_memory(people: int, actions: int, history: Path, folder: Path) -> Memory:
    """Runs of `nba run`, with all threads."""
    table = make_members(people)
    limited, free = (_written(actions, people, folder, which) for which in ("all", "none"))
    many, few, out = (folder / name for name in ("many.parquet", "few.parquet", "out.parquet"))
    pq.write_table(table, many, compression="zstd", row_group_size=PIECE)
    pq.write_table(table.slice(0, people // 10), few, compression="zstd", row_group_size=PIECE)
    light = make_history(folder, make_policy(actions), people, people)
    now = ("--now", f"{NOW:%Y-%m-%d %H:%M}")
    peaks = [
        nba_run(policy, file, out, *now, *more)[1]
        for policy, file, more in (
            (free, many, ()),
            (limited, many, ("--history", history)),
            (limited, many, ("--history", light)),
            (limited, few, ("--history", light)),
        )
    ]
    return Memory(people, people * EVENTS_EACH, *peaks)
