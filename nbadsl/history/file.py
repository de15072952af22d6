"""The history in a file that is only read: `nba run --history contacts.parquet`, for batches.

All rows are read once, into arrays of numbers: of each event its sort (kind, action, groups, channel), its moment, and
whose it was. Counting is then a pass over these, a second for some ten million events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.history.counted import Counts, Numbers, Times
from nbadsl.history.demands import Demand, Tally, room_of_tally, room_of_times
from nbadsl.history.event_file import EventFile, Page, texts
from nbadsl.history.events import PERSON, Event
from nbadsl.history.store import Answer, HistoryError, Request, Stats
from nbadsl.history.windows import after
from nbadsl.program.limits import DECIDED, RELEASED, Contacts
from nbadsl.program.nodes import Program

_UNDONE = -1  # the sort of what was decided and has been released


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """A field that contacts are counted by. `codes`: [events], places in `keys`, -1 for nobody."""

    keys: pa.Array
    codes: NDArray[np.int32]


class FileHistory:
    """Answers what is asked of a history, and keeps nothing. `notes`: sentences on what the file says and does not.

    `program`: the policy that it is read for, see `EventFile`. Raises HistoryError for a file that cannot be read."""

    keeps = False

    def __init__(self, path: str | Path, program: Program | None = None) -> None:
        self.file = EventFile(Path(path), program)
        self.path = str(path)
        self._read()
        self.notes = [*self.file.notes, *self._notes(program)]

    def _read(self) -> None:
        names = {PERSON: "key", **{field: field for field in self.file.fields}}
        sorts, at, costs, priced = [], [], [], []
        keys: dict[str, list[pa.Array]] = {field: [pa.array([], pa.string())] for field in names}
        for page in self.file.pages():
            sorts.append(page.sorts)
            at.append(page.at)
            if page.priced.any():
                costs.append(page.costs[page.priced])
            priced.append(page.priced)
            for field, name in names.items():
                keys[field].append(texts(page.rows, name))
        self._sorts, self._at = _joined(sorts, np.int32), _joined(at, np.int64)
        self._priced = _joined(priced, np.bool_)
        self._costs = np.zeros(len(self._at) if costs else 0, np.int64)
        if costs:
            self._costs[self._priced] = _joined(costs, np.int64)
        with ThreadPoolExecutor() as pool:
            self._subjects = dict(zip(names, pool.map(_encoded, keys.values()), strict=True))
        self._kinds = np.bincount(self._sorts, minlength=len(self.file.sorts))
        self._take_back()

    def _take_back(self) -> None:
        """What was decided and has been released is not counted."""
        sorts = self.file.sorts
        releases = np.array([kind == RELEASED for kind, *_ in sorts], np.bool_)
        if not releases.any():
            return
        decides = np.array([kind == DECIDED for kind, *_ in sorts], np.bool_)
        ids = [texts(p.rows, "decision").filter(pa.array(releases[p.sorts])) for p in self.file.pages()]
        undone = pc.unique(pa.chunked_array(ids))
        for page in self.file.pages():
            known = pc.is_in(texts(page.rows, "decision"), undone).to_numpy(zero_copy_only=False)
            rows = np.flatnonzero(known & decides[page.sorts])
            self._sorts[page.first + rows] = _UNDONE

    def _notes(self, program: Program | None) -> Iterator[str]:
        kinds = {kind for kind, *_ in self.file.sorts}
        if kinds and DECIDED not in kinds:
            yield f"no row is `{DECIDED}`, so limits that name no outcome count nothing"
        if program is not None:
            known = {c.action for c in program.candidates}
            strange = sorted({action for _, action, path, _ in self.file.sorts if not path} - known)
            if strange:
                some = ", ".join(f"`{name}`" for name in strange[:5])
                more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
                yield f"the policy has no {some}{more}: such contacts are in no group"
        people = self._subjects[PERSON]
        nobody = int(((people.codes < 0) | (people.codes == pc.index(people.keys, "").as_py())).sum())
        if nobody:
            yield f"{nobody:,} of {len(people.codes):,} rows have no `key`: they count for nobody, but in totals and budgets"

    # --- reading ---

    def rooms(self, demands: Sequence[Demand]) -> list[int]:
        return [self._room(demand) for demand in demands]

    def tallies(self, demands: Sequence[Demand]) -> list[Tally]:
        return [self._tally(self._demanded(demand)) for demand in demands]

    def _room(self, demand: Demand) -> int:
        rows = self._demanded(demand)
        if demand.pause is not None:
            return room_of_times(demand, np.sort(self._at[rows]).tolist())
        return room_of_tally(demand, self._tally(rows))

    def _demanded(self, demand: Demand) -> Numbers:
        """The events that a demand counts."""
        rows = self._of(demand.contacts, demand.start, demand.now)
        if demand.field is not None:
            subject = self._subjects.get(demand.field)
            place = -1 if subject is None else pc.index(subject.keys, demand.key).as_py()
            mine = np.zeros(0, np.int64) if place < 0 or subject is None else subject.codes[rows] == place
            rows = rows[mine]
        return rows

    def _tally(self, rows: Numbers) -> Tally:
        priced = rows[self._priced[rows]] if len(self._costs) else rows[:0]
        cost = int(self._costs[priced].sum()) if len(priced) else 0
        return Tally(len(rows), len(priced), cost)

    def times(self, contacts: Contacts, field: str, start: int | None, now: int) -> Times:
        subject, rows, codes = self._counted(contacts, field, start, now)
        at = self._at[rows]
        order = np.lexsort((at, codes))
        places, numbers = _numbers(codes, len(subject.keys))
        bounds = np.concatenate([[0], np.cumsum(numbers)]).astype(np.int64)
        return Times(subject.keys.take(pa.array(places)), bounds, at[order])

    def counts(self, contacts: Contacts, field: str, start: int | None, now: int) -> Counts:
        subject, _, codes = self._counted(contacts, field, start, now)
        places, numbers = _numbers(codes, len(subject.keys))
        return Counts(subject.keys.take(pa.array(places)), numbers)

    def _of(self, contacts: Contacts, start: int | None, now: int) -> Numbers:
        """The events that are counted."""
        wanted = [contacts.include(*sort) for sort in self.file.sorts]
        # What is undone has sort -1, the last.
        found = np.array([*wanted, False], np.bool_)[self._sorts]
        found &= self._at <= now
        if start is not None:
            found &= self._at > after(start)
        return np.flatnonzero(found)

    def _counted(
        self, contacts: Contacts, field: str, start: int | None, now: int
    ) -> tuple[_Subject, Numbers, NDArray[np.int32]]:
        """The events that are counted and have a subject of a field, with its place among the field's keys."""
        subject = self._subjects.get(field)
        if subject is None:
            return _encoded([pa.array([], pa.string())]), np.zeros(0, np.int64), np.zeros(0, np.int32)
        rows = self._of(contacts, start, now)
        codes = subject.codes[rows]
        known = codes >= 0
        return subject, rows[known], codes[known]

    def stats(self) -> Stats:
        kinds: Counter[str] = Counter()
        for (kind, *_), count in zip(self.file.sorts, self._kinds.tolist(), strict=True):
            kinds[kind] += count
        decisions = kinds[DECIDED]
        if self.file.has_decisions:
            decides = np.array([kind == DECIDED for kind, *_ in self.file.sorts], np.bool_)
            ids = [texts(p.rows, "decision").filter(pa.array(decides[p.sorts])) for p in self.file.pages()]
            decisions = pc.count_distinct(pa.chunked_array(ids, pa.string())).as_py()
        return Stats(
            events=len(self._at),
            people=len(self._subjects[PERSON].keys),
            decisions=decisions,
            kinds=kinds,
            first=int(self._at.min()) if len(self._at) else None,
            last=int(self._at.max()) if len(self._at) else None,
            reserved=0,
            forgotten=0,
        )

    # --- as events ---

    def events(self) -> Iterator[Event]:
        repeats = None if self.file.has_decisions else self._repeats()
        for page in self.file.pages():
            yield from self._events(page, repeats)

    def _events(self, page: Page, repeats: Numbers | None) -> Iterator[Event]:
        size = len(page.at)
        names = ("key", "content", "decision", "id", *self.file.fields)
        columns = {name: texts(page.rows, name).to_pylist() for name in names}
        costs = np.where(page.priced, page.costs, 0).tolist()
        for row in range(size):
            kind, action, groups, channel = self.file.sorts[page.sorts[row]]
            at, key, content = int(page.at[row]), columns["key"][row], columns["content"][row] or None
            decision, id = columns["decision"][row], columns["id"][row]
            number = page.first + row
            if repeats is not None:
                parts = (key, at, kind, action, channel, content, int(repeats[number]))
                decision = blake2b(repr(parts).encode(), digest_size=12).hexdigest()
                id = f"1:{kind}"
            elif id is None:
                id = RELEASED if kind == RELEASED else f"{number + 1}:{kind}"
            elif kind == DECIDED and not id.partition(":")[0].isdecimal():
                raise self.file.wrong(
                    number, f"`id` is {id}, and not the place of the choice, as in 1:{DECIDED}"
                )
            subjects = ((name, columns[name][row]) for name in self.file.fields)
            yield Event(
                decision=decision,
                id=id,
                kind=kind,
                at=at,
                key=key,
                action=action,
                groups=groups,
                channel=channel,
                content=content,
                cost=costs[row] if page.priced[row] else None,
                subjects=tuple((name, value) for name, value in subjects if value is not None),
            )

    def _repeats(self) -> Numbers:
        """[events]: how many rows before say the same of the same person at the same moment."""
        codes = self._subjects[PERSON].codes
        order = np.lexsort((self._sorts, self._at, codes))
        same = np.zeros(len(order), np.bool_)
        same[1:] = np.logical_and.reduce(
            [x[order[1:]] == x[order[:-1]] for x in (codes, self._at, self._sorts)]
        )
        place = np.arange(len(order))
        repeats = np.empty(len(order), np.int64)
        repeats[order] = place - np.maximum.accumulate(np.where(same, 0, place))
        return repeats

    # --- what a file does not do ---

    def _refuse(self) -> NoReturn:
        raise HistoryError(
            f"{self.path} is only read: to keep what is decided, take it into a database with "
            "`nba history add`, and give that as --history"
        )

    def decision(self, decision: str) -> tuple[Event, ...] | None:
        self._refuse()

    def chunks(self, run: str) -> frozenset[int]:
        return frozenset()

    def add(self, events: Iterable[Event]) -> int:
        self._refuse()

    def reserve(
        self,
        requests: Sequence[Request],
        now: int,
        until: int | None = None,
        chunk: tuple[str, int] | None = None,
    ) -> list[Answer]:
        self._refuse()

    def confirm(self, decision: str, now: int) -> bool:
        self._refuse()

    def release(self, decision: str, now: int) -> bool:
        self._refuse()

    def expire(self, now: int) -> int:
        return 0

    def forget(self, key: str, now: int) -> int:
        self._refuse()

    def close(self) -> None:
        """Nothing is open."""


def _joined(parts: list[NDArray[Any]], type: type) -> NDArray[Any]:
    found = np.concatenate([np.zeros(0, type), *parts])
    parts.clear()
    return found


def _encoded(keys: list[pa.Array]) -> _Subject:
    """Texts as places among the different ones."""
    encoded = pa.chunked_array(keys).dictionary_encode()  # all chunks get one dictionary
    keys.clear()
    codes = [chunk.indices.fill_null(-1).to_numpy() for chunk in encoded.chunks]
    different = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], pa.string())
    return _Subject(different, _joined(codes, np.int32))


def _numbers(codes: NDArray[np.int32], size: int) -> tuple[Numbers, Numbers]:
    """The places that occur, and how often."""
    numbers = np.bincount(codes, minlength=size)
    places = np.flatnonzero(numbers)
    return places, numbers[places]
