"""Simulations of valid data that nobody expects: scores at both ends of what a number can be, nobody, one person, rejected
people alone; by a policy of sixty actions with names and reasons that want to be HTML.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbadsl
from nbadsl.pipeline import check
from nbadsl.semantics.model import Model
from nbadsl.simulate.arms import Arms, compare
from nbadsl.simulate.days import Course, Days, days
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import Simulation
from nbadsl.simulate.respond import responses
from nbadsl.simulate.simulate import Asked, simulate

MOMENT = datetime(2026, 11, 10, 9, tzinfo=UTC)
LONG = "x" * 60
SCRIPT = "<script>alert(1)</script>"
HEAD = f"""
policy extreme {{ title "{SCRIPT} & 'quotes'"  timezone "UTC"  currency EUR }}
profile customer key id {{
  id: text
  worth: number
  place: text optional
  seat: integer in 0..300
}}
channel email {{ }}
channel push {{ }}
"""
END = f"""
arbitrate {{ score propensity * value * boost  pick 2 }}
guarantee "<b>none</b> {LONG}": never push when seat > 100
holdout none_{LONG} 10% by id
"""


def action(number: int, factor: str) -> str:
    return f"""
action offer_{number:02}_{LONG} {{
  title "<b>{number}</b>"
  via email {{ content "a <i>{number}</i> 'q' & {LONG}" }}
  via push
  eligible when place is "{SCRIPT}" or seat >= {number * 5} because "<img src=x onerror=alert({number})> {LONG}"
  propensity {1 if number % 3 else 0.5}
  value {factor} * {number + 1}
  boost 0.5 when seat > 150
  limit {number + 5} per month
}}
"""


@cache
def made(actions: int, factor: str) -> tuple[nbadsl.Policy, Model]:
    text = HEAD + "".join(action(number, factor) for number in range(actions)) + END
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(text, encoding="utf-8")
        return nbadsl.load(path), check(path).model


def people(worths: list[float], seat: int | None = None) -> dict[str, list[Any]]:
    """`seat`: of everybody."""
    number = range(len(worths))
    places = [SCRIPT, "a,b", '"q"', None, "y" * 300]
    return {
        "id": [f'<k id="{n}">' for n in number],
        "worth": worths,
        "place": [places[n % 5] for n in number],
        "seat": [n * 7 % 301 if seat is None else seat for n in number],
    }


POPULATIONS: dict[str, Callable[[], dict[str, list[Any]]]] = {
    "nobody": lambda: people([]),
    "one": lambda: people([3.5]),
    "rejected": lambda: people([1.0] * 60, seat=999),
    "equal": lambda: people([0.0] * 60),
    "huge": lambda: people([1.7e308 / 60 / (1 + n % 3) * (-1) ** n for n in range(90)]),
    "large": lambda: people([1e300 * (n - 30) for n in range(60)]),
    "tiny": lambda: people([5e-324 * (n % 2) for n in range(60)]),
}


def simulation(population: str, actions: int = 60) -> Simulation:
    """Against an older policy, which lacks two actions and turns all scores around."""
    sides = [Side(made(*each)[0]) for each in ((actions, "worth"), (actions - 2, "(0 - worth)"))]
    asked = Asked(POPULATIONS[population](), MOMENT, by=("place", "seat", "worth"))
    return simulate(sides[0], asked, sides[1])


def arms(population: str, actions: int = 60) -> Arms:
    policy, model = made(actions, "worth")
    return compare(Side(policy), model, Asked(POPULATIONS[population](), MOMENT))


def runs(population: str, actions: int = 60) -> Days:
    policy, model = made(actions, "worth")
    course = Course(2, 7, responses(["accepted with propensity"]))
    return days(Side(policy), model, Asked(POPULATIONS[population](), MOMENT), course, True)
