"""Refuses plans that the kernel could not run safely.

The kernel trusts its instructions: an operand is an index into memory, and is not checked again. So
whatever comes from a file is checked here, once: every operand by its kind, every jump (forward, and within
its part), what each part may do, that a register is written before it is read on every path, that rows are
selected before selected rows are read, that no candidate is offered twice, and that every column, test and
constant belongs to a field of the right type. A plan that passes can decide nonsense, but cannot read or
write a byte that is not its own, and ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nbadsl.plan.ops import CODE, COMPARISONS, OPS, WIDTH
from nbadsl.plan.plan import FATES, FLAG, NUMBER, PAIR, SET, TEXT, WORDS, Column, Plan, Source
from nbadsl.program.nodes import Input
from nbadsl.types import TIME, Flag, Set, Text, Type, Words, is_numeric


class BadPlan(ValueError):
    """A plan that must not be run."""


# More than any policy needs, and little enough to allocate.
MOST_REGISTERS = 1 << 17
MOST_PICKS = 1 << 12

_OF_SELECTED = {"pack", "gather", "pick", "scaled", "plus_scaled"}
_COMPACT = {CODE[name] for name in (*_OF_SELECTED, "keep", "best")}
_CONTROL = {
    "end",
    "skip",
    "select",
    "dense",
    "gate",
    "check",
    "keep",
    "best",
    "stand",
    "count",
    "give",
    "flag",
}
_ALLOWED = {
    "once": {"end", "check", "give", "flag"},
    "main": {"end", "skip", "select", "dense", "gate", "check", "keep", "best", "stand"},
    "audit": {"end", "check", "count"},
}
_COLUMN_KINDS = {"N": {NUMBER}, "B": {FLAG}, "W": {WORDS}, "T": {TEXT, WORDS}, "S": {SET}, "P": {PAIR}}
_OF_COLUMNS = {op.name for op in OPS if set(op.operands) & set(_COLUMN_KINDS)}  # `once` has no columns
OFFERS = {"best": 2, "stand": 2}  # which operand is the candidate
TEXT_TESTS = {"member", "starts", "ends", "contains", "known"}


def verify(plan: Plan) -> None:
    """Raise BadPlan unless the plan can be run safely."""
    _tables(plan)
    if len(plan.code) % WIDTH or not plan.code:
        raise BadPlan("the code is cut off")
    try:
        code = np.array(plan.code, np.int32).reshape(-1, WIDTH)
        lists = np.array(plan.lists, np.int32)
    except OverflowError as error:
        raise BadPlan("a number in the code is too large") from error
    if code[:, 0].min() < 0 or code[:, 0].max() >= len(OPS):
        raise BadPlan("there is no such operation")
    _operands(plan, code)
    _tested_columns(plan, code)
    _lists(plan, code, lists)
    bounds = _parts(plan, code)
    for name, start, end in bounds:
        _jumps(code, start, end)
        _flow(plan, code, lists, name, start, end)
    _offered_once(code)


# --- operands ------------------------------------------------------------------------------------------


def _operands(plan: Plan, code: NDArray[np.int32]) -> None:
    limits = _limits(plan)
    for op in OPS:
        rows = code[code[:, 0] == op.code]
        if not len(rows):
            continue
        for place, kind in enumerate(op.operands, start=1):
            values = rows[:, place]
            low, high = limits[kind.lstrip("?")]
            low = -1 if kind.startswith("?") else low
            if values.min() < low or values.max() >= high:
                raise BadPlan(f"`{op.name}` has an operand out of range")
            if kind in _COLUMN_KINDS and not {plan.columns[v].kind for v in values} <= _COLUMN_KINDS[kind]:
                raise BadPlan(f"`{op.name}` reads a column of another kind")


def _limits(plan: Plan) -> dict[str, tuple[int, int]]:
    """Least value, and the value after the greatest, of each kind of operand."""
    masks, numbers = plan.mask_registers, plan.number_registers
    columns, instructions = len(plan.columns), len(plan.code) // WIDTH
    return {
        "M": (2, masks),
        "m": (0, 2 * masks),
        "F": (0, numbers),
        "f": (0, numbers),
        "k": (0, len(plan.constants)),
        "K": (0, len(plan.constants)),
        **{kind: (0, columns) for kind in _COLUMN_KINDS},
        "c": (0, len(COMPARISONS)),
        "t": (0, len(plan.tests)),
        "s": (0, len(plan.masks)),
        "l": (0, len(plan.lists) + 1),
        "n": (0, len(plan.lists) + 1),
        "j": (0, instructions),
        "x": (0, len(plan.facts.candidates)),
        "o": (0, plan.counters),
        "i": (-(2**31), 2**31),
    }


def _tested_columns(plan: Plan, code: NDArray[np.int32]) -> None:
    """A test's answers are as many as its column has distinct values: no other column may be asked."""
    for row in code[code[:, 0] == CODE["test"]]:
        if plan.tests[row[3]].column != row[2]:
            raise BadPlan("a test is asked of another column")


