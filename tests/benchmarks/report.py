"""Results as text: Markdown tables for the terminal and the README, and plain data for JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compare import Comparison, Measured
from editor import Waited
from editor import rows as editor_rows
from engine_way import VERSION
from layout import Layout
from limits import Batches, Keeping, Limits, Singles
from memory import Run
from simulating import Simulated
from starts import Starts, duration, lines
from ways import REFERENCE, WAYS

MARK, LIMITS_MARK = "<!-- benchmark -->", "<!-- benchmark of limits -->"
EDITOR_MARK = "<!-- benchmark of the editor -->"
SIMULATE_MARK = "<!-- benchmark of simulations -->"


@dataclass(frozen=True, slots=True)
class Results:
    """All that a run of the benchmark found; parts that were left out are empty. `kernel`: seconds of compiling it."""

    comparisons: tuple[Comparison, ...]
    starts: tuple[Starts, ...]
    kernel: float | None
    runs: tuple[Run, ...]
    layouts: tuple[Layout, ...]
    limits: tuple[Limits, ...]
    editor: tuple[Waited, ...]
    simulations: tuple[Simulated, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: everything that was measured, every round."""
        return {"machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}", **asdict(self)}


def machine() -> str:
    """The processor, and how many of them."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        name = names[0] if names else name
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def markdown(results: Results) -> dict[str, str]:
    """All tables, by the mark that they stand behind in RESULTS.md."""
    found = {MARK: _engine(results), LIMITS_MARK: [part for each in results.limits for part in _limits(each)]}
    found[EDITOR_MARK] = [part for each in results.editor for part in _editor(each)]
    found[SIMULATE_MARK] = [_simulated(each) for each in results.simulations]
    where = _where(results)
    return {mark: "\n\n".join([*parts, where]) + "\n" for mark, parts in found.items() if parts}


def summary(results: Results) -> str:
    """What the project's README shows: one thread beside the other ways."""
    some = results.comparisons
    return "\n\n".join([*_compared(some, 1), _people(some), _where(results)]) + "\n"


def _where(results: Results) -> str:
    versions = dict.fromkeys(m.version for c in results.comparisons for m in c.measured)
    return ". ".join([machine(), *(versions or [VERSION]), f"{datetime.now(UTC):%Y-%m-%d}"]) + "."


def _engine(results: Results) -> list[str]:
    """What is measured without limits."""
    parts: list[str] = []
    if results.comparisons:
        parts += _comparisons(results.comparisons)
    if results.starts:
        parts += _starts(results)
    for found in results.layouts:
        parts.append(
            f"`nba fmt` of {found.lines:,} lines ({found.size / 1e3:,.0f} kB), without starting: {duration(found.same)} if nothing "
            f"changes, {duration(found.changed)} if every declaration does."
        )
    if results.runs:
        runs = "; ".join(
            f"{run.size / 1e9:.2g} GB of Parquet ({run.rows / 1e6:.1f} M people, {run.actions} actions): "
            f"{run.peak / 1e6:,.0f} MB, {run.rows / run.seconds / 1e6:.2g} M people a second"
            for run in results.runs
        )
        parts.append(f"Memory of `nba run` with all threads, from file to file: {runs}.")
    return parts


def _comparisons(found: Sequence[Comparison]) -> Iterator[str]:
    threads = sorted({m.threads for c in found for m in c.measured})
    for some in threads:
        yield from _compared(found, some)
    if len(threads) > 1:
        gains = ", ".join(f"{_gain(c, threads[-1]):.2f} with {c.actions:,} actions" for c in found)
        yield f"{threads[-1]} threads against one, the engine: {gains}."
    yield _people(found)
    busy = max(c.waited for c in found)
    if busy > 0.05:
        yield f"**The machine was busy with other things**: one thread had to wait for up to {busy:.0%} of its time."


def _compared(found: Sequence[Comparison], threads: int) -> Iterator[str]:
    yield f"**{'One thread' if threads == 1 else f'{threads} threads'}**: how many times as fast as each way the engine is (millions of evaluations a second)."
    rows = []
    for entry in WAYS:
        cells = [c.of(entry.name, threads) for c in found]
        if any(cells):
            rows.append([entry.title, *(_cell(c, m) for c, m in zip(found, cells, strict=True))])
    yield _table(["", *(f"{c.actions:,} actions" for c in found)], rows)


def _people(found: Sequence[Comparison]) -> str:
    people = ", ".join(f"{c.rows:,}" for c in found)
    return (
        f"People: {people}. In all ways they are decided alike, C's with the same `exp` to the bit. Median of {found[0].rounds} rounds, in each of which "
        "every way runs once."
    )


def _cell(comparison: Comparison, measured: Measured | None) -> str:
    if measured is None:
        return ""
    rate = f"{measured.rate:,.0f}" if measured.rate >= 10 else f"{measured.rate:.2g}"
    if measured.way == REFERENCE:
        return f"1 ({rate})"
    ratio = comparison.ratio(measured)
    assert ratio is not None
    text = f"{1 / ratio:,.0f}" if ratio < 0.01 else f"{1 / ratio:.3g}" if ratio < 0.1 else f"{1 / ratio:.2f}"
    return f"{text} ({rate})"


