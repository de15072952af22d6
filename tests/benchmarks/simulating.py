"""`nba simulate` over a Parquet file, alone and against an old policy: seconds and memory of the process.

The new policy is the old one with one action in five asking for a higher number; it has three guarantees. People come
in groups by three fields, and the figures are written as JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
from people import PIECE, make_people
from policy import NUMBER_RANGE, WORDS, Policy, make_policy, source
from starts import probe

_GROUPS = "w0,n0,k0"
_EVERY = 5  # one action in so many is changed
_HIGHER = 0.1 * NUMBER_RANGE


@dataclass(frozen=True, slots=True)
class Simulated:
    """`peaks`: bytes. Of both, first alone, then against the old policy. `changed`: people."""

    people: int
    actions: int
    seconds: tuple[float, float]
    peaks: tuple[int, int]
    changed: int


def changed(policy: Policy) -> Policy:
    """The new policy: one action in five, the first one too, is for fewer people."""
    actions = tuple(
        replace(a, tests=(replace(a.tests[0], than=a.tests[0].than + _HIGHER), *a.tests[1:]))
        if number % _EVERY == 0
        else a
        for number, a in enumerate(policy.actions)
    )
    return Policy(actions)


def measure_simulations(people: int, actions: int, folder: Path) -> Simulated:
    """Both, with all threads."""
    old, new, file = folder / "old.nba", folder / "new.nba", folder / "people.parquet"
    policy = make_policy(actions)
    old.write_text(source(policy), encoding="utf-8")
    promises = (f'guarantee "{word}": never action_{n} when w0 is {word}' for n, word in enumerate(WORDS[:3]))
    new.write_text("\n".join([source(changed(policy)), *promises, ""]), encoding="utf-8")
    pq.write_table(make_people(people), file, compression="zstd", row_group_size=PIECE)
    found, out = [], folder / "figures.json"
    for more in ((), ("--against", old)):
        found.append(_simulate(out, new, "--profiles", file, "--by", _GROUPS, *more))
    told = json.loads(out.read_text(encoding="utf-8"))["changes"]
    assert told["changed"] == sum(cause["people"] for cause in told["causes"])
    file.unlink()
    seconds, peaks = zip(*((each["seconds"], int(each["peak"])) for each in found), strict=True)
    return Simulated(people, actions, seconds, peaks, told["changed"])


def _simulate(out: Path, *arguments: object) -> dict[str, float]:
    """What `probe` measures of the command. `out`: where it writes."""
    return probe("run_to", out, "-m", "nbadsl.cli", "simulate", *arguments, "--format", "json")
