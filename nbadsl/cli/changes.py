"""What changes from an old policy to a new one, for people who read a terminal: a part of `nba simulate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite, nan

from rich.table import Table
from rich.text import Text

from nbadsl.cli.report import percent, share_row, table_of
from nbadsl.page.words import count
from nbadsl.report import Share
from nbadsl.simulate.figures import NOTHING, Cause, Changes, Figures

_ROWS = 15
_MATRIX = 8  # actions, and nothing, of which all pairs are shown


def changed(found: Changes, old: Figures, new: Figures) -> Iterator[Table | Text]:
    """The parts of the report, in order."""
    people = count(found.changed, "person gets", "people get")
    told = f"{people} another action than before ({percent(found.changed, new.people)})"
    if found.varied:
        told += f", {found.varied:,} the same one by another channel, content or slot"
    yield Text(told, style="bold")
    if found.changed:
        names = {name for move in found.moves for name in (move.old, move.new)}
        yield _matrix(found, names) if len(names) <= _MATRIX else _moves(found, new.people)
        yield _causes("Responsible", found.causes, found.changed)
    if found.varied:
        yield _causes("Responsible for the same action another way", found.varied_causes, found.varied)
    yield _totals(old, new)
    gains = [gain for gain in found.gains if gain.came or gain.went]
    if gains:
        heads = ("before", "now", "come", "go", "difference")
        table = table_of("By action", ("", "left"), *((head, "right") for head in heads))
        for gain in sorted(gains, key=lambda g: -abs(g.new - g.old))[:_ROWS]:
            counts = (gain.old, gain.new, gain.came, gain.went)
            table.add_row(Text(gain.action), *(f"{n:,}" for n in counts), f"{gain.new - gain.old:+,}")
        yield table
    if found.limits:
        yield _limits(found)
    if found.groups:
        yield _groups(found)


def _matrix(found: Changes, names: set[str]) -> Table:
    """Rows are the actions before, columns those now."""
    order = [gain.action for gain in found.gains if gain.action in names]
    order += [NOTHING] if NOTHING in names else []
    table = table_of("From (rows) to (columns)", ("", "left"), *((name, "right") for name in order))
    people = {(move.old, move.new): move.people for move in found.moves}
    for old in order:
        cells = [(f"{people[old, new]:,}" if (old, new) in people else "", old == new) for new in order]
        table.add_row(Text(old), *(Text(cell, style="dim" if stays else "") for cell, stays in cells))
    return table


def _moves(found: Changes, people: int) -> Table:
    table = table_of("From → to", ("", "left"), ("people", "right"), ("", "right"), ("", "left"))
    moves = [move for move in found.moves if move.old != move.new]
    for move in moves[:_ROWS]:
        share_row(table, Share(f"{move.old} → {move.new}", move.people), people, moves[0].people)
    if len(moves) > _ROWS:
        table.add_row(Text(f"… {len(moves) - _ROWS:,} more: --format json", style="dim"))
    return table


def _causes(title: str, causes: Sequence[Cause], people: int) -> Table:
    """`people`: whom the causes add up to."""
    table = table_of(
        title, *(("", "left"), ("people", "right"), ("", "right"), ("mostly", "left"), ("", "left"))
    )
    for cause in causes[:_ROWS]:
        most = cause.moves[0]
        place = f"{cause.path}:{cause.line}" if cause.path else ""
        share = percent(cause.people, people)
        mostly = Text(f"{most.old} → {most.new}")
        table.add_row(said(cause), f"{cause.people:,}", share, mostly, Text(place, style="dim"))
    if len(causes) > _ROWS:
        table.add_row(Text(f"… {len(causes) - _ROWS:,} more: --format json", style="dim"))
    return table


def said(cause: Cause) -> Text:
    """A cause in words, as `rule tightened: exclude "too young" of action loan`."""
    if cause.path or cause.reason:
        what = ": ".join(part for part in (cause.stage, cause.reason) if part)
        return Text(f"{cause.kind}: {what}").append(f"  {cause.scope}", style="dim")
    return Text(f"{cause.kind}: {cause.candidate}" if cause.candidate else cause.kind)


def _totals(old: Figures, new: Figures) -> Table:
    table = table_of("", ("", "left"), ("before", "right"), ("now", "right"), ("difference", "right"))
    for name, before, now in (
        ("decided something", old.decided, new.decided),
        ("contacts", old.contacts, new.contacts),
        ("score", old.score, new.score),
    ):
        more = 100 * (now - before) / abs(before) if before else nan
        share = f" ({more:+.1f}%)" if isfinite(more) else ""
        table.add_row(name, f"{before:,.10g}", f"{now:,.10g}", f"{now - before:+,.10g}{share}")
    return table


def _limits(found: Changes) -> Table:
    table = table_of("Limits", ("", "left"), ("before", "left"), ("now", "left"))
    for limit in found.limits[:_ROWS]:
        uses = ("–" if use is None else use.said for use in (limit.old, limit.new))
        table.add_row(Text(limit.name), *map(Text, uses))
    return table


def _groups(found: Changes) -> Table:
    heads = ("people", "changed", "", "decided before", "now", "score before", "now")
    table = table_of("Groups that change most", ("", "left"), *((head, "right") for head in heads))
    for group in found.groups:
        table.add_row(
            Text(f"{group.field}: {group.value}"),
            f"{group.people:,}",
            f"{group.changed:,}",
            percent(group.changed, group.people),
            *(percent(n, group.people) for n in group.decided),
            *(f"{score:,.6g}" for score in group.score),
        )
    return table
