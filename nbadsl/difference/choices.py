"""Priority, arbitration and chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, get_args

from nbadsl.difference.change import MOVED, Change, change
from nbadsl.difference.limits import Limit, limits
from nbadsl.difference.periods import period_change
from nbadsl.difference.shape import shape
from nbadsl.difference.sides import Sides, effect_of, either, matched, out_of_order
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes

_PICK_ONE = ("Pick", ("Number", 1), ())
Arbitrating = (nodes.Score, nodes.Threshold, nodes.Pick, nodes.Fallback)


def choices(sides: Sides) -> Iterator[Change]:
    """What differs in how one is chosen, outside of any block."""
    yield from _priority(sides)
    yield from _arbitration(sides)
    before, after = (
        [o.item for o in m.overall if isinstance(o.item, get_args(Limit))] for m in (sides.old, sides.new)
    )
    yield from limits(sides, "everything", before, after)
    yield from _holdouts(sides)
    yield from _experiments(sides)
    yield from _explore(sides)


# --- priority ---


def _priority(sides: Sides) -> Iterator[Change]:
    old, new = _lines(sides.old), _lines(sides.new)
    scope_of = {id(line): sides.named(_scope(line)) for line in old} | {
        id(line): _scope(line) for line in new
    }
    meaning = {id(line): side.read(line.when) if line.when is not None else None
               for side, lines in ((sides.meanings.old, old), (sides.meanings.new, new)) for line in lines}  # fmt: skip
    keys = (lambda x: (scope_of[id(x)], meaning[id(x)]), lambda x: scope_of[id(x)])
    pairs = matched(old, new, keys)
    for a, b in pairs:
        if a is None or b is None:
            one = either(a, b)
            yield change("priority", "line", f"line {one.span.words}", a, b)
        else:
            yield from sides.when("priority", "line", _scope(b), a, b)
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    before = sorted(both, key=lambda pair: old.index(pair[0]))
    for moved in out_of_order([id(b) for _, b in before], [id(b) for _, b in both]):
        a, b = next(pair for pair in both if id(pair[1]) == moved)
        text = f"{b.span.words} is {_place(new, b)} instead of {_place(old, a)}"
        yield change("priority", "line", text, a, b, kind=MOVED)


def _lines(model: Model) -> list[nodes.Line]:
    """The lines, without an `everything else` at their end, which is there anyway."""
    lines = list(model.priority.lines) if model.priority else []
    return lines[:-1] if lines and lines[-1].scope is None and lines[-1].when is None else lines


def _scope(line: nodes.Line) -> str:
    return line.scope.text if line.scope else "everything else"


def _place(lines: Sequence[nodes.Line], line: nodes.Line) -> str:
    """`below vip_care`, `first`."""
    at = lines.index(line)
    return f"below {_scope(lines[at - 1])}" if at else "first"


# --- arbitration ---


def _arbitration(sides: Sides) -> Iterator[Change]:
    old, new = _chosen(sides.old), _chosen(sides.new)
    for kind in Arbitrating:
        a, b = old.get(kind), new.get(kind)
        match a, b:
            case nodes.Score(), nodes.Score():
                yield from sides.number("arbitrate", "score", "score", a.value, b.value)
            case nodes.Threshold(), nodes.Threshold():
                yield from sides.number("arbitrate", "threshold", "nothing below", a.value, b.value)
            case nodes.Fallback(), nodes.Fallback():
                if sides.named(a.action.text) != b.action.text:
                    yield change("arbitrate", "fallback", f"{b.span.words} instead of {a.action.text}", a, b)
            case (None, one) | (one, None) if one is None or shape(one) == _PICK_ONE:
                pass  # which is what happens anyway
            case _:
                yield from sides.value("arbitrate", kind.__name__.lower(), a, b)


def _chosen(model: Model) -> dict[type, Any]:
    """What stands in `arbitrate`, by its kind."""
    return {type(c): c for c in (model.arbitrate.choices if model.arbitrate else ())}


# --- chance ---


def _holdouts(sides: Sides) -> Iterator[Change]:
    for a, b in matched(sides.old.holdouts, sides.new.holdouts, (lambda h: h.name.text,)):
        if a is None or b is None:
            one = either(a, b)
            yield change("holdout", "holdout", one.span.words, a, b)
            continue
        subject = f"holdout {b.name.text}"
        if a.share.value != b.share.value:
            effect = effect_of(b.share.value > a.share.value, b.share.value < a.share.value)
            text = f"{b.share.span.words} instead of {a.share.span.words} of the people get nothing"
            yield change(subject, "threshold", text, a, b, effect)
        yield from _drawn(subject, a, b)
        for found in period_change(sides, subject, "held out", a.period, b.period):
            yield replace(found, effect="")


def _drawn(subject: str, old: Any, new: Any) -> Iterator[Change]:
    """Another field or seed: other people."""
    before, after = (f"by {n.by.text} seed “{(n.seed or n.name).text}”" for n in (old, new))
    if before != after:
        yield change(subject, "seed", f"other people: {after} instead of {before}", old, new)


def _experiments(sides: Sides) -> Iterator[Change]:
    for a, b in matched(
        sides.old.of_kind("experiment"), sides.new.of_kind("experiment"), (lambda s: s.name,)
    ):
        if a is None or b is None:
            one = either(a, b)
            text = ", ".join(arm.span.words for arm in one.node.arms)
            yield change(f"experiment {one.name}", "experiment", text, a, b)
            continue
        subject = f"experiment {b.name}"
        yield from _drawn(subject, a.node, b.node)
        if shape(a.node.arms) != shape(b.node.arms):
            words = [", ".join(arm.span.words for arm in s.node.arms) for s in (a, b)]
            yield change(subject, "arms", f"{words[1]} instead of {words[0]}", a, b)


def _explore(sides: Sides) -> Iterator[Change]:
    old, new = sides.old.explore, sides.new.explore
    if old is None or new is None:
        yield from sides.value("explore", "explore", old, new)
        return
    shares = old.share.value == new.share.value
    among = (sides.named(old.among.text) if old.among else "") == (new.among.text if new.among else "")
    if not (shares and among):
        text = f"{new.span.words} instead of {old.span.words.partition(' ')[2]}"
        yield change("explore", "explore", text, old, new)
