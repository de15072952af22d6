"""What a policy promises, and tries out: guarantees and tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nbadsl.difference.change import LOOSENED, RENAMED, TIGHTENED, Change, change
from nbadsl.difference.limits import kind, length
from nbadsl.difference.shape import shape
from nbadsl.difference.sides import Sides, effect_of, either, matched
from nbadsl.ide.plain import in_words
from nbadsl.syntax import nodes


def promises(sides: Sides) -> Iterator[Change]:
    """What differs between the guarantees and tests of two policies."""
    yield from _guarantees(sides)
    yield from _at_most(sides)
    yield from _tests(sides)


def _guarantees(sides: Sides) -> Iterator[Change]:
    keys = (lambda g: g.title.text, lambda g: shape((g.never, g.scope, g.when)))
    for a, b in matched(sides.old.guarantees, sides.new.guarantees, keys):
        if a is None or b is None:
            one = either(a, b)
            text = f"{_promised(one)} when {in_words(one.when)}"
            yield change(_called("guarantee", one), "guarantee", text, a, b)
            continue
        subject = _called("guarantee", b)
        if a.title.text != b.title.text:
            yield change(subject, "name", f"was called “{a.title.text}”", a, b, kind=RENAMED)
        if (a.never, sides.named(a.scope.text)) != (b.never, b.scope.text):
            yield change(subject, "scope", f"{_promised(b)} instead of {_promised(a)}", a, b)
        for found in sides.condition(subject, "guarantee", f"{_promised(b)} when", a.when, b.when):
            # A promise about fewer people is less of a promise.
            yield replace(found, effect={TIGHTENED: LOOSENED, LOOSENED: TIGHTENED}.get(found.effect, ""))


def _at_most(sides: Sides) -> Iterator[Change]:
    """Promises about limits. Fewer contacts, or a longer window, is more of a promise."""
    for a, b in matched(sides.old.at_most, sides.new.at_most, (lambda g: g.title.text,)):
        subject = _called("guarantee", either(a, b))
        if a is None or b is None:
            yield change(subject, "guarantee", _number(either(a, b)), a, b)
        elif shape(a) != shape(b):
            (more, less), count = length(a.window.length, b.window.length), b.count.value - a.count.value
            same = shape((a.scope, a.subject, kind(a.window))) == shape((b.scope, b.subject, kind(b.window)))
            effect = effect_of(more or count < 0, less or count > 0) if same else ""
            yield change(subject, "guarantee", f"{_number(b)} instead of {_number(a)}", a, b, effect)


def _number(promise: nodes.AtMost) -> str:
    return promise.count.span.to(promise.window.span).words


def _promised(guarantee: nodes.Guarantee) -> str:
    return f"{'never' if guarantee.never else 'some'} {guarantee.scope.text}"


def _called(kind: str, node: Any) -> str:
    return f"{kind} “{node.title.text}”"


def _tests(sides: Sides) -> Iterator[Change]:
    for a, b in matched(sides.old.tests, sides.new.tests, (lambda t: t.title.text, _test)):
        if a is None or b is None:
            one = either(a, b)
            yield change(_called("test", one), "test", _expects(one), a, b)
        elif a.title.text != b.title.text:
            yield change(_called("test", b), "name", f"was called “{a.title.text}”", a, b, kind=RENAMED)
        elif _test(a) != _test(b):
            text = (
                f"{_expects(b)} instead of {_expects(a)}"
                if _expects(a) != _expects(b)
                else "another customer"
            )
            yield change(_called("test", b), "test", text, a, b)


def _test(test: nodes.Test) -> object:
    """What a test says; the order in which values are given means nothing."""
    items = ((type(i), *sorted(map(repr, map(shape, i.entries)))) if isinstance(i, nodes.TestEntries) else shape(i)
             for i in test.items)  # fmt: skip
    expected = [i for i in test.items if isinstance(i, nodes.Expect)]
    return tuple(sorted(map(repr, items))), shape(tuple(expected))


def _expects(test: nodes.Test) -> str:
    found = [i.span.words for i in test.items if isinstance(i, nodes.Expect)]
    return "; ".join(found) or "a table of cases"
