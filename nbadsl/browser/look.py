"""What a policy does, for the panel beside its text, in a process of its own.

Reads questions from standard input, one JSON object a line: `policy` (a path), `texts` (those that are open, by path), `customer`
(a key, or null for the first one), and the options of a run. Writes the answer to each in parts, one a line, the quick
ones first: `mistakes`, or `tests`, `story`, `figures`; a part that cannot be worked out has an `error`, one line. A `note` says
that it takes longer this time; `done` ends the answer.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from nbadsl import pipeline
from nbadsl.api import Policy
from nbadsl.browser.figures import figures, place_in
from nbadsl.data.look_up import look_up
from nbadsl.data.missing import MOST_PEOPLE
from nbadsl.data.options import typed
from nbadsl.data.profiles import open_profiles
from nbadsl.engine.compiled import telling
from nbadsl.history.memory import MemoryStore
from nbadsl.history.open import is_there, open_history
from nbadsl.history.store import Store
from nbadsl.lsp.project import settings_of
from nbadsl.run import RunOptions
from nbadsl.semantics.model import Model
from nbadsl.source import overlaid
from nbadsl.testing.run import run as run_tests
from nbadsl.testing.trials import Subject

Part = dict[str, Any]
NO_SAMPLE = 'no customers yet: name a file of them in nba.toml, as in sample = "customers.csv" (Parquet, CSV or Arrow)'


class Unknown(ValueError):
    """What was asked for is not there. The message is for the author."""


def answer(asked: Part) -> Iterator[Part]:
    """The parts of an answer, without `done`."""
    policy = Path(asked["policy"])
    checked, program = pipeline.compile(policy, overlaid(asked["texts"]))
    if program is None:
        errors = sum(d.kind.severity == "error" for d in checked.diagnostics)
        yield {"what": "mistakes", "errors": errors}
        return
    compiled = Policy(None, program)
    yield _part("tests", lambda: _tests(policy, checked.model, Subject(checked.model, program)))
    yield _part("story", lambda: _story(compiled, asked))
    yield _part("figures", lambda: _figures(compiled, asked))


def _part(what: str, make: Callable[[], Part]) -> Part:
    try:
        return {"what": what, **make()}
    except Unknown as error:
        return {"what": what, "missing": str(error)}
    except Exception as error:
        return {"what": what, "error": (str(error) or type(error).__name__).splitlines()[0]}


def _tests(policy: Path, model: Model, subject: Subject) -> Part:
    results, _ = run_tests(policy, subject)
    folder = policy.parent
    told = [
        {
            "name": result.name,
            "place": place_in(folder, result.path, result.line),
            "failures": [{**asdict(f), "place": place_in(folder, f.path, f.line)} for f in result.failures],
            "story": result.story,
        }
        for result in results
    ]
    return {"tests": told}


def _story(policy: Policy, asked: Part) -> Part:
    """Why one customer of the sample is decided as they are."""
    source, facts = _sample(asked), policy.facts
    profiles = open_profiles(source, facts.inputs, key=facts.key, used=policy.used)
    key = next(i.column for i in facts.inputs if i.name == facts.key)
    customer = asked["customer"]
    if customer is None:
        first = next((b.people.column(key)[0].as_py() for b in profiles if b.people.num_rows), None)
        if first is None:
            raise Unknown(f"there is nobody in {source.name}")
        customer = str(first)
    record = look_up(facts, profiles, customer)
    if record is None:
        raise Unknown(f"nobody in {source.name} has {facts.key} {customer}")
    with _history(policy, asked) as history:
        story = policy.explain(record, **_options(policy, asked), history=history)
    folder = Path(asked["policy"]).parent
    candidates = []
    for told in story.best_first:
        path, _, line = told.at.rpartition(":")
        at = place_in(folder, path, int(line)) if path else None
        candidates.append({**asdict(told), "said": told.said, "place": at})
    profile = {name: _shown(value) for name, value in record.items()}
    return {**asdict(story), "customer": customer, "candidates": candidates, "profile": profile}


def _shown(value: object) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case float():
            return f"{value:.6g}"
        case list() | tuple():
            return ", ".join(_shown(each) for each in value)
        case _:
            return str(value)


def _figures(policy: Policy, asked: Part) -> Part:
    """What becomes of the first people of the sample."""
    source, options = _sample(asked), _options(policy, asked)
    with _history(policy, asked) as history:
        counted = history if policy.facts.limits else None
        run = policy.run(source, RunOptions(**options, history=counted, keeps=False, most=MOST_PEOPLE))
        steps = [step.decisions for step in run]
    report = policy.report(run, 0.0)
    return {
        "sample": source.name,
        "now": report.now,
        **figures(policy, report, steps, Path(asked["policy"]).parent, not isinstance(history, MemoryStore)),
    }


def _sample(asked: Part) -> Path:
    """The file of profiles for match rates, or that which `nba run` reads."""
    folder, settings = settings_of(asked["policy"])
    name = settings.get("sample") or settings.get("profiles")
    if not isinstance(name, str):
        raise Unknown(NO_SAMPLE)
    if not (folder / name).exists():
        raise Unknown(f"{name} is not there, which nba.toml names for customers")
    return folder / name


def _history(policy: Policy, asked: Part) -> Store:
    """What was decided before, if the settings say where that is kept; else nobody was contacted before."""
    folder, settings = settings_of(asked["policy"])
    where = settings.get("history")
    if not isinstance(where, str):
        return MemoryStore()
    address = where if "://" in where else str(folder / where)
    return open_history(address, create=False, program=policy.program) if is_there(address) else MemoryStore()


def _options(policy: Policy, asked: Part) -> Part:
    return {
        "now": None if asked["now"] is None else datetime.fromisoformat(asked["now"]),
        "seed": asked["seed"],
        "context": typed(asked["context"], policy.facts.context),
        "parameters": typed(asked["parameters"], tuple(p.input for p in policy.facts.parameters)),
    }


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(5)
    # What libraries print must not come between our lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)

        def write(part: Part, id: int = asked["id"]) -> None:
            out.write(json.dumps({**part, "id": id}) + "\n")
            out.flush()

        with telling(lambda said: write({"what": "note", "text": said})):
            for part in _all(asked):
                write(part)


def _all(asked: Part) -> Iterator[Part]:
    try:
        yield from answer(asked)
    except Exception as error:
        yield {"what": "mistakes", "errors": 0, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
    yield {"what": "done"}


if __name__ == "__main__":
    main()
