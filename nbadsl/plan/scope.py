"""Where expressions are lowered to: which rows, which instructions, and what has been computed already.

A `Scope` turns expressions into masks and numbers, each once. There are four of them:

- `Once` works on one row, for everything that is the same for everybody; its results are constants;
- `Dense` works on all rows of a block. What several candidates use is computed in front of the first of
  them (`shared`), what a single one uses stands behind the jump that skips it (`local`);
- `Compact` works on the rows that a candidate's rules let through, for its score. Tests of columns, and
  numbers that are computed densely anyway, are taken from the dense scope;
- `Audit` works on all rows and takes nothing as the same for everybody: it counts undefined operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from nbadsl.plan import flags, numbers
from nbadsl.plan.emit import ALL, NONE, Block, Const, Instruction, Mask, Number, Reg, Tables
from nbadsl.plan.ranges import Ranges
from nbadsl.program import nodes
from nbadsl.program.nodes import Expr
from nbadsl.types import Flag, is_numeric

T = TypeVar("T")


class Scope:
    """What all scopes do: lower an expression, remembering every result."""

    compact = False

    def __init__(self, tables: Tables, ranges: Ranges) -> None:
        self.tables = tables
        self.ranges = ranges
        self.shared: Block = []
        self._shared: dict[Any, Any] = {}

    # --- where instructions go ---

    def place(self, expr: Expr | None) -> tuple[Block, dict[Any, Any]]:
        """Where an expression's instructions belong, and what is known to be computed there."""
        return self.shared, self._shared

    def once(self, expr: Expr | None, key: Any, make: Callable[[Block], Any]) -> Any:
        """What `make` gave when asked with this key first."""
        if key in self._shared:
            return self._shared[key]
        block, found = self.place(expr)
        if key not in found:
            found[key] = make(block)
        return found[key]

    def emit_mask(self, expr: Expr | None, name: str, *operands: int) -> Mask:
        def make(block: Block) -> Mask:
            mask = self.tables.mask()
            block.append(Instruction(name, [mask >> 1, *operands]))
            return mask

        mask: Mask = self.once(expr, (name, *operands), make)
        return mask

    def emit_number(self, expr: Expr | None, name: str, *operands: int) -> Reg:
        def make(block: Block) -> Reg:
            register = self.tables.register()
            block.append(Instruction(name, [register.number, *operands]))
            return register

        register: Reg = self.once(expr, (name, *operands), make)
        return register

    def emit_words(self, expr: Expr, column: int, ranges: list[tuple[int, int]]) -> Mask:
        def make(block: Block) -> Mask:
            mask = self.tables.mask()
            block.append(Instruction("words", [mask >> 1, column, 0, 0], ranges=ranges))
            return mask

        mask: Mask = self.once(expr, ("words", column, *ranges), make)
        return mask

    # --- flags ---

    def flag(self, expr: Expr, yes: bool) -> Mask:
        """Rows where a flag is surely yes, or surely no."""
        if not yes and not self.ranges.unknown(expr):
            return self.flag(expr, True) ^ 1
        mask: Mask = self.once(expr, (expr, yes), lambda _: self._flag(expr, yes))
        return mask

    def _flag(self, expr: Expr, yes: bool) -> Mask:
        return flags.answer(self, expr, yes)

    def known(self, expr: Expr) -> Mask:
        """Rows where an expression of any type has a value."""
        certain = not self.ranges.unknown(expr)
        if certain and not self.ranges.can_be_undefined(expr):
            return ALL
        # Also where the answer is certain: what is undefined on the way is noticed only if it is computed.
        mask: Mask = self.once(expr, (expr, "known"), lambda _: self._known(expr))
        return ALL if certain else mask

    def _known(self, expr: Expr) -> Mask:
        return flags.known(self, expr)

    def both(self, a: Mask, b: Mask) -> Mask:
        if a == b or b == ALL:
            return a
        if a == ALL:
            return b
        if NONE in (a, b) or a == b ^ 1:
            return NONE
        return self.combine("and", min(a, b), max(a, b))

    def either(self, a: Mask, b: Mask) -> Mask:
        return self.both(a ^ 1, b ^ 1) ^ 1

    def combine(self, name: str, a: Mask, b: Mask) -> Mask:
        return self.emit_mask(None, name, a, b)

    def fill(self, slot: Const, yes: bool) -> Mask:
        """All rows if a flag of the run is yes (or no), else none."""
        return self.emit_mask(None, "fill", slot.slot, int(yes))

    # --- numbers ---

    def number(self, expr: Expr) -> Number:
        """The values of a numeric expression, NaN where unknown."""
        number: Number = self.once(expr, (expr, "number"), lambda _: self._number(expr))
        return number

    def _number(self, expr: Expr) -> Number:
        return numbers.number(self, expr)

    def broadcast(self, constant: Const) -> Reg:
        return self.emit_number(None, "constant", constant.slot)

    def register(self, expr: Expr) -> Reg:
        """As `number`, in a register in any case."""
        found = self.number(expr)
        return found if isinstance(found, Reg) else self.broadcast(found)

    def is_number(self, expr: Expr) -> Mask:
        """Rows where the value of a numeric expression, once computed, is known."""
        return self.emit_mask(expr, "known", self.register(expr).number)

    def is_constant(self, expr: Expr) -> bool:
        """Whether `number` gives a constant."""
        return isinstance(expr, nodes.Literal | nodes.Given)


