"""Conditions on the figures of a simulation, for `--fail-if`: `changed > 5%`, `broken > 0`, `action winback < 2%`.

    NAME [ACTION] OP NUMBER [%]      OP is one of < <= > >= = !=

With a percent sign a figure is compared as a share of what stands beside it in FIGURES.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.program.givens import BadInput
from nbadsl.simulate.figures import Changes, Figures, Simulation

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_FORM = re.compile(r"\s*(\w+)(?:\s+(\w+))?\s*(<=|>=|!=|<|>|=)\s*(-?[\d_,]*\.?\d+)\s*(%?)\s*")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that can be named. `said`: what it is, and of what it is a share. `compares`: it needs an old policy.
    `of_action`: an action's name follows."""

    said: str
    value: Callable[[Simulation, str], tuple[float, float]]
    compares: bool = False
    of_action: bool = False


def _changes(found: Simulation) -> Changes:
    assert found.changes is not None
    return found.changes


def _old(found: Simulation) -> Figures:
    assert found.old is not None
    return found.old


def _people(figures: Figures, action: str) -> int:
    return sum(part.people for part in figures.actions if part.name == action)


def _more_action(found: Simulation, action: str) -> tuple[int, int]:
    gain = next(each for each in _changes(found).gains if each.action == action)
    return gain.new - gain.old, gain.old


FIGURES = {
    "decided": Figure("people who get something, of all", lambda f, _: (f.new.decided, f.new.people)),
    "nothing": Figure(
        "people who get nothing, of all", lambda f, _: (f.new.people - f.new.decided, f.new.people)
    ),
    "rejected": Figure(
        "people with bad data, of all",
        lambda f, _: (sum(share.people for share in f.new.rejected), f.new.people),
    ),
    "contacts": Figure("contacts, for each person", lambda f, _: (f.new.contacts, f.new.people)),
    "score": Figure("the sum of scores, for each person", lambda f, _: (f.new.score, f.new.people)),
    "broken": Figure(
        "guarantees that do not hold, of all", lambda f, _: (f.new.broken, len(f.new.guarantees))
    ),
    "action": Figure(
        "people who get an action, of all",
        lambda f, name: (_people(f.new, name), f.new.people),
        of_action=True,
    ),
    "changed": Figure(
        "people who get another action than before, of all",
        lambda f, _: (_changes(f).changed, f.new.people),
        compares=True,
    ),
    "varied": Figure(
        "people who get the same action by another channel, content or slot, of all",
        lambda f, _: (_changes(f).varied, f.new.people),
        compares=True,
    ),
    "more_decided": Figure(
        "how many more people get something, of those before",
        lambda f, _: (f.new.decided - _old(f).decided, _old(f).decided),
        compares=True,
    ),
    "more_contacts": Figure(
        "how many more contacts, of those before",
        lambda f, _: (f.new.contacts - _old(f).contacts, _old(f).contacts),
        compares=True,
    ),
    "more_score": Figure(
        "how much more score, of that before",
        lambda f, _: (f.new.score - _old(f).score, abs(_old(f).score)),
        compares=True,
    ),
    "more_action": Figure(
        "how many more people get an action, of those before",
        _more_action,
        compares=True,
        of_action=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition under which a simulation fails. `text`: as it was written."""

    text: str
    name: str
    action: str
    op: str
    number: float
    percent: bool

    def failure(self, found: Simulation) -> str | None:
        """Why a simulation fails, None if it does not."""
        value, whole = FIGURES[self.name].value(found, self.action)
        if self.percent:
            value = 100 * value / whole if whole else (0.0 if not value else value * float("inf"))
        if not _OPERATORS[self.op](value, self.number):
            return None
        told = f"{value:,.2f}%" if self.percent else f"{value:,.10g}"
        return f"{self.text}: {' '.join(filter(None, (self.name, self.action)))} is {told}"


def condition(text: str, actions: Sequence[str], compares: bool) -> Condition:
    """A condition as it is written. `actions`: names that may be used; `compares`: whether there is an old policy. Raises
    BadInput."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise BadInput(f"`{text}` is no condition; write one as `changed > 5%`")
    name, action, op, number, percent = found.groups()
    figure = FIGURES.get(name)
    if figure is None:
        raise BadInput(f"there is no figure `{name}`; {_advice(name, list(FIGURES))}")
    if figure.compares and not compares:
        raise BadInput(f"`{name}` compares with another policy: add --against old.nba")
    if figure.of_action and action is None:
        raise BadInput(f"`{name}` needs an action's name, as in `{name} {actions[0]} < 2%`")
    if action is not None and not figure.of_action:
        raise BadInput(f"`{text}` is no condition: after `{name}` comes one of {' '.join(_OPERATORS)}")
    if action is not None and action not in actions:
        raise BadInput(f"there is no action `{action}`; {_advice(action, actions)}")
    return Condition(text.strip(), name, action or "", op, float(re.sub("[_,]", "", number)), percent == "%")


def _advice(name: str, known: Sequence[str]) -> str:
    return did_you_mean(name, known) or f"there are {', '.join(known)}"


def names() -> str:
    """All figures with what they are, a line each."""
    width = max(map(len, FIGURES)) + 2
    return "\n".join(f"{name:{width}}{figure.said}" for name, figure in FIGURES.items())
