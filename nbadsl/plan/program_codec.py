"""A program as JSON values and back: what a saved plan carries so that its decisions can be explained.

Expressions are a list in which operands come before what they are operands of and are referred to by
their places, so a shared one stands once and no cycle can be written. Origins refer to a list of sources.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from nbadsl.plan.codec import Malformed, decode, encode
from nbadsl.program import nodes
from nbadsl.program.nodes import Expr, Program
from nbadsl.program.pool import Pool
from nbadsl.program.rewrites.rebuild import rebuild
from nbadsl.program.walk import postorder
from nbadsl.source import Source, Span
from nbadsl.types import Type, Words

_CLASSES: dict[str, Any] = {cls.__name__: cls for cls in nodes.Expr.__args__}


class _Writer:
    def __init__(self) -> None:
        self.expressions: list[Any] = []
        self.sources: list[Source] = []
        self._places: dict[Expr, int] = {}
        self._of_source: dict[Source, int] = {}

    def origin(self, span: Span | None) -> Any:
        if span is None:
            return None
        if span.source not in self._of_source:
            self._of_source[span.source] = len(self.sources)
            self.sources.append(span.source)
        return [self._of_source[span.source], span.start, span.end]

    def expression(self, expr: Expr | None) -> Any:
        if expr is None:
            return None
        for node in postorder([expr], self._places):
            self._places[node] = len(self.expressions)
            self.expressions.append(self._node(node))
        return self._places[expr]

    def _node(self, node: Expr) -> list[Any]:
        operands = [self._places[c] for c in nodes.children(node)]
        own: list[Any] = []
        match node:
            case nodes.Literal():
                own = [encode(node.type), node.value]
            case nodes.Column() | nodes.Given():
                own = [encode(node.type), node.name, node.unknown]
            case nodes.Arm():
                own = [encode(node.type), node.experiment]
            case nodes.Compare() | nodes.Match():
                own = [node.op]
            case nodes.Member():
                own = [list(node.values)]
            case nodes.Has():
                own = [node.op, list(node.words)]
            case nodes.Arithmetic() | nodes.Calendar():
                own = [node.op, encode(node.type)]
        return [type(node).__name__, operands, own, self.origin(node.origin)]


def encode_program(program: Program) -> Any:
    """JSON values of a program."""
    writer = _Writer()
    candidates = [
        [
            [c.action, c.channel, c.content, c.slot, list(c.groups), c.title],
            writer.expression(c.active),
            [
                [
                    r.stage,
                    writer.expression(r.when),
                    r.unknown_passes,
                    r.reason,
                    r.scope,
                    r.room,
                    writer.origin(r.origin),
                ]
                for r in c.rules
            ],
            writer.expression(c.send_at),
            [[t.rank, writer.expression(t.when)] for t in c.tiers],
            writer.expression(c.score),
            [[f.name, writer.expression(f.score)] for f in c.factors],
        ]
        for c in program.candidates
    ]
    arbitration = program.arbitration
    return {
        "head": [encode(getattr(program, name)) for name in PLAIN],
        "candidates": candidates,
        "arbitration": [
            writer.expression(arbitration.threshold),
            arbitration.pick,
            encode(arbitration.most),
            arbitration.fallback,
        ],
        "holdouts": [[h.name, h.share, h.by, h.seed, writer.expression(h.active)] for h in program.holdouts],
        "guarantees": [
            [g.name, g.never, list(g.among), writer.expression(g.when), writer.origin(g.origin)]
            for g in program.guarantees
        ],
        "limits": [
            [
                [encode(getattr(limit, name)) for name in PLAIN_LIMIT],
                writer.expression(limit.most),
                writer.expression(limit.each),
                writer.origin(limit.origin),
            ]
            for limit in program.limits
        ],
        "at_most": [
            [p.name, p.count, list(p.among), p.subject, encode(p.window), writer.origin(p.origin)]
            for p in program.at_most
        ],
        "expressions": writer.expressions,
        "sources": [[s.path, s.text] for s in writer.sources],
    }


# Parts of a program without expressions.
PLAIN = (
    *("name", "title", "owner", "timezone", "currency", "week_start", "profile", "key", "inputs"),
    *("context", "parameters", "tiers", "experiments", "explore", "former"),
)


class _Reader:
    def __init__(self, value: Any) -> None:
        self.sources = [Source(_text(path), _text(text)) for path, text in value["sources"]]
        self.pool = Pool()
        self.expressions: list[Expr] = []
        for entry in value["expressions"]:
            self.expressions.append(self._node(*entry))

    def origin(self, value: Any) -> Span | None:
        if value is None:
            return None
        source, start, end = value
        found = self.sources[_index(source, len(self.sources))]
        size = len(found.text) + 1
        return Span(found, _index(start, size), _index(end, size))

    def expression(self, value: Any) -> Expr | None:
        return None if value is None else self.expressions[_index(value, len(self.expressions))]

    def needed(self, value: Any) -> Expr:
        return self.expressions[_index(value, len(self.expressions))]

    def _node(self, name: Any, operands: Any, own: Any, origin: Any) -> Expr:
        cls, at, pool = _CLASSES[name], self.origin(origin), self.pool
        parts = [self.needed(operand) for operand in operands]
        if cls is nodes.Literal:
            return pool.literal(own[1], decode_type(own[0]), at)
        if cls is nodes.Column:
            return pool.column(_text(own[1]), decode_type(own[0]), own[2] is True, at)
        if cls is nodes.Given:
            return pool.given(_text(own[1]), decode_type(own[0]), own[2] is True, at)
        if cls is nodes.Arm:
            type = decode_type(own[0])
            if not isinstance(type, Words):
                raise Malformed("an arm is a word")
            return pool.arm(_text(own[1]), type, at)
        return rebuild(pool, self._example(cls, parts, own, at), parts)

    def _example(self, cls: Any, parts: list[Expr], own: Any, at: Span | None) -> Expr:
        """A node that has the operation's own parts; `rebuild` makes the real one of it."""
        fields: dict[str, Any] = {f.name: None for f in dataclasses.fields(cls)}
        if len(parts) != _ARITY.get(cls, len(parts)):
            raise Malformed(f"{cls.__name__} of {len(parts)}")
        if cls in (nodes.Compare, nodes.Match):
            fields["op"] = own[0]
        elif cls is nodes.Member:
            fields["values"] = tuple(map(_text, own[0]))
        elif cls is nodes.Has:
            fields["op"], fields["words"] = own[0], tuple(map(_text, own[1]))
        elif cls in (nodes.Arithmetic, nodes.Calendar):
            fields["op"], fields["type"] = own[0], decode_type(own[1])
            arity = (nodes.ARITHMETIC | nodes.CALENDAR).get(own[0])
            if arity != len(parts):
                raise Malformed(f"{own[0]} of {len(parts)}")
        made: Expr = cls(**(fields | {"origin": at}))
        return made


