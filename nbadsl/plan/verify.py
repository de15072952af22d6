"""Refuses plans that the kernel could not run safely.

The kernel trusts its instructions: an operand is an index into memory, and is not checked again. So
whatever comes from a file is checked here, once: every operand by its kind, every jump (forward, and within
its part), what each part may do, that a register is written before it is read on every path, that the rows are
current that an instruction wants, that no candidate is offered twice, and that tables fit each other
(`verify_tables`). All that follows from the table of operations (`ops`): an operation whose line there is right is
checked. A plan that passes can decide nonsense, but cannot read or write a byte that is not its own, and ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nbadsl.plan.ops import CODE, COMPARISONS, OPS, WIDTH, Op
from nbadsl.plan.plan import FATES, FLAG, NUMBER, PAIR, SET, TEXT, WORDS, Plan
from nbadsl.plan.verify_tables import BadPlan, verify_tables

Numbers: TypeAlias = NDArray[np.int32]

_COLUMN_KINDS = {"N": {NUMBER}, "B": {FLAG}, "W": {WORDS}, "T": {TEXT, WORDS}, "S": {SET}, "P": {PAIR}}
OFFERS = ("best", "stand")


def _parts_of(op: Op) -> set[str]:
    """The parts that an operation may stand in."""
    operands = set(op.operands)
    if "K" in operands:
        return {"once"}
    if "o" in operands:
        return {"audit"}
    if op.rows == "~" or operands & {
        "j",
        "x",
    }:  # rows are selected, and candidates offered, by one part alone
        return {"main"}
    return {"main", "audit"} if operands & _COLUMN_KINDS.keys() else {"once", "main", "audit"}


_PARTS = [_parts_of(op) for op in OPS]


def verify(plan: Plan) -> None:
    """Raise BadPlan unless the plan can be run safely."""
    verify_tables(plan)
    if len(plan.code) % WIDTH or not plan.code:
        raise BadPlan("the code is cut off")
    try:
        code = np.array(plan.code, np.int32).reshape(-1, WIDTH)
        lists = np.array(plan.lists, np.int32)
    except OverflowError as error:
        raise BadPlan("a number in the code is too large") from error
    if code[:, 0].min() < 0 or code[:, 0].max() >= len(OPS):
        raise BadPlan("there is no such operation")
    _operands(plan, code, lists)
    _tested_columns(plan, code)
    if not plan.uses_zone and CODE["local"] in code[:, 0]:
        raise BadPlan("there is no time zone")
    _counted(plan, code, lists)
    _offered_once(code)
    for start, end in _parts(plan, code):
        _jumps(code, start, end)
        _flow(code, lists, start, end)


# --- operands ------------------------------------------------------------------------------------------


def _operands(plan: Plan, code: Numbers, lists: Numbers) -> None:
    ranges = _ranges(plan)
    for op in OPS:
        rows = code[code[:, 0] == op.code]
        if not len(rows):
            continue
        for kind, values in zip(op.operands, rows.T[1:], strict=False):
            _in_range(op, kind, values, ranges)
            if kind in _COLUMN_KINDS and not {plan.columns[v].kind for v in values} <= _COLUMN_KINDS[kind]:
                raise BadPlan(f"`{op.name}` reads a column of another kind")
        if op.entries:
            found = np.concatenate([_entries(op, row, lists) for row in rows])
            for kind, values in zip(op.entries, found.T, strict=True):
                _in_range(op, kind, values, ranges)


def _in_range(op: Op, kind: str, values: Numbers, ranges: dict[str, tuple[int, int]]) -> None:
    low, high = ranges[kind.lstrip("?")]
    low = -1 if kind.startswith("?") else low
    if len(values) and (values.min() < low or values.max() >= high):
        raise BadPlan(f"`{op.name}` has an operand out of range")


def _entries(op: Op, row: Numbers, lists: Numbers) -> Numbers:
    """The entries of an instruction's list: [count, kinds]."""
    first, count = (int(row[op.operands.index(kind) + 1]) for kind in "ln")
    end = first + len(op.entries) * count
    if end > len(lists) or (op.name == "words" and not count):
        raise BadPlan(f"`{op.name}` reads beyond the lists")
    return lists[first:end].reshape(-1, len(op.entries))


