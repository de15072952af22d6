"""The report of a run, for people: decisions, the funnel, unknowns, undefined arithmetic, speed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from math import isfinite, nan

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nbadsl.engine.duplicates import Duplicates
from nbadsl.limited.used import LimitUse
from nbadsl.program.nodes import QUIET, STAGES
from nbadsl.report import Funnel, Report, Share

_BAR = 24
WIDTH = 120  # where the output is no terminal
_CANDIDATES = 30  # more than these are summed up; --report json has all
_FEW = 8  # up to so many candidates are told rule by rule
_RULES = 12


def show(report: Report, color: bool, full: bool = False) -> None:
    """Print a report to standard output. `full`: every rule of every candidate, however many there are."""
    width = None if sys.stdout.isatty() else WIDTH
    console = Console(no_color=not color, highlight=False, force_terminal=color or None, width=width)
    console.print(Text(f"{report.policy} · {report.now} · seed {report.seed} · policy {report.hash[:12]}"))
    decided = sum(s.people for s in report.decisions)
    contacts = f", {report.contacts:,} contacts" if report.contacts > decided else ""
    share = percent(decided, report.people)
    console.print(Text(f"{report.people:,} people, {decided:,} decided something ({share}){contacts}"))
    if report.duplicates is not None:
        console.print(Text(_repeated(report.duplicates), style="yellow"))
    console.print()
    console.print(_decisions(report))
    funnel = _funnel(report) if full or len(report.funnels) <= _FEW else _stages(report)
    if funnel is not None:
        console.print(funnel)
    for table in (limits_of(report.limits, full), _unknowns(report), _undefined(report), _rejected(report)):
        if table is not None:
            console.print(table)
    rate = f"{report.rows_per_second:,.0f} people a second" if report.people else "nobody to decide for"
    console.print(Text(f"{report.seconds:.2f} s, {rate}"))


def _repeated(found: Duplicates) -> str:
    first, second = found.example
    some = "one key comes" if found.keys == 1 else f"{found.keys:,} keys come"
    return f"{some} more than once, in {found.rows:,} rows, such as {first:,} and {second:,}: each row is decided"


def percent(part: float, whole: float) -> str:
    share = 100 * (part / whole) if whole > 0 else nan  # as pages compute it, so that both round alike
    return f"{share:.1f}%" if isfinite(share) else "–"


def table_of(title: str, *columns: tuple[str, str]) -> Table:
    """An empty table. `columns`: their names, and where they are justified."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _decisions(report: Report) -> Table:
    table = table_of("Decisions", ("", "left"), ("people", "right"), ("", "right"), ("", "left"))
    most = max((s.people for s in (*report.decisions, *report.nothing)), default=1)
    shown, rest = report.decisions[:_CANDIDATES], report.decisions[_CANDIDATES:]
    for share in shown:
        share_row(table, share, report.people, most, "")
    if rest:
        share_row(table, Share(f"{len(rest)} more", sum(s.people for s in rest)), report.people, most, "dim")
    for share in report.nothing:
        share_row(table, Share(f"nothing ({share.name})", share.people), report.people, most, "dim")
    table.add_row()
    return table


def share_row(table: Table, share: Share, people: int, most: int, style: str = "") -> None:
    """A row with people, their share of all and a bar, as long as may be for the `most`."""
    bar = "█" * max(1, round(_BAR * share.people / most))
    table.add_row(
        Text(share.name), f"{share.people:,}", percent(share.people, people), Text(bar), style=style
    )


def _funnel(report: Report) -> Table | None:
    """Per candidate, the steps at which people were lost; rules of all candidates that never stop are left out."""
    if not report.funnels:
        return None
    table = table_of("Funnel", ("", "left"), ("people", "right"), ("of them unknown", "right"))
    for funnel in report.funnels[:_CANDIDATES]:
        table.add_row(Text(funnel.candidate, style="bold"), f"{funnel.considered:,}", "")
        for name, people, unknown in _steps(funnel):
            table.add_row(Text(f"  {name}"), f"−{people:,}", f"{unknown:,}" if unknown else "")
        table.add_row(Text("  chosen"), f"{funnel.chosen:,}", "")
    if len(report.funnels) > _CANDIDATES:
        table.add_row(Text(f"… {len(report.funnels) - _CANDIDATES} more candidates: --report json"), "", "")
    table.add_row()
    return table


