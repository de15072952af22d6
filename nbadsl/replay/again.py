"""Makes recorded decisions again, and says what differs.

Takes a policy's facts, what decides, and the lines of a file; gives for each line whether the decision is the same, to
the bit of scores and probabilities, and where not, what stands in the record and what comes out now. A line that is
damaged is named, and the others go on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from nbadsl.data.records import BadRecord, read_value
from nbadsl.data.rules import BadValue
from nbadsl.data.text import moment
from nbadsl.mistake import Mistake
from nbadsl.program.decision import Decision, Losses, Row
from nbadsl.program.facts import Facts
from nbadsl.program.givens import BadInput, givens
from nbadsl.program.nodes import Input, Value
from nbadsl.replay.record import BadRecording, Recording, read, told
from nbadsl.types import EXACT

Decide: TypeAlias = Callable[..., Decision]
"""Of a row, what the run brought, a seed and `lost`: see `interpreter.decide`."""


class OtherPolicy(Mistake, ValueError):
    """A decision was made by another policy than the one that is to make it again."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`what`: as in a record, `choices 1 score`; what stood there, and what does now; None where nothing does."""

    what: str
    recorded: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a line (from 1). `differences`: empty where the decision is the same to the bit. `problem`: why it
    could not be made again; then nothing was compared."""

    line: int
    id: str
    differences: tuple[Difference, ...] = ()
    problem: str = ""

    @property
    def agrees(self) -> bool:
        return not self.differences and not self.problem


def replay(
    lines: Iterable[str], facts: Facts, hash: str, used: frozenset[str], decide: Decide, changed: bool = False
) -> Iterator[Replayed]:
    """Decide every line again. `hash`: of the policy; `used`: the fields on which its decisions can depend; `changed`:
    whether it may be another one than decided. Raises OtherPolicy where it may not."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            recorded = read(line)
        except BadRecording as error:
            yield Replayed(number, "", problem=str(error))
            continue
        if recorded.hash != hash and not changed:
            raise OtherPolicy(
                f"line {number}: {recorded.id} was decided by another policy: {recorded.policy} "
                f"{recorded.hash[:12]}, this is {facts.name} {hash[:12]}"
            )
        try:
            row, given, lost = inputs_of(recorded, facts, used, recorded.hash == hash)
        except (BadRecord, BadInput, BadRecording, BadValue, ValueError) as error:
            yield Replayed(number, recorded.id, problem=str(error))
            continue
        now = _as_json(told(facts, decide(row, given, recorded.seed, lost=lost)))
        yield Replayed(number, recorded.id, tuple(_differences("", recorded.decision, now)))


def inputs_of(
    recorded: Recording, facts: Facts, used: frozenset[str], same: bool = True
) -> tuple[Row, dict[str, Value], Losses]:
    """The person, with the room of each limit; what the run brought; and what was lost to others, as a decision takes
    them. `same`: whether it is the policy that decided; another one has its own parameters, and a limit that others used
    up leaves it as much room as the person got. Raises BadRecord, BadInput or BadRecording for
    values that the policy does not take."""
    row: Row = {}
    for field in facts.inputs:
        if field.name in recorded.profile or field.name in used:
            row[field.name] = _read(field, recorded.profile)
    limits = _limits(recorded, facts)
    for number, (limit, known) in enumerate(zip(facts.limits, limits, strict=True)):
        row[limit.room] = float(known.room if same else _left(recorded, facts, number, known))
    context = {f.name: _read(f, recorded.context) for f in facts.context if f.name in recorded.context}
    declared = [p.input for p in facts.parameters if same and p.input.name in recorded.parameters]
    parameters = {field.name: _read(field, recorded.parameters) for field in declared}
    lost = _lost(facts, limits) if same else {}
    return row, givens(facts, float(moment(recorded.now, "UTC")), parameters, context), lost


def _read(field: Input, values: Mapping[str, Any]) -> Value:
    if field.name not in values and not (field.optional or field.never):
        raise BadRecording(f"`{field.name}` is not in the record")
    try:
        return read_value(field, values.get(field.name))
    except BadValue as error:
        raise BadRecord(field.name, values.get(field.name), str(error)) from None


@dataclass(frozen=True, slots=True)
class _Limit:
    """What a record knows of a limit: the room before, and the names of candidates that were lost to others."""

    room: int = int(EXACT)
    lost: tuple[str, ...] = ()


def _limits(recorded: Recording, facts: Facts) -> list[_Limit]:
    """Of each limit; one that the record does not know has room without end. Those that are called alike are told by
    their order."""
    known: dict[tuple[object, ...], _Limit] = {}
    seen: Counter[tuple[object, ...]] = Counter()
    for each in recorded.limits:
        name = _name(each)
        known[*name, seen[name]] = _Limit(each["room"], tuple(each["lost"]))
        seen[name] += 1
    found = []
    seen.clear()
    for limit in facts.limits:
        key = limit.stage, limit.name, limit.scope
        found.append(known.get((*key, seen[key]), _Limit()))
        seen[key] += 1
    return found


def _name(limit: Any) -> tuple[object, ...]:
    """By what a limit of a record is known. Raises BadRecording where it is none."""
    if isinstance(limit, dict) and limit.keys() == {"stage", "name", "scope", "room", "lost"}:
        texts, room = (limit["stage"], limit["name"], limit["scope"]), limit["room"]
        lost = limit["lost"] if isinstance(limit["lost"], list) else [None]
        if all(isinstance(text, str) for text in (*texts, *lost)):
            if type(room) is int and abs(room) <= EXACT:
                return texts
    raise BadRecording("`limits` is not what it should be")


def _lost(facts: Facts, limits: Sequence[_Limit]) -> Losses:
    """What others left no room for. Raises BadRecording for what the limit does not stop."""
    numbers = {candidate.name: number for number, candidate in enumerate(facts.candidates)}
    found = {}
    for number, known in enumerate(limits):
        for name in known.lost:
            if numbers.get(name) not in facts.limits[number].binds:
                raise BadRecording(f"{facts.limits[number].name} does not stop `{name}`")
            found[numbers[name]] = number
    return found


def _left(recorded: Recording, facts: Facts, number: int, known: _Limit) -> int:
    """The room that a limit left where others were served before: what the person's own choices took of it."""
    if not known.lost:
        return known.room
    parts = ("action", "channel", "content", "slot")
    took = [[getattr(facts.candidates[c], part) for part in parts] for c in facts.limits[number].takes]
    choices = [*recorded.decision["choices"], *recorded.decision["would"]]
    return sum([choice.get(part) for part in parts] in took for choice in choices)


def _as_json(value: Any) -> Any:
    """As it would be read from a line."""
    return json.loads(json.dumps(value))


def _differences(what: str, recorded: Any, now: Any) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in (*now, *(name for name in recorded if name not in now)):
            yield from _differences(f"{what} {name}".strip(), recorded.get(name), now.get(name))
    elif isinstance(recorded, list) and isinstance(now, list):
        for place in range(max(len(recorded), len(now))):
            mine, other = (each[place] if place < len(each) else None for each in (recorded, now))
            yield from _differences(f"{what} {place + 1}", mine, other)
    elif isinstance(now, dict) and recorded is None:
        yield from _differences(what, dict.fromkeys(now), now)
    elif isinstance(recorded, dict) and now is None:
        yield from _differences(what, recorded, dict.fromkeys(recorded))
    elif type(recorded) is not type(now) or repr(recorded) != repr(now):
        yield Difference(what, recorded, now)
