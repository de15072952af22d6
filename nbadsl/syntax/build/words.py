"""What every rule of the grammar needs to become a node: its parts, spans, names, texts and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from lark import Token, Transformer

from nbadsl.source import Source, Span
from nbadsl.syntax import nodes
from nbadsl.types import EXACT, HOUR, MINUTE
from nbadsl.zone import EPOCH_DAY

Parts = list[Any]

_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mistake inside a token, found while building: kind of finding, span and the blanks of its message."""

    kind: str
    span: Span
    values: dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A clause on its way into the node around it: its name, its value, its span."""

    name: str
    value: Any
    span: Span


def _start(part: Any) -> int:
    """Tokens of a parser that was asked for places have one."""
    start = part.start_pos if isinstance(part, Token) else part.span.start
    assert isinstance(start, int)
    return start


def _end(part: Any) -> int:
    end = part.end_pos if isinstance(part, Token) else part.span.end
    assert isinstance(end, int)
    return end


def first(parts: Parts, cls: Any) -> Any:
    return next((p for p in parts if isinstance(p, cls)), None)


def all_of(parts: Parts, cls: Any) -> tuple[Any, ...]:
    return tuple(p for p in parts if isinstance(p, cls))


def exprs(parts: Parts) -> tuple[Any, ...]:
    return tuple(p for p in parts if isinstance(p, nodes.Expr))


def part_of(parts: Parts, name: str) -> Any:
    return next((p.value for p in parts if isinstance(p, Part) and p.name == name), None)


class Words(Transformer):  # type: ignore[type-arg]
    """What every rule needs: spans, names, texts. `source` and `wrong` are set before each parse."""

    source: Source
    wrong: list[Wrong]

    def span(self, parts: Parts) -> Span:
        return Span(self.source, _start(parts[0]), _end(parts[-1]))

    def token_span(self, token: Token) -> Span:
        return Span(self.source, token.start_pos or 0, token.end_pos or 0)

    def name_of(self, token: Token) -> nodes.Name:
        return nodes.Name(str(token), self.token_span(token))

    def names_of(self, parts: Parts) -> tuple[nodes.Name, ...]:
        return tuple(self.name_of(p) for p in parts if isinstance(p, Token) and p.type == "NAME")

    def words_of(self, parts: Parts) -> tuple[nodes.Name, ...]:
        """Words of a list: those that are no names stand in quotation marks."""
        tokens = [p for p in parts if isinstance(p, Token) and p.type in ("NAME", "STRING")]
        read = (self.string_of(t).text if t.type == "STRING" else str(t) for t in tokens)
        return tuple(nodes.Name(word, self.token_span(t)) for word, t in zip(read, tokens, strict=True))

    def string_of(self, token: Token) -> nodes.String:
        text, i, out = str(token)[1:-1], 0, []
        while i < len(text):
            pair = text[i : i + 2]
            out.append(_ESCAPES.get(pair, pair) if pair[0] == "\\" else pair[0])
            i += 2 if pair[0] == "\\" else 1
        return nodes.String("".join(out), self.token_span(token))

    def strings_of(self, parts: Parts) -> tuple[nodes.String, ...]:
        return tuple(self.string_of(p) for p in parts if isinstance(p, Token) and p.type == "STRING")

    def string_in(self, parts: Parts) -> nodes.String | None:
        return next(iter(self.strings_of(parts)), None)

    def number_of(self, token: Token) -> nodes.Number:
        text = str(token).replace("_", "")
        percent = text.endswith("%")
        whole = "." not in text and not percent
        value = float(text.removesuffix("%"))
        if value > 1e300 or (whole and int(text) > EXACT):
            self.wrong.append(Wrong("wrong-number", self.token_span(token), {"found": str(token)}))
            value = 0.0
        # 20% must be the double nearest to 0.2, which 20 / 100 is and 20 * 0.01 is not.
        return nodes.Number(value / 100 if percent else value, whole, percent, self.token_span(token))

    def numbers_of(self, parts: Parts) -> tuple[nodes.Number, ...]:
        return tuple(
            self.number_of(p) for p in parts if isinstance(p, Token) and p.type in ("NUMBER", "PERCENT")
        )

    def clock_of(self, token: Token) -> nodes.ClockValue:
        hours, minutes = str(token).split(":")
        value = int(hours) * HOUR + int(minutes) * MINUTE
        if int(hours) > 23 or int(minutes) > 59:
            self.wrong.append(
                Wrong("wrong-date", self.token_span(token), {"found": token, "what": "time of day"})
            )
        return nodes.ClockValue(value, self.token_span(token))

    def day_of(self, text: str, token: Token) -> int:
        try:
            return (date.fromisoformat(text) - EPOCH_DAY).days
        except ValueError:
            self.wrong.append(Wrong("wrong-date", self.token_span(token), {"found": token, "what": "date"}))
            return 0


def keyed(kind: str):  # type: ignore[no-untyped-def]
    """A rule that gives a part with the name found in it."""

    def rule(self: Words, parts: Parts) -> Part:
        return Part(kind, self.names_of(parts)[-1], self.span(parts))

    return rule
