"""The plots of a simulation's report, by name.

Takes: a simulation. Gives: the plots of what there is to see; none without the libraries. What is too much for a plot is
summed up or left to the table below it. An action has the same colour in all plots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbadsl.page.charts import (
    Bar,
    Bin,
    Cell,
    Piece,
    Range,
    bars,
    distinct,
    has_scale,
    histograms,
    matrix,
    ranges,
    stacked,
)
from nbadsl.page.plot import NARROW, REST, SERIES, TRACK, Plot, can_plot, plot
from nbadsl.page.words import change, compact, count, percent, share
from nbadsl.program.nodes import ELIGIBLE, EXCLUDE, LIMITING, QUIET, REQUIRE
from nbadsl.report import Funnel, Share
from nbadsl.simulate.figures import NOTHING, Cause, Changes, Figures, Segments, Simulation

_MOST = 12  # rows of a plot
_OTHERS = "other actions"

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
    if changes is not None and changes.changed:
        made |= {
            "moves": _moves(changes),
            "causes": _causes("What is responsible for the changes", changes.causes, changes.changed),
            "gains": _gains(changes),
            "groups": _groups(changes),
        }
    if changes is not None and changes.varied:
        title = "What is responsible for the same action another way"
        made["varied causes"] = _causes(title, changes.varied_causes, changes.varied)
    return {name: each for name, each in made.items() if each is not None}


def _list(rows: Sequence[tuple[str, str]]) -> str:
    """The first rows in words."""
    said = ", ".join(f"{name} {value}" for name, value in rows[:5])
    return said + (f", and {len(rows) - 5} more" if len(rows) > 5 else "")


def _bars(title: str, about: str, rows: Sequence[Bar], x: str, format: str = ",d") -> Plot | None:
    if not rows:
        return None
    return plot(
        title, about, _list([(row.label, row.said) for row in rows]), lambda w: bars(rows, x, w, format)
    )


# --- one policy ---


def _actions(new: Figures) -> Plot | None:
    if not new.people:
        return None
    parts = sorted((part for part in new.actions if part.people), key=lambda part: -part.people)
    shown, rest = parts[:_MOST], parts[_MOST:]
    counts = [(part.name, part.people, False) for part in shown]
    if rest:
        counts.append((count(len(rest), "other action"), sum(part.people for part in rest), True))
    counts.append((NOTHING, new.people - new.decided, True))
    rows = [Bar(name, n, f"{n:,} · {share(n, new.people)}", plain) for name, n, plain in counts]
    return _bars("How many people get which action", "Their first choice; grey: the rest.", rows, "people")


def _funnels(funnels: Sequence[Funnel]) -> Plot | None:
    shown = sorted((f for f in funnels if f.considered), key=lambda f: -f.chosen)[: _MOST + 4]
    pieces = [Piece(f.candidate, step, people) for f in shown for step, people in _steps(f)]
    if not pieces:
        return None
    more = (
        f" The {len(shown)} most frequent of {len(funnels)} are shown." if len(funnels) > len(shown) else ""
    )
    said = _list([(f.candidate, f"goes to {share(f.chosen, f.considered)}") for f in shown])
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
        _list([(h.action, f"has the mean {h.mean:,.4g}") for h in shown]),
        lambda w: histograms(bins, means, "score", w),
    )


def _limits(new: Figures) -> Plot | None:
    """How full those limits are that have one number for everybody."""
    full = [(use, use.used if use.cost is None else use.cost) for use in new.limits if use.most]
    shown = sorted(full, key=lambda pair: -((pair[0].before or 0) + pair[1]) / (pair[0].most or 1))[:_MOST]
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
        _list(said),
        lambda w: stacked(pieces, parts, "share of what there is at most", w),
    )


def _segments(new: Figures, segments: Segments) -> Plot | None:
    groups = [group for group in segments.groups if group.people][: _MOST + 4]
    if not groups:
        return None
    order = [part.name for part in sorted(new.actions, key=lambda part: -part.people) if part.people]
    parts = colors_of(order)
    pieces = [
        piece
        for group in groups
        for piece in firsts(group.value, group.actions, group.people - group.decided, parts)
    ]
    return plot(
        f"What people get, by {segments.field}",
        "Each bar is all people of a group.",
        _list([(group.value, f"{percent(group.decided_share)} get something") for group in groups]),
        lambda w: stacked(pieces, parts, "share of the group", w),
    )


def colors_of(order: Sequence[str]) -> dict[str, str]:
    """A colour for each action, the first first, and for nothing; where there are too many, the last have one together."""
    named = order if len(order) <= len(SERIES) else order[: len(SERIES) - 1]
    return dict(zip([*named, _OTHERS], SERIES, strict=False)) | {NOTHING: REST}


def firsts(label: str, actions: Sequence[Share], nothing: int, parts: Mapping[str, str]) -> list[Piece]:
    """A bar of what people get first. `parts`: the actions that are told apart."""
    people = Counter[str]({NOTHING: nothing})
    for action in actions:
        people[action.name if action.name in parts else _OTHERS] += action.people
    return [Piece(label, part, people[part]) for part in parts]


def _burden(new: Figures) -> Plot | None:
    shown, rest = new.burden[:_MOST], new.burden[_MOST:]
    counts = [(count(b.contacts, "contact"), b.people) for b in shown]
    if rest:
        counts.append((f"{rest[0].contacts} contacts and more", sum(b.people for b in rest)))
    rows = [Bar(label, n, f"{n:,} · {share(n, new.people)}") for label, n in counts]
    return _bars("How many contacts a person gets", "", rows, "people")


def _gaps(new: Figures) -> Plot | None:
    shown = new.gaps[:_MOST]
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
        _list([(row.label, row.said) for row in rows(NARROW)]),
        lambda w: ranges(rows(w), "share of the group that gets the action", w),
    )


# --- two policies ---


def _moves(changes: Changes) -> Plot | None:
    moved = sorted((m for m in changes.moves if m.old != m.new), key=lambda m: -m.people)
    weight = Counter[str]()
    for move in moved:
        weight[move.old] += move.people
        weight[move.new] += move.people
    del weight[NOTHING]
    order = [name for name, _ in weight.most_common()]

    def shown(width: int) -> Any:
        most = 5 if width <= NARROW else 10
        named = order if len(order) <= most else order[: most - 1]
        ends = [*named, *([_OTHERS] if len(order) > len(named) else []), NOTHING]
        cells = _cells(changes, set(named) | {NOTHING}, set(order), width)
        return matrix(cells, ends, "what they get now", "what they got", width)

    said = _list([(f"{m.old} to {m.new}", count(m.people, "person", "people")) for m in moved])
    about = "People by what they got (rows) and what they get now (columns). Grey: they stay."
    return plot("Who changes from what to what", about, said, shown)


def _cells(changes: Changes, named: set[str], moving: set[str], width: int) -> list[Cell]:
    """The cells of a matrix in which all but the named actions are one. Of actions that nobody comes to or goes from,
    nothing is shown."""
    changed, stays = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for move in changes.moves:
        ends = tuple(end if end in named else _OTHERS for end in (move.old, move.new))
        if move.old != move.new:
            changed[ends[0], ends[1]] += move.people
        elif move.old in moving or move.old == NOTHING:
            stays[ends[0], ends[1]] += move.people
    write = compact if width <= NARROW else "{:,}".format
    return [
        *(Cell(old, new, n, write(n), False) for (old, new), n in changed.items()),
        *(Cell(old, new, n, write(n), True) for (old, new), n in stays.items() if (old, new) not in changed),
    ]


def cause_label(cause: Cause) -> str:
    """A cause in a few words."""
    about = cause.reason or cause.candidate
    return f"{cause.kind}: {about}" if about else cause.kind


def _causes(title: str, causes: Sequence[Cause], people: int) -> Plot | None:
    """`people`: whom the causes add up to."""
    shown, rest = causes[:_MOST], causes[_MOST:]
    labels = distinct([cause_label(cause) for cause in shown])
    counts = [(label, cause.people) for label, cause in zip(labels, shown, strict=True)]
    if rest:
        counts.append((count(len(rest), "other cause"), sum(cause.people for cause in rest)))
    rows = [Bar(label, n, f"{n:,} · {share(n, people)}") for label, n in counts]
    about = "By the first difference on a person's way through the two policies."
    return _bars(title, about, rows, "people who change")


def _gains(changes: Changes) -> Plot | None:
    differ = sorted((g for g in changes.gains if g.new != g.old), key=lambda g: -abs(g.new - g.old))
    rows = [Bar(g.action, g.new - g.old, change(g.new - g.old)) for g in differ[:_MOST]]
    return _bars("Which actions gain and lose people", "New less old.", rows, "difference in people")


def _groups(changes: Changes) -> Plot | None:
    shown = [group for group in changes.groups if group.changed][:10]
    rows = [
        Bar(f"{group.field}: {group.value}", group.changed_share, percent(group.changed_share))
        for group in shown
    ]
    return _bars("Which groups change most", "", rows, "share of the group that changes", "%")
