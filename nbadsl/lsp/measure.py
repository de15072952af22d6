"""Decide a sample of profiles, in a process of its own, and count what the rules do, and who lacks what.

Reads one JSON object from standard input: `policy` and `sample` are paths, `texts` are the texts that are open in the
editor, by path. Writes one: `people`, `passed`, `stopped` and `missing` as in `ide.rates.Rates`, or `error`, one line for the log.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from nbadsl import pipeline
from nbadsl.api import Policy
from nbadsl.data.missing import MOST_PEOPLE, lacking, shares
from nbadsl.history.memory import MemoryStore
from nbadsl.ide.rates import key_of
from nbadsl.report import Report
from nbadsl.run import RunOptions
from nbadsl.source import overlaid


def measure(policy: str, sample: str, texts: dict[str, str]) -> dict[str, Any]:
    """The figures of a policy over the first people of a sample. Raises what deciding raises."""
    checked, program = pipeline.compile(Path(policy), overlaid(texts))
    if program is None:
        raise ValueError(f"{policy} has {len(checked.diagnostics)} findings")
    compiled = Policy(None, program)
    # Limits are asked for people nobody has contacted: what the rules before them do is what is shown.
    history = MemoryStore() if compiled.facts.limits else None
    run = compiled.run(sample, RunOptions(history=history, keeps=False, most=MOST_PEOPLE))
    inputs, missing = compiled.facts.inputs, Counter[str]()
    for batch, _ in run.results():
        missing.update(lacking(inputs, batch.people))
    report = compiled.report(run, 0.0)
    return {**counted(compiled, report), "missing": shares(inputs, missing, report.people)}


def counted(policy: Policy, report: Report) -> dict[str, Any]:
    passed: dict[str, list[tuple[str, int]]] = {}
    stopped: dict[tuple[str, str, str], int] = {}
    for candidate, funnel in zip(policy.facts.candidates, report.funnels, strict=True):
        left = funnel.considered - funnel.inactive
        for rule in funnel.rules:
            if rule.stage not in ("require", "eligible", "exclude"):
                continue
            left -= rule.stopped
            key = key_of(rule.scope, candidate.action, rule.stage, rule.reason)
            stopped[key] = max(stopped.get(key, 0), rule.stopped)
        passed.setdefault(candidate.action, []).append((candidate.name, left))
    people = report.people - sum(share.people for share in report.rejected)
    return {"people": people, "passed": passed, "stopped": [[*key, n] for key, n in stopped.items()]}


def main() -> None:
    os.nice(10) if hasattr(os, "nice") else None
    asked = json.load(sys.stdin)
    try:
        answer = measure(asked["policy"], asked["sample"], asked["texts"])
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
