"""How one person stands with the limits, rests and budgets of a policy, in words and as plain data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from nbadsl.history.standing import Standing
from nbadsl.program import chance
from nbadsl.program.limit_text import money_text, window_text
from nbadsl.program.limits import MICROS
from nbadsl.program.nodes import Program
from nbadsl.story.values import moment_of, not_before, place


@dataclass(frozen=True, slots=True)
class ToldLimit:
    """A limit, rest or budget. `name`: its words, `stage`: which of the three, `scope`: the block where it stands,
    `at`: its place. `subject`: the field by whose value it counts, None for everybody together. `window`: where it
    counts. `count`, `most`: contacts, or their cost in the currency; None where nothing can be counted. `room`: for how
    many more contacts, None without end. `last`, `free_again`: moments as ISO 8601, of the contact with which a rest
    began, and when there is room again; None where there is room, and where there never will be. `said`: all of it in
    words.
    """

    name: str
    stage: str
    scope: str
    at: str
    subject: str | None
    window: str
    count: float | None
    most: float | None
    room: int | None
    last: str | None
    free_again: str | None
    said: str


def told_limit(program: Program, standing: Standing) -> ToldLimit:
    limit = standing.limit
    return ToldLimit(
        name=f"{limit.stage} {limit.name}",
        stage=limit.stage,
        scope=limit.scope,
        at=place(limit.origin),
        subject=limit.subject,
        window=window_text(standing.window),
        count=_amount(standing, standing.count),
        most=_amount(standing, standing.most),
        room=standing.room,
        last=_iso(_moment(program, standing.last)),
        free_again=_iso(_moment(program, standing.free_again)),
        said=_said(program, standing),
    )


def _amount(standing: Standing, count: int | None) -> float | None:
    """Contacts, or money."""
    return count if count is None or standing.limit.each is None else count / MICROS


def limit_lines(limits: Sequence[ToldLimit], width: int) -> Iterator[str]:
    """The part of a story about all of them: each on one line where it fits."""
    heads = [f"    {limit.scope}: {limit.name}" for limit in limits]
    column = max((len(head) for head in heads if len(head) < width // 2), default=0) + 3
    for head, limit in zip(heads, limits, strict=True):
        if len(head) < column and len(limit.said) <= width - column:
            yield f"{head:<{column}}{limit.said}"
        else:
            yield from textwrap.wrap(head, width, subsequent_indent=" " * 8)
            yield from textwrap.wrap(limit.said, width, initial_indent=" " * 8, subsequent_indent=" " * 8)


def _said(program: Program, standing: Standing) -> str:
    limit = standing.limit
    if standing.count is None or standing.most is None:
        if limit.subject is not None and standing.value is None:
            return f"{limit.subject} is unknown, so it stops"
        return "a contact costs nothing" if standing.room is None else "what it reads is unknown, so it stops"
    last = _moment(program, standing.last)
    if last is not None:
        return f"last contact {last:%Y-%m-%d %H:%M}{_again(program, standing)}"
    if limit.each is None:
        many = f"{standing.count} of {standing.most}"
    else:
        spent, most = (money_text(each, program.currency) for each in (standing.count, standing.most))
        many = f"{spent} of {most}"
    return f"{many} {window_text(standing.window)}{_whose(program, standing)}{_again(program, standing)}"


def _whose(program: Program, standing: Standing) -> str:
    subject = standing.limit.subject
    if subject is None:
        return " for everybody"
    return "" if subject == program.key else f" for {subject} {chance.text_of(standing.value)}"


def _again(program: Program, standing: Standing) -> str:
    if standing.room is None or standing.room > 0:
        return ""
    free = _moment(program, standing.free_again)
    if free is not None:
        return f", free again {not_before(free)}"
    since = standing.limit.window.since
    return f", not again before {since} changes" if since is not None else ", never again"


def _moment(program: Program, time: int | None) -> datetime | None:
    return None if time is None else moment_of(time, program.timezone)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
