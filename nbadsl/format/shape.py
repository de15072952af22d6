"""What the tree says about the layout of a declaration.

Takes its tokens and its tree. Gives how many blanks stand before each token on a line, and which tokens begin a line
because the author chose so:

- what follows the `{` of a block, or the `(` of a list of arguments or parameters,
- the body of a `define` or `function`,
- `and`, `or`, `+`, `-`, `*`, `/`: where the first of a chain begins a line, all of them do,
- `then` and `else`.

Rows of a table begin a line because they must.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbadsl.format.tree import children
from nbadsl.format.words import Words
from nbadsl.syntax import nodes

# Operators that are broken together.
LEVEL = {"or": 1, "and": 2, "+": 3, "-": 3, "*": 4, "/": 4}

_NOT_BEFORE = frozenset(", ) ] : .. .".split())
_NOT_AFTER = frozenset("( [ .. .".split())


@dataclass(frozen=True, slots=True)
class Shape:
    """`gaps`: blanks before each token. `chosen`: tokens before which the line ends by choice of the author."""

    gaps: list[int]
    chosen: set[int]


def shape_of(tree: nodes.Declaration, words: Words) -> Shape:
    """The shape of a declaration that was parsed."""
    gaps, before = [], "("
    for text in words.text:
        gaps.append(0 if text in _NOT_BEFORE or before in _NOT_AFTER else 1)
        before = text
    shape, rows = Shape(gaps, set()), []
    todo: list[Any] = [tree]
    while todo:
        node = todo.pop()
        below = children(node)
        todo += below
        if isinstance(node, nodes.Expr):
            _note_expression(node, words, shape)
        elif isinstance(node, nodes.Row):
            rows.append(range(words.first[node.span.start], words.behind[node.span.end]))
        else:
            _note(node, below, words, shape)
    for row in rows:  # a row is one line, and begins one
        shape.chosen.difference_update(row)
        shape.chosen.add(row.start)
    return shape


def _note_expression(node: nodes.Expr, words: Words, shape: Shape) -> None:
    behind = words.behind
    match node:
        case nodes.Unary(operator="-"):
            shape.gaps[words.first[node.operand.span.start]] = 0
        case nodes.Call():
            _note_list(node.function, words, shape)
        case nodes.Binary(operator, left) if operator in LEVEL:
            if not (isinstance(left, nodes.Binary) and LEVEL.get(left.operator) == LEVEL[operator]):
                _choose(behind[left.span.end], words, shape)
        case nodes.If():
            _choose(behind[node.condition.span.end], words, shape)
            _choose(behind[node.then.span.end], words, shape)


def _note(node: Any, below: list[Any], words: Words, shape: Shape) -> None:
    """What a node says that is no expression."""
    match node:
        case nodes.Function() | nodes.Table():
            _note_list(node.name, words, shape)
    match node:
        case nodes.Define(value=body) | nodes.Function(body=body):
            _choose(words.first[body.span.start], words, shape)
    opening = opening_of(node, words)
    if opening is None:
        return
    if words.text[opening + 1] != "}":
        _choose(opening + 1, words, shape)
    for item in below:
        number = words.first[item.span.start]
        if number > opening + 1:
            shape.gaps[number] = 1 if words.text[number - 1] == "," else 2


def _note_list(name: nodes.Name, words: Words, shape: Shape) -> None:
    opening = words.behind[name.span.end]
    shape.gaps[opening] = 0
    if words.text[opening + 1] != ")":
        _choose(opening + 1, words, shape)


def _choose(number: int, words: Words, shape: Shape) -> None:
    if number in words.fresh:
        shape.chosen.add(number)


def opening_of(node: Any, words: Words) -> int | None:
    """The `{` of a node that is a block: nothing before it has braces, and its `}` is the end."""
    behind = words.behind[node.span.end]
    if words.text[behind - 1] != "}":
        return None
    return words.text.index("{", words.first[node.span.start], behind)
