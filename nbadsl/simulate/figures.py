"""The figures of a simulation, as plain data: all that its report shows, in text, JSON and HTML.

A `Simulation` holds the `Figures` of the policy, and with a second policy those of the old one and the `Changes`
from the old to the new. People are counted once by their first choice; contacts are all choices, on every place.
Shares are of all people. Names are those of the policy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from nbadsl.limited.used import LimitUse
from nbadsl.report import BadColumn, Funnel, RuleCount, Share, Undefined
from nbadsl.simulate.sums import plain

SCHEMA_VERSION = 1
NOTHING = "nothing"
"""How it is written that nothing is decided."""

UNKNOWN, OTHERS = "unknown", "others"
"""Groups of a field: people for whom it is unknown, and those of values that are too few to be told."""


@dataclass(frozen=True, slots=True)
class Part:
    """An action, a channel or a content. `people`: whose first choice it is; `contacts`: on every place; `score`: the sum
    of the scores of the first choices."""

    name: str
    people: int
    contacts: int
    score: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Scores of the people whose first choice an action is: `counts[i]` from `edges[i]` to `edges[i + 1]`."""

    action: str
    people: int
    mean: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnknownRule:
    """A rule that stopped people because something was unknown. `people`: of one candidate, the most. `fields`: of the
    profile, which the rule reads."""

    stage: str
    reason: str
    scope: str
    path: str
    line: int
    people: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A field that `rules` rules read which stopped people because something was unknown. `people`: for whom it is."""

    field: str
    people: int
    rules: int


@dataclass(frozen=True, slots=True)
class Closest:
    """Why people are left with nothing: what stopped the candidate that came furthest. `stage`: of a rule, or `inactive`,
    `no score`, `threshold`, `no moment`; `reason`, `scope`, `path` and `line` of a rule, else empty."""

    candidate: str
    stage: str
    reason: str
    scope: str
    path: str
    line: int
    people: int


@dataclass(frozen=True, slots=True)
class Group:
    """The people with one value of a field. `score`: the sum over their first choices; `mean_score`: over those who have
    one, None for nobody. `actions`: all of the policy, in its order, with people of this group."""

    value: str
    people: int
    decided: int
    contacts: int
    score: float
    mean_score: float | None
    actions: tuple[Share, ...]

    @property
    def decided_share(self) -> float:
        return self.decided / self.people if self.people else 0.0

    @property
    def contacts_per_person(self) -> float:
        return self.contacts / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Segments:
    """The groups of a field, side by side; everybody is in one of them. `banded`: groups are ranges of numbers, from the
    smallest on; else values, the most frequent first. UNKNOWN and OTHERS are last."""

    field: str
    banded: bool
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of a group's people get an action."""

    group: str
    people: int
    decided: int

    @property
    def rate(self) -> float:
        return self.decided / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class RateGap:
    """The groups of a field that get an action least and most often, of those with enough people to tell. `ratio`: the
    lowest rate divided by the highest."""

    field: str
    action: str
    lowest: Rate
    highest: Rate
    difference: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Burden:
    """`people` get so many contacts."""

    contacts: int
    people: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A guarantee. `never`: nobody for whom it applies gets any of the scope, else everybody does. `applies`: people for
    whom its condition is yes; `broken`: for whom it does not hold; `examples`: keys of some of these."""

    name: str
    never: bool
    path: str
    line: int
    applies: int
    broken: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one policy does. `people`: all; `rejected`: those of them with bad data, per column. `decided`: people who get
    something; `nothing`: why others do not. `score`: the sum over first choices, `mean_score`: over those who have one.
    `actions`, `channels`, `contents`: of the policy in its order, those without people as well; a content's name has its
    action's in front. `closest`, `stoppers`: those with most people first. `stoppers`: rules, whichever candidates they
    stop; `stopped` counts people times candidates. `gaps`: largest difference first."""

    policy: str
    title: str
    hash: str
    people: int
    decided: int
    contacts: int
    score: float
    mean_score: float | None
    actions: tuple[Part, ...]
    channels: tuple[Part, ...]
    contents: tuple[Part, ...]
    nothing: tuple[Share, ...]
    closest: tuple[Closest, ...]
    rejected: tuple[BadColumn, ...]
    funnels: tuple[Funnel, ...]
    stoppers: tuple[RuleCount, ...]
    histograms: tuple[Histogram, ...]
    limits: tuple[LimitUse, ...]
    unknown_rules: tuple[UnknownRule, ...]
    unknown_fields: tuple[UnknownField, ...]
    undefined: tuple[Undefined, ...]
    segments: tuple[Segments, ...]
    burden: tuple[Burden, ...]
    gaps: tuple[RateGap, ...]
    guarantees: tuple[Checked, ...]

    @property
    def broken(self) -> int:
        """How many guarantees do not hold."""
        return sum(each.broken > 0 for each in self.guarantees)


