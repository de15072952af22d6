"""Random customers of a program, many at a time, and what requests bring: drawn around what its conditions ask.

Half of all numbers lie within a step of a constant of the program, of the end of a range, or of a moment that is some
length of the program away from the decision; the other half are any. What may be unknown is so for a quarter. Few people
drawn like this pass many rules, so they may be crossed with people who do: everybody has some fields of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data import arrow
from nbadsl.data.records import read_record
from nbadsl.data.schema import arrow_type, column_of
from nbadsl.interpreter import Evaluator
from nbadsl.plan.deep import roots
from nbadsl.program.decision import Row
from nbadsl.program.givens import givens
from nbadsl.program.nodes import Expr, Input, Limit, Literal, Match, Member, Program, Value
from nbadsl.program.walk import postorder
from nbadsl.types import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    TIME,
    Clock,
    Date,
    Duration,
    Flag,
    Integer,
    Number,
    Set,
    Text,
    Time,
    Type,
    Words,
)
from nbadsl.zone import zone

NOON = 20_767 * DAY + 12 * HOUR  # of 2026-11-10
UNKNOWN, EDGES = 0.25, 0.5  # shares

# Of a type: from where to where values usually lie, and how far from a constant; with steps of 1 they are whole.
USUAL: dict[type, tuple[tuple[float, float], tuple[float, ...]]] = {
    Number: ((-1e4, 1e4), (1e-6, 1)),
    Integer: ((-1000, 1000), (1,)),
    Duration: ((-30 * DAY, 60 * DAY), (1, HOUR)),
    Date: ((-400, 400), (1,)),
    Time: ((-400 * DAY, 100 * DAY), (1, SECOND, HOUR)),
    Clock: ((0, DAY - 1), (1, MINUTE)),
}


@dataclass(frozen=True)
class Request:
    """What comes with people. `model`: whose fields they may have."""

    given: Row
    model: Row | None


class Customers:
    """Draws people of one program. `models`: rows and givens to cross them with."""

    def __init__(self, program: Program, seed: int, models: Sequence[tuple[Row, Row]] = ()) -> None:
        self.program, self.chance, self.models = program, np.random.default_rng(seed), models
        nodes = list(postorder(roots(program)))
        self.constants = [node for node in nodes if isinstance(node, Literal) and node.value is not None]
        texts = {str(constant.value) for constant in self.constants if isinstance(constant.type, Text)}
        texts |= {word for node in nodes if isinstance(node, Member) for word in node.values}
        texts |= {f"x{node.pattern.value}x" for node in nodes if _has_pattern(node)}  # type: ignore[union-attr]
        self.texts = [*sorted(texts), *(f"text {number}" for number in range(5))]

    def request(self) -> Request:
        """A moment and a context, of which a model has given some."""
        model, known = self.models[self.chance.integers(len(self.models))] if self.models else (None, {})
        now = float(self._numbers(Input("now", TIME), NOON, 1)[0])
        kept = {name: value for name, value in known.items() if self.chance.random() < 0.75}
        now = kept.get("now", now)
        context = {f.name: self.column(f, now, 1)[0].as_py() for f in self.program.context}
        context = read_record(self.program.context, context)
        context |= {name: kept[name] for name in context if name in kept}
        return Request(givens(self.program, now, None, context), model)

    def people(self, request: Request, count: int) -> pa.RecordBatch:
        """So many people, with the room that limits leave after whatever happened before."""
        now, columns = request.given["now"], {}
        likeness = self.chance.random(count)
        for field in self.program.inputs:
            drawn = self.column(field, now, count)
            if request.model is not None and field.name != self.program.key:
                theirs = arrow.column([request.model[field.name]], field, drawn.type)
                drawn = pc.if_else(self.chance.random(count) < likeness, theirs[0], drawn)
            columns[column_of(field)] = drawn
        columns |= {limit.room: self._room(limit, request.given, count) for limit in self.program.limits}
        return pa.RecordBatch.from_pydict(columns)

    def column(self, field: Input, now: float, count: int) -> pa.Array:
        """Values of a field, as data has them."""
        may_be_unknown = field.optional or field.never
        nulls = self.chance.random(count) < (UNKNOWN if may_be_unknown else 0)
        match field.type:
            case Text() | Integer() if field.name == self.program.key:
                return pa.array(np.arange(count) + int(field.low or 0)).cast(arrow_type(field))
            case Flag():
                return pa.array(self.chance.random(count) < 0.5, mask=nulls)
            case Text():
                return self._words(self.texts, nulls).dictionary_decode()
            case Words(words):
                return self._words(words, nulls)
            case Set(words):
                held = self.chance.random((count, len(words))) < 0.4
                inside = pa.array(words).take(pa.array(np.nonzero(held)[1]))
                ends = np.concatenate([[0], held.sum(1).cumsum()]).astype(np.int32)
                return pa.ListArray.from_arrays(pa.array(ends), inside, mask=pa.array(nulls))
        numbers, kind = self._numbers(field, now, count) / (field.unit or 1), arrow_type(field)
        if pa.types.is_floating(kind):
            return pa.array(numbers, mask=nulls)
        whole = np.int32 if kind.bit_width == 32 else np.int64
        return pa.array(numbers.astype(whole), mask=nulls).cast(kind)

    def _words(self, words: Sequence[str], nulls: NDArray[np.bool_]) -> pa.DictionaryArray:
        codes = self.chance.integers(0, len(words), len(nulls)).astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=nulls), pa.array(words))

    def _room(self, limit: Limit, given: dict[str, Value], count: int) -> pa.Array:
        """At most a limit's number; of a budget, as many contacts as it pays for."""
        of = Evaluator({}, given, {}, zone(self.program.timezone))
        most, each = (1.0 if e is None else of.value(e) for e in (limit.most, limit.each))
        highest = int(most // each) if isinstance(most, float) and isinstance(each, float) else 0
        return pa.array(np.minimum(self.chance.choice([0, 1, 2, highest], count), highest))

    # --- numbers, in the units of programs ---

    def _numbers(self, field: Input, now: float, count: int) -> NDArray[np.float64]:
        (first, last), steps = USUAL.get(type(field.type), USUAL[Number])
        low = -np.inf if field.low is None else field.low
        high = np.inf if field.high is None else field.high
        ends = np.clip([_moved(field.type, now, end) for end in (first, last)], low, high)
        usual = self.chance.uniform(*ends, count)
        edges = self.chance.choice(np.array([*ends, *self._edges(field, now)]), count)
        edges += self.chance.choice(
            np.array([sign * step for step in (0, *steps) for sign in (-1, 1)]), count
        )
        found = np.where(self.chance.random(count) < EDGES, edges, usual)
        found = np.floor(found) if steps[0] == 1 else found
        return np.clip(found % DAY if isinstance(field.type, Clock) else found, low, high)

    def _edges(self, field: Input, now: float) -> Iterator[float]:
        """Where conditions may turn."""
        kind = field.type
        yield from (bound for bound in (field.low, field.high) if bound is not None)
        for constant in self.constants:
            assert isinstance(constant.value, bool | float | str)
            kinds = {type(constant.type), type(kind)}
            if isinstance(constant.value, float) and (len(kinds) == 1 or kinds == {Integer, Number}):
                yield constant.value
            elif isinstance(constant.value, float) and kinds in ({Duration, Time}, {Duration, Date}):
                length = constant.value / (DAY if isinstance(kind, Date) else 1)
                yield from (_moved(kind, now, sign * length) for sign in (-1, 1))


def _moved(kind: Type, now: float, number: float) -> float:
    """Moments and days are counted from the decision's."""
    return number + (now if isinstance(kind, Time) else now // DAY if isinstance(kind, Date) else 0)


def _has_pattern(node: Expr) -> bool:
    return isinstance(node, Match) and isinstance(node.pattern, Literal)
