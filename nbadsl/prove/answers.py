"""What a proof comes to: plain data, which can go from one process to another."""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.source import Span

PROVED, REFUTED, UNKNOWN = "proved", "refuted", "unknown"
FAILED = "failed"  # the prover itself did


@dataclass(frozen=True, slots=True)
class Example:
    """A customer who refutes something, decided by the interpreter. `customer`, `context`: what is not plain, as
    `age: 17`; `moment`: of the decision; `history`: what happened before. `decided`: names of candidates, of each
    policy that was asked; `reason`: where there are none. `test`: a `test` block ("": it cannot be written as one),
    and whether it `fails` today."""

    customer: tuple[str, ...]
    moment: str
    history: tuple[str, ...]
    decided: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]
    test: str = ""
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """To one question. `kind`: `guarantee`, `same`, `implies`, or a kind of finding. `name`: of what was asked about.
    `said`: what was found, in a sentence; `why`: for a finding and for what is unknown."""

    kind: str
    name: str
    status: str
    said: str
    path: str = ""
    line: int = 0
    why: str = ""
    example: Example | None = None
    seconds: float = 0.0


def answer(
    kind: str,
    name: str,
    status: str,
    said: str,
    span: Span | None = None,
    why: str = "",
    example: Example | None = None,
) -> Answer:
    """An answer about something at a place."""
    path, line = ("", 0) if span is None else (span.source.path, span.line)
    return Answer(kind, name, status, said, path, line, why, example)
