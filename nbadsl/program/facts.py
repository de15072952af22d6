"""What a policy's decisions are called: everything about a program but its expressions.

A plan carries these facts, so that a compiled policy can name what it decides, check its data and
report its funnel without the program, the checker or the parser.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.program.nodes import Experiment, Input, Parameter, Program, Rule


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule as reports name it. `path` and `line` are where it stands in the source ("" and 0: nowhere)."""

    stage: str
    reason: str
    scope: str
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
    unenforced: tuple[str, ...]


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
        unenforced=program.unenforced,
    )


def _rule(rule: Rule) -> RuleFacts:
    if rule.origin is None:
        return RuleFacts(rule.stage, rule.reason, rule.scope)
    return RuleFacts(rule.stage, rule.reason, rule.scope, rule.origin.source.path, rule.origin.line)
