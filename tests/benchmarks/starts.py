"""How long it takes to begin: compiling a policy, loading a compiled one, the first decision of a fresh process, one decision.

Every figure is taken in processes of its own, several times, and is the median. `probe.py` is what they run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from policy import make_policy, source

PROBE = str(Path(__file__).with_name("probe.py"))


@dataclass(frozen=True, slots=True)
class Starts:
    """Of one policy, all in seconds but `compiled_bytes` and `source_bytes`.

    `stages`: of the compiler, by name. `load`: of a compiled policy, in a process that has loaded one before. The firsts are of
    a fresh process, from its start to its end, imports and all: one person from the source, from the compiled policy; a small
    table from either (that loads the engine, its machine code from the cache). `one`: one person in a warm process, median and
    99th percentile.
    """

    actions: int
    source_bytes: int
    compiled_bytes: int
    stages: dict[str, float]
    load: float
    first_one_source: float
    first_one_compiled: float
    first_table_source: float
    first_table_compiled: float
    one: float
    one_p99: float


def measure_starts(actions: int, repeats: int, folder: Path) -> Starts:
    """See `Starts`."""
    path, compiled = folder / f"policy_{actions}.nba", folder / f"policy_{actions}.nbac"
    path.write_text(source(make_policy(actions)), encoding="utf-8")
    probe("stages", path, compiled)  # warms caches of files, and writes the compiled policy
    stages = [probe("stages", path, compiled) for _ in range(repeats)]
    loads = [probe("load", compiled)["seconds"] for _ in range(repeats)]
    ones = [probe("one", compiled) for _ in range(repeats)]

    def first(what: str, policy: Path) -> float:
        return median(clock("first", what, policy) for _ in range(repeats))

    return Starts(
        actions,
        path.stat().st_size,
        compiled.stat().st_size,
        {name: median(s[name] for s in stages) for name in stages[0]},
        median(loads),
        first("one", path),
        first("one", compiled),
        first("table", path),
        first("table", compiled),
        median(o["median"] for o in ones),
        median(o["p99"] for o in ones),
    )


def kernel_compile_seconds(folder: Path) -> float:
    """What a machine pays once: the engine's machine code, compiled into an empty cache."""
    path = folder / "policy_10.nba"
    path.write_text(source(make_policy(10)), encoding="utf-8")
    fresh = folder / "numba"
    fresh.mkdir(exist_ok=True)
    cold = clock("first", "table", path, NUMBA_CACHE_DIR=str(fresh))
    warm = clock("first", "table", path, NUMBA_CACHE_DIR=str(fresh))
    return cold - warm


def probe(*arguments: object, **environment: str) -> dict[str, float]:
    """What `probe.py` says."""
    found: dict[str, float] = json.loads(_run(arguments, environment))
    return found


def clock(*arguments: object, **environment: str) -> float:
    """Seconds that `probe.py` takes, its start included."""
    start = time.perf_counter()
    _run(arguments, environment)
    return time.perf_counter() - start


def _run(arguments: tuple[object, ...], environment: dict[str, str]) -> str:
    command = [sys.executable, PROBE, *map(str, arguments)]
    return subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ) | environment
    ).stdout


def lines(starts: Starts) -> Iterator[tuple[str, str]]:
    """Its figures as texts."""
    yield "source, compiled", f"{starts.source_bytes / 1e3:,.0f} kB, {starts.compiled_bytes / 1e3:,.0f} kB"
    for name, seconds in starts.stages.items():
        yield name, duration(seconds)
    yield "compile, all", duration(sum(starts.stages.values()) - starts.stages["save"])
    yield "load the compiled policy", duration(starts.load)
    yield "fresh process, source → one person", duration(starts.first_one_source)
    yield "fresh process, compiled → one person", duration(starts.first_one_compiled)
    yield "fresh process, source → a table", duration(starts.first_table_source)
    yield "fresh process, compiled → a table", duration(starts.first_table_compiled)
    yield "`decide_one`, median", duration(starts.one)
    yield "`decide_one`, 99th percentile", duration(starts.one_p99)


def duration(seconds: float) -> str:
    """Three digits."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"
