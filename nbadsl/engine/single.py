"""Decides one person at a time, fast: the same kernel on a block of one row.

Takes a row as `data.records` reads it (every field, valid), gives a `Decision` without stories. What a batch
takes from Arrow's buffers is written here into a few small arrays that are made once a thread: numbers as
doubles, words as codes, texts as the answers to the plan's tests of them. Values are not checked again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nbadsl.engine import loops as l
from nbadsl.engine import settings as at
from nbadsl.engine.allocate import lister
from nbadsl.engine.batch import Engine
from nbadsl.engine.choose import LAST_TIER
from nbadsl.engine.columns import Bound, test_answers
from nbadsl.engine.counters import REASONS
from nbadsl.plan import plan as kinds
from nbadsl.plan.plan import Plan, Source
from nbadsl.program import chance
from nbadsl.program.decision import (
    BELOW_THRESHOLD,
    CHOSEN,
    EXPLORED,
    FALLBACK,
    HOLDOUT,
    NOBODY_PASSED,
    Choice,
    Decision,
    Losses,
)
from nbadsl.program.nodes import Holdout, Value
from nbadsl.types import Set, Words

BLOCK = 512
_REASONS = (CHOSEN, EXPLORED, FALLBACK, NOBODY_PASSED, BELOW_THRESHOLD)
_UNKNOWN = -1


class Single:
    """Decides one person after the other with one plan. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self.plan = engine.plan
        takes = any(limit.takes for limit in engine.plan.facts.limits)
        # What is picked first may leave no room for what comes next: then all that passed must be known.
        self.engine = lister(engine.plan) if takes and engine.plan.chosen.pick > 1 else engine
        self._own = threading.local()

    def decide(
        self,
        row: Mapping[str, Value],
        given: Mapping[str, Value],
        seed: int = 0,
        lost: Losses | None = None,
    ) -> Decision:
        """The decision for one person. `row`: field name to value, and the room of every limit; `given`: as
        `program.givens` builds it. `lost`: to others, where the person was decided together with them."""
        if lost:
            return self._beside_others(row, given, seed, lost)
        desk: _Desk | None = getattr(self._own, "desk", None)
        if desk is None:
            desk = self._own.desk = _Desk(self.engine)
        found = desk.decide(row, given, seed)
        return _picked(self.plan, found, int(desk.left[0]), row) if self.engine.leaves else found

    def _beside_others(
        self, row: Mapping[str, Value], given: Mapping[str, Value], seed: int, lost: Losses
    ) -> Decision:
        """Of a ranking of all that passed, without what was lost."""
        now, desk = given["now"], _Desk(lister(self.plan))
        assert isinstance(now, float)
        ranking = desk.decide(row, given, seed)
        left = [c for c in (ranking.chosen or ranking.held) if c.candidate not in lost]
        reason = CHOSEN
        if self.plan.chosen.explores and left and left[0].tier != LAST_TIER:
            base = chance.base(chance.decision_id(ranking.key, now, self.plan.facts.name), seed)
            left, reason = _explored(self.plan, left, base)
        return _picked(self.plan, _with(ranking, left), int(desk.left[0]), row, reason)


