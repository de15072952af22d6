"""What a policy's decisions are called: everything about a program but its expressions.

A plan carries these facts, so that a compiled policy can name what it decides, check its data and
report its funnel without the program, the checker or the parser.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.program.limits import Contacts, Pause, Window
from nbadsl.program.nodes import Experiment, Input, Limit, Parameter, Program, Rule, room_input
from nbadsl.program.show import show_expr


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule as reports name it. `path` and `line` are where it stands in the source ("" and 0: nowhere)."""

    stage: str
    reason: str
    scope: str
    room: str = ""
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """As `nodes.Candidate`, without expressions."""

    action: str
    channel: str | None
    content: str | None
    slot: str | None
    groups: tuple[str, ...]
    title: str
    name: str
    rules: tuple[RuleFacts, ...]


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """As `nodes.Limit`. `most`, `each`: as text. `path` and `line` are where it stands in the source."""

    stage: str
    name: str
    scope: str
    room: str
    contacts: Contacts
    window: Window
    subject: str | None
    unknown_passes: bool
    most: str
    each: str
    pause: Pause | None
    binds: tuple[int, ...]
    takes: tuple[int, ...]
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """As `nodes.Program`, without expressions. `holdouts`: their names."""

    name: str
    title: str
    owner: str
    timezone: str
    currency: str
    week_start: int
    profile: str
    key: str
    inputs: tuple[Input, ...]
    context: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    candidates: tuple[CandidateFacts, ...]
    tiers: tuple[str, ...]
    pick: int
    holdouts: tuple[str, ...]
    experiments: tuple[Experiment, ...]
    limits: tuple[LimitFacts, ...]

    @property
    def rooms(self) -> tuple[Input, ...]:
        """What a decision reads beside the profile: the room that each limit leaves."""
        return tuple(room_input(limit.room) for limit in self.limits)


def facts_of(program: Program) -> Facts:
    """The facts of a program."""
    return Facts(
        name=program.name,
        title=program.title,
        owner=program.owner,
        timezone=program.timezone,
        currency=program.currency,
        week_start=program.week_start,
        profile=program.profile,
        key=program.key,
        inputs=program.inputs,
        context=program.context,
        parameters=program.parameters,
        candidates=tuple(
            CandidateFacts(
                c.action,
                c.channel,
                c.content,
                c.slot,
                c.groups,
                c.title,
                c.name,
                tuple(_rule(rule) for rule in c.rules),
            )
            for c in program.candidates
        ),
        tiers=program.tiers,
        pick=program.arbitration.pick,
        holdouts=tuple(h.name for h in program.holdouts),
        experiments=program.experiments,
        limits=tuple(_limit(limit) for limit in program.limits),
    )


def _limit(limit: Limit) -> LimitFacts:
    return LimitFacts(
        stage=limit.stage,
        name=limit.name,
        scope=limit.scope,
        room=limit.room,
        contacts=limit.contacts,
        window=limit.window,
        subject=limit.subject,
        unknown_passes=limit.unknown_passes,
        most="" if limit.most is None else show_expr(limit.most),
        each="" if limit.each is None else show_expr(limit.each),
        pause=limit.pause,
        binds=limit.binds,
        takes=limit.takes,
        path=limit.origin.source.path if limit.origin else "",
        line=limit.origin.line if limit.origin else 0,
    )


def _rule(rule: Rule) -> RuleFacts:
    if rule.origin is None:
        return RuleFacts(rule.stage, rule.reason, rule.scope, rule.room)
    return RuleFacts(
        rule.stage, rule.reason, rule.scope, rule.room, rule.origin.source.path, rule.origin.line
    )
