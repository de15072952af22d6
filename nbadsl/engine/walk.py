"""Serves people who share limits, compiled: `interpreter.choose` over lists that are ranked already.

People propose from the top of their lists. Of all next proposals the best one is looked at first, by tier, score and a
hash of the key: those that people begin with come sorted, later ones wait on a heap. A limit without room strikes a
candidate. Of some people only the first candidates are known; who would need more of them is noted and left out.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from nbadsl.engine import choose as c
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.loops import ld_i32
from nbadsl.engine.parts import part

# What is known of somebody's list: what would be picked without others; the best that passed; all that passed.
PICKED, CUT, WHOLE = range(3)

STRUCK = c.LAST_TIER + 1  # the tier of an entry that is not open any more

Whole, Small, Real = NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]


class People(NamedTuple):
    """Those who propose. `start`, `stop`: [n], of their entries. `known`: of the list. `held`: whether what is picked
    takes no room. `order`: of those who are worth the same. `base`: of the draws. `place`: the entry that is proposed.
    What comes of it: `count`: how many are `picked` ([n, pick], candidates) and by which entry (`entry`); `reason` and
    `probability` of those who explored; `short`: whether more of the list would have been needed."""

    start: Whole
    stop: Whole
    known: Whole
    held: Whole
    order: Whole
    base: Whole
    place: Whole
    count: Whole
    picked: Small
    entry: Whole
    reason: Whole
    probability: Real
    short: Whole


class Entries(NamedTuple):
    """The lists, best first. `open`: the tier, or STRUCK. `lost`: 1 + the limit that struck it, 0: none."""

    candidate: Small
    tier: Small
    score: Real
    open: Small
    lost: Small


class Rooms(NamedTuple):
    """`room`, `subject`: [limits, n]. `taken`: of each subject, those of a limit from `first` on. `binds`: the limits
    that bind each candidate, from `starts` on. `takes`: [limits, candidates], 1: takes room."""

    room: Whole
    subject: Whole
    first: Whole
    taken: Whole
    starts: Whole
    binds: Whole
    takes: Whole


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
    types.NamedTuple([*[_I] * 8, _TABLE, _T, _I, _F, _I], People),
    types.NamedTuple([_L, _L, _F, _L, _L], Entries),
    types.NamedTuple([_T, _T, _I, _I, _I, _I, _T], Rooms),
    types.NamedTuple([types.int64, types.boolean, types.float64, _I, _TABLE, _array(types.uint8)], Choosing),
    _I,
    _I,
)


@part("iiIlFI", "b")
def before(a, b, place, tier, score, order):
    """Whether person a's proposal is looked at before b's."""
    x, y = place[a], place[b]
    if tier[x] != tier[y]:
        return tier[x] < tier[y]
    if score[x] != score[y]:
        return score[x] > score[y]
    if order[a] != order[b]:
        return order[a] < order[b]
    return a < b


@part("IiiIlFI")
def push(heap, size, person, place, tier, score, order):
    """Put somebody on a heap of `size` people."""
    at = size
    while at > 0:
        up = (at - 1) >> 1
        if not before(person, heap[up], place, tier, score, order):
            break
        heap[at] = heap[up]
        at = up
    heap[at] = person


@part("IiIlFI")
def pop(heap, size, place, tier, score, order):
    """Take the first one off a heap of `size` people."""
    size -= 1
    last, at = heap[size], 0
    while 2 * at + 1 < size:
        down = 2 * at + 1
        if down + 1 < size and before(heap[down + 1], heap[down], place, tier, score, order):
            down += 1
        if not before(heap[down], last, place, tier, score, order):
            break
        heap[at] = heap[down]
        at = down
    heap[at] = last


@part("iiiiTTIIIITI", "i")
def without_room(person, candidate, mine, count, room, subject, first, taken, starts, binds, takes, held):
    """The first limit that has no room for a candidate, -1: all have. `mine`: address of what the person picked, which
    takes room of nobody else where it is held."""
    for k in range(starts[candidate], starts[candidate + 1]):
        limit = binds[k]
        used = taken[first[limit] + subject[limit, person]]
        if held[person]:
            for rank in range(count):
                used += takes[limit, ld_i32(mine, rank)]
        if used >= room[limit, person]:
            return limit
    return -1


def _make(stamp: str) -> Any:
    def walk(people, entries, rooms, choosing, sequence, heap):
        """`sequence`: the people, by their first proposals. `heap`: scratch memory for all of them."""
        stamp  # noqa: B018 (see `compiled`)
        place, tier, score, order = people.place, entries.tier, entries.score, people.order
        at, size = 0, 0
        while at < len(sequence) or size > 0:
            waits = size > 0
            if at < len(sequence) and not (
                waits and before(heap[0], sequence[at], place, tier, score, order)
            ):
                person = sequence[at]
                at += 1
            else:
                person = heap[0]
                pop(heap, size, place, tier, score, order)
                size -= 1
            e, count = place[person], people.count[person]
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
                people.held,
            )
            entries.open[e] = STRUCK
            if limit >= 0:
                entries.lost[e] = limit + 1
                if people.known[person] == PICKED:
                    people.short[person] = 1
                    continue
            else:
                people.picked[person, count] = candidate
                people.entry[person, count] = e
                count += 1
                people.count[person] = count
                if not people.held[person]:
                    for each in range(len(rooms.first)):
                        rooms.taken[rooms.first[each] + rooms.subject[each, person]] += rooms.takes[
                            each, candidate
                        ]
                if count == choosing.pick:
                    continue
            stop = people.stop[person]
            if choosing.explores and people.known[person] != PICKED:
                start = people.start[person]
                e = start
                while e < stop and entries.open[e] == STRUCK:
                    e += 1
                if e < stop:
                    e, people.probability[person], people.reason[person] = c.explore(
                        entries.score.ctypes.data,
                        entries.open.ctypes.data,
                        entries.candidate.ctypes.data,
                        start,
                        stop - start,
                        e,
                        people.base[person],
                        choosing.share,
                        choosing.among,
                    )
            else:
                e += 1
                while e < stop and not c.allowed(
                    mine, count, entries.candidate[e], choosing.kinds, choosing.most
                ):
                    e += 1
            if e < stop:
                place[person] = e
                push(heap, size, person, place, tier, score, order)
                size += 1
            elif people.known[person] == CUT:
                people.short[person] = 1

    return walk


walk = Compiled(_make, _SIGNATURE)
"""Serve everybody of a sequence; see `People` for what comes of it."""
