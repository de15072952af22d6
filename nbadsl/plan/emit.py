"""What lowering writes into: instructions with virtual registers, and the tables that they refer to.

Lowering asks for a fresh register for every value and never thinks about how many there are; `registers`
packs them afterwards. Constants, columns, tests and masks are entered once however often they are used.

Operands while lowering: a mask is a virtual register times 2, plus 1 for its complement, so that negation
costs nothing (`ALL` and `NONE` are registers that need no instruction); a number is a `Reg` or a `Const`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nbadsl.plan.plan import Column, RunTest, Test
from nbadsl.source import Span

Mask: TypeAlias = int
ALL: Mask = 0
NONE: Mask = 1
VALID: Mask = 2
FIRST_FREE = 2  # mask registers 0 and 1 are reserved


@dataclass(frozen=True, slots=True)
class Reg:
    """A number register."""

    number: int


@dataclass(frozen=True, slots=True)
class Const:
    """A slot of the constants."""

    slot: int


Number: TypeAlias = Reg | Const


@dataclass(slots=True, eq=False)
class Label:
    """A place that instructions jump to; `at` is its index once the code is laid out."""

    at: int = -1


@dataclass(slots=True, eq=False)
class Instruction:
    """An operation with its operands as `ops` lists them.

    Masks and registers are virtual numbers, a jump's target is a `Label`. `rules`: of a gate, its list:
    (mask that passes, mask that is known or -1, counter). `ranges`: of a test of words, its pairs.
    """

    name: str
    operands: list[Any]
    rules: list[tuple[Mask, Mask, int]] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)


Block: TypeAlias = list[Instruction | Label]


class Tables:
    """Everything that instructions refer to by number."""

    def __init__(self) -> None:
        self.constants: list[float] = []
        self.masks: list[int] = []
        self.columns: list[Column] = []
        self.tests: list[Test] = []
        self.givens: dict[str, int] = {}
        self.run_tests: list[RunTest] = []
        self.origins: dict[Span | None, int] = {}
        self._literals: dict[bytes, int] = {}
        self._found: dict[Any, int] = {}
        self._mask_count = FIRST_FREE
        self._number_count = 0

    # --- registers ---

    def mask(self) -> Mask:
        self._mask_count += 1
        return (self._mask_count - 1) * 2

    def register(self) -> Reg:
        self._number_count += 1
        return Reg(self._number_count - 1)

    # --- tables ---

    def literal(self, value: float) -> Const:
        """The constant of a number; 0.0 and -0.0 are two."""
        key = struct.pack("<d", value)
        if key not in self._literals:
            self._literals[key] = self.slot(value).slot
        return Const(self._literals[key])

    def slot(self, value: float = float("nan")) -> Const:
        """A constant of its own, to be filled by the run."""
        self.constants.append(value)
        return Const(len(self.constants) - 1)

    def given(self, name: str) -> Const:
        if name not in self.givens:
            self.givens[name] = self.slot().slot
        return Const(self.givens[name])

    def column(self, column: Column) -> int:
        return self._enter(self.columns, column)

    def test(self, test: Test) -> int:
        return self._enter(self.tests, test)

    def set_mask(self, bits: int) -> int:
        return self._enter(self.masks, bits)

    def run_test(
        self, op: str, operand: str | None, literal: str, values: tuple[str, ...], given: str | None
    ) -> Const:
        key = ("run", op, operand, literal, values, given)
        if key not in self._found:
            slot = self.slot()
            self.run_tests.append(RunTest(slot.slot, op, operand, literal, values, given))
            self._found[key] = slot.slot
        return Const(self._found[key])

    def origin(self, origin: Span | None) -> int:
        return self.origins.setdefault(origin, len(self.origins))

    def _enter(self, table: list[Any], entry: Any) -> int:
        key = (id(table), entry)
        if key not in self._found:
            table.append(entry)
            self._found[key] = len(table) - 1
        return self._found[key]
