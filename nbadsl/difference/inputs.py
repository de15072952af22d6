"""What a policy says of itself, what it reads, and what it names: settings, fields, parameters, definitions, tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields as parts_of
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from nbadsl.difference.change import RENAMED, Change, change
from nbadsl.difference.shape import shape
from nbadsl.difference.sides import Sides, either, matched
from nbadsl.inputs import Input
from nbadsl.semantics.model import Symbol
from nbadsl.syntax import nodes
from nbadsl.types import Set, Words

_SETTINGS = {"week_start": "the first day of the week", "timezone": "the time zone"}


def settings(sides: Sides) -> Iterator[Change]:
    """What differs between the policies' own settings."""
    before, after = _policy(sides.old.files), _policy(sides.new.files)
    for field in parts_of(sides.old.settings):
        a, b = getattr(sides.old.settings, field.name), getattr(sides.new.settings, field.name)
        if a != b:
            label = _SETTINGS.get(field.name, f"the {field.name}")
            yield change("policy", "setting", f"{label} is {_value(b)} instead of {_value(a)}", before, after)
    old, new = sides.old.profile, sides.new.profile
    assert old is not None and new is not None
    if (old.name.text, old.key.text) != (new.name.text, new.key.text):
        words = [f"profile {p.name.text} key {p.key.text}" for p in (old, new)]
        yield change("profile", "setting", f"{words[1]} instead of {words[0]}", old, new)


def _policy(files: tuple[nodes.File, ...]) -> Any:
    declared = (d for f in reversed(files) for d in f.declarations)
    return next((d for d in declared if isinstance(d, nodes.Policy)), None)


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value) or "nothing"


# --- fields and parameters ---


def inputs(sides: Sides) -> Iterator[Change]:
    """What differs between the fields and parameters. Their names are added to `sides.roots`."""
    for kind, word in (("field", "field"), ("context", "context field"), ("parameter", "parameter")):
        for old, new in matched(sides.old.of_kind(kind), sides.new.of_kind(kind), (lambda s: s.name,)):
            if old is not None and new is not None and _reads_otherwise(old, new):
                sides.roots.add(new.name)
            subject = f"{word} {_name(old, new)}"
            was = next((a for a, b in sides.former.items() if b == _name(old, new)), None)
            if was is not None and kind == "field":
                yield change(subject, "name", f"was called {was}", old, new, kind=RENAMED)
            yield from _input(subject, word, old, new, was is not None)


def _reads_otherwise(old: Symbol, new: Symbol) -> bool:
    """Whether what reads a field or parameter may mean something else by that alone."""
    a, b = old.input, new.input
    assert a is not None and b is not None
    return a.default != b.default or a.never != b.never or type(a.type) is not type(b.type)


def _name(old: Symbol | None, new: Symbol | None) -> str:
    return either(old, new).name


def _input(
    subject: str, part: str, old: Symbol | None, new: Symbol | None, renamed: bool
) -> Iterator[Change]:
    """`renamed`: the old model has it by today's name, and says so little of its column."""
    if old is None or new is None:
        one = either(old, new)
        yield change(subject, part, one.node.span.words.removeprefix("parameter "), old, new)
        return
    a, b = old.input, new.input
    assert a is not None and b is not None
    if renamed:
        a = replace(a, column=b.column)
    told = (*_type(a, b), *_written(old, new), *_marks(a, b, old.purpose, new.purpose))
    for text in told:
        yield change(subject, part, text, old, new)
    if part == "parameter" and shape(old.node.changes) != shape(new.node.changes):
        words = ["; ".join(c.span.words for c in s.node.changes) or "no dates" for s in (old, new)]
        yield change(subject, part, f"{words[1]} instead of {words[0]}", old, new)


def _type(old: Input, new: Input) -> Iterator[str]:
    match old.type, new.type:
        case (Words(a), Words(b)) | (Set(a), Set(b)):
            come, gone = [w for w in b if w not in a], [w for w in a if w not in b]
            if come:
                yield f"can be {', '.join(come)}, too"
            if gone:
                yield f"can no longer be {', '.join(gone)}"
        case _ if old.type != new.type:
            yield f"is {new.type} instead of {old.type}"