def _ranges(plan: Plan) -> dict[str, tuple[int, int]]:
    """Least value, and the value after the greatest, of each kind of operand."""
    masks, numbers, counters = plan.mask_registers, plan.number_registers, plan.counters
    return {
        "M": (2, masks),
        "m": (0, 2 * masks),
        "F": (0, numbers),
        "f": (0, numbers),
        "k": (0, len(plan.constants)),
        "K": (0, len(plan.constants)),
        **{kind: (0, len(plan.columns)) for kind in _COLUMN_KINDS},
        "c": (0, len(COMPARISONS)),
        "t": (0, len(plan.tests)),
        "s": (0, len(plan.masks)),
        "l": (0, len(plan.lists) + 1),
        "n": (0, len(plan.lists) + 1),
        "j": (0, len(plan.code) // WIDTH),
        "x": (0, len(plan.facts.candidates)),
        "o": (counters - len(plan.undefined), counters),
        "r": (0, counters - 1),
        "g": (0, plan.chosen.tiers),
        "i": (-(2**31), 2**31),
    }


def _tested_columns(plan: Plan, code: Numbers) -> None:
    """A test's answers are as many as its column has distinct values: no other column may be asked."""
    for row in code[code[:, 0] == CODE["test"]]:
        if plan.tests[row[3]].column != row[2]:
            raise BadPlan("a test is asked of another column")


def _counted(plan: Plan, code: Numbers, lists: Numbers) -> None:
    """Fates are written beside counters: a gate counts where the rules of one candidate do, and each rule once."""
    op, owners, counted = OPS[CODE["gate"]], _owners(plan), list[int]()
    for row in code[code[:, 0] == op.code]:
        counters = _entries(op, row, lists)[:, op.entries.index("r")].tolist()
        whose = {owners.get(counter) for counter in counters}
        if None in whose or len(whose) > 1:
            raise BadPlan("`gate` has a counter that is not its own")
        counted += counters
    if len(set(counted)) != len(counted):
        raise BadPlan("two rules have one counter")


def _owners(plan: Plan) -> dict[int, int]:
    """The candidate of each counter that a gate may count in; with the one after it, for whom a rule is unknown."""
    candidates = plan.facts.candidates
    rules = np.repeat(np.arange(len(candidates)), [len(c.rules) for c in candidates]).tolist()
    quiet = plan.rule_counters + FATES.index("quiet")
    sends = [c for c, register in enumerate(plan.chosen.sends) if register >= 0]
    return dict(zip(range(0, plan.rule_counters, 2), rules, strict=True)) | {
        quiet + len(FATES) * c: c for c in sends
    }


def _offered_once(code: Numbers) -> None:
    """Lists of candidates have one place for each: none may be offered twice, however it is."""
    ops = [OPS[CODE[name]] for name in OFFERS]
    offered = np.concatenate([code[code[:, 0] == op.code][:, op.operands.index("x") + 1] for op in ops])
    if len(np.unique(offered)) != len(offered):
        raise BadPlan("a candidate is offered twice")


# --- parts, jumps, paths --------------------------------------------------------------------------------


def _parts(plan: Plan, code: Numbers) -> Iterator[tuple[int, int]]:
    """First instruction, and the one after the last, of each part."""
    parts = plan.parts
    starts = [("once", parts.once), ("main", parts.main)]
    if parts.audit != -1:
        starts.append(("audit", parts.audit))
    places = [start for _, start in starts]
    if places[0] != 0 or any(a >= b for a, b in pairwise([*places, len(code)])):
        raise BadPlan("the parts of the code are out of order")
    for (name, start), end in zip(starts, [*places[1:], len(code)], strict=True):
        if code[end - 1, 0] != CODE["end"]:
            raise BadPlan(f"the part `{name}` has no end")
        if not all(name in _PARTS[op] for op in set(code[start:end, 0].tolist())):
            raise BadPlan(f"the part `{name}` does what it must not")
        yield start, end


_JUMPS = {op.code: op.operands.index("j") + 1 for op in OPS if "j" in op.operands}


def _jumps(code: Numbers, start: int, end: int) -> None:
    for op, place in _JUMPS.items():
        at = start + np.flatnonzero(code[start:end, 0] == op)
        targets = code[at, place]
        if len(at) and ((targets <= at).any() or targets.max() >= end):
            raise BadPlan("a jump leads back, or out of its part")


_MASKS = [[i for i, kind in enumerate(op.operands, start=1) if kind == "m"] for op in OPS]
_NUMBERS = [[i for i, kind in enumerate(op.operands, start=1) if kind in ("f", "?f")] for op in OPS]
_LISTED = [[i for i, kind in enumerate(op.entries) if kind in ("m", "?m")] for op in OPS]
_WRITTEN = [(op.operands.index("M") + 1 if "M" in op.operands else 0) for op in OPS]
_COMPUTED = [(op.operands.index("F") + 1 if "F" in op.operands else 0) for op in OPS]


def _flow(code: Numbers, lists: Numbers, start: int, end: int) -> None:
    """Follow all paths at once: what is surely written, and whether rows are selected, at each instruction.

    Registers are bits of two whole numbers; where paths meet, what is written on both remains. Who jumps has all rows.
    """
    masks, numbers, selected = 0b11, 0, False
    arriving: dict[int, tuple[int, int]] = {}
    for at, row in enumerate(code[start:end].tolist(), start):
        number, op = row[0], OPS[row[0]]
        if at in arriving:
            other_masks, other_numbers = arriving.pop(at)
            masks, numbers = masks & other_masks, numbers & other_numbers
            if selected:
                raise BadPlan("paths with and without selected rows meet")
        if op.rows == ("=" if selected else "~"):
            raise BadPlan(f"`{op.name}` is not for the rows that are current")
        read = [row[place] for place in _MASKS[number]]
        if _LISTED[number]:
            read += _entries(op, code[at], lists)[:, _LISTED[number]].ravel().tolist()
        if not all(masks >> (mask >> 1) & 1 for mask in read if mask >= 0):
            raise BadPlan("a mask is read before it is written")
        if not all(numbers >> row[place] & 1 for place in _NUMBERS[number] if row[place] >= 0):
            raise BadPlan("a number is read before it is written")
        if _WRITTEN[number]:
            masks |= 1 << row[_WRITTEN[number]]
        if _COMPUTED[number]:
            numbers |= 1 << row[_COMPUTED[number]]
        if number in _JUMPS:
            target = row[_JUMPS[number]]
            before = arriving.get(target, (masks, numbers))
            arriving[target] = (before[0] & masks, before[1] & numbers)
        if op.name == "select":
            selected = True
        elif op.name == "dense":
            selected = False
        elif op.name == "end" and at != end - 1:
            raise BadPlan("an end within a part")