@dataclass(frozen=True, slots=True)
class Move:
    """People of whom one action is the old first choice and another one, or the same, the new; NOTHING is one, too."""

    old: str
    new: str
    people: int


@dataclass(frozen=True, slots=True)
class Cause:
    """What is responsible for `people` who change: the first fate that differs.

    `kind`: `rule added`, `rule tightened`, `rule stops now` (it is the same, what it reads is not), `rule removed`,
    `rule loosened`, `rule lets pass now`, `limit` (the same, with less room), `limit gone`, `action added`, `action
    removed`, and so of a `channel` of an action, of a `content` and of a `slot`, `dates`, `no moment`, `no score`,
    `threshold`, `priority`, `score`, `order`, `exploration`, `experiment changed` (what makes the difference is the
    same, and reads one in which these people have another arm), `holdout added`, `holdout removed`, `holdout changed`,
    `bad data`.
    `side`: `new` or `old`, the policy that has the rule, or in which `candidate` is stopped; for `priority`, `score` and
    `order` it is the one that wins by the new policy. A rule is one cause for all candidates in its scope, so it has no
    `candidate`. `stage`, `reason`, `scope`, `path`, `line`: of the rule, else empty; but `reason` names a holdout, an
    experiment, or the field with bad data. `moves`: from which action to which, most people first; their sum is
    `people`. Of people whose action stays, `moves` are from candidate to candidate.
    """

    kind: str
    side: str
    candidate: str = ""
    stage: str = ""
    reason: str = ""
    scope: str = ""
    path: str = ""
    line: int = 0
    people: int = 0
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Gain:
    """An action by both policies: `old` and `new` people, those who come to it and who go from it."""

    action: str
    old: int
    new: int
    came: int
    went: int


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit, rest or budget by both policies; None: it is not in this one. `name`: as the new policy has it."""

    name: str
    old: LimitUse | None
    new: LimitUse | None


@dataclass(frozen=True, slots=True)
class ChangedGroup:
    """The people with one value of a field, by both policies."""

    field: str
    value: str
    people: int
    changed: int
    decided: tuple[int, int]
    contacts: tuple[int, int]
    score: tuple[float, float]

    @property
    def changed_share(self) -> float:
        return self.changed / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Changes:
    """From the old policy to the new. `changed`: people whose first choice is another action, or none any more, or one
    where there was none. `varied`: people whose action stays, by another channel, content or slot. `moves`: every pair of
    actions with people, those who stay too, so that they add up to all. `causes`: most people first; they add up to
    `changed`, and so do those `moves` whose ends differ. `varied_moves`, `varied_causes`: from candidate to candidate;
    each add up to `varied`. `groups`: most changed first."""

    changed: int
    varied: int
    moves: tuple[Move, ...]
    causes: tuple[Cause, ...]
    varied_moves: tuple[Move, ...]
    varied_causes: tuple[Cause, ...]
    gains: tuple[Gain, ...]
    limits: tuple[LimitChange, ...]
    groups: tuple[ChangedGroup, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """`people` of `of` were taken by chance, the same for the same seed. `margin`: of a share of all people, at most, with
    95% certainty."""

    people: int
    of: int
    seed: int
    margin: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """All figures. `profiles`: as it was named. `notes`: what a reader must know. `old` and `changes`: with a second policy."""

    profiles: str
    now: str
    seed: int
    seconds: float
    sample: Sample | None
    notes: tuple[str, ...]
    new: Figures
    old: Figures | None = None
    changes: Changes | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"schema_version": SCHEMA_VERSION, **plain(asdict(self))}
