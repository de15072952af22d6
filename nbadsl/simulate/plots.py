"""The plots of a simulation's report, by name.

Takes: a simulation. Gives: the plots of what there is to see; none without the libraries. What is too much for a plot is
summed up or left to the table below it. An action has the same colour in all plots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from nbadsl.page.axes import has_scale
from nbadsl.page.charts import Bar, Bin, Piece, Range, histograms, ranges, stacked
from nbadsl.page.labels import distinct
from nbadsl.page.plot import NARROW, REST, SERIES, TRACK, Plot, can_plot, plot
from nbadsl.page.words import count, percent, share
from nbadsl.program.nodes import ELIGIBLE, EXCLUDE, LIMITING, QUIET, REQUIRE
from nbadsl.report import Funnel
from nbadsl.simulate.change_plots import change_plots
from nbadsl.simulate.figures import NOTHING, Figures, Segments, Simulation
from nbadsl.simulate.plotting import MOST, bar_plot, colors_of, firsts, listed

_GETS, _LOSES, _HELD = "gets it", "another is better", "held out"
_LIMITED, _LOW, _EXCLUDED = "limit or quiet hours", "score missing or too low", "excluded"
_NOT_ELIGIBLE, _NOT_PERMITTED, _NOT_RUNNING = "not eligible", "a requirement is missing", "not running"
_STEPS = {
    _GETS: SERIES[0],
    _LOSES: SERIES[4],
    _HELD: SERIES[3],
    _LIMITED: SERIES[1],
    _LOW: SERIES[6],
    _EXCLUDED: SERIES[5],
    _NOT_ELIGIBLE: REST,
    _NOT_PERMITTED: "var(--edge)",
    _NOT_RUNNING: TRACK,
}


def plots(simulation: Simulation) -> dict[str, Plot]:
    """The plots that there are, by name; `segments 0` is that of the first field."""
    if not can_plot():
        return {}
    new, changes = simulation.new, simulation.changes
    made = {
        "actions": _actions(new),
        "funnels": _funnels(new.funnels),
        "scores": _scores(new),
        "limits": _limits(new),
        "burden": _burden(new),
        "gaps": _gaps(new),
    }
    for number, segments in enumerate(new.segments):
        made[f"segments {number}"] = _segments(new, segments)
    if changes is not None:
        made |= change_plots(changes)
    return {name: each for name, each in made.items() if each is not None}


def _actions(new: Figures) -> Plot | None:
    if not new.people:
        return None
    parts = sorted((part for part in new.actions if part.people), key=lambda part: -part.people)
    shown, rest = parts[:MOST], parts[MOST:]
    counts = [(part.name, part.people, False) for part in shown]
    if rest:
        counts.append((count(len(rest), "other action"), sum(part.people for part in rest), True))
    counts.append((NOTHING, new.people - new.decided, True))
    rows = [Bar(name, n, f"{n:,} · {share(n, new.people)}", plain) for name, n, plain in counts]
    return bar_plot("How many people get which action", "Their first choice; grey: the rest.", rows, "people")


def _funnels(funnels: Sequence[Funnel]) -> Plot | None:
    shown = sorted((f for f in funnels if f.considered), key=lambda f: -f.chosen)[: MOST + 4]
    pieces = [Piece(f.candidate, step, people) for f in shown for step, people in _steps(f)]
    if not pieces:
        return None
    more = (
        f" The {len(shown)} most frequent of {len(funnels)} are shown." if len(funnels) > len(shown) else ""
    )
    said = listed([(f.candidate, f"goes to {share(f.chosen, f.considered)}") for f in shown])
    about = f"Each bar is everybody; what stops a person first is counted.{more}"
    return plot(
        "Where people stop on the way to an action",
        about,
        said,
        lambda w: stacked(pieces, _STEPS, "share of people", w),
    )


def _steps(funnel: Funnel) -> Iterator[tuple[str, int]]:
    """What becomes of everybody whom a candidate could go to."""
    by_stage = Counter[str]()
    for rule in funnel.rules:
        by_stage[rule.stage] += rule.stopped
    yield _GETS, funnel.chosen
    yield _LOSES, funnel.outranked
    yield _HELD, funnel.held_out
    yield _LIMITED, funnel.quiet + by_stage[QUIET] + sum(by_stage[stage] for stage in LIMITING)
    yield _LOW, funnel.no_score + funnel.below_threshold
    yield _EXCLUDED, by_stage[EXCLUDE]
    yield _NOT_ELIGIBLE, by_stage[ELIGIBLE]
    yield _NOT_PERMITTED, by_stage[REQUIRE]
    yield _NOT_RUNNING, funnel.inactive


def _scores(new: Figures) -> Plot | None:
    there = (h for h in new.histograms if h.people and has_scale((h.edges[0], h.edges[-1])))
    shown = sorted(there, key=lambda h: -h.people)[:8]
    if not shown:
        return None
    bins = [
        Bin(h.action, low, high, n)
        for h in shown
        for low, high, n in zip(h.edges, h.edges[1:], h.counts, strict=False)
    ]
    means = {h.action: h.mean for h in shown}
    return plot(
        "Scores of those who get an action",
        "Each has its own scale; the orange line is the mean.",
        listed([(h.action, f"has the mean {h.mean:,.4g}") for h in shown]),
        lambda w: histograms(bins, means, "score", w),
    )


def _limits(new: Figures) -> Plot | None:
    """How full those limits are that have one number for everybody."""
    full = [(use, use.used if use.cost is None else use.cost) for use in new.limits if use.most]
    shown = sorted(full, key=lambda pair: -((pair[0].before or 0) + pair[1]) / (pair[0].most or 1))[:MOST]
    labels = distinct([f"{use.name}, {use.scope}" if use.scope else use.name for use, _ in shown])
    pieces, said = [], []
    for label, (use, now) in zip(labels, shown, strict=True):
        before, most = use.before or 0, use.most or 0
        pieces += [
            Piece(label, "before", before),
            Piece(label, "in this simulation", now),
            Piece(label, "free", max(0, most - before - now)),
        ]
        said.append((label, f"{share(before + now, most)} used"))
    if not pieces:
        return None
    parts = {"before": SERIES[4], "in this simulation": SERIES[0], "free": TRACK}
    return plot(
        "How much of limits and budgets is used",
        "Of those with one number for everybody.",
        listed(said),
        lambda w: stacked(pieces, parts, "share of what there is at most", w),
    )


def _segments(new: Figures, segments: Segments) -> Plot | None:
    groups = [group for group in segments.groups if group.people][: MOST + 4]
    if not groups:
        return None
    order = [part.name for part in sorted(new.actions, key=lambda part: -part.people) if part.people]
    parts = colors_of(order)
    pieces = [
        piece
        for label, group in zip(distinct([group.value for group in groups]), groups, strict=True)
        for piece in firsts(label, group.actions, group.people - group.decided, parts)
    ]
    return plot(
        f"What people get, by {segments.field}",
        "Each bar is all people of a group.",
        listed([(group.value, f"{percent(group.decided_share)} get something") for group in groups]),
        lambda w: stacked(pieces, parts, "share of the group", w),
    )


def _burden(new: Figures) -> Plot | None:
    shown, rest = new.burden[:MOST], new.burden[MOST:]
    counts = [(count(b.contacts, "contact"), b.people) for b in shown]
    if rest:
        counts.append((f"{rest[0].contacts} contacts and more", sum(b.people for b in rest)))
    rows = [Bar(label, n, f"{n:,} · {share(n, new.people)}") for label, n in counts]
    return bar_plot("How many contacts a person gets", "", rows, "people")


def _gaps(new: Figures) -> Plot | None:
    shown = new.gaps[:MOST]
    if not shown:
        return None

    def rows(width: int) -> list[Range]:
        found = []
        for gap in shown:
            low, high = percent(gap.lowest.rate), percent(gap.highest.rate)
            said = f"{gap.lowest.group[:20]} {low} – {gap.highest.group[:20]} {high}"
            label = f"{gap.action} by {gap.field}"
            found.append(
                Range(label, gap.lowest.rate, gap.highest.rate, said if width > NARROW else f"{low} – {high}")
            )
        return found

    return plot(
        "Groups that get an action least and most often",
        "The largest differences.",
        listed([(row.label, row.said) for row in rows(NARROW)]),
        lambda w: ranges(rows(w), "share of the group that gets the action", w),
    )
