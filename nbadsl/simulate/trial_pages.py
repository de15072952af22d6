"""The pages of `nba simulate --arms` and `--days`, with their plots.

Takes: arms, or dated runs. Gives: a page, as `page.py` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nbadsl import __version__
from nbadsl.page import render
from nbadsl.page.axes import digits, has_scale
from nbadsl.page.charts import Bar, Piece, Point, bars, lines, stacked
from nbadsl.page.labels import distinct
from nbadsl.page.plot import EXTRA, SERIES, TRACK, Plot, can_plot, plot
from nbadsl.page.words import number, share
from nbadsl.simulate.arms import Arm, Arms
from nbadsl.simulate.days import Day, Days
from nbadsl.simulate.plotting import colors_of, firsts

_WITH, _WITHOUT = "with limits", "without limits"


def arms_page(found: Arms) -> str:
    """What the parts of a policy are worth."""
    full = found.arms[0]
    names = [part.name for part in full.actions]
    people = [{part.name: part.people for part in arm.actions} for arm in found.arms]
    actions = [(name, [each[name] for each in people]) for name in names]
    return render(
        "simulate/html/arms.html",
        found=found,
        full=full,
        names=[arm.name for arm in found.arms],
        actions=sorted(actions, key=lambda row: -max(row[1])),
        plots=_drawn(_arm_plots(found)),
        extra=None if can_plot() else EXTRA,
        version=__version__,
    )


def days_page(found: Days) -> str:
    """What a policy does over time."""
    first, last = found.days[0], found.days[-1]
    ends = [last, *([found.without_limits[-1]] if found.without_limits else [])]
    contacts = sum(day.contacts for day in found.days)
    return render(
        "simulate/html/days.html",
        found=found,
        first=first,
        last=last,
        contacts=contacts,
        headline=_headline(found, contacts),
        outcomes=[part.name for part in first.outcomes],
        ways=[_WITH, _WITHOUT] if found.without_limits else ["Contacts"],
        spread=[
            ("on average", [day.mean_burden for day in ends]),
            ("95 of 100 people have at most", [day.burden_of(0.95) for day in ends]),
            ("at most", [max((each.contacts for each in day.burden), default=0) for day in ends]),
        ],
        actions=_courses(found),
        limits=[[day.limits[n] for day in found.days] for n in range(len(first.limits))],
        plots=_drawn(_day_plots(found)),
        extra=None if can_plot() else EXTRA,
        version=__version__,
    )


def _drawn(plots: dict[str, Callable[[], Plot | None]]) -> dict[str, Plot | None]:
    """The plots by name; None for the others, and for all of them without the libraries."""
    return defaultdict(lambda: None, {name: make() for name, make in plots.items()} if can_plot() else {})


# --- arms ---


def _arm_plots(found: Arms) -> dict[str, Callable[[], Plot | None]]:
    return {
        "scores": lambda: _worth(found.arms, "score", "score", [arm.score for arm in found.arms]),
        "accepted": lambda: _worth(
            found.arms, "expected acceptances", "acceptances", [arm.accepted for arm in found.arms]
        ),
        "actions": lambda: _arm_actions(found),
    }


def _worth(arms: Sequence[Arm], what: str, x: str, values: Sequence[float | None]) -> Plot | None:
    there = [(arm.name, value) for arm, value in zip(arms, values, strict=True) if value is not None]
    numbers = [value for _, value in there]
    if not there or not has_scale(numbers):
        return None
    full = numbers[0]
    rows = [Bar(name, value, f"{number(value)} · {share(value, full)}") for name, value in there]
    said = ", ".join(f"{row.label} {row.said}" for row in rows)
    title = f"The {what} of each arm"
    return plot(
        title,
        "In all, and as a share of the policy's own.",
        said,
        lambda w: bars(rows, x, w, digits(numbers)),
    )


def _arm_actions(found: Arms) -> Plot | None:
    if not found.arms[0].people:
        return None
    most = {part.name: part.people for part in found.arms[0].actions}
    for arm in found.arms:
        for part in arm.actions:
            most[part.name] = max(most[part.name], part.people)
    order = sorted((name for name in most if most[name]), key=lambda name: -most[name])
    parts = colors_of(order)
    pieces = [
        piece
        for arm in found.arms
        for piece in firsts(arm.name, arm.actions, arm.people - arm.decided, parts)
    ]
    said = ", ".join(f"{arm.name}: {share(arm.decided, arm.people)} get something" for arm in found.arms)
    return plot(
        "What people get, by arm",
        "Each bar is everybody, by their first choice.",
        said,
        lambda w: stacked(pieces, parts, "share of people", w),
    )


# --- dated runs ---


@dataclass(frozen=True, slots=True)
class _Course:
    """The contacts of an action, in all and in each run."""

    name: str
    contacts: int
    runs: list[int]
    without_limits: int


def _courses(found: Days) -> list[_Course]:
    """The actions with most contacts first."""
    made = []
    for n, part in enumerate(found.days[0].actions):
        runs = [day.actions[n].people for day in found.days]
        free = sum(day.actions[n].people for day in found.without_limits or ())
        made.append(_Course(part.name, sum(runs), runs, free))
    return sorted(made, key=lambda each: -each.contacts)


def _headline(found: Days, contacts: int) -> list[tuple[str, str, str]]:
    people = found.days[0].people
    numbers = [
        (
            f"{contacts:,}",
            "contacts in all runs",
            f"{number(contacts / people if people else None, 3)} a person",
        ),
    ]
    if found.without_limits:
        free = sum(day.contacts for day in found.without_limits)
        numbers.append((f"{free:,}", "without limits", f"{share(contacts, free)} of them are left"))
    moved = sum(use.moved.people for day in found.days for use in day.limits)
    numbers.append((f"{moved:,}", "times a limit moved somebody", "to another action, or nothing"))
    for n, outcome in enumerate(found.days[0].outcomes):
        times = sum(day.outcomes[n].people for day in found.days)
        numbers.append((f"{times:,}", outcome.name, f"{share(times, contacts)} of contacts, as assumed"))
    return numbers


def _day_plots(found: Days) -> dict[str, Callable[[], Plot | None]]:
    return {
        "contacts": lambda: _contacts(found),
        "burden": lambda: _burden(found),
        "actions": lambda: _actions(found),
        "moved": lambda: _moved(found),
    }


def _over_time(
    found: Days,
    title: str,
    about: str,
    series: dict[str, list[float]],
    y: str,
    colors: Sequence[str] = SERIES,
) -> Plot | None:
    """Lines over the days from the first run on; a single run has none."""
    if len(found.days) < 2 or not series:
        return None
    points = [
        Point(name, n * found.every, value)
        for name, values in series.items()
        for n, value in enumerate(values)
    ]
    said = ", ".join(f"{name} from {number(v[0])} to {number(v[-1])}" for name, v in series.items())
    shown = dict(zip(series, colors, strict=False))
    x = f"days since {found.days[0].now[:10]}"
    return plot(title, about, said, lambda w: lines(points, shown, x, y, w))


def _contacts(found: Days) -> Plot | None:
    def each(days: Sequence[Day]) -> list[float]:
        return [day.contacts / day.people if day.people else 0.0 for day in days]

    series = {_WITH: each(found.days)}
    if found.without_limits:
        series[_WITHOUT] = each(found.without_limits)
    return _over_time(found, "Contacts of a person in each run", "On average.", series, "contacts a person")


def _actions(found: Days) -> Plot | None:
    shown = [course for course in _courses(found) if course.contacts][: len(SERIES)]
    series = {course.name: [float(n) for n in course.runs] for course in shown}
    return _over_time(found, "Contacts by action", "The most frequent actions.", series, "contacts")


def _moved(found: Days) -> Plot | None:
    uses = [[day.limits[n] for day in found.days] for n in range(len(found.days[0].limits))]
    moving = [each for each in uses if any(use.moved.people for use in each)]
    shown = sorted(moving, key=lambda each: -sum(use.moved.people for use in each))[:5]
    names = distinct([f"{each[0].name}, {each[0].scope}" for each in shown])
    series = {
        name: [float(use.moved.people) for use in each] for name, each in zip(names, shown, strict=True)
    }
    return _over_time(
        found, "People whom limits move, run by run", "To another action, or to nothing.", series, "people"
    )


def _burden(found: Days) -> Plot | None:
    """How many people have had how many contacts at the end: few bands, the darker the more."""
    ways = {_WITH: found.days[-1]}
    if found.without_limits:
        ways[_WITHOUT] = found.without_limits[-1]
    most = max((each.contacts for day in ways.values() for each in day.burden), default=0)
    if not found.days[0].people:
        return None
    step = max(1, -(-most // 6))
    bands = [(0, 0), *((low, min(low + step - 1, most)) for low in range(1, most + 1, step))]
    colors = {_band(*band): _shade(n, len(bands)) for n, band in enumerate(bands)}
    pieces = [
        Piece(way, _band(low, high), sum(b.people for b in day.burden if low <= b.contacts <= high))
        for way, day in ways.items()
        for low, high in bands
    ]
    said = ", ".join(f"{number(day.mean_burden, 3)} {way}" for way, day in ways.items())
    return plot(
        "How many contacts people have had at the end",
        "Each bar is everybody; the darker, the more contacts.",
        f"on average {said}",
        lambda w: stacked(pieces, colors, "share of people", w),
    )


def _band(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _shade(number: int, of: int) -> str:
    if number == 0:
        return TRACK
    return f"color-mix(in srgb, var(--c0) {100 * (number + 1) // of}%, var(--paper))"
