"""What a run took of each limit, and what each limit changed: a part of the report.

Takes the facts of a plan, how limits stood before the run, and its counts; gives plain values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbadsl.history.standing import Before
from nbadsl.program.chance import text_of
from nbadsl.program.facts import Facts, LimitFacts
from nbadsl.program.limit_text import money_text, window_text
from nbadsl.program.limits import DECIDED, MICROS, counted_in
from nbadsl.program.nodes import REST


@dataclass(frozen=True, slots=True)
class Moved:
    """People who would first have been decided something else if every limit had room for everybody, and what they got
    instead: another action, the same one by another channel, content or slot, or nothing."""

    people: int
    other_action: int
    same_action: int
    nothing: int


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit, rest or budget in a run. `stage`: which of the three; `name`: its words; `scope`: the block where it
    stands; `path`, `line`: its place. `subject`: the field by whose value it counts, None for everybody together.
    `counts`: which outcome, in which `window`.

    `used`: the contacts that the run takes of it. `cost`: what they cost in the currency, of a budget. `before`,
    `most`: contacts, or their cost, counted before the run and at most; None where this is not one number for all
    people, and where nothing can be counted. `said`: all of this in words. `stopped`: people times candidates. `moved`:
    those for whose best candidate it was the first limit without room.
    """

    stage: str
    name: str
    scope: str
    path: str
    line: int
    subject: str | None
    counts: str
    window: str
    used: int
    cost: float | None
    before: float | None
    most: float | None
    said: str
    stopped: int
    moved: Moved


def limit_uses(
    facts: Facts,
    before: Sequence[Before],
    contacts: Sequence[int],
    stopped: Sequence[int],
    moved: Sequence[Sequence[int]],
) -> Iterator[LimitUse]:
    """`before`: of each limit. `contacts`: decided, by candidate. `stopped`: by rule, of all candidates one after the
    other. `moved`: [limits, 3], as `limited.moved` counts them."""
    rooms = [rule.room for candidate in facts.candidates for rule in candidate.rules]
    for limit, start, people in zip(facts.limits, before, moved, strict=True):
        used = sum(contacts[number] for number in limit.takes)
        yield LimitUse(
            stage=limit.stage,
            name=limit.name,
            scope=limit.scope,
            path=limit.path,
            line=limit.line,
            subject=limit.subject,
            counts=limit.contacts.outcome,
            window=window_text(counted_in(limit.window, limit.pause)),
            used=used,
            cost=None if start.each is None else used * start.each / MICROS,
            before=_amount(start.count, start),
            most=_amount(start.most, start),
            said=_said(facts, limit, start, used),
            stopped=sum(n for room, n in zip(rooms, stopped, strict=True) if room == limit.room),
            moved=Moved(sum(people), *people),
        )


def _amount(count: int | None, start: Before) -> float | None:
    """Contacts, or money."""
    return count if count is None or start.each is None else count / MICROS


def _said(facts: Facts, limit: LimitFacts, start: Before, used: int) -> str:
    if start.each == 0:
        return "a contact costs nothing"
    if start.most is None and limit.stage != REST:
        return "what it reads is unknown, so it stops"
    if start.count is None or start.most is None:
        many = f"{used:,} now"
    else:
        parts = (start.count, used * (start.each or 1), start.most)
        before, now, most = (f"{n:,}" if start.each is None else money_text(n, facts.currency) for n in parts)
        whose = "" if limit.subject is None else f" for {limit.subject} {text_of(start.value)}"
        many = f"{before} before + {now} now of {most} {window_text(limit.window)}{whose}"
    outcome = limit.contacts.outcome
    return many if outcome == DECIDED else f"{many}, as it counts {outcome}"