def _lists(plan: Plan, code: NDArray[np.int32], lists: NDArray[np.int32]) -> None:
    for row in code[code[:, 0] == CODE["words"]].tolist():
        first, count = row[3], row[4]
        if count < 1 or first + 2 * count > len(lists):
            raise BadPlan("`words` reads beyond the lists")
    flat, masks = lists.tolist(), 2 * plan.mask_registers
    owners, counted = _owners(plan), set()
    for row in code[code[:, 0] == CODE["gate"]].tolist():
        first, count = row[2], row[3]
        if first + 3 * count > len(flat):
            raise BadPlan("`gate` reads beyond the lists")
        for at in range(first, first + 3 * count, 3):
            passes, known, counter = flat[at : at + 3]
            if not (0 <= passes < masks and -1 <= known < masks):
                raise BadPlan("`gate` has a rule out of range")
            if counter in counted or counter not in owners or owners[counter] != owners.get(flat[first + 2]):
                raise BadPlan("`gate` has a counter that is not its own")
            counted.add(counter)


def _owners(plan: Plan) -> dict[int, int]:
    """The candidate of each counter that a gate may count in; with the one after it, for whom a rule is unknown."""
    candidates = plan.facts.candidates
    rules = np.repeat(np.arange(len(candidates)), [len(c.rules) for c in candidates]).tolist()
    quiet = plan.rule_counters + FATES.index("quiet")
    sends = [c for c, register in enumerate(plan.chosen.sends) if register >= 0]
    return dict(zip(range(0, plan.rule_counters, 2), rules, strict=True)) | {
        quiet + len(FATES) * c: c for c in sends
    }


# --- parts, jumps, paths --------------------------------------------------------------------------------


def _parts(plan: Plan, code: NDArray[np.int32]) -> list[tuple[str, int, int]]:
    """Name, first instruction, and the one after the last, of each part."""
    parts = plan.parts
    starts = [("once", parts.once), ("main", parts.main)]
    if parts.audit != -1:
        starts.append(("audit", parts.audit))
    places = [start for _, start in starts]
    if places[0] != 0 or any(a >= b for a, b in pairwise([*places, len(code)])):
        raise BadPlan("the parts of the code are out of order")
    found = []
    for (name, start), end in zip(starts, [*places[1:], len(code)], strict=True):
        if code[end - 1, 0] != CODE["end"]:
            raise BadPlan(f"the part `{name}` has no end")
        names = {OPS[number].name for number in set(code[start:end, 0].tolist())}
        wrong = names & _CONTROL - _ALLOWED[name]
        if name != "main":
            wrong |= names & _OF_SELECTED
        if name == "once":
            wrong |= names & _OF_COLUMNS
        if wrong:
            raise BadPlan(f"the part `{name}` does what it must not")
        found.append((name, start, end))
    return found


_JUMPS = {op.code: op.operands.index("j") + 1 for op in OPS if "j" in op.operands}


def _jumps(code: NDArray[np.int32], start: int, end: int) -> None:
    for op, place in _JUMPS.items():
        at = start + np.flatnonzero(code[start:end, 0] == op)
        targets = code[at, place]
        if len(at) and ((targets <= at).any() or targets.max() >= end):
            raise BadPlan("a jump leads back, or out of its part")


