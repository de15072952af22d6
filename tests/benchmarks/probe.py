"""What the processes of `starts`, `limits` and `memory` run: `python probe.py stages|load|one|kept|run|first …`.

They answer in JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
CALLS, WARM = 2_000, 50


def stages(path: str, compiled: str) -> dict[str, float]:
    """The compiler's steps, as `nbadsl.pipeline` takes them, and saving."""
    from nbadsl.diagnostics import Findings
    from nbadsl.plan.artefact import save
    from nbadsl.plan.lower import lower
    from nbadsl.program.from_model import from_model
    from nbadsl.room import room
    from nbadsl.semantics.declare import declare
    from nbadsl.semantics.judge import judge
    from nbadsl.semantics.load import load

    seconds: dict[str, float] = {}

    def step(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        start = time.perf_counter()
        result = function(*arguments)
        seconds[name] = time.perf_counter() - start
        return result

    found = Findings()
    with room():
        loaded = step("parse", load, Path(path), found)
        model = step("declare", declare, loaded, found)
        step("check", judge, model, found)
        assert not found.all, found.all
        program = step("program", from_model, model)
        plan = step("plan", lower, program)
    step("save", save, Path(compiled), plan, program)
    return seconds


def load(compiled: str) -> dict[str, float]:
    import nbadsl

    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        _ = nbadsl.load(compiled).plan
        seconds.append(time.perf_counter() - start)
    return {"first": seconds[0], "seconds": seconds[-1]}


def one(path: str) -> dict[str, float]:
    """One decision after the other, of different people."""
    import numpy as np
    from people import make_people

    import nbadsl

    policy, people = nbadsl.load(path), make_people(CALLS + WARM).to_pylist()
    seconds = []
    for person in people:
        start = time.perf_counter()
        policy.decide_one(person, now=NOW)
        seconds.append(time.perf_counter() - start)
    median, p99 = np.quantile(seconds[WARM:], [0.5, 0.99])
    return {"median": float(median), "p99": float(p99)}


def kept(path: str, unlimited: str, database: str, people: str, calls: str) -> dict[str, float]:
    """One decision after the other, each read from a history and kept in it; and each without limits, in turns. The
    parts are the calls of the store, and `rest`: to decide, and all else."""
    import numpy as np
    from contacts import NOW, make_members

    import nbadsl

    limited, free = nbadsl.load(path), nbadsl.load(unlimited)
    history = _Timed(nbadsl.open_history(database, False, limited.program))
    seconds: dict[str, list[float]] = {
        "free": [],
        "all": [],
        "rest": [],
        **{part: [] for part in _Timed.PARTS},
    }
    decided = 0
    for number, person in enumerate(make_members(int(people)).slice(0, WARM + int(calls)).to_pylist()):
        now = NOW + timedelta(milliseconds=10 * number)
        start = time.perf_counter()
        free.decide_one(person, now=now)
        middle = time.perf_counter()
        decided += bool(limited.decide_one(person, now=now, history=history).choices)
        end = time.perf_counter()
        if number >= WARM:
            took = history.taken()
            for part, each in {"free": middle - start, "all": end - middle, **took}.items():
                seconds[part].append(each)
            seconds["rest"].append(end - middle - sum(took.values()))
        else:
            history.taken()
    found = {f"{part}_p99": float(np.quantile(each, 0.99)) for part, each in seconds.items() if each}
    found |= {part: float(np.median(each)) for part, each in seconds.items() if each}
    return found | {"calls": len(seconds["all"]), "decided": decided}


class _Timed:
    """A store that says how long its calls have taken."""

    PARTS = ("decision", "rooms", "reserve")

    def __init__(self, store: Any) -> None:
        self._store, self._seconds = store, dict[str, float]()

    def taken(self) -> dict[str, float]:
        """Seconds by name since it was asked last."""
        found, self._seconds = self._seconds, {}
        return found

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in self.PARTS:
            return method

        def timed(*arguments: Any) -> Any:
            start = time.perf_counter()
            try:
                return method(*arguments)
            finally:
                self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start

        return timed


def run_to(out: str, *arguments: str) -> dict[str, float]:
    """The same of a process that writes to a file."""
    return run(*arguments, out=out)


def run(*arguments: str, out: str = "") -> dict[str, float]:
    """Seconds and peak memory, in bytes, of another Python process. The system counts that of the process which starts it
    as its own, so one has to start it that is small: this one."""
    start = time.perf_counter()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 1, out, flags, 0o600)] if out else []
    child = os.posix_spawn(
        sys.executable, [sys.executable, *arguments], dict(os.environ), file_actions=actions
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{' '.join(arguments[:3])} ended with {os.waitstatus_to_exitcode(status)}")
    return {"seconds": seconds, "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)}


def first(what: str, path: str) -> dict[str, float]:
    """The first decision of a process."""
    import nbadsl

    policy = nbadsl.load(path)
    if what == "one":
        policy.decide_one(PERSON, now=NOW)
    else:
        policy.decide([PERSON] * 100, now=NOW)
    return {}


PERSON: dict[str, object] = {
    "customer_id": 1,
    **{f"n{i}": 500.0 for i in range(20)},
    **{f"k{i}": 50 for i in range(10)},
    **{f"w{i}": "north" for i in range(6)},
}

PROBES: dict[str, Callable[..., dict[str, float]]] = {
    "stages": stages,
    "load": load,
    "one": one,
    "kept": kept,
    "run": run,
    "run_to": run_to,
    "first": first,
}

if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]](*sys.argv[2:])))
