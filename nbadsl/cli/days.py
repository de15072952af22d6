"""Several dated runs in a row, for people who read a terminal: `nba simulate --days`. A column of small blocks shows how
a number goes from run to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.table import Table
from rich.text import Text

from nbadsl.cli.report import percent, table_of
from nbadsl.limited.used import LimitUse
from nbadsl.simulate.days import Days

_BAR, _ROWS, _GROUPS = 12, 60, 12
_BLOCKS = "▁▂▃▄▅▆▇█"


def parts(found: Days) -> Iterator[Table | Text]:
    """The parts of the report, in order."""
    first, last = found.days[0], found.days[-1]
    runs = "one run"
    if found.days[1:]:
        apart = "a day" if found.every == 1 else f"{found.every} days"
        runs = f"{len(found.days):,} runs, {apart} apart"
    moments = first.now if first is last else f"{first.now} to {last.now}"
    yield Text(f"{found.policy} · {runs}, {moments} · seed {found.seed} · {first.people:,} people")
    yield Text(f"assumed: {', '.join(found.responses) or 'nothing happens after a decision'}")
    for note in found.notes:
        yield Text(f"note: {note}")
    yield _runs(found)
    yield _actions(found)
    if first.limits:
        yield _limits(found)
    yield _people(found)
    yield _burden(found)


def line(numbers: Sequence[float]) -> str:
    """A block for each number, as high as it is; for one above zero never the lowest, which is zero's."""
    most = max(numbers, default=0) or 1
    return "".join(_BLOCKS[0 if n <= 0 else max(1, round(7 * n / most))] for n in numbers)


def bar(number: float, most: float) -> str:
    return "█" * max(1, round(_BAR * number / most)) if number > 0 else ""


def _runs(found: Days) -> Table:
    free = found.without_limits or ()
    most = max(day.contacts for day in (*found.days, *free)) or 1
    outcomes = [share.name for share in found.days[0].outcomes]
    heads = [("decided", "right"), ("contacts", "right"), ("", "left")]
    heads += [("without limits", "right"), ("", "left")] if free else []
    heads += [(name, "right") for name in ("moved by limits", *outcomes)]
    table = table_of("Runs", ("", "left"), *heads)
    for day, without in list(zip_longest(found.days, free))[:_ROWS]:
        cells = [percent(day.decided, day.people), f"{day.contacts:,}", bar(day.contacts, most)]
        cells += [f"{without.contacts:,}", bar(without.contacts, most)] if without is not None else []
        cells.append(f"{sum(use.moved.people for use in day.limits):,}")
        table.add_row(day.now[:10], *cells, *(f"{share.people:,}" for share in day.outcomes))
    return _cut(table, len(found.days) - _ROWS)


def _actions(found: Days) -> Table:
    heads = [("contacts", "right"), ("", "right"), ("by run", "left")]
    heads += [("without limits", "right")] if found.without_limits else []
    table = table_of("Actions", ("", "left"), *heads)
    whole = sum(day.contacts for day in found.days)
    rows = []
    for number, share in enumerate(found.days[0].actions):
        counts = [day.actions[number].people for day in found.days]
        free = [day.actions[number].people for day in found.without_limits or ()]
        rows.append((share.name, counts, sum(free)))
    for name, counts, without in sorted(rows, key=lambda row: -sum(row[1]))[:_ROWS]:
        more = [f"{without:,}"] if found.without_limits else []
        table.add_row(Text(name), f"{sum(counts):,}", percent(sum(counts), whole), line(counts), *more)
    return _cut(table, len(rows) - _ROWS)


def _limits(found: Days) -> Table:
    heads = (
        ("used", "right"),
        ("by run", "left"),
        ("stopped", "right"),
        ("moved", "right"),
        ("by run", "left"),
    )
    table = table_of("Limits, rests and budgets over time", ("", "left"), *heads)
    uses: list[list[LimitUse]] = [
        [day.limits[n] for day in found.days] for n in range(len(found.days[0].limits))
    ]
    for each in uses[:_ROWS]:
        name = Text(f"{each[0].scope}: {each[0].stage} {each[0].name}")
        used, moved = [use.used for use in each], [use.moved.people for use in each]
        stopped = sum(use.stopped for use in each)
        table.add_row(name, f"{sum(used):,}", line(used), f"{stopped:,}", f"{sum(moved):,}", line(moved))
    return _cut(table, len(uses) - _ROWS)


def _people(found: Days) -> Table:
    """How many contacts a person has had at the end."""
    ways = [("with limits" if found.without_limits else "", found.days[-1])]
    ways += [("without", found.without_limits[-1])] if found.without_limits else []
    table = table_of("Contacts of a person in all runs", ("", "left"), *((name, "right") for name, _ in ways))
    table.add_row("on average", *(f"{day.mean_burden:.1f}" for _, day in ways))
    table.add_row("95th percentile", *(f"{day.burden_of(0.95):,}" for _, day in ways))
    table.add_row("at most", *(f"{day.burden[-1].contacts:,}" for _, day in ways))
    return table


def _burden(found: Days) -> Table:
    ways = [found.days[-1].burden, *([found.without_limits[-1].burden] if found.without_limits else [])]
    longest = max(map(len, ways))
    width = -(-longest // _GROUPS)
    heads = [
        ("people", "right"),
        ("", "left"),
        *([("without limits", "right"), ("", "left")] if len(ways) > 1 else []),
    ]
    table = table_of("How many people have had how many", ("contacts", "right"), *heads)
    groups = [
        [sum(b.people for b in way if low <= b.contacts < low + width) for low in range(0, longest, width)]
        for way in ways
    ]
    most = max(max(each) for each in groups) or 1
    for number, counts in enumerate(zip(*groups, strict=True)):
        low = number * width
        name = f"{low:,}" if width == 1 else f"{low:,}–{min(low + width, longest) - 1:,}"
        table.add_row(name, *(cell for n in counts for cell in (f"{n:,}", bar(n, most))))
    return table


def _cut(table: Table, hidden: int) -> Table:
    if hidden > 0:
        table.add_row(Text(f"… {hidden:,} more: --format json", style="dim"))
    return table
