"""The history in Redis or Valkey, for services on many machines: `--history redis://host:6379/0`.

Every step that must not be divided is a part of `redis.lua`, which the server runs alone. What is counted is found
here, as numbers of sorts, so the script stops where it knows of a sort that we do not, and we ask again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from secrets import token_hex
from typing import Any, TypeVar

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from nbadsl.history.counted import Counts, Times
from nbadsl.history.demands import Demand, Tally
from nbadsl.history.events import Event, choices
from nbadsl.history.store import Answer, Closing, HistoryError, Lost, Request, Stats, pages
from nbadsl.program.limits import DECIDED, RELEASED, Contacts

_SCRIPT = files("nbadsl.history").joinpath("redis.lua").read_text(encoding="utf-8")
_PAGE = 1000  # events or subjects at a time
_ROWS = 100_000  # of a portion of times
_TRIES = 20  # how often new sorts of contacts may come between

T = TypeVar("T")
Sort = tuple[str, str, tuple[str, ...], str | None, int | None]


class RedisStore(Closing):
    """`address`: `redis://…` or `rediss://…`; a password is better in the environment (REDIS_PASSWORD). `prefix`: of
    all keys. Raises HistoryError when the server cannot be reached."""

    keeps, notes = True, ()

    def __init__(self, address: str, prefix: str = "nbadsl", password: str | None = None) -> None:
        self._prefix = f"{{{prefix}}}:"  # the braces keep all keys on one server of a cluster
        self._sorts: dict[Sort, str] = {}
        try:
            secret = {} if password is None else {"password": password}
            self._server = redis.Redis.from_url(address, decode_responses=True, retry=_retry(), **secret)
            self._run = self._server.register_script(_SCRIPT)
            self._server.ping()
            at = self._server.get_connection_kwargs()
            self.path = "Redis at {host}:{port}/{db}, {prefix}".format(**at, prefix=prefix)
        except (redis.RedisError, ValueError) as error:
            raise HistoryError(f"the history cannot be reached: {error}") from error

    def close(self) -> None:
        self._server.close()

    # --- reading ---

    def rooms(self, demands: Sequence[Demand]) -> list[int]:
        return [int(room) for room in self._asked("rooms", demands)]

    def tallies(self, demands: Sequence[Demand]) -> list[Tally]:
        return [Tally(*map(int, found)) for found in self._asked("tallies", demands)]

    def _asked(self, step: str, demands: Sequence[Demand]) -> list[Any]:
        for now in {demand.now for demand in demands}:
            self.expire(now)
        ask = lambda: {"demands": [self._demand(demand) for demand in demands]}  # noqa: E731
        answers: list[Any] = self._step(step, ask)
        return answers

    def times(self, contacts: Contacts, field: str, start: int | None, now: int) -> Times:
        found = self._of_field(contacts, field, start, now)
        return Times.of(pages(((key, at) for key, moments in found for at in moments), _ROWS))

    def counts(self, contacts: Contacts, field: str, start: int | None, now: int) -> Counts:
        found = self._of_field(contacts, field, start, now)
        return Counts.of([[(key, len(moments)) for key, moments in found if moments]])

    def _of_field(
        self, contacts: Contacts, field: str, start: int | None, now: int
    ) -> Iterator[tuple[str, list[int]]]:
        """The times of each subject of a field, ascending."""
        self.expire(now)
        self._learn()
        sorts = {number for number, _ in self._sorts_of(contacts)}
        for some in pages(sorted(self._ask(self._server.smembers, f"of:{field}")), _PAGE):
            line = self._server.pipeline(transaction=False)
            for key in some:
                line.zrangebyscore(self._prefix + f"s:{field}:{key}", _after(start), now, withscores=True)
            for key, found in zip(some, _reached(line.execute), strict=True):
                yield key, [int(at) for member, at in found if member.partition("|")[0] in sorts]

    def decision(self, decision: str) -> tuple[Event, ...] | None:
        known = self._ask(self._server.hvals, f"d:{decision}")
        return choices(map(_event, known)) if known else None

    def chunks(self, run: str) -> frozenset[int]:
        return frozenset(map(int, self._ask(self._server.smembers, f"chunks:{run}")))

    def events(self) -> Iterator[Event]:
        start = 0
        while members := self._ask(self._server.zrange, "log", start, start + _PAGE - 1):
            line = self._server.pipeline(transaction=False)
            for member in members:
                decision, _, id = member.partition("\0")
                line.hget(self._prefix + f"d:{decision}", id)
            yield from map(_event, filter(None, _reached(line.execute)))
            start += len(members)

    def stats(self) -> Stats:
        kinds: Counter[str] = Counter()
        people: set[str | None] = set()
        decisions: set[str] = set()
        moments: set[int] = set()
        for event in self.events():
            kinds[event.kind] += 1
            people.add(event.key)
            if event.kind == DECIDED:
                decisions.add(event.decision)
            moments = {min(moments | {event.at}), max(moments | {event.at})}
        return Stats(
            events=sum(kinds.values()),
            people=len(people - {None}),
            decisions=len(decisions),
            kinds=kinds,
            first=min(moments, default=None),
            last=max(moments, default=None),
            reserved=self._ask(self._server.zcard, "until"),
            forgotten=int(self._ask(self._server.get, "forgotten") or 0),
        )

    # --- writing ---

    def add(self, events: Iterable[Event]) -> int:
        count = 0
        for some in pages(events, _PAGE):
            count += self._step("add", partial(self._told, some))
        return count

    def reserve(
        self,
        requests: Sequence[Request],
        now: int,
        until: int | None = None,
        chunk: tuple[str, int] | None = None,
    ) -> list[Answer]:
        self.expire(now)
        run, number = chunk or ("", 0)

        def ask() -> dict[str, Any]:
            asked = [self._request(request) for request in requests]
            return {"requests": asked, "until": _text(until), "run": run, "chunk": str(number)}

        answers: list[Answer] = []
        kept: dict[str, tuple[Event, ...]] = {}
        for request, answer in zip(requests, self._step("reserve", ask), strict=True):
            if answer == "kept":
                answers.append(kept.setdefault(request.decision, request.events))
            elif answer == "known":
                known = kept.get(request.decision)
                answers.append(self.decision(request.decision) or () if known is None else choices(known))
            else:
                answers.append(Lost(int(answer)))
        return answers

    def confirm(self, decision: str, now: int) -> bool:
        self.expire(now)
        self._step("confirm", partial(dict, decision=decision))
        return bool(self.decision(decision))

    def release(self, decision: str, now: int) -> bool:
        return bool(self._step("release", partial(dict, decision=decision, at=str(now))))

    def expire(self, now: int) -> int:
        if not self._ask(self._server.zcount, "until", "-inf", now):
            return 0
        return int(self._step("expire", partial(dict, now=str(now))))

    def forget(self, key: str, now: int) -> int:
        names = [
            (decision, token_hex(8)) for decision in sorted(self._ask(self._server.smembers, f"p:{key}"))
        ]
        return int(self._step("forget", partial(dict, key=key, names=names, now=str(now))))

    # --- talking to the server ---

    def _ask(self, command: Callable[..., Any], key: str, *values: Any) -> Any:
        return _reached(partial(command, self._prefix + key, *values))

    def _step(self, name: str, values: Callable[[], dict[str, Any]]) -> Any:
        """Run a step of the script. `values`: made again where sorts have been added since."""
        for _ in range(_TRIES):
            said = values()
            if name in ("rooms", "tallies", "add", "reserve"):
                said["sorts"] = str(len(self._sorts))
            answer = _reached(
                partial(self._run, [self._prefix], [name, json.dumps(said, ensure_ascii=False)])
            )
            if answer != ["stale"]:
                return answer
            self._learn()
        raise HistoryError("the history in Redis changes faster than it can be read")

    def _request(self, request: Request) -> dict[str, Any]:
        events = [self._event(event) for event in request.events]
        demands = [self._demand(demand) for demand in request.demands]
        return {"decision": request.decision, "events": events, "demands": demands}

    def _demand(self, demand: Demand) -> dict[str, Any]:
        pause = demand.pause
        return {
            "field": demand.field,
            "key": demand.key,
            "start": _after(demand.start),
            "now": str(demand.now),
            "most": str(demand.most),
            "each": None if demand.each is None else str(demand.each),
            "pause": None if pause is None else [str(pause.length), str(pause.count), _text(pause.within)],
            "sorts": self._sorts_of(demand.contacts),
            "wants": str(demand.wants),
        }

    def _told(self, events: Sequence[Event]) -> dict[str, Any]:
        return {"events": [self._event(event) for event in events]}

    def _event(self, event: Event) -> str:
        said = {
            "decision": event.decision,
            "id": event.id,
            "place": event.id.partition(":")[0],
            "kind": event.kind,
            "at": str(event.at),
            "key": event.key,
            "action": event.action,
            "groups": "/".join(event.groups),
            "channel": event.channel or "",
            "content": event.content or "",
            "cost": _text(event.cost),
            "subjects": event.subjects,
            "sort": "" if event.kind == RELEASED else self._sort(event),
        }
        return json.dumps(said, ensure_ascii=False)

    # --- sorts ---

    def _learn(self) -> None:
        """Read the sorts of contacts that there are."""
        known: dict[Sort, str] = {}
        for text, number in self._ask(self._server.hgetall, "sorts").items():
            kind, action, groups, channel, cost = json.loads(text)
            known[kind, action, tuple(groups), channel, cost] = number
        self._sorts = known  # not added to: a server that was started again may have lost some

    def _sort(self, event: Event) -> str:
        sort = (event.kind, event.action, event.groups, event.channel, event.cost)
        if sort not in self._sorts:
            self._step("sort", partial(dict, sort=json.dumps(sort, ensure_ascii=False)))
            self._learn()
        return self._sorts[sort]

    def _sorts_of(self, contacts: Contacts) -> list[tuple[str, str]]:
        """Number and cost of the sorts of events that are counted."""
        return [
            (number, _text(cost))
            for (kind, action, groups, channel, cost), number in self._sorts.items()
            if contacts.include(kind, action, groups, channel)
        ]


def _retry() -> Retry:
    """To connect again where a connection has broken; every step can be asked for twice."""
    return Retry(ExponentialBackoff(cap=0.5, base=0.01), 3)


def _reached(call: Callable[[], T]) -> T:
    try:
        return call()
    except redis.RedisError as error:
        raise HistoryError(f"the history in Redis: {error}") from error


def _after(start: int | None) -> str:
    """A moment that is not included, as Redis writes it."""
    return "-inf" if start is None else f"({start}"


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _event(text: str) -> Event:
    """As the script keeps it: behind its number."""
    said = json.loads(text.partition("|")[2] if text[0] != "{" else text)
    return Event(
        said["decision"],
        said["id"],
        said["kind"],
        int(said["at"]),
        said["key"],
        said["action"],
        tuple(said["groups"].split("/")) if said["groups"] else (),
        said["channel"] or None,
        said["content"] or None,
        int(said["cost"]) if said["cost"] else None,
        tuple((field, key) for field, key in said["subjects"]),
    )