def _flow(
    plan: Plan, code: NDArray[np.int32], lists: NDArray[np.int32], part: str, start: int, end: int
) -> None:
    """Follow all paths at once: what is surely written, and whether rows are selected, at each instruction.

    Registers are bits of two whole numbers; where paths meet, what is written on both remains.
    """
    masks, numbers, selected = 0b11, 0, False
    arriving: dict[int, tuple[int, int]] = {}
    select, dense, gate, finish = (CODE[n] for n in ("select", "dense", "gate", "end"))
    rows, kinds = code[start:end].tolist(), [_FLOW[op.code] for op in OPS]
    flat = lists.tolist()
    for at, row in enumerate(rows, start):
        op = row[0]
        if at in arriving:
            other_masks, other_numbers = arriving.pop(at)
            masks, numbers = masks & other_masks, numbers & other_numbers
            # A jump always arrives with all rows current; `dense` is then the only instruction that fits both.
            if selected and op != dense:
                raise BadPlan("paths with and without selected rows meet")
        if op in _COMPACT and not selected:
            raise BadPlan("selected rows are read before any are selected")
        writes_mask, writes_number, reads_masks, reads_numbers, jump = kinds[op]
        for place in reads_masks:
            if not masks >> (row[place] >> 1) & 1:
                raise BadPlan("a mask is read before it is written")
        for place in reads_numbers:
            if row[place] >= 0 and not numbers >> row[place] & 1:
                raise BadPlan("a number is read before it is written")
        if op == gate:
            for rule in range(row[2], row[2] + 3 * row[3], 3):
                passes, known = flat[rule], flat[rule + 1]
                if not masks >> (passes >> 1) & 1 or (known >= 0 and not masks >> (known >> 1) & 1):
                    raise BadPlan("a mask is read before it is written")
        if writes_mask:
            masks |= 1 << row[writes_mask]
        if writes_number:
            numbers |= 1 << row[writes_number]
        if jump:
            before = arriving.get(row[jump], (masks, numbers))
            arriving[row[jump]] = (before[0] & masks, before[1] & numbers)
            if selected and op != select:
                raise BadPlan("a jump leaves selected rows behind")
        if op == select:
            selected = True
        elif op == dense:
            selected = False
        elif op == finish and at != end - 1:
            raise BadPlan("an end within a part")
    if selected:
        raise BadPlan("a part ends with selected rows")


def _flow_of(operands: tuple[str, ...]) -> tuple[int, int, list[int], list[int], int]:
    """Places of: mask written, number written, masks read, numbers read, jump target (0: there is none)."""
    places = list(enumerate(operands, start=1))

    def one(kind: str) -> int:
        return next((place for place, k in places if k == kind), 0)

    return (
        one("M"),
        one("F"),
        [place for place, kind in places if kind == "m"],
        [place for place, kind in places if kind in ("f", "?f")],
        one("j"),
    )


_FLOW = {op.code: _flow_of(op.operands) for op in OPS}


def _offered_once(code: NDArray[np.int32]) -> None:
    """Lists of candidates have one place for each: none may be offered twice, however it is."""
    offered = [code[code[:, 0] == CODE[name]][:, OFFERS[name]] for name in OFFERS]
    if len(np.unique(np.concatenate(offered))) != sum(map(len, offered)):
        raise BadPlan("a candidate is offered twice")


# --- tables -----------------------------------------------------------------------------------------------


def _tables(plan: Plan) -> None:
    chosen, count = plan.chosen, len(plan.facts.candidates)
    lengths = (plan.rules, plan.active, plan.fallbacks, chosen.actions, chosen.groups, chosen.channels)
    if any(len(each) != count for each in (*lengths, chosen.sends, chosen.among)):
        raise BadPlan("the candidates' tables do not fit each other")
    _need(2 <= plan.mask_registers <= MOST_REGISTERS, "too many registers")
    _need(1 <= plan.number_registers <= MOST_REGISTERS, "too many registers")
    _need(1 <= chosen.pick <= MOST_PICKS and chosen.tiers >= 1, "too many picks")
    _need(not chosen.explores or chosen.pick == 1, "exploring picks one")
    _need(chosen.pick == plan.facts.pick, "two numbers of picks")
    _need(all(-1 <= r < plan.number_registers for r in chosen.sends), "a moment in no register")
    _need(all(-1 <= n < 2**31 for t in (chosen.actions, chosen.groups, chosen.channels) for n in t), "a name")
    most = (chosen.most_action, chosen.most_group, chosen.most_channel, chosen.tiers)
    _need(all(0 <= n < 2**31 for n in most), "a limit")
    slots = [*plan.active, *(h.active for h in plan.holdouts)]
    _need(all(-1 <= slot < len(plan.constants) for slot in slots), "a constant out of range")
    _need(all(0 <= mask < 2**64 for mask in plan.masks), "a set is too large")
    _need([h.name for h in plan.holdouts] == list(plan.facts.holdouts), "the holdouts do not fit the facts")
    inputs = {i.name: i for i in plan.facts.inputs}
    _need(len(inputs) == len(plan.facts.inputs) < 2**15 - 1, "fields")
    rooms = {i.name: i for i in plan.facts.rooms}
    _need(not inputs.keys() & rooms.keys() and len(rooms) == len(plan.facts.rooms), "rooms")
    numbers = (n for limit in plan.facts.limits for n in (*limit.binds, *limit.takes))
    _need(all(0 <= n < count for n in numbers), "a limit of a candidate that there is not")
    _need(plan.facts.key in inputs, "there is no key")
    for key in (plan.facts.key, *(h.by for h in plan.holdouts), *(e.by for e in plan.facts.experiments)):
        _need(
            key in inputs and (isinstance(inputs[key].type, Text | Words) or is_numeric(inputs[key].type)),
            "a key",
        )
    _need(all(e.arms for e in plan.facts.experiments), "an experiment without arms")
    for column in plan.columns:
        _need(_fits(plan, column, inputs | rooms), f"a column of kind `{column.kind}` does not fit its field")
    _tests(plan)


