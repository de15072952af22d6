"""Laying out code: virtual registers become few real ones, labels become places, lists one array.

A register is free again after its last use (a linear scan). Jumps go forward only, so the order of the
instructions is an order of time: what is written between a jump and its target is only read there.
The moments of sending are read when a block is finished, so their registers are never given away.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbadsl.plan.emit import FIRST_FREE, Block, Instruction, Label, Reg
from nbadsl.plan.ops import BY_NAME, WIDTH


@dataclass(frozen=True, slots=True)
class Layout:
    """Code and lists as a plan holds them; `starts`: of the parts, -1 for an empty one."""

    code: tuple[int, ...]
    lists: tuple[int, ...]
    starts: tuple[int, ...]
    mask_registers: int
    number_registers: int
    numbers: dict[int, int]
    names: frozenset[str]

    def uses(self, name: str) -> bool:
        return name in self.names


def lay_out(parts: Sequence[Block], kept: Sequence[Sequence[Reg]]) -> Layout:
    """Lay out the parts one after the other. `kept`: for each part, number registers that live to its end."""
    code: list[int] = []
    lists: list[int] = []
    starts: list[int] = []
    numbers: dict[int, int] = {}
    masks_used, numbers_used, names = FIRST_FREE, 0, set()
    for part, keep in zip(parts, kept, strict=True):
        starts.append(len(code) // WIDTH if part else -1)
        instructions = _place_labels(part, len(code) // WIDTH)
        names |= {i.name for i in instructions}
        masks = _Scan(FIRST_FREE)
        registers = _Scan(0)
        _allocate(instructions, [r.number for r in keep], masks, registers)
        masks_used, numbers_used = max(masks_used, masks.used), max(numbers_used, registers.used)
        numbers |= {r.number: registers.of[r.number] for r in keep}
        for instruction in instructions:
            code += _encode(instruction, masks.of, registers.of, lists)
    return Layout(
        tuple(code), tuple(lists), tuple(starts), masks_used, max(numbers_used, 1), numbers, frozenset(names)
    )


def _place_labels(part: Block, start: int) -> list[Instruction]:
    instructions: list[Instruction] = []
    for item in part:
        if isinstance(item, Label):
            item.at = start + len(instructions)
        else:
            instructions.append(item)
    return instructions


class _Scan:
    """Real registers for virtual ones, the lowest that is free."""

    def __init__(self, first: int) -> None:
        self.of: dict[int, int] = {number: number for number in range(first)}
        self.used = first
        self._free: list[int] = []

    def give(self, virtual: int) -> None:
        if virtual not in self.of:
            if self._free:
                self.of[virtual] = heapq.heappop(self._free)
            else:
                self.of[virtual] = self.used
                self.used += 1

    def release(self, virtual: int) -> None:
        heapq.heappush(self._free, self.of[virtual])


def _allocate(instructions: list[Instruction], keep: list[int], masks: _Scan, registers: _Scan) -> None:
    last: dict[tuple[str, int], int] = {}
    for at, instruction in enumerate(instructions):
        for use in touched(instruction):
            last[use] = at
    for number in keep:
        last["f", number] = len(instructions)
    for at, instruction in enumerate(instructions):
        registers_of = dict.fromkeys(touched(instruction))
        for kind, number in registers_of:
            (masks if kind == "m" else registers).give(number)
        for kind, number in registers_of:
            reserved = kind == "m" and number < FIRST_FREE
            if last[kind, number] == at and not reserved:
                (masks if kind == "m" else registers).release(number)


def touched(instruction: Instruction) -> list[tuple[str, int]]:
    """Virtual registers that an instruction reads or writes: ("m", mask) and ("f", number)."""
    found: list[tuple[str, int]] = []
    for kind, operand in zip(BY_NAME[instruction.name].operands, instruction.operands, strict=True):
        if kind == "M":
            found.append(("m", operand))
        elif kind == "m":
            found.append(("m", operand >> 1))
        elif kind in ("F", "f") or (kind == "?f" and operand >= 0):
            found.append(("f", operand))
    for passes, known, _ in instruction.rules:
        found.append(("m", passes >> 1))
        if known >= 0:
            found.append(("m", known >> 1))
    return found


def _encode(
    instruction: Instruction, masks: dict[int, int], registers: dict[int, int], lists: list[int]
) -> list[int]:
    entries: list[tuple[int, ...]] = list(instruction.ranges)
    for passes, known, counter in instruction.rules:
        entries.append((_signed(passes, masks), _signed(known, masks) if known >= 0 else -1, counter))
    op, encoded = BY_NAME[instruction.name], []
    for kind, operand in zip(op.operands, instruction.operands, strict=True):
        value: Any = operand
        if kind == "M":
            value = masks[operand]
        elif kind == "m":
            value = _signed(operand, masks)
        elif kind in ("F", "f") or (kind == "?f" and operand >= 0):
            value = registers[operand]
        elif kind == "j":
            value = operand.at
        elif kind == "l":
            value = len(lists)
        elif kind == "n":
            value = len(entries)
        encoded.append(value)
    for entry in entries:
        lists += entry
    return [op.code, *encoded, *[0] * (WIDTH - 1 - len(encoded))]


def _signed(mask: int, masks: dict[int, int]) -> int:
    return masks[mask >> 1] * 2 + (mask & 1)
