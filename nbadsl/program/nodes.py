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

from nbadsl.inputs import Input as Input
from nbadsl.inputs import Value as Value
from nbadsl.program.expressions import ARITHMETIC as ARITHMETIC
from nbadsl.program.expressions import CALENDAR as CALENDAR
from nbadsl.program.expressions import COMPARISONS as COMPARISONS
from nbadsl.program.expressions import And as And
from nbadsl.program.expressions import Arithmetic as Arithmetic
from nbadsl.program.expressions import Arm as Arm
from nbadsl.program.expressions import Calendar as Calendar
from nbadsl.program.expressions import Column as Column
from nbadsl.program.expressions import Compare as Compare
from nbadsl.program.expressions import Expr as Expr
from nbadsl.program.expressions import Given as Given
from nbadsl.program.expressions import Has as Has
from nbadsl.program.expressions import If as If
from nbadsl.program.expressions import IsKnown as IsKnown
from nbadsl.program.expressions import Literal as Literal
from nbadsl.program.expressions import Match as Match
from nbadsl.program.expressions import Member as Member
from nbadsl.program.expressions import Not as Not
from nbadsl.program.expressions import Or as Or
from nbadsl.program.expressions import OrElse as OrElse
from nbadsl.program.expressions import Same as Same
from nbadsl.program.expressions import children as children
from nbadsl.program.limits import DECIDED as DECIDED
from nbadsl.program.limits import Contacts as Contacts
from nbadsl.program.limits import Pause as Pause
from nbadsl.program.limits import Window as Window
from nbadsl.source import Span
from nbadsl.types import INTEGER


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

REQUIRE, ELIGIBLE, EXCLUDE, QUIET = "require", "eligible", "exclude", "quiet"
LIMIT, REST, BUDGET = LIMITING = "limit", "rest", "budget"
STAGES = (REQUIRE, ELIGIBLE, EXCLUDE, QUIET, *LIMITING)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a candidate. It lets a person pass when

    - require, eligible, limit, rest, budget: `when` is yes, or unknown and `unknown_passes`;
    - exclude, quiet: `when` is no, or unknown and `unknown_passes`.

    `room`: of a limit, rest or budget, the name of its room.
    """

    stage: str
    when: Expr
    unknown_passes: bool
    reason: str
    scope: str
    room: str = ""
    origin: Span | None = field(default=None, compare=False)

    @property
    def lets_pass(self) -> bool:
        """The answer of `when` that lets a person pass."""
        return self.stage not in (EXCLUDE, QUIET)

    @property
    def binds_fallback(self) -> bool:
        """Law, contract, quiet hours and limits hold for the fallback as well."""
        return self.stage not in (ELIGIBLE, EXCLUDE)


@dataclass(frozen=True, slots=True)
class Tier:
    """A candidate has tier `rank` (0 is best) if `when` is yes (None: always) and no earlier one of its tiers is."""

    rank: int
    when: Expr | None


@dataclass(frozen=True, slots=True)
class Factor:
    """A part of a candidate's score, such as `propensity` or a boost, and the score without it: see `neutral`."""

    name: str
    score: Expr


@dataclass(frozen=True, slots=True)
class Candidate:
    """One action × channel × content × slot; the order in the program is the order in the file.

    `active`: a flag over givens only, None when always. `rules`: in the order of stages, each stage from the
    outermost group to the content. `send_at`: the slot's moment, a time; unknown means there is none, and the
    fate is `quiet`, before limits, rests and budgets are looked at. `tiers`: at least one; the last has no condition.
    `score`: None only for the fallback action, which stands aside from the competition. `factors`: of the
    score, which only explanations need.
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
    factors: tuple[Factor, ...] = ()

    @property
    def limited(self) -> int:
        """The index of the first rule that is a limit, rest or budget."""
        return next((i for i, rule in enumerate(self.rules) if rule.room), len(self.rules))

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
class Limit:
    """A limit, a rest or a budget. How much room it leaves a person is an input of a decision, called `room`.

    `stage`: which of the three. `name`: as reports write it. `scope`: the block where it stands. `subject`: the
    field of whose value contacts are counted; the program's key for the person, None for everybody together.
    `unknown_passes`: what holds where that field is unknown. `most`: the number of a limit, the money of a
    budget, of which a contact takes `each`; both over givens. `pause`: of a rest. `binds`: the candidates (indices) that
    must have room; `takes`: those that take some when they are decided.
    """

    stage: str
    name: str
    scope: str
    room: str
    contacts: Contacts
    window: Window
    subject: str | None
    unknown_passes: bool
    most: Expr | None
    each: Expr | None
    pause: Pause | None
    binds: tuple[int, ...]
    takes: tuple[int, ...]
    origin: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Former:
    """An action, group or channel (`kind`) that had other names. Decisions do not read them; who compares does."""

    kind: str
    name: str
    names: tuple[str, ...]


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
class AtMost:
    """A promise that no decision makes more than `count` contacts of `among` (candidates), with one value of `subject`
    in one window; see `Limit` for both."""

    name: str
    count: int
    among: tuple[int, ...]
    subject: str | None
    window: Window
    origin: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Program:
    """A whole policy."""

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
    limits: tuple[Limit, ...] = ()
    at_most: tuple[AtMost, ...] = ()
    former: tuple[Former, ...] = ()

    @property
    def rooms(self) -> tuple[Input, ...]:
        """What a decision reads beside the profile: the room that each limit leaves."""
        return tuple(room_input(limit.room) for limit in self.limits)


def room_input(name: str) -> Input:
    """The room of a limit: a whole number, always known, of which less than one stops a person."""
    return Input(name, INTEGER, column=name)
