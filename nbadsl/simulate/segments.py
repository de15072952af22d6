"""People in groups by a field of the profile: its most frequent values, or ranges with about as many people each.

Values are read as the profiles have them. Ranges are made when all are known; so of everybody one number is remembered
for each field.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data.schema import column_of, takable
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.program.givens import BadInput
from nbadsl.program.nodes import Input
from nbadsl.report import Share
from nbadsl.simulate.figures import OTHERS, UNKNOWN, ChangedGroup, Group, Rate, RateGap, Segments
from nbadsl.simulate.people import People
from nbadsl.types import Flag, Set, Text, Words

BANDS = 5  # ranges of a field
MOST = 10  # values that are told each by itself
ENOUGH = 30  # people of a group of whom a rate says something

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """The groups of a field. `codes`: [n], everybody's, an index in `names`."""

    field: str
    banded: bool
    names: tuple[str, ...]
    codes: Codes


def field_of(inputs: Sequence[Input], name: str) -> Input:
    """The field to make groups by. Raises BadInput."""
    found = next((each for each in inputs if each.name == name), None)
    if found is None:
        help = did_you_mean(name, [each.name for each in inputs])
        raise BadInput(f"the profile has no field `{name}`{'; ' + help if help else ''}")
    if isinstance(found.type, Set):
        raise BadInput(f"`{name}` is a set of words: people may be in several groups; name another field")
    return found


class Values:
    """The values of one field, portion by portion."""

    def __init__(self, field: Input) -> None:
        self.field, self.parts = field, list[pa.Array]()
        self.is_words = isinstance(field.type, Flag | Words | Text)

    def add(self, people: pa.RecordBatch) -> None:
        column = people.column(column_of(self.field))
        if not self.is_words:
            self.parts.append(column.cast(takable(column.type)))
            return
        default = self.field.default
        if default is not None and column.null_count:
            column = column.cast(pa.bool_() if isinstance(default, bool) else pa.string()).fill_null(default)
        column = pc.if_else(column, "yes", "no") if pa.types.is_boolean(column.type) else column
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()).dictionary_encode()
        self.parts.append(column.cast(pa.dictionary(pa.int32(), pa.string())))

    def grouping(self) -> Grouping:
        """The groups of everybody who was added."""
        whole = pa.chunked_array(self.parts)
        return self._words(whole) if self.is_words else self._ordered(whole)

    def _words(self, whole: pa.ChunkedArray) -> Grouping:
        array = whole.unify_dictionaries().combine_chunks()
        array = array if isinstance(array, pa.DictionaryArray) else array.chunk(0)
        codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        names = array.dictionary.to_pylist()
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        order = np.argsort(-counts, kind="stable")
        kept = [int(code) for code in order if counts[code]]
        shown = kept if len(kept) <= MOST + 1 else kept[:MOST]
        groups = [*(names[code] for code in shown), *([OTHERS] if len(shown) < len(kept) else [])]
        places = np.full(len(names) + 1, len(shown), np.int64)
        places[shown] = np.arange(len(shown))
        return self._with_unknown(groups, places[codes], codes < 0, False)

    def _ordered(self, whole: pa.ChunkedArray) -> Grouping:
        numbers = _numbers(whole)
        known = ~np.isnan(numbers)
        values = np.unique(numbers[known])
        firsts = _first_places(numbers, values)
        if len(values) <= MOST:
            groups = [_text(whole, at) for at in firsts.tolist()]
            codes = np.searchsorted(values, numbers)
            return self._with_unknown(groups, codes, ~known, True)
        inner = np.quantile(numbers[known], np.arange(1, BANDS) / BANDS, method="higher")
        edges = np.unique(np.concatenate([values[:1], inner]))
        places = [int(firsts[np.searchsorted(values, edge)]) for edge in (*edges, values[-1])]
        texts = [_text(whole, at) for at in places]
        groups = [f"{low} to <{high}" for low, high in pairwise(texts)]
        groups[-1] = f"{texts[-2]} to {texts[-1]}" if texts[-2] != texts[-1] else texts[-1]
        codes = np.searchsorted(edges, numbers, side="right") - 1
        return self._with_unknown(groups, codes, ~known, True)

    def _with_unknown(
        self, groups: list[str], codes: Codes, unknown: NDArray[np.bool_], banded: bool
    ) -> Grouping:
        """With a last group for those without a value, if there are such people."""
        if unknown.any():
            default = self.field.default
            name = "never" if self.field.never else UNKNOWN if default is None else f"{default} (default)"
            codes, groups = np.where(unknown, len(groups), codes), [*groups, name]
        return Grouping(self.field.name, banded, tuple(groups), codes)


