"""Several dated runs in a row: what is decided, and what people are assumed to do with it, is the history of the next.

Takes a policy, profiles, the first moment and assumptions; gives a `Day` for each run. Profiles stay as they are: only time
moves on, and what was decided before. A given history is where it begins, and is never written.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from nbadsl.api import Policy
from nbadsl.engine.lookup import Lookup
from nbadsl.history.carried import CarriedHistory
from nbadsl.history.counted import Numbers
from nbadsl.limited.used import LimitUse
from nbadsl.program.givens import BadInput
from nbadsl.program.limits import DECIDED
from nbadsl.program.nodes import Program
from nbadsl.report import Share
from nbadsl.semantics.model import Model
from nbadsl.simulate.control import propensities_of
from nbadsl.simulate.deciding import Deciding, Side
from nbadsl.simulate.draws import RESPONSES, Draws
from nbadsl.simulate.figures import Burden, Sample
from nbadsl.simulate.leaves import Contacts, Leaves
from nbadsl.simulate.measured import Measure
from nbadsl.simulate.opened import Tick, counted, opened
from nbadsl.simulate.respond import Response, happened
from nbadsl.simulate.simulate import Asked, notes
from nbadsl.simulate.sums import plain, total

NOTE = "profiles stay as they are; only time moves on, and what was decided before"


@dataclass(frozen=True, slots=True)
class Day:
    """One run. `now`: in the policy's time zone. `people`: all; `decided`: those who get something; `contacts`: all
    choices, on every place. `actions`: of the policy in its order, with the contacts of each. `score`: the sum over all
    contacts. `nothing`: why others get nothing. `limits`: in the order of the policy. `outcomes`: contacts for which each
    was assumed to happen. `burden`: contacts that people have had in these runs so far, from none on."""

    now: str
    people: int
    decided: int
    contacts: int
    actions: tuple[Share, ...]
    score: float
    nothing: tuple[Share, ...]
    limits: tuple[LimitUse, ...]
    outcomes: tuple[Share, ...]
    burden: tuple[Burden, ...]

    @property
    def mean_burden(self) -> float:
        """Contacts of a person so far."""
        return sum(b.contacts * b.people for b in self.burden) / max(sum(b.people for b in self.burden), 1)

    def burden_of(self, share: float) -> int:
        """The fewest contacts that at least this share of the people do not exceed."""
        whole, below = sum(each.people for each in self.burden), 0
        for each in self.burden:
            below += each.people
            if below >= share * whole:
                return each.contacts
        return 0


@dataclass(frozen=True, slots=True)
class Days:
    """`every`: days from one run to the next. `responses`: what was assumed. `days`: the runs in their order;
    `without_limits`: the same runs by the policy without limits, rests and budgets, where that was asked for."""

    policy: str
    currency: str
    profiles: str
    every: int
    seed: int
    sample: Sample | None
    responses: tuple[str, ...]
    notes: tuple[str, ...]
    days: tuple[Day, ...]
    without_limits: tuple[Day, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"schema_version": 1, **plain(asdict(self))}


@dataclass(frozen=True, slots=True)
class Course:
    """How many runs there are, how many days from one to the next (on the clock of the policy's time zone), and what people
    are assumed to do."""

    runs: int
    every: int = 7
    responses: tuple[Response, ...] = ()

    def moments(self, first: datetime | None, timezone: str) -> list[datetime]:
        """`first`: without a time zone it is in the policy's; None: now."""
        first = first or datetime.now(UTC).replace(microsecond=0)
        if first.tzinfo is not None:
            first = first.astimezone(ZoneInfo(timezone))
        return [first + timedelta(days=number * self.every) for number in range(self.runs)]


def days(
    side: Side,
    model: Model | None,
    asked: Asked,
    course: Course,
    without_limits: bool = False,
    tick: Tick | None = None,
) -> Days:
    """Decide everybody in each run. `model`: of the policy, needed where somebody responds by propensity. `asked`: its
    moment is that of the first run; groups of people are not asked for. Raises what `simulate` does."""
    propensities, fields, without = None, frozenset[str](), list[str]()
    if any(response.reads_propensity for response in course.responses):
        assert model is not None
        propensities, without = _propensities(side.policy.program, model)
        fields = propensities.fields
    profiles, sample = opened(side, asked, fields)
    profiles = counted(profiles, course.runs * (1 + without_limits), tick)
    asked = replace(asked, profiles=profiles)
    sides = [side]
    if without_limits:
        sides.append(replace(side, policy=Policy(None, unlimited(side.policy.program)), history=None))
    found = [_Runs(each, asked, course, propensities).days() for each in sides]
    facts = side.policy.facts
    return Days(
        policy=facts.name,
        currency=facts.currency,
        profiles=profiles.name,
        every=course.every,
        seed=asked.seed,
        sample=sample,
        responses=tuple(map(str, course.responses)),
        notes=(NOTE, *notes(sample, [side]), *without),
        days=found[0],
        without_limits=found[1] if without_limits else None,
    )


def _propensities(program: Program, model: Model) -> tuple[Measure, list[str]]:
    """The propensities, and a note on actions that have none. Raises BadInput where none has one."""
    found = propensities_of(model)
    if not any(found):
        raise BadInput(
            "--respond: no action of the policy has a propensity; write a share, as in `accepted with 5%`"
        )
    pairs = zip(program.candidates, found, strict=True)
    without = ", ".join(dict.fromkeys(c.action for c, own in pairs if own is None))
    note = f"without a propensity, so that nobody responds by it: {without}"
    return Measure(program, found), [note] if without else []


def unlimited(program: Program) -> Program:
    """A program without its limits, rests and budgets."""
    candidates = tuple(replace(c, rules=c.rules[: c.limited]) for c in program.candidates)
    return replace(program, candidates=candidates, limits=())


class _Runs:
    """The runs of one policy."""

    def __init__(self, side: Side, asked: Asked, course: Course, propensities: Measure | None) -> None:
        """`asked`: with opened profiles."""
        self.side, self.asked, self.course, self.propensities = side, asked, course, propensities
        self.program = side.policy.program
        self.kinds = (DECIDED, *(response.outcome for response in course.responses))
        self.codes, self.heard = Lookup(), np.zeros(0, np.int64)

    def days(self) -> tuple[Day, ...]:
        moments = self.course.moments(self.asked.now, self.program.timezone)
        first = self.side.policy.given(moments[0])["now"]
        assert isinstance(first, float)
        self.history = CarriedHistory(self.side.history, int(first))
        return tuple(map(self._day, moments))

    def _day(self, now: datetime) -> Day:
        side = replace(self.side, history=self.history)
        deciding = Deciding(side, self.asked.profiles, now, self.asked.seed, self.asked.threads)
        counts = np.zeros((len(self.kinds), len(self.program.candidates)), np.int64)
        leaves, score = Leaves(deciding, self.kinds), 0.0
        for portion in deciding.portions():
            some = Contacts.of(portion)
            kinds, each = self._events(deciding, some)
            np.add.at(counts, (kinds, some.which[each]), 1)
            leaves.add(some, kinds, each)
            score += total(portion.outcome.score[some.rows, some.places])
            self._hear(portion.people.column(deciding.key), some)
        leaves.tell(self.history)
        report = deciding.report(0.0)
        return Day(
            now=report.now,
            people=report.people,
            decided=sum(share.people for share in report.decisions),
            contacts=report.contacts,
            actions=self._actions(counts[0]),
            score=score,
            nothing=report.nothing,
            limits=report.limits,
            outcomes=tuple(
                Share(*each) for each in zip(self.kinds[1:], counts[1:].sum(1).tolist(), strict=True)
            ),
            burden=tuple(Burden(*each) for each in enumerate(np.bincount(self.heard, minlength=1).tolist())),
        )

    def _events(self, deciding: Deciding, some: Contacts) -> tuple[Numbers, Numbers]:
        """What happens with some contacts: which of `kinds` it is, and of which contact, [events]."""
        people, given = some.portion.people, deciding.given
        now, hoped = given["now"], np.full(len(some.which), np.nan)
        assert isinstance(now, float)
        if self.propensities is not None:
            measured = self.propensities.of(people, some.chosen, given, self.asked.threads)
            hoped = measured[some.rows, some.places]
        keys = people.column(deciding.key).take(pa.array(some.rows))
        draws = Draws(keys, now, self.asked.seed, self.program.name).units(RESPONSES + some.places)
        happens = happened(self.course.responses, draws, hoped)
        each = [np.arange(len(some.which)), *(np.flatnonzero(happens[kind]) for kind in self.kinds[1:])]
        return np.repeat(np.arange(len(each)), list(map(len, each))), np.concatenate(each)

    def _hear(self, keys: pa.Array, some: Contacts) -> None:
        """Count the contacts of everybody."""
        codes = self.codes.codes(keys)
        more = np.bincount(codes[some.rows], minlength=self.codes.size)
        more[: len(self.heard)] += self.heard
        self.heard = more

    def _actions(self, counts: Numbers) -> tuple[Share, ...]:
        found = dict.fromkeys((candidate.action for candidate in self.program.candidates), 0)
        for candidate, many in zip(self.program.candidates, counts.tolist(), strict=True):
            found[candidate.action] += many
        return tuple(Share(*each) for each in found.items())