class Uniform:
    """Which expressions are the same for everybody: those that read no column and no arm."""

    def __init__(self) -> None:
        self._found: dict[Expr, bool] = {}

    def __call__(self, expr: Expr) -> bool:
        found = self._found.get(expr)
        if found is None:
            found = not isinstance(expr, nodes.Column | nodes.Arm) and all(map(self, nodes.children(expr)))
            self._found[expr] = found
        return found


class Once(Scope):
    """One row, for what is the same for everybody."""

    def constant(self, expr: Expr) -> Const:
        """A constant that holds the value of a numeric expression, or of a flag (1, 0, unknown)."""
        if isinstance(expr, nodes.Literal):
            return self.tables.literal(numbers.number_of(expr.value))
        if isinstance(expr, nodes.Given) and (isinstance(expr.type, Flag) or is_numeric(expr.type)):
            return self.tables.given(expr.name)
        constant: Const = self.once(expr, (expr, "constant"), lambda _: self._store(expr))
        return constant

    def _store(self, expr: Expr) -> Const:
        if isinstance(expr.type, Flag):
            yes, no = self.flag(expr, True), self.flag(expr, False)
            slot = self.tables.slot()
            self.shared.append(Instruction("flag", [slot.slot, yes, no]))
            return slot
        found = self.number(expr)
        if isinstance(found, Const):
            return found
        slot = self.tables.slot()
        self.shared.append(Instruction("give", [slot.slot, found.number]))
        return slot


class Dense(Scope):
    """All rows of a block. `is_shared(expr)`: whether more than one candidate uses it."""

    def __init__(
        self, tables: Tables, ranges: Ranges, run: Once, uniform: Uniform, is_shared: Callable[[Expr], bool]
    ) -> None:
        super().__init__(tables, ranges)
        self.run, self.uniform, self.is_shared = run, uniform, is_shared
        self.local: Block = []
        self._local: dict[Any, Any] = {}
        self._in_shared = False

    def begin(self) -> None:
        """Start with a new candidate."""
        self.shared, self.local, self._local = [], [], {}

    def place(self, expr: Expr | None) -> tuple[Block, dict[Any, Any]]:
        if self._in_shared or (expr is not None and self.is_shared(expr)):
            return self.shared, self._shared
        return self.local, self._local

    def _flag(self, expr: Expr, yes: bool) -> Mask:
        if self.uniform(expr) and not isinstance(expr, nodes.Literal):
            slot = self.run.constant(expr)
            return self._within(expr, lambda: self.fill(slot, yes))
        return self._within(expr, lambda: flags.answer(self, expr, yes))

    def _known(self, expr: Expr) -> Mask:
        if self.uniform(expr):
            return self._within(expr, lambda: self._known_of_run(expr))
        return self._within(expr, lambda: flags.known(self, expr))

    def _known_of_run(self, expr: Expr) -> Mask:
        if isinstance(expr.type, Flag):
            slot = self.run.constant(expr)
            return self.either(self.fill(slot, True), self.fill(slot, False))
        if is_numeric(expr.type):
            return self.is_number(expr)
        return flags.known(self, expr)

    def _number(self, expr: Expr) -> Number:
        if self.uniform(expr):
            return self.run.constant(expr)
        return self._within(expr, lambda: numbers.number(self, expr))

    def _within(self, expr: Expr, make: Callable[[], T]) -> T:
        """Make the instructions of a shared expression among the shared ones."""
        before = self._in_shared
        self._in_shared = before or self.is_shared(expr)
        try:
            return make()
        finally:
            self._in_shared = before

    def is_constant(self, expr: Expr) -> bool:
        return self.uniform(expr)


class Compact(Scope):
    """The rows that a candidate's rules let through. `densely(number)`: whether it is computed for all rows."""

    compact = True

    def __init__(self, dense: Dense, densely: Callable[[Expr], bool]) -> None:
        super().__init__(dense.tables, dense.ranges)
        self.dense, self.densely = dense, densely
        self._simple: dict[Expr, bool] = {}

    def is_simple(self, expr: Expr) -> bool:
        """Whether a flag only tests columns: then it is cheaper to ask for all rows."""
        found = self._simple.get(expr)
        if found is None:
            found = not isinstance(expr, nodes.Arithmetic | nodes.Calendar) or self.densely(expr)
            found = found and all(map(self.is_simple, nodes.children(expr)))
            self._simple[expr] = found
        return found

    def _pack(self, mask: Mask) -> Mask:
        return mask if mask <= NONE else self.emit_mask(None, "pack", mask & ~1) ^ (mask & 1)

    def _flag(self, expr: Expr, yes: bool) -> Mask:
        if self.is_simple(expr) or self.dense.uniform(expr):
            return self._pack(self.dense.flag(expr, yes))
        return flags.answer(self, expr, yes)

    def _known(self, expr: Expr) -> Mask:
        if self.is_simple(expr) or self.dense.uniform(expr):
            return self._pack(self.dense.known(expr))
        return flags.known(self, expr)

    def _number(self, expr: Expr) -> Number:
        if self.dense.uniform(expr):
            return self.dense.run.constant(expr)
        if self.densely(expr):
            found = self.dense.number(expr)
            return self.emit_number(None, "pick", found.number) if isinstance(found, Reg) else found
        return numbers.number(self, expr)

    def is_constant(self, expr: Expr) -> bool:
        return self.dense.uniform(expr)


class Audit(Scope):
    """All rows, nothing taken as the same for everybody."""
