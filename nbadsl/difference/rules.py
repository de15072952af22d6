"""Rules of a block: added, removed, tightened, loosened, or about something else now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.difference.change import LOOSENED, TIGHTENED, Change, change
from nbadsl.difference.direction import SAME, direction
from nbadsl.difference.sides import Sides, matched, names
from nbadsl.ide.plain import in_words
from nbadsl.lint.values import NO, UNKNOWN, YES, Answers
from nbadsl.program.nodes import EXCLUDE, Expr
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes


@dataclass(frozen=True, slots=True)
class _Read:
    """A rule, what it asks, and the names that it reads."""

    rule: nodes.Rule
    meaning: Expr
    passes: Answers
    reads: frozenset[str]

    @property
    def reason(self) -> str | None:
        return self.rule.because.text if self.rule.because else None


def rules(sides: Sides, subject: str, old: list[nodes.Rule], new: list[nodes.Rule]) -> Iterator[Change]:
    """What differs between the rules of a block."""
    before = [_read(r, sides.old, sides.meanings.old.read(r.when)) for r in old]
    after = [_read(r, sides.new, sides.meanings.new.read(r.when)) for r in new]
    keys = (
        lambda r: (r.rule.stage, r.meaning, r.passes),
        lambda r: (r.rule.stage, r.meaning),
        lambda r: (r.rule.stage, r.reason) if r.reason else None,
        lambda r: (r.rule.stage, r.reads),
        lambda r: r.meaning,
        lambda r: r.rule.stage,
    )
    for a, b in matched(before, after, keys):
        if (
            a is None
            or b is None
            or not (a.reads & b.reads or a.meaning is b.meaning or a.reason == b.reason)
        ):
            yield from _one_sided(subject, a, b)
        else:
            yield from _both(sides, subject, a, b)


def _read(rule: nodes.Rule, model: Model, meaning: Expr) -> _Read:
    unknown = UNKNOWN if rule.unknown is not None and rule.unknown.text in ("passes", "keeps") else 0
    passes = (NO if rule.stage == EXCLUDE else YES) | unknown
    return _Read(rule, meaning, passes, frozenset(names(model, rule.when)))


def _one_sided(subject: str, old: _Read | None, new: _Read | None) -> Iterator[Change]:
    if old is not None:
        yield change(subject, "rule", _whole(old), old.rule, None, LOOSENED)
    if new is not None:
        yield change(subject, "rule", _whole(new), None, new.rule, TIGHTENED)


def _whole(read: _Read) -> str:
    because = f" because “{read.reason}”" if read.reason else ""
    return f"{read.rule.stage} when {in_words(read.rule.when)}{because}"


def _both(sides: Sides, subject: str, a: _Read, b: _Read) -> Iterator[Change]:
    old, new = a.rule, b.rule
    if old.stage != new.stage:
        text = f"{new.stage} instead of {old.stage} when {in_words(new.when)}"
        yield change(subject, "rule", text, old, new)
        return
    # Two steps, one after the other: what becomes of the unknown, and then another condition.
    of_unknown = direction(sides.meanings.facts, (a.meaning, a.passes), (a.meaning, b.passes))
    yield from sides.condition(subject, "rule", f"{new.stage} when", old.when, new.when, b.passes)
    if of_unknown != SAME:
        told = f"what is not known {_unknown(new)} instead of {_unknown(old)}"
        text = f"{new.stage} when {in_words(new.when)}: {told}"
        yield change(subject, "rule", text, old, new, of_unknown)
    if a.reason != b.reason:
        words = f"{new.stage} when {in_words(new.when)}: the reason is {_said(b)} instead of {_said(a)}"
        yield change(subject, "reason", words, old, new)


def _unknown(rule: nodes.Rule) -> str:
    """What the rule does with a person of whom the answer is not known."""
    default = "excludes" if rule.stage == EXCLUDE else "does not pass"
    return rule.unknown.text if rule.unknown else default


def _said(read: _Read) -> str:
    return f"“{read.reason}”" if read.reason else "its condition"