class _Desk:
    """The arrays of one thread."""

    def __init__(self, engine: Engine) -> None:
        plan = engine.plan
        self.engine, self.plan = engine, plan
        self.facts = plan.facts
        columns = max(len(plan.columns), 1)
        self.numbers = np.zeros(columns)
        self.codes = np.zeros((columns, 2), np.int32)
        self.small = np.zeros(columns, np.uint16)
        self.bits = np.zeros(columns, np.uint8)
        self.sets = np.zeros(columns, np.int64)
        self.never = np.zeros(1, np.uint8)
        self.table = np.zeros((columns, at.COLUMN_WIDTH), np.int64)
        self.tests = np.zeros(max(len(plan.tests), 1), np.int64)
        self.fields = {i.name: i for i in (*plan.facts.inputs, *plan.facts.rooms)}
        self.words: dict[Source, dict[str, int]] = {}
        for index in range(len(plan.columns)):
            self._lay_out(index)
        self.bound = Bound.of_nobody()
        self.bound.table, self.bound.tests = self.table, self.tests
        self.counters = np.zeros(plan.counters + REASONS, np.int64)
        nothing = np.zeros(0, np.int32)
        self.outcome, self.base = engine.outcome(1, nothing, nothing), np.zeros(1, np.int64)
        self.settings = engine.settings_of(0, 1, BLOCK, plan.parts.main)
        self.room = engine.room(BLOCK, self.settings)
        engine.write_to(self.outcome, self.settings)
        self.left = np.zeros(1, np.int32)
        if engine.leaves:
            self.settings[at.OUT_LEFT] = self.left.ctypes.data
        self.settings[at.AUDIT] = -1  # nobody counts undefined operations of one person
        self.settings[at.BASES] = self.base.ctypes.data
        self.holdouts = [Holdout(h.name, h.share, h.by, h.seed) for h in plan.holdouts]
        self.constants = np.array(plan.constants or (0.0,), np.float64)
        self.once = engine.settings_of(0, 1, BLOCK, plan.parts.once, results=False)
        self.once[at.MASKS :] = self.settings[at.MASKS :]
        self.computes = plan.parts.main - plan.parts.once > 1  # more than its end

    def _lay_out(self, index: int) -> None:
        """Where a column's value will stand."""
        column, table = self.plan.columns[index], self.table
        array: Any
        match column.kind:
            case kinds.NUMBER:
                array, kind = self.numbers, l.F64
            case kinds.FLAG:
                array, kind = self.bits, l.BITS
            case kinds.SET:
                array, kind = self.sets, l.I64
            case kinds.WORDS:
                array, kind = self.small, l.U16
                self.words[column.source] = {w: i for i, w in enumerate(self._words_of(column.source))}
            case _:
                array, kind = self.codes, l.I32
        size = array.strides[0]
        table[index, at.ADDRESS], table[index, at.KIND] = array.ctypes.data + index * size, kind
        if column.kind == kinds.PAIR:
            table[index, at.OTHER] = table[index, at.ADDRESS] + 4

    def _words_of(self, source: Source) -> tuple[str, ...]:
        if source.kind == "arm":
            (found,) = (e for e in self.facts.experiments if e.name == source.name)
            return tuple(name for name, _ in found.arms)
        type = self.fields[source.name].type
        assert isinstance(type, Words)
        return type.words

    # --- one decision ---

    def decide(self, row: Mapping[str, Value], given: Mapping[str, Value], seed: int) -> Decision:
        plan, engine = self.plan, self.engine
        constants = self.constants
        engine.fill(constants, given)
        if self.computes:
            engine.call(self.once, constants, self.bound, self.counters)
        arms = {e.name: chance.arm(e, row[e.by]) for e in self.facts.experiments}
        self._write(row, arms)
        keep = [test_answers(test, self._texts(test.column, row, arms), given) for test in plan.tests]
        for number, answers in enumerate(keep):
            self.tests[number] = answers.ctypes.data
        key = chance.text_of(row[self.facts.key])
        if plan.chosen.explores:
            now = given["now"]
            assert isinstance(now, float)
            base = chance.base(chance.decision_id(key, now, self.facts.name), seed)
            self.base[0] = base - 2**64 if base >= 2**63 else base
        engine.call(self.settings, constants, self.bound, self.counters)
        return self._decision(key, row, arms, constants)

    def _write(self, row: Mapping[str, Value], arms: Mapping[str, str]) -> None:
        for index, column in enumerate(self.plan.columns):
            source = column.source
            if source.kind == "holdout":
                continue
            value: Any = arms[source.name] if source.kind == "arm" else row[source.name]
            self.table[index, at.VALIDITY] = self.never.ctypes.data if value is None else 0
            match column.kind:
                case kinds.NUMBER:
                    self.numbers[index] = 0.0 if value is None else value
                case kinds.FLAG:
                    self.bits[index] = bool(value)
                case kinds.WORDS:
                    words = self.words[source]
                    self.small[index] = len(words) if value is None else words[value]
                case kinds.SET:
                    self.sets[index] = self._mask(source, column.part, value)
                case kinds.TEXT:
                    self.codes[index, 0] = value is None
                case kinds.PAIR:
                    assert column.other is not None
                    other = column.other
                    second: Any = arms[other.name] if other.kind == "arm" else row[other.name]
                    self.codes[index, 0] = _UNKNOWN if value is None else 0
                    self.codes[index, 1] = _UNKNOWN if second is None else int(second != value)

    def _mask(self, source: Source, part: int, value: frozenset[str] | None) -> int:
        type = self.fields[source.name].type
        assert isinstance(type, Set)
        bits = sum(
            1 << i for i, word in enumerate(type.words[part * 64 : part * 64 + 64]) if word in (value or ())
        )
        return bits - 2**64 if bits >= 2**63 else bits

    def _texts(self, index: int, row: Mapping[str, Value], arms: Mapping[str, str]) -> list[str | None]:
        """The distinct values that a test is asked of: this person's, then unknown; of words, all of them."""
        column = self.plan.columns[index]
        if column.kind == kinds.WORDS:
            return [*self.words[column.source], None]
        value: Any = row[column.source.name]
        return [value, None]

    def _decision(
        self, key: str, row: Mapping[str, Value], arms: Mapping[str, str], constants: Any
    ) -> Decision:
        found = self.outcome
        reason = _REASONS[int(found.reason[0])]
        choices = []
        for place in range(self.plan.chosen.pick):
            candidate = int(found.chosen[0, place])
            if candidate < 0:
                break
            tier, score = int(found.tier[0, place]), float(found.score[0, place])
            send = float(found.send_at[0, place])
            choices.append(
                Choice(
                    candidate,
                    place + 1,
                    None if tier < 0 else tier,
                    None if score != score else score,
                    float(found.probability[0, place]),
                    None if send != send else send,
                )
            )
        chosen, names = tuple(choices), tuple(arms.values())
        for use, holdout in zip(self.plan.holdouts, self.holdouts, strict=True):
            active = use.active < 0 or constants[use.active] == 1.0
            if active and chance.held(holdout, row[holdout.by]):
                reason = f"{HOLDOUT}: {holdout.name}"
                return Decision(key, (), reason, holdout.name, chosen, names)
        return Decision(key, chosen, reason, None, (), names)


