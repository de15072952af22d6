"""Conditions: expressions that ask a yes-or-no question.

Each function takes the inference, one kind of expression and the local names, and gives its info.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbadsl.diagnostics import Edit, Fix
from nbadsl.semantics import operators
from nbadsl.semantics.fixes import word_advice
from nbadsl.semantics.mismatch import mismatch
from nbadsl.semantics.model import Info, Local, merge
from nbadsl.syntax import nodes
from nbadsl.types import CALENDAR_UNITS, DURATION, FLAG, TEXT, Anything, Date, Set, Time, Type

if TYPE_CHECKING:
    from nbadsl.semantics.infer import Inference


def junction(inference: Inference, expr: nodes.Binary, local: dict[str, Info]) -> Info:
    if id(expr) not in inference.chained:
        _judge_mixture(inference, expr)
    what = f"each side of `{expr.operator}`"
    left = inference.require(expr.left, FLAG, what, local)
    right = inference.require(expr.right, FLAG, what, local)
    return merge(FLAG, left, right)


def _judge_mixture(inference: Inference, expr: nodes.Binary) -> None:
    """`and` next to `or` without brackets: one finding for a whole chain, with one fix for all its parts."""
    mixed: list[nodes.Binary] = []
    stack: list[nodes.Expr] = [expr]
    while stack:
        side = stack.pop()
        if not isinstance(side, nodes.Binary) or side.operator not in ("and", "or"):
            continue
        inference.chained.add(id(side))
        if side.operator == expr.operator:
            stack += [side.left, side.right]
        else:
            mixed.insert(0, side)
            stack += [s for s in (side.left, side.right) if getattr(s, "operator", "") == side.operator]
    whole = [m for m in mixed if not any(m is not o and _inside(m, o) for o in mixed)]
    if whole:
        other = whole[0].operator
        edits = tuple(Edit(m.span, f"({m.span.text})") for m in whole)
        fix = Fix(f"put brackets around each `{other}` part", edits)
        help = f"write `({' '.join(whole[0].span.text.split())})` if that belongs together"
        inference.found.report("mixed-and-or", expr.span, help=help, fixes=(fix,))


def _inside(inner: nodes.Binary, outer: nodes.Binary) -> bool:
    return outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def equality(inference: Inference, expr: nodes.Binary, local: dict[str, Info]) -> Info:
    left, right = inference.two(expr.left, expr.right, local)
    if operators.result(expr.operator, left.type, right.type) is None:
        mismatch(inference, expr, left.type, right.type)
    return asked(left, right)


def asked(*parts: Info) -> Info:
    """The info of a comparison: what never happened compares with nothing, which is simply no."""
    settled = [replace(p, unknown=False, why="") if p.never else p for p in parts]
    return merge(FLAG, *settled)


def one_of(inference: Inference, expr: nodes.OneOf, local: dict[str, Info]) -> Info:
    subject = inference.infer(expr.subject, None, local)
    options = [inference.infer(o, subject.type, local) for o in expr.options]
    for option, info in zip(expr.options, options, strict=True):
        if operators.result("is", subject.type, info.type) is None:
            mismatch(inference, option, subject.type, info.type, "is one of")
    return asked(subject, *options)


def between(inference: Inference, expr: nodes.Between, local: dict[str, Info]) -> Info:
    subject = inference.infer(expr.subject, None, local)
    ends = [inference.infer(e, subject.type, local) for e in (expr.low, expr.high)]
    for end in ends:
        if operators.result("<", subject.type, end.type) is None:
            mismatch(inference, expr, subject.type, end.type, "is between")
            break
    return asked(subject, *ends)


def state(inference: Inference, expr: nodes.Is, local: dict[str, Info]) -> Info:
    subject = inference.infer(expr.subject, None, local)
    what = f"`{' '.join(expr.subject.span.text.split())}`"
    anything = isinstance(subject.type, Anything)
    if expr.state == "never" and not (subject.never or subject.asked_never or anything):
        help = "only a field that is declared `or never` can be asked"
        if subject.unknown:
            help += "; ask an optional one `is unknown`"
        inference.found.report("never-without-or-never", expr.span, what=what, help=help)
    of_function = isinstance(inference.model.uses.get(expr.subject), Local)
    if expr.state != "never" and subject.never and not anything and not of_function:
        negated = expr.negated == (expr.state == "unknown")
        right = f"{expr.subject.span.text} is {'not ' if negated else ''}never"
        fix = Fix(f"write `{right}`", (Edit(expr.span, right),))
        inference.found.report(
            "known-of-never", expr.span, what=what, state=expr.state, help="ask `is never`", fixes=(fix,)
        )
    info = merge(FLAG, subject)
    # Whether something unknown has never happened is not known either.
    open_question = expr.state == "never" and subject.asked_never and not subject.never
    return info if open_question else replace(info, unknown=False, why="")


def recency(inference: Inference, expr: nodes.Recency, local: dict[str, Info]) -> Info:
    subject = inference.infer(expr.subject, None, local)
    if isinstance(expr.length, nodes.Quantity) and expr.length.unit in CALENDAR_UNITS:
        inference.found.report(
            "not-a-value",
            expr.length.span,
            name=expr.length.span.text,
            what="a step of the calendar",
            help=_step_advice(expr, subject.type),
        )
        return merge(FLAG, subject)
    length = inference.require(expr.length, DURATION, f"the length after `{expr.relation}`", local)
    if not isinstance(subject.type, Date | Time | Anything):
        mismatch(inference, expr, subject.type, DURATION, expr.relation)
    info = merge(FLAG, subject, length)
    return replace(info, unknown=length.unknown, why=length.why) if subject.never else info


def _step_advice(expr: nodes.Recency, type: Type) -> str:
    """How to ask for months and years, which `within` and `ago` do not take."""
    differ = "months and years differ in length: write days"
    if not isinstance(type, Date):
        return differ
    subject, length = expr.subject.span.text, expr.length.span.text
    compared = {
        "within": f"{subject} >= today - {length}",
        "within next": f"{subject} <= today + {length}",
        "more than": f"{subject} < today - {length}",
    }
    return f"{differ}, or compare dates: `{compared[expr.relation]}`"


def has(inference: Inference, expr: nodes.Has, local: dict[str, Info]) -> Info:
    subject = inference.infer(expr.subject, None, local)
    if not isinstance(subject.type, Set):
        if not isinstance(subject.type, Anything):
            what = f"`{expr.subject.span.text}`"
            inference.found.report(
                "wrong-type",
                expr.subject.span,
                what=what,
                found=f"`{subject.type}`",
                expected="a set (`any of …`)",
            )
        return merge(FLAG, subject)
    for word in expr.words:
        if word.text not in subject.type.words:
            help, fixes = word_advice(word.span, word.text, subject.type.words)
            what = f"`{expr.subject.span.text}`"
            inference.found.report(
                "unknown-word", word.span, word=word.text, what=what, help=help, fixes=fixes
            )
    return merge(FLAG, subject)


def match(inference: Inference, expr: nodes.Binary, local: dict[str, Info]) -> Info:
    left = inference.require(expr.left, TEXT, f"what stands before `{expr.operator}`", local)
    right = inference.require(expr.right, TEXT, f"what follows `{expr.operator}`", local)
    if right.varies:
        inference.found.report(
            "not-constant", expr.right.span, what=f"what follows `{expr.operator}`", name=right.varies
        )
    return merge(FLAG, left, right)
