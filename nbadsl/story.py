"""The story of one person's decision, in words: every candidate, its fate, the rule and the values.

Takes what the interpreter's recorder noted; gives plain data that prints as text or becomes JSON. It never
evaluates anything itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nbadsl.interpreter.explain import Account, Reading, explain
from nbadsl.program.decision import Choice, Fate
from nbadsl.program.givens import shown
from nbadsl.program.nodes import Program, Value
from nbadsl.source import Span


@dataclass(frozen=True, slots=True)
class Told:
    """One candidate. `why`: the rule, score or condition that made its fate; `at`: where that stands.

    `values`: what was read for it, name and value as text; unknown ones read `unknown`.
    """

    candidate: str
    fate: str
    why: str
    at: str
    values: tuple[tuple[str, str], ...]
    blocked_by_unknown: bool
    tier: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Story:
    """The whole story; `str()` tells it."""

    policy: str
    id: str
    decision: str
    reason: str
    probability: float | None
    arms: tuple[tuple[str, str], ...]
    candidates: tuple[Told, ...]
    undefined: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"schema_version": 1, **asdict(self)}

    def __str__(self) -> str:
        return "\n".join(_lines(self)) + "\n"


def tell(program: Program, row: Mapping[str, Value], given: Mapping[str, Value], seed: int = 0) -> Story:
    """The story of one person. Takes what `interpreter.decide` takes."""
    found = explain(program, row, given, seed)
    decision = found.decision
    first = (decision.chosen or decision.held)[:1]
    names = [c.name for c in program.candidates]
    what = ", then ".join(_chosen(names, c) for c in decision.chosen) or "nothing"
    if decision.held:
        what += f" (it would have been {', then '.join(names[c.candidate] for c in decision.held)})"
    return Story(
        policy=program.name,
        id=found.id,
        decision=what,
        reason=decision.reason,
        probability=first[0].probability if first else None,
        arms=tuple((e.name, arm) for e, arm in zip(program.experiments, decision.arms, strict=True)),
        candidates=tuple(_told(program, account) for account in found.accounts),
        undefined=tuple(sorted(_place(o) for o in found.undefined)),
    )


def _chosen(names: list[str], choice: Choice) -> str:
    return names[choice.candidate]


def _told(program: Program, account: Account) -> Told:
    candidate, story = program.candidates[account.candidate], account.story
    why, at = _why(program, account)
    return Told(
        candidate=candidate.name,
        fate=str(story.fate),
        why=why,
        at=at,
        values=tuple(_reading(r) for r in account.readings),
        blocked_by_unknown=story.blocked_by_unknown,
        tier="" if story.tier is None else program.tiers[story.tier],
        score=story.score,
    )


def _why(program: Program, account: Account) -> tuple[str, str]:
    candidate, story = program.candidates[account.candidate], account.story
    if story.rule is not None:
        rule = candidate.rules[story.rule]
        verb = {"require": "requires", "eligible": "eligible when", "exclude": "excluded when"}[rule.stage]
        return f"{rule.scope} {verb}: {rule.reason}", _place(rule.origin) if rule.origin else ""
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


def _reading(reading: Reading) -> tuple[str, str]:
    leaf = reading.leaf
    name = leaf.experiment if hasattr(leaf, "experiment") else leaf.name
    return name, "unknown" if reading.value is None else shown(reading.value, leaf.type)


def _place(span: Span | None) -> str:
    return f"{span.source.path}:{span.line}" if span is not None else ""


def _lines(story: Story) -> list[str]:
    lines = [f"{story.decision}", f"  because: {story.reason}"]
    if story.probability is not None and story.probability != 1.0:
        lines.append(f"  probability: {story.probability:.4g}")
    lines += [f"  {experiment}: arm {arm}" for experiment, arm in story.arms]
    lines.append("")
    width = max((len(t.candidate) for t in story.candidates), default=0)
    for told in story.candidates:
        head = f"  {told.candidate:<{width}}  {told.fate:<10}  "
        details = [told.why] if told.why else []
        if told.score is not None:
            details.append(f"score {told.score:.6g}")
        if told.tier:
            details.append(f"tier: {told.tier}")
        lines.append((head + "  ·  ".join(details)).rstrip())
        indent = " " * (width + 16)
        if told.values:
            values = ", ".join(f"{name} = {value}" for name, value in told.values)
            lines.append(f"{indent}{values}{'  (blocked by unknown)' if told.blocked_by_unknown else ''}")
        if told.at:
            lines.append(f"{indent}at {told.at}")
    if story.undefined:
        lines += ["", "  undefined arithmetic:", *(f"    {u}" for u in story.undefined)]
    return lines



