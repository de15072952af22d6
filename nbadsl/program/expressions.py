"""The expressions of the program; `nodes` says what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nbadsl.source import Span
from nbadsl.types import Type, Words


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant. None, of a numeric type alone, is unknown: there is no value, and none was looked for."""

    value: bool | float | str | None
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A field of the profile. Null in the data is unknown (also for `or never`)."""

    name: str
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """An input of the run, the same for everybody: `now`, `today`, a parameter, a context field."""

    name: str
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """The arm of an experiment that the person is in: one of its words, never unknown."""

    experiment: str
    type: Words
    unknown: bool = False
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """Kleene: not unknown is unknown."""

    operand: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class And:
    """Kleene: no if either is no, else unknown if either is. Evaluated left to right; stops at no."""

    left: Expr
    right: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Or:
    """Kleene: yes if either is yes, else unknown if either is. Evaluated left to right; stops at yes."""

    left: Expr
    right: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Compare:
    """`op` is one of `< <= > >= == !=`; both sides are doubles."""

    op: str
    left: Expr
    right: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """Equality of two texts, two words or two flags."""

    left: Expr
    right: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """Whether a text or word is one of some literals (sorted, without repeats)."""

    operand: Expr
    values: tuple[str, ...]
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """`op` is one of `starts`, `ends`, `contains`; `pattern` is a literal or given text."""

    op: str
    operand: Expr
    pattern: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Has:
    """Whether a set holds any (`op` = `any`) or all (`all`) of some words. The operand is a Column or Given."""

    op: str
    operand: Expr
    words: tuple[str, ...]
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """The chosen branch only is evaluated; unknown when the condition is. Any type but a set."""

    condition: Expr
    then: Expr
    otherwise: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OrElse:
    """The left value, or the right one where the left is unknown. Any type but a set."""

    left: Expr
    right: Expr
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class IsKnown:
    """Whether the operand has a value; itself never unknown. Any type."""

    operand: Expr
    type: Type
    unknown: bool = False
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic:
    """Doubles to a double. A result that is not finite is unknown, counted as undefined at `origin`.

    `op`, by number of arguments:
    1: `neg abs floor ceil round exp log sqrt` (`round`: halves away from zero);
    2: `add sub mul div pow min max` (`pow` is C's pow; `min max` keep the left one of two equals).
    Each is one IEEE operation on doubles; nothing is fused or reordered.
    """

    op: str
    operands: tuple[Expr, ...]
    type: Type
    unknown: bool
    origin: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Calendar arithmetic, proleptic Gregorian; local means the policy's time zone.

    `op`, by argument: `year month day weekday` (date -> number; Monday is 1), `local_date`
    (time -> date), `local_clock` (time -> clock), `midnight` (date -> time of local 00:00, the first
    instant of that day), `add_months` (date, whole number -> date, clamped to the month's end),
    `months_between` (date, date -> whole months from the first to the second, floored, negative
    when the second is earlier: the difference of year × 12 + month, less one when the second's day of
    the month is smaller; so 31 January to 28 February is 0). Arguments are floored to whole numbers.
    Where a date that the operation takes or gives is outside years 1..9999 (of a time: its local date),
    the result is undefined.
    """

    op: str
    operands: tuple[Expr, ...]
    type: Type
    unknown: bool
    origin: Span | None = None


Expr: TypeAlias = (
    Literal
    | Column
    | Given
    | Arm
    | Not
    | And
    | Or
    | Compare
    | Same
    | Member
    | Match
    | Has
    | If
    | OrElse
    | IsKnown
    | Arithmetic
    | Calendar
)

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
ARITHMETIC = {
    "neg": 1,
    "abs": 1,
    "floor": 1,
    "ceil": 1,
    "round": 1,
    "exp": 1,
    "log": 1,
    "sqrt": 1,
    "add": 2,
    "sub": 2,
    "mul": 2,
    "div": 2,
    "pow": 2,
    "min": 2,
    "max": 2,
}
CALENDAR = {
    "year": 1,
    "month": 1,
    "day": 1,
    "weekday": 1,
    "local_date": 1,
    "local_clock": 1,
    "midnight": 1,
    "add_months": 2,
    "months_between": 2,
}


def children(expr: Expr) -> tuple[Expr, ...]:
    """The operands of an expression, in order of evaluation."""
    match expr:
        case Literal() | Column() | Given() | Arm():
            return ()
        case Not() | IsKnown() | Member() | Has():
            return (expr.operand,)
        case Match():
            return (expr.operand, expr.pattern)
        case If():
            return (expr.condition, expr.then, expr.otherwise)
        case Arithmetic() | Calendar():
            return expr.operands
        case And() | Or() | Compare() | Same() | OrElse():
            return (expr.left, expr.right)
