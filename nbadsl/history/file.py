"""The history in a file that is only read: `nba run --history contacts.parquet`, for batches.

All rows are read once, into the arrays that `columns` counts in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nbadsl.history.columns import UNDONE, ColumnHistory, encoded, joined
from nbadsl.history.counted import Numbers
from nbadsl.history.event_file import EventFile, Page, texts
from nbadsl.history.events import PERSON, Event
from nbadsl.history.store import HistoryError, Stats
from nbadsl.program.limits import DECIDED, RELEASED
from nbadsl.program.nodes import Program


class FileHistory(ColumnHistory):
    """Answers what is asked of a history, and keeps nothing. `notes`: sentences on what the file says and does not.

    `program`: the policy that it is read for, see `EventFile`. Raises HistoryError for a file that cannot be read."""

    def __init__(self, path: str | Path, program: Program | None = None) -> None:
        self.file = EventFile(Path(path), program)
        self.sorts = self.file.sorts
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
        self._sorts, self._at = joined(sorts, np.int32), joined(at, np.int64)
        self._priced = joined(priced, np.bool_)
        self._costs = np.zeros(len(self._at) if costs else 0, np.int64)
        if costs:
            self._costs[self._priced] = joined(costs, np.int64)
        with ThreadPoolExecutor() as pool:
            self._subjects = dict(zip(names, pool.map(encoded, keys.values()), strict=True))
        self._kinds = np.bincount(self._sorts, minlength=len(self.sorts))
        self._take_back()

    def _take_back(self) -> None:
        """What was decided and has been released is not counted."""
        sorts = self.sorts
        releases = np.array([kind == RELEASED for kind, *_ in sorts], np.bool_)
        if not releases.any():
            return
        decides = np.array([kind == DECIDED for kind, *_ in sorts], np.bool_)
        ids = [texts(p.rows, "decision").filter(pa.array(releases[p.sorts])) for p in self.file.pages()]
        undone = pc.unique(pa.chunked_array(ids))
        for page in self.file.pages():
            known = pc.is_in(texts(page.rows, "decision"), undone).to_numpy(zero_copy_only=False)
            rows = np.flatnonzero(known & decides[page.sorts])
            self._sorts[page.first + rows] = UNDONE

    def _notes(self, program: Program | None) -> Iterator[str]:
        kinds = {kind for kind, *_ in self.sorts}
        if kinds and DECIDED not in kinds:
            yield f"no row is `{DECIDED}`, so limits that name no outcome count nothing"
        if program is not None:
            known = {c.action for c in program.candidates}
            strange = sorted({action for _, action, path, _ in self.sorts if not path} - known)
            if strange:
                some = ", ".join(f"`{name}`" for name in strange[:5])
                more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
                yield f"the policy has no {some}{more}: such contacts are in no group"
        people = self._subjects[PERSON]
        nobody = int(((people.codes < 0) | (people.codes == pc.index(people.keys, "").as_py())).sum())
        if nobody:
            yield f"{nobody:,} of {len(people.codes):,} rows have no `key`: they count for nobody, but in totals and budgets"

    def stats(self) -> Stats:
        kinds: Counter[str] = Counter()
        for (kind, *_), count in zip(self.sorts, self._kinds.tolist(), strict=True):
            kinds[kind] += count
        decisions = kinds[DECIDED]
        if self.file.has_decisions:
            decides = np.array([kind == DECIDED for kind, *_ in self.sorts], np.bool_)
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
            kind, action, groups, channel = self.sorts[page.sorts[row]]
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

    def _refuse(self) -> NoReturn:
        raise HistoryError(
            f"{self.path} is only read: to keep what is decided, take it into a database with "
            "`nba history add`, and give that as --history"
        )