_ARITY: dict[Any, int] = {
    nodes.Not: 1,
    nodes.And: 2,
    nodes.Or: 2,
    nodes.Compare: 2,
    nodes.Same: 2,
    nodes.Member: 1,
    nodes.Match: 2,
    nodes.Has: 1,
    nodes.If: 3,
    nodes.OrElse: 2,
    nodes.IsKnown: 1,
}


def decode_program(value: Any) -> Program:
    """A program from what `encode_program` gave. Raises Malformed."""
    try:
        return _program(value)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Malformed(f"the program within is damaged: {error}") from error


def _program(value: Any) -> Program:
    reader = _Reader(value)
    head = decode(_Head, value["head"])
    threshold, pick, most, fallback = value["arbitration"]
    return Program(
        **{name: getattr(head, name) for name in PLAIN},
        candidates=tuple(_candidate(reader, *entry) for entry in value["candidates"]),
        arbitration=nodes.Arbitration(
            reader.expression(threshold), pick, decode(_Limits, [most]).most, fallback
        ),
        holdouts=tuple(
            nodes.Holdout(name, share, by, seed, reader.expression(active))
            for name, share, by, seed, active in value["holdouts"]
        ),
        guarantees=tuple(
            nodes.Guarantee(name, never, tuple(among), reader.needed(when), reader.origin(origin))
            for name, never, among, when, origin in value["guarantees"]
        ),
        limits=tuple(_limit(reader, *entry) for entry in value["limits"]),
        at_most=tuple(
            nodes.AtMost(
                name, count, tuple(among), subject, decode(nodes.Window, window), reader.origin(origin)
            )
            for name, count, among, subject, window, origin in value["at_most"]
        ),
    )


def _limit(reader: _Reader, plain: Any, most: Any, each: Any, origin: Any) -> nodes.Limit:
    head = decode(_LimitHead, plain)
    return nodes.Limit(
        **{name: getattr(head, name) for name in PLAIN_LIMIT},
        most=reader.expression(most),
        each=reader.expression(each),
        origin=reader.origin(origin),
    )


def _candidate(
    reader: _Reader, names: Any, active: Any, rules: Any, send_at: Any, tiers: Any, score: Any, factors: Any
) -> nodes.Candidate:
    action, channel, content, slot, groups, title = names
    return nodes.Candidate(
        action,
        channel,
        content,
        slot,
        tuple(groups),
        reader.expression(active),
        tuple(
            nodes.Rule(stage, reader.needed(when), passes, reason, scope, room, reader.origin(origin))
            for stage, when, passes, reason, scope, room, origin in rules
        ),
        reader.expression(send_at),
        tuple(nodes.Tier(rank, reader.expression(when)) for rank, when in tiers),
        reader.expression(score),
        title,
        tuple(nodes.Factor(_text(name), reader.needed(without)) for name, without in factors),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Head:
    """The parts of a program without expressions, in the order of `PLAIN`."""

    name: str
    title: str
    owner: str
    timezone: str
    currency: str
    week_start: int
    profile: str
    key: str
    inputs: tuple[nodes.Input, ...]
    context: tuple[nodes.Input, ...]
    parameters: tuple[nodes.Parameter, ...]
    tiers: tuple[str, ...]
    experiments: tuple[nodes.Experiment, ...]
    explore: nodes.Explore | None
    former: tuple[nodes.Former, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _LimitHead:
    """The parts of a limit without expressions, in the order of `PLAIN_LIMIT`."""

    stage: str
    name: str
    scope: str
    room: str
    contacts: nodes.Contacts
    window: nodes.Window
    subject: str | None
    unknown_passes: bool
    pause: nodes.Pause | None
    binds: tuple[int, ...]
    takes: tuple[int, ...]


PLAIN_LIMIT = tuple(field.name for field in dataclasses.fields(_LimitHead))


@dataclasses.dataclass(frozen=True, slots=True)
class _Limits:
    most: tuple[nodes.Most, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Typed:
    type: Type


def decode_type(value: Any) -> Type:
    return decode(_Typed, [value]).type


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{value!r:.40} is no text")
    return value


def _index(value: Any, size: int) -> int:
    if type(value) is not int or not 0 <= value < size:
        raise Malformed(f"{value!r:.40} is no place among {size}")
    return value
