"""What the processes of `starts` run: `python probe.py stages|load|one|first …`, answering in JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
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
    "first": first,
}

if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]](*sys.argv[2:])))
