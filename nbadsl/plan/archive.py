"""The program as plain data: what `explain` needs of a compiled policy.

Expressions are a list in which each comes after its operands and names them by number. Spans are (source, start,
end); the sources' texts are kept, so that an explanation can quote them.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

from nbadsl.plan.codec import BadArtefact, decode_type, decode_value, encode, encode_type, reader
from nbadsl.program import nodes
from nbadsl.program.nodes import Expr, Program
from nbadsl.source import Source, Span

_CLASSES: tuple[type, ...] = Expr.__args__  # type: ignore[attr-defined]
_CODES = {cls: code for code, cls in enumerate(_CLASSES)}
_HINTS = {cls: get_type_hints(cls) for cls in _CLASSES}


def pack(program: Program) -> dict[str, Any]:
    """A program as what JSON can hold."""
    return _Packer().program(program)


class _Packer:
    def __init__(self) -> None:
        self.sources: dict[int, int] = {}
        self.texts: list[list[str]] = []
        self.numbers: dict[int, int] = {}
        self.nodes: list[list[Any]] = []

    def program(self, program: Program) -> dict[str, Any]:
        parts = {f.name: self.value(getattr(program, f.name)) for f in fields(program)}
        return {"parts": parts, "nodes": self.nodes, "sources": self.texts}

    def value(self, value: Any) -> Any:
        """Like `codec.encode`, with expressions by number and spans by source."""
        if isinstance(value, Expr):
            return self.expr(value)
        if isinstance(value, Span):
            return self.span(value)
        if isinstance(value, tuple):
            return [self.value(v) for v in value]
        if type(value).__module__ in (nodes.__name__, "nbadsl.inputs"):
            return [self.value(getattr(value, f.name)) for f in fields(value)]
        return encode(value)

    def span(self, span: Span) -> list[int]:
        source = self.sources.get(id(span.source))
        if source is None:
            source = self.sources[id(span.source)] = len(self.texts)
            self.texts.append([span.source.path, span.source.text])
        return [source, span.start, span.end]

    def expr(self, root: Expr) -> int:
        stack = [root]
        while stack:
            expr = stack[-1]
            missing = [c for c in nodes.children(expr) if id(c) not in self.numbers]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            if id(expr) not in self.numbers:
                self.numbers[id(expr)] = len(self.nodes)
                self.nodes.append(self.node(expr))
        return self.numbers[id(root)]

    def node(self, expr: Expr) -> list[Any]:
        parts: list[Any] = [_CODES[type(expr)]]
        for field in fields(expr):
            part = getattr(expr, field.name)
            if field.name == "type":
                parts.append(encode_type(part))
            elif isinstance(part, Expr):
                parts.append(self.numbers[id(part)])
            elif isinstance(part, tuple) and part and isinstance(part[0], Expr):
                parts.append([self.numbers[id(p)] for p in part])
            else:
                parts.append(self.span(part) if isinstance(part, Span) else encode(part))
        return parts


def unpack(data: Any) -> Program:
    """The program of packed data. Raises BadArtefact when it is not one."""
    try:
        return _Unpacker(data).program(data["parts"])
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadArtefact("the program inside is not a program") from error


class _Unpacker:
    def __init__(self, data: Any) -> None:
        self.sources = [Source(path, text) for path, text in data["sources"]]
        self.nodes: list[Expr] = []
        for parts in data["nodes"]:
            self.nodes.append(self.node(parts))

    def program(self, parts: Any) -> Program:
        hints = get_type_hints(Program)
        return Program(**{f.name: self.value(hints[f.name], parts[f.name]) for f in fields(Program)})

    def at(self, number: Any) -> Expr:
        """An expression made before: so there are no cycles."""
        if type(number) is not int or not 0 <= number < len(self.nodes):
            raise BadArtefact("an expression that is not there")
        return self.nodes[number]

    def node(self, parts: Any) -> Expr:
        cls: Any = _CLASSES[parts[0]] if type(parts[0]) is int and parts[0] >= 0 else None
        hints = _HINTS[cls]
        values = [self.value(hints[f.name], p) for f, p in zip(fields(cls), parts[1:], strict=True)]
        made: Expr = cls(*values)
        return made

    def value(self, hint: Any, part: Any) -> Any:
        text = str(hint)
        if hint == Expr:
            return self.at(part)
        if hint == Expr | None:
            return None if part is None else self.at(part)
        if hint == Span | None:
            return self.span(part)
        if hint == bool | float | str:
            return decode_value(part)
        if "nbadsl.program" in text and hasattr(hint, "__args__") and hint.__args__[-1] is Ellipsis:
            return tuple([self.value(hint.__args__[0], p) for p in part])
        if getattr(hint, "__module__", "") == nodes.__name__:
            hints = get_type_hints(hint)
            return hint(*[self.value(hints[f.name], p) for f, p in zip(fields(hint), part, strict=True)])
        if "nbadsl.program.nodes.Explore" in text:
            return None if part is None else self.value(nodes.Explore, part)
        if text.endswith("types.Words'>"):
            return decode_type(part)
        return reader(hint)(part)

    def span(self, part: Any) -> Span | None:
        if part is None:
            return None
        source, start, end = part
        if not all(type(p) is int and p >= 0 for p in part):
            raise BadArtefact("a place that is not there")
        return Span(self.sources[source], start, end)
