"""Small policies compared by simulations of forty people, and the causes of what changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbadsl
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import Cause, Simulation
from nbadsl.simulate.simulate import Asked, simulate

HEAD = """
policy pairs { timezone "UTC"  currency EUR }
profile customer key id { id: text  a: integer  b: number optional }
channel email { }
channel push { }
"""
PEOPLE = {
    "id": [f"p{n}" for n in range(40)],
    "a": list(range(40)),
    "b": [None if n % 4 == 0 else float(n) for n in range(40)],
}
OLD_TEXT = """
parameter lever: number = 1
action offer { eligible when a >= 10  exclude when b > 35, unknown keeps because "rich"  via email  value 5 }
action news { via push  value 2 * lever }
priority { offer when a < 15  everything else }
arbitrate { score value  pick 1 }
"""
MOMENT = datetime(2026, 11, 10, 9, tzinfo=UTC)
Told = tuple[str, str, str, int]


def load(text: str, head: str = HEAD) -> nbadsl.Policy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(head + text)
        return nbadsl.load(path)


def compared(old: str, new: str, parameters: tuple[Any, Any] = ({}, {})) -> Simulation:
    """`parameters`: of the new policy, and of the old."""
    one, other = (
        Side(load(text), parameters=given) for text, given in zip((new, old), parameters, strict=True)
    )
    found = simulate(one, Asked(PEOPLE, MOMENT), other)
    assert found.changes is not None
    assert found.changes.changed == sum(cause.people for cause in found.changes.causes)
    assert found.changes.varied == sum(cause.people for cause in found.changes.varied_causes)
    assert sum(move.people for move in found.changes.moves) == found.new.people == 40
    return found


def told(found: Simulation) -> list[Told]:
    assert found.changes is not None
    return said(found.changes.causes)


def varied(found: Simulation) -> list[Told]:
    assert found.changes is not None
    return said(found.changes.varied_causes)


def said(causes: tuple[Cause, ...]) -> list[Told]:
    return [(c.kind, c.side, c.reason or c.candidate, c.people) for c in causes]