# --- several picks within limits ---


def _explored(plan: Plan, ranking: list[Choice], base: int) -> tuple[list[Choice], str]:
    """A ranking in which what exploring proposes comes first, and whether it is `chosen` or `explored`."""
    best = [choice.candidate for choice in ranking if choice.tier == ranking[0].tier]
    among = [number for number in best if plan.chosen.among[number]]
    first, drawn, probability = chance.explored(base, plan.chosen.share, among, best[0])
    choice = next(choice for choice in ranking if choice.candidate == first)
    others = [other for other in ranking if other is not choice]
    return [replace(choice, probability=probability), *others], EXPLORED if drawn else CHOSEN


def _with(ranking: Decision, choices: Sequence[Choice]) -> Decision:
    """With other choices, which a holdout keeps from being made as before."""
    if ranking.holdout is not None:
        return replace(ranking, held=tuple(choices))
    return replace(ranking, chosen=tuple(choices))


def _picked(
    plan: Plan, ranking: Decision, left: int, row: Mapping[str, Value], reason: str = CHOSEN
) -> Decision:
    """One person's decision of a ranking by `lister`. `left`: the reason for nothing, a number of `choose`; `row`: with
    the room of each limit; `reason`: for what is ranked first."""
    found: list[Choice] = []
    for choice in ranking.chosen or ranking.held:
        others = [other.candidate for other in found]
        if choice.tier == LAST_TIER:
            if found or _REASONS[left] == BELOW_THRESHOLD:
                break
            choice, reason = replace(choice, tier=None, score=None), FALLBACK
        if len(found) < plan.chosen.pick and _fits(plan, choice.candidate, others):
            if _has_room(plan, choice.candidate, others, row):
                found.append(replace(choice, rank=len(found) + 1))
        if found and reason == FALLBACK:
            break
    if not found:
        reason = _REASONS[left]
    decided = _with(ranking, found)
    return decided if decided.holdout is not None else replace(decided, reason=reason)


def _fits(plan: Plan, candidate: int, others: Sequence[int]) -> bool:
    """Whether a candidate would not be too many of its action, group or channel beside others."""
    chosen = plan.chosen
    for of, most in (
        (chosen.actions, chosen.most_action),
        (chosen.groups, chosen.most_group),
        (chosen.channels, chosen.most_channel),
    ):
        if most and of[candidate] >= 0 and sum(of[c] == of[candidate] for c in others) >= most:
            return False
    return True


def _has_room(plan: Plan, candidate: int, others: Sequence[int], row: Mapping[str, Value]) -> bool:
    """Whether all limits that bind a candidate have room beside what others take of it."""
    for limit in plan.facts.limits:
        room = row[limit.room]
        assert isinstance(room, float)
        if candidate in limit.binds and sum(c in limit.takes for c in others) >= room:
            return False
    return True
