"""Two policies side by side: what every comparison of a part of them asks.

`Sides` reads expressions of both in one pool, knows what is called otherwise now, and makes the change of an expression;
`matched` finds which things of two lists belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from nbadsl.difference.change import EFFECTS, LOOSENED, TIGHTENED, Change, by_way_of, change
from nbadsl.difference.direction import SAME, direction
from nbadsl.difference.meanings import Meanings
from nbadsl.difference.phrases import said
from nbadsl.difference.shape import everything, shape
from nbadsl.ide.plain import in_words
from nbadsl.lint.compare import at_least
from nbadsl.lint.values import YES, Answers
from nbadsl.program.nodes import Expr
from nbadsl.semantics.model import Model, Symbol
from nbadsl.syntax import nodes
from nbadsl.types import is_numeric

Thing = TypeVar("Thing")


@dataclass(slots=True)
class Sides:
    """Two models without errors. `renamed`: blocks that are called otherwise now, today's names by former ones; `former`:
    so of fields, which the old model has by today's names. `roots`: names of definitions, functions, tables, parameters
    and fields that differ."""

    old: Model
    new: Model
    meanings: Meanings
    renamed: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    roots: set[str] = field(default_factory=set)

    def named(self, name: str) -> str:
        """What a block of the old policy is called in the new one."""
        return self.renamed.get(name, name)

    def condition(
        self,
        subject: str,
        part: str,
        label: str,
        old: nodes.Expr,
        new: nodes.Expr,
        passes: Answers = YES,
    ) -> Iterator[Change]:
        """The change of a condition that lets people pass with some answers; none when the same people pass."""
        before, after = self.meanings.old.read(old), self.meanings.new.read(new)
        found = direction(self.meanings.facts, (before, passes), (after, passes))
        if found != SAME:
            yield self._changed(subject, part, label, old, new, found)

    def when(self, subject: str, part: str, name: str, old: Any, new: Any) -> Iterator[Change]:
        """The change of the condition `when` of two nodes; without one, a node always holds."""
        if old.when is not None and new.when is not None:
            yield from self.condition(subject, part, f"{name} when", old.when, new.when)
        elif new.when is not None:
            text = f"{name} when {in_words(new.when)}, instead of always"
            yield change(subject, part, text, old, new, TIGHTENED)
        elif old.when is not None:
            text = f"{name} always, instead of when {in_words(old.when)}"
            yield change(subject, part, text, old, new, LOOSENED)

    def number(
        self, subject: str, part: str, label: str, old: nodes.Expr, new: nodes.Expr
    ) -> Iterator[Change]:
        """The change of a number or any other value; none when it means the same. The words say whether it is higher."""
        before, after = self.meanings.old.read(old), self.meanings.new.read(new)
        if before is not after:
            found = self._changed(subject, part, label, old, new, "")
            yield replace(found, text=found.text + self._compared(before, after))

    def _compared(self, old: Expr, new: Expr) -> str:
        if not (is_numeric(old.type) and is_numeric(new.type)):
            return ""
        facts = self.meanings.facts.renewed()
        return " (higher)" if at_least(facts, new, old) else " (lower)" if at_least(facts, old, new) else ""

    def _changed(
        self, subject: str, part: str, label: str, old: nodes.Expr, new: nodes.Expr, effect: str
    ) -> Change:
        head = f"{label}: " if label else ""
        if shape(old) != shape(new):
            return change(subject, part, head + said(old, new), old, new, effect)
        return by_way_of(
            change(subject, part, head + in_words(new), old, new, effect), self.through(old, new)
        )

    def through(self, old: Any, new: Any) -> tuple[str, ...]:
        """What two nodes read that differs itself."""
        return tuple(sorted(self.roots & (names(self.old, old) | names(self.new, new))))

    def value(self, subject: str, part: str, old: Any, new: Any) -> Iterator[Change]:
        """The change of something that is said word for word, of which either may be missing."""
        if shape(old) != shape(new):
            words = [n.span.words for n in (new, old) if n is not None]
            yield change(subject, part, " instead of ".join(words), old, new)


def either(old: Thing | None, new: Thing | None) -> Thing:
    """The one that there is, the new one first."""
    one = old if new is None else new
    assert one is not None
    return one


def names(model: Model, node: Any) -> set[str]:
    """The named values that an expression reads, also through definitions, functions and tables."""
    found: set[str] = set()
    stack = [node]
    while stack:
        for inner in everything(stack.pop()):
            use = model.uses.get(inner.function if isinstance(inner, nodes.Call) else inner)
            if isinstance(use, Symbol) and use.name not in found:
                found.add(use.name)
                if use.kind in ("define", "function", "table"):
                    stack.append(use.node)
    return found


def matched(
    old: Sequence[Thing], new: Sequence[Thing], keys: Iterable[Callable[[Thing], Hashable]]
) -> list[tuple[Thing | None, Thing | None]]:
    """What belongs together: things with the same key, by the first key first; in the order of the new ones, then those
    that are gone. A key of None belongs to nothing."""
    before, after = list(range(len(old))), list(range(len(new)))
    partner: dict[int, int] = {}
    for key in keys:
        waiting: dict[Hashable, list[int]] = {}
        for i in before:
            waiting.setdefault(key(old[i]), []).append(i)
        for j in list(after):
            wanted = key(new[j])
            if wanted is not None and waiting.get(wanted):
                partner[j] = waiting[wanted].pop(0)
                before.remove(partner[j])
                after.remove(j)
    pairs: list[tuple[Thing | None, Thing | None]] = [
        (old[partner[j]] if j in partner else None, thing) for j, thing in enumerate(new)
    ]
    return pairs + [(old[i], None) for i in before]


def out_of_order(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Hashable]:
    """What must be moved so that the things in both lists stand in one order: as few as can be."""
    common = [n for n in new if n in old]
    places = [old.index(n) for n in common]
    best: list[list[int]] = []
    for place in places:
        longer = max((run for run in best if run[-1] < place), key=len, default=[])
        best.append([*longer, place])
    kept = max(best, key=len, default=[])
    return [n for n, place in zip(common, places, strict=True) if place not in kept]


def effect_of(fewer: bool, more: bool) -> str:
    """`tightened`, `loosened`, or "" where it is both or neither."""
    return "" if fewer == more else EFFECTS[0] if fewer else EFFECTS[1]