def _numbers(whole: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers, dates, times and lengths as doubles of any unit, NaN for null."""
    type = whole.type
    if pa.types.is_temporal(type):
        whole = whole.cast(pa.int32() if type.bit_width == 32 else pa.int64())
    found: NDArray[np.float64] = whole.cast(pa.float64(), safe=False).to_numpy()
    return found


def _first_places(numbers: NDArray[np.float64], values: NDArray[np.float64]) -> Codes:
    """Where each distinct value stands."""
    order = np.argsort(numbers, kind="stable")
    found: Codes = order[np.searchsorted(numbers[order], values)]
    return found


def _text(whole: pa.ChunkedArray, at: int) -> str:
    value: Any = whole[at].as_py()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


# --- side by side -----------------------------------------------------------------------------------------


def segments(grouping: Grouping, people: People, actions: Codes, names: list[str]) -> Segments:
    """The groups of a field. `actions`: [n], everybody's, an index in `names`, behind the last for nothing."""
    size, width = len(grouping.names), len(names) + 1
    table = np.bincount(grouping.codes * width + actions, minlength=size * width).reshape(size, width)
    contacts, score, scored = (
        np.bincount(grouping.codes, weights=each, minlength=size)
        for each in (people.contacts, people.score, people.scored)
    )
    groups = tuple(
        Group(
            name,
            int(table[number].sum()),
            int(table[number, :-1].sum()),
            int(contacts[number]),
            float(score[number]),
            float(score[number] / scored[number]) if scored[number] else None,
            tuple(Share(action, int(n)) for action, n in zip(names, table[number], strict=False)),
        )
        for number, name in enumerate(grouping.names)
    )
    return Segments(grouping.field, grouping.banded, groups)


def gaps(found: Sequence[Segments]) -> tuple[RateGap, ...]:
    """For every field and action, the groups that get it least and most often; largest difference first."""
    all = [gap for each in found for gap in _gaps(each)]
    return tuple(sorted(all, key=lambda gap: -gap.difference))


def _gaps(found: Segments) -> Iterator[RateGap]:
    groups = [group for group in found.groups if group.people >= ENOUGH and group.value != OTHERS]
    if len(groups) < 2:
        return
    for number, action in enumerate(groups[0].actions):
        rates = [Rate(g.value, g.people, g.actions[number].people) for g in groups]
        low, high = min(rates, key=lambda r: r.rate), max(rates, key=lambda r: r.rate)
        if high.decided:
            difference = high.rate - low.rate
            yield RateGap(found.field, action.name, low, high, difference, low.rate / high.rate)


def changed_groups(
    groupings: Sequence[Grouping], old: People, new: People, changed: NDArray[np.bool_]
) -> tuple[ChangedGroup, ...]:
    """The groups with enough people of whom most change, at most MOST."""
    found = []
    for grouping in groupings:

        def count(what: NDArray[Any], by: Grouping = grouping) -> list[float]:
            counts: list[float] = np.bincount(by.codes, what, len(by.names)).tolist()
            return counts

        pairs = [
            list(zip(count(one), count(other), strict=True))
            for one, other in (
                (old.first >= 0, new.first >= 0),
                (old.contacts, new.contacts),
                (old.score, new.score),
            )
        ]
        counts = count(np.ones(len(changed))), count(changed)
        for number, name in enumerate(grouping.names):
            people, moved = (int(each[number]) for each in counts)
            decided, contacts = ((int(a), int(b)) for a, b in (pairs[0][number], pairs[1][number]))
            found.append(
                ChangedGroup(grouping.field, name, people, moved, decided, contacts, pairs[2][number])
            )
    enough = [group for group in found if group.people >= ENOUGH and group.changed]
    return tuple(sorted(enough, key=lambda g: (-g.changed_share, -g.people))[:MOST])