def _need(condition: bool, problem: str) -> None:
    if not condition:
        raise BadPlan(problem)


def _fits(plan: Plan, column: Column, inputs: dict[str, Input]) -> bool:
    """Whether a column's field has the column's kind."""
    kinds = _kinds(plan, column.source, inputs)
    if column.kind == PAIR:
        return (
            bool(kinds & {TEXT, WORDS})
            and column.other is not None
            and bool(_kinds(plan, column.other, inputs) & {TEXT, WORDS})
        )
    if column.kind == SET and SET in kinds:
        type = inputs[column.source.name].type
        return isinstance(type, Set) and 0 <= column.part < max((len(type.words) + 63) // 64, 1)
    return column.kind in kinds


def _kinds(plan: Plan, source: Source, inputs: dict[str, Input]) -> set[str]:
    match source.kind:
        case "field" if source.name in inputs:
            return {_kind_of(inputs[source.name].type)}
        case "arm" if any(e.name == source.name for e in plan.facts.experiments):
            return {WORDS}
        case "holdout" if source.name in plan.facts.holdouts:
            return {FLAG}
    return set()


def _kind_of(type: Type) -> str:
    match type:
        case Flag():
            return FLAG
        case Words():
            return WORDS
        case Text():
            return TEXT
        case Set():
            return SET
    return NUMBER if is_numeric(type) else ""


def _tests(plan: Plan) -> None:
    givens = {name: type for name, type in _givens(plan)}

    def is_text(name: str | None) -> bool:
        return name is None or isinstance(givens.get(name), Text | Words)

    for test in plan.tests:
        _need(0 <= test.column < len(plan.columns), "a test of no column")
        _need(plan.columns[test.column].kind in (TEXT, WORDS), "a test of no text")
        _need(test.op in TEXT_TESTS and is_text(test.given), "a test that is none")
        _need(
            bool(test.values) or test.given is not None or test.op in ("known", "member"), "a test of nothing"
        )
    slots = [slot for slot, _ in plan.givens] + [test.slot for test in plan.run_tests]
    _need(all(0 <= slot < len(plan.constants) for slot in slots), "a constant out of range")
    for _, name in plan.givens:
        type = givens.get(name)
        _need(type is not None and (isinstance(type, Flag) or is_numeric(type)), "a given that is no number")
    for each in plan.run_tests:
        _need(each.operand is None or each.operand in givens, "a test of nothing given")
        of_set = each.operand is not None and isinstance(givens[each.operand], Set)
        allowed = {"any", "all", "known"} if of_set else TEXT_TESTS
        _need(each.op in allowed and (of_set or is_text(each.operand)), "a test that is none")
        _need(is_text(each.given), "a test that is none")
        needed = each.op in ("starts", "ends", "contains")
        _need(bool(each.values) or each.given is not None or not needed, "a test of nothing")


def _givens(plan: Plan) -> Iterator[tuple[str, Type]]:
    from_types = [*plan.facts.context, *(p.input for p in plan.facts.parameters)]
    yield from ((i.name, i.type) for i in from_types)
    # `now` and `today` are numbers; declared fields cannot have these names.
    yield from ((name, TIME) for name in ("now", "today"))