def _gain(comparison: Comparison, threads: int) -> float:
    one, all = comparison.of(REFERENCE, 1), comparison.of(REFERENCE, threads)
    assert one is not None and all is not None
    return one.seconds / all.seconds


def _starts(results: Results) -> Iterator[str]:
    columns = [dict(lines(starts)) for starts in results.starts]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    yield "**From text to decision**"
    yield _table(["", *(f"{starts.actions:,} actions" for starts in results.starts)], rows)
    if results.kernel is not None:
        yield f"The engine's machine code is compiled once for a machine: {duration(results.kernel)}."


def _simulated(found: Simulated) -> str:
    each = [
        f"{duration(seconds)}, {peak / 1e6:,.0f} MB"
        for seconds, peak in zip(found.seconds, found.peaks, strict=True)
    ]
    return (
        f"**Simulations**: `nba simulate` of {found.people:,} people and {found.actions} actions from a Parquet file, by three fields: "
        f"{each[0]}. `--against` an old policy, of which {found.changed:,} people get something else: {each[1]}."
    )


def _limits(found: Limits) -> Iterator[str]:
    yield "**Limits**: ten, four of them shared by people: by household, a budget, and totals of a day and a week."
    yield _table(["", *(_threads(t.threads) for t in found.batches.turns)], list(_batch_rows(found.batches)))
    yield _bound(found.batches)
    yield _table(["one person", "median", "99th percentile"], list(_single_rows(found.singles)))
    yield _kept(found.keeping)
    memory = found.memory
    yield (
        f"Memory of `nba run` over {memory.people:,} people: {memory.free / 1e6:,.0f} MB without limits; with them "
        f"{memory.light / 1e6:,.0f} MB over {memory.people / 1e6:.3g} M events in a Parquet file, and {memory.limited / 1e6:,.0f} MB "
        f"over {memory.events / 1e6:.3g} M. People who share limits are held all at once: {memory.each:,.0f} bytes for each one more."
    )


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _batch_rows(found: Batches) -> Iterator[list[str]]:
    size = f"{found.people:,} people, {found.actions} actions"
    for turns, where in ((found.files, "from a Parquet file to one"), (found.turns, "in memory")):
        yield [f"{size}, {where}, without limits", *(duration(turn.without) for turn in turns)]
        for name, parts in (
            ("with ten limits, contacts counted before", ("decide",)),
            ("and counting them", ("count", "decide")),
            (f"and reading {found.events / 1e6:.3g} M events from Parquet", ("read", "count", "decide")),
        ):
            yield [name, *(f"{duration(t.seconds(*parts))} ({t.ratio(*parts):.2f} ×)" for t in turns)]


def _bound(found: Batches) -> str:
    return (
        f"Limits bind: {found.stopped / found.people:.0%} of people are not decided what they would be without, "
        f"{found.outdone / found.people:.0%} because of shared ones; {found.decided / found.people:.0%} are decided something, "
        f"{found.decided_free / found.people:.0%} without limits. {found.wanted:,} would be called; {found.calls:,} are. "
        f"Median of {len(found.turns[0].free)} rounds, in turns."
    )


def _single_rows(found: Singles) -> Iterator[list[str]]:
    for name, part in (
        ("`decide_one` without limits", "free"),
        (f"with ten limits, kept in SQLite with {found.events / 1e6:.3g} M events", "all"),
        ("of this: asking whether it was decided before", "decision"),
        ("reading the rooms", "rooms"),
        ("keeping it, where something is decided", "reserve"),
        ("deciding, and all else", "rest"),
    ):
        if part in found.seconds:
            yield [name, duration(found.seconds[part]), duration(found.seconds[f"{part}_p99"])]


def _kept(found: Keeping) -> str:
    return (
        f"A batch over SQLite ({found.people:,} people, {found.events / 1e6:.3g} M events, {found.size / 1e6:,.0f} MB, made in "
        f"{duration(found.make)}): {duration(found.count)} to count contacts, {duration(found.decide)} to decide, and "
        f"{duration(found.each)} for each of {found.kept:,} decisions to keep it."
    )


def _editor(found: Waited) -> Iterator[str]:
    yield f"**In the editor**, over a workspace of {found.lines:,} lines: what is waited for `nba lsp`."
    yield _table(["", "median", "95th percentile"], editor_rows(found))
    yield f"{len(found.keystroke)} keystrokes. Memory of the server: {found.peak / 1e6:,.0f} MB."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    every = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)


def into(path: Path, text: str, mark: str = MARK) -> None:
    """Put tables between their mark and the next mark or heading. Raises ValueError where there is no mark."""
    before, line, after = path.read_text(encoding="utf-8").partition(f"{mark}\n")
    if not line:
        raise ValueError(f"{path.name} has no line {mark}")
    ends = [place for end in ("\n## ", "\n<!-- benchmark") if (place := after.find(end)) >= 0]
    path.write_text(f"{before}{line}\n{text}{after[min(ends, default=len(after)) :]}", encoding="utf-8")
