"""The typed program: what a policy means, and nothing else.

Everything the author may abbreviate is spelled out here. Defines, functions and tables are inlined;
`channel`, `content` and `slot` are constants of each candidate; `within`, `is never`, `between` and
calendar words are plain arithmetic. What remains is small enough that an engine fits on a few pages.

Values (see `types`): flag -> bool; every numeric type -> float; text and words -> str;
sets -> frozenset[str]; unknown -> None. "Unknown" travels through every operation except those
that say otherwise below; an operation whose result is undefined (not finite) is unknown as well.

Expressions are made by a `Pool` only, which returns the same object for the same meaning: equality is
identity, a shared subexpression is one node, and tables keyed by node are cheap. `origin`, the place
in the source, is kept from the first use and takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from nbadsl.inputs import Input as Input
from nbadsl.inputs import Value as Value
from nbadsl.source import Span
from nbadsl.types import Type, Words


# --- expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant, never unknown."""

    value: bool | float | str
    type: Type
    unknown: bool = False
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


# --- inputs --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """From local midnight of `day` (days since 1970) on, a parameter has another value."""

    day: float
    value: Value


@dataclass(frozen=True, slots=True)
class Parameter:
    input: Input
    changes: tuple[Change, ...] = ()


# --- what is decided ------------------------------------------------------------------------------

REQUIRE, ELIGIBLE, EXCLUDE = "require", "eligible", "exclude"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a candidate. It lets a person pass when

    - require, eligible: `when` is yes, or unknown and `unknown_passes`;
    - exclude: `when` is no, or unknown and `unknown_passes`.
    """

    stage: str
    when: Expr
    unknown_passes: bool
    reason: str
    scope: str
    origin: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Tier:
    """A candidate has tier `rank` (0 is best) if `when` is yes (None: always) and no earlier one of its tiers is."""

    rank: int
    when: Expr | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One action × channel × content × slot; the order in the program is the order in the file.

    `active`: a flag over givens only, None when always. `rules`: in the order require, eligible,
    exclude, each from the outermost group to the content. `send_at`: the slot's moment, a time; unknown
    means there is none, and the fate is `quiet`. `tiers`: at least one; the last has no condition.
    `score`: None only for the fallback action, which stands aside from the competition.
    """

    action: str
    channel: str | None
    content: str | None
    slot: str | None
    groups: tuple[str, ...]
    active: Expr | None
    rules: tuple[Rule, ...]
    send_at: Expr | None
    tiers: tuple[Tier, ...]
    score: Expr | None
    title: str = ""

    @property
    def name(self) -> str:
        """`winback via email "winback_a" at evening`, as messages and reports write it."""
        parts = [self.action]
        if self.channel:
            parts.append(f"via {self.channel}")
        if self.content:
            parts.append(f'"{self.content}"')
        if self.slot:
            parts.append(self.slot if self.slot == "now" else f"at {self.slot}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Most:
    """`at most COUNT per BY` (`group`: the innermost group, `action` or `channel`)."""

    count: int
    by: str


@dataclass(frozen=True, slots=True)
class Arbitration:
    """`threshold`: a score below it, or an unknown threshold, is not acted on. `fallback`: an action's name.

    An action is picked once unless `at most K per action` says more.
    """

    threshold: Expr | None = None
    pick: int = 1
    most: tuple[Most, ...] = ()
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Holdout:
    """A share in 0..1 of the people is decided nothing, while `active` (a flag over givens; None: always)."""

    name: str
    share: float
    by: str
    seed: str
    active: Expr | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """Arms with shares that add to 1; a person's place on 0..1 is the hash of `seed` and the field `by`."""

    name: str
    by: str
    seed: str
    arms: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Explore:
    """With probability `share` the choice is uniform among the best tier's passing candidates in `among` (indices)."""

    share: float
    among: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """`never`: no one for whom `when` is yes is decided a candidate of `among`; `some`: everyone is."""

    name: str
    never: bool
    among: tuple[int, ...]
    when: Expr
    origin: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Program:
    """A whole policy. `unenforced` names what it asks for that the engines do not do yet; such a program is not run."""

    name: str
    title: str
    owner: str
    timezone: str
    currency: str
    week_start: int
    profile: str
    key: str
    inputs: tuple[Input, ...]
    context: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    candidates: tuple[Candidate, ...]
    tiers: tuple[str, ...]
    arbitration: Arbitration
    holdouts: tuple[Holdout, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    explore: Explore | None = None
    guarantees: tuple[Guarantee, ...] = ()
    unenforced: tuple[str, ...] = ()
