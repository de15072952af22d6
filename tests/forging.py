"""Damages plans as somebody would who knows the format, and runs in every way what the loader accepts.

    python forging.py FIRST COUNT

Run by `test_forged` in a process of its own: a plan that reads or writes elsewhere ends it. A mutant is known by its
number. It changes numbers of instructions, whole instructions and tables, and has a right length and checksum. Behind
the memory that the kernel gets for lists and registers stand bytes that must stay as they are.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import nbadsl
from nbadsl.api import Policy
from nbadsl.engine import settings as at
from nbadsl.engine.allocate import lister
from nbadsl.engine.batch import Engine
from nbadsl.engine.single import Single
from nbadsl.history.memory import MemoryStore
from nbadsl.plan.artefact import BadArtefact, dump, loads
from nbadsl.plan.ops import BY_NAME, OPS, WIDTH
from nbadsl.plan.plan import Parts, Plan

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
SHOP = """
policy shop { timezone "Europe/Berlin"  currency EUR }
profile customer key id {
  id: text
  age: integer optional
  worth: number
  city: text optional
  town: text
  plan: one of basic, plus
  likes: any of sport, film, food
  vip: flag optional
  home: text
  joined: date optional
  shift: duration in hours optional
}
context { coupon: text optional }
parameter least: number = 0.1
holdout universal 30% by id
experiment price by id { low 50%, high 50% }
experiment look by home { plain 50%, loud 50% }
channel email { limit 3 per customer per 7 days }
channel push { quiet 21:00 to 09:30 by shift, unknown blocks }
group promo { limit 1 per home per 30 days  limit 2 per day }
action a in promo {
  eligible when (age >= 18 and city is one of "Berlin", "Rome") or plan is plus
  exclude when likes has any of sport, film
  via email, push
  value age / (age - 20) * 0.3 + 2
}
action b in promo {
  eligible when city starts with "B" or city is town or city is coupon
  via push
  value if vip then 3 else year(joined) / 1000
}
action c {
  active from 2026-01-01 until 2027-01-01
  eligible when price is low
  value 1 / (1 + exp(-worth)) + worth * 0.01
}
action d { value 1 }
action e { via email }
"""
PICKS = """
priority {
  promo when vip
  c when look is loud
  everything else
}
arbitrate { score value  nothing below least  pick 2  fallback e }
"""
TRIES = """
arbitrate { score value  nothing below worth * 0.01  fallback e }
explore 40% among promo
"""

Numbers = tuple[int, ...]
Change = Callable[[random.Random, Plan], Plan]


def policies() -> list[Policy]:
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for rest in (PICKS, TRIES):
            path = Path(folder) / "shop.nba"
            path.write_text(SHOP + rest)
            found.append(nbadsl.load(path))
            assert found[-1].program and found[-1].plan
        return found


def people(count: int) -> list[dict[str, Any]]:
    """More than there are in a block, and of every field everything that matters."""
    draw = random.Random(1)
    return [
        {
            "id": f"c{number}",
            "age": draw.choice([None, 17, 20, 44]),
            "worth": draw.choice([0.0, 1.5, 90.0]),
            "city": draw.choice([None, "Berlin", "Rome", "Bonn"]),
            "town": draw.choice(["Berlin", "Oslo"]),
            "plan": draw.choice(["basic", "plus"]),
            "likes": draw.choice([[], ["sport"], ["film", "food"]]),
            "vip": draw.choice([None, True, False]),
            "home": draw.choice(["h1", "h2", "h3"]),
            "joined": draw.choice([None, datetime(2020, 2, 29).date()]),
            "shift": draw.choice([None, timedelta(0), timedelta(hours=-3)]),
        }
        for number in range(count)
    ]


# --- damage ------------------------------------------------------------------------------------------


def rows_of(plan: Plan) -> list[list[int]]:
    return [list(plan.code[i : i + WIDTH]) for i in range(0, len(plan.code), WIDTH)]


def with_rows(plan: Plan, rows: list[list[int]]) -> Plan:
    return replace(plan, code=tuple(number for row in rows for number in row))


def moved(plan: Plan, place: int, by: int) -> Plan:
    """Jumps and parts behind a place, when so many instructions more stand there."""
    rows = rows_of(plan)
    for row in rows:
        for operand, kind in enumerate(OPS[row[0]].operands, start=1):
            row[operand] += by if kind == "j" and row[operand] > place else 0
    starts = {name: start + (by if start > place else 0) for name, start in asdict(plan.parts).items()}
    return replace(with_rows(plan, rows), parts=Parts(**starts))


def used(plan: Plan, kind: str) -> list[int]:
    """The numbers that stand in the code for a kind of operand."""
    rows = rows_of(plan)
    places = [(row, i) for row in rows for i, k in enumerate(OPS[row[0]].operands, start=1) if k == kind]
    return [row[i] for row, i in places] or [0]


def number(draw: random.Random, plan: Plan, kind: str = "i") -> int:
    near = draw.choice(used(plan, kind))
    odd = [near + 1, near - 1, -1, 0, draw.randrange(-3, 300), 2**31 - 1, -(2**31)]
    return near if draw.random() < 0.7 else draw.choice(odd)


def instruction(draw: random.Random, plan: Plan) -> list[int]:
    """Any operation, with operands of its kinds that stand elsewhere in the plan."""
    op = draw.choice(
        [*OPS, *(BY_NAME[name] for name in ("stand", "best", "gate", "keep", "select", "dense"))]
    )
    operands = [number(draw, plan, kind) for kind in op.operands]
    return [op.code, *operands, *[0] * (WIDTH - 1 - len(operands))]


def operand(draw: random.Random, plan: Plan) -> Plan:
    rows = rows_of(plan)
    row = draw.choice([row for row in rows if OPS[row[0]].operands])
    place = draw.randrange(len(OPS[row[0]].operands))
    row[place + 1] = number(draw, plan, OPS[row[0]].operands[place])
    return with_rows(plan, rows)


def operation(draw: random.Random, plan: Plan) -> Plan:
    rows = rows_of(plan)
    draw.choice(rows)[0] = draw.randrange(len(OPS))
    return with_rows(plan, rows)


def other(draw: random.Random, plan: Plan) -> Plan:
    rows = rows_of(plan)
    rows[draw.randrange(len(rows))] = instruction(draw, plan)
    return with_rows(plan, rows)


def inserted(draw: random.Random, plan: Plan) -> Plan:
    rows, many = rows_of(plan), draw.choice([1, 1, 2, 600])
    row = draw.choice([draw.choice(rows), instruction(draw, plan)])
    place = draw.randrange(len(rows))
    rows = rows_of(moved(plan, place, many))
    return with_rows(moved(plan, place, many), [*rows[:place], *[list(row)] * many, *rows[place:]])


def dropped(draw: random.Random, plan: Plan) -> Plan:
    place = draw.randrange(len(plan.code) // WIDTH)
    rows = rows_of(moved(plan, place, -1))
    return with_rows(moved(plan, place, -1), rows[:place] + rows[place + 1 :])


def swapped(draw: random.Random, plan: Plan) -> Plan:
    rows = rows_of(plan)
    a = draw.randrange(len(rows))
    b = draw.choice([draw.randrange(len(rows)), min(a + 1, len(rows) - 1)])
    rows[a], rows[b] = rows[b], rows[a]
    return with_rows(plan, rows)


def entry(draw: random.Random, plan: Plan) -> Plan:
    lists = list(plan.lists)
    lists[draw.randrange(len(lists))] = draw.choice([*lists, -1, plan.counters - 1, 2**31 - 1])
    return replace(plan, lists=tuple(lists))


def anything(draw: random.Random, value: Any, like: list[Any]) -> Any:
    """Another value of the same type, somewhere inside."""
    match value:
        case bool():
            return not value
        case int():
            return draw.choice([value + 1, value - 1, -1, 0, 1, 2, 5, 64, 600, 2**31, 2**63])
        case float():
            return draw.choice([value + 1, -1.0, 0.0, 1e308, 2.0**62])
        case str():
            return draw.choice([each for each in like if isinstance(each, str)])
        case None:
            return draw.choice(["home", "age", "shop"])
        case frozenset():
            return value
        case tuple() if not value or draw.random() < 0.1:
            return draw.choice([(), value[:-1], value + value[-1:], value[::-1]])
        case tuple():
            place = draw.randrange(len(value))
            return (*value[:place], anything(draw, value[place], [*like, *value]), *value[place + 1 :])
    names = [name for name in type(value).__dataclass_fields__ if getattr(value, name) != ()]
    if not names:
        return value
    name = draw.choice(names)
    return replace(value, **{name: anything(draw, getattr(value, name), like)})


NAMES = ["age", "worth", "city", "plan", "likes", "vip", "home", "price", "look", "universal", "room limit 1"]
WORDS = ["number", "flag", "words", "text", "set", "pair", "field", "arm", "holdout", "starts", "any", "now"]
TABLES = [n for n in Plan.__dataclass_fields__ if n not in ("code", "lists", "constants")]


def table(draw: random.Random, plan: Plan) -> Plan:
    name = draw.choice(TABLES)
    return replace(plan, **{name: anything(draw, getattr(plan, name), NAMES + WORDS)})


def typed(draw: random.Random, plan: Plan) -> Plan:
    """A field of another field's type, or a column of another one's."""
    inputs = list(plan.facts.inputs)
    some, another = draw.sample(range(len(inputs)), 2)
    inputs[some] = replace(inputs[some], type=inputs[another].type)
    columns = list(plan.columns)
    here, there = draw.sample(range(len(columns)), 2)
    if draw.random() < 0.5:
        return replace(plan, facts=replace(plan.facts, inputs=tuple(inputs)))
    columns[here] = replace(columns[here], source=columns[there].source, kind=columns[there].kind)
    return replace(plan, columns=tuple(columns))


def chosen(draw: random.Random, plan: Plan) -> Plan:
    changed = anything(draw, plan.chosen, [])
    return replace(plan, chosen=changed, facts=replace(plan.facts, pick=changed.pick))


CHANGES: list[Change] = [operand, operand, operation, other, inserted, dropped, swapped, entry]
CHANGES += [table, table, typed, chosen]


def mutant(draw: random.Random, plan: Plan) -> Plan:
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        plan = draw.choice(CHANGES)(draw, plan)
    return plan


# --- running ---------------------------------------------------------------------------------------------

GUARD, FILL = 4096, 0xA5
guards: list[np.ndarray] = []
_room = Engine.room


def guarded(self: Engine, block: int, settings: Any, recoded: int = 0) -> Any:
    """`Engine.room`, with bytes before, between and behind its parts that nobody may write to."""
    room = _room(self, block, settings, recoded)
    starts = settings[at.MASKS : at.COUNT].tolist()
    sizes = np.diff([*starts, room.ctypes.data + len(room)]).tolist()
    wide = np.full(sum(sizes) + (len(sizes) + 2) * GUARD, FILL, np.uint8)
    address = wide.ctypes.data + GUARD + -wide.ctypes.data % 64
    for place, size in enumerate(sizes, start=at.MASKS):
        begin = address - wide.ctypes.data
        guards.append(wide[begin + -(-size // 64) * 64 :][: GUARD - 64])
        settings[place] = address
        address += -(-size // 64) * 64 + GUARD
    guards.append(wide[:GUARD])
    return wide


def ways(plan: Plan, policy: Policy, rows: list[dict[str, Any]]) -> Iterator[Callable[[], object]]:
    """All ways to execute a plan; each raises what it likes."""
    given = policy.given(NOW, {"coupon": "Rome"})
    rooms = [each.name for each in policy.facts.rooms]
    table = pa.Table.from_pylist([row | dict.fromkeys(rooms, 1.0) for row in rows]).combine_chunks()
    forged = Policy(plan, policy.program)
    engine = partial(Engine, plan)
    yield lambda: engine().decide(table, given, fates=True, block=512)
    yield lambda: engine().decide(table.slice(0, 3), given)
    yield lambda: Engine(plan, leaves=True).decide(table, given, fates=True)
    for depth in (1, 2, None):
        yield lambda depth=depth: lister(plan, depth).decide(table, given, fates=True)
    row = {**rows[1], "likes": frozenset(rows[1]["likes"]), "joined": None, "shift": None}
    row |= dict.fromkeys(rooms, 1.0)
    yield lambda: Single(engine()).decide(row, given)
    context = {"coupon": "Rome"}
    yield lambda: forged.decide(rows, now=NOW, context=context, history=MemoryStore())
    yield lambda: forged.decide_one(rows[0], now=NOW, context=context, history=MemoryStore())


def tried(plan: Plan, policy: Policy, rows: list[dict[str, Any]]) -> Iterator[str]:
    """What came of every way."""
    for way in ways(plan, policy, rows):
        guards.clear()
        try:
            way()
            yield "decided"
        except MemoryError:
            yield "too much memory"
        except Exception as error:
            yield f"{type(error).__name__}: {error!s:.60}"
        if not all((each == FILL).all() for each in guards):
            raise SystemExit("the kernel has written elsewhere")


def main(first: int, count: int) -> None:
    Engine.room = guarded  # type: ignore[method-assign]
    both, rows, found = policies(), people(600), Counter[str]()
    for number_ in range(first, first + count):
        print("mutant", number_, flush=True)
        draw, policy = random.Random(number_), both[number_ % 2]
        try:
            data = dump(mutant(draw, policy.plan), policy.program)
        except (OverflowError, ValueError):
            found["cannot be written"] += 1
            continue
        try:
            plan = loads(data).plan
        except BadArtefact:
            found["refused"] += 1
            continue
        found.update(tried(plan, policy, rows))
    for what, many in found.most_common():
        print(many, what)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
