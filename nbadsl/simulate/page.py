"""The report of a simulation as a page: one file, for the screen and for paper.

Takes: a simulation, arms or dated runs. Gives: the page. Every number in it is one of the simulation's figures, or their sum, difference or
share; `html/` holds a template for each section, and a section without anything to show is left out.
"""

from __future__ import annotations

from collections import defaultdict

from nbadsl import __version__
from nbadsl.page import render
from nbadsl.page.plot import EXTRA, can_plot
from nbadsl.page.words import change, count, number, percent, share
from nbadsl.simulate.arms import Arms
from nbadsl.simulate.days import Days
from nbadsl.simulate.figures import Figures, Simulation
from nbadsl.simulate.plots import plots
from nbadsl.simulate.trial_pages import arms_page, days_page

# A number to read first: the number, what it counts, more about it.
Headline = tuple[str, str, str]


def as_html(found: Simulation | Arms | Days) -> str:
    """The page. Without the libraries of the extra `report` it has no plots, and says so."""
    match found:
        case Arms():
            return arms_page(found)
        case Days():
            return days_page(found)
        case _:
            return _page(found)


def _page(simulation: Simulation) -> str:
    changes = simulation.changes
    return render(
        "simulate/html/report.html",
        simulation=simulation,
        new=simulation.new,
        old=simulation.old,
        changes=changes,
        moved=[] if changes is None else [move for move in changes.moves if move.old != move.new],
        plots=defaultdict(lambda: None, plots(simulation)),
        extra=None if can_plot() else EXTRA,
        contents=_sections(simulation),
        headline=_against(simulation) or _alone(simulation),
        version=__version__,
    )


def _sections(simulation: Simulation) -> list[tuple[str, str]]:
    """The names of the templates of what there is to show, and their titles, in the order in which a marketer asks."""
    new, changes = simulation.new, simulation.changes
    limits = new.limits or (changes is not None and changes.limits)
    sections = {
        "changes": ("What changes", changes is not None),
        "causes": (
            "Why it changes",
            changes is not None and (changes.causes or changes.varied_causes),
        ),
        "changed-groups": ("For whom it changes", changes is not None and changes.groups),
        "decisions": ("What people get", new.people),
        "nothing": ("Who gets nothing, and why", new.people > new.decided),
        "rules": ("Where people stop", new.people and new.funnels),
        "scores": ("Scores", any(h.people for h in new.histograms)),
        "limits": ("Limits and budgets", limits),
        "unknown": ("What is not known", new.unknown_fields or new.unknown_rules or new.undefined),
        "segments": ("Groups side by side", new.segments),
        "fairness": ("Contacts and fairness", new.burden or new.gaps),
        "guarantees": ("Guarantees", new.guarantees),
    }
    return [(name, title) for name, (title, there) in sections.items() if there]


def _alone(simulation: Simulation) -> list[Headline]:
    new = simulation.new
    numbers = [
        (
            percent(new.decided / new.people) if new.people else number(None),
            "get something",
            _of(new.decided),
        ),
        (f"{new.contacts:,}", "contacts", f"{number(_each(new.contacts, new.people), 3)} a person"),
        (number(new.mean_score), "mean score", "of first choices"),
    ]
    if new.guarantees:
        numbers.append((_kept(new), "guarantees hold", ""))
    return numbers


def _against(simulation: Simulation) -> list[Headline]:
    new, old, changes = simulation.new, simulation.old, simulation.changes
    if old is None or changes is None:
        return []
    numbers = [
        (share(changes.changed, new.people), "get another action", _of(changes.changed)),
        (change(new.decided - old.decided), "people who get something", f"{old.decided:,} → {new.decided:,}"),
        (change(new.contacts - old.contacts), "contacts", f"{old.contacts:,} → {new.contacts:,}"),
        (change(new.score - old.score), "score", f"{number(old.score)} → {number(new.score)}"),
    ]
    if new.guarantees or old.guarantees:
        numbers.append((_kept(new), "guarantees hold", f"{_kept(old)} before"))
    return numbers


def _of(people: int) -> str:
    return count(people, "person", "people")


def _kept(figures: Figures) -> str:
    return f"{len(figures.guarantees) - figures.broken} of {len(figures.guarantees)}"


def _each(part: float, whole: int) -> float | None:
    return part / whole if whole else None