def _stages(report: Report) -> Table:
    """One line a candidate: how many people each stage took away. Stages that took nobody have no column."""
    shown = sorted(report.funnels, key=lambda f: -f.chosen)[:_CANDIDATES]
    taken = {
        "inactive": [f.inactive for f in shown],
        **{stage: [_stopped(f, stage) for f in shown] for stage in STAGES},
        "no score": [f.no_score for f in shown],
        "below": [f.below_threshold for f in shown],
        "outranked": [f.outranked for f in shown],
        "held out": [f.held_out for f in shown],
    }
    heads = [name for name, counts in taken.items() if any(counts)]
    table = table_of(
        "Funnel (each rule: --report full)", ("", "left"), *((h, "right") for h in (*heads, "chosen"))
    )
    for number, funnel in enumerate(shown):
        counts = [taken[head][number] for head in heads]
        table.add_row(Text(funnel.candidate), *(f"−{n:,}" if n else "" for n in counts), f"{funnel.chosen:,}")
    if len(report.funnels) > _CANDIDATES:
        table.add_row(Text(f"… {len(report.funnels) - _CANDIDATES} more"))
    table.add_row()
    return table


def _stopped(funnel: Funnel, stage: str) -> int:
    """People whom rules of a stage stopped; those for whom there is no moment of sending belong to `quiet`."""
    rules = sum(rule.stopped for rule in funnel.rules if rule.stage == stage)
    return rules + funnel.quiet if stage == QUIET else rules


def _steps(funnel: Funnel) -> Iterator[tuple[str, int, int]]:
    """What took people away from a candidate, in order: name, people, of them because of something unknown."""
    if funnel.inactive:
        yield "inactive", funnel.inactive, 0
    for rule in funnel.rules:
        if rule.stopped:
            yield f"{rule.stage}: {rule.reason}", rule.stopped, rule.unknown
    for name, people in (
        ("quiet", funnel.quiet),
        ("no score", funnel.no_score),
        ("below threshold", funnel.below_threshold),
        ("outranked", funnel.outranked),
        ("held out", funnel.held_out),
    ):
        if people:
            yield name, people, 0


def limits_of(uses: Sequence[LimitUse], full: bool) -> Table | None:
    """What the run takes of each limit and whom it moved; where there are many, those that did most."""
    if not uses:
        return None
    most = sorted(uses, key=lambda u: (-u.moved.people, -u.stopped, -u.used))
    shown = uses if full else [use for use in uses if use in most[:_CANDIDATES]]
    columns = {
        "stopped": [use.stopped for use in shown],
        "moved": [use.moved.people for use in shown],
        "other action": [use.moved.other_action for use in shown],
        "same action": [use.moved.same_action for use in shown],
        "nothing": [use.moved.nothing for use in shown],
    }
    heads = [name for name, counts in columns.items() if any(counts) or name in ("stopped", "moved")]
    table = table_of("Limits", ("", "left"), *((head, "right") for head in heads), ("", "left"))
    for number, use in enumerate(shown):
        name = Text(f"{use.scope}: {use.stage} {use.name}").append(f"\n  {use.said}", style="dim")
        counts = [columns[head][number] for head in heads]
        place = f"{use.path}:{use.line}" if use.path else ""
        table.add_row(name, *(f"{n:,}" if n else "" for n in counts), Text(place, style="dim"))
    if len(uses) > len(shown):
        table.add_row(Text(f"… {len(uses) - len(shown)} more: --report full"))
    table.add_row()
    return table


def _unknowns(report: Report) -> Table | None:
    """Rules that stopped people because a value was unknown, once each."""
    found: dict[tuple[str, str], int] = {}
    for funnel in report.funnels:
        for rule in funnel.rules:
            if rule.unknown:
                key = (f"{rule.stage}: {rule.reason}", f"{rule.path}:{rule.line}" if rule.path else "")
                found[key] = max(found.get(key, 0), rule.unknown)
    if not found:
        return None
    table = table_of("Unknown values that blocked", ("", "left"), ("people", "right"), ("", "left"))
    for (name, place), people in sorted(found.items(), key=lambda item: -item[1])[:_RULES]:
        table.add_row(Text(name), f"{people:,}", Text(place, style="dim"))
    table.add_row()
    return table


def _undefined(report: Report) -> Table | None:
    if not report.undefined:
        return None
    table = table_of("Undefined arithmetic", ("", "left"), ("people", "right"), ("", "left"))
    for site in report.undefined[:_RULES]:
        table.add_row(Text(site.text), f"{site.people:,}", Text(f"{site.path}:{site.line}", style="dim"))
    table.add_row()
    return table


def _rejected(report: Report) -> Table | None:
    if not report.rejected:
        return None
    title = "Bad data (--rejects FILE lists them)"
    table = table_of(title, ("column", "left"), ("people", "right"), ("for example", "left"))
    for each in report.rejected:
        table.add_row(Text(each.name), f"{each.people:,}", Text(each.example))
    table.add_row()
    return table
