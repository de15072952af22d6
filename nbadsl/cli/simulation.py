"""The figures of a simulation, for people who read a terminal: what changes comes first, then what is decided, what stops
people, who is left with nothing, groups side by side, guarantees. Long tables are cut; `--format json` has all."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nbadsl.cli.changes import changed
from nbadsl.cli.report import WIDTH, limits_of, percent, share_row, table_of
from nbadsl.report import RuleCount, Share
from nbadsl.simulate.figures import Closest, Figures, Group, Part, Segments, Simulation

_ROWS = 12
_ACTIONS = 5  # that are told of each group


def show(found: Simulation, color: bool) -> None:
    """Print a simulation to standard output."""
    width = None if sys.stdout.isatty() else WIDTH
    console = Console(no_color=not color, highlight=False, force_terminal=color or None, width=width)
    new = found.new
    against = f" against {found.old.hash[:12]}" if found.old is not None else ""
    console.print(Text(f"{new.policy} · {found.now} · seed {found.seed} · policy {new.hash[:12]}{against}"))
    each = f", {new.mean_score:,.4g} each" if new.mean_score is not None else ""
    decided = f"{new.decided:,} decided something ({percent(new.decided, new.people)})"
    console.print(
        Text(f"{new.people:,} people, {decided}, {new.contacts:,} contacts, score {new.score:,.6g}{each}")
    )
    for note in found.notes:
        console.print(Text(f"note: {note}"))
    console.print()
    if found.changes is not None and found.old is not None:
        for part in changed(found.changes, found.old, new):
            _print(console, part)
    for table in _tables(new):
        _print(console, table)
    console.print(Text(f"{found.seconds:.2f} s"))


def _print(console: Console, part: Table | Text) -> None:
    console.print(part)
    console.print()


def _tables(new: Figures) -> Iterator[Table | Text]:
    yield _decisions(new)
    for name, parts in (("Channels", new.channels), ("Contents", new.contents)):
        if parts:
            yield _parts(name, parts, new.people)
    if len(new.burden) > 2:
        yield _shares("Contacts", [Share(f"{b.contacts} each", b.people) for b in new.burden], new.people)
    if new.stoppers:
        yield _stoppers(new.stoppers)
    if new.closest:
        yield _closest(new)
    if new.unknown_rules:
        yield _unknown(new)
    limits = limits_of(new.limits, False)
    if limits is not None:
        yield limits
    for each in new.segments:
        yield _segments(each)
    if new.gaps:
        yield _gaps(new)
    if new.guarantees:
        yield _guarantees(new)


def _cut(table: Table, hidden: int) -> Table:
    if hidden > 0:
        table.add_row(Text(f"… {hidden:,} more: --format json", style="dim"))
    return table


def _shares(title: str, shares: Sequence[Share], people: int) -> Table:
    table = table_of(title, ("", "left"), ("people", "right"), ("", "right"), ("", "left"))
    most = max((share.people for share in shares), default=1) or 1
    for share in shares[:_ROWS]:
        share_row(table, share, people, most)
    return _cut(table, len(shares) - _ROWS)


def _decisions(new: Figures) -> Table:
    given = sorted((Share(a.name, a.people) for a in new.actions if a.people), key=lambda s: -s.people)
    table = _shares("First choices", given, new.people)
    most = max((share.people for share in (*given, *new.nothing)), default=1)
    for share in new.nothing:
        share_row(table, Share(f"nothing ({share.name})", share.people), new.people, most, "dim")
    idle = [action.name for action in new.actions if not action.people]
    if idle:
        names = ", ".join(idle[:_ROWS]) + (f" and {len(idle) - _ROWS} more" if len(idle) > _ROWS else "")
        table.add_row(Text(f"for nobody: {names}", style="dim"))
    return table


def _parts(title: str, parts: Sequence[Part], people: int) -> Table:
    some = sorted((Share(part.name, part.people) for part in parts if part.people), key=lambda s: -s.people)
    return _shares(title, some, people)


def _place(rule: RuleCount | Closest) -> Text:
    return Text(f"{rule.path}:{rule.line}" if rule.path else "", style="dim")


def _stoppers(rules: Sequence[RuleCount]) -> Table:
    table = table_of(
        "What stops most (people times candidates)",
        *(("", "left"), ("stopped", "right"), ("as unknown", "right"), ("", "left")),
    )
    for rule in rules[:_ROWS]:
        unknown = f"{rule.unknown:,}" if rule.unknown else ""
        name = Text(f"{rule.stage}: {rule.reason}").append(f"  {rule.scope}", style="dim")
        table.add_row(name, f"{rule.stopped:,}", unknown, _place(rule))
    return _cut(table, len(rules) - _ROWS)


def _closest(new: Figures) -> Table:
    table = table_of(
        "Left with nothing: what came closest, and what stopped it",
        *(("", "left"), ("", "left"), ("people", "right"), ("", "left")),
    )
    for each in new.closest[:_ROWS]:
        stopped = f"{each.stage}: {each.reason}" if each.reason else each.stage
        table.add_row(Text(each.candidate), Text(stopped), f"{each.people:,}", _place(each))
    return _cut(table, len(new.closest) - _ROWS)


def _unknown(new: Figures) -> Table:
    table = table_of("Unknown values that block", ("", "left"), ("people", "right"), ("reads", "left"))
    for rule in new.unknown_rules[:_ROWS]:
        table.add_row(Text(f"{rule.stage}: {rule.reason}"), f"{rule.people:,}", ", ".join(rule.fields))
    for field in new.unknown_fields[:_ROWS]:
        table.add_row(Text(f"unknown: {field.field}"), f"{field.people:,}", "")
    return _cut(table, len(new.unknown_rules) - _ROWS)


def _segments(found: Segments) -> Table:
    """Groups as rows; as columns what most people get."""
    totals: dict[str, int] = {}
    for group in found.groups:
        for share in group.actions:
            totals[share.name] = totals.get(share.name, 0) + share.people
    shown = sorted((name for name in totals if totals[name]), key=lambda name: -totals[name])[:_ACTIONS]
    heads = ("people", "decided", "contacts each", "mean score", *shown)
    table = table_of(f"By {found.field}", ("", "left"), *((head, "right") for head in heads))
    for group in found.groups:
        table.add_row(*_group(group, shown))
    return table


def _group(group: Group, shown: Sequence[str]) -> Iterator[Text]:
    people = {share.name: share.people for share in group.actions}
    cells = (
        group.value,
        f"{group.people:,}",
        percent(group.decided, group.people),
        f"{group.contacts_per_person:.2f}",
        "" if group.mean_score is None else f"{group.mean_score:,.4g}",
        *(percent(people[name], group.people) for name in shown),
    )
    return map(Text, cells)


def _gaps(new: Figures) -> Table:
    table = table_of(
        "Largest differences between groups",
        *(("", "left"), ("least often", "left"), ("most often", "left"), ("points", "right")),
    )
    for gap in new.gaps[:_ROWS]:
        low, high = (f"{rate.group}: {100 * rate.rate:.1f}%" for rate in (gap.lowest, gap.highest))
        points = f"{100 * gap.difference:.1f}"
        table.add_row(Text(f"{gap.action} by {gap.field}"), Text(low), Text(high), points)
    return _cut(table, len(new.gaps) - _ROWS)


def _guarantees(new: Figures) -> Table:
    heads = (("", "left"), ("applies to", "right"), ("broken for", "right"), ("as for", "left"))
    table = table_of("Guarantees", *heads)
    for each in new.guarantees:
        style = "bold red" if each.broken else ""
        broken = Text(f"{each.broken:,}" if each.broken else "holds", style=style)
        table.add_row(Text(each.name), f"{each.applies:,}", broken, Text(", ".join(each.examples)))
    return table
