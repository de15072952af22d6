"""What a run did, counted: the data of the report that ends every run.

Takes the facts of a plan and the counters of a run; gives plain values that can be shown as text or JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from nbadsl.data.decisions import REASONS
from nbadsl.engine.duplicates import Duplicates
from nbadsl.history.standing import Before
from nbadsl.limited.used import LimitUse, limit_uses
from nbadsl.program.decision import BELOW_THRESHOLD, NOBODY_PASSED, RELEASED
from nbadsl.program.facts import CandidateFacts, Facts, RuleFacts


@dataclass(frozen=True, slots=True)
class Share:
    """So many people, of all."""

    name: str
    people: int


@dataclass(frozen=True, slots=True)
class BadColumn:
    """So many people have bad data in a column. `example`: what is wrong with one of them."""

    name: str
    people: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class RuleCount:
    """A rule and the people whom it stopped first; `unknown` of them because a value was unknown."""

    stage: str
    reason: str
    scope: str
    path: str
    line: int
    stopped: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """One candidate: of `considered` people, whom each rule stopped, what became of the rest, how many it won."""

    candidate: str
    considered: int
    inactive: int
    rules: tuple[RuleCount, ...]
    quiet: int
    no_score: int
    below_threshold: int
    outranked: int
    held_out: int
    chosen: int


@dataclass(frozen=True, slots=True)
class Undefined:
    """An operation that had no result, and for how many people."""

    path: str
    line: int
    text: str
    people: int


@dataclass(frozen=True, slots=True)
class Report:
    """`contacts`: all that was decided, on every place. `decisions`: first places per candidate, most frequent first.
    `nothing`: per reason. `limits`: in the order of the policy. `rejected`: per column. `duplicates`: of keys, None: there
    are none."""

    policy: str
    hash: str
    now: str
    seed: int
    people: int
    contacts: int
    seconds: float
    decisions: tuple[Share, ...]
    nothing: tuple[Share, ...]
    rejected: tuple[BadColumn, ...]
    funnels: tuple[Funnel, ...]
    limits: tuple[LimitUse, ...]
    undefined: tuple[Undefined, ...]
    duplicates: Duplicates | None

    @property
    def rows_per_second(self) -> float:
        return self.people / self.seconds if self.seconds > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"schema_version": 1, **asdict(self), "rows_per_second": round(self.rows_per_second)}


def make_report(
    facts: Facts,
    totals: Any,
    before: Sequence[Before],
    undefined: Sequence[Any],
    problems: Mapping[str, str],
    duplicates: Duplicates | None,
    *,
    hash: str,
    now: str,
    seed: int,
    seconds: float,
) -> Report:
    """`totals`: `run.Totals` of the whole run. `before`: of each limit. `undefined`: the plan's sites.
    `problems`: by column, what is wrong with a value in it."""
    counters, contacts = totals.counters, totals.contacts.tolist()
    people = int(counters.rows)
    names = [c.name for c in facts.candidates]
    reasons = dict(zip(REASONS, map(int, counters.reasons), strict=True))
    nothing = [
        *(Share(f"holdout: {name}", int(n)) for name, n in zip(facts.holdouts, counters.held, strict=True)),
        Share(NOBODY_PASSED, reasons[NOBODY_PASSED]),
        Share(BELOW_THRESHOLD, reasons[BELOW_THRESHOLD]),
        Share(RELEASED, reasons[RELEASED]),
        Share("bad data", int(counters.bad.sum())),
    ]
    sites = [
        Undefined(site.path, site.line, site.text, int(n))
        for site, n in zip(undefined, counters.undefined, strict=True)
        if n
    ]
    return Report(
        policy=facts.name,
        hash=hash,
        now=now,
        seed=seed,
        people=people,
        contacts=sum(contacts),
        seconds=seconds,
        decisions=_sorted([Share(n, int(d)) for n, d in zip(names, totals.decided, strict=True)]),
        nothing=tuple(n for n in nothing if n.people),
        rejected=_sorted(
            [
                BadColumn(i.column, int(n), problems.get(i.column, ""))
                for i, n in zip(facts.inputs, counters.bad, strict=True)
            ]
        ),
        funnels=_funnels(facts, counters, totals.held, people - int(counters.bad.sum())),
        limits=tuple(limit_uses(facts, before, contacts, counters.stopped.tolist(), counters.moved.tolist())),
        undefined=tuple(sorted(sites, key=lambda s: -s.people)),
        duplicates=duplicates,
    )


Counted = TypeVar("Counted", Share, BadColumn)


def _sorted(shares: list[Counted]) -> tuple[Counted, ...]:
    return tuple(sorted((s for s in shares if s.people), key=lambda s: -s.people))


def _funnels(facts: Facts, counters: Any, held: Sequence[int], considered: int) -> tuple[Funnel, ...]:
    funnels, first = [], 0
    for candidate, fates, kept in zip(facts.candidates, counters.fates.tolist(), held, strict=True):
        last = first + len(candidate.rules)
        rules = _rules(
            candidate, counters.stopped[first:last].tolist(), counters.unknown[first:last].tolist()
        )
        inactive, quiet, no_score, threshold, passed, chosen = fates
        funnels.append(
            Funnel(
                candidate.name,
                considered,
                inactive,
                rules,
                quiet,
                no_score,
                threshold,
                passed - chosen,
                int(kept),
                chosen - int(kept),
            )
        )
        first = last
    return tuple(funnels)


def _rules(candidate: CandidateFacts, stopped: list[int], unknown: list[int]) -> tuple[RuleCount, ...]:
    def count(rule: RuleFacts, s: int, u: int) -> RuleCount:
        return RuleCount(rule.stage, rule.reason, rule.scope, rule.path, rule.line, s, u)

    return tuple(count(r, s, u) for r, s, u in zip(candidate.rules, stopped, unknown, strict=True))
