"""The plots of a simulation against an old policy, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nbadsl.page.charts import Bar, Cell, matrix
from nbadsl.page.labels import distinct
from nbadsl.page.plot import NARROW, Plot, plot
from nbadsl.page.words import change, compact, count, percent, share
from nbadsl.simulate.figures import NOTHING, Cause, Changes
from nbadsl.simulate.plotting import MOST, OTHERS, bar_plot, listed


def change_plots(changes: Changes) -> dict[str, Plot | None]:
    """None where there is nothing to see."""
    made: dict[str, Plot | None] = {}
    if changes.changed:
        made |= {
            "moves": _moves(changes),
            "causes": _causes("What is responsible for the changes", changes.causes, changes.changed),
            "gains": _gains(changes),
            "groups": _groups(changes),
        }
    if changes.varied:
        title = "What is responsible for the same action another way"
        made["varied causes"] = _causes(title, changes.varied_causes, changes.varied)
    return made


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
        ends = [*named, *([OTHERS] if len(order) > len(named) else []), NOTHING]
        cells = _cells(changes, set(named) | {NOTHING}, set(order), width)
        return matrix(cells, ends, "what they get now", "what they got", width)

    said = listed([(f"{m.old} to {m.new}", count(m.people, "person", "people")) for m in moved])
    about = "People by what they got (rows) and what they get now (columns). Grey: they stay."
    return plot("Who changes from what to what", about, said, shown)


def _cells(changes: Changes, named: set[str], moving: set[str], width: int) -> list[Cell]:
    """The cells of a matrix in which all but the named actions are one. Of actions that nobody comes to or goes from,
    nothing is shown."""
    changed, stays = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for move in changes.moves:
        ends = tuple(end if end in named else OTHERS for end in (move.old, move.new))
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
    shown, rest = causes[:MOST], causes[MOST:]
    labels = distinct([cause_label(cause) for cause in shown])
    counts = [(label, cause.people) for label, cause in zip(labels, shown, strict=True)]
    if rest:
        counts.append((count(len(rest), "other cause"), sum(cause.people for cause in rest)))
    rows = [Bar(label, n, f"{n:,} · {share(n, people)}") for label, n in counts]
    about = "By the first difference on a person's way through the two policies."
    return bar_plot(title, about, rows, "people who change")


def _gains(changes: Changes) -> Plot | None:
    differ = sorted((g for g in changes.gains if g.new != g.old), key=lambda g: -abs(g.new - g.old))
    rows = [Bar(g.action, g.new - g.old, change(g.new - g.old)) for g in differ[:MOST]]
    return bar_plot("Which actions gain and lose people", "New less old.", rows, "difference in people")


def _groups(changes: Changes) -> Plot | None:
    shown = [group for group in changes.groups if group.changed][:10]
    labels = distinct([f"{group.field}: {group.value}" for group in shown])
    rows = [
        Bar(label, group.changed_share, percent(group.changed_share))
        for label, group in zip(labels, shown, strict=True)
    ]
    return bar_plot("Which groups change most", "", rows, "share of the group that changes", "%")
