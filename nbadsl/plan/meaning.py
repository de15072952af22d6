"""The hash of a policy: of what it means, not of how it is written, and not of what a compiler makes of it.

Takes a program as it was written, before any rewriting; the same policy as source and compiled has one hash, with every
version of the compiler.

In: names of the policy, its fields, actions, channels, contents, slots, groups, parameters, holdouts and experiments;
types, ranges and defaults; every expression with its operations, values and order; the order of fields, candidates,
rules and holdouts, on which decisions depend; limits, with the names by which records tell them.

Out: places in the source; titles, owner, documentation, former names, `because`, where a rule stands, names of tiers, and factors,
which are prose or for explanations; tests, guarantees and promises, which decide nothing; expressions that nothing
refers to; the order of parameters and of the context.

Two ways to write the same number are two: `1 EUR + 2 EUR` is not `3 EUR`, as no rewriting is done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nbadsl.plan.program_codec import PLAIN, PLAIN_LIMIT, encode_program
from nbadsl.program.nodes import Input, Program

VERSION = 1  # of what is hashed; a new one makes all hashes others


def policy_hash(program: Program) -> str:
    """SHA-256 of what the policy means: 64 hexadecimal digits."""
    value = encode_program(_without_prose(program))
    at: list[str] = []
    for name, operands, own, _ in value["expressions"]:
        at.append(_digest([name, [at[place] for place in operands], own]))

    def of(place: int | None) -> str | None:
        return None if place is None else at[place]

    threshold, *choosing = value["arbitration"]
    head = dict(zip(PLAIN, value["head"], strict=True))
    meaning = {
        "version": VERSION,
        "head": {
            name: part for name, part in head.items() if name not in ("title", "owner", "tiers", "former")
        },
        "candidates": [_candidate(of, *each) for each in value["candidates"]],
        "arbitration": [of(threshold), *choosing],
        "holdouts": [[*plain, of(active)] for *plain, active in value["holdouts"]],
        "limits": [
            [dict(zip(PLAIN_LIMIT, plain, strict=True)), of(most), of(each)]
            for plain, most, each, _ in value["limits"]
        ],
    }
    return _digest(meaning)


def _candidate(
    of: Callable[[int | None], str | None],
    names: Any,
    active: Any,
    rules: Any,
    send_at: Any,
    tiers: Any,
    score: Any,
    factors: Any,
) -> Any:
    *named, _ = names
    return [
        named,
        of(active),
        [[stage, of(when), passes, room] for stage, when, passes, _, _, room, _ in rules],
        of(send_at),
        [[rank, of(when)] for rank, when in tiers],
        of(score),
    ]


def _without_prose(program: Program) -> Program:
    def plain(each: Input) -> Input:
        return replace(each, doc="")

    parameters = [replace(each, input=plain(each.input)) for each in program.parameters]
    return replace(
        program,
        inputs=tuple(map(plain, program.inputs)),
        context=tuple(sorted(map(plain, program.context), key=lambda each: each.name)),
        parameters=tuple(sorted(parameters, key=lambda each: each.input.name)),
    )


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
