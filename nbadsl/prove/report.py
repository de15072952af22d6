"""Answers for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from nbadsl.prove.answers import FAILED, PROVED, REFUTED, UNKNOWN, Answer, Example
from nbadsl.prove.idle import NEVER_REACHED, NEVER_STOPS, NEVER_WINS
from nbadsl.prove.tables import GAP, OVERLAP, UNREACHABLE

FINDINGS = {
    NEVER_WINS: "action",
    NEVER_STOPS: "rule",
    NEVER_REACHED: "line of priority",
    UNREACHABLE: "row",
    GAP: "table",
    OVERLAP: "row",
}
_WHY = {"time": "time was up; --seconds gives more", "judge": "no customer was found who does it in doubles"}


def is_finding(answer: Answer) -> bool:
    return answer.kind in FINDINGS


def code(answers: Iterable[Answer], allow_unknown: bool) -> int:
    """How a command ends: with 2 where the prover itself failed."""
    found = list(answers)
    if any(answer.status == FAILED for answer in found):
        return 2
    return int(any(_is_wrong(answer, allow_unknown) for answer in found))


def _is_wrong(answer: Answer, allow_unknown: bool) -> bool:
    """Whether an answer is a reason to end with 1."""
    if is_finding(answer):
        return answer.status == PROVED
    return answer.status == REFUTED or (answer.status == UNKNOWN and not allow_unknown)


def as_json(answers: Sequence[Answer]) -> str:
    """One object with a list of `answers`; a finding is `proved` when it is sure."""
    found = {"schema_version": 1, "numbers": "real", "answers": [asdict(answer) for answer in answers]}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def lines_of(answer: Answer) -> Iterator[str]:
    """One answer as text: what it is about, what was found, and the customer who shows it."""
    if answer.status == FAILED:
        yield f"{answer.status:8}{answer.name}: {answer.said}; unless memory ran out, please report this as a bug"
        return
    why = _WHY.get(answer.why, answer.why)
    if is_finding(answer):
        place = f"{answer.path}:{answer.line}: " if answer.path else ""
        yield f"{place}{FINDINGS[answer.kind]} `{answer.name}` {answer.said}{': ' + why if why else ''}"
    else:
        said = f"{answer.said}{': ' + why if why else ''}"
        yield f"{answer.status:8}{answer.name}: {said} ({answer.seconds:.2f} s)"
    if answer.example is not None:
        yield from (f"        {line}" for line in _example_lines(answer.example, answer))


def _example_lines(example: Example, answer: Answer) -> Iterator[str]:
    yield f"customer: {', '.join(example.customer) or 'any'}; at {example.moment}"
    if example.history:
        yield f"before:   {', '.join(example.history)}"
    names = ("decided:",) if len(example.decided) == 1 else ("first:", "second:")
    for name, decided, reason in zip(names, example.decided, example.reasons, strict=True):
        yield f"{name:9} {', '.join(decided) or 'nothing (' + reason + ')'}"
    if example.test:
        yield ""
        yield from example.test.splitlines()
        yield ""
    else:
        yield "no test can say this: it needs what tests cannot set"


def tests_of(answers: Iterable[Answer]) -> str:
    """The tests of all examples, as a file."""
    texts = [a.example.test for a in answers if a.example is not None and a.example.test]
    return "\n".join(texts)


def summary(answers: Sequence[Answer], seconds: float) -> str:
    counts = Counter(a.status for a in answers if not is_finding(a) or a.status == FAILED)
    findings = Counter(a.kind in (GAP, OVERLAP) for a in answers if is_finding(a) and a.status == PROVED)
    found, tables = findings[False], findings[True]
    parts = [f"{counts[status]} {status}" for status in (PROVED, REFUTED, UNKNOWN, FAILED) if counts[status]]
    parts += [f"{found} that never happen" if found != 1 else "1 that never happens"] if found else []
    parts += [f"{tables} gaps and overlaps in tables"] if tables else []
    return f"{', '.join(parts) or 'nothing to prove'} in {seconds:.1f} s, over real numbers"
