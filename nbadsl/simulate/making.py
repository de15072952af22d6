"""The figures of one side, made of what was counted and remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nbadsl.program.facts import CandidateFacts
from nbadsl.program.nodes import Column, Program
from nbadsl.report import Report, RuleCount
from nbadsl.simulate.closest import Nearly
from nbadsl.simulate.deciding import Deciding
from nbadsl.simulate.figures import (
    Burden,
    Figures,
    Histogram,
    Part,
    UnknownField,
    UnknownRule,
)
from nbadsl.simulate.people import People, actions_of
from nbadsl.simulate.promises import Promises
from nbadsl.simulate.reading import Reading
from nbadsl.simulate.segments import Codes, Grouping, gaps, segments
from nbadsl.simulate.sums import mean, total

BINS = 20  # of a histogram
_Place = tuple[str, str, str, str, int]


def figures(
    side: Deciding,
    report: Report,
    people: People,
    nulls: dict[str, int],
    groupings: Sequence[Grouping],
    nearly: Nearly,
    promises: Promises,
) -> Figures:
    """`people`: all of them. `nulls`: fields, and for how many people each is unknown."""
    facts, names = side.facts, actions_of(side.facts)
    actions = people.actions(facts, names)
    found = tuple(segments(grouping, people, actions, names) for grouping in groupings)
    unknown = _unknown_rules(side, report)
    return Figures(
        policy=facts.name,
        title=facts.title,
        hash=report.hash,
        people=report.people,
        decided=sum(share.people for share in report.decisions),
        contacts=report.contacts,
        score=total(people.score),
        mean_score=mean(people.score[people.scored]),
        actions=_parts(side, people, lambda c: c.action),
        channels=_parts(side, people, lambda c: c.channel),
        contents=_parts(side, people, lambda c: None if c.content is None else f'{c.action} "{c.content}"'),
        nothing=report.nothing,
        closest=nearly.found(),
        rejected=report.rejected,
        funnels=report.funnels,
        stoppers=_stoppers(report),
        histograms=tuple(_histograms(people, actions, names)),
        limits=report.limits,
        unknown_rules=unknown,
        unknown_fields=_unknown_fields(unknown, nulls),
        undefined=report.undefined,
        segments=found,
        burden=tuple(
            Burden(contacts, many) for contacts, many in enumerate(np.bincount(people.contacts).tolist())
        ),
        gaps=gaps(found),
        guarantees=promises.checked(),
    )


def _parts(
    side: Deciding, people: People, name_of: Callable[[CandidateFacts], str | None]
) -> tuple[Part, ...]:
    """What people get, by the name of a part of it."""
    many = len(side.facts.candidates)
    there = people.first >= 0
    firsts = np.bincount(people.first[there], minlength=many)
    scores = np.bincount(people.first[there], weights=people.score[there], minlength=many)
    found: dict[str, list[float]] = {}
    for candidate, *counts in zip(
        side.facts.candidates, firsts.tolist(), side.run.totals.contacts, scores.tolist(), strict=True
    ):
        name = name_of(candidate)
        if name is not None:
            before = found.setdefault(name, [0, 0, 0.0])
            found[name] = [a + b for a, b in zip(before, counts, strict=True)]
    return tuple(Part(name, int(p), int(c), s) for name, (p, c, s) in found.items())


def _stoppers(report: Report) -> tuple[RuleCount, ...]:
    """Rules that stop somebody, each once for all candidates in its scope."""
    found: dict[_Place, list[int]] = {}
    for rule in (rule for funnel in report.funnels for rule in funnel.rules):
        counts = found.setdefault(_place(rule), [0, 0])
        counts[0] += rule.stopped
        counts[1] += rule.unknown
    told = [RuleCount(*place, *counts) for place, counts in found.items() if counts[0]]
    return tuple(sorted(told, key=lambda rule: -rule.stopped))


def _place(rule: RuleCount) -> _Place:
    return rule.stage, rule.reason, rule.scope, rule.path, rule.line


def _histograms(people: People, actions: Codes, names: list[str]) -> Iterator[Histogram]:
    order = np.argsort(actions, kind="stable")
    starts = np.searchsorted(actions[order], np.arange(len(names) + 1))
    for name, start, stop in zip(names, starts, starts[1:], strict=False):
        some = order[start:stop]
        scores = people.score[some][people.scored[some]]
        middle = mean(scores)
        if middle is not None:
            edges = _edges(float(scores.min()), float(scores.max()))
            counts, _ = np.histogram(scores, edges)
            yield Histogram(name, len(scores), middle, tuple(edges.tolist()), tuple(counts.tolist()))


def _edges(low: float, high: float) -> NDArray[np.float64]:
    """Of BINS bins, or of one where numbers are too near to each other, or too far apart, for more."""
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, BINS + 1)
        return edges if (np.diff(edges) > 0).all() else np.array([low, high])


# --- what is unknown --------------------------------------------------------------------------------------


def _unknown_rules(side: Deciding, report: Report) -> tuple[UnknownRule, ...]:
    found: dict[_Place, tuple[int, frozenset[str]]] = {}
    reading = Reading()
    program: Program = side.policy.program
    for candidate, funnel in zip(program.candidates, report.funnels, strict=True):
        for rule, counted in zip(candidate.rules, funnel.rules, strict=True):
            if counted.unknown:
                people, fields = found.get(_place(counted), (0, frozenset()))
                leaves = reading.leaves(rule.when)
                fields |= {leaf.name for leaf in leaves if isinstance(leaf, Column) and leaf.unknown}
                found[_place(counted)] = max(people, counted.unknown), fields
    told = [UnknownRule(*place, people, tuple(sorted(f))) for place, (people, f) in found.items()]
    return tuple(sorted(told, key=lambda rule: -rule.people))


def _unknown_fields(rules: Sequence[UnknownRule], nulls: dict[str, int]) -> tuple[UnknownField, ...]:
    names = dict.fromkeys(name for rule in rules for name in rule.fields)
    found = [UnknownField(n, nulls.get(n, 0), sum(n in rule.fields for rule in rules)) for n in names]
    return tuple(sorted((f for f in found if f.people), key=lambda f: -f.people))
