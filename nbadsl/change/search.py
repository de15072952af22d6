"""Looks for the smallest change of a person that makes an action win.

*Smallest*: of changes that make it win, those of the fewest fields; of these, one with the least sum of distances (see
`values`); of these, the one whose fields are declared first, the profile's before the context's; and then the lower
values, words that are declared first, unknown last.

Sets of one field are tried, then of two, and so on up to five, within a bound of work. A set is looked at only where each rule that stops the action
now reads one of its fields, and where, if it is merely outranked, its own rank or that of everything above it does.
Of each field, one value of every piece is enough, the nearest: so what is found is the smallest, and where nothing is
found, nothing can be (but for the last digits, where scores are made by `exp`, `log` or `^`, or where what is compared
moves the same way). Where two numeric fields of many values meet in tests that are linear, `corners` says which values
of the first one are enough, and distances are compared to nine digits. Where three do, where such a test is not linear,
or where a test does not move in one direction, `exact` is no: then a smaller change may exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from nbadsl.change.corners import Axis, corners
from nbadsl.change.pieces import FEW, pieces
from nbadsl.change.trial import Changes, Tests, Trial
from nbadsl.change.values import Line, Option, anchor, line, option, others
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.interpreter import Evaluator, alone
from nbadsl.program.decision import Fate, Row
from nbadsl.program.givens import BadInput
from nbadsl.program.nodes import Expr, Program, Value
from nbadsl.program.nodes import Given as GivenNode
from nbadsl.program.walk import leaves
from nbadsl.room import room
from nbadsl.types import is_numeric

MOST_FIELDS, MOST_WORK = 5, 12_000
_KNOWN_WORK = 0.1  # to look at what has been evaluated already


@dataclass(frozen=True, slots=True)
class Change:
    """One field that has to be different. `distance`: see `values`."""

    field: str
    old: Value
    new: Value
    distance: float


@dataclass(frozen=True, slots=True)
class Found:
    """The smallest change (empty: it wins as it is), or None. `exact`: that there is certainly no smaller one, or
    none at all of up to `tried` fields. `all_tried`: whether sets of more fields could not do what smaller ones
    cannot. `fields`: those that might have been changed."""

    changes: tuple[Change, ...] | None
    exact: bool
    tried: int
    all_tried: bool
    fields: tuple[str, ...]


def changeable(program: Program) -> tuple[dict[str, str], tuple[str, ...]]:
    """The fields that stay as they are, each with the reason; and those that may be changed, in their order."""
    stay: dict[str, str] = {}
    for limit in program.limits:
        read = [*_givens(limit.most), *_givens(limit.each), limit.subject, limit.window.since]
        stay |= {name: f"the {limit.stage} {limit.name} counts by it" for name in read if name}
    stay |= {h.by: f"the holdout {h.name} goes by it" for h in program.holdouts}
    stay |= {e.by: f"the experiment {e.name} goes by it" for e in program.experiments}
    stay[program.key] = "it says who it is"
    fields = [field.name for field in (*program.inputs, *program.context)]
    return stay, tuple(name for name in fields if name not in stay)


def _givens(expr: Expr | None) -> Iterator[str]:
    found = leaves([] if expr is None else [expr])
    yield from (leaf.name for leaf in found if isinstance(leaf, GivenNode))


def smallest(
    program: Program,
    row: Row,
    given: Row,
    wanted: frozenset[int],
    seed: int = 0,
    fields: tuple[str, ...] | None = None,
) -> Found:
    """The smallest change that makes one of some candidates be decided.

    `row`: with the room of each limit, which stays. `fields`: the only ones that may change. Raises BadInput for one
    that is not there, or has to stay.
    """
    stay, free = changeable(program)
    for name in fields or ():
        if name in stay:
            raise BadInput(f"`{name}` cannot be changed: {stay[name]}")
        if name not in free:
            raise BadInput(f"there is no field `{name}`: {did_you_mean(name, free) or 'it is not declared'}")
    free = tuple(name for name in free if fields is None or name in fields)
    with room():
        return _Search(Trial(program, row, given, seed), wanted, free).found()


@dataclass(frozen=True, slots=True, order=True)
class _Size:
    """By what changes of as many fields are compared."""

    distance: float
    places: tuple[int, ...]
    ranks: tuple[float, ...]


_Changed = tuple[tuple[str, Option], ...]
_Sized = tuple[_Size, _Changed]


class _TooMuch(Exception):
    """The work has come to its bound."""


class _Search:
    def __init__(self, trial: Trial, wanted: frozenset[int], free: tuple[str, ...]) -> None:
        self.trial, self.wanted = trial, wanted
        read = frozenset().union(*trial.of)
        self.free = tuple(name for name in free if name in read)
        self.places = {name: place for place, name in enumerate(trial.fields)}
        self.judged = [alone(trial.program, n, trial.row, trial.given) for n in range(len(trial.of))]
        self.stops = [[trial.reads[h.part.expr] for h in judged.hurdles] for judged in self.judged]
        self.needs = [self._needs(number) for number in sorted(wanted)]
        self.tests: dict[frozenset[int], Tests] = {}
        self.rules = frozenset().union(*(self._read_by_rules(number) for number in wanted))
        self.passing: dict[frozenset[str], bool] = {}
        self.known: dict[tuple[object, ...], tuple[list[Option], bool]] = {}
        self.lines = {
            name: line(trial.field(name), trial.value(name), trial.given)
            for name in self.free
            if self._is_numeric(name)
        }

    def found(self) -> Found:
        if self.trial.chosen({}) & self.wanted:
            return self._result((), True, 0, True)
        exact = True
        for size in range(1, MOST_FIELDS + 1):
            try:
                sets = [s for s in combinations(self.free, size) if self._may_do(frozenset(s))]
                best, certain = self._best(sets)
            except _TooMuch:
                return self._result(None, exact, size - 1, False)
            exact &= certain
            if best is not None:
                return self._result(best, exact, size, False)
        more = len(self.free) > MOST_FIELDS and self._touches(frozenset(self.free))
        return self._result(None, exact, MOST_FIELDS, not more)

    def _result(self, found: _Changed | None, exact: bool, tried: int, all_tried: bool) -> Found:
        changes = (
            found
            if found is None
            else tuple(Change(name, self.trial.value(name), o.value, o.distance) for name, o in found)
        )
        return Found(changes, exact, tried, all_tried, self.free)

    # --- which sets of fields could do it at all ---

    def _needs(self, number: int) -> list[frozenset[str]]:
        """Sets of fields, of each of which one must change so that a candidate is decided."""
        trial, program = self.trial, self.trial.program
        candidate, reads = program.candidates[number], trial.reads
        judged, needs = self.judged[number], self.stops[number]
        choosing = program.arbitration
        if candidate.score is None or choosing.pick > 1 or program.explore is not None:
            return needs
        own = [candidate.score, *(t.when for t in candidate.tiers), choosing.threshold]
        rank = frozenset().union(*(reads[expr] for expr in own if expr is not None))
        passes = judged.score is not None and (
            choosing.threshold is None or (judged.threshold is not None and judged.score >= judged.threshold)
        )
        if not passes:
            return [*needs, rank]
        assert judged.score is not None and judged.tier is not None
        place = (judged.tier, -judged.score, number)
        stories = trial.judge({}).person(trial.seed).stories
        for other, story in enumerate(stories):
            if other not in self.wanted and story.fate == Fate.OUTRANKED and story.score is not None:
                if (story.tier or 0, -story.score, other) < place:
                    needs = [*needs, rank | trial.of[other]]
        return needs

    def _tests(self, fields: tuple[str, ...], among: Iterable[int]) -> Tests:
        """The tests of some candidates that matter when some fields change: of those that nothing else stops."""
        changed = frozenset(fields)
        alive = frozenset(n for n in among if all(changed & each for each in self.stops[n]))
        if alive not in self.tests:
            self.tests[alive] = self.trial.tests(alive, self.wanted)
        return self.tests[alive]

    def _read_by_rules(self, number: int) -> frozenset[str]:
        candidate, reads = self.trial.program.candidates[number], self.trial.reads
        asked = [*(rule.when for rule in candidate.rules), candidate.send_at]
        return frozenset().union(*(reads[expr] for expr in asked if expr is not None))

    def _may_do(self, fields: frozenset[str]) -> bool:
        if not self._touches(fields):
            return False
        return self._may_pass(fields & self.rules)

    def _touches(self, fields: frozenset[str]) -> bool:
        """Whether some fields are read by all that is in the way of a wanted candidate."""
        return any(all(fields & need for need in needs) for needs in self.needs)

    def _may_pass(self, fields: frozenset[str]) -> bool:
        """Whether the rules of a wanted candidate may let the person pass if some of these fields change."""
        if fields not in self.passing:
            self.passing[fields] = any(self._may_pass(fields - {name}) for name in fields) or self._lets_pass(
                fields
            )
        return self.passing[fields]

    def _lets_pass(self, fields: frozenset[str]) -> bool:
        names = tuple(name for name in self.free if name in fields)
        options, exact = self._options(names, self._tests(names, self.wanted))
        return not exact or any(
            self.trial.passes({n: o.value for n, o in change}, self.wanted) for _, change in options
        )

    # --- the best of some sets ---

    def _best(self, sets: list[tuple[str, ...]]) -> tuple[_Changed | None, bool]:
        best: _Sized | None = None
        exact = True
        try:
            for fields in sets:
                options, certain = self._options(fields, self._tests(fields, range(len(self.stops))))
                exact &= certain
                best = self._first(options, best) or best
        except _TooMuch:
            if best is None:
                raise
            exact = False
        return (None if best is None else best[1]), exact

    def _first(self, options: list[_Sized], best: _Sized | None) -> _Sized | None:
        """The first change that makes it win, if it is smaller than the best one."""
        for size, change in options:
            if best is not None and size >= best[0]:
                return None
            if self.trial.work > MOST_WORK:
                raise _TooMuch
            changes = {name: option.value for name, option in change}
            if self.trial.passes(changes, self.wanted) and self.trial.chosen(changes) & self.wanted:
                return size, change
        return None

    def _options(self, fields: tuple[str, ...], tests: Tests) -> tuple[list[_Sized], bool]:
        """The changes of some fields that need to be tried, smallest first, and whether these are all."""
        meet = {name for _, read in tests if len(both := read & frozenset(fields)) > 1 for name in both}
        wide = [name for name in fields if name in meet and self._is_wide(name)]
        wide.sort(key=lambda name: (not self.lines[name].whole, self.places[name]))
        order = [name for name in fields if name not in wide] + wide
        found, exact = [], len(wide) < 3
        stack: list[_Changed] = [()]
        while stack:
            change = stack.pop()
            if len(change) == len(order):
                found.append(self._sized(change))
                if len(found) > MOST_WORK:
                    raise _TooMuch
                continue
            name = order[len(change)]
            if len(wide) == 2 and name == wide[0]:
                options, certain = self._first_of_two(wide[0], wide[1], tests, change)
            else:
                options, certain = self._of_field(name, tests, name in meet, change if name in wide else ())
            if name in wide[:-1] and not (certain and len(wide) == 2):
                options = [*options, *self._spread(name)]
            exact &= certain
            stack += [(*change, (name, each)) for each in options]
        return sorted(found, key=lambda each: each[0]), exact

    def _sized(self, change: _Changed) -> _Sized:
        ordered = tuple(sorted(change, key=lambda each: self.places[each[0]]))
        distance = sum(option.distance for _, option in ordered)
        places = tuple(self.places[name] for name, _ in ordered)
        return _Size(distance, places, tuple(option.rank for _, option in ordered)), ordered

    # --- the values of one field ---

    def _is_numeric(self, name: str) -> bool:
        return is_numeric(self.trial.field(name).type)

    def _is_wide(self, name: str) -> bool:
        """Whether a field has too many values to try each."""
        return name in self.lines and not _is_short(self.lines[name])

    def _of_field(self, name: str, tests: Tests, meets: bool, beside: _Changed) -> tuple[list[Option], bool]:
        """The values that one field needs to be tried with, whether it `meets` others in a test. `beside`: what has
        been changed already of those that it may meet."""
        trial = self.trial
        if name not in self.lines:
            key: tuple[object, ...] = (name,)
            if key not in self.known:
                field, old = trial.field(name), trial.value(name)
                self.known[key] = others(field, old, trial.given, trial.mentioned[name])
            return self.known[key]
        changes = {other: each.value for other, each in beside}
        every = meets and not self._is_wide(name)
        key = (name, every, id(tests), *changes.items())
        if key not in self.known:
            self.known[key] = self._numbers(name, tests, every, changes)
        return self.known[key]

    def _first_of_two(
        self, name: str, other: str, tests: Tests, beside: _Changed
    ) -> tuple[list[Option], bool]:
        """The values of one wide field that may do with some of another one, with others as changed `beside`."""
        changes = {each: option.value for each, option in beside}
        key = (name, other, id(tests), *changes.items())
        if key not in self.known:
            x, y = self._axis(name), self._axis(other)
            evaluate = self._evaluator(changes)
            mine = [test for test, read in tests if read & {name, other}]
            places, exact = corners(x, y, mine, lambda a, b: evaluate({name: a, other: b}))
            self.known[key] = self._at(name, (x.line.value(place) for place in places)), exact
        return self.known[key]

    def _axis(self, name: str) -> Axis:
        return Axis(self.lines[name], self.trial.moving(name), self._start(name))

    def _start(self, name: str) -> int:
        """The place from which distances count."""
        trial, old = self.trial, self.trial.value(name)
        from_here = old if isinstance(old, float) else anchor(trial.field(name), trial.given)
        return self.lines[name].place(from_here)

    def _at(self, name: str, numbers: Iterable[float]) -> list[Option]:
        """Numbers that a field can be instead, and unknown or never where it can."""
        trial, field, old = self.trial, self.trial.field(name), self.trial.value(name)
        values: list[Value] = [*numbers]
        values += [None] if field.optional or field.never else []
        return [option(field, old, new, trial.given) for new in values if new != old]

    def _spread(self, name: str) -> list[Option]:
        """Some values of a field with a range, for one that meets another in a test: the ends, and three between."""
        trial, field = self.trial, self.trial.field(name)
        if field.low is None or field.high is None:
            return []
        along, old, width = self.lines[name], trial.value(name), field.high - field.low
        values = [along.value(along.place(field.low + width * part / 4)) for part in range(5)]
        return [option(field, old, value, trial.given) for value in values if value != old]

    def _numbers(
        self, name: str, tests: Tests, every: bool, changes: Mapping[str, Value]
    ) -> tuple[list[Option], bool]:
        along, start = self.lines[name], self._start(name)
        if every:
            return self._at(name, map(along.value, range(along.low, along.high + 1))), True
        evaluate, mine = self._evaluator(changes), [test for test, read in tests if name in read]
        cut = pieces(along, mine, self.trial.moving(name), lambda place: evaluate({name: place}))
        nearest = (along.value(min(max(start, low), high)) for low, high in cut.ends)
        return self._at(name, nearest), cut.exact

    def _evaluator(self, changes: Changes) -> Callable[[Mapping[str, int]], Evaluator]:
        """What evaluates where numeric fields have the values of some places."""
        at: dict[tuple[int, ...], Evaluator] = {}

        def evaluate(places: Mapping[str, int]) -> Evaluator:
            key = tuple(places.values())
            self.trial.work += _KNOWN_WORK
            if self.trial.work > MOST_WORK:
                raise _TooMuch
            if key not in at:
                values = {name: self.lines[name].value(place) for name, place in places.items()}
                at[key] = self.trial.evaluator({**changes, **values})
            return at[key]

        return evaluate


def _is_short(along: Line) -> bool:
    return along.high - along.low < FEW
