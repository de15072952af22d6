"""Serves people who share limits, compiled: `interpreter.choose` over lists that are ranked already.

People propose from the top of their lists. Of all next proposals the best one is looked at first, by tier, score and a
hash of the key: those that people begin with come sorted, later ones wait on a heap. A limit without room strikes a
candidate. Of some people only the first candidates are known; who would need more of them is noted and left out.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import types
from numpy.typing import NDArray

from nbadsl.engine import choose as c
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.loops import ld_i32
from nbadsl.engine.parts import part

STRUCK = c.LAST_TIER + 1  # the tier of an entry that is not open any more

Whole: TypeAlias = NDArray[np.int64]
Small: TypeAlias = NDArray[np.int32]
Real: TypeAlias = NDArray[np.float64]


class People(NamedTuple):
    """Those who propose. `start`, `stop`: [n], of their entries. `whole`: whether the list has all that passed. `held`: whether what is picked
    takes no room. `order`: of those who are worth the same, and then `row`. `base`: of the draws. `place`: the entry that is proposed.
    What comes of it: `many`: how many are `picked` ([n, pick], candidates) and by which entry (`entry`); `reason` and
    `probability` of those who explored; `short`: whether more of the list would have been needed."""

    start: Whole
    stop: Whole
    whole: Whole
    held: Whole
    order: Whole
    row: Whole
    base: Whole
    place: Whole
    many: Whole
    picked: Small
    entry: Whole
    reason: Whole
    probability: Real
    short: Whole


class Entries(NamedTuple):
    """The lists, best first. `worth`: the smaller, the higher the score. `open`: the tier, or STRUCK. `lost`: 1 + the
    limit that struck it, 0: none."""

    candidate: Small
    tier: Small
    score: Real
    worth: Whole
    open: Small
    lost: Small


class Rooms(NamedTuple):
    """`room`, `subject`: [limits, n]. `taken`: of each subject, those of a limit from `first` on. `binds`: the limits
    that bind each candidate, from `starts` on. `takes`: [limits, candidates], 1: takes room. `everybody`: [limits],
    whether it is one for all; the first of those that was full stands in `full`, [candidates], as 1 + the limit."""

    room: Whole
    subject: Whole
    first: Whole
    taken: Whole
    starts: Whole
    binds: Whole
    takes: Whole
    everybody: Whole
    full: Whole


class Choosing(NamedTuple):
    """How many of what may be picked, see `plan.Chosen`; `kinds`: actions, groups, channels."""

    pick: int
    explores: bool
    share: float
    most: Whole
    kinds: Small
    among: NDArray[np.uint8]


def _array(dtype: Any, dimensions: int = 1) -> Any:
    return types.Array(dtype, dimensions, "C")


_I, _L, _F, _T = _array(types.int64), _array(types.int32), _array(types.float64), _array(types.int64, 2)
_TABLE = _array(types.int32, 2)
_SIGNATURE = types.void(
    types.NamedTuple([*[_I] * 9, _TABLE, _T, _I, _F, _I], People),
    types.NamedTuple([_L, _L, _F, _I, _L, _L], Entries),
    types.NamedTuple([_T, _T, _I, _I, _I, _I, _T, _I, _I], Rooms),
    types.NamedTuple([types.int64, types.boolean, types.float64, _I, _TABLE, _array(types.uint8)], Choosing),
    _I,
    _T,
)


# A heap: [n, 3], of each proposal the tier, the worth and the person, so that comparing two reads little else.


@part("iiiTiII", "b")
def before(tier, worth, person, heap, at, order, row):
    """Whether a proposal is looked at before the one at a place of the heap."""
    if tier != heap[at, 0]:
        return tier < heap[at, 0]
    if worth != heap[at, 1]:
        return worth < heap[at, 1]
    other = heap[at, 2]
    if order[person] != order[other]:
        return order[person] < order[other]
    return row[person] < row[other]


@part("Tiiii")
def put(heap, at, tier, worth, person):
    heap[at, 0], heap[at, 1], heap[at, 2] = tier, worth, person


@part("TiiiiII")
def push(heap, size, tier, worth, person, order, row):
    """Add to a heap of `size` proposals."""
    at = size
    while at > 0:
        up = (at - 1) >> 1
        if not before(tier, worth, person, heap, up, order, row):
            break
        put(heap, at, heap[up, 0], heap[up, 1], heap[up, 2])
        at = up
    put(heap, at, tier, worth, person)


@part("TiII")
def pop(heap, size, order, row):
    """Take the first one off a heap of `size` proposals."""
    size -= 1
    tier, worth, person, at = heap[size, 0], heap[size, 1], heap[size, 2], 0
    while 2 * at + 1 < size:
        down = 2 * at + 1
        right = down + 1
        if right < size and before(heap[right, 0], heap[right, 1], heap[right, 2], heap, down, order, row):
            down = right
        if before(tier, worth, person, heap, down, order, row):
            break
        put(heap, at, heap[down, 0], heap[down, 1], heap[down, 2])
        at = down
    put(heap, at, tier, worth, person)


@part("iiiiTTIIIITII", "i")
def without_room(
    person, candidate, mine, count, room, subject, first, taken, starts, binds, takes, full, held
):
    """The limit that has no room for a candidate, -1: all have. `mine`: address of what the person picked, which
    takes room of nobody else where it is held."""
    if full[candidate]:
        return full[candidate] - 1
    for k in range(starts[candidate], starts[candidate + 1]):
        limit = binds[k]
        used = taken[first[limit] + subject[limit, person]]
        if held[person]:
            for rank in range(count):
                used += takes[limit, ld_i32(mine, rank)]
        if used >= room[limit, person]:
            return limit
    return -1


@part("IiII")
def fill(full, limit, starts, binds):
    """Note a limit that has just got full for all candidates that it binds."""
    for candidate in range(len(full)):
        if full[candidate] == 0:
            for k in range(starts[candidate], starts[candidate + 1]):
                if binds[k] == limit:
                    full[candidate] = limit + 1


def _make(stamp: str) -> Any:
    def walk(people, entries, rooms, choosing, sequence, heap):
        """`sequence`: the people, by their first proposals. `heap`: scratch memory for all of them."""
        stamp  # noqa: B018 (see `compiled`)
        place, tier, worth, order = people.place, entries.tier, entries.worth, people.order
        row = people.row
        at, size = 0, 0
        while at < len(sequence) or size > 0:
            person = sequence[at] if at < len(sequence) else -1
            if size > 0:
                e = place[person]
                if person < 0 or not before(tier[e], worth[e], person, heap, 0, order, row):
                    person = heap[0, 2]
                    pop(heap, size, order, row)
                    size -= 1
                    at -= 1
            at += 1
            e, count = place[person], people.many[person]
            candidate, mine = entries.candidate[e], people.picked[person].ctypes.data
            limit = without_room(
                person,
                candidate,
                mine,
                count,
                rooms.room,
                rooms.subject,
                rooms.first,
                rooms.taken,
                rooms.starts,
                rooms.binds,
                rooms.takes,
                rooms.full,
                people.held,
            )
            entries.open[e] = STRUCK
            if limit >= 0:
                entries.lost[e] = limit + 1
                if not people.whole[person]:
                    people.short[person] = 1
                    continue
            else:
                people.picked[person, count] = candidate
                people.entry[person, count] = e
                count += 1
                people.many[person] = count
                if not people.held[person]:
                    for each in range(len(rooms.first)):
                        if rooms.takes[each, candidate]:
                            at_subject = rooms.first[each] + rooms.subject[each, person]
                            rooms.taken[at_subject] += 1
                            if rooms.everybody[each] and rooms.taken[at_subject] == rooms.room[each, person]:
                                fill(rooms.full, each, rooms.starts, rooms.binds)
                if count == choosing.pick:
                    continue
            stop, explores = people.stop[person], choosing.explores and people.whole[person]
            e = people.start[person] if explores else e + 1
            while True:
                if explores:
                    while e < stop and entries.open[e] == STRUCK:
                        e += 1
                    if e < stop:
                        e, people.probability[person], people.reason[person] = c.explore(
                            entries.score.ctypes.data,
                            entries.open.ctypes.data,
                            entries.candidate.ctypes.data,
                            people.start[person],
                            stop - people.start[person],
                            e,
                            people.base[person],
                            choosing.share,
                            choosing.among,
                        )
                else:
                    while e < stop and not c.allowed(
                        mine, count, entries.candidate[e], choosing.kinds, choosing.most
                    ):
                        e += 1
                # What is full for everybody stays so: there is no need to wait for it.
                if e >= stop or rooms.full[entries.candidate[e]] == 0 or not people.whole[person]:
                    break
                entries.open[e] = STRUCK
                entries.lost[e] = rooms.full[entries.candidate[e]]
                e = people.start[person] if explores else e + 1
            if e < stop:
                place[person] = e
                push(heap, size, tier[e], worth[e], person, order, row)
                size += 1

    return walk


walk = Compiled(_make, _SIGNATURE, apart="from nbadsl.engine.walk import walk; walk.compile()")
"""Serve everybody of a sequence; see `People` for what comes of it."""