def _written(old: Symbol, new: Symbol) -> Iterator[str]:
    """What follows the types: ranges and values, as they are written."""
    a, b = old.input, new.input
    assert a is not None and b is not None
    if (a.low, a.high) != (b.low, b.high):
        before, after = (_modifier(s, "in_range", "without a range", "in ") for s in (old, new))
        yield f"{after} instead of {before}"
    if a.default != b.default:
        before, after = (_modifier(s, "default", "no value", "") for s in (old, new))
        yield f"{after} instead of {before}"


def _modifier(symbol: Symbol, kind: str, missing: str, word: str) -> str:
    field = symbol.node.field if isinstance(symbol.node, nodes.Parameter) else symbol.node
    found = next((m.value for m in field.modifiers if m.kind == kind and m.value is not None), None)
    return missing if found is None else word + found.span.words


def _marks(old: Input, new: Input, old_purpose: str | None, new_purpose: str | None) -> Iterator[str]:
    for name, yes, no in (
        ("optional", "may be unknown now", "may not be unknown any more"),
        ("never", "may never have happened now", "must have happened now"),
    ):
        if getattr(old, name) != getattr(new, name):
            yield yes if getattr(new, name) else no
    if old_purpose != new_purpose:
        yield f"only for {new_purpose or 'every purpose'} instead of {old_purpose or 'every purpose'}"
    if (old.column or old.name) != (new.column or new.name):
        yield f"from column {new.column or new.name} instead of {old.column or old.name}"
    if old.unit != new.unit:
        yield "its numbers count another unit"


# --- definitions, functions, tables ---


def definitions(sides: Sides) -> Iterator[Change]:
    """What differs between definitions, functions and tables of the same names; what is only on one side, or written in
    another way, shows where it is used. Their names are added to `sides.roots`."""
    found: list[Change] = []
    for new in sides.new.symbols.values():
        old = sides.old.symbols.get(new.name)
        if old is None or old.kind != new.kind or shape(old.node) == shape(new.node):
            continue
        match new.kind:
            case "define":
                found += _define(sides, old.node, new.node)
            case "function":
                text = (
                    f"function {new.name}: {new.node.body.span.words} instead of {old.node.body.span.words}"
                )
                found.append(change(f"function {new.name}", "function", text, old, new))
            case "table":
                found += _table(old.node, new.node)
    sides.roots |= {c.subject.split()[1] for c in found}
    yield from found


def _define(sides: Sides, old: nodes.Define, new: nodes.Define) -> Iterator[Change]:
    subject = f"define {new.name.text}"
    a, b = sides.old.infos[old.value].type, sides.new.infos[new.value].type
    compare = sides.condition if str(a) == str(b) == "flag" else sides.number
    yield from compare(subject, "define", "", old.value, new.value)


def _table(old: nodes.Table, new: nodes.Table) -> Iterator[Change]:
    subject = f"table {new.name.text}"
    heads = [(t.hit, t.collect, t.parameters, t.result, t.rows[:1]) for t in (old, new)]
    if shape(heads[0]) != shape(heads[1]):
        yield change(subject, "table", "its columns or its way to choose a row", old.name, new.name)
    before, after = list(old.rows[1:]), list(new.rows[1:])
    if new.hit != "first":  # the order of the rows means nothing
        kept = [r for r in before if shape(r) in {shape(s) for s in after}]
        after = [r for r in after if shape(r) not in {shape(s) for s in kept}]
        before = [r for r in before if r not in kept]
    shapes = [[repr(shape(r)) for r in rows] for rows in (before, after)]
    for tag, i, j, k, m in SequenceMatcher(None, shapes[0], shapes[1], autojunk=False).get_opcodes():
        if tag != "equal":
            yield from _rows(subject, before[i:j], after[k:m])


def _rows(subject: str, old: list[nodes.Row], new: list[nodes.Row]) -> Iterator[Change]:
    """The rows that stand in one place of a table: with the same conditions, else one for one where they are as many."""
    same_place = (type,) if len(old) == len(new) else ()
    for a, b in matched(old, new, (lambda r: shape(r.cells[:-1]), *same_place)):
        if a is None or b is None:
            one = either(a, b)
            yield change(subject, "row", f"row {_row(one)}", a, b)
        else:
            yield change(subject, "row", f"row {_row(b)} instead of {_row(a)}", a, b)


def _row(row: nodes.Row) -> str:
    return " | ".join(c.span.words for c in row.cells)
