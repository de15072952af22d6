"""The whole story of one person's decision: every candidate, its fate, the rule and the values; and the limits.

Takes what the interpreter's recorder noted; gives plain data that prints as text or becomes JSON. It never
evaluates anything itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from nbadsl.history.standing import Standing
from nbadsl.interpreter.explain import Account, explain
from nbadsl.program.decision import Fate
from nbadsl.program.nodes import Program, Value
from nbadsl.story.factors import Factors
from nbadsl.story.limits import ToldLimit, limit_lines, told_limit
from nbadsl.story.lines import SAID, WIDTH, paragraph, values_text
from nbadsl.story.values import is_room, place, reading_text, rule_text
from nbadsl.story.why_not import WhyNot


@dataclass(frozen=True, slots=True)
class Told:
    """One candidate. `why`: the rule, score or condition that made its fate; `at`: where that stands.

    `values`: what was read for it, name and value as text; unknown ones read `unknown`. `limit`: the limit, rest or
    budget that stopped it.
    """

    candidate: str
    fate: str
    why: str
    at: str
    values: tuple[tuple[str, str], ...]
    blocked_by_unknown: bool
    tier: str
    score: float | None
    action: str
    tier_rank: int | None
    limit: ToldLimit | None = None

    @property
    def said(self) -> str:
        """The fate, as the text says it."""
        return SAID[self.fate]


@dataclass(frozen=True, slots=True)
class Story:
    """The whole story; `str()` tells it. `limits`: those that are for this person, also where they stop nothing.
    `why_not`, `factors`: where somebody asks."""

    policy: str
    id: str
    decision: str
    reason: str
    probability: float | None
    arms: tuple[tuple[str, str], ...]
    candidates: tuple[Told, ...]
    limits: tuple[ToldLimit, ...]
    undefined: tuple[str, ...]
    why_not: WhyNot | None = None
    factors: Factors | None = None

    @property
    def best_first(self) -> list[Told]:
        """The candidates in the order of the text."""
        return sorted(self.candidates, key=_place_in_text)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"schema_version": 1, **asdict(self)}

    def __str__(self) -> str:
        return "\n".join(_lines(self)) + "\n"


def tell(
    program: Program,
    row: Mapping[str, Value],
    given: Mapping[str, Value],
    seed: int = 0,
    standings: Sequence[Standing] = (),
) -> Story:
    """The story of one person. Takes what `interpreter.decide` takes, and how the person stands with limits."""
    found = explain(program, row, given, seed)
    decision = found.decision
    first = (decision.chosen or decision.held)[:1]
    limits = {each.limit.room: told_limit(program, each) for each in standings}
    names = [c.name for c in program.candidates]
    what = ", then ".join(names[c.candidate] for c in decision.chosen) or "nothing"
    if decision.held:
        what += f" (it would have been {', then '.join(names[c.candidate] for c in decision.held)})"
    return Story(
        policy=program.name,
        id=found.id,
        decision=what,
        reason=decision.reason,
        probability=first[0].probability if first else None,
        arms=tuple((e.name, arm) for e, arm in zip(program.experiments, decision.arms, strict=True)),
        candidates=tuple(_told(program, account, limits) for account in found.accounts),
        limits=tuple(limits.values()),
        undefined=tuple(sorted(place(o) for o in found.undefined)),
    )


def _told(program: Program, account: Account, limits: Mapping[str, ToldLimit]) -> Told:
    candidate, story = program.candidates[account.candidate], account.story
    why, at = _why(program, account)
    return Told(
        candidate=candidate.name,
        fate=str(story.fate),
        why=why,
        at=at,
        values=tuple(reading_text(program, r) for r in account.readings if not is_room(program, r)),
        blocked_by_unknown=story.blocked_by_unknown,
        tier="" if story.tier is None or len(program.tiers) < 2 else program.tiers[story.tier],
        score=story.score,
        action=candidate.action,
        tier_rank=None if story.tier is None else story.tier + 1,
        limit=_stopping(program, account, limits),
    )


def _stopping(program: Program, account: Account, limits: Mapping[str, ToldLimit]) -> ToldLimit | None:
    """The limit that stopped a candidate."""
    story = account.story
    rule = None if story.rule is None else program.candidates[account.candidate].rules[story.rule]
    limit = None if rule is None else limits.get(rule.room)
    if limit is None or limit.room is None or limit.room < 1:
        return limit
    return replace(limit, said=f"{limit.said}; what is chosen takes the rest of it")


def _why(program: Program, account: Account) -> tuple[str, str]:
    candidate, story = program.candidates[account.candidate], account.story
    if story.rule is not None:
        rule = candidate.rules[story.rule]
        return rule_text(rule), place(rule.origin)
    match story.fate:
        case Fate.INACTIVE:
            return "not in its dates", ""
        case Fate.QUIET:
            return "no moment to send it", ""
        case Fate.NO_SCORE:
            return "its score is unknown", ""
        case Fate.THRESHOLD:
            return "its score is below the threshold", ""
        case Fate.OUTRANKED if candidate.score is None:
            return "the fallback was not needed", ""
        case Fate.OUTRANKED:
            return "another one ranks higher", ""
        case _:
            return "", ""


def _lines(story: Story) -> list[str]:
    lines = [f"{story.decision}", f"  because: {story.reason}"]
    if story.probability is not None and story.probability != 1.0:
        lines.append(f"  probability: {story.probability:.4g}")
    lines += [f"  {experiment}: arm {arm}" for experiment, arm in story.arms]
    if story.why_not is None:  # who asks for one action is told of that alone
        lines += _fates(story)
    if story.undefined:
        lines += ["", "  undefined arithmetic:", *(f"    {u}" for u in story.undefined)]
    if story.factors is not None:
        lines += ["", *story.factors.lines()]
    if story.why_not is not None:
        lines += ["", *story.why_not.lines()]
    return lines


def _fates(story: Story) -> list[str]:
    lines = [""]
    for _, alike in groupby(
        story.best_first, key=lambda t: (t.action, t.fate, t.why, t.at, t.values, t.score, t.limit)
    ):
        lines += _paragraph(list(alike))
    if story.limits:
        lines += ["", "  limits:", *limit_lines(story.limits, WIDTH)]
    return lines


def _place_in_text(told: Told) -> tuple[int, int, float]:
    """Fates as `SAID` has them; within one, as candidates are ranked."""
    score = -math.inf if told.score is None else told.score
    return list(SAID).index(told.fate), told.tier_rank or 0, -score


def _paragraph(alike: list[Told]) -> list[str]:
    """Candidates of one action with one story, which is told once."""
    told = alike[0]
    names = [told.candidate, *(t.candidate.removeprefix(f"{t.action} ") for t in alike[1:])]
    details = [f"score {told.score:.6g}"] if told.score is not None else []
    details += [f"tier: {told.tier}"] if told.tier else []
    if told.fate in ("chosen", "outranked", "threshold"):
        texts = ["  ·  ".join([", ".join(names), *details])]
    else:
        texts = [", ".join(names), f"{told.why} ({told.at})" if told.at else told.why]
    if told.limit is not None:
        texts.append(told.limit.said)
    texts.append(values_text(told.values, told.blocked_by_unknown))
    return paragraph(told.said, texts)
