"""Control policies beside the policy that they are made of, for people who read a terminal: `nba simulate --arms`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from nbadsl.cli.report import percent, table_of
from nbadsl.simulate.arms import FULL, Arm, Arms
from nbadsl.simulate.control import NO_BOOSTS, PROPENSITY, RANDOM, RULES

_ROWS = 30
_SAYS = {
    FULL: "as it is",
    NO_BOOSTS: "no boost counts",
    PROPENSITY: "most probable",
    RULES: "first in the file",
    RANDOM: "by lot",
}


def parts(found: Arms) -> Iterator[Table | Text]:
    """The parts of the report, in order."""
    people = found.arms[0].people
    yield Text(f"{found.policy} · {found.now} · seed {found.seed} · {people:,} people")
    for note in found.notes:
        yield Text(f"note: {note}")
    yield _worth(found)
    yield _firsts(found)
    if found.arms[0].limits:
        yield _limits(found)
    for arm in found.arms:
        if arm.unscored:
            said = f"{arm.unscored:,} contacts by {arm.name} have no score by the policy, and count as 0"
            yield Text(f"note: {said}", style="dim")
    for name, reason in found.left_out.items():
        yield Text(f"left out: {name}: {reason}", style="dim")


def _worth(found: Arms) -> Table:
    full = found.arms[0]
    heads = ["decided", "contacts", "score", "of full"]
    if full.accepted is not None:
        heads += ["acceptances", "of full"]
    heads += ["other action", "else other"]
    title = "Each arm on the same people, measured by the score of the policy itself"
    table = table_of(title, ("", "left"), *((head, "right") for head in heads), ("", "left"))
    for arm in found.arms:
        cells = [f"{arm.decided:,}", f"{arm.contacts:,}", f"{arm.score:,.6g}", percent(arm.score, full.score)]
        if arm.accepted is not None and full.accepted is not None:
            cells += [f"{arm.accepted:,.1f}", percent(arm.accepted, full.accepted)]
        cells += [f"{n:,}" if n else "" for n in (arm.changed, arm.varied)]
        table.add_row(Text(arm.name), *cells, Text(_SAYS[arm.name], style="dim"))
    return table


def _firsts(found: Arms) -> Table:
    """Actions as rows, arms as columns."""
    table = table_of("First choices", ("", "left"), *((arm.name, "right") for arm in found.arms))
    people = {arm.name: {share.name: share.people for share in arm.actions} for arm in found.arms}
    names = sorted(people[FULL], key=lambda name: -max(each[name] for each in people.values()))
    for name in names[:_ROWS]:
        cells = (percent(people[arm.name][name], arm.people) for arm in found.arms)
        table.add_row(Text(name), *cells)
    if len(names) > _ROWS:
        table.add_row(Text(f"… {len(names) - _ROWS} more: --format json", style="dim"))
    nothing = (percent(arm.people - arm.decided, arm.people) for arm in found.arms)
    table.add_row(Text("nothing"), *nothing, style="dim")
    return table


def _limits(found: Arms) -> Table:
    """What each arm takes of each limit."""
    title = "What is taken of limits, and the people whom they move"
    table = table_of(title, ("", "left"), *((arm.name, "right") for arm in found.arms))
    limits = found.arms[0].limits
    for number, use in list(enumerate(limits))[:_ROWS]:
        cells = (_taken(arm, number) for arm in found.arms)
        table.add_row(Text(f"{use.scope}: {use.stage} {use.name}"), *cells)
    if len(limits) > _ROWS:
        table.add_row(Text(f"… {len(limits) - _ROWS} more: --format json", style="dim"))
    return table


def _taken(arm: Arm, number: int) -> str:
    use = arm.limits[number]
    return f"{use.used:,}" + (f", {use.moved.people:,}" if use.moved.people else "")
