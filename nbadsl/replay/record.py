"""One decision as a line of JSON: what it was made of, and what it was.

    schema_version    1
    policy, hash      the name of the policy, and the hash of what it means
    id                of the decision, as a history knows it
    now, seed         the moment (UTC, to the microsecond) and the seed of chance
    profile, context, parameters    values as `data.plain` writes them; of the profile, what the decision could depend on
    limits            of each limit, rest and budget how much room it left: `stage`, `name`, `scope`, `room`; and `lost`,
                      the candidates for which others had left none who were decided at once and served before
    decision          `reason`, `holdout`, `arms`, `choices`, and `would`, what a holdout kept from being decided

Numbers are written so that they read back to the bit. A line says nothing about the machine or the moment of writing, so
the same decision is the same line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nbadsl.data.plain import Plain, plain, plain_time
from nbadsl.mistake import Mistake
from nbadsl.program import chance
from nbadsl.program.decision import Choice, Decision, Losses, Row
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Value

VERSION = 1


class BadRecording(Mistake, ValueError):
    """A line that is no decision as it was written down."""


@dataclass(frozen=True, slots=True)
class Recording:
    """See above."""

    schema_version: int
    policy: str
    hash: str
    id: str
    now: str
    seed: int
    profile: dict[str, Plain]
    context: dict[str, Plain]
    parameters: dict[str, Plain]
    limits: list[dict[str, Any]]
    decision: dict[str, Any]

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")) + "\n"


def recording(
    facts: Facts,
    hash: str,
    row: Row,
    given: Mapping[str, Value],
    seed: int,
    decision: Decision,
    id: str | None = None,
    lost: Losses | None = None,
) -> Recording:
    """What is written of a decision. `row`: with the room of each limit; it may lack fields on which nothing depends.
    `given`: as `program.givens` builds it. `lost`: to others who were decided at once."""
    now = given["now"]
    assert isinstance(now, float)
    return Recording(
        VERSION,
        facts.name,
        hash,
        id or id_of(facts, decision, given),
        plain_time(now),
        seed,
        {field.name: plain(field, row[field.name]) for field in facts.inputs if field.name in row},
        {field.name: plain(field, given[field.name]) for field in facts.context},
        {p.input.name: plain(p.input, given[p.input.name]) for p in facts.parameters},
        [_limit(facts, number, row, lost or {}) for number in range(len(facts.limits))],
        told(facts, decision),
    )


def id_of(facts: Facts, decision: Decision, given: Mapping[str, Value]) -> str:
    """The id of a decision that was not given another one."""
    now = given["now"]
    assert isinstance(now, float)
    return chance.decision_id(decision.key, now, facts.name)


def _limit(facts: Facts, number: int, row: Row, lost: Losses) -> dict[str, Any]:
    limit = facts.limits[number]
    room = row[limit.room]
    assert isinstance(room, float)
    names = [facts.candidates[candidate].name for candidate in sorted(lost) if lost[candidate] == number]
    return {"stage": limit.stage, "name": limit.name, "scope": limit.scope, "room": int(room), "lost": names}


def told(facts: Facts, decision: Decision) -> dict[str, Any]:
    """A decision by the names of its policy."""
    return {
        "reason": decision.reason,
        "holdout": decision.holdout,
        "arms": dict(zip((e.name for e in facts.experiments), decision.arms, strict=True)),
        "choices": [_choice(facts, choice) for choice in decision.chosen],
        "would": [_choice(facts, choice) for choice in decision.held],
    }


def _choice(facts: Facts, choice: Choice) -> dict[str, Any]:
    candidate = facts.candidates[choice.candidate]
    return {
        "action": candidate.action,
        "channel": candidate.channel,
        "content": candidate.content,
        "slot": candidate.slot,
        "send_at": None if choice.send_at is None else plain_time(choice.send_at),
        "tier": None if choice.tier is None else choice.tier + 1,
        "score": choice.score,
        "probability": choice.probability,
    }


def read(line: str) -> Recording:
    """The recording of a line. Raises BadRecording, whose text says what is wrong with it."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadRecording(f"not JSON: {error.msg} in column {error.colno}") from None
    if not isinstance(found, dict) or "schema_version" not in found:
        raise BadRecording("not a decision as `nba run --record` writes them")
    if found["schema_version"] != VERSION:
        raise BadRecording(f"schema_version is {found['schema_version']!r}, this nba reads {VERSION}")
    types = {"policy": str, "hash": str, "id": str, "now": str, "seed": int, "profile": dict, "context": dict}
    types |= {"parameters": dict, "limits": list, "decision": dict}
    for name, type in types.items():
        if name not in found:
            raise BadRecording(f"`{name}` is missing")
        if not isinstance(found[name], type) or isinstance(found[name], bool):
            raise BadRecording(f"`{name}` is not what it should be")
    choices = [found["decision"].get(name) for name in ("choices", "would")]
    if not all(isinstance(each, list) and all(isinstance(c, dict) for c in each) for each in choices):
        raise BadRecording("`decision` is not what it should be")
    if unknown := sorted(found.keys() - types.keys() - {"schema_version"}):
        raise BadRecording(f"`{unknown[0]}` is no part of it")
    return Recording(**found)
